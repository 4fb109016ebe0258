"""Webhooks by Standard Webhooks: who gets which events, how a message is signed, and how it is sent.

The outbox is part of the records (`records/webhooks.py`). An event is stored there in the transaction that makes it happen.
"""

from .endpoints import Endpoints
from .sender import Sender

__all__ = ["Endpoints", "Sender"]
