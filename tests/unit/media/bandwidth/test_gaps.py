"""The gaps in which nothing arrives show whether packets are lost in bursts or one by one."""

from __future__ import annotations

import random

import pytest

from media.bandwidth.gaps import Gaps
from media.packets.red import BURSTY, EVEN
from tests.peers.proxy import Line, Way

PACKET = bytes([0x80, 111, *range(98)])


def share(line: Line, seed: int, every_s: float = 0.02, seconds: float = 20.0) -> float:
    way, gaps, found = Way(line, str(seed)), Gaps(), []
    for number in range(int(seconds / every_s)):
        gaps.add(number * every_s, bool(way.delays(PACKET, number * every_s)))
        found.append(gaps.share)
    return sum(found) / len(found)


@pytest.mark.parametrize("every_s", [0.02, 0.004], ids=["a voice", "a voice and pictures"])
@pytest.mark.parametrize("seed", range(5))
def test_bursts_are_told_from_single_losses(seed: int, every_s: float) -> None:
    """With video, the sender sends five times as many packets.

    So a burst of the same duration loses five times as many packets.
    """
    assert share(Line(loss=0.1), seed, every_s) < BURSTY
    assert share(Line(loss=0.1, burst=3 * 0.02 / every_s), seed, every_s) > BURSTY
    assert share(Line(loss=0.02), seed, every_s) < EVEN


def test_sender_that_sends_little_makes_no_gaps() -> None:
    dice, gaps = random.Random(1), Gaps()
    for number in range(100):
        gaps.add(0.4 * number, number % 3 != 0 or dice.random() < 0.5)
    assert gaps.share == 0.0


def test_share_is_of_the_last_five_seconds() -> None:
    gaps = Gaps()
    for number in range(500):
        gaps.add(0.02 * number, not 100 <= number < 150)
    assert gaps.share == 0.0
    for number in range(500, 760):
        gaps.add(0.02 * number, number % 10 < 5)
    assert 0.55 < gaps.share < 0.65
