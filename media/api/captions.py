"""The path at which a captions process takes connections, and its first message, which says that the process is ready."""

from __future__ import annotations

PATH = "/captions"
"""Path of the WebSocket at which the captions process takes the connections of media workers."""
READY = b"ready"
"""The first message contains these bytes. By this message, the captions process says that its model is loaded."""
