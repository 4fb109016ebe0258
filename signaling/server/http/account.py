"""The account of the signed-in member of staff: a new password, and the list of their sign-ins."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from signaling.access.identity import token_hash
from signaling.access.passwords import LINK_LIFE_MS, make_link
from signaling.access.rate_limits import Buckets, network_of
from signaling.access.rights import may_give, of_member
from signaling.access.sign_in_refused import SignInRefused
from signaling.mail.kinds import NEW_DEVICE
from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.mail_addresses import MOST_CHARACTERS
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records import SignInRecord, SignInRules, StaffRecord, version_of
from signaling.records.links import LinkUnusable
from signaling.records.sign_ins import ID_LENGTH, INSTALLATION, MOST_HOURS, NoProvider, ProviderUse, Required, rules_of
from signaling.server.app_keys import ACCOUNT_MAILS, IDENTITY, LIVE, PASSWORDS, RECORDS, SETTINGS

from .allowed import Asker, asker_of
from .bodies import address_of, now_ms, path_id, read_json, steady_ms
from .errors import Refused, answer, not_found
from .mail import mail_refusal
from .settings_sites import Version
from .staff import Password, holder_of, signed_in

routes = web.RouteTableDef()
FORGOTTEN: web.AppKey[Buckets] = web.AppKey("forgotten", Buckets)


class NewPassword(Struct, kw_only=True):
    old: Password
    new: Password


class LinkedPassword(Struct, kw_only=True):
    """A new password by a one-time link. `token`: the part of the link after "#new-password="."""

    token: Annotated[str, by(Exact(100))]
    new: Password


class LinkRequest(Struct, kw_only=True):
    login: Annotated[str, by(Exact(100))]


class Forgotten(Struct, kw_only=True):
    """A person has forgotten their password. `login`: the person's login or mail address."""

    login: Annotated[str, by(Exact(MOST_CHARACTERS))]


class StrangersLink(Struct, kw_only=True):
    """The owner of an account reports a sign-in that was not theirs.

    `token`: the part of the link in the mail about a new device after "#not-me=".
    """

    token: Annotated[str, by(Exact(100))]


class Proof(Struct, kw_only=True):
    password: Password


class Rules(Struct, kw_only=True):
    """Rules for signing in.

    `provider`: "only" refuses passwords and passkeys. `hours`: how long a sign-in lasts; 0 for the standard.
    """

    second_factor: Required = "off"
    provider: ProviderUse = "offered"
    hours: Annotated[int, Meta(ge=0, le=MOST_HOURS)] = 0


class NewRules(Rules, kw_only=True):
    """New rules for signing in.

    `version`: that of the rules as the page read them, so that nobody overwrites a change that somebody else has made meanwhile.
    """

    version: Version


class StoredRules(Rules, kw_only=True):
    """Rules for signing in, as they are stored. `version`: the page sends this value back with a change."""

    version: str

    @classmethod
    def of(cls, rules: SignInRules) -> StoredRules:
        return cls(**asdict(rules), version=version_of(rules))


class OwnRules(Struct, kw_only=True):
    """The rules of an organisation. `installation`: the rules for everybody. Of each pair of rules, the stricter one counts.

    `alone`: the installation has no other organisation, so that the installation's rules suffice. `has_provider`: a sign-in
    provider is set up.
    """

    own: StoredRules
    installation: Rules
    alone: bool
    has_provider: bool


class RulesPage(Struct, kw_only=True):
    """The installation's rules for signing in. `has_provider`: a sign-in provider is set up."""

    rules: StoredRules
    has_provider: bool


class SignInItem(Struct, kw_only=True):
    """One sign-in. `device` and `network` are "" if unknown. `here`: this is the sign-in with which the request was made."""

    id: str
    device: str
    network: str
    since: int
    seen_at: int
    here: bool

    @classmethod
    def of(cls, sign_in: SignInRecord, here: str) -> SignInItem:
        return cls(
            id=sign_in.token_hash[:ID_LENGTH],
            device=sign_in.device,
            network=sign_in.network,
            since=sign_in.created_at,
            seen_at=max(sign_in.created_at, sign_in.seen_at),
            here=sign_in.token_hash == here,
        )


class Link(Struct, kw_only=True):
    link: str
    expires_at: int


