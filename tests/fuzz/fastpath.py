"""Fuzz targets for the fast path: its C code gets any datagrams, and the same datagrams encrypted with the right keys."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import struct
from collections import Counter

import pylibsrtp
from pylibsrtp import _binding

from media.bandwidth import feedback
from media.packets import red as redundancy
from media.packets import rtp
from media.transport import compile as build
from media.transport import ice, seam
from media.transport.fastpath import Fastpath, Leg
from media.transport.pictures import Arrivals, Slot, Video
from tests.fuzz import cases

PATH = ice.Path(0, ("192.0.2.10", 5000))
LIBRARY = "FUZZED_FASTPATH"
"""Environment variable with the path of another build of the fast path (see `sanitized`)."""


class _Line:
    """An offloaded voice, its two listeners, and an encrypting client that sends the voice."""

    def __init__(self, quiet_from: int, *, keeps: bool, by: ice.Path = PATH) -> None:
        key = bytes(range(30))
        inbound, outbound = pylibsrtp.Policy.SSRC_ANY_INBOUND, pylibsrtp.Policy.SSRC_ANY_OUTBOUND
        self.client, ours, *theirs = (
            pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=kind)) for kind in (outbound, inbound, outbound, outbound)
        )
        self.source = self.leg(ours)
        self.listeners = [self.leg(each) for each in theirs]
        for number, each in enumerate(self.listeners):
            each.aim(PATH)
            each.voice_out.payload_type, each.voice_out.number_id = 111, number
            each.voice_out.red_type, each.voice_out.copies = 63, number * redundancy.DEEP
        said = self.source.voice_in
        said.ssrc, said.payload_type, said.level_id, said.clock = 8, 111, 1, 48000
        said.quiet_from = quiet_from
        said.highest, said.loud_level, said.quiet_level, said.start_packets = 65534, 45, 55, 3
        assert self.source.lend(by, self.listeners, keeps=keeps)

    @staticmethod
    def leg(session: pylibsrtp.Session, other: pylibsrtp.Session | None = None) -> Leg:
        """Return a leg: what the fast path knows of a peer.

        The leg decrypts with `session`, and encrypts with `other` if given, otherwise with `session`.
        """
        both = (session, other or session)
        first, second = (int(_binding.ffi.cast("intptr_t", each._srtp[0])) for each in both)
        return Leg(_fastpath(), (first, second), both)

    def close(self) -> None:
        for each in (self.source, *self.listeners):
            each.close()


def _voiced(packet: bytes) -> bytes:
    """Return the packet, changed to have the version and the SSRC of the offloaded voice."""
    return bytes([0x80 | packet[0] & 0x3F]) + packet[1:8] + b"\0\0\0\x08" + packet[12:] if len(packet) > 12 else packet


@functools.cache
def _fastpath() -> Fastpath:
    made = Fastpath(seam.srtp_functions(), os.environ.get(LIBRARY) or build.LIBRARY)
    _sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
    _sockets[0].bind(("127.0.0.1", 0))  # packets to `PATH` do not leave this machine: 192.0.2.10 cannot be reached from loopback
    made.use([_sockets[0].fileno()])
    return made


_sockets: list[socket.socket] = []


def fuzz_fastpath(data: bytes) -> None:
    """Pass datagrams to the fast path as given, and again encrypted with the keys of the offloaded participant.

    In the fuzz case, the length of each datagram comes before the datagram.
    """
    fastpath, line = _fastpath(), _Line(len(data) % 2 * 45, keeps=len(data) % 3 > 0)
    ffi, lib = fastpath.ffi, fastpath.lib
    path = ffi.new("fastpath_path *")
    fastpath.write_path(path, PATH)
    taken = 0
    for number, packet in enumerate(cases.split(data)):
        given = [packet]
        with contextlib.suppress(*seam.SrtpError):
            given.append(line.client.protect(_voiced(packet)))
            given.append(line.client.protect(packet))
        for datagram in given:
            # the buffer ends with the datagram, so that a sanitizer sees an overrun; a bytes object has one byte more
            held = ffi.new("uint8_t[]", len(datagram))
            ffi.memmove(held, datagram, len(datagram))
            now = 10 + number * 0.02
            kind = lib.fastpath_datagram(fastpath.f, path, held, len(datagram), now, now)
            assert -1 <= kind <= 3
            assert kind == -1 or ffi.buffer(held)[: len(datagram)] == datagram
            taken += kind == -1
        lib.fastpath_flush(fastpath.f)
    for each in line.listeners:
        assert 0 <= each.numbers.uncollected <= min(taken, 512)
    assert line.source.voice_in.packets <= taken
    kept = line.source.kept()
    assert len(kept) <= min(8, line.source.voice_in.packets)
    assert all(len(each.payload) <= 512 and (each.level is None or each.level <= 127) for each in kept)
    line.close()


class _Show:
    """An offloaded video, its sender, and two slots (streams to viewers) that carry the video.

    The first slot has RTX. The second slot has no RTX, and writes transport-wide numbers into its packets.
    """

    def __init__(self, report_as: int, by: ice.Path = PATH) -> None:
        """Offload the video. `report_as`: SSRC of the reports to the video's sender; 0: only Python sends reports."""
        key = bytes(range(30))
        inbound, outbound = pylibsrtp.Policy.SSRC_ANY_INBOUND, pylibsrtp.Policy.SSRC_ANY_OUTBOUND
        self.client, ours, answers, *theirs = (
            pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=kind))
            for kind in (outbound, inbound, outbound, outbound, outbound)
        )
        self.source = _Line.leg(ours, answers)
        self.source.aim(PATH)
        self.arrivals = Arrivals(self.source, report_as)
        self.viewers = [_Line.leg(each) for each in theirs]
        self.slots = [Slot(each, repaired=not number) for number, each in enumerate(self.viewers)]
        for number, (viewer, slot) in enumerate(zip(self.viewers, self.slots, strict=True)):
            viewer.aim(PATH)
            slot.out.payload_type, slot.out.number_id = 96, number
            slot.out.sequence, slot.out.sequence_offset = 499 + number, 65036 + number
            slot.out.picture_offset, slot.out.tl0_offset = 77, 200
        self.video = Video(self.source)
        sent = self.video.incoming
        sent.ssrc, sent.payload_type, sent.clock, sent.highest = 7, 96, 90000, 999
        self.video.state.number_id = 4
        assert self.video.lend(by, self.slots)

    def pictured(self, packet: bytes, after: int = 0) -> bytes:
        """Return the packet with the header of the offloaded video's next packet, or of the packet `after` packets after that."""
        head = bytes([0x80 | packet[0] & 0x3F, packet[1] & 0x80 | 96])
        sequence = (self.video.incoming.highest + 1 + after) & 0xFFFF
        return head + sequence.to_bytes(2, "big") + packet[4:8] + b"\0\0\0\7" + packet[12:]

    def close(self) -> None:
        for each in (self.source, *self.viewers):
            each.close()


