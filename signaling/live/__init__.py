"""Everything that is going on now: sessions, connections, matching, rooms."""

from signaling.live.runtime import Live

__all__ = ["Live"]
