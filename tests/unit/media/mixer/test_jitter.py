"""The jitter buffer is tested without a codec.

The tests check when each packet is played, which packets are given up, and how long packets wait.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.mixer.jitter import MAX_DELAY_S, MAX_PACKETS, TICK_SAMPLES, JitterBuffer, Kind, Packet

RATE = 48_000
Arrival = tuple[float, Packet]


class Listener:
    """Ticks a jitter buffer every 20 ms, and records what the buffer plays.

    `shortened`: number of frames that the buffer removed to shorten its delay.
    """

    def __init__(self, phase: float = 0.010) -> None:
        self.buffer = JitterBuffer()
        self.now = 50.0 + phase
        self.kinds: Counter[Kind] = Counter()
        self.dropped: Counter[str] = Counter()
        self.shortened = 0
        self.played: list[bytes] = []
        self.delays: list[float] = []
        self._ready = 0
        self._sent: dict[bytes, float] = {}

    def hear(self, arrivals: list[Arrival], until: float, *, quiet: bool = False) -> None:
        waiting = sorted(arrivals, key=lambda arrival: arrival[0])
        while self.now < 50.0 + until:
            while waiting and 50.0 + waiting[0][0] <= self.now:
                at, packet = waiting.pop(0)
                self._sent[packet.payload] = 50.0 + at
                self.dropped[self.buffer.push(packet, 50.0 + at)] += 1
            self._tick(quiet)
            self.now += 0.02

    def _tick(self, quiet: bool) -> None:
        shorten = self.buffer.begin(self.now, self._ready, quiet)
        self.shortened += shorten
        wanted = TICK_SAMPLES * (2 if shorten else 1)
        while self._ready < wanted:
            step = self.buffer.next(self.now)
            assert step.samples > 0
            self.kinds[step.kind] += 1
            if step.kind is Kind.PLAY:
                self.played.append(step.payload)
                self.delays.append(self.now + self._ready / RATE - self._sent[step.payload])
            self._ready += step.samples
        self._ready -= wanted

    def delay_ms(self, last: int = 50) -> float:
        """Return the mean time from arrival to playout, in ms, of the last packets. `last`: how many packets."""
        return 1000 * sum(self.delays[-last:]) / last


def stream(
    seconds: float,
    *,
    samples: int = TICK_SAMPLES,
    jitter: Callable[[int], float] = lambda n: 0.0,
    sequence: int = 65_500,
    timestamp: int = 2**32 - 30_000,
    ppm: float = 0.0,
    start: float = 0.0,
) -> list[Arrival]:
    """Return the packets of a steady sender whose clock is fast or slow by `ppm`. Sequence numbers and timestamps wrap."""
    arrivals = []
    for n in range(round(seconds * RATE / samples)):
        at = start + n * samples / RATE * (1 - ppm * 1e-6) + jitter(n)
        number, moment = (sequence + n) & 0xFFFF, (timestamp + n * samples) & 0xFFFFFFFF
        arrivals.append((at, Packet(moment, number, samples, f"{start}:{n}".encode())))
    return arrivals


def numbers(listener: Listener) -> list[int]:
    return [int(payload.split(b":")[1]) for payload in listener.played]


@pytest.mark.parametrize("samples", [480, 960, 1920, 2880])
@pytest.mark.parametrize("phase", [0.001, 0.010, 0.019])
def test_steady_stream_plays_whole_in_order_and_soon(samples: int, phase: float) -> None:
    listener = Listener(phase)
    listener.hear(stream(10, samples=samples), 10.5)
    assert numbers(listener) == list(range(len(numbers(listener))))
    assert len(numbers(listener)) == round(10 * RATE / samples)
    assert listener.kinds[Kind.CONCEAL] <= 3, "only when the stream has ended"
    assert listener.delay_ms() <= (25 if samples >= TICK_SAMPLES else 35)


def test_first_packet_waits_about_40_ms() -> None:
    listener = Listener()
    listener.hear(stream(0.5), 0.6)
    assert 0.025 <= listener.delays[0] <= 0.055


def test_jitter_is_learned_and_forgotten() -> None:
    dice = random.Random(3)
    listener = Listener()
    listener.hear(stream(20, jitter=lambda n: dice.uniform(0, 0.05)), 20)
    assert listener.delay_ms() <= 60, "25 ms is the mean of what the jitter leaves of 50 ms, the rest is ours"
    assert len(listener.played) > 0.97 * 1000
    late = listener.dropped["late"]
    rest = stream(20, sequence=65_500 + 1000, timestamp=2**32 - 30_000 + 1000 * 960, start=20)
    listener.hear(rest, 40)
    assert listener.delay_ms() <= 25
    assert listener.dropped["late"] == late


def test_reordered_packets_are_played_in_order() -> None:
    listener = Listener()
    listener.hear(stream(6, jitter=lambda n: 0.025 if n % 2 == 0 else 0.0), 6)
    played = numbers(listener)
    assert played == sorted(played)
    assert len(played) >= 0.97 * 300


def test_duplicates_are_played_once() -> None:
    listener = Listener()
    twice = [(at + extra, Packet(p.timestamp, p.sequence, p.samples, p.payload)) for at, p in stream(4) for extra in (0, 0.002)]
    listener.hear(twice, 4.2)
    assert numbers(listener) == list(range(200))
    assert listener.dropped["duplicate"] + listener.dropped["late"] == 200


def test_sequence_and_timestamp_wraps_are_inaudible() -> None:
    listener = Listener()
    listener.hear(stream(4), 4.1)
    assert numbers(listener) == list(range(200))
    assert listener.dropped == {"": 200}


def test_lost_frame_is_recovered_from_redundancy_once_one_is_buffered() -> None:
    arrivals = stream(20)
    for _, packet in arrivals:
        packet.fec = True
    kept = [arrival for n, arrival in enumerate(arrivals) if n % 10 != 7]
    listener = Listener()
    listener.hear(kept, 20)
    assert listener.kinds[Kind.RECOVER] > 90
    assert listener.kinds[Kind.CONCEAL] < 10
    assert listener.delay_ms() <= 45


def test_two_losses_in_a_row_cost_one_frame_and_no_delay() -> None:
    """Two packets in a row are lost. The first one is concealed.

    The second one is recovered from the in-band redundancy of the packet after it.
    """
    arrivals = stream(30)
    for _, packet in arrivals:
        packet.fec = True
    kept = [arrival for n, arrival in enumerate(arrivals) if n % 20 not in (7, 8)]
    listener = Listener()
    listener.hear(kept, 30)
    assert listener.kinds[Kind.RECOVER] == pytest.approx(75, abs=3)
    assert listener.kinds[Kind.CONCEAL] == pytest.approx(75, abs=6)
    assert listener.shortened <= 2
    assert listener.delay_ms() <= 45


def test_loss_near_the_threshold_does_not_toggle_the_delay() -> None:
    dice = random.Random(2)
    arrivals = stream(60)
    for _, packet in arrivals:
        packet.fec = True
    kept = [arrival for arrival in arrivals if dice.random() > 0.04]
    listener = Listener()
    listener.hear(kept, 60)
    assert listener.shortened <= 1
    assert listener.delay_ms() <= 45


def test_loss_without_redundancy_is_concealed_without_delay() -> None:
    kept = [arrival for n, arrival in enumerate(stream(20)) if n % 10 != 7]
    listener = Listener()
    listener.hear(kept, 20.1)
    assert listener.kinds[Kind.CONCEAL] + listener.kinds[Kind.RECOVER] == pytest.approx(100, abs=6)
    assert len(listener.played) == 900


def test_dtx_gaps_count_as_silence_not_loss() -> None:
    """A sender with DTX sends one packet every 400 ms. The sequence numbers have no gaps, but the timestamps have gaps."""
    listener = Listener()
    arrivals: list[Arrival] = stream(2)
    sequence, timestamp, at = arrivals[-1][1].sequence, arrivals[-1][1].timestamp, arrivals[-1][0]
    for n in range(10):
        after = 1 + n * 20
        moment = (timestamp + after * 960) & 0xFFFFFFFF
        arrivals.append((at + after * 0.02, Packet(moment, (sequence + 1 + n) & 0xFFFF, 960, f"d:{n}".encode(), quiet=True)))
    resume = at + 221 * 0.02
    arrivals += stream(2, sequence=sequence + 11, timestamp=timestamp + 221 * 960, start=round(resume, 3))
    listener.hear(arrivals, resume + 2.2)
    assert listener.dropped[""] == 210
    assert len(listener.played) == 210
    assert listener.kinds[Kind.CONCEAL] <= 6
    assert listener.delay_ms() <= 25


def test_longer_route_is_followed() -> None:
    listener = Listener()
    before = stream(4)
    after = stream(6, sequence=65_500 + 200, timestamp=2**32 - 30_000 + 200 * 960, start=4)
    listener.hear([*before, *((at + 0.15, packet) for at, packet in after)], 10)
    assert len(listener.played) > 200 + 270
    assert listener.dropped["late"] <= 15


def test_network_stall_loses_little_and_leaves_no_delay() -> None:
    held = [(max(at, 3.5) if 3.0 <= at < 3.5 else at, packet) for at, packet in stream(12)]
    listener = Listener()
    listener.hear(held, 12)
    assert len(listener.played) > 600 - 30, "what was held up too long is given up, what follows is heard in time"
    assert listener.delay_ms() <= 30


@pytest.mark.parametrize("missing_first", [True, False], ids=["held up", "repeated"])
@pytest.mark.parametrize("outage_s", [0.5, 0.96, 1.04, 1.2, 1.9, 2.0, 2.1, 5.0, 30.0])
def test_voice_is_heard_at_once_after_an_outage(outage_s: float, missing_first: bool) -> None:
    """Nothing arrives during the outage. When the outage ends, all packets that were sent during the outage arrive together.

    With `missing_first`, these packets arrive just before the first punctual packet, and otherwise just after it.
    """
    begin, end = 12.0, 12.0 + outage_s
    extra_s = -0.0001 if missing_first else 0.0001
    arrivals = [(end + extra_s if begin <= at < end else at, packet) for at, packet in stream(end + 6)]
    listener = Listener()
    listener.hear(arrivals, end)
    assert listener.delay_ms() <= 25
    before = len(listener.played)
    listener.hear([each for each in arrivals if each[0] >= listener.now - 50.0 - 0.02], end + 0.5)
    after = numbers(listener)[before:]
    assert len(after) >= 23, "all but the first 40 ms"
    assert after[-1] >= round((end + 0.5) * 50) - 4, "and in time"
    listener.hear([each for each in arrivals if each[0] > end + 0.5], end + 5.5)
    assert listener.delay_ms(250) <= 30
    assert len(listener.played) - before >= 250 + 23 - 2


@pytest.mark.parametrize("outage_s", [0.45, 0.6])
@pytest.mark.parametrize("apart_s", [0.010, 0.013, 0.017])
def test_queue_that_drains_slowly_loses_little_and_its_delay_is_bounded(outage_s: float, apart_s: float) -> None:
    """After the outage, a congested link delivers the queued packets one by one, `apart_s` apart, until it has caught up."""
    begin = 12.0
    sent = stream(24)
    queued = [(max(at, begin + outage_s + n * apart_s), packet) for n, (at, packet) in enumerate(sent[600:])]
    listener = Listener()
    listener.hear(sent[:600] + queued, 20)
    assert len(listener.played) >= 950, "20 packets are still in the buffer"
    assert 1000 * MAX_DELAY_S <= listener.delay_ms(25) <= 1000 * MAX_DELAY_S + 50, "no longer than the buffer may delay a voice"


@pytest.mark.parametrize("pause_s", [0.1, 0.3, 0.39, 0.41, 0.5, 0.7, 0.9, 0.99, 1.01, 1.5, 1.99, 3.0])
def test_sender_whose_clock_stood_still_is_heard_at_once(pause_s: float) -> None:
    """After the pause, the packets come at their usual pace, but later than their timestamps say."""
    arrivals = stream(12)
    arrivals += [(at + pause_s, packet) for at, packet in stream(20)[600:]]
    listener = Listener()
    listener.hear(arrivals, 20 + pause_s)
    assert len(listener.played) >= 1000 - 40
    assert listener.delay_ms() <= 60


def test_silence_after_long_stalls_makes_no_longer_delay_than_speech_does() -> None:
    listener = Listener()
    ends = (2.9, 5.9, 8.9)
    arrivals = [(next((end for end in ends if end - 0.9 <= at < end), at), packet) for at, packet in stream(9.5)]
    at, last = arrivals[-1]
    moment = (last.timestamp + TICK_SAMPLES) & 0xFFFFFFFF
    arrivals.append((at + 0.02, Packet(moment, (last.sequence + 1) & 0xFFFF, TICK_SAMPLES, b"d:0", quiet=True)))
    listener.hear(arrivals, 9.7)
    for _ in range(85):
        if not listener.buffer.rest(listener.now):
            listener._tick(quiet=True)
        listener.now += 0.02
    assert listener.buffer.delay(listener.now, 0) <= MAX_DELAY_S + 0.04


def test_new_stream_takes_over() -> None:
    """Either the new stream has another SSRC, or the sender has restarted.

    In both cases, the sequence number and the timestamp jump.
    """
    listener = Listener()
    listener.hear(stream(2), 2)
    listener.hear(stream(3, sequence=1234, timestamp=99_000_000, start=2.0), 5)
    assert listener.dropped["jump"] == 1
    assert listener.played[-1] >= b"2.0:140"
    assert listener.delay_ms() <= 40


def test_stray_packet_changes_nothing() -> None:
    arrivals = stream(4)
    for n in (50, 100, 150):
        arrivals.append((arrivals[n][0] + 0.005, Packet(2**31, 30_000, 960, f"stray:{n}".encode())))
    listener = Listener()
    listener.hear(arrivals, 4.2)
    assert numbers(listener) == list(range(200))
    assert listener.dropped["jump"] == 3


def test_packet_flood_is_bounded() -> None:
    buffer = JitterBuffer()
    buffer.push(Packet(0, 0, 120, b"x"), 1.0)
    buffer.next(1.03)
    reasons = Counter(buffer.push(Packet(n * 120, n, 120, b"x"), 1.03) for n in range(1, 381))
    assert len(buffer._packets) == MAX_PACKETS
    assert reasons["overflow"] == 380 - MAX_PACKETS


@pytest.mark.slow
@pytest.mark.parametrize("ppm", [-100, 100])
def test_half_an_hour_of_clock_drift_adds_no_delay(ppm: int) -> None:
    """The clocks of sender and worker drift apart by 180 ms, so nine frames are dropped or concealed.

    Neither the delay nor the loss grows.
    """
    listener = Listener()
    dice = random.Random(1)
    listener.hear(stream(1800, ppm=ppm, jitter=lambda n: dice.uniform(0, 0.004)), 1800)
    assert 0 <= listener.delay_ms(500) <= 30
    assert max(listener.delays[500:]) <= 0.065
    assert listener.dropped["late"] <= 20
    assert len(listener.played) >= 0.9995 * len(listener.delays) - 20
    assert listener.kinds[Kind.CONCEAL] <= 60


def test_late_or_repeated_tick_is_survived() -> None:
    listener = Listener()
    arrivals = stream(6)
    listener.hear(arrivals[:150], 3)
    listener.now += 0.1
    listener.hear(arrivals[150:], 6)
    assert len(listener.played) > 280


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1), st.sampled_from([120, 480, 960, 5760]), st.floats(0, 0.5)),
        max_size=80,
    )
)
def test_every_tick_gets_its_samples_whatever_arrives(arrivals: list[tuple[int, int, int, float]]) -> None:
    buffer, now = JitterBuffer(), 0.0
    for sequence, timestamp, samples, pause in arrivals:
        buffer.push(Packet(timestamp, sequence, samples, b"x", fec=True), now)
        now += pause
        buffer.begin(now, 0, True)
        got = 0
        for _ in range(20):
            got += buffer.next(now).samples
            if got >= TICK_SAMPLES:
                break
        assert got >= TICK_SAMPLES
        assert len(buffer._packets) <= MAX_PACKETS


nearby = st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30), st.booleans(), st.floats(-0.02, 0.1)), max_size=80)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(nearby)
def test_disordered_stream_never_stops_the_tick(arrivals: list[tuple[int, int, bool, float]]) -> None:
    buffer = JitterBuffer()
    for n, (sequence, moment, fec, late) in enumerate(arrivals):
        packet = Packet((n + moment) * 960 & 0xFFFFFFFF, (n + sequence) & 0xFFFF, 960, b"x", fec=fec)
        buffer.push(packet, 10 + n * 0.02 + late)
        buffer.begin(10.1 + n * 0.02, 0, False)
        assert buffer.next(10.1 + n * 0.02).samples > 0
