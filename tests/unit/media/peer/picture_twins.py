"""Two equal cameras with equal viewers: Python alone forwards one camera, and the fast path forwards the other camera."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence

from pylibsrtp import Policy

from media.bandwidth import Estimator, RepeatBudget, numbered
from media.packets import rtp
from media.peer.lent import Lent
from media.peer.lent_pictures import LentSlot, LentVideo, slots_of
from media.peer.streams import Incoming, Outgoing
from media.transport import seam
from media.transport.fastpath import Fastpath
from media.transport.ice import Path
from media.transport.pictures import Arrivals, Slot, Video
from tests.peers.offer import RTX, TRANSPORT_CC, VP8
from tests.unit.media.peer.test_lent import BY, context, leg, state
from tests.unit.media.peer.test_uplink import an_uplink, packet

NUMBER = 7
SSRCS, REPEATS = {"l": 0x1111, "h": 0x2222}, {"l": 0x3333, "h": 0x4444}
PICTURE = b"x" * 1100


def vp8(number: int, *, key: bool = False, starts: bool = True, bits: int = 15, rest: bytes = PICTURE) -> bytes:
    """Return the payload of one packet of the picture with this number.

    `bits`: length of the picture id in bits. 0: the payload descriptor has no extension.
    """
    first = 0x10 if starts else 0
    head = struct.pack("!H", 0x8000 | number & 0x7FFF) if bits == 15 else bytes([number & 0x7F])
    descriptor = bytes([first | 0x80, 0xE0]) + head + bytes([number & 0xFF, 0x20]) if bits else bytes([first])
    return descriptor + bytes([0 if key else 1]) + rest


class Viewer:
    """A viewer of the camera, with a slot (the stream to this viewer). With `fastpath`, the viewer also has a socket.

    With `twin`, the slot begins with the same SSRCs, sequence numbers and timestamp as the slot of `twin`.
    """

    def __init__(self, fastpath: Fastpath | None, *, numbers: bool, repaired: bool, twin: Viewer | None = None) -> None:
        self.now = 0.0
        self.plain: list[bytes] = []
        self.estimate, self.lent = Estimator(0.0), None
        self.budget = RepeatBudget(0.0)

        def stamp(made: bytes) -> bytes:
            count = self.estimate.sent if self.lent is None else self.lent.number
            return numbered(made, NUMBER, count(len(made), self.now))

        self.slot = Outgoing("slot0", VP8, self._seal, rtx=RTX if repaired else -1, stamp=stamp if numbers else None)
        if twin is not None:
            first = twin.slot.rewriter
            self.slot.rewriter = rtp.Rewriter(first.ssrc, VP8, 90000, first._sequence, first._timestamp)
            self.slot.repair_ssrc, self.slot._repairs = twin.slot.repair_ssrc, twin.slot._repairs
        if fastpath is not None:
            key = self.key = os.urandom(30)
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", 0))
            self.socket.setblocking(False)
            self.theirs, self.ours = context(key, Policy.SSRC_ANY_INBOUND), context(key, Policy.SSRC_ANY_OUTBOUND)
            self.leg = leg(fastpath, None, self.ours)
            self.lent = Lent(self.leg, Outgoing("audio", 1, lambda made: None), 0, 0, self.estimate)
            self.lent.aim(Path(0, self.socket.getsockname()))
            part = Slot(self.leg, repaired=repaired)
            self.slot.cache = part
            self.slot.hold = LentSlot(part, self.slot, self.lent, NUMBER if numbers else 0)

    def _seal(self, made: bytes) -> bytes:
        self.plain.append(made)
        return made if self.lent is None else bytes(self.ours.protect(made))

    def got(self) -> list[bytes]:
        """Return the packets since the last call, decrypted, from Python and from the fast path."""
        found, self.plain = self.plain, []
        while self.lent is not None:
            try:
                found.append(self.theirs.unprotect(self.socket.recv(2000)))
            except BlockingIOError:
                break
        return found

    def asks(self, sequences: tuple[int, ...]) -> list[bytes]:
        """Request the retransmission of these packets. Return the packets that the viewer then gets, decrypted."""
        found = self.slot.repair(sequences, self.budget, 1.0)
        if self.lent is None:
            return found + self.got()
        again = [self.opened(each) for each in found]  # `found` has the packets as they were first sent, encrypted
        return again + self.got()

    def opened(self, sealed: bytes) -> bytes:
        fresh = context(self.key, Policy.SSRC_ANY_INBOUND)  # a context refuses to decrypt the same packet twice
        return bytes(fresh.unprotect(sealed))

    def close(self) -> None:
        if self.slot.hold is not None:
            self.slot.hold.take_back()
        if self.lent is not None:
            self.lent.close()  # this does nothing if the peer's leg in the fast path has already ended
            self.socket.close()


class Camera:
    """The camera of one peer, in two layers, handled as `Peer` and `Room` handle cameras.

    After `offload`, the fast path forwards the packets that it can.
    """

    def __init__(self, viewers: Sequence[Viewer], by: Path = BY) -> None:
        self.viewers = viewers
        self.by = by
        self.uplink = an_uplink(("l", "h"))
        self.leg, self.lent = None, None
        self.videos: dict[Incoming, LentVideo] = {}

    def offload(self, fastpath: Fastpath, key: bytes) -> None:
        self.ours = context(key, Policy.SSRC_ANY_INBOUND)
        self.leg = leg(fastpath, self.ours, None)
        self.lent = Lent(self.leg, Outgoing("audio", 1, lambda made: None), 0, 0, Estimator(0.0))
        self.uplink.arrivals = Arrivals(self.leg, 0)

    def take(self, plain: bytes, now: float) -> None:
        header = rtp.parse(plain)
        stream = self.uplink.stream(plain, header, now)
        assert stream is not None
        if stream in self.videos:
            self.videos[stream].recall()
        taken = self.uplink.picture(stream, plain, header, now, now)
        if taken is None:
            return
        plain, header = taken
        picture = None
        if header.end > header.payload:
            try:
                picture = rtp.vp8(plain[header.payload : header.end])
            except rtp.RtpError:
                return
        for each in self.viewers:
            each.slot.relay(stream, plain, header, now, picture)
        if self.leg is not None:
            steady = slots_of(stream, [each.slot for each in self.viewers])
            if steady is not None:
                if stream not in self.videos:
                    self.videos[stream] = LentVideo(Video(self.leg), stream, VP8, TRANSPORT_CC)
                self.videos[stream].lend(self.by, steady)

    def show(self, viewer: int, layer: str | None, *, at_once: bool) -> None:
        for each in self.videos.values():
            each.recall()
        self.viewers[viewer].slot.show(layer, at_once=at_once)

    def sync(self) -> None:
        for each in self.videos.values():
            each.sync()
        for viewer in self.viewers:
            if viewer.slot.hold is not None:
                viewer.slot.hold.sync()
            if viewer.lent is not None:
                viewer.lent.sync()


KINDS = [(True, True), (False, True), (True, False)]
"""For each viewer: whether packets to the viewer have transport-wide numbers, and whether the viewer gets retransmissions in a
separate stream (RTX).
"""


class Twins:
    """The same camera twice: Python alone forwards one of them, and the fast path forwards the other.

    Each camera has three viewers.
    """

    def __init__(self) -> None:
        self.fastpath = Fastpath(seam.srtp_functions())
        self.sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.fastpath.use([self.sending.fileno()])
        key = os.urandom(30)
        self.client = context(key, Policy.SSRC_ANY_OUTBOUND)
        fast = [Viewer(self.fastpath, numbers=numbers, repaired=repaired) for numbers, repaired in KINDS]
        twins = zip(KINDS, fast, strict=True)
        self.pure = Camera([Viewer(None, numbers=kind[0], repaired=kind[1], twin=twin) for kind, twin in twins])
        self.fast = Camera(fast)
        self.fast.offload(self.fastpath, key)
        self.by_python = self.number = 0
        self.pictures = dict.fromkeys(SSRCS, 0)
        self.sequences = {"l": 65500, "h": 300}

    def made(self, layer: str, payload: bytes) -> tuple[bytes, bytes]:
        """Return the next packet of a layer: (plain, encrypted)."""
        self.number += 1
        self.sequences[layer] += 1
        number = struct.pack("!H", self.number & 0xFFFF)
        plain = packet(SSRCS[layer], self.sequences[layer], payload=payload, mid=b"1", rid=layer.encode(), number=number)
        return plain, self.client.protect(plain)

    def again(self, layer: str, of: bytes) -> tuple[bytes, bytes]:
        """Return a retransmission of the packet `of` of this layer, as a pair (plain, encrypted)."""
        self.number += 1
        header = rtp.parse(of)
        payload = of[2:4] + of[header.payload :]
        number = struct.pack("!H", self.number & 0xFFFF)
        plain = packet(REPEATS[layer], self.number, RTX, payload, mid=b"1", repaired=layer.encode(), number=number)
        return plain, self.client.protect(plain)

    def deliver(self, given: tuple[bytes, bytes], now: float) -> bool:
        """Give a packet to both cameras. Return whether the fast path has taken the packet.

        Fail if the viewers of the two cameras get different packets.
        """
        plain, sealed = given
        for each in (*self.fast.viewers, *self.pure.viewers):
            each.now = now
        self.pure.take(plain, now)
        taken = self.fast_takes(sealed, now)
        if not taken:
            self.by_python += 1
            self.fast.take(self.fast.ours.unprotect(sealed), now)
        for mine, twin in zip(self.fast.viewers, self.pure.viewers, strict=True):
            assert mine.got() == twin.got()
        return taken

    def fast_takes(self, sealed: bytes, now: float) -> bool:
        ffi, lib = self.fastpath.ffi, self.fastpath.lib
        path = ffi.new("fastpath_path *")
        self.fastpath.write_path(path, BY)
        data = ffi.new("uint8_t[]", sealed)
        taken = lib.fastpath_datagram(self.fastpath.f, path, data, len(sealed), now, now) == -1
        lib.fastpath_flush(self.fastpath.f)
        assert taken or ffi.buffer(data)[: len(sealed)] == sealed, "what is left to Python is left as it came"
        return taken

    def assert_alike(self) -> None:
        self.fast.sync()
        for mine, twin in zip(self.fast.viewers, self.pure.viewers, strict=True):
            assert state(mine.slot.rewriter) == state(twin.slot.rewriter)
            assert mine.estimate._sent == twin.estimate._sent
        assert self.fast.uplink.arrivals.report() == self.pure.uplink.arrivals.report()
        for name, stream in self.fast.uplink.incoming.items():
            twin = self.pure.uplink.incoming[name]
            assert state(stream) | {"seen": None} == state(twin) | {"seen": None}
            assert state(stream.seen) == state(twin.seen)
            assert vars(stream.meter) == vars(twin.meter)

    def close(self) -> None:
        for viewer in self.fast.viewers:
            viewer.close()
        self.fast.leg.close()
        self.sending.close()
        self.fastpath.close()
