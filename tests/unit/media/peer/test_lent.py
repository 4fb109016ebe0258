"""The fast path sends the same packets as the Python path.

Python and the fast path get the same packets, encrypted by real libsrtp contexts. The fast path sends to a real socket.
"""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pylibsrtp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from media.bandwidth import Estimator, numbered
from media.packets import red as redundancy
from media.packets import rtp
from media.peer.lent import Lent
from media.peer.speaking import Voice
from media.peer.streams import Incoming, Outgoing
from media.transport import compile as build
from media.transport import seam
from media.transport.fastpath import Fastpath, Leg, Unavailable, pack, unpack
from media.transport.ice import Path

PAYLOAD_TYPE, RED, LEVEL, NUMBER = 111, 63, 1, 3
SSRC = 0x1234567
BY = Path(0, ("127.0.0.1", 4321))

pytestmark = pytest.mark.skipif(bool(build.make()), reason="no C compiler here: the Python path serves alone")


def context(key: bytes, direction: int) -> Session:
    return Session(Policy(key=key, ssrc_type=direction))


@dataclass
class Packet:
    sequence: int
    timestamp: int
    level: int | None = 20
    marker: bool = False
    payload: bytes = b"voice"
    ssrc: int = SSRC
    payload_type: int = PAYLOAD_TYPE

    def plain(self) -> bytes:
        made = rtp.build(
            self.payload_type, self.marker, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc, self.payload
        )
        if self.level is None:
            return made
        return bytes([0x90]) + made[1:12] + b"\xbe\xde\0\1" + bytes([LEVEL << 4, self.level, 0, 0]) + made[12:]


class Ear:
    """A listener: the worker's outgoing stream to this person, and the socket on which the person receives."""

    def __init__(self, fastpath: Fastpath | None, *, numbers: bool, seed: Outgoing | None = None) -> None:
        self.key = os.urandom(30)
        self.downlink = Estimator(0.0)
        self.plain: list[bytes] = []
        self.now = 0.0

        def stamp(packet: bytes) -> bytes:
            return numbered(packet, NUMBER, self.downlink.sent(len(packet), self.now))

        self.voice = Outgoing("audio", PAYLOAD_TYPE, self._seal, red=RED, stamp=stamp if numbers else None)
        if seed is not None:
            first = seed.rewriter
            self.voice.rewriter = rtp.Rewriter(first.ssrc, PAYLOAD_TYPE, 48000, first._sequence, first._timestamp)
        self.lent: Lent | None = None
        if fastpath is not None:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", 0))
            self.socket.setblocking(False)
            self.theirs = context(self.key, Policy.SSRC_ANY_INBOUND)
            ours = context(self.key, Policy.SSRC_ANY_OUTBOUND)
            self.lent = Lent(leg(fastpath, None, ours), self.voice, NUMBER if numbers else 0, 0, self.downlink)
            self.lent.aim(Path(0, self.socket.getsockname()))

    def _seal(self, packet: bytes) -> bytes:
        self.plain.append(packet)
        return packet

    def lose(self, share: float, gaps: float = 0.0) -> None:
        """Report to the worker that this listener has lost this fraction of the voice's packets.

        If a few per cent or more are lost, each packet to the listener also contains copies of one to three packets before it.
        """
        self.voice.reported(share, None, 0.0, gaps)
        if self.lent is not None:
            self.lent.copy()

    def heard(self) -> list[bytes]:
        """Return the packets that Python and the fast path have sent since the last call."""
        found, self.plain = self.plain, []
        while self.lent is not None:
            try:
                found.append(self.theirs.unprotect(self.socket.recv(2000)))
            except BlockingIOError:
                break
        return found

    def close(self) -> None:
        if self.lent is not None:
            self.lent.close()
            self.socket.close()


def leg(fastpath: Fastpath, rx: Session | None, tx: Session | None) -> Leg:
    """Return a leg: what the fast path knows of a peer.

    `rx` decrypts packets from the peer, and `tx` encrypts packets to the peer. None: the test does not use this direction.
    """
    spare = context(bytes(30), Policy.SSRC_ANY_INBOUND)
    both = (rx or spare, tx or spare)
    first, second = (int(pylibsrtp._binding.ffi.cast("intptr_t", each._srtp[0])) for each in both)
    return Leg(fastpath, (first, second), both)


