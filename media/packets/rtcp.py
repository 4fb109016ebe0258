"""The RTCP packets that a relay reads and writes (RFC 3550, 4585, 5104, REMB, transport-wide feedback). This code does no I/O."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media.bandwidth import FeedbackError, TransportFeedback
from media.bandwidth import feedback as transport_cc

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206  # Packet types.
NACK, PLI, FIR, AFB = 1, 1, 4, 15  # Formats of feedback: NACK belongs to the type RTPFB, the three others to PSFB.
NTP_EPOCH_S = 2208988800  # Seconds from 1900 to 1970.
MAX_NACKED = 256
"""At most this many sequence numbers are taken from one NACK packet. More numbers would only cause load."""


class RtcpError(Exception):
    """Malformed RTCP."""


@dataclass(frozen=True)
class SenderReport:
    """Sender report, without its report blocks. `ntp`: 64-bit NTP time."""

    ssrc: int
    ntp: int
    timestamp: int


@dataclass(frozen=True)
class Report:
    """Report block (of an SR or RR) about a stream that the worker sends.

    `lost_fraction`: 0..1, since the last report. `last_sr`: the middle 32 bits of the NTP time in the newest sender report that
    the receiver got; 0: none. `delay_since_sr`: time since that sender report came, in 1/65536 s.
    """

    ssrc: int
    lost_fraction: float
    jitter_ticks: int
    last_sr: int
    delay_since_sr: int


@dataclass(frozen=True)
class Nack:
    """Sequence numbers of packets that a receiver asks to be sent again."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True)
class KeyframeRequest:
    """Request for a keyframe: PLI or FIR."""

    ssrc: int


@dataclass(frozen=True)
class Bye:
    """BYE: the SSRCs of streams that their sender has ended."""

    ssrcs: tuple[int, ...]


Packet = SenderReport | Report | Nack | KeyframeRequest | Bye | TransportFeedback


def parse(data: bytes) -> list[Packet]:
    """Return the packets of a compound packet. Leave out the kinds that a relay does not handle. Raise only `RtcpError`."""
    found: list[Packet] = []
    at = 0
    while at < len(data):
        if len(data) - at < 4 or data[at] >> 6 != 2:
            raise RtcpError("bad header")
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            raise RtcpError("beyond the end")
        reader = _READERS.get(data[at + 1])
        if reader is not None:
            try:
                found.extend(reader(data[at] & 0x1F, data[at + 4 : end]))
            except (struct.error, IndexError, FeedbackError):
                raise RtcpError("short packet") from None
        at = end
    return found


def _read_sr(count: int, body: bytes) -> Iterator[Packet]:
    ssrc, ntp, timestamp = struct.unpack_from("!IQI", body)
    yield SenderReport(ssrc, ntp, timestamp)
    yield from _read_blocks(count, body[24:])


def _read_rr(count: int, body: bytes) -> Iterator[Packet]:
    yield from _read_blocks(count, body[4:])


def _read_blocks(count: int, body: bytes) -> Iterator[Packet]:
    for index in range(count):
        ssrc, lost, _, jitter, last_sr, delay = struct.unpack_from("!IIIIII", body, 24 * index)
        yield Report(ssrc, (lost >> 24) / 256, jitter, last_sr, delay)


def _read_bye(count: int, body: bytes) -> Iterator[Packet]:
    yield Bye(struct.unpack_from(f"!{count}I", body))


