"""The folder of recordings. Find a session's segments, and the times in which a segment's sound and video reached a user.

Delete recordings.
"""

from .index import Segment, Span, Track, pieces, reached
from .seen_pages import SeenPages, Shown
from .store import Recordings

__all__ = ["Recordings", "SeenPages", "Segment", "Shown", "Span", "Track", "pieces", "reached"]
