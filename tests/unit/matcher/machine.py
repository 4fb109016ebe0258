"""Hypothesis state machine: makes any steps in any order, and compares the results with a slow implementation of the rules.

This slow implementation, the oracle, knows only the engine's snapshots and events, and the steps of the machine. The oracle
checks every request, while the engine looks only at the heads of queues. `test_machine.py` runs the machine on the engine.
`tests/contract/matcher/test_lockstep.py` runs the machine on the engine and on Redis together.
"""

from __future__ import annotations

from typing import ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from matcher.engine import Engine
from matcher.types import (
    Refused,
    Request,
    RequestChanged,
    ReservationEnded,
    Reserved,
    Snapshot,
    Staff,
    StaffChanged,
    StaffStatus,
)

START_MS = 1_800_000_000_000
PRIORITY_STEP_MS = 60_000
OPENS_AFTER_MS = {"exact": 0, "parent": 15_000, "any": 30_000}
RINGS = list(OPENS_AFTER_MS)
PATHS = [("lenses", "cameras"), ("cameras",), ("audio",)]
NAMES = [f"s{number}" for number in range(4)]
ANY_STEP = [
    "cancel",
    "suspend",
    "resume",
    "unserved",
    "becomes_call",
    "becomes_text",
    "set_aside",
    "take_back",
    "entered",
    "requeue",
    "complete",
    "release",
]
FINAL = ("completed", "cancelled", "unserved")

names = st.sampled_from(NAMES)
picks = st.integers(0, 1000)
skills = st.builds(
    Staff,
    id=names,
    role=st.sampled_from(["counselor", "counselor", "counselor", "professional"]),
    languages=st.sampled_from([frozenset({"ko", "en"}), frozenset({"ko"})]),
    sites=st.sampled_from([frozenset({"*"}), frozenset({"shop", "other"}), frozenset({"shop"})]),
    categories=st.sets(st.sampled_from(["lenses", "cameras", "audio"]), min_size=1, max_size=2).map(frozenset),
    texts=st.sampled_from([1, 2]),
    calls=st.sampled_from([1, 1, 0, 2]),
    texts_in_call=st.booleans(),
)


