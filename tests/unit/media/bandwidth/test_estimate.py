"""The bandwidth estimate agrees with the known bandwidth of paths, in virtual time."""

from __future__ import annotations

import pytest

from .path import Path
from .replay import TRACES, congestion

NOTICED_S = 3.0
BUSY = sorted(each.stem for each in TRACES.glob("busy-*.xz"))
NARROW = sorted(each.stem for each in TRACES.glob("narrow-*.xz"))
NEVER = float("-inf")


@pytest.mark.parametrize("capacity_bps", [150_000, 500_000, 2_000_000])
def test_estimate_finds_the_bandwidth_and_keeps_the_queue_short(capacity_bps: int) -> None:
    path = Path(capacity_bps)
    path.send(20)
    rates = []
    path.longest_queue_s = 0.0
    for _ in range(200):
        path.send(0.1)
        rates.append(path.estimator.bps)
    assert 0.6 * capacity_bps < sum(rates) / len(rates) < 1.1 * capacity_bps
    assert path.longest_queue_s < 0.3


def test_high_bandwidth_is_found_in_seconds() -> None:
    path = Path(10_000_000)
    path.send(4)
    assert path.estimator.bps > 2_000_000


def test_jitter_alone_is_not_congestion() -> None:
    path = Path(10_000_000, jitter_s=0.03)
    path.send(20, bps=600_000)
    assert path.estimator.bps > 600_000


def test_bandwidth_drop_is_noticed_within_a_second() -> None:
    path = Path(2_000_000)
    path.send(10, bps=800_000)
    path.capacity_bps = 300_000
    path.send(1.0, bps=800_000)
    assert path.estimator.bps < 350_000


def test_bandwidth_recovery_is_found_again() -> None:
    path = Path(150_000)
    path.send(15)
    path.capacity_bps = 2_000_000
    path.send(30)
    assert path.estimator.bps > 800_000


def test_loss_without_delay_does_not_starve_the_stream() -> None:
    path = Path(10_000_000, loss=0.15)
    path.send(30, bps=500_000)
    assert path.estimator.bps > 300_000


def test_stalled_path_is_noticed() -> None:
    path = Path(2_000_000)
    path.send(5, bps=800_000)
    before = path.estimator.bps
    path.loss = 1.0
    path.send(5, bps=800_000)
    assert path.estimator.bps < before / 2


def test_missing_feedback_changes_nothing() -> None:
    path = Path(1_000_000, loss=1.0)
    path.send(5, bps=300_000)
    assert not path.estimator.heard


@pytest.mark.parametrize("queue_s", [0.15, 0.3, 1.0])
def test_standing_full_queue_is_congestion(queue_s: float) -> None:
    """The sender keeps sending 150 kbit/s, but the path carries only 120 kbit/s. So the queue at the path's entry stays full."""
    path = Path(120_000, queue_s=queue_s)
    path.send(5, bps=150_000)
    assert path.estimator.bps < 125_000


def test_last_packets_before_a_pause_are_no_stall() -> None:
    path = Path(120_000)
    path.send(3, bps=150_000)
    before = path.estimator.bps
    path.send(15, bps=0)
    assert path.estimator.bps > 2 * before


@pytest.mark.slow
@pytest.mark.parametrize(("awake_s", "asleep_s"), [(0.05, 0.1), (0.02, 0.25), (0.3, 0.6), (1.0, 2.5)])
def test_receiver_short_of_processor_time_is_no_congestion(awake_s: float, asleep_s: float) -> None:
    path = Path(10_000_000)
    path.send(3, bps=800_000)
    path.sleepy(60, awake_s=awake_s, asleep_s=asleep_s)
    path.send(60, bps=800_000)
    assert path.estimator.last_congestion == NEVER


def test_sender_that_pauses_and_catches_up_is_no_congestion() -> None:
    path = Path(10_000_000)
    for _ in range(100):
        path.send(0.25, bps=0)
        path.send(0.05, bps=4_800_000)
    assert path.estimator.last_congestion == NEVER


def test_large_keyframes_within_the_bandwidth_are_no_congestion() -> None:
    path = Path(1_000_000)
    for _ in range(20):
        path.send(0.02, bps=10_000_000)
        path.send(1.98, bps=500_000)
    assert path.estimator.last_congestion == NEVER


def test_longer_route_is_no_congestion() -> None:
    path = Path(10_000_000, jitter_s=0.004)
    path.send(10, bps=800_000)
    path.delay_s += 0.15
    path.send(30, bps=800_000)
    assert path.estimator.last_congestion == NEVER


def test_one_loss_at_a_full_socket_is_no_congestion() -> None:
    path = Path(10_000_000)
    path.send(5, bps=800_000)
    path.buffer_packets = 40
    path.asleep.append((path.now, path.now + 1.5))
    path.send(10, bps=800_000)
    assert path.estimator.last_congestion == NEVER


def test_late_reports_undo_the_cost_of_a_long_silence() -> None:
    path = Path(10_000_000)
    path.send(5, bps=800_000)
    before = path.estimator.bps
    path.asleep.append((path.now, path.now + 4.5))
    path.send(4.4, bps=800_000)
    assert path.estimator.bps < before / 2
    path.send(0.5, bps=800_000)
    assert path.estimator.bps >= before
    assert not path.estimator.is_congested(path.now)


@pytest.mark.parametrize("asleep_s", [0.0, 0.15])
@pytest.mark.parametrize(("capacity_bps", "bps"), [(60_000, 150_000), (140_000, 150_000), (400_000, 750_000), (700_000, 750_000)])
def test_late_receiver_still_reveals_congestion_in_time(capacity_bps: int, bps: int, asleep_s: float) -> None:
    path = Path(10_000_000)
    path.send(5, bps=bps)
    path.capacity_bps = capacity_bps
    if asleep_s:
        path.sleepy(10, awake_s=0.1, asleep_s=asleep_s)
    path.send(NOTICED_S, bps=bps)
    assert path.estimator.is_congested(path.now)
    assert path.estimator.bps < capacity_bps


def test_heavy_loss_is_noticed_in_time() -> None:
    path = Path(10_000_000)
    path.send(5, bps=750_000)
    path.loss = 0.2
    path.send(NOTICED_S, bps=750_000)
    assert path.estimator.is_congested(path.now)


@pytest.mark.parametrize("name", BUSY)
def test_traces_of_good_paths_under_load_show_no_congestion(name: str) -> None:
    assert list(congestion(name)) == []


@pytest.mark.parametrize("name", NARROW)
def test_traces_of_narrowed_paths_show_congestion_in_time(name: str) -> None:
    """The name of a trace ends with a number: the second of the call at which the path's bandwidth was lowered."""
    narrowed = float(name.rpartition("-")[2])
    assert 0 < next(congestion(name)) - narrowed < NOTICED_S