_read_new: Reader[NewPassword] = Reader(NewPassword)
_read_linked: Reader[LinkedPassword] = Reader(LinkedPassword)
_read_link_request: Reader[LinkRequest] = Reader(LinkRequest)
_read_forgotten: Reader[Forgotten] = Reader(Forgotten)
_read_stranger: Reader[StrangersLink] = Reader(StrangersLink)
_read_proof: Reader[Proof] = Reader(Proof)
_read_rules: Reader[NewRules] = Reader(NewRules)


# --- passwords -----------------------------------------------------------------------------------------------------------


@routes.post("/api/password")
async def change_password(request: web.Request) -> web.Response:
    """Change the member's own password. All other sign-ins of the member end. Consoles that are open with this sign-in go on."""
    member, sign_in = await holder_of(request)
    asked, now = await read_json(request, _read_new, 4096), steady_ms(request)
    hashed = await request.app[PASSWORDS].change(
        member, asked.old, asked.new, keep=sign_in.token_hash, address=address_of(request), now=now
    )
    request.app[LIVE].ended_rights.password_changed(replace(member, password_hash=hashed))
    await _note(request, member, "password.change")
    return answer({})


@routes.post("/api/password/reset")
async def reset_password(request: web.Request) -> web.Response:
    """Set a new password by a one-time link. The person then signs in with it, and with a second factor if they have one."""
    asked, now = await read_json(request, _read_linked, 4096), steady_ms(request)
    member = await request.app[PASSWORDS].reset(asked.token, asked.new, now)
    await _note(request, member, "password.reset")
    return answer({"login": member.login})


@routes.post("/api/password/forgot")
async def forgot_password(request: web.Request) -> web.Response:
    """Mail a link for a new password to the account with this login or mail address, if there is one and it has a mail address.

    The answer never tells whether there is such an account.

    Raises Refused: mail_off, SignInRefused: too_many_sign_ins.
    """
    asked = await read_json(request, _read_forgotten, 2048)
    if not request.app[ACCOUNT_MAILS].enabled:
        raise mail_refusal("mail_off")
    if not request.app[FORGOTTEN].take(network_of(address_of(request)), steady_ms(request)):
        raise SignInRefused("too_many_sign_ins")
    request.app[ACCOUNT_MAILS].forgot(asked.login)
    return answer({})


@routes.post("/api/operator/password-links")
async def password_link(request: web.Request) -> web.Response:
    """Make a one-time link with which a member of staff sets a new password."""
    asker, now = await asker_of(request), steady_ms(request)
    asked = await read_json(request, _read_link_request)
    member = await request.app[RECORDS].staff_by_login(asked.login.strip().lower())
    if member is None or not may_give(asker.member, member.roles, of_member(member)):
        raise not_found()
    link = await make_link(request.app[RECORDS], request.app[SETTINGS], member, now)
    await request.app[RECORDS].audit(asker.member.id, "password.link", f"staff/{member.id}", now_ms())
    return hand_over(Link(link=link, expires_at=now + LINK_LIFE_MS))


def hand_over(link: Link) -> web.Response:
    """Return the answer that gives a one-time link to the person who asked for the link.

    That person passes the link on to its owner.
    """
    return answer(link)


@routes.post("/api/prove")
async def prove(request: web.Request) -> web.Response:
    """Prove by the password that the person at this browser is the owner of the sign-in.

    Changes of second factors need a recent proof.
    """
    member, sign_in = await holder_of(request, limited=True)
    asked, now = await read_json(request, _read_proof, 2048), steady_ms(request)
    await request.app[IDENTITY].check_password(member, asked.password, address=address_of(request), now=now)
    await request.app[RECORDS].prove(sign_in.token_hash, now)
    return answer({})


# --- where somebody is signed in -----------------------------------------------------------------------------------------


@routes.get("/api/sign-ins")
async def sign_ins(request: web.Request) -> web.Response:
    """Return where this person is signed in, the newest sign-in first."""
    member, here = await holder_of(request)
    found, now = await request.app[RECORDS].sign_ins_of(member.id), steady_ms(request)
    return answer([SignInItem.of(each, here.token_hash) for each in found if request.app[IDENTITY].stands(each, now)])


