"""The fast path forwards a single voice in a room of three, and then gives the voice back to Python.

Real packets pass through real sockets. The tests use a simulated clock.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Coroutine
from typing import Any, NamedTuple

import pytest
from pylibsrtp import Policy

from media.api import wire
from media.mixer import TICK_STEP_S
from media.packets import rtp
from media.peer.peer import Peer
from media.transport import seam
from media.transport.check import Check
from media.transport.fastpath import Fastpath
from media.transport.ice import CONSENT_S, Path
from media.voice.path import Mode
from media.worker.room import Room
from tests.unit.media.mixer.sound import TICK, everyone, packets, tone
from tests.unit.media.mixer.test_solo import NAMES, words
from tests.unit.media.peer.test_lent import Packet, context, pytestmark  # noqa: F401  # skips without a C compiler
from tests.unit.media.peer.test_peer import OFFER, World

PACKET_MS = 20
UNTIL_LENT_S = 6


def bound() -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    one.setblocking(False)
    return one


class House(World):
    """A worker with its socket and its fast path."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0
        self.candidates: list[tuple[str, int]] = []
        self.recorder = None
        self.socket = bound()
        self.fastpath = Fastpath(seam.srtp_functions())
        self.fastpath.use([self.socket.fileno()])

    def send(self, data: bytes, path: Path) -> None:
        self.socket.sendto(data, path.address)

    def flush(self) -> None:
        self.fastpath.flush()

    def emit(self, event: wire.Event) -> None: ...

    def adopt(self, peer: Peer) -> None: ...

    def hurry(self, due: int) -> None: ...

    def release(self, peer: Peer, ending: Coroutine[Any, Any, None]) -> None:
        ending.close()


class Heard(NamedTuple):
    at: float
    sequence: int
    timestamp: int
    payload: bytes


class Person:
    """A connected browser: the packets that it sends, and the packets that it has received."""

    def __init__(self, name: str, house: House, room: Room, payloads: list[bytes]) -> None:
        self.house, self.payloads = house, payloads
        self.phase_ms = 3 + 7 * NAMES.index(name)
        self.n, self.timestamp = 0, 5000
        self.heard: list[Heard] = []
        self.socket = bound()
        self.peer = Peer(name, name, OFFER, room, house, house.time)
        up, down = os.urandom(30), os.urandom(30)
        self._seal, self._open = context(up, Policy.SSRC_ANY_OUTBOUND), context(down, Policy.SSRC_ANY_INBOUND)
        secure = self.peer._secure
        secure._rx, secure._tx = context(up, Policy.SSRC_ANY_INBOUND), context(down, Policy.SSRC_ANY_OUTBOUND)
        self.peer.ice._check(Check(b"", nominates=True), Path(0, self.socket.getsockname()), house.time, new=True)
        room.peers[name] = room._by_participant[name] = self.peer
        self.peer._secured()

    def say(self, count: int = 1) -> None:
        """Send `count` packets at the same moment."""
        for _ in range(count):
            packet = Packet(self.n, self.timestamp, payload=self.payload(self.n), ssrc=1000 + self.phase_ms)
            self.socket.sendto(self._seal.protect(packet.plain()), self.house.socket.getsockname())
            self.skip(1)

    def skip(self, count: int) -> None:
        """Skip `count` packets, as if the network had lost them."""
        self.n += count
        self.timestamp += count * TICK

    def payload(self, number: int) -> bytes:
        return self.payloads[number % len(self.payloads)]

    def listen(self) -> None:
        while True:
            try:
                sealed = self.socket.recv(2000)
            except BlockingIOError:
                return
            if sealed[0] >= 128 and not 192 <= sealed[1] <= 223:  # this is an RTP packet (RFC 7983, RFC 5761 section 4)
                packet = self._open.unprotect(sealed)
                header = rtp.parse(packet)
                self.heard.append(Heard(self.house.time, header.sequence, header.timestamp, packet[header.payload : header.end]))

    def missed(self, speaker: Person, since: int) -> int:
        """Return how many of the speaker's packets, from number `since` on, did not reach this listener, or arrived changed."""
        came = {each.payload for each in self.heard}
        return sum(speaker.payload(number) not in came for number in range(since, speaker.n))

    def close(self) -> None:
        if self.peer.downlink.lent is not None:
            self.peer.downlink.lent.close()
        self.socket.close()


