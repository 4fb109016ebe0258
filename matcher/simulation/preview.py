"""Preview a change of settings: simulate past days with the old and the new settings, and with the same arrivals in both.

A user who would come while their topic is closed (`Topic.open`) does not arrive. Simulated staff accept every ring.
`python -m matcher.simulation.preview` reads a `Work` as MessagePack from standard input, and writes a `Preview` to standard
output.

A simulated user gives up after some time: the user's patience. For a user who really gave up, the patience is the time that this
user waited. For a user who was served, or who did not wait at all, the patience is unknown. So the preview takes that user's wait
and adds a random time. The random times have an exponential distribution. The mean of this distribution is the sum of all waits,
divided by the number of users who waited and gave up. This mean is kept within the bounds `_PATIENCE_S`.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from matcher.queue import QueueKey
from matcher.rules import ALL
from matcher.simulation.arrivals import Arrivals
from matcher.simulation.day import Day, Outcome
from matcher.simulation.model import DAY_S, Model, Spread, StaffModel
from matcher.simulation.report import ON_DUTY, WORKING
from matcher.simulation.work import FAIR, FEW, GOOD, Figures, Person, Preview, Sureness, Topic, Visit, Work

STEADY_VISITS: Final = 1_500  # Few visits are simulated several times: all times together, at most this many visits.
MOST_TIMES: Final = 5  # The same days are simulated with the same settings at most this many times.
NICE: Final = 5  # This is added to the process's niceness, so that calls get the CPU first.
_PATIENCE_S: Final = (20.0, 3_600.0)  # Least and largest mean patience that a preview assumes for users.
_HANDLE_S: Final = 300.0  # Assumed length in s of text conversations if the past days had none; likewise of calls.


class _Present(StaffModel, frozen=True):
    """One member of staff, and the periods in which this member was at work."""

    shifts: list[str] = msgspec.field(default_factory=list)
    at: list[tuple[int, int]] = msgspec.field(default_factory=list)

    def on_duty(self, days: int) -> list[tuple[int, int]]:
        return self.at


def preview(work: Work) -> Preview:
    """Simulate the past days with the settings before and after the change, with the same random seeds in both."""
    counted = [visit for visit in work.visits if visit.counts]
    times = max(1, min(MOST_TIMES, STEADY_VISITS // max(1, len(work.visits))))
    before = [_day(work, work.before, work.staff_before, seed) for seed in range(times)]
    after = [_day(work, work.after, work.staff_after, seed) for seed in range(times)]
    return Preview(
        _really(counted),
        _figures(before, times),
        _figures(after, times),
        len(counted),
        len({int(visit.at_s // DAY_S) for visit in counted}),
        _sure(len(counted)),
    )


def _sure(count: int) -> Sureness:
    return "few" if count < FEW else "rough" if count < FAIR else "fair" if count < GOOD else "good"


def _really(visits: list[Visit]) -> Figures:
    waits = np.array([visit.waited_s for visit in visits if visit.talked_s is not None])
    gone = sum(visit.talked_s is None for visit in visits)
    return _figure(len(visits), waits, gone)


def _figure(came: int, waits: NDArray[np.float64], gone: float, occupancy: float | None = None) -> Figures:
    p50, p90 = np.percentile(waits, (50, 90)).round(1).tolist() if len(waits) else (None, None)
    return Figures(came, p50, p90, round(100 * gone / came, 1) if came else 0.0, occupancy)


class _Simulated(Struct):
    outcome: Outcome
    counts: NDArray[np.bool_]


def _figures(days: list[_Simulated], times: int) -> Figures:
    """Return the figures of simulated days. A user whom nobody has served by the end counts as given up."""
    waits = np.concatenate([day.outcome.waited_s[day.outcome.served & day.counts] for day in days])
    gone = sum(int((~day.outcome.served & day.counts).sum()) for day in days)
    came = sum(int(day.counts.sum()) for day in days)
    states = [states for day in days for states in day.outcome.state_s.values()]
    on_duty = sum(each.get(state, 0) for each in states for state in ON_DUTY)
    working = sum(each.get(state, 0) for each in states for state in WORKING)
    found = _figure(came, waits, gone, round(100 * working / on_duty, 1) if on_duty else None)
    return msgspec.structs.replace(found, came=round(came / times))


def _day(work: Work, topics: list[Topic], staff: list[Person], seed: int) -> _Simulated:
    rng = np.random.default_rng([seed, 7])
    handle, patience = _handles(work.visits, rng), _patiences(work.visits, rng)
    came = np.array([_is_open(topics[visit.topic], visit.at_s) for visit in work.visits], bool)
    queues: dict[QueueKey, int] = {}
    rules: dict[int, tuple[int, tuple[int, int] | None]] = {}
    which = []
    for visit in work.visits:
        topic = topics[visit.topic]
        key: QueueKey = (work.kind, topic.site, visit.language, topic.path, visit.medium)
        number = queues.setdefault(key, len(queues))
        rules[number] = (topic.priority, topic.widens_ms)
        which.append(number)
    at_s = np.array([visit.at_s for visit in work.visits])
    counts = np.array([visit.counts for visit in work.visits], bool)
    order = np.argsort(at_s, kind="stable")
    order = order[came[order]]
    arrivals = Arrivals(list(queues), at_s[order], np.array(which, np.int32)[order], handle[order], patience[order], rules)
    groups: list[StaffModel] = [_present(person, work) for person in staff if person.at]
    return _Simulated(Day(arrivals, Model(groups), seed, tell_every_s=None).run(), counts[order])


def _present(person: Person, work: Work) -> StaffModel:
    return _Present(
        name=person.id,
        people=1,
        role="counselor" if work.kind == "user" else "professional",
        languages=person.languages,
        sites=tuple(person.sites) or (ALL,),
        categories=tuple(person.categories) or (ALL,),
        texts=person.texts,
        calls=person.calls,
        texts_in_call=person.texts_in_call,
        answer=Spread(work.answer_s),
        wrap_up=Spread(work.wrap_up_s),
        declined_percent=0,
        missed_percent=0,
        at=person.at,
    )


def _is_open(topic: Topic, at_s: float) -> bool:
    return topic.open is None or any(begin <= at_s < end for begin, end in topic.open)


def _handles(visits: list[Visit], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return each conversation's length (s). If nobody served the user, draw one of the lengths in the same medium."""
    handle = np.empty(len(visits))
    for medium in ("text", "call"):
        talked = np.array([v.talked_s for v in visits if v.medium == medium and v.talked_s is not None] or [_HANDLE_S])
        for index, visit in enumerate(visits):
            if visit.medium == medium:
                handle[index] = rng.choice(talked) if visit.talked_s is None else visit.talked_s
    return handle


def _patiences(visits: list[Visit], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the patience of each user: how long the user waits at most (s)."""
    waited = np.array([visit.waited_s for visit in visits])
    served = np.array([visit.talked_s is not None for visit in visits], bool)
    mean_s = float(np.clip(waited.sum() / max(0.5, float((~served & (waited > 0)).sum())), *_PATIENCE_S))
    more = rng.exponential(mean_s, len(visits))
    return np.where(served | (waited <= 0), waited + more, waited)


def main() -> None:
    """Read one `Work` from standard input, write its preview to standard output, and end."""
    os.nice(NICE)
    gc.disable()  # the process lives for a second, and its memory is given back at its end
    work = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Work)
    sys.stdout.buffer.write(msgspec.msgpack.encode(preview(work)))


if __name__ == "__main__":
    main()
