"""The fast path sends the same video packets as the Python path.

Python and the fast path get the same packets, encrypted by real libsrtp contexts. The fast path sends to real sockets.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections import Counter
from collections.abc import Iterator

import cffi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy

from media import bandwidth
from media.bandwidth import Estimator, TransportFeedback
from media.packets import rtcp, rtp
from media.peer.lent import Lent
from media.peer.streams import Outgoing
from media.transport import compile as build
from media.transport import seam
from media.transport.fastpath import Fastpath
from media.transport.ice import Path
from media.transport.pictures import Arrivals
from tests.unit.media.peer.picture_twins import KINDS, PICTURE, SSRCS, Camera, Twins, Viewer, vp8
from tests.unit.media.peer.test_lent import BY, LEVEL, Ear, Packet, Speaker, context, leg
from tests.unit.media.peer.test_uplink import packet

SO_NO_CHECK = 11
"""Socket option of Linux that turns off checksums. With this option, the kernel refuses UDP_SEGMENT with EINVAL."""

pytestmark = pytest.mark.skipif(bool(build.make()), reason="no C compiler here: the Python path serves alone")


@pytest.fixture
def twins() -> Iterator[Twins]:
    twins = Twins()
    yield twins
    twins.close()


def test_fast_path_sends_a_steady_video_as_python_does(twins: Twins) -> None:
    for number in range(700):
        payload = vp8(number // 3, key=number == 0, starts=number % 3 == 0)
        taken = twins.deliver(twins.made("l", payload), number * 0.01)
        assert taken == (number > 0)
        if number % 100 == 0:
            twins.assert_alike()
    twins.assert_alike()


PAYLOADS = [PICTURE, PICTURE, b"", b"y" * 40, b"z" * 1170]
ODD = [b"", b"\x90", b"\x90\x80", b"\x90\x80\x80", b"\x10", b"\x90\x40"]
BITS = [15, 15, 15, 7, 0]
OPERATIONS = st.one_of(
    st.tuples(
        st.just("send"),
        st.sampled_from("llh"),
        st.integers(1, 12),
        st.sampled_from(BITS),
        st.sampled_from(PAYLOADS),
    ),
    st.tuples(st.just("keyframe"), st.sampled_from("lh")),
    st.tuples(st.just("lose"), st.sampled_from("lh"), st.integers(1, 3)),
    st.tuples(st.just("find"), st.integers(0, 5), st.booleans()),
    st.tuples(st.just("repeat"), st.sampled_from("lh")),
    st.tuples(st.just("odd"), st.sampled_from("lh"), st.sampled_from(ODD)),
    st.tuples(st.just("show"), st.integers(0, 2), st.sampled_from(["l", "h", "", None]), st.booleans()),
    st.tuples(st.just("cut"), st.integers(0, 2)),
    st.tuples(st.just("ask"), st.integers(0, 2), st.lists(st.integers(-2, 600), min_size=1, max_size=4)),
    st.tuples(st.just("look")),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(operations=st.lists(OPERATIONS, max_size=40))
def test_both_paths_send_the_same_and_keep_the_same_state(operations: list[tuple[object, ...]]) -> None:
    twins = Twins()
    driver = Driver(twins)
    for layer in "lh":
        driver.keyframe(layer)
    for name, *given_ in operations:
        getattr(driver, str(name))(*given_)
    twins.assert_alike()
    twins.close()


class Driver:
    """The operations on a camera and its viewers that `test_both_paths_send_the_same_and_keep_the_same_state` combines."""

    def __init__(self, twins: Twins) -> None:
        self.twins = twins
        self.now = 1.0
        self.picture = 0
        self.lost: list[tuple[str, tuple[bytes, bytes]]] = []
        self.newest: dict[str, bytes] = {}

    def _send(self, layer: str, payload: bytes) -> None:
        self.now += 0.007
        given_ = self.twins.made(layer, payload)
        self.newest[layer] = given_[0]
        self.twins.deliver(given_, self.now)

    def keyframe(self, layer: str) -> None:
        self.picture += 1
        for part in range(3):
            self._send(layer, vp8(self.picture, key=True, starts=part == 0))

    def send(self, layer: str, count: int, bits: int, rest: bytes) -> None:
        for part in range(count):
            self.picture += part % 3 == 0
            self._send(layer, vp8(self.picture, starts=part % 3 == 0, bits=bits, rest=rest))

    def lose(self, layer: str, count: int) -> None:
        self.lost += [(layer, self.twins.made(layer, vp8(self.picture, starts=False))) for _ in range(count)]

    def find(self, at: int, repeated: bool) -> None:
        """Deliver one of the packets that `lose` has held back.

        With `repeated`, the packet comes as a retransmission, and otherwise as the late original.
        """
        if at < len(self.lost):
            layer, given_ = self.lost.pop(at)
            self.twins.deliver(self.twins.again(layer, given_[0]) if repeated else given_, self.now)

    def repeat(self, layer: str) -> None:
        """Deliver a retransmission of a packet that has come already, as browsers send them to probe the bandwidth."""
        self.twins.deliver(self.twins.again(layer, self.newest[layer]), self.now)

    def odd(self, layer: str, payload: bytes) -> None:
        self._send(layer, payload)

    def show(self, viewer: int, layer: str | None, at_once: bool) -> None:
        for each in (self.twins.fast, self.twins.pure):
            each.show(viewer, layer, at_once=at_once or layer is None)

    def cut(self, viewer: int) -> None:
        for each in (self.twins.fast, self.twins.pure):
            each.viewers[viewer].slot.cut()

    def ask(self, viewer: int, back: list[int]) -> None:
        self.twins.fast.sync()
        mine, twin = (each.viewers[viewer] for each in (self.twins.fast, self.twins.pure))
        newest = twin.slot.rewriter._sequence
        sequences = tuple((newest - each) & 0xFFFF for each in back)
        assert mine.asks(sequences) == twin.asks(sequences)

    def look(self) -> None:
        self.twins.assert_alike()


def test_every_packet_of_the_cache_is_sent_again_as_it_was(twins: Twins) -> None:
    """A viewer with RTX and a viewer without RTX get each packet from Python or the fast path, and later request it again.

    The sequence numbers of the packets to the viewer with RTX wrap in the test.
    """
    sent: list[list[bytes]] = [[], []]
    asking = [twins.fast.viewers[0], twins.fast.viewers[2]]
    asking[0].slot.rewriter._sequence = 65000
    for number in range(600):
        taken = twins.made("l", vp8(number, key=number == 0))
        if not twins.fast_takes(taken[1], number * 0.01):
            twins.fast.take(twins.fast.ours.unprotect(taken[1]), number * 0.01)
        for viewer, plain in zip(asking, sent, strict=True):
            plain.extend(viewer.got())
    for viewer, plain in zip(asking, sent, strict=True):
        for at in (0, 87, 88, 300, 599):  # the cache holds the last 512 packets
            original = rtp.parse(plain[at])
            again = viewer.asks((original.sequence,))
            if at < 88:
                assert again == []
            elif viewer.slot.repair_ssrc is None:
                assert again == [plain[at]]
            else:
                header = rtp.parse(again[0])
                assert header.ssrc == viewer.slot.repair_ssrc
                assert again[0][header.payload :] == plain[at][2:4] + plain[at][original.payload :]


@pytest.mark.parametrize("refused", [False, True])
def test_frame_goes_to_each_viewer_in_order_in_few_messages(twins: Twins, refused: bool) -> None:
    """Packets that were read together are sent grouped by viewer. Packets of equal length go in one message (UDP_SEGMENT).

    `refused`: whether the kernel refuses such messages, as it does on a path with a small MTU. In that case, the fast path sends
    the packets one by one.
    """
    if refused:
        twins.sending.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    twins.deliver(twins.made("l", vp8(1, key=True)), 1.0)
    sizes = [1100, 1100, 1100, 1099, 1099, 300, 1100, 20, 20]
    frame = [twins.made("l", vp8(2, starts=at == 0, rest=bytes([at]) * size)) for at, size in enumerate(sizes)]
    ffi, lib = twins.fastpath.ffi, twins.fastpath.lib
    path = ffi.new("fastpath_path *")
    twins.fastpath.write_path(path, BY)
    for _, sealed in frame:
        data = ffi.new("uint8_t[]", sealed)
        assert lib.fastpath_datagram(twins.fastpath.f, path, data, len(sealed), 1.1, 1.1) == -1
    lib.fastpath_flush(twins.fastpath.f)
    for viewer in twins.fast.viewers:
        got = viewer.got()
        assert [len(each) - rtp.parse(each).payload - 7 for each in got] == sizes
        assert [each[-1] for each in got] == list(range(len(sizes)))
    drops: Counter[str] = Counter()
    assert twins.fastpath.count(drops)[1] == 3 * len(sizes)
    assert not drops


def test_forged_repeated_and_broken_packets_are_dropped(twins: Twins) -> None:
    twins.deliver(twins.made("l", vp8(1, key=True)), 1.0)
    _, sealed = twins.made("l", vp8(2))
    assert twins.fast_takes(sealed[:-1] + bytes([sealed[-1] ^ 1]), 1.1)
    assert twins.fast_takes(sealed[:40], 1.1)
    assert twins.fast_takes(sealed, 1.1)
    assert not twins.fast_takes(sealed, 1.1), "a repeat is Python's"
    assert twins.fast_takes(twins.made("l", b"\x90\x80")[1], 1.2), "its picture id is missing"
    drops: Counter[str] = Counter()
    twins.fastpath.count(drops)
    assert drops == {"srtp": 2, "vp8": 1}
    assert [len(each.got()) for each in twins.fast.viewers] == [1, 1, 1]
    assert not twins.fast_takes(twins.made("l", vp8(3))[1], 1.3), "the viewers' streams have a gap"


def test_video_returns_to_python_before_its_notes_are_full(twins: Twins) -> None:
    """The fast path stores the number of each packet that it has sent, until Python collects these numbers.

    In this test, Python does not collect them. The memory for the numbers must not become full, so the fast path gives the video
    back to Python before that.
    """
    for number in range(600):
        twins.deliver(twins.made("l", vp8(number, key=number == 0)), 1.0 + number * 0.01)
        if number % 200 == 0:
            assert twins.by_python == 1
            assert twins.fast.uplink.arrivals.report() == twins.pure.uplink.arrivals.report()
    assert twins.by_python > 1
    twins.assert_alike()


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    start=st.integers(0, 65535),
    steps=st.lists(st.tuples(st.integers(-40, 400), st.integers(-30, 9000)), min_size=1, max_size=250),
    far=st.lists(st.integers(0, 65535), max_size=3),
)
def test_both_paths_report_the_same_arrivals(start: int, steps: list[tuple[int, int]], far: list[int]) -> None:
    """Packet numbers repeat, come late, jump and wrap.

    Python reports to the sender which packets have arrived, and so does the fast path. Each of them reports twice.
    """
    fastpath = Fastpath(seam.srtp_functions())
    sender = leg(fastpath, None, None)
    both = [Arrivals(sender, 0), bandwidth.Arrivals()]
    number, now = start, 4000.0
    for half in (steps[: len(steps) // 2], [*steps[len(steps) // 2 :], *((each, 1) for each in far)]):
        for step, ticks in half:
            number, now = (number + step) & 0xFFFF, now + ticks / 8000
            for each in both:
                each.add(number, now)
        assert both[0].report() == both[1].report()
    sender.close()
    fastpath.close()


def test_sender_of_a_video_is_told_what_has_arrived_while_python_sleeps(twins: Twins) -> None:
    """Every 95 ms to 105 ms, the sender gets a report.

    Together, these reports name each packet that came before the last report.
    """
    key = os.urandom(30)
    theirs, told = context(key, Policy.SSRC_ANY_INBOUND), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        sender.setblocking(False)
        camera = twins.fast
        camera.leg.close()
        ours = context(key, Policy.SSRC_ANY_OUTBOUND)
        camera.leg = leg(twins.fastpath, camera.ours, ours)
        camera.leg.aim(Path(0, sender.getsockname()))
        camera.uplink.arrivals = Arrivals(camera.leg, 0xABCD)
        for number in range(100):
            twins.deliver(twins.made("l", vp8(number // 3, key=number == 0)), 10.0 + number * 0.01)
            with contextlib.suppress(BlockingIOError):
                told.append((number, rtcp.parse(theirs.unprotect_rtcp(sender.recv(2000)))))
    assert twins.by_python == 1
    assert [at for at, _ in told] == list(range(10, 100, 10))
    named = []
    for _, (feedback,) in told:
        assert isinstance(feedback, TransportFeedback)
        named += feedback.packets
    assert [number for number, _ in named] == list(range(1, 92))
    times = [when for _, when in named]
    assert [when - times[0] for when in times] == pytest.approx([at * 0.01 for at in range(91)], abs=0.0005)


def test_removed_viewer_is_sent_nothing_more(twins: Twins) -> None:
    twins.deliver(twins.made("l", vp8(1, key=True)), 1.0)
    gone = twins.fast.viewers[0]
    gone.close()
    assert not twins.fast_takes(twins.made("l", vp8(2))[1], 1.1), "its going took the video back"
    assert gone.slot.cache.get(gone.slot.rewriter._sequence) is None


def test_leg_that_ends_first_leaves_no_trace(twins: Twins) -> None:
    """A leg is the fast path's part of a peer. When a viewer's or the sender's leg ends, the leg's slots and videos are freed.

    The test ends a viewer's leg first, and then the sender's leg.
    """
    twins.deliver(twins.made("l", vp8(1, key=True)), 1.0)
    twins.fast.viewers[0].lent.close()
    assert twins.fast_takes(twins.made("l", vp8(2))[1], 1.1)
    assert [len(each.got()) for each in twins.fast.viewers[1:]] == [1, 1]
    twins.fast.leg.close()
    assert not twins.fast_takes(twins.made("l", vp8(3))[1], 1.1)


def test_voice_that_comes_during_a_keyframe_goes_before_the_rest_of_it() -> None:
    """A keyframe for three viewers has been read. While the keyframe's first packet is encrypted, another person speaks."""
    unprotect, protect, protect_rtcp = seam.srtp_functions() or (0, 0, 0)
    ffi = cffi.FFI()
    real = ffi.cast("int (*)(void *, void *, int *)", protect)
    encrypted, heard_after = 0, None

    def encrypt(session: object, data: object, length: object) -> int:
        nonlocal encrypted, heard_after
        encrypted += 1
        if encrypted == 1:
            clients[1].sendto(seals[1].protect(Packet(2, 1920).plain()), ours.getsockname())
        with contextlib.suppress(BlockingIOError):
            if heard_after is None and ear.socket.recv(1, socket.MSG_PEEK):
                heard_after = encrypted
        return int(real(session, data, length))

    watched = ffi.callback("int (void *, void *, int *)", encrypt)
    fastpath = Fastpath((unprotect, int(ffi.cast("intptr_t", watched)), protect_rtcp))
    ours, *clients = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
    for each in (ours, *clients):
        each.bind(("127.0.0.1", 0))
    fastpath.use([ours.fileno()])
    paths, keys = [Path(0, each.getsockname()) for each in clients], [os.urandom(30) for _ in clients]
    seals = [context(each, Policy.SSRC_ANY_OUTBOUND) for each in keys]
    camera = Camera([Viewer(fastpath, numbers=numbers, repaired=repaired) for numbers, repaired in KINDS], paths[0])
    camera.offload(fastpath, keys[0])
    speaks = leg(fastpath, context(keys[1], Policy.SSRC_ANY_INBOUND), None)
    ear = Ear(fastpath, numbers=False)
    speaker = Speaker([ear], lent=Lent(speaks, Outgoing("audio", 1, lambda made: None), 0, LEVEL, Estimator(0.0)), by=paths[1])
    speaker.take(Packet(1, 960).plain(), 1.0)
    camera.take(packet(SSRCS["l"], 1, payload=vp8(1, key=True), mid=b"1", rid=b"l"), 1.0)
    for number in range(2, 42):
        sealed = seals[0].protect(packet(SSRCS["l"], number, payload=vp8(2, key=True, starts=number == 2), mid=b"1", rid=b"l"))
        clients[0].sendto(sealed, ours.getsockname())
    assert fastpath.receive(0, 1.1) == []
    for number in range(64):  # these later datagrams must reach Python unchanged
        clients[number % 2].sendto(b"\0\1" + bytes([number]) * 18, ours.getsockname())
    left = fastpath.receive(0, 1.2)
    assert [(each.data[-1], each.path) for each in left] == [(number, paths[number % 2]) for number in range(64)]
    assert encrypted == 40 * len(KINDS) + 1
    assert heard_after is not None
    assert heard_after < encrypted / 2
    assert all(len(each.got()) == 41 for each in camera.viewers)
    for viewer in camera.viewers:
        viewer.close()
    for each in (camera.leg, speaks):
        each.close()
    ear.close()
    fastpath.close()
    for each in (ours, *clients):
        each.close()
