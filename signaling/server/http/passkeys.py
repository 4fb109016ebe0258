"""Passkeys of the signed-in member of staff, and signing in with a passkey."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from msgspec import Struct

from signaling.access.identity import SignedIn
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.protocol.words import Name
from signaling.records import PasskeyRecord
from signaling.server.app_keys import IDENTITY, PASSKEYS, RECORDS

from .bodies import address_of, path_id, read_json, steady_ms
from .errors import answer, not_found
from .factors import PasskeyItem, own, proved
from .staff import agent_of, signed_in, welcome

routes = web.RouteTableDef()

_MOST_BYTES = 16 * 1024  # a result of the browser's WebAuthn has at most this many bytes
Sealed = Annotated[str, by(Exact(1000))]
Credential = Annotated[str, by(Exact(_MOST_BYTES))]


class Ceremony(Struct, kw_only=True):
    """The data with which a page makes or uses a passkey.

    `options`: the page passes these to the browser's WebAuthn. `ticket`: the page sends this back together with WebAuthn's
    result.
    """

    options: dict[str, Any]
    ticket: str


class NewPasskey(Struct, kw_only=True):
    """A new passkey. `credential`: the result of the browser's WebAuthn, as JSON. `ticket`: see `Ceremony`."""

    ticket: Sealed
    credential: Credential
    name: Name


class PasskeyName(Struct, kw_only=True):
    name: Name


class PasskeySignIn(Struct, kw_only=True):
    ticket: Sealed
    credential: Credential


_read_new: Reader[NewPasskey] = Reader(NewPasskey)
_read_name: Reader[PasskeyName] = Reader(PasskeyName)
_read_sign_in: Reader[PasskeySignIn] = Reader(PasskeySignIn)


@routes.post("/api/passkeys/begin")
async def begin(request: web.Request) -> web.Response:
    """Begin to make a passkey for the signed-in member of staff."""
    member, _ = await proved(request)
    options, ticket = await request.app[PASSKEYS].creation_options(member, _origin(request), steady_ms(request))
    return answer(Ceremony(options=options, ticket=ticket))


@routes.post("/api/passkeys")
async def add(request: web.Request) -> web.Response:
    """Store the passkey that the browser made.

    If the member's sign-in could only set up a second factor, this sign-in gets full rights.
    """
    member, sign_in = await proved(request)
    asked, now = await read_json(request, _read_new, 2 * _MOST_BYTES), steady_ms(request)
    made: PasskeyRecord = await request.app[PASSKEYS].add(
        member, _origin(request), asked.ticket, asked.credential, asked.name, now, audit=own(member, "passkey.add")
    )
    await request.app[RECORDS].prove(sign_in.token_hash, now, limited=False)
    return answer(PasskeyItem.of(made))


@routes.post("/api/passkeys/{id}/name")
async def rename(request: web.Request) -> web.Response:
    member = await signed_in(request)
    asked = await read_json(request, _read_name)
    if not await request.app[RECORDS].rename_passkey(member.id, path_id(request, "id"), asked.name):
        raise not_found()
    return answer({})


@routes.post("/api/passkeys/{id}/remove")
async def remove(request: web.Request) -> web.Response:
    member, _ = await proved(request, limited=False)
    audit = own(member, "passkey.remove")
    if not await request.app[RECORDS].remove_passkey(member.id, path_id(request, "id"), audit=audit):
        raise not_found()
    return answer({})


@routes.post("/api/passkeys/sign-in/begin")
async def begin_sign_in(request: web.Request) -> web.Response:
    """Begin to sign in with a passkey. The person gives no login: the browser offers the passkeys of this host."""
    options, ticket = request.app[PASSKEYS].request_options(_origin(request), steady_ms(request))
    return answer(Ceremony(options=options, ticket=ticket))


@routes.post("/api/passkeys/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    asked, now = await read_json(request, _read_sign_in, 2 * _MOST_BYTES), steady_ms(request)
    address = address_of(request)
    member = await request.app[PASSKEYS].owner(_origin(request), asked.ticket, asked.credential, address=address, now=now)
    identity = request.app[IDENTITY]
    rules = await identity.rules_of(member)
    token = await identity.add(member, now, rules=rules, address=address, device=agent_of(request))
    return await welcome(request, SignedIn(member, token, limited=False), now)


def _origin(request: web.Request) -> str:
    """Return the origin of the page, which `own_origin_only` has checked."""
    return request.headers.get("Origin", "")
