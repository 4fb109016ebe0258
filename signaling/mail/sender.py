"""Send the mails of the outbox. In a cluster only the leader sends. No conversation waits until a mail is sent.

A few tasks, called *lanes*, send at the same time. Each lane takes the most urgent mail that is due. The lane keeps its
connection to the mail server as long as mails are due. Every step has a time limit, because a mail server may hang or respond
very slowly. When the mail server itself fails, all lanes pause. Each further failure makes the pause longer. For a mail that
waits during a pause, the pause does not count as a failed try.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import structlog

from signaling.config.settings import MailServer
from signaling.records import Records, RecordsAway, UnknownSession
from signaling.records.outbox import REMINDERS, MailRecord

from .composing import Composer, Outdated
from .postbox import Postbox
from .smtp import Connection, Verdict, verdict

log = structlog.get_logger(__name__)

LANES = 3
LEASE_MS = 5 * 60_000  # One sending task has a mail to itself for this many ms; connecting and sending take less.

# Seconds until the next try after the first, second, … failed try of a mail; the last value repeats.
LATER_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600)
MOST_TRIES = 12
# seconds for which no mail is sent after the first, second, … failure of the mail server; the last value repeats
PAUSES_S = (1, 2, 5, 15, 60, 300)
# Seconds between two searches for due mails while the two clocks disagree: a reminder is due by the clock `now`, but not yet by
# the machine's clock.
EARLY_S = 1.0
LOOK_S = 5.0  # Seconds between two searches for mails that other servers of the cluster have queued.


class Sender:
    """Sends the mails of the outbox.

    `trouble`: the reason why the mail server accepts no mail now, or "" while it accepts mail.
    """

    def __init__(
        self,
        records: Records,
        postbox: Postbox,
        composer: Composer,
        server: MailServer,
        *,
        greets_as: str,
        count: Counter[str],
        now: Callable[[], int],
        ahead: Callable[[], int],
    ) -> None:
        """Make a sender. `ahead` returns how many ms the clock `now` is ahead of the machine's clock."""
        self._records = records
        self._postbox = postbox
        self._composer = composer
        self._server = server
        self._greets_as = greets_as
        self._count = count
        self._now = now
        self._ahead = ahead
        self.trouble = ""
        self._failures = 0
        self._last_turn = ""  # organisation of the mail that was taken last; another organisation has the next turn
        self._paused_until = 0

    async def run(self) -> None:
        """Send the mails of the outbox until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._lane())

    async def _lane(self) -> None:
        idle = False
        while True:
            try:
                await self._rest(idle=idle)
                mail = await self._next()
                idle = mail is None
                if mail is not None:
                    await self._burst(mail)
            except RecordsAway:
                await asyncio.sleep(LOOK_S)
            except Exception:
                log.exception("mail lane failed")
                await asyncio.sleep(LOOK_S)

    async def _next(self) -> MailRecord | None:
        found = await self._records.claim_mail(self._now(), LEASE_MS, self._last_turn, self._ahead())
        if found is not None:
            self._last_turn = found.shared_by
        return found

    async def _rest(self, *, idle: bool) -> None:
        """Wait until the pause after a failure of the mail server is over, and a mail may be due.

        `idle`: the last search found no mail that was due. If a mail nevertheless seems to be due, this mail is a reminder that
        is due by the clock `now`, but not yet by the machine's clock. Then wait `EARLY_S` before the next search.
        """
        pause_ms = self._paused_until - self._now()
        if pause_ms > 0:
            await asyncio.sleep(pause_ms / 1000)
            return
        self._postbox.posted.clear()
        at = await self._records.next_mail_at()
        wait_s = LOOK_S if at is None else min(LOOK_S, (at - self._now()) / 1000)
        if idle and wait_s <= 0 and self._ahead():
            wait_s = EARLY_S
        if wait_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._postbox.posted.wait()

    async def _burst(self, first: MailRecord) -> None:
        """Send this mail, and further mails over the same connection, until no mail is due or the mail server fails."""
        mail: MailRecord | None = first
        begun = False
        try:
            async with Connection(self._server, self._greets_as) as connection:
                begun = True
                while mail is not None:
                    if not await self._send(connection, mail):
                        return
                    mail = await self._next()
        except (OSError, TimeoutError) as error:
            if begun or mail is None:
                raise
            await self._server_failed(mail, verdict(error, mail.address), counted=False)
        except Exception as error:
            found = verdict(error, first.address)
            if begun or mail is None or found.meaning != "server":
                raise
            await self._server_failed(mail, found, counted=False)

    async def _send(self, connection: Connection, mail: MailRecord) -> bool:
        """Send one mail and store the result. Return whether the connection can be used again."""
        if self._clock(mail) > mail.until:
            await self._refused(mail, mail.why or "late")
            return True
        try:
            message = await self._composer.compose(mail)
        except (Outdated, UnknownSession):
            await self._refused(mail, "gone")
            return True
        except ValueError:
            await self._refused(mail, "malformed")
            return True
        try:
            await connection.send(message, self._server.sender, mail.address)
        except Exception as error:
            return await self._failed(mail, verdict(error, mail.address))
        self._failures, self.trouble = 0, ""
        self._count["mail.sent"] += 1
        await self._records.mail_sent(mail, self._now())
        return True

    async def _failed(self, mail: MailRecord, found: Verdict) -> bool:
        if found.meaning == "server":
            await self._server_failed(mail, found, counted=True)
            return False
        if found.meaning == "refused" or mail.tries + 1 >= MOST_TRIES:
            await self._refused(mail, found.why)
        else:
            self._count["mail.later"] += 1
            await self._records.mail_waits(mail, found.why, self._later(mail))
        return True

    def _clock(self, mail: MailRecord) -> int:
        """Return the time of the machine's clock for a reminder, and the time of the clock `now` for any other mail."""
        return self._now() - (self._ahead() if mail.kind in REMINDERS else 0)

    def _later(self, mail: MailRecord) -> int:
        return self._clock(mail) + LATER_S[min(mail.tries, len(LATER_S) - 1)] * 1000

    async def _refused(self, mail: MailRecord, why: str) -> None:
        self._count["mail.refused"] += 1
        log.info("mail refused", mail=mail.id, kind=mail.kind)
        await self._records.mail_refused(mail, why)

    async def _server_failed(self, mail: MailRecord, found: Verdict, *, counted: bool) -> None:
        """Pause all sending. Schedule another try of this mail, or refuse the mail if this was its last try.

        `counted`: whether the failure counts as one of the mail's tries, because this mail may have caused it.
        """
        if self._now() > self._paused_until:  # several tasks that fail at the same time count as one failure
            pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
            self._failures += 1
            self._paused_until = self._now() + pause_s * 1000
            log.warning("mail server takes no mail", why=found.why, pause_s=pause_s)
        self.trouble = found.why
        self._count["mail.server"] += 1
        if counted and mail.tries + 1 >= MOST_TRIES:
            await self._refused(mail, found.why)
        else:
            await self._records.mail_waits(mail, found.why, self._later(mail) if counted else self._clock(mail), counted=counted)
