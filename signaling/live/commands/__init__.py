"""Dispatch client messages by a table. For a participant's message, the handler also checks the sender's role in the session."""

from __future__ import annotations

from typing import Any

from signaling.live.connections import Client
from signaling.live.runtime import Live
from signaling.protocol import client_messages as msg
from signaling.protocol import server_messages as replies
from signaling.records.types import UnknownSession
from signaling.session.model import NotAllowed

from . import everyone, operators, pages, staff, users
from .allowed import check_sender
from .checks import Handler

__all__ = ["HANDLERS", "REFUSALS", "handle"]

HANDLERS: dict[type[Any], Handler] = {
    **everyone.HANDLERS,
    **users.HANDLERS,
    **staff.HANDLERS,
    **operators.HANDLERS,
    **pages.HANDLERS,
}
REFUSALS = (NotAllowed, UnknownSession)


async def handle(live: Live, client: Client, message: msg.ClientMessage) -> None:
    """Carry out one message and reply to it. Raise `NotAllowed` with the reason if it is refused."""
    check_sender(client, message)
    reply = await HANDLERS[type(message)](live, client, message)
    request_id = getattr(message, "id", None)
    if reply is not None:
        client.send(reply)
    elif request_id is not None and not isinstance(message, msg.GetLines | msg.Ping):
        client.send(replies.Ok(id=request_id))
