"""The address at which a captions process takes connections, and its first message, which says that it is ready.

Other packages may import these.
"""

from __future__ import annotations

PATH = "/captions"
"""Path of the WebSocket at which the captions process takes the connections of media workers."""
READY = b"ready"
"""Part of the first message, by which the captions process says that its model is loaded."""
