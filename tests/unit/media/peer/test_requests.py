"""Lost packets of a voice are requested only while losses come in bursts, and only while a retransmission still helps."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from media.peer.requests import DEEPEST, LEAST_LOST, MOST_RTT_S, SETTLED, TRIES, WINDOW, Requests
from tests.peers.proxy import Line, Way

PACKET_S = 0.02
RTT_S = 0.05
RTP = b"\x80\x6f" + bytes(20)


class Voice:
    """A voice whose packets are lost as a test says. `asked`: (time, number) of each request."""

    def __init__(self, first: int = 1000) -> None:
        self.requests = Requests()
        self.asked: list[tuple[float, int]] = []
        self._first = first
        self.count = 0

    @property
    def now(self) -> float:
        return self.count * PACKET_S

    @property
    def number(self) -> int:
        """Number of the next packet."""
        return (self._first + self.count) & 0xFFFF

    def send(self, *arrived: bool, copies: bool = True, rtt_s: float | None = RTT_S) -> None:
        for came in arrived:
            self.count += 1
            if came:
                self.arrive((self.number - 1) & 0xFFFF, copies=copies, rtt_s=rtt_s)

    def arrive(self, number: int, after_s: float = 0.0, *, copies: bool = True, rtt_s: float | None = RTT_S) -> bool:
        again = self.requests.come(number, self.now + after_s)
        if copies:
            self.requests.restored((number - 1) & 0xFFFF)
        self.asked += [(self.now + after_s, each) for each in self.requests.due(self.now + after_s, rtt_s)]
        return again

    def lose(self, *lengths: int, between: int = 20) -> None:
        """Lose runs of packets of these lengths. `between`: packets that arrive after each run."""
        for length in lengths:
            self.send(*[False] * length, *[True] * between)


def bursty(first: int = 1000) -> Voice:
    """Return a voice whose losses have come in bursts, so that its packets are requested."""
    voice = Voice(first)
    voice.send(True)
    voice.lose(3, 3, 3, 3)
    assert voice.requests.on
    voice.asked.clear()
    return voice


def test_burst_is_requested_except_for_the_packet_with_a_copy() -> None:
    voice = bursty()
    lost = voice.number
    voice.lose(4, between=1)
    assert voice.asked == [(voice.now, lost), (voice.now, lost + 1), (voice.now, lost + 2)]


def test_numbers_wrap() -> None:
    voice = bursty(0x10000 - 98)
    assert voice.number == 0x10000 - 98 + 93
    voice.send(*[True] * 3)
    voice.lose(5, between=1)
    assert [number for _, number in voice.asked] == [0xFFFE, 0xFFFF, 0, 1]


@pytest.mark.parametrize("line", [Line(loss=0.1), Line(loss=0.2), Line(loss=0.02)], ids=["10 %", "20 %", "2 %"])
def test_nothing_is_requested_while_losses_are_random(line: Line) -> None:
    for seed in range(5):
        voice, way = Voice(), Way(line, str(seed))
        voice.send(*(bool(way.delays(RTP, 0.0)) for _ in range(3000)))
        assert voice.asked == []


def test_bursts_of_three_are_requested_most_of_the_time() -> None:
    for seed in range(5):
        voice, way = Voice(), Way(Line(loss=0.1, burst=3.0), str(seed))
        on = 0
        for _ in range(3000):
            voice.send(bool(way.delays(RTP, 0.0)))
            on += voice.requests.on
        assert on > 0.8 * 3000


def test_few_bursts_are_not_requested() -> None:
    voice = Voice()
    voice.send(True)
    voice.lose(LEAST_LOST - 1, between=100)
    assert voice.asked == []
    assert not voice.requests.on


def test_requests_continue_for_ten_seconds_after_the_last_burst() -> None:
    voice = bursty()
    voice.send(*[True] * (WINDOW - 100))
    assert voice.requests.on
    voice.send(*[True] * 100)
    assert not voice.requests.on


def test_late_packets_are_no_losses() -> None:
    """Packets overtake each other by up to five positions, as with 100 ms of jitter."""
    chance, voice = random.Random(1), Voice()
    order = sorted(range(3000), key=lambda number: number + chance.uniform(0, 5))
    for count, number in enumerate(order):
        voice.count = count
        voice.arrive(number)
    assert voice.asked == []
    assert not voice.requests.on


def test_packet_that_comes_before_an_answer_can_come_was_only_late() -> None:
    voice = bursty()
    late = voice.number
    voice.lose(4, between=1)
    assert not voice.arrive(late, RTT_S * 0.4)
    assert voice.arrive(late + 1, RTT_S)


def test_request_is_repeated_after_a_round_trip_until_it_is_too_late() -> None:
    voice = bursty()
    lost = voice.number
    voice.lose(2, between=30)
    assert [number for _, number in voice.asked] == [lost, lost]
    first, second = (at for at, _ in voice.asked)
    assert RTT_S < second - first < RTT_S + 3 * PACKET_S


def test_packet_is_requested_a_few_times_only() -> None:
    voice = bursty()
    voice.send(False, False, *[True] * 30, rtt_s=0.0)
    assert len(voice.asked) == TRIES


def test_only_the_newest_packets_of_a_long_outage_are_requested() -> None:
    voice = bursty()
    voice.send(*[False] * 300, True)
    newest = voice.number - 1
    assert [number for _, number in voice.asked] == list(range(newest - DEEPEST, newest - 1))


@pytest.mark.parametrize(("rtt_s", "asks"), [(None, True), (0.0, True), (MOST_RTT_S, True), (MOST_RTT_S + 0.01, False)])
def test_distant_speaker_is_asked_for_nothing(rtt_s: float | None, asks: bool) -> None:
    voice = bursty()
    voice.send(*[False] * 4, True, rtt_s=rtt_s)
    assert bool(voice.asked) == asks


def test_retransmissions_do_not_hide_what_the_link_loses() -> None:
    voice = bursty()
    for _ in range(3 * WINDOW // 20):
        lost = voice.number
        voice.send(False, False, False, True)
        assert all(voice.arrive(number, RTT_S) for number in (lost + 1, lost)), "the first has a copy of the second"
        voice.send(*[True] * 16)
    assert voice.requests.on


def test_restarted_stream_is_judged_anew() -> None:
    voice = bursty()
    voice.arrive((voice.number + 20_000) & 0xFFFF)
    assert voice.asked == []
    assert not voice.requests.on


@pytest.mark.parametrize(
    "jump", [lambda count: count * 400, lambda count: count * 2000, lambda count: count * 7919, lambda count: -count]
)
def test_memory_stays_small_whatever_numbers_come(jump: Callable[[int], int]) -> None:
    voice = Voice()
    for count in range(5000):
        voice.count = count
        voice.arrive(jump(count) & 0xFFFF)
        state = voice.requests
        assert max(map(len, (state._lost, state._wanted, state._asked, state._runs))) <= WINDOW + SETTLED
    assert len(voice.asked) <= 5000 * DEEPEST