class Conference:
    """A room in which each speaker sends a packet every 20 ms. The speakers do not send at the same moment."""

    def __init__(self, spoken: list[bytes], other: list[bytes]) -> None:
        self.house = House()
        self.room = Room("r", 1, [], self.house, round(self.house.time / TICK_STEP_S))
        self.people = [Person(name, self.house, self.room, spoken if name == "user" else other) for name in NAMES]
        self.room.set_matrix(wire.SetMatrix(epoch=1, hears=everyone(*NAMES)))
        self._ms = round(self.house.time * 1000)
        self.modes: dict[str, list[Mode]] = {name: [Mode.MIXED] for name in NAMES}
        """Speaker → the modes that the speaker's voice has had, in order."""

    def run(self, seconds: float, *speakers: Person) -> None:
        for _ in range(round(seconds * 1000)):
            for person in speakers:
                if self._ms % PACKET_MS == person.phase_ms:
                    person.say()
            self._receive()
            while self.room.voices.deadline * TICK_STEP_S <= self.house.time:
                self.room.tick(self.house.time)
            self._compare_modes()
            if self._ms % PACKET_MS == 0:
                for person in self.people:
                    person.listen()
            self._ms += 1
            self.house.time = self._ms / 1000

    def _receive(self) -> None:
        left = self.house.fastpath.receive(0, self.house.time)
        self.house.flush()
        for kind, data, path, _ in left:
            peer = next(person.peer for person in self.people if person.peer.ice.allows(path))
            peer.receive(kind, data, path, self.house.time, self.house.time)

    def _compare_modes(self) -> None:
        """Assert that each voice's mode agrees with the states of the fast path, of the mixer and of the `Flow`.

        The `Flow` is a passthrough that the fast path carries.
        """
        voices = self.room.voices
        for name, speaker in voices._speakers.items():
            mode, peer = speaker.path.mode, speaker.peer
            if self.modes[name][-1] is not mode:
                self.modes[name].append(mode)
            flows = voices._flow is not None and voices._flow.peer is peer
            assert flows == (mode is Mode.FLOWING)
            assert peer.is_lent == (mode in (Mode.OFFLOADED, Mode.BUFFERED, Mode.HUSHED, Mode.FLOWING))
            assert (peer.downlink.lent is not None and peer.downlink.lent.keeps) == (mode in (Mode.BUFFERED, Mode.FLOWING))
            assert voices.mixer.passes_on(name) == (mode in (Mode.PASSTHROUGH, Mode.FLOWING))
            assert speaker.is_mixed == (mode not in (Mode.RELAYED, Mode.OFFLOADED))

    @property
    def lent(self) -> bool:
        return self.room.voices._flow is not None

    def close(self) -> None:
        for person in self.people:
            person.close()
        self.house.socket.close()
        self.house.fastpath.close()


@pytest.fixture(scope="module")
def spoken() -> list[bytes]:
    return packets(words(10))


@pytest.fixture(scope="module")
def other() -> list[bytes]:
    return packets(tone(3000, 1, 3000))


@pytest.fixture
async def conference(spoken: list[bytes], other: list[bytes]) -> AsyncIterator[Conference]:
    conference = Conference(spoken, other)
    yield conference
    conference.close()


async def test_lone_voice_flows_until_another_begins_and_comes_back(conference: Conference) -> None:
    user, counselor, _ = conference.people
    conference.run(UNTIL_LENT_S, user)
    assert conference.modes["user"][-3:] == [Mode.BUFFERED, Mode.PASSTHROUGH, Mode.FLOWING]
    conference.run(1, user, counselor)
    assert conference.modes["user"][-1] is Mode.BUFFERED
    assert conference.modes["counselor"][-1] is Mode.BUFFERED
    conference.room.set_matrix(wire.SetMatrix(epoch=1, hears=everyone("user", "counselor")))
    conference.run(1, user, counselor)
    assert conference.modes["user"][-1] is Mode.OFFLOADED
    conference.room.set_matrix(wire.SetMatrix(epoch=1, hears=everyone(*NAMES)))
    conference.run(1, user)
    assert conference.modes["user"][-1] is Mode.BUFFERED


async def test_link_back_after_two_seconds_does_not_delay_the_room(conference: Conference) -> None:
    """After an outage, the network delivers more packets at once than the fast path can buffer.

    The passthrough ends while these packets are handled, when the mixer is two seconds behind the sender.
    """
    user, *listeners = conference.people
    conference.run(UNTIL_LENT_S, user)
    assert conference.lent
    conference.run(2.3)
    assert conference.lent
    user.skip(115 - 12)
    user.say(12)
    back = user.n
    conference.run(2, user)
    conference.run(0.5)  # after this time, the jitter buffer has still not played the whole burst
    for listener in listeners:
        assert listener.missed(user, back) <= 1


async def test_second_speaker_is_heard_though_timestamps_ran_ahead(conference: Conference) -> None:
    user, counselor, professional = conference.people
    conference.run(UNTIL_LENT_S, user)
    assert conference.lent
    for _ in range(60):
        user.timestamp += round(0.95 * 48_000)
        conference.run(0.02, user)
    conference.run(0.1, counselor)
    before = len(professional.heard)
    conference.run(6, counselor)
    assert len(professional.heard) - before >= 290


@pytest.mark.parametrize("burst", [12, 50])
async def test_listener_timestamps_follow_the_clock_through_a_stall(burst: int, conference: Conference) -> None:
    user, counselor, _ = conference.people
    conference.run(UNTIL_LENT_S, user)
    assert conference.lent
    conference.run(1)
    user.skip(50 - burst)
    user.say(burst)
    conference.run(3, user)
    first, last = counselor.heard[0], counselor.heard[-1]
    assert (last.timestamp - first.timestamp) / 48_000 == pytest.approx(last.at - first.at, abs=0.1)
    assert len({each.sequence for each in counselor.heard}) == len(counselor.heard)


async def test_remaining_listeners_miss_nothing_when_one_leaves(conference: Conference, monkeypatch: pytest.MonkeyPatch) -> None:
    """If packets arrive unevenly, the room's tick forwards them. The same tick also checks whether people have left."""
    monkeypatch.setattr("media.mixer.room.EVEN_TICKS", 10_000)
    user, counselor, professional = conference.people
    professional.peer.ice._consent -= CONSENT_S - 6
    conference.run(5.5, user)
    assert conference.room.voices.mixer.passed_on == "user"
    before = user.n
    conference.run(2, user)
    assert professional.peer.state == "gone"
    assert counselor.missed(user, before) <= 1