@routes.post("/api/sign-ins/{id}/end")
async def end_sign_in(request: web.Request) -> web.Response:
    """End one of the member's own sign-ins. Pages that are open with that sign-in are signed out within a second."""
    member = await signed_in(request)
    if not await request.app[RECORDS].end_sign_in(member.id, path_id(request, "id")):
        raise not_found()
    await _note(request, member, "sign_in.end")
    return answer({})


@routes.post("/api/sign-ins/stranger")
async def end_strangers_sign_in(request: web.Request) -> web.Response:
    """End the sign-in that a mail has reported, by the mail's one-time link. All later sign-ins of the member end, too.

    Raises SignInRefused: link_over.
    """
    asked, now, records = await read_json(request, _read_stranger, 2048), steady_ms(request), request.app[RECORDS]
    link = token_hash(asked.token)
    try:
        staff, sign_in, at = (await records.link_subject(link, NEW_DEVICE, now)).split("/")
        member = await records.staff(staff)
        if member is None:
            raise SignInRefused("link_over")
        # first end the sign-in, then mark the link as used: if something fails in between, the link still works
        await records.end_sign_in_of_stranger(member.id, sign_in, int(at))
        await records.use_link(link, NEW_DEVICE, now)
    except LinkUnusable:
        raise SignInRefused("link_over") from None
    await _note(request, member, "sign_in.end")
    return answer({"login": member.login})


@routes.post("/api/sign-ins/end-others")
async def end_other_sign_ins(request: web.Request) -> web.Response:
    """End all of the member's own sign-ins except the one with which the request was made."""
    member, here = await holder_of(request)
    ended = await request.app[RECORDS].end_other_sign_ins(member.id, here.token_hash)
    await _note(request, member, "sign_in.end")
    return answer({"ended": ended})


# --- rules for signing in ------------------------------------------------------------------------------------------------


@routes.get("/api/operator/sign-in-rules")
async def rules(request: web.Request) -> web.Response:
    await asker_of(request)
    records = request.app[RECORDS]
    found = StoredRules.of(await records.sign_in_rules())
    return answer(RulesPage(rules=found, has_provider=await records.oidc_settings() is not None))


@routes.post("/api/operator/sign-in-rules")
async def save_rules(request: web.Request) -> web.Response:
    """Set the installation's rules for signing in.

    The new rules hold from each person's next sign-in on. They end no present sign-in, so nobody is thrown out of a conversation.
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
            has_provider=await records.oidc_settings() is not None,
        )
    )


@routes.post("/api/settings/sign-in-rules")
async def save_own_rules(request: web.Request) -> web.Response:
    """Set the asker's organisation's own rules for signing in."""
    asker = await asker_of(request)
    asked, organisation = await read_json(request, _read_rules), asker.member.organisation
    return answer(await _save_rules(request, asker, asked, rules_of(organisation), f"organisation/{organisation}"))


async def _save_rules(request: web.Request, asker: Asker, asked: NewRules, row: str, subject: str) -> StoredRules:
    """Store the sign-in rules of a row: of the installation, or of an organisation.

    Raises Refused(bad_provider) if no provider is set up, or if the asker could not sign in any more. Raises Changed if somebody
    has changed the rules since the asker's page read them.
    """
    records = request.app[RECORDS]
    stored = SignInRules(**{name: getattr(asked, name) for name in SignInRules.__struct_fields__})
    before = await records.sign_in_rules(row)
    # if a provider is set up, the rule could lock the asker out; if none is, the records refuse the rule
    alone = stored.provider == "only" and await records.oidc_settings() is not None
    if alone and not await records.is_of_provider(asker.member.id):
        raise Refused(400, "bad_provider", "You would lock yourself out. Sign in at the provider first, and set this there.")
    try:
        await records.save_sign_in_rules(stored, row, expected=asked.version)
    except NoProvider:
        raise Refused(400, "bad_provider", "Set up a sign-in provider first.") from None
    detail = ", ".join(f"{name}: {value}" for name, value in asdict(stored).items() if value != getattr(before, name))
    await records.audit(asker.member.id, "sign_in.rules", subject, now_ms(), detail)
    return StoredRules.of(stored)


async def _note(request: web.Request, member: StaffRecord, action: AuditAction) -> None:
    await request.app[RECORDS].audit(member.id, action, f"staff/{member.id}", now_ms())
