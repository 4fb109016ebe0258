"""One session as a pure state machine: ``machine.receive(session, event, now) → effects``."""

from signaling.session.callback import booking_of
from signaling.session.machine import next_deadline, receive
from signaling.session.model import NotAllowed, Session, decode_snapshot, encode_snapshot, new_session
from signaling.session.waiting import only_noted

__all__ = [
    "NotAllowed", "Session", "booking_of", "decode_snapshot", "encode_snapshot", "new_session", "next_deadline", "only_noted",
    "receive",
]  # fmt: skip
