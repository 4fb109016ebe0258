"""Transcripts: one file with a whole conversation, as an HTML page that contains the pictures, or as plain text."""

from .conversation import FORMS, Conversation, Form, PictureOf, zone_of
from .page import page
from .plain import plain

__all__ = ["FORMS", "Conversation", "Form", "PictureOf", "page", "plain", "zone_of"]
