"""Make a mail from its row in the outbox: read the session and site, make the one-time link, write text and HTML."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection
from datetime import UTC, tzinfo
from email.message import EmailMessage
from urllib.parse import urlsplit

from signaling.access.identity import token_hash
from signaling.protocol.session_views import Line
from signaling.protocol.texts import Seen
from signaling.records import Records, SessionRecord, Site
from signaling.records.links import LinkRecord
from signaling.records.mail_plan import MailSender, MailText, sender_in
from signaling.records.outbox import MailRecord
from signaling.transcripts import page, plain, zone_of
from signaling.transcripts.reading import conversation_of, pictures_for

from . import calendar
from .from_addresses import from_address
from .kinds import ACCOUNT, MAIL_CONFIRM, MANNERS, NEW_DEVICE, THREAD, WITH_EVENT, Kind
from .letters import About, letter, moment, zone_name
from .messages import Attachment, Envelope, message
from .unsubscribing import Addresses
from .words import language_of

THREAD_DAYS = 7  # a mail's link into a conversation expires after this many days, or later (see `_expiry`)
_DAY_MS = 86_400_000
MOST_QUOTED_LINES = 20
# largest number of bytes of pictures in the mailed copy of a conversation; many mail servers refuse mails of 10 MB
MOST_COPY_BYTES = 5 * 1024 * 1024
_QUOTED = Seen(2000, lines=True, cut=True)


def link_life_ms(site: Site | None) -> int:
    """Return the shortest time (ms) for which a link into a conversation of this site works."""
    return max(THREAD_DAYS, site.thread_days if site else 0) * _DAY_MS


class Outdated(Exception):
    """The mail must not be sent, because its site, session or member is gone or has changed."""


class Composer:
    """Writes mails from their rows in the outbox. A mail is written just before it is sent."""

    def __init__(
        self,
        records: Records,
        addresses: Addresses,
        *,
        url: str,
        sender: str,
        now: Callable[[], int],
        allowed: Collection[str] = (),
    ) -> None:
        """Make a composer.

        `url`: origin of the users' pages. `sender`: the from-address. `allowed`: addresses and domains that a site may use as its
        from-address instead (see `check_from`).
        """
        self._records = records
        self._addresses = addresses
        self._url = url
        self._sender, self._allowed = sender, allowed
        self._now = now

    async def compose(self, mail: MailRecord) -> EmailMessage:
        """Return the message for a mail of the outbox.

        Raises Outdated if the mail must not be sent, UnknownSession if the session is erased during this call, and RecordsAway
        while the database is unavailable.
        """
        kind: Kind = mail.kind  # type: ignore[assignment]  # only `Postbox.post` writes kinds
        site = await self._records.site(mail.site) if mail.site else None
        if mail.site and site is None:
            raise Outdated
        session = await self._records.session(mail.session) if mail.session else None
        if mail.session and (session is None or session.end_reason == "erased"):
            raise Outdated
        zone = _zone(site, session, mail.args.get("zone", ""))
        by = sender_in(site.mail, _languages(site, mail)) if site else MailSender()
        of = self._addresses.token(mail.address)
        leave = f"{self._url}/unsubscribe?of={of}&lang={language_of(mail.language)}" if MANNERS[kind].leaves else ""
        about = About(
            kind=kind,
            language=mail.language,
            site=site.name(mail.language) if site else "Sangdam",
            values=_values(mail, zone),
            zone=zone,
            own=_own(site, mail),
            accent=site.accent if site else "",
            link=await self._link(mail, kind, site),
            said=await self._said(mail, site),
            leave=leave,
        )
        written = letter(about)
        envelope = Envelope(
            sender=from_address(by.from_address, self._sender, self._allowed),
            sender_name=by.sender or about.site,
            recipient=mail.address,
            reply_to=by.reply_to,
            leave=leave,
        )
        files = await self._files(mail, site, session, zone, written.subject, written.text)
        # encoding pictures takes long, so a thread does it
        return await asyncio.to_thread(message, written, envelope, files, self._now())

    async def _link(self, mail: MailRecord, kind: Kind, site: Site | None) -> tuple[str, int | None] | None:
        """Return a mail's link, and the time (Unix ms) when the link expires or None if it never expires.

        Return None for a mail without a link.

        The link of a mail to operators (`alert_nobody`, `alert_wait`, `webhook_off`) never expires. All other links work once.
        The server stores only the hash of a link's token. So each try to send the mail makes a new link.
        """
        if kind in ("alert_nobody", "alert_wait", "webhook_off"):
            return str(mail.args["page"]), None
        if kind in ACCOUNT:
            return await self._account_link(mail)
        if not MANNERS[kind].opens:
            return None
        token, until = secrets.token_urlsafe(32), self._expiry(mail, site)
        await self._add_link(mail, token, THREAD, str(mail.session), until)
        # the token follows "#": browsers send that part to no server, so no log contains the token
        return f"{self._url}/call#invite={token}", until

    def _expiry(self, mail: MailRecord, site: Site | None) -> int:
        """Return when a link into a conversation expires (Unix ms).

        This is the latest of three times:

        - `THREAD_DAYS` after now
        - as many days after now as a conversation can sleep at this site
        - one day after the time of the booked callback or appointment, if the mail is about one
        """
        return max(self._now() + link_life_ms(site), int(mail.args.get("at", 0)) + _DAY_MS)

    async def _account_link(self, mail: MailRecord) -> tuple[str, int] | None:
        """Return the link of a mail about a staff account, and the time (Unix ms) when the link expires.

        Return None for a mail without a link. The link is made only now, so that the outbox never holds a link. Raises Outdated
        if the member is gone or deactivated, or has changed their mail address.
        """
        member = await self._records.staff(str(mail.args["staff"]))
        if member is None or not member.active or member.mail != mail.args.get("present", mail.address):
            raise Outdated
        if mail.kind == "mail_changed":
            return None
        token, page = secrets.token_urlsafe(32), mail.args["page"]
        if mail.kind == MAIL_CONFIRM:
            await self._add_link(mail, token, MAIL_CONFIRM, f"{member.id} {member.mail or '-'} {mail.address}", mail.until)
            return f"{page}#confirm-mail={token}", mail.until
        if mail.kind == NEW_DEVICE:
            await self._add_link(mail, token, NEW_DEVICE, f"{member.id}/{mail.args['sign_in']}/{mail.args['at']}", mail.until)
            return f"{page}#not-me={token}", mail.until
        # If a try to send the mail timed out, the mail may arrive twice, with two links. In this case, each link works until one
        # of them is used.
        await self._records.add_reset_link(token_hash(token), member.id, mail.until, alone=False)
        return f"{page}#new-password={token}", mail.until

    async def _add_link(self, mail: MailRecord, token: str, purpose: str, subject: str, until: int) -> None:
        await self._records.add_link(
            LinkRecord(
                token_hash=token_hash(token),
                purpose=purpose,
                subject=subject,
                session=mail.session,
                mail=mail.id,
                expires_at=until,
            )
        )

    async def _said(self, mail: MailRecord, site: Site | None) -> str:
        """Return the lines of staff that the mail quotes. Return "" if the mail quotes nothing, or the site allows no quotes."""
        since = mail.args.get("since_seq")
        if since is None or site is None or site.mail.content != "on" or mail.session is None:
            return ""
        lines = await self._records.lines(mail.session, int(since) - 1, MOST_QUOTED_LINES, "all")
        return _QUOTED("\n".join(each.text for each in lines if _by_staff(each)))

    async def _files(
        self, mail: MailRecord, site: Site | None, session: SessionRecord | None, zone: tzinfo, title: str, text: str
    ) -> tuple[Attachment, ...]:
        if mail.kind == "copy" and session is not None and site is not None and site.mail.content == "on":
            return await self._copy(session, mail.language, zone, str(mail.args.get("you", "")))
        if mail.kind in WITH_EVENT and session is not None:
            at, moved = int(mail.args["at"]), int(mail.args["moved"])
            booked = calendar.Booked(
                id=f"{session.id}@{urlsplit(self._url).hostname or 'localhost'}",
                title=title,
                text=text,
                at_ms=at,
                minutes=int(mail.args.get("minutes", calendar.CALLBACK_MINUTES)),
                moved=moved,
                cancelled=mail.kind.endswith("_cancelled"),
            )
            return (calendar.attachment(booked, self._now()),)
        return ()

    async def _copy(self, session: SessionRecord, language: str, zone: tzinfo, you: str) -> tuple[Attachment, ...]:
        found = await conversation_of(self._records, session, "all", language, zone, you)
        pictures = pictures_for(self._records, session.id, "all")
        html = "".join([piece async for piece in page(found, pictures, MOST_COPY_BYTES)])
        return (
            Attachment("conversation.html", "text/html", html.encode(), (("charset", "utf-8"),)),
            Attachment("conversation.txt", "text/plain", plain(found).encode(), (("charset", "utf-8"),)),
        )


def _by_staff(line: Line) -> bool:
    return line.role in ("counselor", "professional") and line.kind == "text" and line.change != "retracted"


def _values(mail: MailRecord, zone: tzinfo) -> dict[str, str]:
    values = {name: str(value) for name, value in mail.args.items()}
    if "at" in mail.args:
        values |= {"when": moment(int(mail.args["at"]), mail.language, zone), "zone": zone_name(zone)}
    return values


def _own(site: Site | None, mail: MailRecord) -> MailText:
    """Return the site's own wording of this kind of mail, in the mail's language. Return empty texts if the site has none."""
    texts = site.mail.texts if site else {}
    worded = next((texts[each] for each in _languages(site, mail) if each in texts), {})
    return worded.get(mail.kind, MailText())


def _languages(site: Site | None, mail: MailRecord) -> list[str]:
    """Return the languages under which the site's plan may have words for this mail.

    These are the mail's own language tag, and the tag that the site uses for this language.
    """
    return [mail.language, (site.language_for(mail.language) if site else None) or mail.language]


def _zone(site: Site | None, session: SessionRecord | None, wanted: str) -> tzinfo:
    """Return the time zone for the times in a mail.

    This is the recipient's zone (`wanted`) if it is known, otherwise the zone of the category's opening hours, otherwise UTC.
    """
    if wanted:
        return zone_of(wanted)
    hours = site.hours_of(session.category) if site is not None and session is not None else None
    return zone_of(hours.timezone) if hours is not None else UTC
