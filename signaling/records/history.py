"""The history of sessions: events, messages that users left, pictures, files, and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.reasons import MailReason
from signaling.protocol.words import Audience

from . import tables as t
from .announcing import noted, session_event
from .auditing import Audited, add_audit
from .database import require_kept
from .leading import Leading
from .outbox import MailState
from .realm import WHOLE, Realm
from .types import FIRST_ORGANISATION, AuditRecord, Change, EventRecord, FileRecord, MessageRecord, MessageState, PictureRecord

MOST_SESSION_PICTURES = 200  # one session has at most this many pictures
_EVENTS = 2000  # `events` reads only this many events of a session, the first ones
_PAGE = 100  # number of audit entries on one page of the result of `audits`
# actions of audit entries after which other servers read the site again
_SITE_CHANGES = ("site.save", "site.wrap_up", "site.logo", "category.save", "category.remove", "category.hours", "settings.undo")
# `news` reads this many older audit entries again. An entry that is written in a long transaction appears only after other
# servers have written dozens of entries with higher numbers.
REREAD = 256
_AUDIT = sa.select(*(t.audit.c[name] for name in AuditRecord.__struct_fields__))


class News(NamedTuple):
    """An audit entry that other servers must act on. `n`: the entry's number. `subject`: id of the session or site.

    `kind`: "erased": a session was erased. "cancel": `sangdam appointment cancel` asks to cancel an appointment. "site": the
    settings of a site have changed.
    """

    n: int
    kind: Literal["erased", "cancel", "site"]
    subject: str


class TooManyPictures(ValueError):
    """The session has `MOST_SESSION_PICTURES` pictures already. Nothing was stored."""


class History(Leading):
    """Stores and reads the events of sessions, messages that users left, pictures, files, and audit entries."""

    async def add_event(
        self, session_id: str, kind: str, at: int, data: dict[str, Any] | None = None, *, again: bool = False
    ) -> None:
        """Store an event of a session.

        `again`: the event might already be stored; do not store an equal event twice. Raises UnknownSession when the session does
        not exist or was erased, and Overtaken when another server leads.
        """
        values: dict[str, Any] = {"session": session_id, "kind": kind, "at": at, "data": data or {}}

        def add(connection: sa.Connection) -> None:
            self.require_leading(connection)
            require_kept(connection, session_id)
            if again:
                c = t.event.c
                same = sa.select(c.data).where(c.session == session_id, c.kind == kind, c.at == at)
                if values["data"] in connection.execute(same).scalars().all():
                    return
            connection.execute(sa.insert(t.event).values(values))
            noted(connection, session_id, kind, at, values["data"])

        await self._transaction(add, writes=True)

    async def events(self, session_id: str) -> list[EventRecord]:
        """Return at most the first 2000 events of a session, in order."""
        columns = (t.event.c[name] for name in EventRecord.__struct_fields__)
        query = sa.select(*columns).where(t.event.c.session == session_id).order_by(t.event.c.n).limit(_EVENTS)
        return [EventRecord(**row) for row in await self._all(query)]

    # --- messages that users left --------------------------------------------------------------------------------------

    async def add_message(self, record: MessageRecord) -> None:
        """Store a message that a user left. Raises UnknownSession."""
        values = {name: getattr(record, name) for name in MessageRecord.__struct_fields__}

        def add(connection: sa.Connection) -> None:
            require_kept(connection, record.session)
            connection.execute(sa.insert(t.message).values(values))
            session_event(connection, "message.left", record.session, record.at, record.id, message=record.id)

        await self._transaction(add, writes=True)

    async def messages(
        self, states: Sequence[MessageState] = ("new", "taken"), limit: int = 200, realm: Realm = WHOLE, since: int = 0
    ) -> list[MessageRecord]:
        """Return at most `limit` messages that users of a realm (an organisation, or some of its sites) left, oldest first.

        Only messages that were left at or after `since` (Unix ms), and that are in one of `states`, are returned.
        """
        inside = realm.where(t.session.c.organisation, t.session.c.site)
        asked = sa.select(t.message).join(t.session).where(t.message.c.state.in_(states), inside, t.message.c.at >= since)
        query = asked.order_by(t.message.c.at, t.message.c.id).limit(limit)
        return [MessageRecord(**row) for row in await self._all(query)]

    async def message(self, message_id: str) -> MessageRecord | None:
        """Return the message with this id, or None when there is no such message."""
        row = await self._first(sa.select(t.message).where(t.message.c.id == message_id))
        return MessageRecord(**row) if row else None

    async def set_message_state(
        self, message_id: str, state: MessageState, staff: str, *, audit: Audited | None = None
    ) -> MessageRecord:
        """Mark a user's message as taken or done by `staff`. Return the changed message.

        `audit`: an audit entry to store in the same transaction.

        Raises LookupError when there is no such message, and ValueError("taken") when the message is done or another member of
        staff has taken it.

        """
        async with self._writing() as connection:
            here = t.message.c.id == message_id
            row = (await connection.execute(sa.select(t.message).where(here).with_for_update())).mappings().first()
            if row is None:
                raise LookupError(message_id)
            now = MessageRecord(**row)
            if now.state == "done" or (now.state == "taken" and now.taken_by != staff):
                raise ValueError("taken")
            changed = sa.update(t.message).where(here).values(state=state, taken_by=staff)
            await connection.execute(changed)
            await connection.run_sync(add_audit, audit)
            return MessageRecord(**(dict(row) | {"state": state, "taken_by": staff}))

    async def answer_not_mailed(self, message_id: str, why: MailReason, *, audit: Iterable[Audited] = ()) -> None:
        """Store that staff answered a user's message, and why the user gets no mail about the answer.

        `audit`: audit entries to store in the same transaction.
        """
        await self._do(sa.update(t.message).where(t.message.c.id == message_id).values(mail=f"refused/{why}"), audit)

    async def answers_mailed(self, mails: Sequence[str]) -> dict[str, tuple[MailState, str]]:
        """Return the states of these mails: id → (state, why the mail was refused or still waits)."""
        columns = (t.mail.c.id, t.mail.c.state, t.mail.c.why)
        rows = await self._all(sa.select(*columns).where(t.mail.c.id.in_(mails))) if mails else []
        return {row["id"]: (row["state"], row["why"]) for row in rows}

    # --- pictures ------------------------------------------------------------------------------------------------------

    async def add_picture(self, record: PictureRecord) -> None:
        """Store a picture of a session. Raises UnknownSession, TooManyPictures."""
        values = {name: getattr(record, name) for name in PictureRecord.__struct_fields__}
        count = sa.select(sa.func.count()).where(t.picture.c.session == record.session)

        def add(connection: sa.Connection) -> None:
            require_kept(connection, record.session)  # locks the session's row, so the limit holds for simultaneous uploads
            if connection.execute(count).scalar_one() >= MOST_SESSION_PICTURES:
                raise TooManyPictures
            connection.execute(sa.insert(t.picture).values(values))

        await self._transaction(add, writes=True)

    async def picture(self, picture_id: str) -> PictureRecord | None:
        """Return the picture with this id, or None when there is no such picture."""
        row = await self._first(sa.select(t.picture).where(t.picture.c.id == picture_id))
        return PictureRecord(**row) if row else None

    async def board_pictures(self, session_id: str, audience: Audience) -> list[str]:
        """Return the ids of the pictures for the session's shared board, oldest first.

        `audience`: who will see the pictures, as in `Lines.lines`.
        """
        c = t.picture.c
        wanted = sa.and_(c.session == session_id, c.use == "board")
        if audience == "all":
            wanted &= c.audience == "all"
        return [row["id"] for row in await self._all(sa.select(c.id).where(wanted).order_by(c.at, c.id))]

    async def count_pictures(self, session_id: str) -> int:
        """Return how many pictures of this session the database holds."""
        row = await self._first(sa.select(sa.func.count().label("n")).where(t.picture.c.session == session_id))
        return int(row["n"]) if row else 0

    # --- files ---------------------------------------------------------------------------------------------------------

    async def add_file(self, record: FileRecord) -> None:
        """Store the name, kind and size of a file that was sent in a session. Raises UnknownSession."""
        values = {name: getattr(record, name) for name in FileRecord.__struct_fields__}

        def add(connection: sa.Connection) -> None:
            require_kept(connection, record.session)
            connection.execute(sa.insert(t.file).values(values))

        await self._transaction(add, writes=True)

    async def remove_file(self, file_id: str) -> None:
        """Remove a file's row from the database, because the chat line about the file could not be stored."""
        await self._do(sa.delete(t.file).where(t.file.c.id == file_id))

    async def file(self, file_id: str) -> FileRecord | None:
        """Return the file with this id, or None when there is no such file."""
        row = await self._first(sa.select(t.file).where(t.file.c.id == file_id))
        return FileRecord(**row) if row else None

    async def file_use(self, session_id: str) -> tuple[int, int]:
        """Return how many files the session has, and how many bytes they have together."""
        total = sa.func.coalesce(sa.func.sum(t.file.c.size), 0)
        row = await self._first(sa.select(sa.func.count().label("n"), total.label("bytes")).where(t.file.c.session == session_id))
        return (int(row["n"]), int(row["bytes"])) if row else (0, 0)

    # --- audit ---------------------------------------------------------------------------------------------------------

    async def audit(
        self,
        actor: str,
        action: AuditAction,
        subject: str,
        detail: str = "",
        *,
        change: Change | None = None,
        organisation: str = "",
    ) -> None:
        """Store an audit entry with the present time. `organisation`: "" stands for the organisation that owns the subject."""
        await self.store_audit(Audited(actor, action, subject, detail, change, organisation))

    async def store_audit(self, entry: Audited, *, again: bool = False) -> None:
        """Store an audit entry with the time at which it was made.

        `again`: the entry might already be stored; do not store an equal entry twice.
        """
        async with self._writing() as connection:
            await connection.run_sync(add_audit, entry, again=again)

    async def newest_audit(self) -> int:
        """Return the number of the newest audit entry, or 0 without entries."""
        newest = await self._first(sa.select(sa.func.coalesce(sa.func.max(t.audit.c.n), 0).label("n")))
        return int(newest["n"]) if newest else 0

    async def news(self, after: int) -> tuple[int, list[News]]:
        """Return the number of the newest audit entry, and what any process has done since entry `after`.

        Only erased sessions, changed sites, and requests of the command line to cancel an appointment are returned, in order. The
        last `REREAD` entries up to `after` are read again: with several writers, an entry can be committed later than an entry
        with a higher number. So the caller must know which entries it has seen.
        """
        newest, c = await self.newest_audit(), t.audit.c
        site = sa.and_(c.action.in_(_SITE_CHANGES), c.subject.startswith("site/"))
        asked = sa.and_(c.action == "appointment.cancel", c.actor == "cli")
        wanted = sa.and_(c.n > after - REREAD, sa.or_(c.action == "session.erase", asked, site))
        rows = await self._all(sa.select(c.n, c.action, c.subject).where(wanted).order_by(c.n))
        return newest, [_news(row) for row in rows]

    async def asked_to_cancel(self, after: int) -> dict[str, set[str]]:
        """Return the bookings that `sangdam appointment cancel` has asked to cancel: session → bookings (see `booking_of`).

        Only sessions that have a callback or appointment now are returned. A session's present booking can differ from the
        booking that was to be cancelled. `after`: number of an audit entry. Later entries, and the last `REREAD` entries up to
        `after`, are read.
        """
        c, s = t.audit.c, t.session.c
        asked = sa.and_(c.action == "appointment.cancel", c.actor == "cli", c.n > after - REREAD)
        still = sa.and_(s.id == sa.func.substr(c.subject, len("session/") + 1), s.state == "callback")
        found: dict[str, set[str]] = {}
        for row in await self._all(sa.select(s.id, c.detail).select_from(t.audit.join(t.session, still)).where(asked)):
            found.setdefault(row["id"], set()).add(row["detail"])
        return found

    async def audits(self, page: int = 1, organisation: str = FIRST_ORGANISATION) -> tuple[list[AuditRecord], int]:
        """Return one page of audit entries of an organisation, and how many entries the organisation has.

        A page has at most 100 entries, the newest first. `page`: 1 for the first page.
        """
        theirs = t.audit.c.organisation == organisation
        total = await self._first(sa.select(sa.func.count().label("n")).select_from(t.audit).where(theirs))
        query = _AUDIT.where(theirs).order_by(t.audit.c.n.desc()).limit(_PAGE).offset((max(page, 1) - 1) * _PAGE)
        return [_entry(row) for row in await self._all(query)], int(total["n"]) if total else 0

    async def audit_entry(self, n: int, organisation: str) -> AuditRecord | None:
        """Return the entry with this number, or None when the organisation has no such entry."""
        row = await self._first(_AUDIT.where(t.audit.c.n == n, t.audit.c.organisation == organisation))
        return _entry(row) if row else None


def _news(row: sa.RowMapping) -> News:
    kind: dict[str, Literal["erased", "cancel"]] = {"session.erase": "erased", "appointment.cancel": "cancel"}
    return News(row["n"], kind.get(row["action"], "site"), row["subject"].split("/")[1])


def _entry(row: sa.RowMapping) -> AuditRecord:
    change = row["change"]
    return AuditRecord(**(dict(row) | {"change": Change(**change) if change else None}))
