"""Recordings, as they lie in their folder: what there is of a session, what of it a user may hear and see, and its deletion."""

from .index import Segment, Span, Track, pieces, reached
from .store import Recordings

__all__ = ["Recordings", "Segment", "Span", "Track", "pieces", "reached"]
