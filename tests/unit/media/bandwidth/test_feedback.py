from __future__ import annotations

import random
import struct

import pytest

from media.bandwidth import Arrivals, FeedbackError
from media.bandwidth.feedback import MAX_PACKETS, parse

HEAD = struct.pack("!II", 1, 2)


def report(arrivals: Arrivals) -> list[tuple[int, float | None]]:
    body = arrivals.report()
    assert body is not None
    assert len(body) % 4 == 0
    return list(parse(HEAD + body).packets)


def test_feedback_report_of_one_run_is_read() -> None:
    """The report was built by hand.

    It has the base number 1, five packets in one run of small deltas, and the reference time 4 (256 ms).
    """
    body = HEAD + struct.pack("!HHI", 1, 5, 4 << 8 | 7) + struct.pack("!H", 0x2005) + bytes([4, 4, 4, 4, 4]) + b"\0"
    times = [when for _, when in parse(body).packets]
    assert times == pytest.approx([0.257, 0.258, 0.259, 0.260, 0.261])


def test_arrivals_and_losses_survive_encoding() -> None:
    chance = random.Random(3)
    for _ in range(50):
        base = chance.randrange(65536)
        arrivals, expected, when = Arrivals(), [], 1000.0 + chance.random() * 1000
        for index in range(200):
            when += chance.choice([0.0, 0.001, 0.02, 0.3])
            came = index in (0, 199) or chance.random() > 0.3
            expected.append(((base + index) & 0xFFFF, when if came else None))
            if came:
                arrivals.add((base + index) & 0xFFFF, when)
        found = report(arrivals)
        assert [number for number, _ in found] == [number for number, _ in expected]
        for (_, is_), (_, was) in zip(found, expected, strict=True):
            assert (is_ is None) == (was is None)
            if is_ is not None and was is not None:
                assert is_ - found[0][1] == pytest.approx(was - expected[0][1], abs=0.0006)


def test_losses_between_two_reports_appear_in_the_second() -> None:
    arrivals = Arrivals()
    arrivals.add(65534, 5.0)
    assert report(arrivals)[0][0] == 65534
    arrivals.add(2, 5.1)
    assert [(number, when is not None) for number, when in report(arrivals)] == [
        (65535, False),
        (0, False),
        (1, False),
        (2, True),
    ]


def test_reordered_and_late_packets_are_reported() -> None:
    arrivals = Arrivals()
    for number, when in ((11, 1.000), (10, 1.001), (12, 1.002)):
        arrivals.add(number, when)
    assert [number for number, when in report(arrivals) if when is not None] == [10, 11, 12]
    arrivals.add(9, 1.1)
    assert [number for number, _ in report(arrivals)] == [9]


def test_no_arrivals_give_no_report() -> None:
    arrivals = Arrivals()
    assert arrivals.report() is None
    arrivals.add(7, 1.0)
    arrivals.report()
    assert arrivals.report() is None


def test_sequence_jump_does_not_make_an_endless_report() -> None:
    arrivals = Arrivals()
    for number in (0, 20_000, 30_000):
        arrivals.add(number, 1.0)
    body = arrivals.report()
    assert body is not None
    assert len(parse(HEAD + body).packets) <= MAX_PACKETS
    for number in range(3 * MAX_PACKETS):
        arrivals.add(number, 2.0)
    assert len(report(arrivals)) <= MAX_PACKETS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HEAD,
        HEAD + struct.pack("!HHI", 0, 0, 0),
        HEAD + struct.pack("!HHI", 0, 65535, 0),
        HEAD + struct.pack("!HHI", 0, 5, 0),
        HEAD + struct.pack("!HHIH", 0, 5, 0, 0x2005),
        HEAD + struct.pack("!HHIH", 0, 5, 0, 0x2000),
        HEAD + struct.pack("!HHIH", 0, 5, 0, 0x6005),
    ],
)
def test_malformed_reports_are_refused(body: bytes) -> None:
    with pytest.raises(FeedbackError):
        parse(body)
