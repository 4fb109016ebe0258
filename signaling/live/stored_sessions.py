"""Load sessions from the database: at the start of the server, and when somebody returns to a session that is not in memory."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import structlog

from matcher.types import MatchStore
from signaling.access.identity import token_hash
from signaling.live.clock import Now
from signaling.live.earlier import Earlier
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.sessions import Sessions
from signaling.mediaworkers.interface import MediaWorkers
from signaling.protocol.session_views import Brief
from signaling.records import Audited, Records
from signaling.records.types import RecordsAway, SessionRecord, Site
from signaling.session import Session, decode_snapshot
from signaling.session.events import Restored
from signaling.session.model import FINAL_STATES, RATING_MS

log = structlog.get_logger(__name__)


class StoredSessions:
    """Loads sessions from the database into the memory of this server (`Index`)."""

    def __init__(
        self,
        *,
        index: Index,
        sessions: Sessions,
        earlier: Earlier,
        records: Records,
        workers: MediaWorkers,
        store: MatchStore,
        now: Now,
    ) -> None:
        self._index = index
        self._sessions = sessions
        self._earlier = earlier
        self._records = records
        self._workers = workers
        self._store = store
        self._now = now

    async def restore(self) -> None:
        """Load all live sessions, because the server starts.

        If a media worker still has a session's room open, the room continues there.
        """
        kept = await self._records.insist(self._loaded)
        await self._store.remember(max((entry.session.fence for entry in kept), default=0))
        for entry in kept:
            self._index.entries[entry.id] = entry
            epoch = self._workers.kept(entry.id)
            room_kept = entry.session.state == "active" and 0 < epoch == entry.session.epoch
            if room_kept:
                self._workers.place(entry.id)
                entry.room.kept = True
            await self._sessions.apply(entry, Restored(room_kept))
            self._sessions.refresh(entry)
        await self._workers.settle()

    async def _loaded(self) -> list[Entry]:
        """Load all live sessions from the database, and return them. Raise RecordsAway."""
        loaded = [(await self._load(record), record) for record in await self._records.live_sessions()]
        known = [(entry, record) for entry, record in loaded if entry is not None]
        await self._earlier.read(known)
        return [entry for entry, _ in known]

    async def add(self, record: SessionRecord, session: Session, site: Site, brief: Brief, audit: Audited | None = None) -> Entry:
        """Store a new session and its audit entry. Return the session's entry in memory. Raise RecordsAway."""
        await self._records.create_session(record, audit)
        entry = entry_of(record, session, site, brief)
        with suppress(RecordsAway):  # the session is stored already; if this query fails, the counselor sees no earlier sessions
            await self._earlier.read([(entry, record)])
        self._index.entries[entry.id] = entry
        self._sessions.refresh(entry)
        return entry

    async def _load(self, record: SessionRecord) -> Entry | None:
        site = await self._records.site(record.site)
        if site is None or not record.snapshot:
            return None
        try:
            session = decode_snapshot(record.snapshot)
            brief = msgspec.json.decode(record.brief, type=Brief)
        except msgspec.MsgspecError:
            log.exception("session not restored", session=record.id)
            return None
        return entry_of(record, session, site, brief)

    async def by_token(self, token: str) -> Entry | None:
        hashed = token_hash(token)
        live = self._index.by_token(hashed)
        if live is not None:
            return live if self._stands(live.session) else None
        record = await self._records.session_by_token(hashed) if token else None
        if record is None:
            return None
        entry = self._index.entries.get(record.id)
        if entry is None and self._stands(record):
            entry = await self._load(record)
            if entry is not None:
                for person in entry.session.people.values():
                    person.connected = False
        return entry

    def _stands(self, session: Session | SessionRecord) -> bool:
        """Return whether the session's user may still connect. That is possible until `RATING_MS` after the session's end."""
        return session.state not in FINAL_STATES or self._now() <= (session.ended_at or 0) + RATING_MS

    async def returning(self, session_id: str) -> Entry | None:
        """Return the session if its user may still return to it, else None.

        A session that is not in memory is read from the database.
        """
        entry = self._index.entries.get(session_id)
        if entry is not None:
            return entry if self._stands(entry.session) else None
        record = await self._records.session(session_id)
        return await self._load(record) if record is not None and self._stands(record) else None

    async def any_session(self, session_id: str) -> Entry | None:
        """Return the session from memory. If the session is not in memory and has ended, return it from the database.

        Otherwise return None. A session that was read from the database does not stay in memory.
        """
        entry = self._index.entries.get(session_id)
        record = None if entry else await self._records.session(session_id)
        return entry or (await self._load(record) if record is not None and record.state in FINAL_STATES else None)


def entry_of(record: SessionRecord, session: Session, site: Site, brief: Brief) -> Entry:
    """Return the `Entry` (a live session in memory) of a session that was just read from the database or created."""
    vouched = bool(record.user_ref)
    return Entry(session=session, site=site, brief=brief, token_hash=record.token_hash, last_seq=record.last_seq, vouched=vouched)
