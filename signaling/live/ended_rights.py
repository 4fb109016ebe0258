"""End connections of people whose sign-in or session has ended.

When a member's sign-in ends, the connections that depend on it end within a second.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from matcher.types import MatchStore, Refused, Unavailable
from signaling.access.identity import IDLE_MS, SEEN_MS
from signaling.live.clock import Now
from signaling.live.connections import Hub
from signaling.live.index import Index
from signaling.records import Records
from signaling.records.types import SignInRecord, StaffRecord
from signaling.session.events import RightEnded
from signaling.session.model import RATING_MS

from .connections import Client
from .requests import Requests
from .sessions import Sessions
from .staffing import MATCHED_ROLES, Staffing

log = structlog.get_logger(__name__)

LOOK_S = 0.4  # Seconds between two checks whether sign-ins of staff have ended.
RESTART_MS = 300  # A page that the server tells to reconnect does so after this many milliseconds.
ON_DUTY = frozenset({"available", "reserved", "busy", "wrap_up"})

LetGo = Callable[[Client], Awaitable[None]]
Standing = dict[str, tuple[SignInRecord, StaffRecord]]


class EndedRights:
    """Ends connections whose sign-in or session has ended. `let_go` detaches a connection from the person for whom it acts."""

    def __init__(
        self,
        *,
        requests: Requests,
        sessions: Sessions,
        staffing: Staffing,
        let_go: LetGo,
        records: Records,
        store: MatchStore,
        index: Index,
        hub: Hub,
        refused: Counter[str],
        now: Now,
    ) -> None:
        self._records = records
        self._store = store
        self._index = index
        self._hub = hub
        self._refused = refused
        self._now = now
        self.requests = requests
        self.sessions = sessions
        self.staffing = staffing
        self._let_go = let_go

    async def watch(self) -> None:
        """Regularly read the existing sign-ins from the database, because the command line and other servers can end sign-ins."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        await self._end_old()
        await self._look_at_staff()

    async def _end_old(self) -> None:
        """Close users' connections to sessions that ended more than `RATING_MS` ago. Nobody can return to such a session."""
        for entry in list(self._index.over.values()):
            if self._now() <= (entry.session.ended_at or 0) + RATING_MS:
                return
            for client in list(entry.holders.values()):
                client.bye("token")
                await self._let_go(client)

    async def _look_at_staff(self) -> None:
        clients = self._hub.staff_clients()
        absent = [staff for staff in self._index.staff_ids() if not self._hub.of_staff(staff)]
        if not clients and not absent:
            return
        now = self._now()
        found = await self._records.sign_ins({client.right for client in clients}, absent)
        standing = {one.token_hash: (one, staff) for one, staff in found if now < one.expires_at and not one.limited}
        await self._note_use(clients, standing, now)
        over = [client for client in clients if not self._stands(client, standing, now)]
        await self.end(over)
        await self._end_absent(absent, {staff.id for _, staff in standing.values()})
        # The role, sites, languages or name of these members have changed. Let the members' pages reconnect, so that the pages
        # show the change.
        await self.restart([client for client in clients if client not in over and standing[client.right][1] != client.staff])

    def _stands(self, client: Client, standing: Standing, now: int) -> bool:
        if client.right not in standing:
            return False
        sign_in, _ = standing[client.right]
        return self._in_use(client) or now - max(sign_in.created_at, sign_in.seen_at, client.acted_at) < IDLE_MS

    def _in_use(self, client: Client) -> bool:
        """Return whether a connection counts as in use even if the person does nothing.

        Available staff use no page while they wait for a ring (an alert about a request). If such a member is absent, the member
        misses the next ring, and the matcher then changes the member's state to away. An operator may watch the wallboard without
        touching anything.
        """
        staff = client.staff.id if client.staff else ""
        return client.watching or bool(client.held) or self.staffing.state(staff) in ON_DUTY

    async def _note_use(self, clients: list[Client], standing: Standing, now: int) -> None:
        used: set[str] = set()
        for client in clients:
            if client.right not in standing:
                continue
            sign_in, _ = standing[client.right]
            known = max(sign_in.created_at, sign_in.seen_at)
            if now - known > SEEN_MS and (self._in_use(client) or client.acted_at > known):
                used.add(client.right)
        if used:
            await self._records.saw_sign_ins(used, now)

    async def end(self, clients: list[Client]) -> None:
        """Send these connections `bye` with the reason `signed_out`, and detach them.

        Members who have no other connection at which they serve users are signed out at the matcher.
        """
        for staff in {client.staff.id: client.staff for client in clients if client.staff is not None}.values():
            returns = await self._may_return(staff)
            theirs = [client for client in clients if client.staff is not None and client.staff.id == staff.id]
            for client in theirs:
                # set this before the goodbye, because the connection may detach itself after the goodbye
                client.returns = returns
                client.bye("signed_out")
            for client in theirs:
                await self._let_go(client)
            if not self._hub.of_staff(staff.id):
                await self._sign_out(staff)
            log.info("sign-in ended", staff=staff.id, may_return=returns)

    async def restart(self, clients: list[Client]) -> None:
        """Let these connections reconnect at once.

        When a page reconnects, it uses the sign-in that its browser has at that time.
        """
        for client in clients:
            client.bye("restart", RESTART_MS)
        for client in clients:
            await self._let_go(client)

    async def _may_return(self, staff: StaffRecord) -> bool:
        present = await self._records.staff(staff.id)
        return present is not None and present.active and present.role == staff.role

    async def signed_out(self, member: StaffRecord, right: str = "") -> None:
        """End the member's connections that depend on one sign-in, or all connections of the member.

        `right`: the hash of the sign-in's token, or "" for all connections. The sessions of these connections continue by the
        rules for a disconnected member. If the member has no connection left at which they serve users, they are signed out at
        the matcher.
        """
        clients = self._hub.all_of_staff(member.id)
        await self.end([client for client in clients if right in ("", client.right)])
        if not clients:
            await self._sign_out(member)

    async def signed_in_again(self, member: StaffRecord, former: str) -> None:
        """Let a browser's other tabs reconnect after `member` has signed in again in this browser.

        Another member's tabs are signed out. `former`: the hash of the token with which the tabs were signed in before.
        """
        theirs = [client for client in self._hub.staff_clients() if client.right == former]
        same = [client for client in theirs if client.staff is not None and client.staff.id == member.id]
        await self.restart(same)
        await self.end([client for client in theirs if client not in same])

    def password_changed(self, record: StaffRecord) -> None:
        """Give the member's open consoles the member's new `StaffRecord`.

        Otherwise `look` would make these consoles reconnect.
        """
        for client in self._hub.of_staff(record.id):
            client.staff = record

    async def _sign_out(self, staff: StaffRecord) -> None:
        """Sign a member of staff out at the matcher."""
        if staff.role not in MATCHED_ROLES:
            return
        try:
            await self.requests.call(self._store.sign_out(staff.id, self._now(), force=True))
        except (Refused, Unavailable):
            self._refused["matcher_sign_out"] += 1

    async def _end_absent(self, absent: list[str], signed_in: set[str]) -> None:
        """Apply `RightEnded` to the sessions of members who have neither a connection nor a sign-in.

        Otherwise the peer connection (sound and video) of such a member could stay in a call.
        """
        for staff in absent:
            if staff in signed_in:
                continue
            present = await self._records.staff(staff)
            for entry in self._index.of_staff(staff):
                returns = present is not None and present.active and present.role == entry.session.people[staff].role
                await self.sessions.apply(entry, RightEnded(staff, returns))
