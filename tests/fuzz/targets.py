"""Fuzz targets: each parser of network input, with the code that uses its result.

A target is a function that takes any bytes. It must not raise, and its state must stay bounded. `SEEDS` has bytes such as real
peers send.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path as File
from typing import Any

import pylibsrtp
from aioice import stun
from aiortc.rtcsctptransport import CookieEchoChunk, DataChunk, HeartbeatChunk, InitChunk, SackChunk, crc32c
from pylibsrtp import _binding

from media.bandwidth import RepeatBudget, feedback
from media.board.room import BoardRoom, FragmentError, Reassembler
from media.mixer import AudioRoom
from media.packets import red as redundancy
from media.packets import rtcp, rtp, rtx, sdp
from media.peer.heartbeat_channel import Live, LiveError
from media.peer.streams import Incoming, Outgoing
from media.transport import check, ice, seam
from media.transport import compile as build
from media.transport.fastpath import Fastpath, Leg
from media.transport.pictures import Arrivals, Slot, Video
from signaling.protocol.client_messages import decode_client
from signaling.protocol.reading import Unreadable
from signaling.protocol.server_messages import encode
from tests.fuzz import files, http

OFFERS = File(__file__).parents[1] / "unit" / "media" / "packets" / "offers"
PATH = ice.Path(0, ("192.0.2.10", 5000))
MIXED = 12
"""At most this many packets of one fuzz case are decoded, because decoding with Opus is slow."""
LIBRARY = "FUZZED_FASTPATH"
"""Environment variable with the path of another build of the fast path (see `sanitized`)."""


# --- STUN -------------------------------------------------------------------------------------------------------------


def fuzz_stun(data: bytes) -> None:
    """Parse the bytes as given, and again with a valid integrity attribute, because a participant is able to add one."""
    for given in (data, _signed(data)):
        agent = ice.IceLite("their", "p" * 24, 0.0)
        agent.ufrag, agent.password = "ours", "w" * 24
        asked = check.read(given)
        if asked is not None:
            agent.request(asked, PATH, 1.0)
        with contextlib.suppress(ice.StunError):
            agent.response(ice.parse(given), PATH, 1.0)
        for step in range(3):
            agent.probes(2.0 + step)
        assert len(agent.paths) <= 16


def _signed(data: bytes) -> bytes:
    try:
        message = stun.parse_message(data)
        message.attributes.pop("MESSAGE-INTEGRITY", None)
        message.attributes.pop("FINGERPRINT", None)
        message.add_message_integrity(b"w" * 24)
        return bytes(message)
    except Exception:  # this message cannot be serialized, so the target tries only the bytes as given
        return b""


def _check() -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"0123456789ab")
    request.attributes.update({"USERNAME": "ours:their", "PRIORITY": 2130706431, "ICE-CONTROLLING": 1, "USE-CANDIDATE": None})
    request.add_message_integrity(b"w" * 24)
    return bytes(request)


# --- RTP --------------------------------------------------------------------------------------------------------------


def fuzz_rtp(data: bytes) -> None:
    """Pass decrypted packets through the code for layers, slots, retransmissions and redundancy.

    In the fuzz case, the length of each packet comes before the packet.
    """
    camera, voice = Incoming(7, "camera", 0.0), Incoming(8, "audio", 0.0)
    sent: list[bytes] = []

    def seal(packet: bytes) -> bytes:
        sent.append(packet)
        return packet

    slot, ear = Outgoing("slot0", 96, seal, rtx=97), Outgoing("audio", 111, seal, red=63)
    ear.reported(0.1, None, 0.0)
    seen, budget = redundancy.Seen(0), RepeatBudget(0.0)
    for number, packet in enumerate(_split(data)):
        now = number * 0.02
        try:
            header = rtp.parse(packet)
        except rtp.RtpError:
            continue
        for identifier in (1, 4, 14, 255):
            rtp.extension(packet, header, identifier)
        camera.receive(header, now)
        voice.receive(header, now)
        payload = packet[header.payload : header.end]
        with contextlib.suppress(rtp.RtpError):
            slot.relay(camera, packet, header, now, rtp.vp8(payload) if payload else None)
        ear.relay(voice, packet, header, now)
        rtx.unwrap(packet, header, 96, 7)
        with contextlib.suppress(rtp.RtpError):
            for _, brought in redundancy.unwrap(packet, header, 111):
                seen.first(brought.sequence)
        slot.repair(tuple(camera.nacks(now)), budget, now)
        for stream in (camera, voice):
            stream.block(now)
    for packet in sent:
        rtp.parse(packet)


def fuzz_mix(data: bytes) -> None:
    """Pass voice packets through the mixer. In the fuzz case, the length of each packet comes before the packet.

    A packet begins with two bytes, which hold the speaker, the sequence step and the level. The Opus payload follows.
    """
    mix = AudioRoom(lambda *_: None)
    mix.set_matrix({"a": {"b": 1.0, "c": 1.0}}, set())
    for number, packet in enumerate(_split(data)[:MIXED]):
        now = number * 0.02
        if len(packet) > 2:
            who, step = "bc"[packet[0] & 1], packet[0] >> 1
            level = packet[1] if packet[1] < 128 else None
            sequence = number + step
            mix.push(who, sequence & 0xFFFF, 960 * sequence & 0xFFFFFFFF, packet[2:], level, now)
        mix.tick(now)
    mix.close()


def _split(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 2 <= len(data) and len(found) < 40:
        size = int.from_bytes(data[at : at + 2], "big") % 400
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


def _joined(*packets: bytes) -> bytes:
    return b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets)


# --- the fast path ----------------------------------------------------------------------------------------------------


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
    for number, packet in enumerate(_split(data)):
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
    """An offloaded video, its sender, and two slots that show it.

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
        """Return the packet, changed into the next packet of the offloaded video, or into the packet `after` packets later."""
        head = bytes([0x80 | packet[0] & 0x3F, packet[1] & 0x80 | 96])
        sequence = (self.video.incoming.highest + 1 + after) & 0xFFFF
        return head + sequence.to_bytes(2, "big") + packet[4:8] + b"\0\0\0\7" + packet[12:]

    def close(self) -> None:
        for each in (self.source, *self.viewers):
            each.close()