@dataclass
class Speaker:
    """One voice, handled as `Peer` and `Room` handle voices. With `lent`, the fast path takes the voice whenever possible."""

    ears: list[Ear]
    incoming: Incoming = field(default_factory=lambda: Incoming(SSRC, "audio", 0.0))
    voice: Voice = field(default_factory=Voice)
    lent: Lent | None = None
    by: Path = BY

    def take(self, plain: bytes, now: float) -> None:
        if self.lent is not None and self.lent.is_lent:
            self.lent.recall()
        try:
            header = rtp.parse(plain)
        except rtp.RtpError:
            return
        self.incoming.receive(header, now)
        value = rtp.extension(plain, header, LEVEL)
        if value:
            self.voice.hear(value[0] & 0x7F, now)
        for ear in self.ears:
            ear.now = now
            ear.voice.relay(self.incoming, plain, header, now)
        if self.lent is not None:
            self.lent.lend(self.incoming, self.by, PAYLOAD_TYPE, self.voice, [ear.lent for ear in self.ears if ear.lent])


class Twins:
    """The same voice twice: Python alone forwards one of them, and the fast path forwards the other.

    Each voice has two listeners. One of the two listeners gets packets with transport-wide numbers.
    """

    def __init__(self) -> None:
        self.fastpath = Fastpath(seam.srtp_functions())
        self.sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.fastpath.use([self.sending.fileno()])
        key = os.urandom(30)
        self.client = context(key, Policy.SSRC_ANY_OUTBOUND)
        self.ours = context(key, Policy.SSRC_ANY_INBOUND)
        self.leg = leg(self.fastpath, self.ours, None)
        fast = [Ear(self.fastpath, numbers=numbers) for numbers in (False, True)]
        pure = [Ear(None, numbers=numbers, seed=twin.voice) for numbers, twin in zip((False, True), fast, strict=True)]
        self.fast = Speaker(fast)
        self.fast.lent = Lent(self.leg, Outgoing("audio", 1, lambda packet: None), 0, LEVEL, Estimator(0.0))
        self.pure = Speaker(pure)
        self.by_python = 0

    def say(self, packet: Packet, now: float) -> None:
        plain = packet.plain()
        self.pure.take(plain, now)
        sealed = self.client.protect(plain)
        if not self.fast_takes(sealed, now):
            self.by_python += 1
            self.fast.take(self.ours.unprotect(sealed), now)
        for mine, twin in zip(self.fast.ears, self.pure.ears, strict=True):
            assert mine.heard() == twin.heard()

    def fast_takes(self, sealed: bytes, now: float, by: Path = BY) -> bool:
        ffi, lib = self.fastpath.ffi, self.fastpath.lib
        path = ffi.new("fastpath_path *")
        self.fastpath.write_path(path, by)
        data = ffi.new("uint8_t[]", sealed)
        taken = lib.fastpath_datagram(self.fastpath.f, path, data, len(sealed), now, now) == -1
        lib.fastpath_flush(self.fastpath.f)
        if not taken:
            assert ffi.buffer(data)[: len(sealed)] == sealed, "what is left to Python is left as it came"
        return taken

    def assert_alike(self) -> None:
        assert self.fast.lent is not None
        self.fast.lent.sync()
        for mine, twin in zip(self.fast.ears, self.pure.ears, strict=True):
            if mine.lent is not None:
                mine.lent.sync()
            assert state(mine.voice.rewriter) == state(twin.voice.rewriter)
            assert mine.downlink._sent == twin.downlink._sent
        assert state(self.fast.incoming) == state(self.pure.incoming)
        assert self.fast.voice == self.pure.voice

    def close(self) -> None:
        assert self.fast.lent is not None
        self.fast.lent.close()
        for ear in self.fast.ears:
            ear.close()
        self.sending.close()
        self.fastpath.close()


def state(of: object) -> dict[str, object]:
    return {name: value for name, value in vars(of).items() if name not in ("meter", "source")}


@pytest.fixture
def twins() -> Iterator[Twins]:
    twins = Twins()
    yield twins
    twins.close()


