"""Values by which other packages learn whether a captions process is ready for media workers."""

from __future__ import annotations

PATH = "/captions"
"""Path of the WebSocket at which the captions process takes the connections of media workers."""
READY = b"ready"
"""Part of the first message, by which the captions process says that its model is loaded."""
