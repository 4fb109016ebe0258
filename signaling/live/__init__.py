"""The part of the server that runs the live sessions: their connections, matching and rooms."""

from signaling.live.runtime import Live

__all__ = ["Live"]