def fuzz_pictures(data: bytes) -> None:
    """Pass the datagrams of a fuzz case to the fast path as packets of an offloaded video.

    Each datagram is passed twice: first unchanged, then, if it is long enough, encrypted with the keys of the video's sender.
    After that, request the retransmission of every packet. In the fuzz case, each datagram comes after its length.
    """
    fastpath, show = _fastpath(), _Show(len(data) % 4)
    ffi, lib = fastpath.ffi, fastpath.lib
    path = ffi.new("fastpath_path *")
    fastpath.write_path(path, PATH)
    taken = 0
    for number, packet in enumerate(cases.split(data)):
        given = [packet]
        if len(packet) > 12:
            with contextlib.suppress(*seam.SrtpError):
                given.append(show.client.protect(show.pictured(packet)))
        for datagram in given:
            held = ffi.new("uint8_t[]", len(datagram))
            ffi.memmove(held, datagram, len(datagram))
            kind = lib.fastpath_datagram(fastpath.f, path, held, len(datagram), 10 + number * 0.02, 10 + number * 0.02)
            assert -1 <= kind <= 3
            assert kind == -1 or ffi.buffer(held)[: len(datagram)] == datagram
            taken += kind == -1
        lib.fastpath_flush(fastpath.f)
    for viewer, slot in zip(show.viewers, show.slots, strict=True):
        again = [slot.get(sequence) for sequence in range(499, 545)]
        assert sum(each is not None for each in again) == slot.out.packets <= taken
        assert len(viewer.sent()) in (0, slot.out.packets)
        slot.put(500, data[:1400])
        assert slot.get(500) == (data[:1400] or None)
    assert show.video.incoming.packets <= taken
    for at in range(0, len(data) - 3, 4):  # tell the fast path when the packets that Python handles have arrived
        number, ticks = struct.unpack_from("!Hh", data, at)
        show.arrivals.add(number, 20 + at / 4000 + ticks / 1000)
    report = show.arrivals.report()
    if report is not None:
        assert 0 < len(feedback.parse(bytes(8) + report).packets) <= feedback.MAX_PACKETS
    assert show.arrivals.report() is None
    show.viewers[0].close()  # viewers and sender can leave in any order; here, a viewer's connection (`Leg`) is closed first
    show.close()


