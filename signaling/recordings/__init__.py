"""The folder of recordings: find a session's segments and the parts that a user may hear and see, and delete recordings."""

from .index import Segment, Span, Track, pieces, reached
from .seen_pages import SeenPages, Shown
from .store import Recordings

__all__ = ["Recordings", "SeenPages", "Segment", "Shown", "Span", "Track", "pieces", "reached"]
