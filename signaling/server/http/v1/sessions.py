"""Routes of the API for sessions: list, read, export and erase sessions, and close callbacks."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from msgspec import Struct

from signaling.protocol.reading import QueryReader, Reader
from signaling.protocol.session_views import CallbackView
from signaling.records import Search, SessionRecord
from signaling.records.people import Held
from signaling.server.app_keys import LIVE, RECORDINGS, RECORDS
from signaling.server.http import operator, transcripts
from signaling.server.http.allowed import asker_of
from signaling.server.http.bodies import read_json, read_query
from signaling.server.http.errors import Refused, answer, not_found
from signaling.session import decode_snapshot
from signaling.session.views import callback_view

from .cursors import Cursor, Limit, cursor_after, place_of
from .gate import require_same_rights

routes = web.RouteTableDef()


class ListQuery(operator.FilterQuery, kw_only=True):
    """The query of a list of sessions: filters, and which part of the list to return.

    `cursor`: `next` of the previous part; "" for the first part. `limit`: at most this many sessions in the part.
    """

    cursor: Cursor = ""
    limit: Limit = 50


class PartQuery(Struct, kw_only=True):
    cursor: Cursor = ""
    limit: Limit = 50


class SessionList(Struct, kw_only=True):
    """A part of the list, newest first. `next`: the cursor of the following part; "" at the end."""

    items: list[operator.SessionItem]
    next: str


class CallbackItem(Struct, kw_only=True):
    """A user who is to be called back. `name`: the user's name, if it is known."""

    session: str
    site: str
    category: str
    language: str
    channel: str
    name: str
    callback: CallbackView


class CallbackMark(Struct, kw_only=True):
    """A request to close a callback, which ends its session.

    `state`: "done" when somebody called the user outside of this service, "failed" when nobody reached the user.
    """

    state: Literal["done", "failed"]


class CallbackList(Struct, kw_only=True):
    items: list[CallbackItem]
    next: str


class Erased(Struct, kw_only=True):
    """Proof of an erasure: counts of the stored data before the erasure, and after it (all 0).

    `sessions`: the number of erased sessions. Recordings are counted in segments.
    """

    sessions: int
    held: Held
    recordings: int
    left: Held
    recordings_left: int


_read_list: QueryReader[ListQuery] = QueryReader(ListQuery)
_read_mark: Reader[CallbackMark] = Reader(CallbackMark)
_read_part: QueryReader[PartQuery] = QueryReader(PartQuery)


@routes.get("/api/v1/sessions")
async def sessions(request: web.Request) -> web.Response:
    asker, asked = await asker_of(request), read_query(request, _read_list)
    search = asked.search(asker.realm)
    found = await request.app[RECORDS].sessions_after(place_of(asked.cursor), asked.limit + 1, search)
    items = await operator.items_of(request, asker, found[: asked.limit], asked.lang)
    return answer(SessionList(items=items, next=_next(found, asked.limit)))


@routes.get("/api/v1/sessions/{id}")
async def session(request: web.Request) -> web.StreamResponse:
    """Return one session with all its content."""
    await _require_kept(request)
    return await operator.session(request)


@routes.get("/api/v1/sessions/{id}/transcript")
async def transcript(request: web.Request) -> web.StreamResponse:
    """Return a session's conversation as a transcript."""
    asker, found = await asker_of(request), await _require_kept(request)

    async def may_read() -> None:
        await require_same_rights(request)
        await _require_kept(request)

    return await transcripts.exported(request, asker, found, may_read)


async def _require_kept(request: web.Request) -> SessionRecord:
    """Return the session that the path names.

    Raises Refused(erased) when the session was erased. Nothing of its content is stored any more.
    """
    found = await operator.asked_session(request, await asker_of(request))
    if found.end_reason == "erased":
        raise Refused(410, "erased", "This session was erased. Nothing of its content is held.")
    return found


@routes.delete("/api/v1/sessions/{id}")
async def erase(request: web.Request) -> web.Response:
    """Erase a session. The response contains the counts of stored data before and after."""
    asker = await asker_of(request)
    found = await operator.asked_session(request, asker)
    return answer(await erase_all(request, [found]))


async def erase_all(request: web.Request, found: list[SessionRecord]) -> Erased:
    """Erase these sessions. Return how much data about them was stored before the erasure, and how much is left after it.

    The caller must have checked the right to erase.
    """
    asker, ids = await asker_of(request), [each.id for each in found]
    held, recordings = await held_of(request, ids)
    for session_id in ids:
        await operator.erase_session(request, asker, session_id)
    left, recordings_left = await held_of(request, ids)
    return Erased(sessions=len(ids), held=held, recordings=recordings, left=left, recordings_left=recordings_left)


async def held_of(request: web.Request, ids: list[str]) -> tuple[Held, int]:
    """Return how many rows the database has of these sessions, and how many segments the sessions' recordings have."""
    recordings = [len(await request.app[RECORDINGS].of(each)) for each in ids]
    return await request.app[RECORDS].held(ids), sum(recordings)


@routes.get("/api/v1/callbacks")
async def callbacks(request: web.Request) -> web.Response:
    """List the users who are to be called back. The user whose session began last comes first."""
    asker, asked = await asker_of(request), read_query(request, _read_part)
    records, after = request.app[RECORDS], place_of(asked.cursor)
    found = await records.sessions_after(after, asked.limit + 1, Search(state="callback", realm=asker.realm))
    return answer(CallbackList(items=_callback_items(found[: asked.limit]), next=_next(found, asked.limit)))


@routes.put("/api/v1/callbacks/{id}")
async def mark_callback(request: web.Request) -> web.Response:
    """Close a callback, because somebody called the user outside of this service, or nobody reached the user.

    Raises NotAllowed with the reason ringing while the callback rings for a counselor. Raises NotAllowed with the reason
    wrong_state if a counselor has accepted the callback, or the callback is over.
    """
    asker = await asker_of(request)
    session = await operator.asked_session(request, asker)
    state = (await read_json(request, _read_mark)).state
    settled = await request.app[LIVE].inviting.mark_callback(session.id, asker.member.id, done=state == "done")
    if settled is None:
        raise not_found()
    return answer(_callback_item(session, settled))


def _callback_items(found: list[SessionRecord]) -> list[CallbackItem]:
    booked = [(each, callback_view(decode_snapshot(each.snapshot))) for each in found if each.snapshot]
    return [_callback_item(each, callback) for each, callback in booked if callback is not None]


def _callback_item(session: SessionRecord, callback: CallbackView) -> CallbackItem:
    return CallbackItem(
        session=session.id,
        site=session.site,
        category=session.category,
        language=session.language,
        channel=session.channel,
        name=session.user_name,
        callback=callback,
    )


def _next(found: list[SessionRecord], limit: int) -> str:
    """Return the cursor after the last session of this part, or "" if there is no next part.

    `found`: the sessions of this part, and one more if there is a next part.
    """
    if len(found) <= limit:
        return ""
    last = found[limit - 1]
    return cursor_after(last.started_at, last.id)
