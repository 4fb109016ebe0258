"""Send mails about live sessions: to users who have left the page, and to operators about queues that nobody serves.

No conversation waits for a mail: background tasks queue the mails, at most `MOST_TASKS` at a time. Further mails are dropped and
counted. There is one exception: when staff answer a message that a user left, the server confirms the answer only after the mail
about it is queued.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.staffing import Staffing
from signaling.mail import Postbox
from signaling.mail.background import Background
from signaling.mail.kinds import Kind
from signaling.mail.postbox import AFTER_S, REPLY_AGAIN_MS
from signaling.protocol.mail_addresses import address_in, masked
from signaling.protocol.session_views import Line, MailView
from signaling.records import Audited, MessageRecord, Records
from signaling.session.model import Callback
from signaling.session.views import brief_value

MOST_TASKS = 1000  # At most this many mails are being queued at the same time.
ALERTS_S = 30.0  # Seconds between two checks whether operators must get alerts about queues of waiting users.

# A queue that nobody serves is reported after this wait (ms), or after the site's `alert_after_s` if that is shorter.
NOBODY_MS = 60_000
ALERT_AGAIN_MS = 30 * 60_000  # At least this many ms pass between two mails of the same alert.
SOON_MS = 15 * 60_000  # A callback's or appointment's reminder is sent this many ms before the booked time.
DAY_MS = 24 * 3_600_000  # The first reminder of an appointment is sent this many ms before the appointment begins.
DEAD_MS = 30_000  # The heartbeat shows the server within this many milliseconds that a connection is dead.
_GOES_ON = frozenset({"waiting", "active", "asleep"})  # States of a session in which the user gets a mail about an unread line.
_TOLD_OF = frozenset({"text", "picture", "file"})


def address_for(entry: Entry) -> str:
    """Return the mail address that the partner signed for the user, or that the user gave. Return "" if there is none."""
    called = entry.session.callback
    return address_in(brief_value(entry.brief, "user_contact")) or address_in(called.contact if called else "")


class Mailing:
    """Queues mails about live sessions. Users get mails about answers and callbacks.

    Operators get mails about queues that nobody serves, or in which users wait too long.
    """

    def __init__(
        self,
        *,
        postbox: Postbox,
        records: Records,
        index: Index,
        staffing: Staffing,
        wallboard: str,
        count: Counter[str],
        now: Now,
        wall: Now,
    ) -> None:
        """Make the object with the server's parts.

        `wallboard`: the address of the operators' page. `wall`: the machine's clock. Booked times are times of this clock.
        """
        self._postbox = postbox
        self._records = records
        self._index = index
        self._staffing = staffing
        self._wallboard = wallboard
        self._now, self._wall = now, wall
        self._background = Background(MOST_TASKS, count)

    @property
    def enabled(self) -> bool:
        """Return whether this server sends mails."""
        return self._postbox.enabled

    async def start(self) -> None:
        """Read from the database which users got a mail about an answer before this server started."""
        if not self._postbox.enabled:
            return
        for key in await self._records.mail_keys("reply/"):
            if entry := self._index.entries.get(key.removeprefix("reply/")):
                entry.mailed_at = self._now()

    async def close(self) -> None:
        """Wait until all mails that are being queued are in the outbox."""
        await self._background.close()

    def view(self, entry: Entry) -> MailView | None:
        """Return how the user can be reached by mail, or None when this server sends no mail."""
        if not self._postbox.enabled:
            return None
        address = address_for(entry)
        return MailView(to=masked(address) if address else "", copies=entry.site.mail.content == "on")

    async def leave(self, entry: Entry, former: str) -> None:
        """Forget the user's old address, which may have been mistyped.

        No more mails are sent to that address, and the links in earlier mails expire. If the session's callback uses this
        address, the address is kept.
        """
        if former != callback_address(entry):
            await self._records.leave_address(entry.id, self._postbox.addresses.hashed(former))

    # --- answers ---------------------------------------------------------------------------------------------------------

    def answered(self, entry: Entry, line: Line) -> None:
        """Queue a mail about a new chat line of staff for a user who has left the page.

        The mail is sent two minutes later, unless the user returns before. While the user stays away, no second mail is sent
        until `REPLY_AGAIN_MS` have passed. If the user is connected, only remember the line, so that `left` can queue the mail
        later.
        """
        if line.author == entry.session.user:
            entry.unread = None  # a user who writes has seen all earlier chat lines
            return
        by_staff = line.role in ("counselor", "professional") and line.audience == "all" and line.kind in _TOLD_OF
        if not by_staff or not self._postbox.enabled:
            return
        if entry.session.user in entry.holders:
            if entry.unread is None or self._is_read(entry, entry.unread):
                entry.unread = line
            return
        now = self._now()
        if now - entry.mailed_at < REPLY_AGAIN_MS:
            return
        if address := address_for(entry):
            entry.mailed_at = now
            args = {"name": line.name, "since_seq": line.seq}
            self._background.later(self._reply(entry, address, args, now))

    def left(self, entry: Entry) -> None:
        """Queue a mail about the first chat line that the user has not read. Call this when the user's connection is lost.

        A connection may be dead for some seconds before the server notices that. Lines that were sent in these seconds have not
        arrived.
        """
        line, entry.unread = entry.unread, None
        if line is not None and entry.session.state in _GOES_ON and not self._is_read(entry, line):
            self.answered(entry, line)

    def _is_read(self, entry: Entry, line: Line) -> bool:
        """Return whether the user has read a chat line.

        At a site without read marks, a line counts as read if it was sent more than `DEAD_MS` ago.
        """
        if entry.site.read_marks == "off":
            return self._now() - line.at > DEAD_MS
        mark = (entry.marks or {}).get(entry.session.user)
        return mark is not None and any(span.first <= line.seq <= span.last for span in mark.read)

    async def _reply(self, entry: Entry, address: str, args: dict[str, Any], now: int) -> None:
        await self._postbox.post(
            "reply",
            address,
            site=entry.site.id,
            session=entry.id,
            language=entry.session.language,
            args=args,
            key=f"reply/{entry.id}",
            quiet_ms=REPLY_AGAIN_MS,
            at=now + AFTER_S * 1000,
        )

    def came_back(self, entry: Entry) -> None:
        """Delete the queued mail that would tell the user of an answer, because the user is on the page again."""
        if entry.mailed_at:
            entry.mailed_at = 0
            self._background.later(self._records.drop_mails(f"reply/{entry.id}"))

    async def message_answered(
        self, entry: Entry, message: MessageRecord, name: str, seq: int, *, audit: Iterable[Audited]
    ) -> None:
        """Queue a mail to a user about the answer to their message. The same transaction marks the message as answered.

        `audit`: the audit entries to store with the mail. Raise MailRefused or RecordsAway. No mail about further answers in this
        conversation is sent until `REPLY_AGAIN_MS` have passed.
        """
        address = address_in(message.contact)
        entry.mailed_at = self._now()
        await self._postbox.post(
            "message_answered",
            address,
            site=message.site,
            session=message.session,
            language=message.language,
            args={"name": name, "since_seq": seq},
            answers=message.id,
            audit=audit,
        )

    # --- callbacks -------------------------------------------------------------------------------------------------------

    def callback_booked(self, entry: Entry) -> None:
        """Mail the user that a callback was booked or moved, with a calendar event.

        Queue a reminder for shortly before the callback. An appointment gets another reminder a day before. A reminder is left
        out if its time has passed or is less than `SOON_MS` away.
        """
        called = entry.session.callback
        if called is None or called.state != "scheduled":
            return
        if address := callback_address(entry):
            about = self._about(entry, called)
            self._background.later(self._promise(entry, address, called.due_at, about, appointment=bool(called.staff)))

    def callback_cancelled(self, entry: Entry) -> None:
        """Mail the user that a callback was cancelled, with a calendar event that removes the callback from their calendar.

        Delete the queued mails about the callback.
        """
        called = entry.session.callback
        if called is None:
            return
        if address := callback_address(entry):
            about = self._about(entry, called)
            kind: Kind = "appointment_cancelled" if called.staff else "callback_cancelled"
            self._background.later(self._cancelled(entry, address, kind, about))

    def callback_settled(self, entry: Entry) -> None:
        """Delete the queued mails about a callback, because the callback is over."""
        self._background.later(self._settled(entry))

    async def _settled(self, entry: Entry) -> None:
        async with entry.mail_lock:
            await self._forget_promises(entry)

    async def _promise(self, entry: Entry, address: str, at: int, about: dict[str, Any], *, appointment: bool) -> None:
        async with entry.mail_lock:
            # the callback was moved or cancelled before this mail was queued, so a newer mail is sent instead of this one
            if about["args"]["moved"] != entry.moved:
                return
            await self._forget_promises(entry)
            now = self._wall()
            kind: Kind = "appointment" if appointment else "callback"
            soon: Kind = "appointment_soon" if appointment else "callback_soon"
            await self._postbox.post(kind, address, key=f"callback/{entry.id}", life_ms=max(at - now, 60_000), **about)
            if appointment and at - DAY_MS > now + SOON_MS:
                day = at - DAY_MS
                await self._postbox.post("appointment_day", address, key=f"day/{entry.id}", at=day, life_ms=DAY_MS // 2, **about)
            if at - SOON_MS > now + SOON_MS:
                await self._postbox.post(soon, address, key=f"soon/{entry.id}", at=at - SOON_MS, life_ms=SOON_MS, **about)

    async def _cancelled(self, entry: Entry, address: str, kind: Kind, about: dict[str, Any]) -> None:
        async with entry.mail_lock:
            await self._forget_promises(entry)
            await self._postbox.post(kind, address, **about)

    def _about(self, entry: Entry, called: Callback) -> dict[str, Any]:
        """Return the arguments for a mail about the callback's booked time. The calendar event gets the next sequence number."""
        entry.moved = max(entry.moved + 1, _sequence(self._now()))
        args: dict[str, Any] = {"at": called.due_at, "moved": entry.moved}
        if called.staff:
            hidden = entry.site.staff_names == "hidden"
            args |= {"name": entry.site_name("") if hidden else called.staff_name, "minutes": called.minutes}
        if called.timezone:
            args["zone"] = called.timezone
        return {"site": entry.site.id, "session": entry.id, "language": entry.session.language, "args": args}

    async def _forget_promises(self, entry: Entry) -> None:
        for key in (f"callback/{entry.id}", f"day/{entry.id}", f"soon/{entry.id}"):
            await self._records.drop_mails(key)

    # --- alerts ----------------------------------------------------------------------------------------------------------

    async def watch_queues(self) -> None:
        """Mail alerts to the sites' operators about queues that nobody serves, or in which somebody waits too long.

        Runs until cancelled.
        """
        while self._postbox.enabled:
            await asyncio.sleep(ALERTS_S)
            for queue in list(self._index.queues.values()):
                if waiting := list(queue.values()):  # the queue may have become empty while the loop was busy with another queue
                    await self._look(waiting)
        await asyncio.Event().wait()

    async def _look(self, waiting: list[Entry]) -> None:
        oldest = min(waiting, key=lambda entry: entry.session.enqueued_at)
        site = await self._records.site(oldest.site.id)
        if site is None or not site.mail.alerts:
            return
        session, waited = oldest.session, self._now() - oldest.session.enqueued_at
        nobody = not self._staffing.helpers(site, session.language, site.category_path(session.category))
        if waited < (min(NOBODY_MS, site.mail.alert_after_s * 1000) if nobody else site.mail.alert_after_s * 1000):
            return
        language = site.languages[0] if site.languages else "en"
        args = {
            "category": site.category_name(session.category, language),
            "waiting": len(waiting),
            "minutes": max(1, waited // 60_000),
            "page": self._wallboard,
        }
        for number, address in enumerate(site.mail.alerts):
            self._background.later(
                self._postbox.post(
                    "alert_nobody" if nobody else "alert_wait",
                    address,
                    site=site.id,
                    language=language,
                    args=args,
                    key=f"alert/{site.id}/{session.category}/{number}",
                    quiet_ms=ALERT_AGAIN_MS,
                )
            )


def callback_address(entry: Entry) -> str:
    """Return the address for mails about a callback: the callback's contact if it is a mail address, else the user's address."""
    called = entry.session.callback
    return address_in(called.contact if called else "") or address_for(entry)


def _sequence(now: int) -> int:
    """Return the sequence number of a calendar event: the seconds since the beginning of 2025.

    So a later version of an event has a higher number.
    """
    return max(0, now // 1000 - 1_735_689_600)
