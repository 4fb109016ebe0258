"""The first start in the browser.

`sangdam init` prints a link. The person who opens it can become the first owner, and is then signed in. After that, the owner
adds sites and staff by the routes of the settings.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from signaling.access.identity import Given, hash_password, token_hash
from signaling.access.sign_in_refused import SignInRefused
from signaling.protocol.reading import Reader, by
from signaling.protocol.reasons import FieldProblem
from signaling.protocol.texts import BadText, Exact, Seen
from signaling.protocol.words import Locale
from signaling.records import StaffRecord
from signaling.records.checks import MOST_NAME, Invalid, checked_staff
from signaling.server.app_keys import IDENTITY, RECORDS

from .bodies import address_of, read_json, steady_ms
from .errors import answer
from .noting import noting
from .staff import Password, agent_of, welcome

routes = web.RouteTableDef()

Token = Annotated[str, by(Exact(100))]
_NAME = Seen(MOST_NAME, least=1)


class FirstLink(Struct, kw_only=True):
    """The link of the first start. `token`: the part of the link after "#first-start="."""

    token: Token


class FirstOwner(Struct, kw_only=True):
    """The first owner, and the organisation's name. `serves`: whether the owner is also a counselor, who speaks `language`."""

    token: Token
    organisation: Annotated[str, by(Seen(200, cut=True))]
    name: Annotated[str, by(Seen(200, cut=True))]
    login: Annotated[str, by(Exact(100))]
    password: Password
    serves: bool = False
    language: Locale = "en"


_read_link: Reader[FirstLink] = Reader(FirstLink)
_read_owner: Reader[FirstOwner] = Reader(FirstOwner)


@routes.post("/api/first-start/look")
async def look(request: web.Request) -> web.Response:
    """Check that the link still works, before the person fills in the form. Raises SignInRefused(link_over)."""
    asked = await read_json(request, _read_link, 1024)
    if not await request.app[RECORDS].first_link_works(token_hash(asked.token), steady_ms(request)):
        raise SignInRefused("link_over")
    return answer({})


@routes.post("/api/first-start")
async def begin(request: web.Request) -> web.Response:
    """Add the first owner and sign them in. Raises Invalid, and SignInRefused with the reason link_over or weak_password."""
    asked, now = await read_json(request, _read_owner, 4096), steady_ms(request)
    records, link = request.app[RECORDS], token_hash(asked.token)
    if not await records.first_link_works(link, now):
        raise SignInRefused("link_over")  # check this before the password is hashed, because hashing takes time
    owner, organisation = _checked(asked)
    owner = replace(owner, password_hash=await _hashed(asked.password, owner))
    audit = [
        *noting(owner.id, "staff.add", f"staff/{owner.id}")(None),
        *noting(owner.id, "organisation.save", f"organisation/{owner.organisation}")(None),
    ]
    try:
        if not await records.use_first_link(link, owner, organisation, now, audit=audit):
            raise SignInRefused("link_over")
    except ValueError:
        raise Invalid({"login": "taken"}) from None
    given = Given(owner.login, asked.password, "", address_of(request), agent_of(request))
    return await welcome(request, await request.app[IDENTITY].sign_in(given, now), now)


def _checked(asked: FirstOwner) -> tuple[StaffRecord, str]:
    """Return the first owner and the organisation's name, both checked and in canonical form.

    Raises Invalid with all problems of the form.
    """
    login = asked.login.strip().lower()
    owner = StaffRecord(
        id=login,
        login=login,
        name=asked.name,
        role="counselor" if asked.serves else "operator",
        offices=["administrator", "owner"],
        languages=[asked.language] if asked.serves else [],
    )
    problems: dict[str, FieldProblem] = {}
    organisation = asked.organisation
    try:
        organisation = _NAME(organisation)
    except BadText:
        problems["organisation"] = "bad_name"
    try:
        owner = checked_staff(owner, [])
    except Invalid as error:
        problems |= error.problems
    if problems:
        raise Invalid(problems)
    return owner, organisation


async def _hashed(password: str, owner: StaffRecord) -> str:
    try:
        return await asyncio.to_thread(hash_password, password, owner.login, *owner.name.split())
    except ValueError as error:
        raise SignInRefused("weak_password", str(error)) from None
