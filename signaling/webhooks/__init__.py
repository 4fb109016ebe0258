"""Webhooks by Standard Webhooks: which endpoint gets which events, and how a message is signed and sent.

The outbox is part of the records (`records/webhooks.py`). An event is stored there in the same transaction as the change that it
reports.
"""

from .endpoints import Endpoints
from .sender import Sender

__all__ = ["Endpoints", "Sender"]
