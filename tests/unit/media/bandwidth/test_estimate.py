"""The estimate against paths of known width, on virtual time."""

from __future__ import annotations

import pytest

from .path import Path


@pytest.mark.parametrize("capacity_bps", [150_000, 500_000, 2_000_000])
def test_it_finds_the_width_of_the_path_and_keeps_its_queue_short(capacity_bps: int) -> None:
    path = Path(capacity_bps)
    path.send(20)
    rates = []
    path.longest_queue_s = 0.0
    for _ in range(200):
        path.send(0.1)
        rates.append(path.estimator.bps)
    assert 0.6 * capacity_bps < sum(rates) / len(rates) < 1.1 * capacity_bps
    assert path.longest_queue_s < 0.3


def test_a_wide_path_is_found_in_seconds() -> None:
    path = Path(10_000_000)
    path.send(4)
    assert path.estimator.bps > 2_000_000


def test_jitter_alone_is_not_congestion() -> None:
    path = Path(10_000_000, jitter_s=0.03)
    path.send(20, bps=600_000)
    assert path.estimator.bps > 600_000


def test_a_path_that_narrows_is_noticed_within_a_second() -> None:
    path = Path(2_000_000)
    path.send(10, bps=800_000)
    path.capacity_bps = 300_000
    path.send(1.0, bps=800_000)
    assert path.estimator.bps < 350_000


def test_a_path_that_widens_is_found_again() -> None:
    path = Path(150_000)
    path.send(15)
    path.capacity_bps = 2_000_000
    path.send(30)
    assert path.estimator.bps > 800_000


def test_loss_without_delay_does_not_starve_what_arrives() -> None:
    path = Path(10_000_000, loss=0.15)
    path.send(30, bps=500_000)
    assert path.estimator.bps > 300_000


def test_a_path_that_stands_still_is_noticed() -> None:
    path = Path(2_000_000)
    path.send(5, bps=800_000)
    before = path.estimator.bps
    path.loss = 1.0
    path.send(5, bps=800_000)
    assert path.estimator.bps < before / 2


def test_without_any_feedback_nothing_is_concluded() -> None:
    path = Path(1_000_000, loss=1.0)
    path.send(5, bps=300_000)
    assert not path.estimator.heard


@pytest.mark.parametrize("queue_s", [0.15, 0.3, 1.0])
def test_a_queue_that_stays_full_is_congestion_however_the_path_drops(queue_s: float) -> None:
    """A layer that does not get smaller by itself, on a path that is a fifth too narrow for it."""
    path = Path(120_000, queue_s=queue_s)
    path.send(5, bps=150_000)
    assert path.estimator.bps < 125_000


def test_the_last_packets_before_a_pause_are_no_stall() -> None:
    path = Path(120_000)
    path.send(3, bps=150_000)
    before = path.estimator.bps
    path.send(15, bps=0)
    assert path.estimator.bps > 2 * before
