"""Put mails into the outbox, from which `sender.py` sends them later."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from signaling.protocol.mail_addresses import BadAddress, address_of
from signaling.records import Audited, Records
from signaling.records.outbox import MailRecord, MailRefused
from signaling.records.types import DUE_NOW

from .kinds import MANNERS, Kind
from .unsubscribing import Addresses

# Staff write to a user who has left the page: if the user does not return within this many seconds, the user gets a mail.
AFTER_S = 120
REPLY_AGAIN_MS = 3_600_000  # at least this many ms pass between two mails about chat lines of staff to a user who stays away


class Postbox:
    """Puts mails into the outbox. `post` raises MailRefused when the outbox does not take the mail."""

    def __init__(self, records: Records, addresses: Addresses, now: Callable[[], int], *, enabled: bool) -> None:
        """Make a postbox. `enabled`: whether this server's settings name a mail server."""
        self.enabled = enabled
        self.addresses = addresses
        self._records = records
        self._now = now
        self.posted = asyncio.Event()  # this event is set each time this process queues a mail

    async def post(
        self,
        kind: Kind,
        address: str,
        *,
        site: str = "",
        organisation: str = "",
        session: str | None = None,
        language: str = "en",
        args: dict[str, Any] | None = None,
        key: str | None = None,
        quiet_ms: int = 0,
        at: int = 0,
        life_ms: int = 0,
        answers: str = "",
        audit: Iterable[Audited] = (),
    ) -> bool:
        """Queue a mail. Return False if a mail with the same `key` is queued already, or was sent within the last `quiet_ms`.

        - `organisation`: the organisation whose operators see the mail, for a mail that belongs to no site
        - `at`: the time at which the mail is sent (Unix ms; 0: at once)
        - `life_ms`: the mail is not sent later than this many ms after `at` (0: the `life_ms` of this kind of mail in `MANNERS`)
        - `answers`: id of the user's message, if this mail tells the user that staff have answered it; otherwise ""
        - `audit`: the audit entries to store with the mail
        """
        if not self.enabled:
            raise MailRefused("mail_off")
        try:
            address = address_of(address)
        except BadAddress:
            raise MailRefused("bad_address") from None
        now, manner = self._now(), MANNERS[kind]
        mail = MailRecord(
            id=f"e-{secrets.token_hex(8)}",
            kind=kind,
            address=address,
            address_hash=self.addresses.hashed(address),
            site=site,
            organisation=organisation,
            session=session,
            language=language,
            args=args or {},
            key=key,
            rank=manner.rank,
            created_at=now,
            next_at=at or DUE_NOW,
            until=(at or now) + (life_ms or manner.life_ms),
        )
        queued = await self._records.queue_mail(mail, quiet_ms=quiet_ms, answers=answers, audit=audit)
        self.posted.set()
        return queued
