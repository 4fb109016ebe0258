"""The tests check when a silent media worker counts as dead, and how long the service waits before it starts a new one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signaling.mediaworkers.liveness import FIRST_S, PAUSES_S, SILENT_S, STARVED_S, TICK_S, Silence, is_starved, restart_pause_s


def ticks_until_death(silence: Silence, *, elapsed_s: float = TICK_S, starved: bool = False) -> int:
    for number in range(1, 10_000):
        silence.tick(elapsed_s)
        if silence.is_death(starved=starved):
            return number
    raise AssertionError("never")


def heard() -> Silence:
    silence = Silence()
    silence.heard()
    return silence


def test_three_missed_heartbeats_mean_death() -> None:
    assert ticks_until_death(heard()) * TICK_S == pytest.approx(SILENT_S)


def test_heartbeat_restarts_the_count() -> None:
    silence = heard()
    for _ in range(100):
        silence.tick(TICK_S)
        silence.tick(TICK_S)
        silence.heard()
        assert not silence.is_long


def test_own_lateness_does_not_count_as_silence() -> None:
    silence = heard()
    silence.tick(30.0)
    assert not silence.is_long, "one late tick: what the worker said lies unread"
    assert ticks_until_death(heard(), elapsed_s=2.0) == ticks_until_death(heard())


def test_worker_starved_of_processor_gets_more_time() -> None:
    assert ticks_until_death(heard(), starved=True) * TICK_S == pytest.approx(STARVED_S)


def test_first_heartbeat_may_take_longer() -> None:
    assert ticks_until_death(Silence()) * TICK_S == pytest.approx(FIRST_S)


@pytest.mark.parametrize(("state", "starved"), [("R", True), ("D", True), ("S", False), ("T", False), ("Z", False)])
def test_process_run_delay_is_read_from_the_kernel(tmp_path: Path, state: str, starved: bool) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text(f"7 (a name) R) {state} 1 7 7 0 -1")
    assert is_starved(7, tmp_path) is starved


def test_ended_process_is_not_starved(tmp_path: Path) -> None:
    assert not is_starved(7, tmp_path)
    assert is_starved(os.getpid())


def test_only_many_deaths_cause_a_backoff() -> None:
    assert restart_pause_s([1.0, 2.0, 3.0], 4.0) == 0
    assert restart_pause_s([float(n) for n in range(5)], 5.0) > 0
    assert restart_pause_s([float(n) for n in range(30)], 30.0) == PAUSES_S[-1]
    assert restart_pause_s([float(n) for n in range(30)], 500.0) == 0, "it is forgiven after a minute"
