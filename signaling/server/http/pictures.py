"""Upload and download of the pictures of a conversation. A user never gets a picture that is meant for staff."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal

from aiohttp import web
from msgspec import Struct

from signaling.access.admission import Crowded
from signaling.access.rate_limits import Buckets, network_of
from signaling.access.rights import Thing, may
from signaling.protocol.reading import QueryReader
from signaling.protocol.words import Audience, OptionalId
from signaling.records import PictureRecord, SessionRecord, StaffRecord
from signaling.records.history import MOST_SESSION_PICTURES, TooManyPictures
from signaling.server.app_keys import IDENTITY, LIVE, RECORDS

from .allowed import of_session
from .bodies import address_of, bearer, now_ms, path_id, read_bytes, read_query, steady_ms
from .errors import Refused, answer, not_found
from .image_files import MOST_BYTES, Checker, Full, Picture, Who
from .person import is_earlier
from .scanning import SCANNER, noted
from .threads import user_may_read

routes = web.RouteTableDef()

OVER = ("closed", "message_left")  # in these states, a session gets no more pictures and files
_TRY_AGAIN_S = 5.0  # seconds after which a client may try again, if clients send too many pictures at the same time
Scan = Callable[[Awaitable[None]], Awaitable[None]]
CHECKER: web.AppKey[Checker] = web.AppKey("picture_checker", Checker)
UPLOADS: web.AppKey[Buckets] = web.AppKey("picture_uploads", Buckets)


class PictureAnswer(Struct, kw_only=True):
    picture: str
    width: int
    height: int
    mime: str


class UploadQuery(Struct, kw_only=True):
    use: Literal["line", "board", "product"] = "line"
    audience: Audience = "all"


class ViaQuery(Struct, kw_only=True):
    via: OptionalId = ""


read_via: QueryReader[ViaQuery] = QueryReader(ViaQuery)
_read_upload: QueryReader[UploadQuery] = QueryReader(UploadQuery)


@routes.post("/api/sessions/{id}/pictures")
async def upload(request: web.Request) -> web.Response:
    """Store the picture that the request's body contains. The server ignores the name and the type that the client gives."""
    session_id = path_id(request, "id")
    participant, is_user = await participant_of(request, session_id)
    asked = read_query(request, _read_upload)
    if is_user and asked.audience == "staff":
        raise Refused(403, "not_allowed", "Only staff may share pictures among staff.")
    if asked.use == "product" and request.app[LIVE].guest_in(session_id, bearer(request)) is not None:
        raise Refused(403, "not_allowed", "Guests may not set the picture of the product.")
    now = now_ms()
    if not request.app[UPLOADS].take(f"{session_id} {participant}", now):
        raise too_many()
    await room_in(request, session_id, is_user=is_user)
    scan = partial(noted, request, f"session/{session_id}", "user" if is_user else participant)
    picture = await taken(request, Who(network_of(address_of(request)), f"{session_id} {participant}"), scan)
    picture_id = f"pic-{secrets.token_urlsafe(12)}"
    await keep(
        request,
        PictureRecord(
            id=picture_id,
            session=session_id,
            audience=asked.audience,
            use=asked.use,
            author=participant,
            mime=picture.mime,
            width=picture.width,
            height=picture.height,
            data=picture.data,
            at=now,
        ),
    )
    if asked.use == "product" and is_user:
        await request.app[LIVE].briefs.set_product_picture(session_id, picture_id)
    return answer(PictureAnswer(picture=picture_id, width=picture.width, height=picture.height, mime=picture.mime))


async def room_in(request: web.Request, session_id: str, *, is_user: bool) -> SessionRecord:
    """Return the session if it may get another picture now. Raises Refused with the reason wrong_state or session_full."""
    session = await request.app[RECORDS].session(session_id)
    if session is None or session.state in OVER or (is_user and session.state == "after"):
        raise Refused(409, "wrong_state", "The conversation is over.")
    if await request.app[RECORDS].count_pictures(session_id) >= MOST_SESSION_PICTURES:
        raise _full()
    return session


