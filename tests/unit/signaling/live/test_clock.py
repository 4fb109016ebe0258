"""A steady clock follows the machine's clock, but does not jump when somebody sets that clock."""

from __future__ import annotations

import pytest

from signaling.live.clock import SteadyClock

HOUR = 3_600_000


class Machine:
    """A machine whose clock can be set. `pass_` lets time pass."""

    def __init__(self) -> None:
        self.wall, self.uptime = 1_700_000_000_000, 5_000.0

    def pass_(self, ms: int) -> None:
        self.wall += ms
        self.uptime += ms

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.uptime)


def test_clock_agrees_with_the_machine_while_nobody_sets_it() -> None:
    machine = Machine()
    now = machine.clock()
    for _ in range(100):
        machine.pass_(40)
        machine.wall += 1  # the machine's clock is a little fast, and the steady clock follows it
        assert now() == machine.wall


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_step_of_an_hour_changes_no_deadline(step: int) -> None:
    machine = Machine()
    now = machine.clock()
    began = now()
    machine.pass_(10)
    machine.wall += step
    assert now() == began + 10
    for _ in range(200):
        machine.pass_(100)
        now()
    assert 15_000 <= now() - began <= 25_100, "20 s last about 20 s"


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_clock_agrees_again_after_four_hours(step: int) -> None:
    machine = Machine()
    now = machine.clock()
    machine.wall += step
    before = now()
    for _ in range(5 * 3600):
        machine.pass_(1000)
        assert now() > before, "it never runs backwards"
        before = now()
    assert now() == machine.wall


def test_clock_that_is_set_back_again_is_followed_at_once() -> None:
    machine = Machine()
    now = machine.clock()
    machine.wall += HOUR
    now()
    machine.pass_(100)
    machine.wall -= HOUR
    assert abs(now() - machine.wall) <= 100
