"""The pictures of saved replies.

When staff insert a reply into a conversation, the page asks the server to copy the reply's pictures into the conversation.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import partial

from aiohttp import web
from msgspec import Struct

from signaling.access.rate_limits import network_of
from signaling.access.rights import may_at
from signaling.protocol.reading import Reader
from signaling.protocol.words import Audience, Id
from signaling.records import Audited, Change, PictureRecord, ReplyPicture, StaffRecord, TooManyReplyPictures
from signaling.records.replies import MOST_PICTURES
from signaling.server.app_keys import LIVE, RECORDS

from .allowed import asked_site, asker_of
from .bodies import address_of, now_ms, path_id, read_json
from .errors import Refused, answer, not_found
from .image_files import Who
from .noting import noting
from .pictures import UPLOADS, PictureAnswer, keep, room_in, taken, too_many
from .scanning import noted

routes = web.RouteTableDef()


class SavedPicture(Struct, kw_only=True):
    """A request to share a saved reply's picture in a conversation."""

    picture: Id
    audience: Audience = "all"


_read_saved: Reader[SavedPicture] = Reader(SavedPicture)


@routes.post("/api/replies/{id}/pictures")
async def add_own(request: web.Request) -> web.Response:
    member = (await asker_of(request)).member
    return await _add(request, member, owner=member.id)


@routes.post("/api/operator/sites/{site}/replies/{id}/pictures")
async def add_shared(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    return await _add(request, asker.member, site=(await asked_site(request, asker)).id)


@routes.post("/api/replies/{id}/pictures/{picture}/remove")
async def remove_own(request: web.Request) -> web.Response:
    member = (await asker_of(request)).member
    return await _remove(request, member, owner=member.id)


@routes.post("/api/operator/sites/{site}/replies/{id}/pictures/{picture}/remove")
async def remove_shared(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    return await _remove(request, asker.member, site=(await asked_site(request, asker)).id)


@routes.get("/api/replies/pictures/{picture}")
async def download(request: web.Request) -> web.Response:
    """Return a picture to a member of staff who may insert or edit its reply."""
    found = await _insertable(request, (await asker_of(request)).member, path_id(request, "picture"))
    return web.Response(body=found.data, content_type=found.mime)


@routes.post("/api/sessions/{id}/pictures/saved")
async def share(request: web.Request) -> web.Response:
    """Copy a saved reply's picture into the conversation, as if the member of staff had uploaded the picture."""
    member, session_id = (await asker_of(request)).member, path_id(request, "id")
    if request.app[LIVE].staff_participant(session_id, member.id) is None:
        raise not_found()
    asked = await read_json(request, _read_saved)
    session = await room_in(request, session_id, is_user=False)
    found = await _insertable(request, member, asked.picture, session.site)
    picture = f"pic-{secrets.token_urlsafe(12)}"
    await keep(
        request,
        PictureRecord(
            id=picture,
            session=session_id,
            audience=asked.audience,
            use="line",
            author=member.id,
            mime=found.mime,
            width=found.width,
            height=found.height,
            data=found.data,
            at=now_ms(),
        ),
    )
    return answer(PictureAnswer(picture=picture, width=found.width, height=found.height, mime=found.mime))


async def _add(request: web.Request, member: StaffRecord, *, site: str = "", owner: str = "") -> web.Response:
    records, reply, now = request.app[RECORDS], path_id(request, "id"), now_ms()
    if not request.app[UPLOADS].take(f"replies {member.id}", now):
        raise too_many()
    scan = partial(noted, request, f"reply/{reply}", member.id)
    picture = await taken(request, Who(network_of(address_of(request)), f"replies {member.id}"), scan)
    stored = ReplyPicture(
        id=f"rp-{secrets.token_urlsafe(12)}",
        reply=reply,
        mime=picture.mime,
        width=picture.width,
        height=picture.height,
        data=picture.data,
        at=now,
    )
    try:
        audit = _noted(member, reply, site, before="", after=stored.id)
        await records.add_reply_picture(stored, site=site, owner=owner, audit=audit)
    except LookupError:
        raise not_found() from None
    except TooManyReplyPictures:
        raise Refused(409, "too_many_replies", f"A reply may have at most {MOST_PICTURES} pictures.") from None
    return answer(PictureAnswer(picture=stored.id, width=stored.width, height=stored.height, mime=stored.mime))


async def _remove(request: web.Request, member: StaffRecord, *, site: str = "", owner: str = "") -> web.Response:
    records, reply, picture = request.app[RECORDS], path_id(request, "id"), path_id(request, "picture")
    audit = _noted(member, reply, site, before=picture, after="")
    if not await records.remove_reply_picture(picture, reply, site=site, owner=owner, audit=audit):
        raise not_found()
    return answer({})


def _noted(member: StaffRecord, reply: str, site: str, *, before: str, after: str) -> Iterable[Audited]:
    """Return the audit entry about a reply that has got a picture (`after`) or lost one (`before`)."""
    change = Change(before={"site": site, "picture": before}, after={"site": site, "picture": after}) if site else None
    return noting(member.id, "reply.save", f"reply/{reply}", before or after)(change)


async def _insertable(request: web.Request, member: StaffRecord, picture: str, site: str = "") -> ReplyPicture:
    """Return the picture if this member may insert the saved reply to which the picture belongs.

    `site`: the site of the conversation; "" for any. Raises Refused(not_found).
    """
    found = await request.app[RECORDS].reply_picture(picture)
    if found is None:
        raise not_found()
    stored, of_site, owner = found
    there = await request.app[RECORDS].site(of_site) if of_site else None
    shared = there is not None and site in ("", of_site) and may_at(member, "replies.see", there)
    if not shared and owner != member.id:
        raise not_found()
    return stored