def test_fast_path_sends_a_steady_voice_as_python_does(twins: Twins) -> None:
    for number in range(200):
        twins.say(Packet(65500 + number, 0xFFFFF000 + 960 * number, marker=number % 50 == 0), number * 0.02)
    assert twins.by_python == 1, "the first one alone"
    twins.assert_alike()


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 1, 2, 5, 0, -1, -4, 2999, 3000, 3001, 20000]),
            st.sampled_from([20, 50, 70, 127, None]),
            st.sampled_from([b"", b"v", b"voice" * 30, b"x" * 1200]),
            st.sampled_from([0.02, 0.02, 0.0, 0.7, 4.0]),
            st.sampled_from(["", "", "", "", "cut", "recall"]),
        ),
        max_size=60,
    )
)
def test_both_paths_send_the_same_and_keep_the_same_state(steps: list[tuple[int, int | None, bytes, float, str]]) -> None:
    twins = Twins()
    sequence, timestamp, now, said = 100, 5000, 1.0, set()
    for step, level, payload, passed, event in steps:
        sequence, timestamp, now = (sequence + step) & 0xFFFF, timestamp + 960 * step, now + passed
        if event and twins.fast.lent is not None and twins.fast.lent.is_lent:
            twins.fast.lent.recall()
        if event == "cut":
            for ear in twins.fast.ears + twins.pure.ears:
                ear.voice.cut()
        if sequence in said:  # libsrtp drops a repeated packet
            continue
        said.add(sequence)
        try:
            twins.say(Packet(sequence, timestamp, level, payload=payload), now)
        except seam.SrtpError:  # the sending client's libsrtp refuses to send a packet with this number
            break
    twins.assert_alike()
    twins.close()


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 1, 2, -1, 5]),
            st.sampled_from([960, 960, 0, 16000, 17000]),
            st.sampled_from([0, 30, 80, 512, 513, 1100]),
            st.sampled_from([None, None, None, "singly", "in bursts", "nothing"]),
        ),
        max_size=60,
    )
)
def test_both_paths_send_red_to_a_lossy_listener(steps: list[tuple[int, int, int, str | None]]) -> None:
    twins = Twins()
    twins.say(Packet(99, 0), 1.0)
    sequence, timestamp, said = 99, 0, {99}
    for number, (step, ticks, size, loses) in enumerate(steps):
        sequence, timestamp = sequence + step, timestamp + ticks * step
        if loses is not None:
            for ear in twins.fast.ears + twins.pure.ears:
                # one report without loss would not suffice, because the sender remembers an earlier loss for a long time
                for _ in range(20 if loses == "nothing" else 1):
                    ear.lose(0.0 if loses == "nothing" else 0.1, 0.1 if loses == "in bursts" else 0.0)
        if sequence not in said:
            said.add(sequence)
            twins.say(Packet(sequence, timestamp, payload=os.urandom(size)), 2.0 + 0.02 * number)
    assert twins.by_python == 1
    twins.assert_alike()
    twins.close()


@pytest.mark.parametrize(
    ("share", "gaps", "copies"),
    [(0.05, 0.0, [b"four"]), (0.1, 0.0, [b"three", b"four"]), (0.1, 0.1, [b"two", b"three", b"four"])],
    ids=["few", "many", "bursts"],
)
def test_lossy_listener_gets_lost_frames_in_the_next_packet(twins: Twins, share: float, gaps: float, copies: list[bytes]) -> None:
    loses, other = twins.fast.ears
    twins.say(Packet(1, 960, payload=b"one"), 0.0)
    for ear in (loses, twins.pure.ears[0]):
        ear.lose(share, gaps)
    payloads = [b"two", b"three", b"four", b"five"]
    heard: list[list[bytes]] = []
    for number, payload in enumerate(payloads, 2):
        assert twins.fast_takes(twins.client.protect(Packet(number, 960 * number, payload=payload).plain()), 0.1)
        heard += [each.heard() for each in (loses, other)]
    red = [packet for packets in heard[::2] for packet in packets]
    assert [packet[1] for packet in red] == [PAYLOAD_TYPE, RED, RED, RED]
    unwrapped = [packet[12:] for packet, _ in redundancy.unwrap(red[3], rtp.parse(red[3]), PAYLOAD_TYPE)]
    assert unwrapped == [*copies, b"five"]
    assert all(packet[1] == PAYLOAD_TYPE for packets in heard[1::2] for packet in packets)


