"""The folder of recordings: the segments of a session, the parts that a user may hear and see, and deletion."""

from .index import Segment, Span, Track, pieces, reached
from .store import Recordings

__all__ = ["Recordings", "Segment", "Span", "Track", "pieces", "reached"]