class Matching(RuleBasedStateMachine):
    def new_engine(self) -> Engine:
        return Engine()

    @initialize(team=st.lists(skills, min_size=2, max_size=4, unique_by=lambda staff: staff.id), line=st.integers(0, 4))
    def begin(self, team: list[Staff], line: int) -> None:
        self.engine = self.new_engine()
        self.now = START_MS
        self.skills: dict[str, Staff] = {}
        self.ready: dict[str, bool] = {}  # member → whether the member wants requests, according to the events
        self.open: dict[str, Request] = {}
        self.ended: set[str] = set()
        self.blocked: dict[tuple[str, str], int] = {}
        self.reservations: dict[str, tuple[str, str]] = {}
        self.over: list[str] = []  # ids of reservations that have ended
        self.fence = 0
        self.redeeming = ""  # the request of an appointment whose time has come; this request goes before all others
        self.count = 0
        for staff in team:
            self.sign_in_and_start(staff)
        for number in range(line):
            self.enqueue(PATHS[number % len(PATHS)], "user", "shop", "ko", 0, 0, (), medium="text" if number % 2 else "call")

    # --- execution ----------------------------------------------------------------------------------------------------

    def do(self, step: str, *args: object, **options: object) -> bool:
        """Execute one step. Return whether the engine accepted the step. A refused step must not change the snapshot."""
        before = self.engine.snapshot()
        try:
            events = getattr(self.engine, step)(*args, self.now, **options)
        except Refused:
            assert self.engine.snapshot() == before
            return False
        self.follow(events, before)
        return True

    def follow(self, events: list, before: Snapshot) -> None:
        after = self.engine.snapshot()
        self.holders = {name: status.staff for name, status in before.requests.items() if status.state == "accepted"}
        for event in events:
            assert event.fence > self.fence, "fences only grow"
            self.fence = event.fence
            assert event.at_ms == self.now
            self.FOLLOW[type(event)](self, event)
        assert after.fence == self.fence
        for event in events:
            if isinstance(event, Reserved):
                self.check_choice(event, before, after)

    def follow_reserved(self, event: Reserved) -> None:
        assert event.staff not in {staff for _, staff in self.reservations.values()}, "nobody is reserved twice"
        assert event.request not in {request for request, _ in self.reservations.values()}
        assert event.staff in event.why.candidates
        assert event.staff not in {passed.staff for passed in event.why.passed_over}
        self.reservations[event.reservation] = (event.request, event.staff)

    def follow_end(self, event: ReservationEnded) -> None:
        assert self.reservations.pop(event.reservation) == (event.request, event.staff)
        self.over.append(event.reservation)
        if event.state in ("declined", "expired"):
            self.blocked[event.request, event.staff] = self.now + 60_000

    def follow_request(self, event: RequestChanged) -> None:
        assert event.request not in self.ended, "what is final stays final"
        if event.reason == "never_entered":
            self.blocked[event.request, self.holders[event.request]] = self.now + 60_000
        if event.state in FINAL:
            del self.open[event.request]
            self.ended.add(event.request)

    def follow_staff(self, event: StaffChanged) -> None:
        if event.state in ("away", "wrap_up", "signed_out") or event.reason == "missed":
            self.ready[event.staff] = False
        if event.state == "signed_out":
            del self.skills[event.staff]

    FOLLOW: ClassVar = {
        Reserved: follow_reserved,
        ReservationEnded: follow_end,
        RequestChanged: follow_request,
        StaffChanged: follow_staff,
    }

    # --- steps --------------------------------------------------------------------------------------------------------

    @rule(staff=skills)
    def sign_in(self, staff: Staff) -> None:
        """Sign a member in, for the first time or after a disconnect.

        A member who returns can have other skills than before.
        """
        known = self.skills.get(staff.id)
        if known is not None and known.role != staff.role:
            return
        self.skills[staff.id] = staff
        assert self.do("sign_in", staff)

    @rule(staff=skills)
    def sign_in_and_start(self, staff: Staff) -> None:
        self.sign_in(staff)
        self.set_available(staff.id)

    @rule(staff=names)
    def set_available(self, staff: str) -> None:
        before, self.ready[staff] = self.ready.get(staff, False), True
        if not self.do("set_available", staff):
            self.ready[staff] = before

    @rule(staff=names)
    def set_away(self, staff: str) -> None:
        if self.do("set_away", staff):
            self.ready[staff] = False

    @rule(staff=names, available=st.booleans())
    def wrapped_up(self, staff: str, available: bool) -> None:
        before, self.ready[staff] = self.ready.get(staff, False), available
        if not self.do("wrapped_up", staff, available=available):
            self.ready[staff] = before

    @rule(staff=names)
    def disconnect(self, staff: str) -> None:
        self.do("disconnect", staff)

    @rule(staff=names, force=st.booleans())
    def sign_out(self, staff: str, force: bool) -> None:
        self.do("sign_out", staff, force=force)

    @rule(
        path=st.sampled_from(PATHS),
        kind=st.sampled_from(["user", "user", "callback", "help"]),
        site=st.sampled_from(["shop", "other"]),
        language=st.sampled_from(["ko", "en"]),
        ago=st.sampled_from([0, 0, 1, 14_999, 20_000, 60_000, 60_001, 240_000]),
        priority=st.sampled_from([0, 0, 1, -1, 3]),
        excluded=st.sampled_from([(), (), (), ("s0",), ("s1", "s2")]),
        only=st.sampled_from(["", "", "", "s0", "s1"]),
        widens=st.sampled_from([None, None, (0, 1), (20_000, 240_000)]),
        medium=st.sampled_from(["text", "call"]),
    )
    def enqueue(self, path, kind, site, language, ago, priority, excluded, only="", widens=None, medium="call") -> None:
        self.count += 1
        name = f"q{self.count}"
        since, whom = self.now - ago, frozenset(excluded)
        request = Request(name, kind, site, language, path, since, priority, whom, only=only, widens_ms=widens, medium=medium)
        self.open[name] = request
        assert self.do("enqueue", request)
        before = self.engine.snapshot()
        assert not self.do("enqueue", request), "a repeated message changes nothing"
        assert self.engine.snapshot() == before

    def pick(self, number: int, *states: str) -> str | None:
        found = [name for name, status in self.engine.snapshot().requests.items() if status.state in states]
        return found[number % len(found)] if found else None

    @rule(
        staff=names,
        path=st.sampled_from(PATHS),
        site=st.sampled_from(["shop", "other"]),
        medium=st.sampled_from(["text", "call"]),
    )
    def promise(self, staff: str, path, site: str, medium: str) -> None:
        """Promise an appointment: keep the member free for one session. The member need not be signed in."""
        self.count += 1
        name = f"q{self.count}"
        request = Request(name, "callback", site, "ko", path, self.now, only=staff, medium=medium)
        self.open[name] = request
        assert self.do("promise", request)
        assert not self.do("promise", request), "a repeated message changes nothing"

    @rule(number=picks)
    def redeem(self, number: int) -> None:
        name = self.pick(number, "promised")
        if name is None:
            return
        request = self.engine.request_status(name).request
        staff = request.only
        was_free = staff in self.engine.snapshot().staff and self.is_free_for(staff, request)
        self.redeeming = name
        assert self.do("redeem", name)
        self.redeeming = ""
        status = self.engine.request_status(name)
        assert status.request.first
        assert not was_free or (status.state, status.staff) == ("reserved", staff), "the promise is kept"

    def is_free_for(self, staff: str, request: Request) -> bool:
        """Return whether this member can take this appointment now, and can still take all other promised ones then."""
        status, skills = self.engine.snapshot().staff[staff], self.skills[staff]
        idle = status.state == "available" or (status.state == "busy" and self.ready.get(staff))
        if not idle or self.ring(skills, request) is None:
            return False
        # this state machine can promise a member more appointments than the member can take at once
        others = self.promised(staff, request.medium) - 1
        return self.has_room(status, request.medium, others)

    def promised(self, staff: str, medium: str) -> int:
        found = self.engine.snapshot().requests.values()
        return sum(each.state == "promised" and (each.request.only, each.request.medium) == (staff, medium) for each in found)

    @rule(
        number=picks,
        step=st.sampled_from([*ANY_STEP, "redeem"]),
    )
    def any_step_in_any_state(self, number: int, step: str) -> None:
        name = self.pick(number, "promised", "waiting", "suspended", "reserved", "accepted")
        if name:
            self.do(step, name)

    @rule(number=picks, step=st.sampled_from(["entered", "set_aside", "take_back", "requeue", "complete", "complete", "release"]))
    def go_on_with_an_accepted_one(self, number: int, step: str) -> None:
        name = self.pick(number, "accepted")
        if name:
            assert self.do(step, name)

    @rule(number=picks)
    def becomes_call(self, number: int) -> None:
        name = self.pick(number, "waiting", "suspended", "reserved", "accepted")
        if name:
            assert self.do("becomes_call", name)
            assert self.engine.request_status(name).request.medium == "call"

    @rule(number=picks)
    def becomes_text(self, number: int) -> None:
        name = self.pick(number, "accepted")
        if name:
            assert self.do("becomes_text", name)
            assert self.engine.request_status(name).request.medium == "text"

    @rule(number=picks)
    def resume(self, number: int) -> None:
        name = self.pick(number, "suspended")
        if name:
            assert self.do("resume", name)

    @rule(number=picks, staff=names)
    def hand_over(self, number: int, staff: str) -> None:
        name = self.pick(number, "accepted")
        if name:
            self.do("transfer_owner", name, staff)

    @precondition(lambda self: self.reservations)
    @rule(number=picks, answer=st.sampled_from(["accept", "accept", "decline"]))
    def answer(self, number: int, answer: str) -> None:
        reservation = sorted(self.reservations)[number % len(self.reservations)]
        assert self.do(answer, reservation)

    @precondition(lambda self: self.reservations)
    @rule(number=picks, entered=st.booleans())
    def accept(self, number: int, entered: bool) -> None:
        reservation = sorted(self.reservations)[number % len(self.reservations)]
        request, _ = self.reservations[reservation]
        assert self.do("accept", reservation)
        if entered:
            assert self.do("entered", request)

    @precondition(lambda self: self.reservations)
    @rule(number=picks)
    def accept_and_never_enter(self, number: int) -> None:
        _, staff = self.reservations[sorted(self.reservations)[number % len(self.reservations)]]
        self.accept(number, entered=False)
        self.time_passes(29.999, renewing=True)
        self.time_passes(0.001, renewing=True)
        self.set_available(staff)

    @rule(staff=names)
    def go_home(self, staff: str) -> None:
        self.set_away(staff)
        self.sign_out(staff, force=False)

    @rule(number=picks)
    def a_holder_is_lost_for_good(self, number: int) -> None:
        name = self.pick(number, "accepted")
        if name:
            holder = self.engine.request_status(name).staff
            self.do("disconnect", holder)
            self.do("sign_out", holder, force=True)

    @precondition(lambda self: self.over)
    @rule(number=picks, answer=st.sampled_from(["accept", "decline"]))
    def a_late_or_repeated_answer_is_harmless(self, number: int, answer: str) -> None:
        assert not self.do(answer, self.over[number % len(self.over)])

    @precondition(lambda self: self.ended)
    @rule(number=picks, step=st.sampled_from(["cancel", "resume", "complete", "requeue", "entered"]))
    def a_message_about_a_final_request_is_harmless(self, number: int, step: str) -> None:
        assert not self.do(step, sorted(self.ended)[number % len(self.ended)])

    # --- time ---------------------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        self.blocked = {pair: until for pair, until in self.blocked.items() if until > self.now}
        assert self.do("sweep")

    @rule(seconds=st.sampled_from([0.001, 1, 5, 15, 20, 29.999]), renewing=st.sampled_from([True, True, True, False]))
    def time_passes(self, seconds: float, renewing: bool) -> None:
        self.now += round(seconds * 1000)
        if renewing:
            self.engine.renew(NAMES, self.now)
        self.sweep()

    @rule()
    def nothing_happens_before_the_next_deadline(self) -> None:
        deadline = self.engine.next_deadline_ms()
        at = self.now + 600_000 if deadline is None else deadline - 1
        assert deadline is None or deadline > self.now
        self.now = at
        self.blocked = {pair: until for pair, until in self.blocked.items() if until > self.now}
        assert self.engine.sweep(self.now) == []
        if deadline is not None:
            self.now = deadline
            self.sweep()

    # --- the oracle ---------------------------------------------------------------------------------------------------

    def ring(self, staff: Staff, request: Request) -> str | None:
        if request.kind not in {"counselor": ("user", "callback"), "professional": ("help",)}[staff.role]:
            return None
        if request.language not in staff.languages or not staff.sites & {request.site, "*"}:
            return None
        if not (staff.texts if request.medium == "text" else staff.calls):
            return None
        if staff.categories & {request.category_path[0], "*"}:
            return "exact"
        return "parent" if staff.categories & set(request.category_path) else "any"

    def excluded(self, request: Request, staff: str) -> bool:
        return staff in request.excluded or (request.id, staff) in self.blocked or request.only not in ("", staff)

    def may_serve(self, staff: Staff, request: Request) -> str | None:
        """Return how the member's categories fit the request: "exact", "parent" or "any" (the tiers).

        Return None if the member can never get the request, or cannot get it yet.
        """
        ring = self.ring(staff, request)
        if ring is None or self.excluded(request, staff.id):
            return None
        opens_after_ms = OPENS_AFTER_MS | dict(zip(RINGS[1:], request.widens_ms or (), strict=False))
        if self.now - request.enqueued_at_ms >= opens_after_ms[ring]:
            return ring
        narrower = RINGS[: RINGS.index(ring)]
        waiting_for = [
            other.id
            for other in self.skills.values()
            if self.ring(other, request) in narrower and not self.excluded(request, other.id)
        ]
        return None if waiting_for else ring

    def idle(self, snapshot: Snapshot, medium: str) -> list[Staff]:
        """Return the members who can get a request of this medium ("text" or "call") now."""
        found = []
        for name, status in snapshot.staff.items():
            ready = status.state == "available" or (status.state == "busy" and self.ready.get(name))
            if ready and self.has_room(status, medium, self.promised(name, medium)):
                found.append(self.skills[name])
        return found

    def has_room(self, status: StaffStatus, medium: str, kept: int = 0) -> bool:
        """Return whether a member can get one more request of this medium ("text" or "call") now.

        `kept`: number of sessions for which the member must stay free, because of appointments.
        """
        staff = self.skills[status.id]
        if medium == "call":
            return status.calls + kept < staff.calls
        return status.texts + kept < staff.texts and (staff.texts_in_call or not status.calls)

    @staticmethod
    def rank(request: Request) -> tuple[bool, int]:
        return not request.first, request.enqueued_at_ms - request.priority * PRIORITY_STEP_MS

    def check_choice(self, event: Reserved, before: Snapshot, after: Snapshot) -> None:
        staff = self.skills.get(event.staff)
        status = after.requests.get(event.request)
        if staff is None or status is None:
            return
        request = status.request
        assert self.ring(staff, request) == event.why.ring
        chosen = after.staff[event.staff]
        kept = {medium: self.promised(event.staff, medium) for medium in ("text", "call")}
        assert self.has_room(chosen, request.medium, kept[request.medium]), f"{event.staff} was full, or promised"
        for other in after.requests.values():
            if other.state != "waiting" or not self.has_room(chosen, other.request.medium, kept[other.request.medium]):
                continue
            if self.rank(other.request) < self.rank(request) and request.id != self.redeeming:
                assert not self.may_serve(staff, other.request), f"{other.request.id} was before {request.id}"
            if not request.first and self.may_serve(staff, other.request):
                self.check_bound(request, other.request)
        for rival in self.idle(after, request.medium):
            ring = self.may_serve(rival, request)
            if ring is not None:
                assert RINGS.index(ring) >= RINGS.index(event.why.ring), f"{rival.id} was in a narrower ring"
                less = (after.staff[rival.id].calls, after.staff[rival.id].texts) < (chosen.calls, chosen.texts)
                assert ring != event.why.ring or not less, f"{rival.id} had less load"

    @staticmethod
    def check_bound(taken: Request, passed: Request) -> None:
        """Check that the request `passed` does not starve when `taken` is served before it.

        `taken` is allowed to go first in two cases: `taken` came first, or its higher priority makes up for coming later. One
        level of priority makes up for one minute. Priorities are -1 to 3 here, so a request is served before any that comes more
        than four minutes later.
        """
        later_ms = taken.enqueued_at_ms - passed.enqueued_at_ms
        assert later_ms <= max(0, taken.priority - passed.priority) * PRIORITY_STEP_MS, (
            f"{taken.id} came too late to pass {passed.id}"
        )

    # --- invariants -------------------------------------------------------------------------------------------------

    @invariant()
    def no_request_is_lost(self) -> None:
        if hasattr(self, "engine"):
            assert set(self.engine.snapshot().requests) == set(self.open)

    @invariant()
    def load_is_reservations_and_live(self) -> None:
        if not hasattr(self, "engine"):
            return
        snapshot = self.engine.snapshot()
        rings = {status.reservation: (name, status.staff) for name, status in snapshot.requests.items() if status.reservation}
        assert rings == self.reservations
        assert set(snapshot.staff) == set(self.skills)
        for name, member in snapshot.staff.items():
            theirs = [status for status in snapshot.requests.values() if status.staff == name]
            held = [status.state for status in theirs if not status.aside]
            media = [status.request.medium for status in theirs if status.state == "accepted" and not status.aside]
            assert member.load == len(held)
            assert (member.texts, member.calls) == (media.count("text"), media.count("call"))
            assert held.count("reserved") <= 1
            assert (member.state == "reserved") == ("reserved" in held)
            assert member.state not in ("available", "away", "wrap_up") or member.ready == (member.state == "available")
            assert member.state in ("busy", "lost", "reserved") or not held

    @invariant()
    def nobody_is_idle_while_somebody_they_may_serve_waits(self) -> None:
        if not hasattr(self, "engine"):
            return
        snapshot = self.engine.snapshot()
        waiting = [status.request for status in snapshot.requests.values() if status.state == "waiting"]
        for request in waiting:
            for staff in self.idle(snapshot, request.medium):
                assert not self.may_serve(staff, request), f"{staff.id} idles while {request.id} waits"

    def teardown(self) -> None:
        """Check that no request starves.

        Requests that ask for a member by name are cancelled. Then a counselor and a professional sign in. These two can serve
        every request, and they accept requests until the queue is empty.
        """
        if not hasattr(self, "engine"):
            return
        for name, status in self.engine.snapshot().requests.items():
            if status.request.only and status.state != "accepted":
                self.do("cancel", name)
        everything = (frozenset({"ko", "en"}), frozenset({"*"}), frozenset({"*"}))
        for name, role in (("all_user", "counselor"), ("all_help", "professional")):
            self.skills[name] = Staff(name, role, *everything)
            self.sign_in(self.skills[name])
            self.set_available(name)
        for _ in range(3 * len(self.open) + 3):
            for name, status in self.engine.snapshot().requests.items():
                if status.state == "suspended":
                    self.do("resume", name)
            for reservation, (request, _) in list(self.reservations.items()):
                if self.do("accept", reservation):
                    self.do("release", request)
        left = [name for name, status in self.engine.snapshot().requests.items() if status.state != "accepted"]
        assert left == []
