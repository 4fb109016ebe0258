"""The matching engine: pure and synchronous.

Every public step happens at the time `now_ms`. A step makes all its changes or none, and returns its events in order.
`MatchStore` in `matcher/types.py` says what each step means. The state tables are in `matcher/states.py`. Staff are chosen in
`matcher/selection.py`.

The engine's clock never runs backwards: if a step's `now_ms` is earlier than that of a previous step, the engine uses the latest
`now_ms` so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from matcher.deadlines import Kind
from matcher.ledger import Ledger
from matcher.pool import Member
from matcher.queue import Ticket
from matcher.rules import MOST_PRIORITY, Rules, check_capacity, check_promise
from matcher.states import RequestStep, check_request, check_staff
from matcher.types import (
    AnyEvent,
    Medium,
    Place,
    Refused,
    Request,
    RequestKind,
    RequestStatus,
    Snapshot,
    Staff,
    StaffStatus,
)


class Engine:
    """The matching engine of one domain, in memory. A *domain* is one set of staff, requests and queues.

    `fence`: the number of the last event before a restart (`Event.fence`). `holding`: whether the matcher's earlier state is
    lost. If so, the engine matches nobody until `end_hold` is called, but at most for `Rules.lease_ms` after the first step.
    During this time, the server tells the engine all open requests and all members again. If the engine matched at once, the
    first user to return would get a counselor before users who have waited longer.
    """

    def __init__(self, rules: Rules | None = None, *, fence: int = 0, holding: bool = False) -> None:
        self._book = Ledger(rules or Rules(), fence, holding=holding)
        self._due: dict[Kind, Callable[..., None]] = {
            "reservation": self._expire,
            "entered": self._never_entered,
            "suspended": self._gave_up,
            "excluded": self._unblock,
            "wrap_up": self._wrap_up_ended,
            "lease": self._lease_ended,
        }

    # --- staff -------------------------------------------------------------------------------------------------------

    def sign_in(self, staff: Staff, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        check_capacity(staff)
        member = book.roster.members.get(staff.id)
        if member is None:
            book.admit(staff)
            return book.finish()
        changed = book.roster.update(member, staff, book.queues)
        member.lost = False
        book.renew(member)
        book.settle(member)
        return book.finish(everybody=changed)

    def renew(self, staff_ids: list[str], now_ms: int) -> None:
        book = self._book.begin(now_ms)
        for staff in staff_ids:
            member = book.roster.members.get(staff)
            if member is not None and not member.lost:
                book.renew(member)

    def disconnect(self, staff: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        member = book.member(staff)
        if not member.lost:
            book.lose(member)
        return book.finish()

    def set_available(self, staff: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        member = book.member(staff)
        check_staff("set_available", member.state)
        if member.mode != "available":
            book.set_mode(member, "available")
        return book.finish()

    def set_away(self, staff: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        member = book.member(staff)
        check_staff("set_away", member.state)
        if member.mode != "away":
            book.set_mode(member, "away")
        return book.finish()

    def wrapped_up(self, staff: str, now_ms: int, *, available: bool = True) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        member = book.member(staff)
        check_staff("wrapped_up", member.state)
        book.set_mode(member, "available" if available else "away")
        return book.finish()

    def sign_out(self, staff: str, now_ms: int, *, force: bool = False) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        member = book.member(staff)
        if member.live and not force:
            raise Refused("busy")
        book.dismiss(member, "forced" if force else "")
        return book.finish(everybody=True)

    # --- requests ----------------------------------------------------------------------------------------------------

    def enqueue(self, request: Request, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        self._check_new(request)
        book.wait(book.issue(request))
        return book.finish()

    def promise(self, request: Request, now_ms: int) -> list[AnyEvent]:
        check_promise(request)
        book = self._book.begin(now_ms)
        self._check_new(request)
        book.promise(book.issue(request))
        return book.finish()

    def redeem(self, request: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("redeem", ticket.state)
        book.redeem(ticket)
        return book.finish()

    def cancel(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("cancel", ticket.state)
        book.end_reservation(ticket, "cancelled", reason)
        book.end(ticket, "cancelled", reason)
        return book.finish()

    def unserved(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("unserved", ticket.state)
        book.end(ticket, "unserved", reason)
        return book.finish()

    def suspend(self, request: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("suspend", ticket.state)
        book.end_reservation(ticket, "cancelled", "suspended")
        book.suspend(ticket)
        return book.finish()

    def resume(self, request: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("resume", ticket.state)
        book.wait(ticket, "resumed")
        return book.finish()

    # --- reservations ------------------------------------------------------------------------------------------------

    def accept(self, reservation: str, now_ms: int, fence: int | None = None) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        book.accept(self._pending(reservation, fence))
        return book.finish()

    def decline(self, reservation: str, now_ms: int, reason: str = "", fence: int | None = None) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = self._pending(reservation, fence)
        staff = cast(str, ticket.staff)
        book.end_reservation(ticket, "declined", reason)
        book.block(ticket, staff)
        book.wait(ticket, "declined")
        return book.finish()

    # --- accepted requests -------------------------------------------------------------------------------------------

    def becomes_call(self, request: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        if ticket.request.medium != "call":
            book.become(ticket, "call")
        return book.finish()

    def becomes_text(self, request: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("becomes_text", ticket.state)
        if ticket.request.medium != "text":
            book.become(ticket, "text")
        return book.finish()

    def set_aside(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._aside("set_aside", request, now_ms, aside=True)

    def take_back(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._aside("take_back", request, now_ms, aside=False)

    def entered(self, request: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("entered", ticket.state)
        book.deadlines.clear("entered", (request,))
        return book.finish()

    def requeue(self, request: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("requeue", ticket.state)
        owner = cast(str, ticket.staff)
        book.let_go(ticket, wrap_up=True)
        book.wait_first(ticket, "owner_lost", excluded=owner)
        return book.finish()

    def complete(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._over(request, now_ms, wrap_up=True)

    def release(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._over(request, now_ms, wrap_up=False)

    def transfer_owner(self, request: str, staff: str, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("transfer", ticket.state)
        successor = book.member(staff)
        if ticket.staff != staff:
            if successor.lost:
                raise Refused("wrong_state")
            book.let_go(ticket, wrap_up=True)
            book.hold(ticket, successor)
        return book.finish()

    # --- time --------------------------------------------------------------------------------------------------------

    def sweep(self, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        while (due := book.deadlines.take(book.now_ms)) is not None:
            kind, key = due
            self._due[kind](*key)
        return book.finish(everybody=True)

    def next_deadline_ms(self) -> int | None:
        book = self._book
        times = [book.deadlines.next_ms(), book.selection.next_opening_ms(book.now_ms), book.holds_until_ms]
        return min((at for at in times if at is not None), default=None)

    def restore(self, requests: list[RequestStatus], now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        for status in requests:
            if status.request.id not in book.tickets:
                book.bring_back(status)
        return book.finish(everybody=True)

    def remember(self, fence: int) -> None:
        self._book.fence = max(self._book.fence, fence)

    def end_hold(self, now_ms: int) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        book.holds_until_ms = None
        return book.finish(everybody=True)

    # --- reading -----------------------------------------------------------------------------------------------------

    def place(self, request: str, now_ms: int) -> Place | None:
        ticket = self._book.tickets.get(request)
        if ticket is None or ticket.state in ("promised", "accepted"):
            return None
        return self._book.place(ticket, max(now_ms, self._book.now_ms))

    def estimate(
        self,
        kind: RequestKind,
        site: str,
        language: str,
        category_path: tuple[str, ...],
        now_ms: int,
        priority: int = 0,
        medium: Medium = "call",
    ) -> Place:
        book = self._book
        now_ms = max(now_ms, book.now_ms)
        wanted = Request("", kind, site, language, category_path, now_ms, priority, medium=medium)
        return book.place(book.draft(wanted), now_ms)

    def staff_status(self, staff: str) -> StaffStatus | None:
        member = self._book.roster.members.get(staff)
        return None if member is None else member.status()

    def request_status(self, request: str) -> RequestStatus | None:
        ticket = self._book.tickets.get(request)
        return None if ticket is None else ticket.status()

    def snapshot(self) -> Snapshot:
        book = self._book
        return Snapshot(
            book.fence,
            {name: ticket.status() for name, ticket in book.tickets.items()},
            {name: member.status() for name, member in book.roster.members.items()},
        )

    # --- parts -------------------------------------------------------------------------------------------------------

    def _check_new(self, request: Request) -> None:
        book = self._book
        if request.id in book.tickets or request.id in book.final:
            raise Refused("duplicate")
        if abs(request.priority) > MOST_PRIORITY:
            raise ValueError("priority is out of bounds")
        if len(book.tickets) >= book.rules.max_requests:
            raise Refused("full")

    def _pending(self, reservation: str, fence: int | None) -> Ticket:
        book = self._book
        ticket = book.reservations.get(reservation)
        if ticket is None or cast(int, ticket.until_ms) <= book.now_ms:
            raise Refused("not_pending")
        if fence is not None and fence < ticket.reservation_fence:
            raise Refused("stale_fence")
        return ticket

    def _aside(self, step: RequestStep, request: str, now_ms: int, *, aside: bool) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request(step, ticket.state)
        if ticket.aside != aside:
            book.set_aside(ticket, aside=aside)
        return book.finish()

    def _over(self, request: str, now_ms: int, *, wrap_up: bool) -> list[AnyEvent]:
        book = self._book.begin(now_ms)
        ticket = book.ticket(request)
        check_request("complete" if wrap_up else "release", ticket.state)
        book.let_go(ticket, wrap_up=wrap_up)
        book.end(ticket, "completed", "" if wrap_up else "released")
        return book.finish()

    # --- deadlines that have passed ----------------------------------------------------------------------------------

    def _expire(self, request: str) -> None:
        book = self._book
        ticket = book.tickets[request]
        member = book.member(cast(str, ticket.staff))
        member.mode = "away"
        book.end_reservation(ticket, "expired", "missed", member_reason="missed")
        book.block(ticket, member.staff.id)
        book.wait(ticket, "expired")

    def _never_entered(self, request: str) -> None:
        book = self._book
        ticket = book.tickets[request]
        staff = cast(str, ticket.staff)
        book.let_go(ticket, wrap_up=True, reason="never_entered")
        book.block(ticket, staff)
        book.wait_first(ticket, "never_entered")

    def _gave_up(self, request: str) -> None:
        self._book.end(self._book.tickets[request], "cancelled", "lost")

    def _unblock(self, request: str, staff: str) -> None:
        ticket = self._book.tickets.get(request)
        if ticket is not None:
            self._book.unblock(ticket, staff)

    def _wrap_up_ended(self, staff: str) -> None:
        self._book.set_mode(self._member(staff), "away", "wrap_up")

    def _lease_ended(self, staff: str) -> None:
        member = self._member(staff)
        if not member.lost:
            self._book.lose(member)
        self._book.dismiss(member, "lease")

    def _member(self, staff: str) -> Member:
        return self._book.roster.members[staff]
