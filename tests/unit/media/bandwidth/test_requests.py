"""NACKs about a voice tell how much of it is lost, and whether in bursts."""

from __future__ import annotations

import pytest

from media.bandwidth.requests import WINDOW_S, Requests


def test_each_lost_packet_counts_once() -> None:
    requests = Requests()
    requests.add((65535, 0), 0, 0.0)
    requests.add((65535, 0, 7), 0, 0.1)
    assert requests.lost(sent=30) == pytest.approx(0.1)
    requests.add((40,), 0, 1.0)
    assert requests.lost(sent=50) == pytest.approx(0.05)
    assert requests.lost(sent=50) == 0.0


def test_only_packets_lost_in_a_row_are_gaps() -> None:
    requests = Requests()
    requests.add((1, 3, 5), 0, 0.0)
    assert requests.gaps(0.0) == 0.0
    requests.add((65535, 0, 1), 0, 1.0)
    requests.add((10, 11, 12, 13), 0, 2.0)
    assert requests.gaps(2.0) == pytest.approx((0.06 + 0.1) / WINDOW_S)
    assert requests.gaps(1.5 + WINDOW_S) == pytest.approx(0.1 / WINDOW_S)


def test_packets_that_copies_have_replaced_are_not_needed() -> None:
    requests = Requests()
    assert requests.add((1, 2, 3, 8), 0, 0.0) == (1, 2, 3, 8)
    assert requests.add((11, 12, 13, 18), 1, 0.0) == (11, 12)
    assert requests.add((21, 22, 23, 24, 28), 3, 0.0) == (21,)
