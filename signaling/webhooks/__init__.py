"""Webhooks in the format of Standard Webhooks: which endpoint gets which events, and how a message is signed and sent.

The outbox, which holds the events to send, is in the database (`records/webhooks.py`). An event is stored there in the same
transaction as the change that the event reports.
"""

from .endpoints import Endpoints
from .sender import Sender

__all__ = ["Endpoints", "Sender"]
