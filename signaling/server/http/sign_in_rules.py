"""Routes for the rules for signing in: the rules of the whole installation, and those of one organisation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct, to_builtins
from msgspec.structs import asdict

from signaling.protocol.reading import Reader
from signaling.records import Audited, Change, SignInRules, version_of
from signaling.records.checks import changes
from signaling.records.sign_ins import INSTALLATION, MOST_HOURS, NoProvider, ProviderUse, Required, rules_of
from signaling.server.app_keys import OIDC, RECORDS

from .allowed import Asker, asker_of
from .bodies import read_json
from .errors import Refused, answer
from .noting import noting
from .settings_sites import Version

routes = web.RouteTableDef()


class Rules(Struct, kw_only=True):
    """Rules for signing in.

    `provider`: "only" refuses passwords and passkeys. `hours`: how many hours a sign-in lasts; 0: the standard duration.
    """

    second_factor: Required = "off"
    provider: ProviderUse = "offered"
    hours: Annotated[int, Meta(ge=0, le=MOST_HOURS)] = 0


class NewRules(Rules, kw_only=True):
    """New rules for signing in.

    `version`: the version of the rules that the page read. If somebody else has changed the rules since, the new rules are
    refused.
    """

    version: Version


class StoredRules(Rules, kw_only=True):
    """Rules for signing in, as they are stored. `version`: the page sends this value back with a change."""

    version: str

    @classmethod
    def of(cls, rules: SignInRules) -> StoredRules:
        return cls(**asdict(rules), version=version_of(rules))


class OwnRules(Struct, kw_only=True):
    """The rules of an organisation.

    `installation`: the rules for everybody. For each rule, the stricter of the organisation's and the installation's value
    applies. `alone`: the installation has no other organisation, so an organisation's own rules are not needed. `has_provider`: a
    sign-in provider is set up.
    """

    own: StoredRules
    installation: Rules
    alone: bool
    has_provider: bool


class RulesPage(Struct, kw_only=True):
    """The installation's rules for signing in. `has_provider`: a sign-in provider is set up."""

    rules: StoredRules
    has_provider: bool


_read_rules: Reader[NewRules] = Reader(NewRules)


@routes.get("/api/operator/sign-in-rules")
async def rules(request: web.Request) -> web.Response:
    await asker_of(request)
    records = request.app[RECORDS]
    found = StoredRules.of(await records.sign_in_rules())
    return answer(RulesPage(rules=found, has_provider=await records.oidc_settings() is not None))


@routes.post("/api/operator/sign-in-rules")
async def save_rules(request: web.Request) -> web.Response:
    """Set the installation's rules for signing in.

    The new rules apply to each person from their next sign-in on. The change ends no present sign-in, so nobody is disconnected
    from a conversation.
    """
    asker = await asker_of(request)
    asked = await read_json(request, _read_rules)
    return answer(await _save_rules(request, asker, asked, INSTALLATION, "installation"))


@routes.get("/api/settings/sign-in-rules")
async def own_rules(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    records = request.app[RECORDS]
    return answer(
        OwnRules(
            own=StoredRules.of(await records.sign_in_rules(rules_of(asker.member.organisation))),
            installation=Rules(**asdict(await records.sign_in_rules())),
            alone=len(await records.organisations()) < 2,
            has_provider=await request.app[OIDC].of_organisation(asker.member.organisation) is not None,
        )
    )


@routes.post("/api/settings/sign-in-rules")
async def save_own_rules(request: web.Request) -> web.Response:
    """Set the rules for signing in that apply only to the organisation of the signed-in member."""
    asker = await asker_of(request)
    asked, organisation = await read_json(request, _read_rules), asker.member.organisation
    return answer(await _save_rules(request, asker, asked, rules_of(organisation), f"organisation/{organisation}"))


async def _save_rules(request: web.Request, asker: Asker, asked: NewRules, row: str, subject: str) -> StoredRules:
    """Store the sign-in rules of the installation or of one organisation.

    `row`: whose rules these are: `INSTALLATION`, or `rules_of(organisation)`. Raises the same errors as `store_rules`.
    """
    records = request.app[RECORDS]
    wanted = SignInRules(**{name: getattr(asked, name) for name in SignInRules.__struct_fields__})
    before = await records.sign_in_rules(row)
    was, now = changes(to_builtins(before), to_builtins(wanted))
    change = Change(before=was, after=now) if was != now else None
    audit = noting(asker.member.id, "sign_in.rules", subject)(change)
    await store_rules(request, asker, wanted, row, asked.version, audit)
    return StoredRules.of(wanted)


async def store_rules(
    request: web.Request, asker: Asker, wanted: SignInRules, row: str, version: str, audit: Iterable[Audited]
) -> None:
    """Store the sign-in rules of the installation or of one organisation.

    `row`: whose rules these are: `INSTALLATION`, or `rules_of(organisation)`. `audit`: audit entries to store in the same
    transaction. `version`: the version of the rules that the page read. Raises Refused(bad_provider) if the new rules would lock
    out the member who makes this request. Raises Changed if somebody else has changed the rules since the page read them.

    """
    records = request.app[RECORDS]
    # if there is a provider, the rule "only" could lock the asker out; if there is no provider, `save_sign_in_rules` refuses this
    # rule
    sources = await request.app[OIDC].sources_of(asker.member.organisation) if wanted.provider == "only" else []
    if sources and not await records.is_of_provider(asker.member.id, sources):
        raise Refused(400, "bad_provider", "You would lock yourself out. Sign in at the provider first, and set this there.")
    try:
        await records.save_sign_in_rules(wanted, row, expected=version, audit=audit)
    except NoProvider:
        raise Refused(400, "bad_provider", "Set up a sign-in provider first.") from None
