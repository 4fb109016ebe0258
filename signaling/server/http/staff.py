"""Signing in and out for staff, and the data of the signed-in member."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.identity import MOST_PASSWORD, drop_cookie, right_of, set_cookie
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.protocol.words import Role
from signaling.records import StaffRecord
from signaling.server.app_keys import IDENTITY, LIVE, RECORDS

from .bodies import address_of, now_ms, read_json
from .errors import Refused, answer

routes = web.RouteTableDef()


class SignInRequest(Struct, kw_only=True):
    login: Annotated[str, by(Exact(100))]
    password: Annotated[str, Meta(max_length=MOST_PASSWORD), by(Exact(MOST_PASSWORD * 4))]


_read_sign_in: Reader[SignInRequest] = Reader(SignInRequest)


class Me(Struct, kw_only=True):
    id: str
    name: str
    role: Role
    languages: list[str]
    sites: list[str]
    categories: list[str]

    @classmethod
    def of(cls, member: StaffRecord) -> Me:
        return cls(
            id=member.id,
            name=member.name,
            role=member.role,
            languages=member.languages,
            sites=member.sites,
            categories=member.categories,
        )


@routes.post("/api/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    asked = await read_json(request, _read_sign_in, 2048)
    now = now_ms()
    member, token = await request.app[IDENTITY].sign_in(asked.login, asked.password, address=address_of(request), now=now)
    if former := right_of(request):
        await request.app[LIVE].signed_in_again(member, former)  # first, so that the connections of this member may return
        await request.app[RECORDS].remove_sign_in(former)
    await request.app[RECORDS].audit(member.id, "sign_in", f"staff/{member.id}", now)
    response = answer(Me.of(member))
    set_cookie(response, token)
    return response


@routes.post("/api/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    """End this browser's sign-in, if there is one.

    Raises Refused(busy) during a session: the member of staff must first hand it over or end it.
    """
    now = now_ms()
    member = await request.app[IDENTITY].who(request, now)
    if member is not None and request.app[LIVE].in_conversation(member.id):
        raise Refused(409, "busy", "You are in a conversation: hand it over or end it first.")
    await request.app[IDENTITY].sign_out(request)
    if member is not None:
        await request.app[LIVE].staff_signed_out(member, right_of(request))
        await request.app[RECORDS].audit(member.id, "sign_out", f"staff/{member.id}", now)
    response = answer({})
    drop_cookie(response)
    # Not "cookies": browsers would clear the cookies of the whole domain with all its sites.
    # Not "storage": that has the person's settings for this machine; the page itself deletes its notes of sessions.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@routes.get("/api/me")
async def me(request: web.Request) -> web.Response:
    return answer(Me.of(await signed_in(request)))


async def signed_in(request: web.Request) -> StaffRecord:
    """Return the member of staff who makes this request. Raises Refused: signed_out."""
    member = await request.app[IDENTITY].who(request, now_ms())
    if member is None:
        raise Refused(401, "signed_out", "Sign in first.")
    return member