def test_other_packets_are_left_to_python_unchanged(twins: Twins) -> None:
    twins.say(Packet(1, 960), 0.0)
    seal = twins.client.protect
    assert not twins.fast_takes(seal(Packet(2, 1920, ssrc=SSRC + 1).plain()), 0.1), "another stream"
    assert not twins.fast_takes(seal(Packet(2, 1920, payload_type=96).plain()), 0.1), "another payload"
    assert not twins.fast_takes(seal(Packet(3, 960 * 3).plain()), 0.1, Path(0, ("127.0.0.1", 4322))), "another address"
    assert not twins.fast_takes(Packet(4, 960 * 4, payload=b"x" * 1370).plain(), 0.1), "too long"
    assert not twins.fast_takes(b"\x80\xc8" + bytes(40), 0.1), "RTCP"
    assert not twins.fast_takes(b"\0\1" + bytes(18), 0.1), "STUN"
    assert not twins.fast_takes(b"\x16\xfe\xfd" + bytes(40), 0.1), "DTLS"
    twins.fast.lent.recall()
    assert not twins.fast_takes(seal(Packet(5, 960 * 5).plain()), 0.1), "a voice that was called back"
    assert not any(ear.heard() for ear in twins.fast.ears)


def test_quiet_voice_is_withheld_until_it_speaks(twins: Twins) -> None:
    """No listener gets this voice directly, but the fast path takes the voice nevertheless.

    The fast path gives a packet to Python only if the packet can be louder than -70 dBov.
    """
    assert twins.fast.lent is not None
    twins.fast.lent.lend(twins.fast.incoming, BY, PAYLOAD_TYPE, twins.fast.voice, [], 70)
    twins.fast.incoming._highest = 1
    twins.fast.incoming.lend(twins.leg.voice_in)
    for number, level in ((2, 70), (3, 127), (4, 90)):
        assert twins.fast_takes(twins.client.protect(Packet(number, 960 * number, level).plain()), number * 0.02)
    assert not any(ear.heard() for ear in twins.fast.ears)
    for number, level in ((5, 69), (6, 0), (7, None)):
        assert not twins.fast_takes(twins.client.protect(Packet(number, 960 * number, level).plain()), number * 0.02)
    sealed = twins.client.protect(Packet(8, 960 * 8, 127).plain())
    assert not twins.fast_takes(sealed[:16], 0.2), "its level is beyond the end"
    assert twins.fast_takes(sealed, 0.2)
    twins.fast.lent.sync()
    assert twins.fast.incoming._highest == 8
    assert twins.fast.voice.last_packet == 0.2


@pytest.mark.parametrize("heard_too", [False, True])
def test_mixed_voice_is_buffered_until_the_mixer_asks(twins: Twins, heard_too: bool) -> None:
    """The fast path keeps the packets for the mixer: unchanged, in order, and with their arrival times.

    `heard_too`: whether there also are listeners who hear only this voice. These listeners get the packets immediately.
    """
    lent = twins.fast.lent
    assert lent is not None
    twins.say(Packet(65534, 960), 0.0)
    lent.recall()
    ears = [ear.lent for ear in twins.fast.ears if ear.lent] if heard_too else []
    lent.lend(twins.fast.incoming, BY, PAYLOAD_TYPE, twins.fast.voice, ears, keeps=True)
    said = [
        Packet(65535, 1920, 30, payload=b"one"),
        Packet(65536, 2880, None, payload=b""),
        Packet(65537, 3840, 127, payload=b"x" * 400),
    ]
    for number, packet in enumerate(said):
        assert twins.fast_takes(twins.client.protect(packet.plain()), 1.0 + number)
    assert [len(ear.heard()) for ear in twins.fast.ears] == [3 * heard_too] * 2
    assert lent.kept() == [
        (65535, 1920, b"one", 30, 1.0),
        (0, 2880, b"", None, 2.0),
        (1, 3840, b"x" * 400, 127, 3.0),
    ]
    assert lent.kept() == []
    for number in range(8):
        assert twins.fast_takes(twins.client.protect(Packet(2 + number, 4800).plain()), 4.0)
    assert not twins.fast_takes(twins.client.protect(Packet(10, 4800).plain()), 4.0), "no room"
    assert len(lent.kept()) == 8
    assert not twins.fast_takes(twins.client.protect(Packet(11, 4800, payload=b"x" * 500).plain()), 4.0), "too long"
    assert twins.fast_takes(twins.client.protect(Packet(12, 4800).plain()), 4.0)
    assert len(lent.kept()) == 1
    lent.keep_away(70)
    assert twins.fast_takes(twins.client.protect(Packet(13, 4800, 80).plain()), 4.0)
    assert not twins.fast_takes(twins.client.protect(Packet(14, 4800, 60).plain()), 4.0), "something was said"
    assert lent.kept() == []
    lent.recall()
    assert lent.kept() == []


