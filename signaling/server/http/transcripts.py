"""Transcripts: the user's copy of their conversation, and the operator's export.

The same code writes the user's transcript and the one for staff.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.rate_limits import Buckets
from signaling.protocol.reading import QueryReader
from signaling.protocol.words import Audience, Locale
from signaling.records import Records, SessionRecord
from signaling.server.app_keys import LIVE, RECORDS
from signaling.transcripts import FORMS, Conversation, Form, page, plain, zone_of
from signaling.transcripts.reading import conversation_of, pictures_for

from .allowed import Asker, asker_of, of_session
from .bodies import bearer, now_ms, path_id, read_query
from .errors import Refused, not_found
from .headers import secure
from .sending import while_standing

routes = web.RouteTableDef()

COPIES_TAKEN: web.AppKey[Buckets] = web.AppKey("transcripts_taken", Buckets)

MayRead = Callable[[], Awaitable[object]]
ZoneName = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_+/-]*\Z")]


class TranscriptQuery(Struct, kw_only=True):
    """The query of a transcript.

    `zone`: IANA name of the reader's time zone. `lang`: the transcript's language; "" for the session's language. `audience`:
    "staff" includes the chat lines for staff. For users, the server ignores this parameter.
    """

    form: Form = "text"
    zone: ZoneName = ""
    lang: Locale = ""
    audience: Audience = "all"


_read: QueryReader[TranscriptQuery] = QueryReader(TranscriptQuery)


@routes.get("/api/sessions/{id}/transcript")
async def own(request: web.Request) -> web.StreamResponse:
    """Return the conversation to the user who took part in it.

    The transcript contains only chat lines that everybody in the conversation may read.
    """
    session_id = path_id(request, "id")
    you = await request.app[LIVE].authorize_user(session_id, bearer(request))
    session = await request.app[RECORDS].session(session_id)
    if you is None or session is None:
        raise not_found()
    if not request.app[COPIES_TAKEN].take(session_id, now_ms()):
        raise Refused(429, "busy", "That was many copies at once. Try again in a minute.")

    async def may_read() -> None:
        if await request.app[LIVE].authorize_user(session_id, bearer(request)) is None:
            raise not_found()

    return await _answer(request, session, "all", you, may_read)


@routes.get("/api/operator/sessions/{id}/transcript")
async def export(request: web.Request) -> web.StreamResponse:
    """Return the conversation to an operator, either with the chat lines for staff, or as the user gets it.

    The request is audited.
    """
    asker, session = await _asked(request)

    async def may_read() -> None:
        _, present = await _asked(request)
        if present.end_reason == "erased" and session.end_reason != "erased":
            raise not_found()

    return await exported(request, asker, session, may_read)


async def _asked(request: web.Request) -> tuple[Asker, SessionRecord]:
    """Return the asker and the session that the path names. Raises Refused with the reason signed_out or not_found."""
    asker = await asker_of(request)
    session = await request.app[RECORDS].session(path_id(request, "id"))
    if session is None:
        raise not_found()
    asker.require(of_session(session))
    return asker, session


async def exported(request: web.Request, asker: Asker, session: SessionRecord, may_read: MayRead) -> web.StreamResponse:
    """Send the conversation to the asker, as the request's query says. The request is audited.

    `may_read`: a function that is called at intervals during the sending. When it raises Refused, the connection is cut.
    """
    readers = read_query(request, _read).audience
    await request.app[RECORDS].audit(asker.member.id, "transcript.export", f"session/{session.id}", readers)
    return await _answer(request, session, readers, "", may_read)


async def copy_of(request: web.Request, session: SessionRecord, may_read: MayRead) -> web.StreamResponse:
    """Send the conversation without the chat lines for staff.

    The caller must have checked that the reader may read the conversation, and has not sent too many requests. `may_read`: a
    function that is called at intervals during the sending. When it raises Refused, the connection is cut.
    """
    return await _answer(request, session, "all", None, may_read)


async def _answer(
    request: web.Request, session: SessionRecord, readers: Audience, you: str | None, may_read: MayRead
) -> web.StreamResponse:
    """Send the transcript. `you`: the participant who is called "you" in it; "" for nobody; None for the session's user.

    `may_read`: a function that is called at intervals while the transcript is sent. When it raises Refused, the connection is
    cut.
    """
    asked = read_query(request, _read)
    records = request.app[RECORDS]
    found = await conversation_of(records, session, readers, asked.lang, zone_of(asked.zone), you or "")
    if you is None:
        found = replace(found, you=next((line.author for line in found.lines if line.role == "user"), ""))
    ending = "html" if asked.form == "html" else "txt"
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="conversation.{ending}"'})
    response.content_type, response.charset = FORMS[asked.form], "utf-8"
    secure(request, response.headers)
    await response.prepare(request)

    async def send() -> None:
        async for piece in _pieces(records, session.id, asked.form, found):
            await response.write(piece.encode())
        await response.write_eof()

    await while_standing(request, send(), may_read)
    return response


async def _pieces(records: Records, session_id: str, form: Form, conversation: Conversation) -> AsyncIterator[str]:
    if form == "text":
        yield plain(conversation)
        return
    async for piece in page(conversation, pictures_for(records, session_id, conversation.readers)):
        yield piece
