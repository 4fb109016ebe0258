"""Notify the colleagues who are mentioned in a line for staff, and let them read along in the session.

Reading along begins only at the colleague's request. An audit entry is stored before the first line is sent to the colleague. The
staff of the session see that the colleague reads along. The user is not told. Reading along ends when one of these ends: the
colleague's connection, the colleague's sign-in, the colleague's right to read conversations of this site, or the conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from signaling.live.chat import Lines
from signaling.live.clock import Now
from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.pending_writes import Owed
from signaling.live.sessions import Sessions
from signaling.live.staffing import Staffing
from signaling.protocol.server_messages import MentionOut, ReadingAlong
from signaling.records import Audited, Records
from signaling.records.types import StaffRecord
from signaling.session import mentions
from signaling.session.effects import Say
from signaling.session.events import Mentioned, MentionRead
from signaling.session.model import FINAL_STATES, Mention, NotAllowed, Person

LOOK_S = 0.5  # seconds between two checks whether colleagues may still read along


@dataclass(slots=True)
class _Reader:
    entry: Entry
    staff: StaffRecord
    since: int


class ReadingAlongs:
    def __init__(
        self,
        *,
        sessions: Sessions,
        lines: Lines,
        staffing: Staffing,
        records: Records,
        owed: Owed,
        index: Index,
        hub: Hub,
        now: Now,
    ) -> None:
        self._records = records
        self._owed = owed
        self._index = index
        self._hub = hub
        self._now = now
        self.sessions = sessions
        self.lines = lines
        self.staffing = staffing
        self._readers: dict[tuple[str, str], _Reader] = {}  # The members who read along, by (session, member).
        self._mentioned: dict[str, dict[str, Entry]] = {}  # member → session → the entry of a session that mentions the member

    def restore(self) -> None:
        """After a restart, collect the mentions in the sessions that were loaded from the database."""
        for entry in self._index.entries.values():
            for mention in entry.session.mentions:
                self._mentioned.setdefault(mention.staff, {})[entry.id] = entry

    # --- mentions --------------------------------------------------------------------------------------------------------

    def check_mentions(self, entry: Entry, author: Person, staff: Sequence[str]) -> None:
        """Raise NotAllowed (`not_yours` or `unknown_colleague`) if this author cannot mention somebody in `staff`."""
        if not staff:
            return
        if not author.staff:
            raise NotAllowed("not_yours")
        if not set(staff) <= {each.id for each in self.staffing.mentionable(entry, author.staff)}:
            raise NotAllowed("unknown_colleague")

    async def mention(self, entry: Entry, author: Person, staff: Sequence[str], seq: int) -> None:
        """Notify the colleagues whom the stored line `seq` mentions. A repeated call notifies nobody again."""
        before = {each: mentions.of(entry.session, each) for each in staff}
        await self.sessions.apply(entry, Mentioned(author.id, tuple(staff), seq))
        for each in staff:
            mention = mentions.of(entry.session, each)
            if mention is not None and mention != before[each]:
                self._mentioned.setdefault(each, {})[entry.id] = entry
                for client in self._hub.of_staff(each):
                    client.send(_notice(entry, mention, client.locale))

    def remind(self, client: Client) -> None:
        """Send the mentions that a member has not opened yet, because the member has just connected."""
        if client.staff is None:
            return
        for entry in self._mentioned.get(client.staff.id, {}).values():
            mention = mentions.of(entry.session, client.staff.id)
            if mention is not None and not mention.read and self._may(entry, client.staff):
                client.send(_notice(entry, mention, client.locale))

    # --- reading along ---------------------------------------------------------------------------------------------------

    def _may(self, entry: Entry, staff: StaffRecord) -> bool:
        return self.staffing.works_for(staff, entry) and mentions.may_read_along(entry.session, staff.id)

    def entry_for(self, client: Client, session: str) -> Entry | None:
        """Return the session if a mentioned colleague reads along in it over this connection, or None."""
        entry = self._index.entries.get(session)
        reads = entry is not None and client.staff is not None and entry.readers.get(client.staff.id) is client
        return entry if reads else None

    async def start(self, client: Client, session: str) -> None:
        """Let a mentioned colleague read along. Raise NotAllowed (`not_mentioned`) or RecordsAway."""
        entry, staff = self._index.entries.get(session), client.staff
        if entry is None or staff is None:
            raise NotAllowed("not_mentioned")
        await self.sessions.renew_site(entry)
        if not self._may(entry, staff):
            raise NotAllowed("not_mentioned")
        key = (entry.id, staff.id)
        if key not in self._readers:
            await self._records.audit(staff.id, "reading.begin", f"session/{entry.id}")
            self._readers[key] = _Reader(entry, staff, self._now())
            try:
                await self.lines.system(entry, Say("reading.on", {"name": staff.name}, "staff"))
            # the line was not stored, for example because the session was erased; nobody may read along without this line in
            # the chat
            except Exception:
                del self._readers[key]
                raise
        former = entry.readers.get(staff.id)
        entry.readers[staff.id] = client
        if former is not None and former is not client:
            former.send(ReadingAlong(session=entry.id, reason="replaced"))
        await self.sessions.apply(entry, MentionRead(staff.id))
        if client not in self._hub.clients:  # the connection was closed while this method waited
            await self.stop(staff.id, session)

    async def stop(self, staff: str, session: str) -> None:
        """End this member's reading along in the session. Do nothing if the member does not read along."""
        reader = self._readers.pop((session, staff), None)
        if reader is None:
            return
        entry = reader.entry
        entry.readers.pop(staff, None)
        length = f"{max(0, self._now() - reader.since) // 1000} s"
        audit = Audited(staff, "reading.end", f"session/{session}", length)
        await self._owed.now_or_later(session, lambda again: self._records.store_audit(audit, again=again))
        if entry.session.state not in FINAL_STATES:
            await self.lines.system(entry, Say("reading.off", {"name": reader.staff.name}, "staff"))

    async def gone(self, client: Client) -> None:
        """Let this connection read along in no session any more, because the connection is closed."""
        if client.staff is None:
            return
        for (session, staff), reader in list(self._readers.items()):
            if staff == client.staff.id and reader.entry.readers.get(staff) is client:
                await self.stop(staff, session)

    async def run(self) -> None:
        """End reading along for members who may no longer read the session, and forget old mentions. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            for reader in list(self._readers.values()):
                await self._look(reader)
            for staff, entries in list(self._mentioned.items()):
                left = {key: entry for key, entry in entries.items() if entry.session.state not in FINAL_STATES}
                self._mentioned[staff] = left
                if not left:
                    del self._mentioned[staff]

    async def _look(self, reader: _Reader) -> None:
        entry, staff = reader.entry, reader.staff
        may = mentions.may_read_along(entry.session, staff.id)
        if may:
            await self.sessions.renew_site(entry)
            if self.staffing.works_for(self._hub.staff_record(staff.id) or staff, entry):
                return
        client = entry.readers.get(staff.id)
        await self.stop(staff.id, entry.id)
        if client is not None:
            client.send(ReadingAlong(session=entry.id, reason="turned_off" if may else "ended"))


def _notice(entry: Entry, mention: Mention, locale: str) -> MentionOut:
    return MentionOut(
        session=entry.id,
        seq=mention.seq,
        at=mention.at,
        by=mention.by,
        user=entry.session.people[entry.session.user].name,
        site=entry.site_name(locale),
        category=entry.category_name(locale=locale),
    )
