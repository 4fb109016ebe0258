"""Route the matcher's events, in their order, to sessions and staff. Show rings (alerts about requests), and end them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import msgspec
import structlog

from matcher import types as m
from matcher.types import MatchStore
from signaling.live.clock import Now
from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.meters import Meters
from signaling.live.pushing import Pushing
from signaling.live.requests import Requests
from signaling.live.sessions import Sessions
from signaling.live.staffing import Staffing
from signaling.protocol.server_messages import Ring, RingOver
from signaling.records import Records
from signaling.session import only_noted, views
from signaling.session.events import Accepted, NobodyEligible, RequestMoved, RingEnded, RingStarted
from signaling.session.model import NotAllowed
from signaling.session.model import Ringing as RingingThere

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Ringing:
    """A request that is held for a member of staff, and rings in all tabs of this member.

    `accepting`: the tab in which Accept was pressed, or None. `reason`: the words that the member typed to explain why they
    decline, or "". The matcher does not get these words, because it stores no text that people write.
    """

    staff: str
    session: str
    message: Ring
    accepting: Client | None = None
    reason: str = ""


class Matching:
    def __init__(
        self,
        *,
        requests: Requests,
        sessions: Sessions,
        staffing: Staffing,
        store: MatchStore,
        records: Records,
        index: Index,
        hub: Hub,
        meters: Meters,
        pushing: Pushing,
        now: Now,
    ) -> None:
        self._store = store
        self._records = records
        self._index = index
        self._hub = hub
        self._meters = meters
        self._now = now
        self.requests = requests
        self.sessions = sessions
        self.staffing = staffing
        self.rings: dict[str, Ringing] = {}
        self._pushing = pushing
        # `Live` sets this attribute when it has made `StandBy`
        self.staff_moved: Callable[[m.StaffChanged], Awaitable[None]] = _ignore

    async def accept(self, reservation: str, client: Client) -> None:
        ring = self._ring_of(reservation, client.staff.id if client.staff else "")
        if ring.accepting is not None:
            raise NotAllowed("not_pending")
        ring.accepting = client
        try:
            await self.requests.call(self._store.accept(reservation, self._now()))
        except m.Refused as refused:
            ring.accepting = None
            raise NotAllowed(refused.reason) from None
        except BaseException:  # if accepting fails, the ring continues, and Accept can be pressed again in every tab
            ring.accepting = None
            raise
        await self.requests.settled()

    async def decline(self, reservation: str, staff: str, reason: str) -> None:
        ring = self._ring_of(reservation, staff)
        ring.reason = reason
        try:
            await self.requests.call(self._store.decline(reservation, self._now()))
        except m.Refused as refused:
            raise NotAllowed(refused.reason) from None
        await self.requests.settled()

    def _ring_of(self, reservation: str, staff: str) -> Ringing:
        ring = self.rings.get(reservation)
        if ring is None or ring.staff != staff:
            raise NotAllowed("unknown")
        return ring

    # --- routing the matcher's events ------------------------------------------------------------------------------------

    async def route(self) -> None:
        while True:
            event = await self.requests.next_event()
            try:
                await self._ROUTES[type(event)](self, event)
            except Exception:
                log.exception("matcher event failed", kind=type(event).__name__)

    def _entry_of(self, request: str) -> Entry | None:
        return self._index.entries.get(request.rpartition(".")[0])

    async def _reserved(self, event: m.Reserved) -> None:
        entry = self._entry_of(event.request)
        if entry is None:
            return
        started = RingStarted(event.request, event.reservation, event.staff, event.expires_at_ms, event.fence)
        await self.sessions.apply(entry, started)
        asked = entry.session.open_help()
        around = self.sessions.surroundings(entry)
        if entry.session.ringing and entry.session.ringing.reservation == event.reservation:
            message = views.user_ring(entry.session, around, event.reservation, event.expires_at_ms)
        elif asked and asked.ringing and asked.ringing.reservation == event.reservation:
            name = entry.category_name(asked.category)
            make = views.transfer_ring if asked.transfer else views.help_ring
            message = make(entry.session, asked, around, name, event.reservation, event.expires_at_ms)
        else:
            return
        self.rings[event.reservation] = Ringing(event.staff, entry.id, message)
        self._hub.to_staff(event.staff, message)
        self._pushing.rings(event.staff, message)
        why = asdict(event.why)
        await self.sessions.note(entry, "reserved", {"staff": event.staff, "kind": message.kind, "why": why})

    async def _reservation_ended(self, event: m.ReservationEnded) -> None:
        ring = self.rings.pop(event.reservation, None)
        entry = self._entry_of(event.request)
        accepting = ring.accepting if ring else None
        reason = ring.reason if ring and event.state == "declined" else event.reason
        if ring is not None and event.state != "pending":
            self._meters.ring_ended(ring.message.kind, event.state, self._now() - ring.message.waiting_since)
            self._pushing.ring_over(event.staff, event.reservation, event.state, ring.message.expires_at)
            for client in self._hub.of_staff(event.staff):
                elsewhere = event.state == "accepted" and client is not accepting
                client.send(RingOver(reservation=event.reservation, reason="accepted_elsewhere" if elsewhere else event.state))
        if entry is None:
            return
        if event.state == "accepted":
            await self._accepted(entry, event, accepting)
        else:
            await self.sessions.apply(entry, RingEnded(event.request, event.reservation, event.fence, event.state))
        await self.sessions.note(entry, f"ring_{event.state}", {"staff": event.staff, "reason": reason})

    async def _accepted(self, entry: Entry, event: m.ReservationEnded, accepting: Client | None) -> None:
        """Give the session to the tab in which Accept was pressed. If that tab is closed, give it to the member's newest tab."""
        tabs = self._hub.of_staff(event.staff)
        holder = accepting if accepting in tabs else tabs[-1] if tabs else None
        record = self.staffing.known.get(event.staff) or await self._records.staff(event.staff)
        if holder is not None:
            entry.hold(event.staff, holder)
        name = record.name if record else event.staff
        await self.sessions.apply(entry, Accepted(event.request, event.staff, name, holder is not None, event.fence))
        person = entry.session.people.get(event.staff)
        if person is None or person.gone:
            entry.release(event.staff)
        else:
            self._pushing.accepted(entry)

    async def _request_changed(self, event: m.RequestChanged) -> None:
        entry = self._entry_of(event.request)
        if entry is None or event.state == "promised":
            return
        if event.reason == "unstaffed":
            await self.sessions.apply(entry, NobodyEligible(event.request))
            return
        moved = RequestMoved(event.request, event.state, event.fence)
        if not only_noted(entry.session, moved):
            await self.sessions.apply(entry, moved)

    async def _staff_changed(self, event: m.StaffChanged) -> None:
        self.staffing.changed(event)
        self.sessions.changed = True
        await self.staff_moved(event)

    _ROUTES: ClassVar[dict[type[Any], Callable[[Matching, Any], Awaitable[None]]]] = {
        m.Reserved: _reserved,
        m.ReservationEnded: _reservation_ended,
        m.RequestChanged: _request_changed,
        m.StaffChanged: _staff_changed,
    }

    async def ring_lost(self, request: str, ringing: RingingThere, fence: int) -> None:
        """End a ring (an alert about a request) in the session, because the matcher does not know this ring any more."""
        ended = m.ReservationEnded(fence, self._now(), ringing.reservation, request, ringing.staff, "cancelled", "lost")
        self.requests.take(ended)
        await self.requests.settled()

    def renew_briefs(self, entry: Entry) -> None:
        """Show the session's new brief (facts about the user) to the staff for whom the session rings.

        Call this method after something was removed from the brief.
        """
        brief = self.sessions.surroundings(entry).brief
        for ring in self.rings.values():
            if ring.session == entry.id and ring.message.brief is not None:
                ring.message = msgspec.structs.replace(ring.message, brief=brief)
                self._hub.to_staff(ring.staff, ring.message)

    def rings_of(self, staff: str) -> list[Ring]:
        return [ring.message for ring in self.rings.values() if ring.staff == staff]


async def _ignore(event: m.StaffChanged) -> None:
    pass