def fuzz_pictures(data: bytes) -> None:
    """Pass datagrams to an offloaded video as given, and again encrypted with the keys of its sender.

    Then request the retransmission of every packet. In the fuzz case, the length of each datagram comes before the datagram.
    """
    fastpath, show = _fastpath(), _Show(len(data) % 4)
    ffi, lib = fastpath.ffi, fastpath.lib
    path = ffi.new("fastpath_path *")
    fastpath.write_path(path, PATH)
    taken = 0
    for number, packet in enumerate(_split(data)):
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
    for at in range(0, len(data) - 3, 4):  # arrivals of packets that Python handles
        number, ticks = struct.unpack_from("!Hh", data, at)
        show.arrivals.add(number, 20 + at / 4000 + ticks / 1000)
    report = show.arrivals.report()
    if report is not None:
        assert 0 < len(feedback.parse(bytes(8) + report).packets) <= feedback.MAX_PACKETS
    assert show.arrivals.report() is None
    show.viewers[0].close()  # the legs of viewers and sender can end in any order
    show.close()


def fuzz_batches(data: bytes) -> None:
    """Send a voice, a video and datagrams of a stranger to a real socket, and read them in batches.

    Datagrams that Python must handle must be as they were sent, and must name their sender.
    """
    fastpath, clients = _fastpath(), _clients()
    paths = [ice.Path(0, each.getsockname()) for each in clients]
    line, show = _Line(0, keeps=len(data) % 2 > 0, by=paths[0]), _Show(len(data) % 3, paths[1])
    sent: Counter[tuple[ice.Path, bytes]] = Counter()
    for number, packet in enumerate(_split(data)):
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


# --- RTCP -------------------------------------------------------------------------------------------------------------


def fuzz_rtcp(data: bytes) -> None:
    from media.bandwidth import Estimator, TransportFeedback

    try:
        packets = rtcp.parse(data)
    except rtcp.RtcpError:
        return
    stream, path = Incoming(7, "camera", 0.0), Estimator(0.0)
    for number in range(50):
        path.sent(1000, number * 0.01)
    for packet in packets:
        match packet:
            case rtcp.SenderReport():
                stream.sender_report(packet, 0.0, 1.0)
            case rtcp.Nack():
                assert len(packet.sequences) <= rtcp.MAX_NACKED
            case TransportFeedback():
                path.feedback(packet, 1.0)
                path.tick(1.1)
    stream.block(2.0)


# --- SCTP -------------------------------------------------------------------------------------------------------------


class _NoLoop:
    """An event loop whose timers never fire, because a case ends before they could."""

    def call_later(self, delay: float, callback: object, *arguments: object) -> _NoLoop:
        return self

    def cancel(self) -> None: ...

    def time(self) -> float:
        return 0.0


class _NoDtls:
    state = "connected"

    async def _send_data(self, data: bytes) -> None: ...

    def _register_data_receiver(self, receiver: object) -> None: ...

    def _unregister_data_receiver(self, receiver: object) -> None: ...


