"""Transcripts: a conversation in a form to keep: as a page with its pictures inside, and as plain text."""

from .conversation import FORMS, Conversation, Form, PictureOf, zone_of
from .page import page
from .plain import plain

__all__ = ["FORMS", "Conversation", "Form", "PictureOf", "page", "plain", "zone_of"]
