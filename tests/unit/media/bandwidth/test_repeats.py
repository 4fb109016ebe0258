from __future__ import annotations

import pytest

from media.bandwidth import Estimator, RepeatBudget
from media.bandwidth.repeats import HEADER_BYTES, LEAST_SHARE, MOST_BPS, MOST_PER_S, VOICE_BPS
from tests.unit.media.bandwidth.path import PACKET_BYTES, STEP_S, Path


class Viewer:
    """A viewer that requests as many retransmissions as possible. The worker sends as many as its budget allows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.budget = RepeatBudget(path.now)
        self.video_bps = 0.0

    def watch(self, seconds: float, *, requests: bool = True) -> float:
        """Let the viewer watch for `seconds`. Return the bits per second of retransmissions."""
        octets = 0
        for _ in range(round(seconds / STEP_S)):
            repeats = self._repeat() if requests else 0
            octets += repeats
            self.path.step(self.video_bps + repeats * 8 / STEP_S)
        return octets * 8 / seconds

    def _repeat(self) -> int:
        octets = 0
        self.budget.pictures_bps = self.video_bps
        self.budget.follow(self.path.estimator, self.path.now)
        while self.budget.take(PACKET_BYTES, self.path.now):
            octets += PACKET_BYTES
        return octets


def heard(bps: float) -> Estimator:
    path = Estimator(0.0)
    path.heard, path.bps = True, bps
    return path


def spent(budget: RepeatBudget, path: Estimator, size_bytes: int = PACKET_BYTES, seconds: int = 10) -> int:
    """Return how many packets of this size the budget allows in `seconds`, if one is requested every millisecond."""
    count = 0
    for step in range(1000 * seconds):
        budget.follow(path, step / 1000)
        count += budget.take(size_bytes, step / 1000)
    return count


def test_repeats_leave_a_lowered_link_to_voice_and_video() -> None:
    """Before retransmissions had a budget, the worker sent 3.9 Mbit/s of them for four seconds to a link of 400 kbit/s."""
    viewer = Viewer(Path(4_000_000))
    viewer.video_bps = 1_000_000
    viewer.watch(8, requests=False)
    viewer.path.capacity_bps = 400_000
    viewer.watch(1)
    viewer.video_bps = 150_000
    assert viewer.watch(4) < 250_000
    assert viewer.path.queued_s < 0.05, "the queue has drained"


def test_link_gives_repeats_what_voice_and_video_leave() -> None:
    budget = RepeatBudget(0.0)
    budget.pictures_bps = 300_000
    packet_bits = 8 * (PACKET_BYTES + HEADER_BYTES)
    rate = spent(budget, heard(1_000_000)) * packet_bits / 10
    assert rate == pytest.approx(1_000_000 - 300_000 - VOICE_BPS, rel=0.05)


def test_full_link_repeats_a_little_even_if_video_takes_all() -> None:
    budget = RepeatBudget(0.0)
    budget.pictures_bps = 2_000_000
    packet_bits = 8 * (PACKET_BYTES + HEADER_BYTES)
    rate = spent(budget, heard(1_000_000)) * packet_bits / 10
    assert rate == pytest.approx(LEAST_SHARE * 1_000_000, rel=0.1)


def test_narrowest_link_still_gets_single_packets_again() -> None:
    assert spent(RepeatBudget(0.0), heard(20_000)) >= 2


@pytest.mark.parametrize(("size_bytes", "expected"), [(100, MOST_PER_S), (1200, MOST_BPS / 8 / (1200 + HEADER_BYTES))])
def test_unknown_link_limits_packets_and_bits(size_bytes: int, expected: float) -> None:
    count = spent(RepeatBudget(0.0), Estimator(0.0), size_bytes)
    assert count / 10 == pytest.approx(expected, rel=0.15)


def test_lossy_link_repeats_everything_lost() -> None:
    viewer = Viewer(Path(8_000_000, loss=0.05))
    viewer.video_bps = 1_000_000
    viewer.watch(10, requests=False)
    assert viewer.watch(5) > 0.05 * viewer.video_bps
