"""Mails: a user asks for a mail, and operators see the outbox."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from msgspec import Struct

from signaling.access.rate_limits import Buckets
from signaling.access.rights import of_site
from signaling.live.entry import Entry
from signaling.live.mailing import address_for
from signaling.mail import Postbox
from signaling.protocol.mail_addresses import BadAddress, address_of, masked
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.reasons import MailReason
from signaling.protocol.texts import Exact
from signaling.records.outbox import MailRecord, MailRefused
from signaling.server.app_keys import LIVE, POSTBOX, RECORDS

from .allowed import asker_of
from .bodies import bearer, now_ms, path_id, read_json, read_query, steady_ms
from .errors import Refused, answer, not_found
from .noting import entry
from .operator import PageQuery
from .transcripts import ZoneName

routes = web.RouteTableDef()
ASKED: web.AppKey[Buckets] = web.AppKey("mails_asked", Buckets)

SENTENCES: dict[MailReason, str] = {
    "mail_off": "This service sends no mail.",
    "bad_address": "That is not a mail address.",
    "unsubscribed": "This address asked for no more mails.",
    "too_many_mails": "This address got many mails today. Try again tomorrow.",
    "mail_full": "Very many mails wait to be sent. Try again later.",
}
_STATUS: dict[MailReason, int] = {"too_many_mails": 429, "mail_full": 503, "bad_address": 400}


class MailRequest(Struct, kw_only=True):
    """A user's request for a mail.

    `what`: "reply": remember the address, and send a mail when staff answer. "thread": do the same, and also mail a link that
    opens this conversation. "copy": mail a copy of the conversation. `address`: the mail address; "": the address that is already
    known. `zone`: IANA name of the reader's time zone.
    """

    what: Literal["reply", "thread", "copy"]
    address: Annotated[str, by(Exact(1000))] = ""
    zone: ZoneName = ""


class MailAnswer(Struct, kw_only=True):
    to: str  # the mail's address, mostly hidden


class MailItem(Struct, kw_only=True):
    """A mail as operators see it.

    `to`: the address, mostly hidden. `why`: why the last try to send the mail failed: a key such as "timeout", or the text of
    the mail server's reply.
    """

    id: str
    kind: str
    site: str
    session: str | None
    to: str
    state: str
    why: str
    tries: int
    created_at: int
    next_at: int
    sent_at: int | None


class MailPage(Struct, kw_only=True):
    """One page of the outbox. `enabled`: a mail server is set up. `trouble`: why the mail server accepts no mail now, or ""."""

    items: list[MailItem]
    total: int
    page: int
    enabled: bool
    trouble: str
    page_size: int = 50


class OutboxQuery(PageQuery, kw_only=True):
    state: Literal["", "queued", "sent", "refused"] = ""


_read_request: Reader[MailRequest] = Reader(MailRequest)
_read_outbox: QueryReader[OutboxQuery] = QueryReader(OutboxQuery)


def mail_refusal(reason: MailReason) -> Refused:
    """Return the refusal to raise for a mail that the outbox refuses."""
    return Refused(_STATUS.get(reason, 409), reason, SENTENCES[reason])


@routes.post("/api/sessions/{id}/mail")
async def ask(request: web.Request) -> web.Response:
    """Remember the user's mail address, or mail the user a link or a copy, as the request asks."""
    entry = await request.app[LIVE].stored.by_token(bearer(request))
    if entry is None or entry.id != path_id(request, "id"):
        raise not_found()
    if not request.app[ASKED].take(entry.id, now_ms()):
        raise Refused(429, "busy", "That was asked for very often. Try again in a minute.")
    asked = await read_json(request, _read_request, 4096)
    try:
        return answer(MailAnswer(to=masked(await _queue(request, request.app[POSTBOX], entry, asked))))
    except MailRefused as error:
        raise mail_refusal(error.reason) from error


async def _queue(request: web.Request, postbox: Postbox, entry: Entry, asked: MailRequest) -> str:
    """Queue the mail that the user asked for, if any. Return the mail address."""
    address = asked.address or address_for(entry)
    try:
        address = address_of(address)
    except BadAddress as error:
        raise Refused(400, "bad_address", str(error)) from error
    if not postbox.enabled:
        raise MailRefused("mail_off")
    records = request.app[RECORDS]
    if await records.is_unsubscribed(postbox.addresses.hashed(address)):
        raise MailRefused("unsubscribed")
    if asked.what != "reply":
        args = {"zone": asked.zone, "you": entry.session.user}
        await postbox.post(asked.what, address, site=entry.site.id, session=entry.id, language=entry.session.language, args=args)
    if asked.what != "copy" and asked.address:
        await request.app[LIVE].briefs.give_contact(entry, address)
    return address


@routes.get("/api/operator/mails")
async def outbox(request: web.Request) -> web.Response:
    asker, records = await asker_of(request), request.app[RECORDS]
    asked, live = read_query(request, _read_outbox), request.app[LIVE]
    theirs = [site.id for site in await records.sites(asker.realm)]
    # only operators who may see all sites also see the mails about staff accounts
    whole = asker.member.organisation if asker.realm.sites is None else ""
    found, total = await records.mails(asked.state, asked.page, theirs, whole)
    trouble = live.sender.trouble if live.sender else ""
    enabled = request.app[POSTBOX].enabled
    items = [_item(each) for each in found]
    return answer(MailPage(items=items, total=total, page=asked.page, enabled=enabled, trouble=trouble))


@routes.post("/api/operator/mails/{id}/retry")
async def retry(request: web.Request) -> web.Response:
    """Queue a refused mail again. The request is audited."""
    asker, records = await asker_of(request), request.app[RECORDS]
    mail = path_id(request, "id")
    found = await records.mail(mail)
    if found is None:
        raise not_found()
    if found.site or found.organisation != asker.member.organisation or asker.realm.sites is not None:
        site = await records.site(found.site)
        if site is None:
            raise not_found()
        asker.require(of_site(site))
    audit = entry(asker.member.id, "mail.retry", f"mail/{mail}")
    if not await records.retry_mail(mail, steady_ms(request), audit=audit):
        raise Refused(409, "wrong_state", "This mail is not refused.")
    request.app[POSTBOX].posted.set()
    return answer({})


def _item(mail: MailRecord) -> MailItem:
    return MailItem(
        id=mail.id,
        kind=mail.kind,
        site=mail.site,
        session=mail.session,
        to=mail.address if mail.state == "sent" else masked(mail.address),
        state=mail.state,
        why=mail.why,
        tries=mail.tries,
        created_at=mail.created_at,
        next_at=max(mail.next_at, mail.created_at),
        sent_at=mail.sent_at,
    )