def fuzz_batches(data: bytes) -> None:
    """Send a voice, a video and datagrams of a stranger to a real socket, and read them in batches.

    Datagrams that the fast path leaves to Python must have the content and the sender that they were sent with.
    """
    fastpath, clients = _fastpath(), _clients()
    paths = [ice.Path(0, each.getsockname()) for each in clients]
    line, show = _Line(0, keeps=len(data) % 2 > 0, by=paths[0]), _Show(len(data) % 3, paths[1])
    sent: Counter[tuple[ice.Path, bytes]] = Counter()
    for number, packet in enumerate(cases.split(data)):
        given = [(2, packet), (number % 3, packet)]
        if len(packet) > 12:
            with contextlib.suppress(*seam.SrtpError):
                given.append((1, show.client.protect(show.pictured(packet, number))))
                given.append((0, line.client.protect(_voiced(packet))))
        for client, datagram in given:
            clients[client].sendto(datagram, _sockets[0].getsockname())
            sent[paths[client], datagram] += 1
    fastpath.count(Counter())
    left: Counter[tuple[ice.Path, bytes]] = Counter()
    for again in range(sent.total() // 64 + 2):
        left.update((each.path, each.data) for each in fastpath.receive(0, 10 + again))
    assert fastpath.count(Counter())[0] == sent.total()
    assert left <= sent
    line.close()
    show.close()


@functools.cache
def _clients() -> list[socket.socket]:
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for each in made:
        each.bind(("127.0.0.1", 0))
    return made


def voice_seed() -> bytes:
    plain = [
        rtp.build(111, number == 65535, number & 0xFFFF, 960 * number, 8, b"\x78" + bytes(20)) for number in range(65534, 65540)
    ]
    wide = plain[2][:1].replace(b"\x80", b"\x90") + plain[2][1:12] + b"\x10\0\0\1\1\1\x14\0" + plain[2][12:]
    levels = [each[:1].replace(b"\x80", b"\x90") + each[1:12] + b"\xbe\xde\0\1\x10\x14\0\0" + each[12:] for each in plain]
    return cases.joined(*plain[:2], wide, *levels[3:], b"\xb1" + levels[5][1:] + b"\0\2")


def picture_seed() -> bytes:
    wide, narrow = bytes([0x90, 0xE0, 0x81, 5, 1, 0x20, 1]), bytes([0x90, 0xC0, 5, 1, 1])
    payloads = [wide + b"v" * 40, narrow + b"v" * 39, b"\x10\1" + b"v" * 20, b"\0vv", b"", b"\x90\x80\x80", b"\x90\xf0\x80\0\1\2"]
    plain = [rtp.build(96, True, number, 3000 * number, 7, payload) for number, payload in enumerate(payloads)]
    numbered = [b"\x90" + each[1:12] + b"\xbe\xde\0\1\x41\0\1\0" + each[12:] for each in plain]
    return cases.joined(*numbered, *plain)
