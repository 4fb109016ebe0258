"""The mail address of the signed-in member of staff.

The new address is used only after the member has opened the link that was mailed to it.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from signaling.access.identity import token_hash
from signaling.access.rate_limits import Buckets
from signaling.access.sign_in_refused import SignInRefused
from signaling.mail.kinds import MAIL_CONFIRM
from signaling.protocol.mail_addresses import BadAddress, address_of
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records.links import LinkUnusable
from signaling.records.outbox import MailRefused
from signaling.server.app_keys import ACCOUNT_MAILS, LIVE, RECORDS

from .bodies import read_json, steady_ms
from .errors import Refused, answer
from .factors import proved
from .mail import mail_refusal
from .noting import entry
from .staff import holder_of

routes = web.RouteTableDef()
ASKED: web.AppKey[Buckets] = web.AppKey("own_mail_asked", Buckets)


class OwnMail(Struct, kw_only=True):
    """The member's own mail address.

    `mail`: the present address, or "". `may_change`: whether the member can change the address here.
    """

    mail: str
    may_change: bool


class NewMail(Struct, kw_only=True):
    mail: Annotated[str, by(Exact(1000))]


class MailLink(Struct, kw_only=True):
    """The link by which a new address is confirmed. `token`: the part of the link after "#confirm-mail="."""

    token: Annotated[str, by(Exact(100))]


class Confirmed(Struct, kw_only=True):
    mail: str


_read_new: Reader[NewMail] = Reader(NewMail)
_read_link: Reader[MailLink] = Reader(MailLink)


@routes.get("/api/account/mail")
async def show(request: web.Request) -> web.Response:
    member, _ = await holder_of(request)
    of_provider = await request.app[RECORDS].is_of_provider(member.id)
    return answer(OwnMail(mail=member.mail, may_change=request.app[ACCOUNT_MAILS].enabled and not of_provider))


@routes.post("/api/account/mail")
async def change(request: web.Request) -> web.Response:
    """Mail a link to the new address, unless it is the present address.

    The present address stays until somebody opens the link. The member must have proved who they are within the last
    `PROOF_MS`.
    """
    member, _ = await proved(request, limited=False)
    asked = await read_json(request, _read_new, 4096)
    if not request.app[ACCOUNT_MAILS].enabled:
        raise mail_refusal("mail_off")
    try:
        address = address_of(asked.mail)
    except BadAddress as error:
        raise Refused(400, "bad_address", str(error)) from None
    if not request.app[ASKED].take(member.id, steady_ms(request)):
        raise Refused(429, "busy", "That was asked for very often. Try again in a few minutes.")
    if address != member.mail:
        try:
            await request.app[ACCOUNT_MAILS].confirm(member, address)
        except MailRefused as error:
            raise mail_refusal(error.reason) from error
    return answer({})


@routes.post("/api/account/mail/confirm")
async def confirm(request: web.Request) -> web.Response:
    """Change the member's address by the link that was mailed to the new address.

    The old address gets a mail about the change. Raises SignInRefused(link_over).
    """
    asked, now, records = await read_json(request, _read_link, 2048), steady_ms(request), request.app[RECORDS]
    link = token_hash(asked.token)
    try:
        staff, former, address = (await records.link_subject(link, MAIL_CONFIRM, now)).split(" ")
        former = "" if former == "-" else former
        # first change the address, then mark the link as used: if something fails in between, the link still works
        await records.change_mail(staff, former, address, audit=entry(staff, "staff.mail", f"staff/{staff}"))
        member = await records.staff(staff)
        await records.use_link(link, MAIL_CONFIRM, now)
    except LinkUnusable:
        raise SignInRefused("link_over") from None
    if member is None or not member.active or member.mail != address:
        raise SignInRefused("link_over")
    request.app[LIVE].ended_rights.password_changed(replace(member, mail=address))
    request.app[ACCOUNT_MAILS].moved(member, former)
    return answer(Confirmed(mail=address))