def fuzz_sctp(data: bytes) -> None:
    """Pass packets to an association, with a valid checksum and the right verification tag.

    A packet that begins with an INIT chunk has the tag 0. The association is established, unless the case begins with the byte
    255.
    """
    _loop()
    ended: list[str] = []
    sctp: Any = seam._BoundedSctp(_NoDtls(), ended.append, lambda: None)
    sctp._loop = _NoLoop()
    sctp._last_received_tsn, sctp._remote_port, sctp._inbound_streams_count = 99, 5000, 1024
    if data[:1] != b"\xff":
        sctp._set_state(sctp.State.ESTABLISHED)
    for packet in _split(data[1:]):
        tag = 0 if packet[:1] == b"\x01" else sctp._local_verification_tag
        plain = struct.pack("!HHLL", 5000, 5000, tag, 0) + packet
        sealed = plain[:8] + struct.pack("<L", crc32c(plain)) + plain[12:]
        _drive(sctp._handle_data(sealed))
    _finish_tasks()
    assert len(sctp._sack_misordered) <= seam.MAX_MISORDERED + 1
    assert len(sctp._inbound_streams) <= seam.MAX_STREAM_ID + 1
    assert len(sctp._data_channels) < 100 or ended


def _drive(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. Raise AssertionError if the coroutine waits for anything."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def _finish_tasks() -> None:
    """Finish the tasks that the association left on its event loop, so that they do not accumulate from case to case."""
    loop = _loop()
    for _ in range(2):  # each time, let the tasks run until they wait, and then cancel them
        loop.run_until_complete(asyncio.sleep(0))
        for task in asyncio.all_tasks(loop):
            task.cancel()
    loop.run_until_complete(asyncio.sleep(0))


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    return made


def _data_chunk() -> bytes:
    chunk = DataChunk(flags=3)
    chunk.tsn, chunk.stream_id, chunk.stream_seq, chunk.protocol, chunk.user_data = 100, 1, 0, 51, b"hello"
    return bytes(chunk)


# --- text formats ---------------------------------------------------------------------------------------------------


def fuzz_sdp(data: bytes) -> None:
    """Parse an offer and answer it.

    If the first byte is zero, the case says how to damage a browser's offer: it contains the number of the offer, a position, how
    many characters to cut there, and a text to insert there. Otherwise, the case is the offer.
    """
    text = data.decode("utf-8", "surrogateescape")
    if data[:1] == b"\0" and len(data) > 6:
        whole = _offers()[data[1] % 2]
        at, cut = int.from_bytes(data[2:4], "big") % len(whole), int.from_bytes(data[4:6], "big") % 600
        text = whole[:at] + data[6:].decode("utf-8", "replace") + whole[at + cut :]
    try:
        offer = sdp.parse(text)
    except sdp.SdpError:
        return
    ssrcs = {role: number for number, role in enumerate(sdp.ROLES, 1)}
    sdp.answer(offer, sdp.Local("u", "p" * 24, "AA:BB", [("192.0.2.9", 4000)], ssrcs, 7, ssrcs))


def _offers() -> list[str]:
    if not _known_offers:
        _known_offers.extend(_lean((OFFERS / f"{name}.sdp").read_text()) for name in ("chromium", "firefox"))
    return _known_offers


def _lean(offer: str) -> str:
    """Return the offer without lines of unused codecs.

    Nine of ten lines belong to unused codecs. Without these lines, random damage hits a line of a used codec three times as
    often.
    """
    wanted = set(re.findall(r"a=rtpmap:(\d+) (?:opus|VP8)/", offer))
    wanted |= {rtx for rtx, of in re.findall(r"a=fmtp:(\d+) apt=(\d+)", offer) if of in wanted}
    of_codec = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ")
    lines = offer.splitlines(keepends=True)
    return "".join(line for line in lines if not (found := of_codec.match(line)) or found[1] in wanted)


_known_offers: list[str] = []


def fuzz_lines(data: bytes) -> None:
    """Parse messages of the WebSocket and of the `live` data channel."""
    text = data.decode("utf-8", "replace")
    for given in (data, text):
        with contextlib.suppress(Unreadable):
            encode(decode_client(given))
    for given in (data, text):
        with contextlib.suppress(LiveError):
            Live(0.0).echo(given, 1.0)


def fuzz_board(data: bytes) -> None:
    """Reassemble board messages from their fragments, and give each whole message to the board.

    The fragments come from a client that is allowed to write.
    """
    stats: list[bytes] = []
    board = BoardRoom([], stats.append, lambda participant, message: None)
    board.set_writers({"a"})
    board.connect("a")
    reassembler = Reassembler()
    for fragment in _split(data):
        with contextlib.suppress(FragmentError):
            message = reassembler.feed(fragment)
            if message is not None:
                board.receive("a", message)
    board.flush()
    board.close()


def _update() -> bytes:
    from pycrdt import Doc, Map

    doc: Any = Doc()
    doc["meta"] = Map({"schema": 1, "background": "x"})
    update = doc.get_update()
    return b"\0" + b"\0\x02" + bytes([len(update)]) + update


TARGETS: dict[str, Callable[[bytes], None]] = {
    "stun": fuzz_stun,
    "rtp": fuzz_rtp,
    "mix": fuzz_mix,
    "rtcp": fuzz_rtcp,
    "fastpath": fuzz_fastpath,
    "pictures": fuzz_pictures,
    "batches": fuzz_batches,
    "sctp": fuzz_sctp,
    "sdp": fuzz_sdp,
    "lines": fuzz_lines,
    "board": fuzz_board,
    "http": http.fuzz_http,
    "files": files.fuzz_files,
}

if build.make():
    del TARGETS["fastpath"], TARGETS["pictures"], TARGETS["batches"]  # this machine has no C compiler


def _rtp_seed() -> bytes:
    audio = rtp.build(111, True, 65535, 0xFFFFFF00, 8, b"\x78" + b"\x01" * 30)
    video = rtp.build(96, True, 1000, 90000, 7, bytes([0x90, 0xE0, 0x80, 5, 1, 0, 0]) + b"v" * 40)
    extended = bytes([video[0] | 0x10]) + video[1:12] + b"\xbe\xde\0\1\x40\x31\0\0" + video[12:]
    red = rtp.build(63, False, 0, 0x2C0, 8, redundancy.wrap(111, b"\x78" + b"\2" * 30, [(960, audio[12:])]))
    return _joined(audio, red, video, extended, video[:2] + b"\x03\xf0" + video[4:])


def _voice_seed() -> bytes:
    plain = [
        rtp.build(111, number == 65535, number & 0xFFFF, 960 * number, 8, b"\x78" + bytes(20)) for number in range(65534, 65540)
    ]
    wide = plain[2][:1].replace(b"\x80", b"\x90") + plain[2][1:12] + b"\x10\0\0\1\1\1\x14\0" + plain[2][12:]
    levels = [each[:1].replace(b"\x80", b"\x90") + each[1:12] + b"\xbe\xde\0\1\x10\x14\0\0" + each[12:] for each in plain]
    return _joined(*plain[:2], wide, *levels[3:], b"\xb1" + levels[5][1:] + b"\0\2")


def _picture_seed() -> bytes:
    wide, narrow = bytes([0x90, 0xE0, 0x81, 5, 1, 0x20, 1]), bytes([0x90, 0xC0, 5, 1, 1])
    payloads = [wide + b"v" * 40, narrow + b"v" * 39, b"\x10\1" + b"v" * 20, b"\0vv", b"", b"\x90\x80\x80", b"\x90\xf0\x80\0\1\2"]
    plain = [rtp.build(96, True, number, 3000 * number, 7, payload) for number, payload in enumerate(payloads)]
    numbered = [b"\x90" + each[1:12] + b"\xbe\xde\0\1\x41\0\1\0" + each[12:] for each in plain]
    return _joined(*numbered, *plain)


SEEDS: dict[str, list[bytes]] = {
    "stun": [_check()],
    "rtp": [_rtp_seed()],
    "mix": [_joined(*(b"\2\x14\x78" + bytes(20) for _ in range(6)), b"\1\xff\x78" + b"\1" * 30, b"\xa0\x14\x08\0")],
    "rtcp": [
        rtcp.sender_report(7, 1 << 40, 90000, 10, 1000) + rtcp.receiver_report(7, [rtcp.Block(7, 3, 10, 1000, 5, 6, 7)]),
        rtcp.nack(1, 7, [1, 2, 30]) + rtcp.pli(1, 7) + rtcp.remb(1, 500_000, [7]) + rtcp.source_description(1, "sangdam"),
        bytes.fromhex("8fcd0005000000010000000200000032000000002032040404000000")[:24],
    ],
    "fastpath": [_voice_seed()],
    "pictures": [_picture_seed()],
    "batches": [_picture_seed() * 3, _voice_seed() * 3],
    "sctp": [
        b"\0" + _joined(_data_chunk(), bytes(SackChunk()), bytes(HeartbeatChunk())),
        b"\xff" + _joined(bytes(InitChunk()), bytes(CookieEchoChunk())),
    ],
    "sdp": [b"\0\0\x10\0\0\x20a=rid:l send\r\n", b"\0\1\x01\0\0\x01a=simulcast:send l;h\r\n", b"v=0\r\nm=audio 9 UDP 111\r\n"],
    "lines": [
        b'{"type":"line","session":"s-1","line":"c-1","text":"\xec\x95\x88\xeb\x85\x95"}',
        b'{"type":"hello","tab":"t","token":"x"}',
        b'{"t":"hb","n":7}',
    ],
    "board": [_joined(_update()), _joined(b"\0\0\0\x01\0"), _joined(b"\0\x01\x0a\x02\x02p2\x01" + bytes(4))],
    "http": http.seeds(),
    "files": files.seeds(),
}
LONGEST = {"sdp": 4096, "board": 4096, "lines": 4096}
