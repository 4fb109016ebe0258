"""The outbox: mails that wait, were sent, or were refused, and the addresses that have unsubscribed.

A row holds the arguments from which a mail is written. The text and the one-time link are made only when the mail is sent. After
that, the row's arguments are removed and its address is masked. The row of a refused mail keeps its arguments and its address for
a week, so an operator can try the mail again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct

from signaling.config.shares import has_place
from signaling.protocol.mail_addresses import masked
from signaling.protocol.reasons import MailReason

from . import tables as t
from .auditing import Audited, add_all
from .database import Database, insert_into, require_kept
from .organisations import count_organisations
from .types import DUE_NOW

MOST_QUEUED = 200_000  # at most this many mails, of all organisations together, wait in the outbox; further mails are refused
# at most this many mails are queued for one address within 24 hours, because the address might belong to somebody else; mails
# about staff accounts are counted separately
MOST_A_DAY = 20
_DAY_MS = 86_400_000
_SENT_KEPT_DAYS = 30  # days for which the row of a sent mail is kept after the mail was queued
_REFUSED_KEPT_DAYS = 7  # days for which the row of a refused mail is kept after the mail was queued
PAGE_SIZE = 50  # one page of the outbox has at most this many mails

BOOKED = 0  # rank of mails about booked callbacks and staff accounts; unsubscribed addresses also get these mails
# The computer's clock decides when mails of these kinds are due, because booked times are times of this clock. The server's
# steady clock decides when all other mails are due.
REMINDERS = frozenset({"callback_soon", "appointment_day", "appointment_soon"})
RANKS = (BOOKED, 1, 2)  # all ranks, the most urgent first

MailState = Literal["queued", "sent", "refused"]
_c = t.mail.c


class MailRefused(Exception):
    """The outbox does not take this mail. Nothing was stored."""

    def __init__(self, reason: MailReason) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRecord(Struct, frozen=True, kw_only=True):
    """A mail of the outbox.

    `organisation`: the organisation of a mail that belongs to no site. `args`: values for the text, in addition to values of the
    site and the session. `key`: while this mail is queued, no other mail with the same key is queued. `rank`: mails with a lower
    rank are sent first; `BOOKED` is the lowest rank. `why`: why the last try failed, or "". `next_at`: when to try next to send
    the mail (Unix ms). `until`: the mail is not sent later than this (Unix ms). `shared_by`: the organisation in whose turn the
    mail is sent (see `claim_mail`); `queue_mail` fills in this field.
    """

    id: str
    kind: str
    address: str
    address_hash: str
    site: str = ""
    organisation: str = ""
    session: str | None = None
    language: str = "en"
    args: dict[str, Any] = {}
    key: str | None = None
    state: MailState = "queued"
    why: str = ""
    rank: int = 0
    tries: int = 0
    created_at: int = 0
    next_at: int = 0
    until: int = 0
    sent_at: int | None = None
    shared_by: str = ""


class Outbox(Database):
    """The mails, and the addresses that have unsubscribed."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._uncounted = 0  # how many more mails this process queues before it counts the waiting mails again

    async def queue_mail(self, mail: MailRecord, quiet_ms: int = 0, *, answers: str = "", audit: Iterable[Audited] = ()) -> bool:
        """Put a mail into the outbox.

        Return False, and store nothing, when a mail with the same key is queued, or was sent less than `quiet_ms` ago.
        `answers`: id of a message that a user left, if the mail tells the user that staff answered this message. The transaction
        that stores the mail also stores the mail's id in the message. Return False, and store nothing, when the message has a
        mail's id already. `audit`: audit entries to store in the same transaction. Raises UnknownSession when the session was
        erased, and MailRefused with the reason unsubscribed, too_many_mails or mail_full.
        """
        values = {name: getattr(mail, name) for name in MailRecord.__struct_fields__}

        def queue(connection: sa.Connection) -> bool:
            if mail.session is not None:
                require_kept(connection, mail.session)
            _check_recipient(connection, mail)
            values["shared_by"] = mail.organisation or _organisation_of(connection, mail.site)
            if self._lacks_room(connection, values["shared_by"]):
                raise MailRefused("mail_full")
            if mail.key is not None and not _free_key(connection, mail.key, mail.created_at - quiet_ms):
                return False
            if answers and not _tells_of_answer(connection, mail.id, answers):
                return False
            stored = insert_into(connection, t.mail).values(values).on_conflict_do_nothing(index_elements=[_c.key])
            if not connection.execute(stored).rowcount:  # another transaction has queued a mail with this key first
                connection.rollback()
                return False
            add_all(connection, audit)
            return True

        return await self._transaction(queue, writes=True)

    def _lacks_room(self, connection: sa.Connection, organisation: str) -> bool:
        """Return whether this organisation can queue no more mail.

        Counting reads many rows. So after a count, this process queues up to an eighth of the free room without counting again.
        Until its next count, the process does not know of the mails that other servers of a cluster queue. So a cluster can
        exceed the limit a little.
        """
        if self._uncounted > 0:
            self._uncounted -= 1
            return False
        room = _room_in_half(connection)
        self._uncounted = max(0, room // 8)
        return room <= 0 and _is_full(connection, organisation)

    async def drop_mails(self, key: str) -> None:
        """Remove the queued mail with this key.

        If a mail with this key was sent already, the next mail with this key can be queued at once.
        """
        here = _c.key == key

        def drop(connection: sa.Connection) -> None:
            connection.execute(sa.delete(t.mail).where(here, _c.state == "queued"))
            connection.execute(sa.update(t.mail).where(here).values(key=None))

        await self._transaction(drop, writes=True)

    async def leave_address(self, session: str, address_hash: str) -> None:
        """Forget an old address of a session's user.

        Remove the queued mails to this address, and end the links that were mailed to it, because a mistyped address can belong
        to somebody else. Mails about booked callbacks stay queued.
        """
        here = sa.and_(_c.session == session, _c.address_hash == address_hash)

        def leave(connection: sa.Connection) -> None:
            theirs = t.link.c.mail.in_(sa.select(_c.id).where(here))
            connection.execute(sa.delete(t.link).where(t.link.c.session == session, theirs))
            connection.execute(sa.delete(t.mail).where(here, _c.state == "queued", _c.rank != BOOKED))

        await self._transaction(leave, writes=True)

    async def mail_keys(self, prefix: str) -> set[str]:
        """Return the keys of mails in the outbox that begin with this prefix."""
        rows = await self._all(sa.select(_c.key).where(_c.key.startswith(prefix, autoescape=True)))
        return {row["key"] for row in rows}

    async def claim_mail(self, now: int, lease_ms: int, after: str = "", ahead_ms: int = 0) -> MailRecord | None:
        """Return the most urgent mail that is due, and count one try for it. Return None when no mail is due.

        `ahead_ms`: how far `now` is ahead of the computer's clock. The computer's clock decides when mails of the kinds in
        `REMINDERS` are due.

        Organisations take turns among equally urgent mails: the organisation whose id follows `after` has the first turn. So an
        organisation with 100,000 mails does not delay other organisations' mails. The returned mail is due again after
        `lease_ms`, so no mail is lost when a server dies while it sends.
        """

        def claim(connection: sa.Connection) -> MailRecord | None:
            row = _next_due(connection, now, after, ahead_ms)
            if row is None:
                return None
            leased = sa.update(t.mail).where(_c.id == row["id"])
            until = now + lease_ms - (ahead_ms if row["kind"] in REMINDERS else 0)
            connection.execute(leased.values(next_at=until, tries=_c.tries + 1))
            return MailRecord(**row)

        return await self._transaction(claim, writes=True)

    async def next_mail_at(self) -> int | None:
        """Return when the next queued mail is due (Unix ms), or None if no mail is queued."""
        row = await self._first(sa.select(sa.func.min(_c.next_at).label("at")).where(_c.state == "queued"))
        return row["at"] if row else None

    async def mail_sent(self, mail: MailRecord, now: int) -> None:
        """Store that a mail was sent. Mask the stored address, and remove `args`, the values for the texts of this mail."""
        sent = {"state": "sent", "why": "", "address": masked(mail.address), "args": {}, "sent_at": now}
        await self._do(sa.update(t.mail).where(_c.id == mail.id).values(sent))

    async def mail_waits(self, mail: MailRecord, why: str, next_at: int, *, counted: bool = True) -> None:
        """Store why a try has failed, and when to try again.

        `counted`: whether the failed try counts as one of this mail's tries.
        """
        tries = _c.tries if counted else mail.tries
        await self._do(sa.update(t.mail).where(_c.id == mail.id).values(why=why, next_at=next_at, tries=tries))

    async def mail_refused(self, mail: MailRecord, why: str) -> None:
        """Store that a mail will not be sent, and why. Only an operator can queue this mail again."""
        await self._do(sa.update(t.mail).where(_c.id == mail.id).values(state="refused", why=why, key=None))

    async def mail(self, mail_id: str) -> MailRecord | None:
        """Return the mail, or None when there is no such mail."""
        row = await self._first(sa.select(t.mail).where(_c.id == mail_id))
        return MailRecord(**row) if row else None

    async def retry_mail(self, mail_id: str, now: int, *, audit: Iterable[Audited] = ()) -> bool:
        """Queue a refused mail again. Return False when there is no such refused mail, or the mail's address has unsubscribed.

        `audit`: audit entries to store in the same transaction.
        """
        left = sa.select(t.unsubscribed.c.address_hash)
        here = sa.and_(_c.id == mail_id, _c.state == "refused", (_c.rank == BOOKED) | _c.address_hash.not_in(left))
        again = {"state": "queued", "tries": 0, "next_at": DUE_NOW, "until": now + _DAY_MS}
        return await self._do(sa.update(t.mail).where(here).values(again), audit) > 0

    async def mails(
        self, state: str = "", page: int = 1, sites: Collection[str] | None = None, organisation: str = ""
    ) -> tuple[list[MailRecord], int]:
        """Return one page of at most `PAGE_SIZE` mails, newest first, and the number of all mails in this state ("": any).

        `sites`: only mails of these sites; None: all mails. `organisation`: return also the mails of this organisation that
        belong to no site.
        """
        here: sa.ColumnElement[bool] = sa.true() if sites is None else _c.site.in_(sites)
        if organisation:
            here |= sa.and_(_c.site == "", _c.organisation == organisation)
        which = sa.and_(_c.state == state if state else sa.true(), here)
        total = await self._first(sa.select(sa.func.count().label("n")).select_from(t.mail).where(which))
        newest = sa.select(t.mail).where(which).order_by(_c.created_at.desc(), _c.id).limit(PAGE_SIZE)
        rows = await self._all(newest.offset((max(page, 1) - 1) * PAGE_SIZE))
        return [MailRecord(**row) for row in rows], int(total["n"]) if total else 0

    async def unsubscribe(self, address_hash: str, now: int) -> None:
        """Remove the queued mails to this address, and refuse further mails to it. Mails of rank `BOOKED` are still sent."""

        def remember(connection: sa.Connection) -> None:
            left = insert_into(connection, t.unsubscribed).values(address_hash=address_hash, at=now)
            connection.execute(left.on_conflict_do_nothing())
            connection.execute(sa.delete(t.mail).where(_c.address_hash == address_hash, _c.state == "queued", _c.rank != BOOKED))

        await self._transaction(remember, writes=True)

    async def is_unsubscribed(self, address_hash: str) -> bool:
        """Return whether this address has unsubscribed."""
        return bool(await self._all(sa.select(t.unsubscribed.c.at).where(t.unsubscribed.c.address_hash == address_hash)))


def _organisation_of(connection: sa.Connection, site: str) -> str:
    return str(connection.execute(sa.select(t.site.c.organisation).where(t.site.c.id == site)).scalar_one_or_none() or "")


def _next_due(connection: sa.Connection, now: int, after: str, ahead_ms: int) -> sa.RowMapping | None:
    """Return the next mail to send, or None if no mail is due.

    The lowest rank comes first. Within a rank, the organisation whose id follows `after` has the first turn, and after the last
    id comes the first id again. An organisation's oldest due mail comes first. Each query is a look-up in an index.
    """
    turns = [(_queued(rank), turn) for rank in RANKS for turn in (_c.shared_by > after, _c.shared_by <= after)]
    first = connection.execute(sa.select(*(_first_of(queued, turn).scalar_subquery() for queued, turn in turns))).one()
    for (queued, turn), found in zip(turns, first, strict=True):
        organisation = found
        while organisation is not None:
            mine = sa.select(t.mail).where(queued, _c.shared_by == organisation, _due(now, ahead_ms))
            oldest = mine.order_by(_c.next_at, _c.created_at).limit(1).with_for_update(skip_locked=True)
            if (row := connection.execute(oldest).mappings().first()) is not None:
                return row
            organisation = connection.execute(_first_of(queued, turn, _c.shared_by > organisation)).scalar_one()
    return None


def _due(now: int, ahead_ms: int) -> sa.ColumnElement[bool]:
    """Return the SQL condition for mails that are due.

    `ahead_ms`: how far `now` is ahead of the computer's clock, which decides when reminders are due. If `ahead_ms` is 0, the
    database can use an index for this condition.
    """
    if not ahead_ms:
        return _c.next_at <= now
    by_machine = _c.kind.in_(REMINDERS)
    return sa.or_(sa.and_(by_machine, _c.next_at <= now - ahead_ms), sa.and_(sa.not_(by_machine), _c.next_at <= now))


def _queued(rank: int) -> sa.ColumnElement[bool]:
    return sa.and_(_c.state == "queued", _c.rank == rank)


def _first_of(*which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.min(_c.shared_by)).where(*which)


def _check_recipient(connection: sa.Connection, mail: MailRecord) -> None:
    u = t.unsubscribed.c
    left = sa.select(u.at).where(u.address_hash == mail.address_hash)
    if mail.rank != BOOKED and connection.execute(left).first() is not None:
        raise MailRefused("unsubscribed")
    # mails about staff accounts have a count of their own, so that other mails to a member's address cannot use up its limit
    of_account = _c.site == "" if mail.site == "" else _c.site != ""
    today = sa.and_(_c.address_hash == mail.address_hash, of_account, _c.created_at > mail.created_at - _DAY_MS)
    if connection.execute(sa.select(sa.func.count()).where(today)).scalar_one() >= MOST_A_DAY:
        raise MailRefused("too_many_mails")


def _room_in_half(connection: sa.Connection) -> int:
    """Return how many more mails can be queued until half of `MOST_QUEUED` wait.

    Even if more mails wait, at most half of `MOST_QUEUED` rows are read.
    """
    half = MOST_QUEUED // 2
    queued = sa.select(_c.id).where(_c.state == "queued").limit(half).subquery()
    return half - int(connection.execute(sa.select(sa.func.count()).select_from(queued)).scalar_one())


def _is_full(connection: sa.Connection, organisation: str) -> bool:
    """Return whether this organisation can queue no more mail.

    Half of `MOST_QUEUED` is divided equally among the organisations; any organisation can use the other half (`has_place`).
    """
    by_organisation = sa.select(_c.shared_by, sa.func.count()).where(_c.state == "queued").group_by(_c.shared_by)
    counts = {row[0]: row[1] for row in connection.execute(by_organisation)}
    return not has_place(counts, organisation, MOST_QUEUED, count_organisations(connection))


def _tells_of_answer(connection: sa.Connection, mail: str, message: str) -> bool:
    """Store that this mail tells the user that staff answered this message. Return False when another mail already does so."""
    unanswered = (t.message.c.id == message) & (t.message.c.mail == "")
    return connection.execute(sa.update(t.message).where(unanswered).values(mail=mail)).rowcount > 0


def _free_key(connection: sa.Connection, key: str, sent_before: int) -> bool:
    """Return whether a new mail can have this key. A mail that was sent before `sent_before` loses the key to the new mail."""
    here = sa.select(_c.state, _c.sent_at).where(_c.key == key)
    row = connection.execute(here).first()
    if row is None:
        return True
    if row.state == "queued" or (row.sent_at or 0) > sent_before:
        return False
    connection.execute(sa.update(t.mail).where(_c.key == key).values(key=None))
    return True


def old_mails(now: int) -> sa.ColumnElement[bool]:
    """Return the SQL condition for mails that are old enough to be deleted.

    A sent mail stays while one of its links works. `leave_address` needs such a mail: it looks for the mails to an address, and
    ends the links in these mails.
    """
    works = sa.exists().where(t.link.c.mail == _c.id, t.link.c.expires_at > now, t.link.c.used_at.is_(None))
    sent = sa.and_(_c.state == "sent", _c.created_at < now - _SENT_KEPT_DAYS * _DAY_MS)
    return (sent & ~works) | _old_refused(now)


def links_of_refused_mails(now: int) -> sa.ColumnElement[bool]:
    """Return the SQL condition for links whose mail was refused and is old enough to be deleted."""
    return t.link.c.mail.in_(sa.select(_c.id).where(_old_refused(now)))


def _old_refused(now: int) -> sa.ColumnElement[bool]:
    return sa.and_(_c.state == "refused", _c.created_at < now - _REFUSED_KEPT_DAYS * _DAY_MS)
