"""Attach browsers' connections to the people for whom they act, and detach closed connections."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from matcher.types import MatchStore, Refused, Staff, Unavailable
from signaling.live.clock import Now
from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.listening import Listening
from signaling.live.matching import Matching
from signaling.live.reading_along import ReadingAlongs
from signaling.live.requests import Requests
from signaling.live.sessions import Sessions
from signaling.live.staff_boards import Boards
from signaling.live.staffing import MATCHED_ROLES, Staffing, is_forgotten
from signaling.live.standby import StandBy
from signaling.protocol.server_messages import Replaced, UserMe, Welcome
from signaling.records import Records
from signaling.records.types import StaffRecord
from signaling.session.events import Connected, Disconnected, RightEnded

RENEW_S = 5.0  # seconds between two reports to the matcher that a member is connected; `Rules.lease_ms` is longer
# at most this many connections are detached at the same time, so that other work can run
LEAVING_AT_ONCE = 16


class Presence:
    """Decides which of a person's tabs acts for that person."""

    def __init__(
        self,
        *,
        index: Index,
        hub: Hub,
        sessions: Sessions,
        requests: Requests,
        staffing: Staffing,
        matching: Matching,
        boards: Boards,
        listening: Listening,
        reading_along: ReadingAlongs,
        came_back: Callable[[Entry], None],
        left: Callable[[Entry], None],
        standby: StandBy,
        starting: Callable[[], bool],
        records: Records,
        store: MatchStore,
        refused: Counter[str],
        now: Now,
    ) -> None:
        """Make the object with the server's parts.

        `came_back` is called with a session when its user opens or reopens the session's page. `left` is called with a session
        when its user's connection is lost. `starting` returns whether this server has just started, so that people are still
        reconnecting.
        """
        self._index = index
        self._hub = hub
        self._sessions = sessions
        self._requests = requests
        self._staffing = staffing
        self._matching = matching
        self._boards = boards
        self._listening = listening
        self._reading_along = reading_along
        self._store = store
        self._refused = refused
        self._now = now
        self._came_back, self._left = came_back, left
        self._standby, self._starting = standby, starting
        self._records = records
        self._leaving = asyncio.Semaphore(LEAVING_AT_ONCE)

    async def attach_user(self, client: Client, entry: Entry) -> None:
        """Let the user's newest tab act for the user.

        The tab that acted before gets the message that it was replaced, and its connection is closed.
        """
        entry = self._index.entries.setdefault(entry.id, entry)
        user = entry.session.people[entry.session.user]
        client.session, client.participant = entry.id, user.id
        resumed = user.entered or entry.session.state != "preparing"
        client.send(Welcome(now=self._now(), user=UserMe(id=user.id, name=user.name), resumed=resumed))
        self._hub.add(client)
        former = self._take(entry, user.id, client)
        if former is not None:
            former.bye("replaced")
        self._came_back(entry)
        await self._sessions.apply(entry, Connected(user.id))
        await self._boards.places.ask(entry)
        client.greeted = True
        self._sessions.show(entry)

    async def attach_guest(self, client: Client, entry: Entry, guest: str) -> None:
        """Let a guest's newest tab act for the guest."""
        client.session, client.participant, client.is_guest = entry.id, guest, True
        person = entry.session.people[guest]
        client.send(Welcome(now=self._now(), user=UserMe(id=guest, name=person.name), resumed=person.entered))
        self._hub.add(client)
        former = self._take(entry, guest, client)
        if former is not None:
            former.bye("replaced")
        await self._sessions.apply(entry, Connected(guest))
        client.greeted = True
        self._sessions.show(entry)

    def _take(self, entry: Entry, participant: str, client: Client) -> Client | None:
        former = entry.hold(participant, client)
        if former is None or former is client:
            return None
        if former.tab != client.tab:
            former.send(Replaced(session=entry.id))
        return former

    async def attach_staff(self, client: Client, record: StaffRecord) -> None:
        skills = self._staffing.skills(record) if client.desk else None
        self._hub.add(client)
        if skills is not None:
            await self._standby.here(record.id)
            self._staffing.known[record.id] = record
            await self.sign_in(record, skills, was_ready=client.was_ready)
        client.send(Welcome(now=self._now(), staff=self._staffing.me(record)))
        if skills is None:
            return
        for entry in self._index.of_staff(record.id):
            self._take(entry, record.id, client)
            await self._sessions.apply(entry, Connected(record.id))
            self._sessions.show(entry)
        for ring in self._matching.rings_of(record.id):
            client.send(ring)
        self._reading_along.remind(client)
        self._boards.push_queue(client)
        self._sessions.changed = True

    async def sign_in(self, record: StaffRecord, skills: Staff, *, was_ready: bool = False) -> None:
        """Sign a member in at the matcher. If the member is signed in already, give the matcher the member's present `skills`.

        `was_ready`: whether the member got requests when the previous connection of their page ended. If this server has just
        started with an empty matcher, a member with `was_ready` gets requests again. If this server has run for longer, a member
        whom the matcher does not know was absent for too long. Such a member is away until they choose to get requests.
        """
        try:
            returns = was_ready and self._starting() and is_forgotten(await self._store.staff_status(record.id))
        except Unavailable:
            self._refused["unavailable"] += 1
            return
        await self._sign_in(record, skills, returns=returns)

    async def _sign_in(self, record: StaffRecord, skills: Staff, *, returns: bool) -> None:
        """Sign a member in at the matcher.

        `returns`: True for a member who got requests before the matcher forgot them; the member then gets requests again at once.
        """
        try:
            await self._requests.call(self._store.sign_in(skills, self._now()))
            if returns:
                with suppress(Refused):  # `sign_in` may already have given the member a request
                    await self._requests.call(self._store.set_available(record.id, self._now()))
            await self._requests.settled()
            await self._staffing.read(record)
        except Unavailable:
            # the matcher is unavailable, but the member still returns to their conversations
            self._refused["unavailable"] += 1

    async def keep_renewing(self) -> None:
        """Tell the matcher regularly who is connected. Runs until cancelled."""
        while True:
            await asyncio.sleep(RENEW_S)
            await self._store.renew([*self._hub.staff_ids(), *self._staffing.standing_by], self._now())

    async def keep_signed_in(self) -> None:
        """Sign in again each connected member whom the matcher has signed out or counts as disconnected. Runs until cancelled.

        The matcher signs a member out when no server has told it of the member for `Rules.lease_ms`, for example because this
        server stood still. The member gets requests again if they got requests before.
        """
        while True:
            await asyncio.sleep(RENEW_S)
            for staff in self._hub.staff_ids():
                if self._staffing.is_missing(staff) and self._hub.of_staff(staff):
                    await self._sign_in_again(staff)

    async def _sign_in_again(self, staff: str) -> None:
        record = self._hub.staff_record(staff)
        skills = self._staffing.skills(record) if record is not None else None
        if record is not None and skills is not None:
            await self._sign_in(record, skills, returns=self._staffing.ready(staff))

    async def take_texts_in_call(self, record: StaffRecord) -> None:
        """Save whether this member accepts text conversations during a call. The member's open consoles stay connected."""
        skills = self._staffing.skills(record)
        await self._records.save_texts_in_call(record.id, on=record.texts_in_call)
        for client in self._hub.all_of_staff(record.id):
            client.staff = record
        if skills is not None:
            self._staffing.known[record.id] = record
            await self.sign_in(record, skills)
        self._staffing.show(record)

    async def detach(self, client: Client) -> None:
        """Detach a closed connection.

        If a member of staff has other tabs, the newest of them takes over the sessions of the closed tab.
        """
        async with self._leaving:
            if client in self._hub.clients:
                await self._detach(client)

    async def _detach(self, client: Client) -> None:
        self._hub.remove(client)
        self._sessions.changed = True
        await self._reading_along.gone(client)
        tabs = self._hub.of_staff(client.staff.id) if client.staff and client.desk else []
        for entry in [self._index.entries[session] for session in client.held if session in self._index.entries]:
            for participant, holder in list(entry.holders.items()):
                if holder is client:
                    await self._let_go(entry, participant, tabs, client.returns)
        if client.staff is not None and client.desk and not tabs and client.staff.role in MATCHED_ROLES:
            if client.returns is None and await self._standby.keeps(client.staff):
                return
            if self._hub.of_staff(client.staff.id):  # the member has opened another tab meanwhile
                return
            try:
                await self._requests.call(self._store.disconnect(client.staff.id, self._now()))
            except (Refused, Unavailable):
                self._refused["matcher_disconnect"] += 1

    async def _let_go(self, entry: Entry, participant: str, tabs: list[Client], returns: bool | None) -> None:
        if participant in entry.session.listeners:
            await self._listening.stop(participant, entry.id, "lost")
            return
        if tabs:
            self._take(entry, participant, tabs[-1])
            self._sessions.show(entry)
            return
        entry.release(participant)
        await self._sessions.apply(entry, Disconnected(participant) if returns is None else RightEnded(participant, returns))
        if participant == entry.session.user:
            self._left(entry)
        self._sessions.forget_if_done(entry)
