"""Routes of the API for the wallboard's live state, and for the messages that users left."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from aiohttp import web
from msgspec import Meta, Struct

from signaling.protocol.reading import QueryReader, Reader
from signaling.protocol.words import Locale
from signaling.records import Audited, MessageRecord
from signaling.records.types import MessageState
from signaling.server.app_keys import LIVE, RECORDS
from signaling.server.http.allowed import asker_of, of_session
from signaling.server.http.bodies import path_id, read_json, read_query
from signaling.server.http.errors import Refused, answer, not_found

from .cursors import Limit

routes = web.RouteTableDef()


class LiveQuery(Struct, kw_only=True):
    lang: Locale = ""


class MessageQuery(Struct, kw_only=True):
    """The query for messages. `state`: "" for all states.

    `since`: only messages that users left at or after this time (Unix ms). `limit`: at most this many messages.
    """

    state: Literal["", "new", "taken", "done"] = ""
    since: Annotated[int, Meta(ge=0, le=4_102_444_800_000)] = 0
    limit: Limit = 100


class MessageItem(Struct, kw_only=True):
    """A message that a user left. `taken_by`: the name of the person or token that has taken the message, or ""."""

    id: str
    session: str
    site: str
    category: str
    language: str
    contact: str
    text: str
    at: int
    state: MessageState
    taken_by: str


class MessageList(Struct, kw_only=True):
    """Messages that users left, the oldest first."""

    items: list[MessageItem]


class Mark(Struct, kw_only=True):
    state: Literal["taken", "done"]


_read_live: QueryReader[LiveQuery] = QueryReader(LiveQuery)
_read_messages: QueryReader[MessageQuery] = QueryReader(MessageQuery)
_read_mark: Reader[Mark] = Reader(Mark)


@routes.get("/api/v1/live")
async def live(request: web.Request) -> web.Response:
    """Return the wallboard's data: waiting users, conversations, staff, and the day's figures."""
    asker, asked = await asker_of(request), read_query(request, _read_live)
    return answer(await request.app[LIVE].boards.read(asker.member, asked.lang))


@routes.get("/api/v1/messages")
async def messages(request: web.Request) -> web.Response:
    asker, asked = await asker_of(request), read_query(request, _read_messages)
    states: tuple[MessageState, ...] = (asked.state,) if asked.state else get_args(MessageState)
    found = await request.app[RECORDS].messages(states, asked.limit, asker.realm, asked.since)
    return answer(MessageList(items=[_item(each) for each in found]))


@routes.put("/api/v1/messages/{id}")
async def mark(request: web.Request) -> web.Response:
    """Mark a message as taken or done.

    The pages of staff show the change at once. Raises Refused(wrong_state) when somebody else has taken the message, or the
    message is done.
    """
    asker, records = await asker_of(request), request.app[RECORDS]
    message = await records.message(path_id(request, "id"))
    session = await records.session(message.session) if message else None
    if message is None or session is None:
        raise not_found()
    asker.require(of_session(session))
    state = (await read_json(request, _read_mark)).state
    audit = Audited(asker.member.id, "message.mark", f"session/{session.id}", f"{message.id}: {state}")
    try:
        # counselors see who took the message; the prefix keeps a token's name from looking like a colleague's
        changed = await records.set_message_state(message.id, state, f"API: {asker.member.name}", audit=audit)
    except LookupError:
        raise not_found() from None
    except ValueError:
        raise Refused(409, "wrong_state", "Somebody else has taken this message, or it is done.") from None
    request.app[LIVE].boards.messages_changed()
    return answer(_item(changed))


def _item(record: MessageRecord) -> MessageItem:
    return MessageItem(**{name: getattr(record, name) for name in MessageItem.__struct_fields__})