async def keep(request: web.Request, picture: PictureRecord) -> None:
    """Store a picture of a session. Raises Refused(session_full) if the session has too many pictures by now."""
    try:
        await request.app[RECORDS].add_picture(picture)
    except TooManyPictures:
        raise _full() from None


def _full() -> Refused:
    return Refused(409, "session_full", f"A session may have at most {MOST_SESSION_PICTURES} pictures.")


async def taken(request: web.Request, who: Who, scan: Scan) -> Picture:
    """Return the re-encoded picture from the request's body. Read the body only when it is the client's turn to upload.

    `scan`: a function that waits for the virus scanner's result. Raises Crowded, PictureRefused, FileRefused (by `scan`), and
    Refused with one of the reasons too_many_pictures, too_large and too_slow.
    """
    checker = request.app[CHECKER]
    if checker.has_spent_too_much(who):
        raise too_many()
    try:
        async with checker.sending(who) as upload:
            body = await read_bytes(request, MOST_BYTES, lambda count: checker.held.take(upload, count))
            await scan(request.app[SCANNER].check_bytes(body))
            return await checker.check(body, upload)
    except Full:
        raise Crowded("pictures", _TRY_AGAIN_S) from None


def too_many() -> Refused:
    """Return the refusal for a client that has sent too many pictures."""
    return Refused(429, "too_many_pictures", "Too many pictures at the same time. Try again in a minute.")


@routes.get("/api/pictures/{id}")
async def download(request: web.Request) -> web.Response:
    """Return a picture. `?via=`: another session of the same user, in which the member of staff who asks takes part now."""
    picture = await request.app[RECORDS].picture(path_id(request, "id"))
    if picture is None or not await _may_see(request, picture):
        raise not_found()
    return web.Response(body=picture.data, content_type=picture.mime)


async def participant_of(request: web.Request, session_id: str) -> tuple[str, bool]:
    """Return the participant id of this client, and whether the client is a user or guest, and not a member of staff.

    Raises Refused(not_found) for a client that takes no part in the session.
    """
    live = request.app[LIVE]
    if token := bearer(request):
        guest = live.guest_in(session_id, token)
        participant = guest.id if guest else await live.authorize_user(session_id, token)
    else:
        member = await request.app[IDENTITY].who(request, steady_ms(request))
        talks = member is not None and may(member, "session.talk", Thing(member.organisation, own=True))
        participant = live.staff_participant(session_id, member.id) if member is not None and talks else None
    if participant is None:
        raise not_found()
    return participant, bool(token)


async def _may_see(request: web.Request, picture: PictureRecord) -> bool:
    if token := bearer(request):
        if guest := request.app[LIVE].guest_in(picture.session, token):
            return picture.audience == "all" and (picture.use == "board" or picture.at >= guest.entered_at)
        return picture.audience == "all" and await user_may_read(request, picture.session, token)
    member = await request.app[IDENTITY].who(request, steady_ms(request))
    return member is not None and await _staff_may_see(request, picture, member)


async def _staff_may_see(request: web.Request, picture: PictureRecord, member: StaffRecord) -> bool:
    """Return whether this member of staff may see the picture.

    Staff in the session and colleagues who read along may see the picture. Staff with the right to see the site's past
    conversations may see the picture, too, and the audit log gets an entry each time. Staff who take part in another session of
    the same user may see the picture if the request names the other session as `?via=`. The console shows a product's picture
    while a user's request is offered, so all staff who may serve the site may see a product's picture.
    """
    records = request.app[RECORDS]
    session = await records.session(picture.session)
    if session is None:
        return False
    if request.app[LIVE].may_read_lines(picture.session, member.id):
        return may(member, "past.see", of_session(session, own=True))
    if may(member, "past.see", of_session(session)):
        await records.audit(member.id, "picture.read", f"session/{picture.session}", picture.id)
        return True
    if via := read_query(request, read_via).via:
        return await is_earlier(request, via, member, session)
    return picture.use == "product" and may(member, "desk.look", of_session(session))
