"""A simulated day on the matching engine, in virtual time: a heap of future events, without real time and asyncio.

The simulation makes the same steps as the service. Staff sign in. Users wait in queues and are told the range of their expected
wait. Staff accept, decline or miss rings. Conversations end and staff wrap up. No simulated console disconnects: `RULES` makes
presence leases last 400 days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final

import numpy as np

from matcher.engine import Engine
from matcher.rules import Rules
from matcher.simulation.appointments import APPOINTMENT, Appointments, Kept
from matcher.simulation.arrivals import Arrivals
from matcher.simulation.model import DAY_S, Model, Spread, StaffModel
from matcher.types import AnyEvent, Request, Reserved, Staff, StaffChanged, StaffState

START_MS: Final = 1_800_000_000_000 - 1_800_000_000_000 % (DAY_S * 1000)  # the first midnight of every simulation (Unix ms, UTC)
NOBODY: Final = -1  # Value of `by` in an Outcome if nobody served the user.
UNTOLD: Final = -1  # Value of `low_s` and `high_s` in an Outcome if the user was told no range of waiting times.
SWEEP_MS: Final = 1_000  # At least this many ms pass between two looks for deadlines that have passed.
RULES: Final = Rules(lease_ms=400 * DAY_S * 1000, max_requests=2_000_000)


@dataclass(slots=True)
class Told:
    """Counts of the ranges of waiting times that users were told, by whether the ranges came true.

    `told`: how many ranges are counted. `kept`: in how many of these ranges the user was served. `early`: how many users were
    served before their range began. `late`: how many users still waited when their range ended; they were served later or not at
    all. If a user stopped waiting unserved before the end of the range, the range is not counted: nobody knows when the user
    would have been served.
    """

    told: int = 0
    kept: int = 0
    early: int = 0
    late: int = 0

    def count(self, low_s: float, high_s: float, waited_s: float, *, served: bool) -> None:
        """Count one expected wait, from `low_s` to `high_s`, and whether it came true.

        `waited_s`: how long the user waited after they were told this expected wait.
        """
        if waited_s > high_s:
            self.late += 1
        elif not served:
            return
        elif waited_s < low_s:
            self.early += 1
        else:
            self.kept += 1
        self.told += 1

    @property
    def kept_percent(self) -> float | None:
        """Return the percentage of the counted ranges that contained the real wait, or None if no range was counted."""
        return 100 * self.kept / self.told if self.told else None


@dataclass(slots=True)
class Outcome:
    """The result of a day: arrays with one entry for each arrival, in their order, and totals.

    `waited_s`: how many seconds the user waited. `served`, `gave_up`: if neither is true, the user waited until the end of the
    day. `low_s`, `high_s`: the range of the wait (s) that the user was told at the start, or `UNTOLD`. `first`: how many ranges
    users were told when they came, and how many of these contained the real wait. `later`: the same for ranges that users were
    told afterwards.
    `state_s`: seconds in each state, by group of staff. `rings`: how many rings each group got. `steps`: how many steps the
    engine made. `by`: index of the group whose member served the user, or `NOBODY`. `appointments`: how appointments were kept;
    None if the model has no appointments.
    """

    arrivals: Arrivals
    waited_s: Any
    served: Any
    gave_up: Any
    low_s: Any
    high_s: Any
    by: Any
    first: Told = field(default_factory=Told)
    later: Told = field(default_factory=Told)
    state_s: dict[str, dict[StaffState, float]] = field(default_factory=dict)
    rings: dict[str, int] = field(default_factory=dict)
    steps: int = 0
    appointments: Kept | None = None


class _Draws:
    """Random durations of one distribution. Drawing 1,000 at a time takes a tenth of the time that single draws would take."""

    def __init__(self, spread: Spread, rng: np.random.Generator) -> None:
        self._values = self._forever(spread, rng)

    def __call__(self) -> int:
        """Return the next random duration, in ms."""
        return next(self._values)

    @staticmethod
    def _forever(spread: Spread, rng: np.random.Generator) -> Iterator[int]:
        while True:
            yield from (spread.draw(rng, 1000) * 1000).astype(int).tolist()


class _Group:
    """The simulated staff of one `StaffModel`, who answer and wrap up equally fast.

    `state_ms`: how many ms all members of the group together have spent in each state. `rings`: how often a request rang at them.
    """

    def __init__(self, number: int, model: StaffModel, rng: np.random.Generator) -> None:
        self.number = number
        self.model = model
        self.answer_ms = _Draws(model.answer, rng)
        self.wrap_up_ms = _Draws(model.wrap_up, rng)
        self.back_after_ms = round(model.back_after_s * 1000)
        self.state_ms: dict[StaffState, int] = defaultdict(int)
        self.rings = 0


class _Person:
    """One member of staff.

    `shift`: how many shifts of the member have begun and not ended. `leaving`: the last shift has ended, so the member signs out
    as soon as no conversation is left.
    """

    __slots__ = ("group", "leaving", "shift", "since_ms", "staff", "state")

    def __init__(self, name: str, group: _Group) -> None:
        model = group.model
        self.group = group
        languages, sites, categories = frozenset(model.languages), frozenset(model.sites), frozenset(model.categories)
        self.staff = Staff(name, model.role, languages, sites, categories, model.texts, model.calls, model.texts_in_call)
        self.state: StaffState = "signed_out"
        self.since_ms = START_MS
        self.shift = 0  # a number and not a flag, because the shifts of two days can overlap
        self.leaving = False


class Day:
    """One simulated day. `run` simulates the day and returns the outcome.

    The same `seed` gives the same random draws. `tell_every_s`: every this many seconds, a waiting user is told a new range of
    waiting times. 0: a user is told only one range, at the start of the wait. None: users are told no range.
    """

    def __init__(
        self, arrivals: Arrivals, model: Model, seed: int = 1, *, tell_every_s: float | None = 30, rules: Rules = RULES
    ) -> None:
        self.engine = Engine(rules)
        self.arrivals = arrivals
        self._rng = np.random.default_rng([seed, 1])
        self._tells = tell_every_s is not None
        self._tell_every_ms = round((tell_every_s or 0) * 1000)
        self._groups = [_Group(number, each, self._rng) for number, each in enumerate(model.staff)]
        self._people: dict[str, _Person] = {}
        self._heap: list[tuple[int, int, Callable[..., None], Any]] = []
        self._counter = 0
        self._now_ms = START_MS
        self._at_ms = (START_MS + (arrivals.at_s * 1000)).astype(np.int64).tolist()
        self._queue = arrivals.queue.tolist()
        # Index of an arrival → each expected wait that the user was told: (time in ms, least wait in s, longest wait in s).
        self._told: dict[int, list[tuple[int, int, int]]] = {}
        count = len(arrivals)
        self.outcome = Outcome(
            arrivals,
            np.zeros(count),
            np.zeros(count, bool),
            np.zeros(count, bool),
            np.full(count, UNTOLD),
            np.full(count, UNTOLD),
            np.full(count, NOBODY),
        )
        plan = model.appointments
        self._booked = None if plan is None else Appointments(plan, self.engine, self._at, self._follow, self._rng)
        self.outcome.appointments = self._booked.kept if self._booked is not None else None
        self._plan_shifts()

    def run(self) -> Outcome:
        """Run until no event is left: all shifts and conversations have ended, and users who give up have done so."""
        heap, arrivals, count = self._heap, self._at_ms, len(self._at_ms)
        following = 0
        sweep_ms = START_MS
        while heap or following < count:
            due_ms = heap[0][0] if heap else arrivals[following]
            arrives = following < count and arrivals[following] <= due_ms
            now_ms = arrivals[following] if arrives else due_ms
            if now_ms >= sweep_ms:
                self._sweep(sweep_ms, now_ms)
                sweep_ms = now_ms + SWEEP_MS
                continue  # choose again: perhaps the sweep has put an event into the heap that comes before the chosen one
            self._now_ms = now_ms
            if arrives:
                self._arrive(following)
                following += 1
            else:
                _, _, what, about = heappop(heap)
                what(about)
        self._close()
        return self.outcome

    # --- the clock ---------------------------------------------------------------------------------------------------

    def _at(self, at_ms: int, what: Callable[..., None], about: Any) -> None:
        self._counter += 1
        heappush(self._heap, (at_ms, self._counter, what, about))

    def _after(self, ms: int, what: Callable[..., None], about: Any) -> None:
        self._at(self._now_ms + ms, what, about)

    def _sweep(self, due_ms: int, now_ms: int) -> None:
        """Call the engine's `sweep` at the time of each deadline that has passed, as the service does."""
        deadline = self.engine.next_deadline_ms()
        while deadline is not None and deadline <= now_ms:
            self._now_ms = max(due_ms, deadline)
            self._follow(self.engine.sweep(self._now_ms))
            deadline = self.engine.next_deadline_ms()

    def _follow(self, events: list[AnyEvent]) -> None:
        self.outcome.steps += 1
        for event in events:
            if type(event) is StaffChanged:
                self._staff_changed(event)
            elif type(event) is Reserved:
                self._rings(event)

    # --- users -------------------------------------------------------------------------------------------------------

    def _arrive(self, index: int) -> None:
        queue = self._queue[index]
        kind, site, language, path, medium = self.arrivals.queues[queue]
        priority, widens_ms = self.arrivals.rules.get(queue, (0, None))
        self._told[index] = []
        request = Request(
            str(index), kind, site, language, path, self._now_ms, priority=priority, widens_ms=widens_ms, medium=medium
        )
        self._follow(self.engine.enqueue(request, self._now_ms))
        if self._tells:
            self._tell(index)
        patience_s = self.arrivals.patience_s[index]
        if patience_s < 400 * DAY_S:
            self._after(int(patience_s * 1000), self._give_up, index)

    def _tell(self, index: int) -> None:
        told = self._told.get(index)
        if told is None:
            return
        place = self.engine.place(str(index), self._now_ms)
        if place is not None and place.low_s is not None and place.high_s is not None:
            if self._now_ms == self._at_ms[index]:
                self.outcome.low_s[index], self.outcome.high_s[index] = place.low_s, place.high_s
            told.append((self._now_ms, place.low_s, place.high_s))
        # After the last shift, users get no further range of their expected wait. Otherwise a user who never gives up would get
        # ranges without end, and the simulation would not end.
        if self._tell_every_ms and self._now_ms < self._last_shift_ms:
            self._after(self._tell_every_ms, self._tell, index)

    def _give_up(self, index: int) -> None:
        if index in self._told:
            self._follow(self.engine.cancel(str(index), self._now_ms))
            self.outcome.gave_up[index] = True
            self._wait_over(index, served=False)

    def _wait_over(self, index: int, *, served: bool) -> None:
        outcome, began_ms = self.outcome, self._at_ms[index]
        outcome.waited_s[index] = (self._now_ms - began_ms) / 1000
        outcome.served[index] = served
        for at_ms, low_s, high_s in self._told.pop(index):
            counted = outcome.first if at_ms == began_ms else outcome.later
            counted.count(low_s, high_s, (self._now_ms - at_ms) / 1000, served=served)

    def _complete(self, request: int | str) -> None:
        self._follow(self.engine.complete(str(request), self._now_ms))

    # --- staff -------------------------------------------------------------------------------------------------------

    def _plan_shifts(self) -> None:
        days = int(self._at_ms[-1] - START_MS) // (DAY_S * 1000) + 1 if self._at_ms else 1
        self._last_shift_ms = START_MS
        for group in self._groups:
            shifts = group.model.on_duty(days)
            self._last_shift_ms = max(self._last_shift_ms, *(START_MS + end * 1000 for _, end in shifts), START_MS)
            for number in range(group.model.people):
                person = _Person(f"{group.model.name} {number + 1}", group)
                self._people[person.staff.id] = person
                for begin, end in shifts:
                    self._at(START_MS + begin * 1000, self._comes, person)
                    self._at(START_MS + end * 1000, self._goes, person)
                    if self._booked is not None:
                        self._booked.plan(person.staff, START_MS + begin * 1000, START_MS + end * 1000, self.arrivals.queues)

    def _comes(self, person: _Person) -> None:
        person.shift += 1
        person.leaving = False
        if person.state == "signed_out":
            self._follow(self.engine.sign_in(person.staff, self._now_ms))
            self._follow(self.engine.set_available(person.staff.id, self._now_ms))

    def _goes(self, person: _Person) -> None:
        person.shift -= 1
        if person.shift:
            return
        person.leaving = True
        if person.state in ("away", "available"):
            self._follow(self.engine.sign_out(person.staff.id, self._now_ms))
        elif person.state == "busy":
            self._follow(self.engine.set_away(person.staff.id, self._now_ms))

    def _rings(self, event: Reserved) -> None:
        """Count a ring (alert about a request), and decide by a random draw whether the member misses, declines or accepts it."""
        person = self._people[event.staff]
        group = person.group
        group.rings += 1
        if self._booked is not None:
            self._booked.rings(event)
        percent = self._rng.random() * 100 if group.model.declined_percent or group.model.missed_percent else 100.0
        if percent < group.model.missed_percent:
            return  # the member does not answer; a later sweep finds that the reservation has expired, and ends it
        declined = percent < group.model.missed_percent + group.model.declined_percent
        self._after(group.answer_ms(), self._decline if declined else self._accept, event)

    def _accept(self, event: Reserved) -> None:
        if not self._still_rings(event):
            return
        if self._booked is not None and event.request.startswith(APPOINTMENT):
            self._booked.accepted(event.request)
            self._follow(self.engine.accept(event.reservation, self._now_ms))
            self._follow(self.engine.entered(event.request, self._now_ms))
            self._after(self._booked.handle_ms(), self._complete, event.request)
        else:
            index = int(event.request)
            self._follow(self.engine.accept(event.reservation, self._now_ms))
            self.outcome.by[index] = self._people[event.staff].group.number
            self._wait_over(index, served=True)
            self._follow(self.engine.entered(event.request, self._now_ms))
            self._after(int(self.arrivals.handle_s[index] * 1000), self._complete, index)

    def _decline(self, event: Reserved) -> None:
        if self._still_rings(event):
            self._follow(self.engine.decline(event.reservation, self._now_ms))

    def _still_rings(self, event: Reserved) -> bool:
        status = self.engine.request_status(event.request)
        return status is not None and status.reservation == event.reservation and self._now_ms < event.expires_at_ms

    def _staff_changed(self, event: StaffChanged) -> None:
        person = self._people[event.staff]
        group = person.group
        group.state_ms[person.state] += event.at_ms - person.since_ms
        person.state, person.since_ms = event.state, event.at_ms
        if event.state == "wrap_up":
            self._after(group.wrap_up_ms(), self._ready, person)
        elif event.state == "away" and event.reason == "missed":
            self._after(0 if person.leaving else group.back_after_ms, self._ready, person)

    def _ready(self, person: _Person) -> None:
        """End a member's wrap-up or break: make the member available, or sign the member out if no shift is left."""
        if person.state not in ("wrap_up", "away"):
            return
        name, step = person.staff.id, self.engine.wrapped_up if person.state == "wrap_up" else None
        if person.leaving:
            if step is not None:
                self._follow(step(name, self._now_ms, available=False))
            self._follow(self.engine.sign_out(name, self._now_ms))
        else:
            self._follow((step or self.engine.set_available)(name, self._now_ms))

    def _close(self) -> None:
        """End the day: count waiting users among those who were not served, and sum up each group's seconds in each state."""
        for index in list(self._told):
            self._wait_over(index, served=False)
        if self._booked is not None:
            self._booked.close()
        for group in self._groups:
            name = group.model.name
            self.outcome.state_s[name] = {state: ms / 1000 for state, ms in group.state_ms.items()}
            self.outcome.rings[name] = group.rings