def test_forged_and_replayed_packets_are_counted_and_dropped(twins: Twins) -> None:
    twins.say(Packet(1, 960), 0.0)
    sealed = twins.client.protect(Packet(2, 1920).plain())
    assert twins.fast_takes(sealed[:-1] + bytes([sealed[-1] ^ 1]), 0.02)
    assert twins.fast_takes(sealed, 0.02)
    assert twins.fast_takes(sealed, 0.02)
    for length in range(12, len(sealed)):
        assert twins.fast_takes(sealed[:length], 0.03)
    assert twins.fast_takes(b"", 0.03)
    assert twins.fast_takes(b"\x80" * 1501, 0.03)
    drops: Counter[str] = Counter()
    twins.fastpath.count(drops)
    assert drops == {"srtp": 2 + len(sealed) - 12, "junk": 2}
    assert all(len(ear.heard()) == 1 for ear in twins.fast.ears)


def test_flood_of_valid_packets_is_rate_limited(twins: Twins) -> None:
    twins.say(Packet(1, 960), 10.0)
    for number in range(2, 2002):
        twins.fast_takes(twins.client.protect(Packet(number, 960 * number).plain()), 10.0)
        for ear in twins.fast.ears:
            ear.lent.sync()
    drops: Counter[str] = Counter()
    twins.fastpath.count(drops)
    assert drops["rate"] == 2000 - 1500
    assert twins.fast_takes(twins.client.protect(Packet(2002, 960 * 2002).plain()), 10.02)
    twins.fastpath.count(drops)
    assert drops["rate"] == 2000 - 1500


def test_removed_listener_is_sent_nothing_more(twins: Twins) -> None:
    twins.say(Packet(1, 960), 0.0)
    gone, stays = twins.fast.ears
    gone.lent.close()
    gone.lent = None
    assert twins.fast_takes(twins.client.protect(Packet(2, 1920).plain()), 0.02)
    assert len(stays.heard()) == 1
    gone.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        gone.socket.recv(100)
    gone.socket.close()


def test_batch_read_gives_the_source_of_each_packet(twins: Twins) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        ours.bind(("127.0.0.1", 0))
        twins.fastpath.use([ours.fileno()])
        client.bind(("127.0.0.1", 0))
        before = time.monotonic()
        for data in (b"\0\1" + bytes(18), b"short", b"\x80\xc8" + bytes(20), b"\x80\x6f" + bytes(20), b"\x16" + bytes(20)):
            client.sendto(data, ours.getsockname())
        path = Path(0, client.getsockname())
        time.sleep(0.05)  # the process sleeps, so it reads its socket late
        left = twins.fastpath.receive(0, 1.0)
        assert [(each.kind, each.path) for each in left] == [(kind, path) for kind in ("stun", "rtcp", "rtp", "dtls")]
        assert left[0].data == b"\0\1" + bytes(18)
        assert all(before <= each.came < time.monotonic() - 0.05 for each in left), "read late, they say when they came"
        assert twins.fastpath.receive(0, 1.0) == []


def test_addresses_are_encoded_as_in_the_kernel() -> None:
    for address in (("192.0.2.7", 40000), ("2001:db8::1", 40000, 5, 3)):
        assert unpack(pack(address)) == address
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        try:
            one.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
        assert unpack(pack(one.getsockname())) == one.getsockname()


def test_library_built_from_other_sources_is_not_used(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "fingerprint", lambda: "of another day")
    with pytest.raises(Unavailable, match="other sources"):
        Fastpath(seam.srtp_functions())
    with pytest.raises(Unavailable):
        Fastpath(seam.srtp_functions(), f"{tmp_path}/none.so")
    monkeypatch.setenv("SANGDAM_PURE_PYTHON", "1")
    with pytest.raises(Unavailable, match="SANGDAM_PURE_PYTHON"):
        Fastpath(seam.srtp_functions())
