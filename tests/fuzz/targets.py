"""Fuzz targets: each parser of network input, with the code that uses its result.

A target is a function that takes any bytes. The target must not raise an exception, and its state must stay bounded. `SEEDS` has
bytes such as real peers send.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path as File
from typing import Any

from aioice import stun

from media.bandwidth import RepeatBudget
from media.board.room import BoardRoom, FragmentError, Reassembler
from media.mixer import AudioRoom
from media.packets import red as redundancy
from media.packets import rtcp, rtp, rtx, sdp
from media.peer.heartbeat_channel import Live, LiveError
from media.peer.streams import Incoming, Outgoing
from media.transport import check, ice
from media.transport import compile as build
from signaling.protocol.client_messages import decode_client
from signaling.protocol.reading import Unreadable
from signaling.protocol.server_messages import encode
from tests.fuzz import cases, fastpath, files, http, sctp

OFFERS = File(__file__).parents[1] / "unit" / "media" / "packets" / "offers"
PATH = ice.Path(0, ("192.0.2.10", 5000))
MIXED = 12
"""At most this many packets of one fuzz case are decoded, because decoding with Opus is slow."""


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
    for number, packet in enumerate(cases.split(data)):
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
    for number, packet in enumerate(cases.split(data)[:MIXED]):
        now = number * 0.02
        if len(packet) > 2:
            who, step = "bc"[packet[0] & 1], packet[0] >> 1
            level = packet[1] if packet[1] < 128 else None
            sequence = number + step
            mix.push(who, sequence & 0xFFFF, 960 * sequence & 0xFFFFFFFF, packet[2:], level, now)
        mix.tick(now)
    mix.close()


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


# --- text formats ---------------------------------------------------------------------------------------------------


def fuzz_sdp(data: bytes) -> None:
    """Parse an offer and answer it.

    If the first byte is zero, the case says how to damage a browser's offer. The case then contains the number of the offer, a
    position, how many characters to cut there, and a text to insert there. Otherwise, the case is the offer.
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

    In Chromium's offer, nine of ten lines about codecs belong to unused codecs. Without these lines, random damage hits a line of
    a used codec nearly three times as often.
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
    for fragment in cases.split(data):
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
    "fastpath": fastpath.fuzz_fastpath,
    "pictures": fastpath.fuzz_pictures,
    "batches": fastpath.fuzz_batches,
    "sctp": sctp.fuzz_sctp,
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
    return cases.joined(audio, red, video, extended, video[:2] + b"\x03\xf0" + video[4:])


SEEDS: dict[str, list[bytes]] = {
    "stun": [_check()],
    "rtp": [_rtp_seed()],
    "mix": [cases.joined(*(b"\2\x14\x78" + bytes(20) for _ in range(6)), b"\1\xff\x78" + b"\1" * 30, b"\xa0\x14\x08\0")],
    "rtcp": [
        rtcp.sender_report(7, 1 << 40, 90000, 10, 1000) + rtcp.receiver_report(7, [rtcp.Block(7, 3, 10, 1000, 5, 6, 7)]),
        rtcp.nack(1, 7, [1, 2, 30]) + rtcp.pli(1, 7) + rtcp.remb(1, 500_000, [7]) + rtcp.source_description(1, "sangdam"),
        bytes.fromhex("8fcd0005000000010000000200000032000000002032040404000000")[:24],
    ],
    "fastpath": [fastpath.voice_seed()],
    "pictures": [fastpath.picture_seed()],
    "batches": [fastpath.picture_seed() * 3, fastpath.voice_seed() * 3],
    "sctp": sctp.seeds(),
    "sdp": [b"\0\0\x10\0\0\x20a=rid:l send\r\n", b"\0\1\x01\0\0\x01a=simulcast:send l;h\r\n", b"v=0\r\nm=audio 9 UDP 111\r\n"],
    "lines": [
        b'{"type":"line","session":"s-1","line":"c-1","text":"\xec\x95\x88\xeb\x85\x95"}',
        b'{"type":"hello","tab":"t","token":"x"}',
        b'{"t":"hb","n":7}',
    ],
    "board": [cases.joined(_update()), cases.joined(b"\0\0\0\x01\0"), cases.joined(b"\0\x01\x0a\x02\x02p2\x01" + bytes(4))],
    "http": http.seeds(),
    "files": files.seeds(),
}
LONGEST = {"sdp": 4096, "board": 4096, "lines": 4096}
