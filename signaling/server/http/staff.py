"""Sign-in and sign-out of staff, and the data of the signed-in member."""

from __future__ import annotations

import secrets
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.devices import coarse_network, device_of
from signaling.access.identity import (
    COOKIE,
    DEVICE_COOKIE,
    DEVICE_TOKEN,
    MOST_PASSWORD,
    Given,
    SignedIn,
    drop_cookie,
    right_of,
    set_cookie,
    set_device_cookie,
    token_hash,
)
from signaling.access.rights import ACTIONS, anywhere
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.protocol.words import Action, Role, StaffRole
from signaling.records import SignInRecord, StaffRecord
from signaling.records.sign_ins import ID_LENGTH
from signaling.server.app_keys import ACCOUNT_MAILS, IDENTITY, LIVE, RECORDS

from .bodies import address_of, read_json, steady_ms
from .errors import Refused, answer
from .noting import entry

routes = web.RouteTableDef()


Password = Annotated[str, Meta(max_length=MOST_PASSWORD), by(Exact(MOST_PASSWORD * 4))]
Code = Annotated[str, by(Exact(100))]


class SignInRequest(Struct, kw_only=True):
    """A request to sign in.

    `code`: a code of the authenticator app, or a recovery code; "" until the page has asked for a code.
    """

    login: Annotated[str, by(Exact(100))]
    password: Password
    code: Code = ""


_read_sign_in: Reader[SignInRequest] = Reader(SignInRequest)


class Me(Struct, kw_only=True):
    """The signed-in member of staff.

    `must_set_up`: the member must first set up a second factor. Until then, the member can do nothing else except sign out.
    `may`: the actions of the table of rights that the member's roles allow; the page shows its controls accordingly.
    """

    id: str
    name: str
    role: Role
    roles: list[StaffRole]
    may: list[Action]
    languages: list[str]
    sites: list[str]
    categories: list[str]
    must_set_up: bool = False

    @classmethod
    def of(cls, member: StaffRecord, *, must_set_up: bool = False) -> Me:
        return cls(
            id=member.id,
            name=member.name,
            role=member.role,
            roles=list(member.roles),
            may=[action for action in ACTIONS if anywhere(member.roles, action)],
            languages=member.languages,
            sites=member.sites,
            categories=member.categories,
            must_set_up=must_set_up,
        )


@routes.post("/api/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    asked = await read_json(request, _read_sign_in, 2048)
    now = steady_ms(request)
    given = Given(asked.login, asked.password, asked.code, address_of(request), agent_of(request))
    return await welcome(request, await request.app[IDENTITY].sign_in(given, now), now)


async def welcome(request: web.Request, signed_in: SignedIn, now: int) -> web.Response:
    """Return the response to a new sign-in, with the sign-in's cookie.

    If the browser had a sign-in before, end that sign-in.
    """
    member = signed_in.staff
    response = answer(Me.of(member, must_set_up=signed_in.limited))
    await begin(request, response, signed_in, now)
    return response


async def begin(request: web.Request, response: web.StreamResponse, signed_in: SignedIn, now: int) -> None:
    """Give the browser the cookie of a new sign-in. If the browser had a sign-in before, end that sign-in."""
    member = signed_in.staff
    if former := right_of(request):
        # first make the browser's other tabs reconnect: if the old sign-in were removed first, the tabs would be signed out
        await request.app[LIVE].ended_rights.signed_in_again(member, former)
        await request.app[RECORDS].remove_sign_in(former)
    set_cookie(response, signed_in.token)
    await _tell_of_device(request, response, signed_in, now)


async def _tell_of_device(request: web.Request, response: web.StreamResponse, signed_in: SignedIn, now: int) -> None:
    """Mail a member who has signed in from a browser that is new for this member.

    There is no mail about the first remembered browser of a member.
    """
    device = request.cookies.get(DEVICE_COOKIE, "")
    if not DEVICE_TOKEN.fullmatch(device):
        device = secrets.token_urlsafe(32)
    set_device_cookie(response, device)
    sign_in = token_hash(signed_in.token)[:ID_LENGTH]
    found = await request.app[RECORDS].know_device(signed_in.staff.id, token_hash(device), sign_in, now)
    if found == "new":
        network = coarse_network(address_of(request))
        request.app[ACCOUNT_MAILS].signed_in(signed_in.staff, sign_in=sign_in, device=agent_of(request), network=network)


def agent_of(request: web.Request) -> str:
    """Return the names of the client's browser and operating system, for people to read."""
    return device_of(request.headers.get("User-Agent", ""))


@routes.post("/api/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    """End this browser's sign-in, if there is one.

    Raises Refused(busy) while the member is in a conversation: the member must first hand it over or end it.
    """
    now = steady_ms(request)
    member = await request.app[IDENTITY].who(request, now)
    if member is not None and request.app[LIVE].in_conversation(member.id):
        raise Refused(409, "busy", "You are in a conversation: hand it over or end it first.")
    right = right_of(request)
    audit = () if member is None else entry(member.id, "sign_out", f"staff/{member.id}")
    await request.app[RECORDS].remove_sign_in(right, audit=audit)
    if member is not None:
        await request.app[LIVE].ended_rights.signed_out(member, right)
    response = answer({})
    drop_cookie(response)
    # Do not add "cookies" here: browsers would delete the cookies of the whole domain with all its hosts. Do not add "storage":
    # browsers would delete the person's settings on this computer. The page itself deletes its data about sessions.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@routes.get("/api/me")
async def me(request: web.Request) -> web.Response:
    member, sign_in = await holder_of(request, limited=True)
    return answer(Me.of(member, must_set_up=sign_in.limited))


async def signed_in(request: web.Request) -> StaffRecord:
    """Return the member of staff who makes this request. Raises Refused(signed_out)."""
    member = await request.app[IDENTITY].who(request, steady_ms(request))
    if member is None:
        raise signed_out()
    return member


async def holder_of(request: web.Request, *, limited: bool = False) -> tuple[StaffRecord, SignInRecord]:
    """Return the member and the sign-in of this request.

    `limited`: whether to accept a limited sign-in, with which the member can only set up a second factor.

    Raises Refused(signed_out).
    """
    sign_in = await request.app[IDENTITY].sign_in_of(request.cookies.get(COOKIE, ""), steady_ms(request))
    member = await request.app[RECORDS].staff(sign_in.staff) if sign_in else None
    if sign_in is None or member is None or (sign_in.limited and not limited):
        raise signed_out()
    return member, sign_in


def signed_out() -> Refused:
    """Return the refusal for a request without a valid sign-in."""
    return Refused(401, "signed_out", "Sign in first.")
