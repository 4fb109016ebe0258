"""Web Push (RFC 8030, 8291, 8292): the installation's key, the content of a push, its encryption, and the sending.

The outbox, which holds the pushes that wait to be sent, is in the database (`records/push.py`). A push holds only what a lock
screen may show.
"""

from .devices import Devices
from .sender import Sender

__all__ = ["Devices", "Sender"]
