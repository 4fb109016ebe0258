"""Define the path at which a captions process takes connections, and the process's first message: it is ready."""

from __future__ import annotations

PATH = "/captions"
"""Path of the WebSocket at which the captions process takes the connections of media workers."""
READY = b"ready"
"""These bytes are in the first message of the captions process. The message says that the process has loaded its model."""
