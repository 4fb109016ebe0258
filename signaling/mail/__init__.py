"""Mail: the texts of mails, the outbox, and the sending.

All other packages of the server only put mails into the outbox (`Postbox`).
"""

from .kinds import Kind
from .postbox import Postbox
from .sender import Sender

__all__ = ["Kind", "Postbox", "Sender"]
