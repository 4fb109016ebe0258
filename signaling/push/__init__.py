"""Web Push (RFC 8030, 8291, 8292): the installation's key, what a push says, how it is encrypted, and how it is sent.

The outbox is part of the records (`records/push.py`). The payload holds only what a lock screen may show.
"""

from .devices import Devices
from .sender import Sender

__all__ = ["Devices", "Sender"]
