"""Mail: the texts of mails, the outbox, and the sending. The rest of the server only puts mails into the outbox (`Postbox`)."""

from .kinds import Kind
from .postbox import Postbox
from .sender import Sender

__all__ = ["Kind", "Postbox", "Sender"]
