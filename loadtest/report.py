"""The report of a run: figures of many calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .ear import Heard


@dataclass
class Outcome:
    """The result of one call.

    `failed`: why the call failed; "" for a call that took place. Times are in ms. None: the call failed before this was measured.
    """

    failed: str = ""
    waited_ms: float | None = None
    """Time from the user's click until a counselor accepts the call."""
    set_up_ms: float | None = None
    """Time from the counselor's acceptance until user and counselor hear each other."""
    heard: list[Heard] = field(default_factory=list)
    """What the user heard and what the counselor heard."""


@dataclass(frozen=True)
class Spread:
    """Three figures of the values that many calls or listeners have: the median, the 95th percentile, and the worst value.

    The 95th percentile is counted from the best value: 5 % of the values are worse.
    """

    p50: float
    p95: float
    worst: float


@dataclass(frozen=True)
class Report:
    """The figures of a run. None: there was nothing to measure.

    `mos_estimated` (a voice quality from 1 to 5, by the E-model) is the only figure whose worst value is its lowest one.
    """

    calls: int
    held: int
    failures: dict[str, int]
    staff_lost: dict[str, int]
    declined_rings: int
    seconds: float
    waited_ms: Spread | None
    set_up_ms: Spread | None
    network_ms: Spread | None
    mouth_to_ear_ms: Spread | None
    jitter_ms: Spread | None
    loss_percent: Spread | None
    concealed_percent: Spread | None
    mos_estimated: Spread | None
    own_cpu_percent: float
    own_lateness_p95_ms: float


def report(
    outcomes: list[Outcome],
    *,
    staff_lost: Counter[str],
    declined_rings: int,
    seconds: float,
    own_cpu_percent: float,
    late_ms: Iterable[float],
) -> Report:
    """Make the report. `seconds`: length of the run. `late_ms`: by how many ms the simulated callers sent later than planned."""
    heard = [each for outcome in outcomes for each in outcome.heard if each.packets]
    lateness = spread(late_ms)
    return Report(
        calls=len(outcomes),
        held=sum(not each.failed for each in outcomes),
        failures=dict(Counter(each.failed for each in outcomes if each.failed).most_common()),
        staff_lost=dict(staff_lost),
        declined_rings=declined_rings,
        seconds=round(seconds, 1),
        waited_ms=spread(each.waited_ms for each in outcomes),
        set_up_ms=spread(each.set_up_ms for each in outcomes),
        network_ms=spread(each.network_ms for each in heard),
        mouth_to_ear_ms=spread(each.mouth_to_ear_ms for each in heard),
        jitter_ms=spread(each.jitter_ms for each in heard),
        loss_percent=spread(100 * each.loss for each in heard),
        concealed_percent=spread(100 * each.concealed for each in heard),
        mos_estimated=spread((each.mos for each in heard), worst_is_lowest=True),
        own_cpu_percent=round(own_cpu_percent, 1),
        own_lateness_p95_ms=lateness.p95 if lateness else 0.0,
    )


def spread(values: Iterable[float | None], *, worst_is_lowest: bool = False) -> Spread | None:
    """Return median, 95th percentile and worst of the values that are not None. Return None if there are no such values."""
    ordered = sorted((each for each in values if each is not None), reverse=worst_is_lowest)
    if not ordered:
        return None
    at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95)]
    return Spread(*(round(each, 2) for each in (*at, ordered[-1])))
