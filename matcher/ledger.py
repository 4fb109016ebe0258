"""The state of one matching domain (a set of staff, requests and queues), and the *moves* of which the engine's steps consist.

A move is a small change of the state. Each move updates every index, and adds the events that tell of the change. `finish` then
matches requests that began to wait and members who became free.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import cast

from matcher.deadlines import Deadlines
from matcher.pool import Member
from matcher.queue import Queue, QueueKey, Queues, Ticket
from matcher.roster import Roster
from matcher.rules import PARENT, Rules
from matcher.selection import Match, Selection
from matcher.types import (
    AnyEvent,
    HeldAs,
    Medium,
    Place,
    Refused,
    Request,
    RequestChanged,
    RequestState,
    RequestStatus,
    ReservationEnded,
    ReservationState,
    Reserved,
    Staff,
    StaffChanged,
    StaffMode,
    StaffState,
)

# µs added to the first fence (`Event.fence`, the number of an event) after a restart in which the state was lost. So new fences
# are larger than all earlier ones, even if the clock was a minute ahead before the restart.
FENCE_LEAP = 60_000_000
TIMED: frozenset[StaffState] = frozenset({"reserved", "lost", "wrap_up"})


class Ledger:
    """All members, requests, queues and deadlines of one matching domain. A step is `begin`, some moves, then `finish`."""

    def __init__(self, rules: Rules, fence: int, *, holding: bool = False) -> None:
        self.rules = rules
        self.fence = fence
        self.now_ms = 0
        self.roster = Roster()
        self.queues = Queues(rules.priority_step_ms)
        self.deadlines = Deadlines()
        self.selection = Selection(rules, self.roster, self.queues)
        self.tickets: dict[str, Ticket] = {}
        self.reservations: dict[str, Ticket] = {}
        self.final: OrderedDict[str, None] = OrderedDict()
        self.orphans: dict[str, dict[str, HeldAs]] = {}  # signed-out member → the accepted requests that this member still holds
        # member, signed in or not → request of an appointment → medium of the place in the member's capacity that is kept free
        # for it
        self.promises: dict[str, dict[str, Medium]] = {}
        self._arrivals = 0
        self._events: list[AnyEvent] = []
        self._waiting: list[Ticket] = []
        self._freed: list[Member] = []
        self._holding = holding
        self.holds_until_ms: int | None = None

    def begin(self, now_ms: int) -> Ledger:
        self.now_ms = max(self.now_ms, now_ms)
        if self._holding:
            self._holding = False
            self.holds_until_ms = self.now_ms + self.rules.lease_ms
            self.fence = max(self.fence, self.now_ms * 1000) + FENCE_LEAP
        self._events = []
        self._waiting.clear()
        self._freed.clear()
        return self

    def finish(self, *, everybody: bool = False) -> list[AnyEvent]:
        """Make the matches that this step has made possible, and return the events of the whole step.

        Before the step nothing was left to match. So the method looks only at requests that began to wait in this step, and at
        members who became free. With `everybody`, it looks at all requests and members. This is needed after time has passed or a
        member has signed out, because a waiting request can then be offered to a wider circle of staff (its next tier has
        opened). It is also needed after a restart, when requests are restored and when the hold ends.
        """
        if self.holds_until_ms is not None:
            everybody = True
        if everybody:
            for member in self._freed:
                if member.is_idle:
                    self.roster.offer(member)
            if self.holds_until_ms is not None:
                if self.now_ms < self.holds_until_ms:
                    return self._events
                self.holds_until_ms = None
            while (match := self.selection.any_match(self.now_ms)) is not None:
                self._reserve(match)
            return self._events
        for ticket in self._waiting:
            if ticket.lane is not None and (match := self.selection.staff_for(ticket, self.now_ms)) is not None:
                self._reserve(match)
        for member in self._freed:
            if not member.is_idle:
                continue
            if (match := self.selection.request_for(member, self.now_ms)) is not None:
                self._reserve(match)
            else:
                self.roster.offer(member)
        return self._events

    # --- finding -----------------------------------------------------------------------------------------------------

    def member(self, staff: str) -> Member:
        member = self.roster.members.get(staff)
        if member is None:
            raise Refused("unknown")
        return member

    def ticket(self, request: str) -> Ticket:
        ticket = self.tickets.get(request)
        if ticket is None:
            raise Refused("wrong_state" if request in self.final else "unknown")
        return ticket

    def place(self, ticket: Ticket, now_ms: int) -> Place:
        queue, rank = ticket.queue, ticket.rank
        ahead = own = kept = 0
        if ticket.state != "reserved":
            kept = self._kept_from(queue)
            ahead = self.queues.ahead_of(queue, rank)
            own = queue.ahead_of(rank)
        if not self.selection.staffed(ticket):
            return Place(ahead + 1, None, None, staffed=False)
        low_s, high_s = queue.pickups.range_s(own + kept + 1, now_ms, queue.head_since_ms())
        return Place(ahead + 1, low_s, high_s, staffed=True)

    def _kept_from(self, queue: Queue) -> int:
        """Return for how many promised appointments the queue's specialists keep capacity free.

        Specialists are the members who list the queue's category or a parent of it. For each such appointment, a request in the
        queue waits until about one more request has been accepted.
        """
        kept = 0
        for staff, promised in self.promises.items():
            member = self.roster.members.get(staff)
            ring = member.pool.ring_of(queue) if member is not None else None
            if ring is not None and ring <= PARENT:
                kept += sum(medium == queue.medium for medium in promised.values())
        return kept

    # --- staff -------------------------------------------------------------------------------------------------------

    def admit(self, staff: Staff) -> Member:
        member = self.roster.add(staff, self.queues, self.now_ms)
        for request, held_as in self.orphans.pop(staff.id, {}).items():
            member.take(request, held_as)
        member.promised = self.promises.get(staff.id, {})
        self.renew(member)
        self.settle(member)
        return member

    def renew(self, member: Member) -> None:
        self.deadlines.set("lease", (member.staff.id,), self.now_ms + self.rules.lease_ms)

    def settle(self, member: Member, reason: str = "") -> None:
        """Update a member's state, and the reasons why the member can get no request now (`Member.obstacles`).

        Add an event if the state or `ready` changed, or if `reason` is not empty. If the member is idle, `finish` later looks for
        a request for this member.
        """
        if member.idle_item is not None:
            self.roster.withdraw(member)
        member.find_obstacles()
        if member.is_idle:
            self._freed.append(member)
        state, ready = member.state, member.mode == "available"
        changed = state != member.reported or bool(reason)
        if changed or ready != member.reported_ready:
            member.reported, member.reported_ready = state, ready
            if changed:
                member.since_ms = self.now_ms
            until_ms = self._until(member) if state in TIMED else None
            self._note(StaffChanged(self._next_fence(), self.now_ms, member.staff.id, state, reason, until_ms, ready))

    def set_mode(self, member: Member, mode: StaffMode, reason: str = "") -> None:
        if mode == "available" and not member.sessions:
            member.idle_since_ms = self.now_ms
        member.mode = mode
        if mode == "wrap_up":
            self.deadlines.set("wrap_up", (member.staff.id,), self.now_ms + self.rules.wrap_up_ms)
        else:
            self.deadlines.clear("wrap_up", (member.staff.id,))
        self.settle(member, "" if member.lost else reason)

    def lose(self, member: Member) -> None:
        """Mark a member as disconnected (state `lost`).

        A ringing request goes back into its queue. Accepted requests stay with this member.
        """
        member.lost = True
        self.renew(member)
        if member.reservation is not None:
            ticket = self.reservations[member.reservation]
            self.end_reservation(ticket, "cancelled", "lost")
            self.wait(ticket, "lost")
        self.settle(member)

    def dismiss(self, member: Member, reason: str) -> None:
        """Sign a member out. The member's accepted requests stay accepted until the server decides what happens to them."""
        staff = member.staff.id
        if member.reservation is not None:
            ticket = self.reservations[member.reservation]
            member.mode = "away"
            self.end_reservation(ticket, "cancelled", "signed_out")
            self.wait(ticket, "signed_out")
        if member.live:
            self.orphans[staff] = dict(member.live)
        self.roster.remove(member)
        self.deadlines.clear("lease", (staff,))
        self.deadlines.clear("wrap_up", (staff,))
        self._note(StaffChanged(self._next_fence(), self.now_ms, staff, "signed_out", reason))

    # --- requests ----------------------------------------------------------------------------------------------------

    def draft(self, request: Request) -> Ticket:
        """Return a ticket (a request and its state) that waits in no queue.

        With this ticket the caller computes how many requests would be served before the new request.
        """
        key = _queue_key(request)
        queue = self.queues.by_key.get(key)
        if queue is None:
            queue = Queue(key)
            self.roster.survey(queue)
        return Ticket(request, queue, self._arrivals + 1, self.now_ms, self.rules)

    def issue(self, request: Request) -> Ticket:
        if request.enqueued_at_ms > self.now_ms:
            request = replace(request, enqueued_at_ms=self.now_ms)
        queue = self._opened(request)
        self._arrivals += 1
        ticket = self.tickets[request.id] = Ticket(request, queue, self._arrivals, self.now_ms, self.rules)
        return ticket

    def promise(self, ticket: Ticket) -> None:
        """Keep one place free for this request: a place in the capacity of the member whom the request names."""
        self._change(ticket, "promised")
        self._keep(ticket)

    def _keep(self, ticket: Ticket) -> None:
        request = ticket.request
        promised = self.promises.setdefault(request.only, {})
        promised[request.id] = request.medium
        member = self.roster.members.get(request.only)
        if member is not None:
            member.promised = promised
            self.settle(member)

    def give_up(self, ticket: Ticket) -> None:
        """Stop keeping a place of the member's capacity free for a promised request. Other requests can then take this place."""
        request = ticket.request
        promised = self.promises[request.only]
        del promised[request.id]
        if not promised:
            del self.promises[request.only]
        member = self.roster.members.get(request.only)
        if member is not None:
            self.settle(member)

    def redeem(self, ticket: Ticket) -> None:
        """Put the request of an appointment into its queue, ahead of all others, and stop keeping a place free for it.

        If the member whom the request names is idle, matching offers the request to this member.
        """
        self.give_up(ticket)
        ticket.request = replace(ticket.request, first=True)
        ticket.waiting_since_ms = self.now_ms
        member = self.roster.members.get(ticket.request.only)
        if member is not None and member.is_idle:
            self.roster.offer(member)
        self.wait(ticket)

    def wait(self, ticket: Ticket, reason: str = "") -> None:
        """Put a request into its queue, with its original enqueue time."""
        self.deadlines.clear("suspended", (ticket.request.id,))
        self._change(ticket, "waiting", reason)
        self.queues.put(ticket)
        self._waiting.append(ticket)

    def wait_first(self, ticket: Ticket, reason: str, excluded: str | None = None) -> None:
        """Put a request back into its queue, ahead of all others, after its counselor disconnected or never entered the room.

        In the estimates of waiting times, the request's wait begins now. A request that named one member (`only`) is now offered
        to all. `excluded`: a member who must not get the request again.
        """
        names = ticket.request.excluded if excluded is None else ticket.request.excluded | {excluded}
        ticket.request = replace(ticket.request, first=True, excluded=names, only="")
        ticket.waiting_since_ms = self.now_ms
        ticket.aside = False
        self.wait(ticket, reason)

    def suspend(self, ticket: Ticket) -> None:
        self.queues.take(ticket)
        ticket.until_ms = self.now_ms + self.rules.suspended_ms
        self.deadlines.set("suspended", (ticket.request.id,), ticket.until_ms)
        self._change(ticket, "suspended")

    def end(self, ticket: Ticket, state: RequestState, reason: str = "") -> None:
        request = ticket.request.id
        if ticket.state == "promised":
            self.give_up(ticket)
        self.queues.take(ticket)
        self.deadlines.clear("suspended", (request,))
        for staff in ticket.blocked:
            self.deadlines.clear("excluded", (request, staff))
        del self.tickets[request]
        ticket.queue.open_tickets -= 1
        self.final[request] = None
        if len(self.final) > self.rules.max_final:
            self.final.popitem(last=False)
        self._change(ticket, state, reason)

    def block(self, ticket: Ticket, staff: str) -> None:
        """Exclude a member from a request for `Rules.excluded_ms`. Call this before the request goes back into its queue."""
        ticket.blocked.add(staff)
        self.deadlines.set("excluded", (ticket.request.id, staff), self.now_ms + self.rules.excluded_ms)

    def unblock(self, ticket: Ticket, staff: str) -> None:
        ticket.blocked.discard(staff)
        if ticket.lane is not None:
            self.queues.take(ticket)
            self.queues.put(ticket)

    def become(self, ticket: Ticket, medium: Medium) -> None:
        """Move an open request to the queue of this medium, with its original enqueue time.

        If the request is ringing at a member who has no free place for this medium, the ring (the
        pending reservation) ends.
        """
        self.queues.take(ticket)
        ticket.queue.open_tickets -= 1
        request = ticket.request = replace(ticket.request, medium=medium)
        ticket.queue = self._opened(request)
        member = self.roster.members.get(ticket.staff) if ticket.staff is not None else None
        if ticket.state == "waiting":
            self.queues.put(ticket)
            self._waiting.append(ticket)
        elif ticket.state == "reserved" and member is not None and not member.has_room(medium):
            self.end_reservation(ticket, "cancelled", "channel")
            self.wait(ticket, "channel")
        elif ticket.state == "accepted":
            self._recount(ticket)
        elif ticket.state == "promised":
            self._keep(ticket)

    def set_aside(self, ticket: Ticket, *, aside: bool) -> None:
        """Set whether an accepted request takes no place in its holder's capacity (`aside` true) or takes one (`aside` false).

        The *holder* is the member who has accepted the request.
        """
        ticket.aside = aside
        member = self.roster.members.get(cast(str, ticket.staff))
        if member is not None and aside:
            member.idle_since_ms = self.now_ms
        self._recount(ticket)

    def _recount(self, ticket: Ticket) -> None:
        """Update which capacity of the member an accepted request uses: that for texts, that for calls, or none (`aside`).

        Call after the request's medium or `aside` has changed.
        """
        request, staff = ticket.request.id, cast(str, ticket.staff)
        member = self.roster.members.get(staff)
        if member is None:
            self.orphans[staff][request] = ticket.held_as
            return
        member.drop(request)
        member.take(request, ticket.held_as)
        self.settle(member)

    def bring_back(self, status: RequestStatus) -> None:
        if status.state not in ("promised", "waiting", "reserved", "suspended", "accepted"):
            return
        ticket = self.issue(status.request)
        if status.state == "accepted" and status.staff is not None:
            ticket.aside = status.aside
            holder = self.roster.members.get(status.staff) or self._absent(status.staff, ticket)
            self.hold(ticket, holder)
            self._change(ticket, "accepted", "restored")
        elif status.state == "promised" and status.request.only:
            self.promise(ticket)
        elif status.state == "suspended":
            self.suspend(ticket)
        else:
            self.wait(ticket, "restored")

    # --- reservations and accepted requests --------------------------------------------------------------------------

    def end_reservation(self, ticket: Ticket, state: ReservationState, reason: str, member_reason: str = "") -> None:
        """End the reservation of this request, if there is one. After this, the request is in no queue, and no member has it."""
        reservation = ticket.reservation
        if reservation is None:
            return
        staff, request = cast(str, ticket.staff), ticket.request.id
        del self.reservations[reservation]
        ticket.reservation = ticket.staff = ticket.until_ms = None
        self.deadlines.clear("reservation", (request,))
        self._note(ReservationEnded(self._next_fence(), self.now_ms, reservation, request, staff, state, reason))
        member = self.roster.members[staff]
        member.reservation = None
        if state != "accepted":
            self.settle(member, member_reason)

    def accept(self, ticket: Ticket) -> None:
        member = self.roster.members[cast(str, ticket.staff)]
        self.end_reservation(ticket, "accepted", "")
        ticket.queue.pickups.add(self.now_ms, ticket.waiting_since_ms)
        self._change(ticket, "accepted")
        self.hold(ticket, member)
        self.deadlines.set("entered", (ticket.request.id,), self.now_ms + self.rules.enter_ms)

    def hold(self, ticket: Ticket, member: Member) -> None:
        ticket.staff = member.staff.id
        member.take(ticket.request.id, ticket.held_as)
        self.settle(member)

    def let_go(self, ticket: Ticket, *, wrap_up: bool, reason: str = "") -> None:
        """Take an accepted request from its holder, the member who has accepted it.

        `wrap_up`: put the holder into the state wrap-up, if no other request takes one of the holder's places or rings at the
        holder. A request that was set aside, because its user had left, leads to no wrap-up. Without wrap-up, the request's place
        is free at once.
        """
        request, staff = ticket.request.id, cast(str, ticket.staff)
        ticket.staff = None
        self.deadlines.clear("entered", (request,))
        member = self.roster.members.get(staff)
        if member is None:
            held = self.orphans[staff]
            del held[request]
            if not held:
                del self.orphans[staff]
            return
        member.drop(request)
        if ticket.aside:
            self.settle(member)
            return
        member.idle_since_ms = self.now_ms
        if wrap_up and not member.load:
            self.set_mode(member, "wrap_up", reason)
        else:
            self.settle(member)

    # --- parts -------------------------------------------------------------------------------------------------------

    def _reserve(self, match: Match) -> None:
        ticket, member = match.ticket, match.member
        why = self.selection.why(match)
        request, staff = ticket.request.id, member.staff.id
        self.queues.take(ticket)
        fence = self._next_fence()
        reservation = f"r{fence}"
        until_ms = self.now_ms + self.rules.ring_ms
        ticket.reservation, ticket.reservation_fence = reservation, fence
        ticket.staff, ticket.until_ms = staff, until_ms
        member.reservation = reservation
        self.reservations[reservation] = ticket
        self.deadlines.set("reservation", (request,), until_ms)
        self._note(Reserved(fence, self.now_ms, reservation, request, staff, until_ms, why))
        self._change(ticket, "reserved")
        self.settle(member)

    def _change(self, ticket: Ticket, state: RequestState, reason: str = "") -> None:
        ticket.state = state
        if state == "waiting":
            ticket.until_ms = None
        self._note(RequestChanged(self._next_fence(), self.now_ms, ticket.request.id, state, reason))

    def _until(self, member: Member) -> int | None:
        """Return the time (ms) when the member's state (one of `TIMED`) ends by itself. None: there is no time limit."""
        state = member.state
        if state == "reserved":
            return self.reservations[cast(str, member.reservation)].until_ms
        if state == "lost":
            return self.deadlines.at_ms("lease", (member.staff.id,))
        return self.deadlines.at_ms("wrap_up", (member.staff.id,))

    def _absent(self, staff: str, ticket: Ticket) -> Member:
        """Add the member who holds a restored request and has not signed in yet. The member is `lost` and has no skills."""
        nobody: frozenset[str] = frozenset()
        member = self.roster.add(Staff(staff, ticket.queue.role, nobody, nobody, nobody), self.queues, self.now_ms)
        member.lost = True
        member.promised = self.promises.get(staff, {})
        self.renew(member)
        return member

    def _opened(self, request: Request) -> Queue:
        """Return the queue of a request, and count the request among the queue's open requests. Make the queue if it is new."""
        key = _queue_key(request)
        queue = self.queues.by_key.get(key) or self._new_queue(key)
        queue.open_tickets += 1
        return queue

    def _new_queue(self, key: QueueKey) -> Queue:
        known = self.queues.by_key
        if len(known) >= self.rules.max_queues:
            for queue in [queue for queue in known.values() if not queue.open_tickets]:
                del known[queue.key]
                self.roster.unlink(queue)
        queue = known[key] = Queue(key)
        self.roster.link(queue)
        return queue

    def _note(self, event: AnyEvent) -> None:
        self._events.append(event)

    def _next_fence(self) -> int:
        """Return the fence (`Event.fence`) of a new event. It is larger than all earlier ones, even if the clock stands still."""
        fence, floor = self.fence + 1, self.now_ms * 1000
        self.fence = fence if fence > floor else floor
        return self.fence


def _queue_key(request: Request) -> QueueKey:
    return request.kind, request.site, request.language, request.category_path, request.medium
