"""Routes of the settings page with which operators list, make and remove the API tokens of an organisation."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.api_tokens import MOST_LIFE_DAYS, may_give, new_record, new_token, of_added, of_removed, standing_rights
from signaling.protocol.reading import Reader, by
from signaling.protocol.reasons import FieldProblem
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import TokenRight
from signaling.records import ApiToken, Realm, Records, StaffRecord, TooManyTokens
from signaling.records.checks import Invalid
from signaling.server.app_keys import RECORDS

from .allowed import Asker, asker_of
from .bodies import now_ms, path_id, read_json, steady_ms
from .errors import Refused, answer, not_found
from .factors import PROOF_MS
from .staff import holder_of

routes = web.RouteTableDef()


class TokenItem(Struct, kw_only=True):
    """An API token.

    `works`: whether the token can be used now. `maker`: name of the member who made it, or "" for the command line. `used_at`:
    when it was last used (Unix ms), or 0.
    """

    id: str
    name: str
    rights: list[TokenRight]
    sites: list[str]
    maker: str
    works: bool
    created_at: int
    expires_at: int
    used_at: int


class TokenPage(Struct, kw_only=True):
    """The organisation's tokens, the newest first. `may_give`: the rights that the signed-in member may give to a new token."""

    items: list[TokenItem]
    may_give: list[TokenRight]


class NewToken(Struct, kw_only=True):
    """An API token to make. `sites`: ids of sites, or "*" for all sites. `days`: for how many days the token is valid."""

    name: Annotated[str, by(Seen(100))]
    rights: Annotated[list[TokenRight], Meta(max_length=20)]
    sites: Annotated[list[Annotated[str, by(Exact(100))]], Meta(max_length=300)]
    days: Annotated[int, Meta(ge=-1, le=1_000_000)]


class MadeToken(Struct, kw_only=True):
    """A new API token. `token` is shown only in this response."""

    item: TokenItem
    token: str


_read_new: Reader[NewToken] = Reader(NewToken)


@routes.get("/api/settings/tokens")
async def tokens(request: web.Request) -> web.Response:
    asker, records, now = await asker_of(request), request.app[RECORDS], now_ms()
    staff = {member.id: member for member in await records.all_staff(asker.member.organisation)}
    found = await records.api_tokens(asker.member.organisation)
    return answer(TokenPage(items=[_item(each, staff, now) for each in found], may_give=may_give(asker.member)))


@routes.post("/api/settings/tokens")
async def add(request: web.Request) -> web.Response:
    """Make an API token.

    A token can give as many rights as a sign-in. So the member must have proved who they are within the last `PROOF_MS`.
    """
    asker = await asker_of(request)
    await _require_proof(request)
    asked, records, now = await read_json(request, _read_new), request.app[RECORDS], now_ms()
    await _check(records, asker, asked)
    token, member = new_token(), asker.member
    record = new_record(
        token,
        organisation=member.organisation,
        name=asked.name,
        rights=asked.rights,
        sites=asked.sites,
        maker=member.id,
        days=asked.days,
        now=now,
    )
    try:
        await records.add_api_token(record, audit=[of_added(record, member.id)])
    except TooManyTokens:
        raise Invalid({"name": "too_many"}) from None
    return answer(MadeToken(item=_item(record, {member.id: member}, now), token=token))


@routes.post("/api/settings/tokens/{id}/remove")
async def remove(request: web.Request) -> web.Response:
    """Remove an API token. The next request with this token is refused."""
    asker, records = await asker_of(request), request.app[RECORDS]
    record = await records.api_token(path_id(request, "id"))
    if record is None or record.organisation != asker.realm.organisation:
        raise not_found()
    await records.remove_api_token(record.id, audit=[of_removed(record, asker.member.id)])
    return answer({})


async def _require_proof(request: web.Request) -> None:
    _, sign_in = await holder_of(request)
    if steady_ms(request) - sign_in.proved_at > PROOF_MS:
        raise Refused(403, "prove_first", "Give your password once more, or sign in again.")


async def _check(records: Records, asker: Asker, asked: NewToken) -> None:
    """Raise Invalid when the asker may not make this API token."""
    problems: dict[str, FieldProblem] = {}
    if not asked.name:
        problems["name"] = "needed"
    if not asked.rights:
        problems["rights"] = "needed"
    elif not set(asked.rights) <= set(may_give(asker.member)):
        problems["rights"] = "not_yours"
    if not 1 <= asked.days <= MOST_LIFE_DAYS:
        problems["days"] = "bad_number"
    theirs = {site.id for site in await records.sites(Realm(organisation=asker.member.organisation))}
    if not asked.sites:
        problems["sites"] = "needed"
    elif not set(asked.sites) <= theirs | {"*"}:
        problems["sites"] = "unknown"
    if problems:
        raise Invalid(problems)


def _item(token: ApiToken, staff: dict[str, StaffRecord], now: int) -> TokenItem:
    maker = staff.get(token.maker or "")
    return TokenItem(
        id=token.id,
        name=token.name,
        rights=token.rights,
        sites=token.sites,
        maker=maker.name if maker else token.maker or "",
        works=bool(standing_rights(token, maker, now)),
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
    )
