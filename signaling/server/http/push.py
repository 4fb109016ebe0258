"""Routes for Web Push.

Browsers of staff subscribe to pushes about rings: a ring offers a user's request to a member. Browsers of users subscribe to
pushes about answers of staff. A browser also reports when somebody presses a notification.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Struct

from signaling.access.invites import InviteRefused
from signaling.access.rate_limits import Buckets, network_of
from signaling.live.entry import Entry
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.protocol.words import Id, Locale
from signaling.push.devices import Address, BadBrowser
from signaling.server.app_keys import LIVE, PUSH_DEVICES, RECORDS
from signaling.session.model import NotAllowed

from .allowed import asker_of
from .bodies import address_of, bearer, now_ms, path_id, read_json
from .errors import Refused, answer, not_found
from .staff import holder_of, signed_out
from .users import INVITE_SENTENCES, InviteAnswer

routes = web.RouteTableDef()
ASKED: web.AppKey[Buckets] = web.AppKey("push_asked", Buckets)

Key = Annotated[str, by(Exact(200))]
Endpoint = Annotated[str, by(Exact(2000))]


class PushKey(Struct, kw_only=True):
    """The public key of the installation, which a browser needs to subscribe (base64url)."""

    key: str


class Browser(Struct, kw_only=True):
    """A browser that subscribes (`PushSubscription.toJSON()`). `language`: the language of its notifications."""

    endpoint: Endpoint
    p256dh: Key
    auth: Key
    language: Locale = "en"


class Stored(Struct, kw_only=True):
    id: str


class Removed(Struct, kw_only=True):
    """The result of removing browsers. `removed`: how many browsers were removed."""

    removed: int


class Reservation(Struct, kw_only=True):
    reservation: Id


class Declined(Struct, kw_only=True):
    """The result of declining a user's request. `over`: whether the request was no longer offered to this member."""

    over: bool


class Opened(Struct, kw_only=True):
    """A browser in which the user pressed a notification.

    `id`: the browser's id, which the push contained. `auth`: the browser's secret.
    """

    id: Id
    endpoint: Endpoint
    auth: Key


_read_browser: Reader[Browser] = Reader(Browser)
_read_reservation: Reader[Reservation] = Reader(Reservation)
_read_opened: Reader[Opened] = Reader(Opened)


@routes.get("/api/push/key")
async def key(request: web.Request) -> web.Response:
    """Return the installation's public key. The first call makes the key. Raises Refused(push_off)."""
    devices = request.app[PUSH_DEVICES]
    if not devices.enabled:
        raise _off()
    return answer(PushKey(key=(await devices.vapid()).public))


# --- staff ---------------------------------------------------------------------------------------------------------------


@routes.post("/api/push/browsers")
async def add(request: web.Request) -> web.Response:
    """Register this browser of a member for pushes about users' requests that are offered to the member.

    The browser gets these pushes for as long as its sign-in lasts.
    """
    asker = await asker_of(request)
    _, sign_in = await holder_of(request)
    return answer(Stored(id=await _store(request, asker.member.id, sign_in=sign_in.token_hash)))


@routes.post("/api/push/browsers/remove")
async def remove(request: web.Request) -> web.Response:
    """Send this browser no more pushes about users' requests that are offered to the member."""
    await asker_of(request)
    _, sign_in = await holder_of(request)
    return answer(Removed(removed=await request.app[RECORDS].remove_devices_of(sign_in=sign_in.token_hash)))


@routes.post("/api/push/decline")
async def decline(request: web.Request) -> web.Response:
    """Decline the user's request that a notification offers. Do nothing if this member is no longer offered the request."""
    asker = await asker_of(request)
    asked = await read_json(request, _read_reservation, 1024)
    try:
        await request.app[LIVE].matching.decline(asked.reservation, asker.member.id, "")
    except NotAllowed as refused:
        if refused.reason not in ("unknown", "not_pending"):
            raise
        return answer(Declined(over=True))
    return answer(Declined(over=False))


# --- users ---------------------------------------------------------------------------------------------------------------


@routes.post("/api/sessions/{id}/push")
async def tell_user(request: web.Request) -> web.Response:
    """Register this browser for pushes, which are sent when staff answer the session's user."""
    entry = await _own_session(request)
    stored = await _store(request, entry.id, session=entry.id)
    await _count(request, entry)
    return answer(Stored(id=stored))


@routes.post("/api/sessions/{id}/push/remove")
async def tell_no_more(request: web.Request) -> web.Response:
    """Send the session's user no more pushes, in any browser."""
    entry = await _own_session(request)
    removed = await request.app[RECORDS].remove_devices_of(session=entry.id)
    await _count(request, entry)
    return answer(Removed(removed=removed))


@routes.post("/api/push/open")
async def open_(request: web.Request) -> web.Response:
    """Open the conversation that a push was about, in the browser that got the push.

    If another page shows the conversation to the user, the server tells this other page that it was replaced.
    """
    asked = await read_json(request, _read_opened, 4096)
    if not request.app[ASKED].take(network_of(address_of(request)), now_ms()):
        raise Refused(429, "busy", "That was asked for very often. Try again in a minute.")
    device = await request.app[RECORDS].device(asked.id)
    if device is None or device.session is None or not request.app[PUSH_DEVICES].is_of(device, asked.endpoint, asked.auth):
        raise Refused(410, "over", INVITE_SENTENCES["over"])
    try:
        entry, token = await request.app[LIVE].returning.open_from_push(device.session)
    except InviteRefused as error:
        raise Refused(410, error.reason, INVITE_SENTENCES[error.reason]) from error
    here = entry.session
    return answer(InviteAnswer(session=here.id, token=token, channel=here.channel, locale=here.language))


async def _own_session(request: web.Request) -> Entry:
    entry = await request.app[LIVE].stored.by_token(bearer(request))
    if entry is None or entry.id != path_id(request, "id"):
        raise not_found()
    return entry


async def _count(request: web.Request, entry: Entry) -> None:
    entry.devices = len(await request.app[RECORDS].devices_of_session(entry.id))
    request.app[LIVE].sessions.show(entry)


async def _store(request: web.Request, whose: str, *, sign_in: str | None = None, session: str | None = None) -> str:
    """Store the browser that the request describes. Return its id.

    Raises Refused with the reason push_off, busy, bad_push or signed_out.
    """
    devices = request.app[PUSH_DEVICES]
    if not devices.enabled:
        raise _off()
    if not request.app[ASKED].take(whose, now_ms()):
        raise Refused(429, "busy", "That was asked for very often. Try again in a minute.")
    asked = await read_json(request, _read_browser, 4096)
    try:
        address = Address(asked.endpoint, asked.p256dh, asked.auth)
        stored = await devices.add(address, asked.language, sign_in=sign_in, session=session)
    except BadBrowser as error:
        raise Refused(400, "bad_push", str(error)) from error
    if stored is None:
        raise signed_out()
    return stored.id


def _off() -> Refused:
    return Refused(404, "push_off", "This service sends no notifications.")
