from __future__ import annotations

from collections import Counter

import pytest

from loadtest.ear import Heard
from loadtest.report import Outcome, Report, Spread, report, spread


def heard(mos: float, loss: float = 0.0) -> Heard:
    return Heard(100, loss, loss, 1.0, 5.0, 40.0, 71.5, mos)


def of(*outcomes: Outcome) -> Report:
    return report(list(outcomes), staff_lost=Counter(), declined_rings=0, seconds=9.0, own_cpu_percent=3.0, late_ms=[1.0])


def test_failed_calls_are_counted_by_reason_and_excluded_from_figures() -> None:
    held = Outcome(waited_ms=100.0, set_up_ms=200.0, heard=[heard(4.0), heard(3.0, 0.1)])
    found = of(held, Outcome(failed="no_udp", waited_ms=300.0), Outcome(failed="no_udp"), Outcome(failed="replaced"))
    assert (found.calls, found.held) == (4, 1)
    assert found.failures == {"no_udp": 2, "replaced": 1}
    assert found.set_up_ms == Spread(200.0, 200.0, 200.0)
    assert found.waited_ms == Spread(300.0, 300.0, 300.0)
    assert found.loss_percent is not None
    assert found.loss_percent.worst == pytest.approx(10.0)


def test_worst_score_is_the_lowest_and_worst_delay_the_longest() -> None:
    found = of(Outcome(heard=[heard(each / 10) for each in range(20, 45)]))
    assert found.mos_estimated is not None
    assert found.mos_estimated.worst == 2.0
    assert found.mos_estimated.p95 < found.mos_estimated.p50
    assert spread(range(1, 101)) == Spread(51, 96, 100)


def test_empty_results_give_an_empty_report() -> None:
    found = of()
    assert (found.set_up_ms, found.mos_estimated) == (None, None)
