"""The account of the signed-in member of staff: a new password, and the list of their sign-ins."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from signaling.access.identity import token_hash
from signaling.access.passwords import LINK_LIFE_MS, make_link
from signaling.access.rate_limits import Buckets, network_of
from signaling.access.rights import may_give, of_member
from signaling.access.sign_in_refused import SignInRefused
from signaling.mail.kinds import NEW_DEVICE
from signaling.protocol.mail_addresses import MOST_CHARACTERS
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records import Audited, SignInRecord, StaffRecord
from signaling.records.links import LinkUnusable
from signaling.records.sign_ins import ID_LENGTH
from signaling.server.app_keys import ACCOUNT_MAILS, IDENTITY, LIVE, PASSWORDS, RECORDS, SETTINGS

from .allowed import asker_of
from .bodies import address_of, path_id, read_json, steady_ms
from .errors import answer, not_found
from .mail import mail_refusal
from .noting import entry
from .staff import Password, holder_of, signed_in

routes = web.RouteTableDef()
FORGOTTEN: web.AppKey[Buckets] = web.AppKey("forgotten", Buckets)


class NewPassword(Struct, kw_only=True):
    old: Password
    new: Password


class LinkedPassword(Struct, kw_only=True):
    """A new password that a person sets by a one-time link. `token`: the part of the link after "#new-password="."""

    token: Annotated[str, by(Exact(100))]
    new: Password


class LinkRequest(Struct, kw_only=True):
    login: Annotated[str, by(Exact(100))]


class Forgotten(Struct, kw_only=True):
    """A person has forgotten their password. `login`: the person's login or mail address."""

    login: Annotated[str, by(Exact(MOST_CHARACTERS))]


class StrangersLink(Struct, kw_only=True):
    """The owner of an account reports a sign-in that was not theirs.

    `token`: the mail about a new device has a link; the token is the part of this link after "#not-me=".
    """

    token: Annotated[str, by(Exact(100))]


class Proof(Struct, kw_only=True):
    password: Password


class SignInItem(Struct, kw_only=True):
    """One sign-in.

    `device` and `network`: from which browser and network the sign-in was made, or "". `here`: the request was made with this
    sign-in.
    """

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


# --- passwords -----------------------------------------------------------------------------------------------------------


@routes.post("/api/password")
async def change_password(request: web.Request) -> web.Response:
    """Change the member's own password. All other sign-ins of the member end.

    Open pages of staff that use the sign-in of this request stay signed in.
    """
    member, sign_in = await holder_of(request)
    asked, now = await read_json(request, _read_new, 4096), steady_ms(request)
    hashed = await request.app[PASSWORDS].change(
        member, asked.old, asked.new, keep=sign_in.token_hash, address=address_of(request), now=now
    )
    request.app[LIVE].ended_rights.password_changed(replace(member, password_hash=hashed))
    return answer({})


@routes.post("/api/password/reset")
async def reset_password(request: web.Request) -> web.Response:
    """Set a new password by a one-time link. The person then signs in with this password, and with a second factor, if any."""
    asked, now = await read_json(request, _read_linked, 4096), steady_ms(request)
    member = await request.app[PASSWORDS].reset(asked.token, asked.new, now)
    return answer({"login": member.login})


@routes.post("/api/password/forgot")
async def forgot_password(request: web.Request) -> web.Response:
    """Mail a link for a new password to the account with this login or mail address.

    If there is no such account, or the account has no mail address, no mail is sent. The response is the same in all cases, so
    that it does not reveal whether the account exists. Raises Refused(mail_off) and SignInRefused(too_many_sign_ins).
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
    audit = entry(asker.member.id, "password.link", f"staff/{member.id}")
    link = await make_link(request.app[RECORDS], request.app[SETTINGS], member, now, audit=audit)
    return hand_over(Link(link=link, expires_at=now + LINK_LIFE_MS))


def hand_over(link: Link) -> web.Response:
    """Return the response with a one-time link for a member. The person who asked for the link gives the link to the member."""
    return answer(link)


@routes.post("/api/prove")
async def prove(request: web.Request) -> web.Response:
    """Check the password, to prove that the person at this browser owns the sign-in.

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
    """Return the member's sign-ins, the newest first."""
    member, here = await holder_of(request)
    found, now = await request.app[RECORDS].sign_ins_of(member.id), steady_ms(request)
    return answer([SignInItem.of(each, here.token_hash) for each in found if request.app[IDENTITY].stands(each, now)])


@routes.post("/api/sign-ins/{id}/end")
async def end_sign_in(request: web.Request) -> web.Response:
    """End one of the member's own sign-ins. Open pages that use this sign-in are signed out within a second."""
    member = await signed_in(request)
    if not await request.app[RECORDS].end_sign_in(member.id, path_id(request, "id"), audit=_ended(member)):
        raise not_found()
    return answer({})


@routes.post("/api/sign-ins/stranger")
async def end_strangers_sign_in(request: web.Request) -> web.Response:
    """Accept the one-time link of a mail about a sign-in: end this sign-in and all later sign-ins of the member.

    Raises SignInRefused(link_over).
    """
    asked, now, records = await read_json(request, _read_stranger, 2048), steady_ms(request), request.app[RECORDS]
    link = token_hash(asked.token)
    try:
        staff, sign_in, at = (await records.link_subject(link, NEW_DEVICE, now)).split("/")
        member = await records.staff(staff)
        if member is None:
            raise SignInRefused("link_over")
        # first end the sign-in, then mark the link as used: if something fails in between, the link still works
        await records.end_sign_in_of_stranger(member.id, sign_in, int(at), audit=_ended(member))
        await records.use_link(link, NEW_DEVICE, now)
    except LinkUnusable:
        raise SignInRefused("link_over") from None
    return answer({"login": member.login})


@routes.post("/api/sign-ins/end-others")
async def end_other_sign_ins(request: web.Request) -> web.Response:
    """End all of the member's own sign-ins except the one with which the request was made."""
    member, here = await holder_of(request)
    ended = await request.app[RECORDS].end_other_sign_ins(member.id, here.token_hash, audit=_ended(member))
    return answer({"ended": ended})


def _ended(member: StaffRecord) -> tuple[Audited]:
    """Return the audit entry of a member who ends sign-ins of their own."""
    return entry(member.id, "sign_in.end", f"staff/{member.id}")