def _read_rtpfb(kind: int, body: bytes) -> Iterator[Packet]:
    if kind == transport_cc.FORMAT:
        yield transport_cc.parse(body)
    if kind != NACK:
        return
    _, ssrc = struct.unpack_from("!II", body)
    sequences: list[int] = []
    for at in range(8, len(body) - 3, 4):
        first, mask = struct.unpack_from("!HH", body, at)
        sequences.append(first)
        sequences.extend((first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)
        if len(sequences) >= MAX_NACKED:
            break
    yield Nack(ssrc, tuple(sequences[:MAX_NACKED]))


def _read_psfb(kind: int, body: bytes) -> Iterator[Packet]:
    if kind == PLI:
        yield KeyframeRequest(struct.unpack_from("!II", body)[1])
    elif kind == FIR:
        for at in range(8, min(len(body) - 7, 8 + 8 * 8), 8):
            yield KeyframeRequest(struct.unpack_from("!I", body, at)[0])


_READERS = {SR: _read_sr, RR: _read_rr, BYE: _read_bye, RTPFB: _read_rtpfb, PSFB: _read_psfb}


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def ntp(wall: float) -> int:
    """Return a Unix time in seconds as a 64-bit NTP time."""
    seconds = int(wall)
    return ((seconds + NTP_EPOCH_S) << 32 | int((wall - seconds) * (1 << 32))) & 0xFFFFFFFFFFFFFFFF


def sender_report(ssrc: int, ntp_time: int, timestamp: int, packets: int, octets: int) -> bytes:
    """Return a sender report without blocks. `timestamp`: the RTP timestamp of `ntp_time`. `packets`, `octets`: sent so far."""
    return _packet(SR, 0, struct.pack("!IQIII", ssrc, ntp_time, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF))


@dataclass(frozen=True)
class Block:
    """Report block for a sender about its stream (RFC 3550 section 6.4.1).

    `lost_fraction` in 1/256. `lost`: packets lost so far; `receiver_report` clamps this number to 24 bits. `highest`: extended
    highest sequence number. `jitter` in timestamp ticks. `delay` in 1/65536 s.
    """

    ssrc: int
    lost_fraction: int
    lost: int
    highest: int
    jitter: int
    last_sr: int
    delay: int


def receiver_report(ssrc: int, blocks: Sequence[Block]) -> bytes:
    """Return a receiver report. It contains at most the first 31 blocks."""
    body = struct.pack("!I", ssrc)
    for each in blocks[:31]:
        lost = max(-0x800000, min(each.lost, 0x7FFFFF)) & 0xFFFFFF
        body += struct.pack(
            "!IIIIII", each.ssrc, each.lost_fraction << 24 | lost, each.highest, each.jitter, each.last_sr, each.delay
        )
    return _packet(RR, len(blocks[:31]), body)


def source_description(ssrc: int, name: str) -> bytes:
    """Return an SDES packet with the CNAME `name` (ASCII)."""
    item = struct.pack("!IBB", ssrc, 1, len(name)) + name.encode("ascii") + b"\0"
    return _packet(SDES, 1, item + b"\0" * (-len(item) % 4))


def nack(sender: int, ssrc: int, sequences: Sequence[int]) -> bytes:
    """Return a NACK for `sequences`. These must ascend; after 65,535 comes 0."""
    body = struct.pack("!II", sender, ssrc)
    pairs: list[list[int]] = []
    for sequence in sequences:
        ahead = (sequence - pairs[-1][0] - 1) & 0xFFFF if pairs else 16
        if ahead < 16:
            pairs[-1][1] |= 1 << ahead
        else:
            pairs.append([sequence, 0])
    return _packet(RTPFB, NACK, body + b"".join(struct.pack("!HH", *pair) for pair in pairs))


def transport_feedback(sender: int, ssrc: int, body: bytes) -> bytes:
    """Return transport-wide feedback; `body` comes from `bandwidth.Arrivals.report`."""
    return _packet(RTPFB, transport_cc.FORMAT, struct.pack("!II", sender, ssrc) + body)


def pli(sender: int, ssrc: int) -> bytes:
    """Return a picture loss indication: a request for a keyframe."""
    return _packet(PSFB, PLI, struct.pack("!II", sender, ssrc))


def remb(sender: int, bits_per_second: int, ssrcs: Sequence[int]) -> bytes:
    """Return a REMB packet: the bit rate that a sender is allowed to use (draft-alvestrand-rmcat-remb-03 section 2.2)."""
    exponent = max(0, bits_per_second.bit_length() - 18)
    rate = struct.pack("!I", len(ssrcs) << 24 | exponent << 18 | bits_per_second >> exponent)
    return _packet(PSFB, AFB, struct.pack("!II", sender, 0) + b"REMB" + rate + struct.pack(f"!{len(ssrcs)}I", *ssrcs))
