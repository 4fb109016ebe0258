"""Make sessions and matcher agree again: after a start, after the matcher was unreachable, and after the matcher lost its data.

If a session and the matcher differ, the matcher is usually corrected. If the matcher has lost a request, the request is enqueued
again with its original time. All lost requests are enqueued before any staff are signed in at the matcher, so that no user loses
their place in the queue. If the matcher has a request that no session has, the request is ended.

There is one exception: a session can have missed a step of the matcher, such as a ring or an accepted call. Then the session is
corrected: the step is applied to it as if the step had just happened.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from matcher import types as m
from matcher.rules import Rules
from matcher.types import MatchStore
from signaling.live.clock import Now
from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.matching import Matching
from signaling.live.requests import Requests
from signaling.live.staffing import Staffing, is_forgotten
from signaling.session.effects import Reinstate
from signaling.session.model import Ringing
from signaling.session.standing import open_requests

log = structlog.get_logger(__name__)

LOOK_S = 0.4  # Seconds between two checks whether the matcher has lost data.
RETURN_MS = Rules().lease_ms  # Waiting users and staff have this many milliseconds after this server's start to reconnect.

# Further waiting users are expected until this many milliseconds have passed since a waiting user last connected. A page tries to
# reconnect at least every 15.5 s: it waits 12 s for the server's answer, and at most 3.5 s before it tries again.
QUIET_MS = 17_000
RETRY_S = 0.3  # Seconds between two tries while the matcher is unreachable.
TRIES = 5
# is shown as the reason why a request rings for a member, if the event with the real reasons was lost
LATER = m.Why("exact", "told later", (), ())

Forgotten = Callable[[], Awaitable[bool]]


async def never() -> bool:
    """Return False: a store in the memory of this process loses no data while the process runs."""
    return False


class Agreeing:
    """Compares this server's sessions with the state of the matcher, and corrects the differences.

    `forgotten` returns whether the matcher's store has lost data since the last call. `forgotten` can raise `Unavailable`, like
    every call of the store.
    """

    def __init__(
        self,
        *,
        requests: Requests,
        matching: Matching,
        staffing: Staffing,
        forgotten: Forgotten,
        store: MatchStore,
        index: Index,
        hub: Hub,
        refused: Counter[str],
        unsettled: asyncio.Event,
        now: Now,
    ) -> None:
        self._store = store
        self._index = index
        self._hub = hub
        self._refused = refused
        self._unsettled = unsettled
        self._now = now
        self.requests = requests
        self.matching = matching
        self.staffing = staffing
        self._forgotten = forgotten
        self._began = 0
        self._came_at = 0  # when a waiting user last connected (Unix ms); 0: none has connected since this server's start
        self._holds = False

    async def run(self) -> None:
        unsettled = self._unsettled
        self._began = self._began or self._now()
        while True:
            try:
                if await self._forgotten():
                    log.warning("Redis is empty, or another Redis answers than before: the matcher is compared with the sessions")
                    unsettled.set()
                if unsettled.is_set():
                    unsettled.clear()
                    await self.agree()
                if self._holds and not self._others_come():
                    await self.requests.call(self._store.end_hold(self._now()))
                    self._holds = False
            except m.Unavailable:
                unsettled.set()
                await asyncio.sleep(RETRY_S)
                continue
            try:
                async with asyncio.timeout(LOOK_S):
                    await unsettled.wait()
            except TimeoutError:
                pass

    async def agree(self) -> None:
        store = self._store
        await self.requests.settled()
        found = await store.snapshot()
        await self.requests.settled()
        await self._bring_back(found)
        await self._release(found)
        for entry in list(self._index.entries.values()):
            for wanted, here, ringing in open_requests(entry.session):
                status = found.requests.get(wanted.request)
                if status is not None and not self._alike(entry, wanted, here, ringing, status):
                    await self._look_again(entry, wanted.request)
        await self._staff(found)
        await self.requests.settled()
        if await self._forgotten():  # the store has lost data again during the comparison
            self._unsettled.set()
            return
        self._holds = True

    def starting(self) -> bool:
        """Return whether people may still be reconnecting, because this server has started less than `RETURN_MS` ago."""
        return self._now() < self._began + RETURN_MS

    def came_back(self, entry: Entry) -> None:
        """Remember the present time as the last one at which a waiting user connected.

        Call when the user of this session has connected. Do nothing if the session does not wait for a counselor.
        """
        if entry.session.state == "waiting":
            self._came_at = self._now()

    def _others_come(self) -> bool:
        """Return whether some waiting users may still be reconnecting.

        A server may start with an empty matcher. Then the matcher serves nobody until the waiting users have had time to
        reconnect. Otherwise the user who reconnects first would be served first. A user who does not reconnect delays the others
        only until `QUIET_MS` have passed since the last user connected: this user's page may be closed. The user of a woken
        conversation need not be connected.
        """
        waiting = [entry.session for entry in self._index.waiting.values()]
        late = any(not session.woken and not session.people[session.user].connected for session in waiting)
        return late and self.starting() and not (self._came_at and self._now() >= self._came_at + QUIET_MS)

    async def _look_again(self, entry: Entry, request: str) -> None:
        """Compare one session with the matcher again, because both may have changed since the matcher's snapshot was read.

        The method asks the matcher about the request before and after all past events of the matcher were routed. If the two
        replies differ, it asks again, up to `TRIES` times.
        """
        before = await self._store.request_status(request)
        for _ in range(TRIES):
            await self.requests.settled()
            status = await self._store.request_status(request)
            if status == before:
                break
            before = status
        for wanted, here, ringing in open_requests(entry.session):
            if status is not None and wanted.request == request and not self._alike(entry, wanted, here, ringing, status):
                log.info("brought to agree", session=entry.id, matcher=status.state)
                await self._compare(entry, wanted, here, ringing, status, entry.session.fence)

    # --- comparing requests with sessions --------------------------------------------------------------------------------

    async def _bring_back(self, found: m.Snapshot) -> None:
        missing: list[m.RequestStatus] = []
        for entry in list(self._index.entries.values()):
            for wanted, here, ringing in open_requests(entry.session):
                if wanted.request in found.requests:
                    continue
                if ringing is not None:
                    await self.matching.ring_lost(wanted.request, ringing, found.fence)
                state: m.RequestState = "accepted" if wanted.staff else "waiting" if here else "suspended"
                state = "promised" if wanted.promised else state
                request = self.requests.request_of(entry, wanted)
                missing.append(m.RequestStatus(request, state, staff=wanted.staff or None, aside=wanted.aside))
        if missing:
            log.info("requests brought back", requests=len(missing))
            await self.requests.call(self._store.restore(missing, self._now()))

    async def _release(self, found: m.Snapshot) -> None:
        wanted = {each.request for entry in list(self._index.entries.values()) for each, _, _ in open_requests(entry.session)}
        for request, status in found.requests.items():
            if request not in wanted:
                store, now = self._store, self._now()
                step = store.complete(request, now) if status.state == "accepted" else store.cancel(request, now, "ended")
                await self._step(step)

    async def _compare(
        self, entry: Entry, wanted: Reinstate, here: bool, ringing: Ringing | None, status: m.RequestStatus, fence: int
    ) -> None:
        store, now, request = self._store, self._now(), wanted.request
        match self._new_medium(entry, wanted, status):
            case "call":
                await self._step(store.becomes_call(request, now))
            case "text":
                await self._step(store.becomes_text(request, now))
        if ringing is not None and ringing.reservation != status.reservation and status.state != "accepted":
            await self.matching.ring_lost(request, ringing, fence)
        if wanted.promised or status.state == "promised":
            await self._compare_promised(entry, wanted, status)
        elif wanted.staff:
            await self._compare_accepted(entry, wanted, status, fence)
        elif status.state == "accepted" and status.staff:
            reservation = ringing.reservation if ringing else ""
            self.requests.take(m.ReservationEnded(fence, now, reservation, request, status.staff, "accepted"))
        elif not here and status.state in ("waiting", "reserved"):
            await self._step(store.suspend(request, now))
        elif here and status.state == "suspended":
            await self._step(store.resume(request, now))
        elif here and status.state == "reserved" and (ringing is None or ringing.reservation != status.reservation):
            until = status.expires_at_ms or now
            self.requests.take(m.Reserved(fence, now, status.reservation or "", request, status.staff or "", until, LATER))

    async def _compare_promised(self, entry: Entry, wanted: Reinstate, status: m.RequestStatus) -> None:
        """Make session and matcher agree about a promised request, which is the request of an appointment that is not due yet.

        If the request is promised in the session only, make the matcher keep capacity of the appointed member free for it. If the
        request is promised in the matcher only, let it wait and ring, because the appointment is due by now.
        """
        store, now = self._store, self._now()
        if not wanted.promised:
            await self._step(store.redeem(wanted.request, now))
        elif status.state != "accepted":
            await self._step(store.cancel(wanted.request, now, "ended"))
            await self._step(store.restore([m.RequestStatus(self.requests.request_of(entry, wanted), "promised")], now))

    async def _compare_accepted(self, entry: Entry, wanted: Reinstate, status: m.RequestStatus, fence: int) -> None:
        """Compare an accepted request with the member of staff to whom the session has assigned it.

        If a member accepts a request and never enters the room, the matcher takes the request back. Then the session removes
        this member, too. If the member is in the room, the matcher is corrected instead.
        """
        store, now, request = self._store, self._now(), wanted.request
        if status.state == "accepted":
            await self._step(store.transfer_owner(request, wanted.staff, now))
            await self._step(store.set_aside(request, now) if wanted.aside else store.take_back(request, now))
            return
        person = entry.session.people.get(wanted.staff)
        if person is not None and not person.entered:
            self.requests.take(m.RequestChanged(fence, now, request, "waiting", "never_entered"))
            return
        await self._step(store.cancel(request, now, "ended"))
        back = m.RequestStatus(self.requests.request_of(entry, wanted), "accepted", staff=wanted.staff, aside=wanted.aside)
        await self._step(store.restore([back], now))

    def _alike(self, entry: Entry, wanted: Reinstate, here: bool, ringing: Ringing | None, status: m.RequestStatus) -> bool:
        return self._new_medium(entry, wanted, status) is None and _alike(wanted, here, ringing, status)

    def _new_medium(self, entry: Entry, wanted: Reinstate, status: m.RequestStatus) -> m.Medium | None:
        """Return the medium (text or call) that the matcher must give the request; None: no change is needed or possible."""
        medium = self.requests.request_of(entry, wanted).medium
        changes = medium != status.request.medium and (medium == "call" or status.state == "accepted")
        return medium if changes else None

    async def _step(self, step: Awaitable[list[m.AnyEvent]]) -> None:
        try:
            self.requests.take(*await step)
        except m.Refused as refused:
            # the matcher refuses the correction, because the request has changed since the comparison
            self._refused[f"matcher_{refused.reason}"] += 1

    # --- signing staff in again ------------------------------------------------------------------------------------------

    async def _staff(self, found: m.Snapshot) -> None:
        """Sign in at the matcher every member of staff who has a tab connected to this server.

        If the matcher has lost its data, also make those members ready for requests again who were ready before, even if they are
        busy now. Do this in the order in which the members entered their states, so that the order in which they get requests
        stays the same.
        """
        store, hub = self._store, self._hub
        newest: list[Client] = [tabs[-1] for staff in hub.staff_ids() if (tabs := hub.of_staff(staff))]
        members = [(client.staff, client.was_ready and self.starting()) for client in newest if client.staff is not None]
        for record, page_was_ready in sorted(members, key=lambda each: self.staffing.since(each[0].id)):
            skills = self.staffing.skills(record)
            if skills is None:
                continue
            was_ready = page_was_ready or self.staffing.ready(record.id)
            # a member who has signed in since the snapshot may have chosen another state
            forgotten = is_forgotten(found.staff.get(record.id)) and is_forgotten(await store.staff_status(record.id))
            await self._step(store.sign_in(skills, self._now()))
            if was_ready and forgotten:
                await self._step(store.set_available(record.id, self._now()))
            await self.requests.settled()
            await self.staffing.read(record)
            self.staffing.show(record)


def _alike(wanted: Reinstate, here: bool, ringing: Ringing | None, status: m.RequestStatus) -> bool:
    if wanted.promised:
        return status.state == "promised"
    if wanted.staff:
        return status.state == "accepted" and (status.staff, status.aside) == (wanted.staff, wanted.aside)
    if not here:
        return status.state == "suspended" and ringing is None
    if status.state == "reserved":
        return ringing is not None and ringing.reservation == status.reservation
    return status.state == "waiting" and ringing is None
