"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01), reading and writing.

A sender numbers its packets across all streams of a transport. The receiver reports which packets arrived, and when. The arrival
times have a resolution of 250 µs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

FORMAT = 15
MAX_PACKETS = 1024
"""One message reports at most this many packets. A message every 100 ms is enough for 10,000 packets a second."""
DELTA_S = 0.00025  # Seconds: unit of the arrival times in a message.
REFERENCE_S = 0.064  # Seconds: unit of the reference time in a message.
REFERENCES = 1 << 24  # The reference time, counted in units of `REFERENCE_S`, wraps at this number.
_LOST, _SMALL, _LARGE = 0, 1, 2
_MAX_RUN = 0x1FFF


class FeedbackError(Exception):
    """Malformed feedback."""


@dataclass(frozen=True)
class TransportFeedback:
    """Arrival report. `packets`: (number, arrival time) in the order of the numbers.

    Arrival times are in seconds on the receiver's clock. None: the packet has not arrived. Numbers wrap at 65536. The receiver's
    clock starts with any value and wraps after 12 days.
    """

    packets: tuple[tuple[int, float | None], ...]


def parse(body: bytes) -> TransportFeedback:
    """Parse the body after the RTCP header. The body's first 8 bytes are the two SSRCs. Raise only `FeedbackError`."""
    if len(body) < 16:
        raise FeedbackError("short feedback")
    base, count = struct.unpack_from("!HH", body, 8)
    if not 0 < count <= MAX_PACKETS:
        raise FeedbackError("bad number of packets")
    time_s = int.from_bytes(body[12:15], "big") * REFERENCE_S
    statuses, at = _statuses(body, count)
    packets: list[tuple[int, float | None]] = []
    for index, status in enumerate(statuses):
        arrived = None
        if status != _LOST:
            size = 1 if status == _SMALL else 2
            if at + size > len(body):
                raise FeedbackError("short deltas")
            time_s += int.from_bytes(body[at : at + size], "big", signed=status == _LARGE) * DELTA_S
            at += size
            arrived = time_s
        packets.append(((base + index) & 0xFFFF, arrived))
    return TransportFeedback(tuple(packets))


def _statuses(body: bytes, count: int) -> tuple[list[int], int]:
    """Return the status of each packet (whether it arrived), and the offset of the arrival times in `body`."""
    found: list[int] = []
    at = 16
    while len(found) < count:
        if at + 2 > len(body):
            raise FeedbackError("short chunks")
        chunk = body[at] << 8 | body[at + 1]
        at += 2
        if not chunk & 0x8000:
            found += [chunk >> 13] * min(chunk & _MAX_RUN, count - len(found))
            if not chunk & _MAX_RUN:
                raise FeedbackError("empty run")
        elif chunk & 0x4000:
            found += [chunk >> shift & 3 for shift in range(12, -2, -2)]
        else:
            found += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    if 3 in found[:count]:
        raise FeedbackError("reserved status")
    return found[:count], at


def numbered(packet: bytes, identifier: int, number: int) -> bytes:
    """Return an RTP packet with its transport-wide number in a one-byte header extension (RFC 8285; `identifier`: 1..14).

    `packet` has no CSRCs and no extensions.
    """
    extension = struct.pack("!HHBHx", 0xBEDE, 1, identifier << 4 | 1, number)
    return bytes([packet[0] | 0x10]) + packet[1:12] + extension + packet[12:]


class Arrivals:
    """Packets of one sender that arrived since the last report.

    `reported`: when the caller sent that report, in seconds. The caller sets it.
    """

    def __init__(self) -> None:
        self.reported = float("-inf")
        self._arrived: dict[int, float] = {}
        self._next: int | None = None
        self._count = 0

    def add(self, number: int, now: float, ssrc: int = 0) -> None:
        """Record a packet's arrival at `now` (seconds). `number`: as on the wire.

        `ssrc` is ignored here; `pictures.Arrivals` of the fast path needs it. A packet that was reported as missing and comes
        late is reported again. Ignore the packet if `MAX_PACKETS` arrivals wait for the next report.
        """
        if len(self._arrived) < MAX_PACKETS:
            self._arrived.setdefault(number, now)

    def report(self) -> bytes | None:
        """Return the body of a feedback message, without the SSRCs. None: nothing has arrived since the last message."""
        if not self._arrived:
            return None
        start = next(iter(self._arrived))
        ahead = {((number - start + 0x8000) & 0xFFFF) - 0x8000: when for number, when in self._arrived.items()}
        base, last = min(ahead), max(ahead)
        if self._next is not None:
            expected = ((self._next - start + 0x8000) & 0xFFFF) - 0x8000
            # also report packets that are missing before the first arrival, unless the sender has restarted
            if base - 256 < expected < base:
                base = expected
        if last - base >= MAX_PACKETS:
            base = last - MAX_PACKETS + 1
        self._next = (start + last + 1) & 0xFFFF
        self._arrived.clear()
        body = _build((start + base) & 0xFFFF, [ahead.get(index) for index in range(base, last + 1)], self._count & 0xFF)
        self._count += 1
        return body


def _build(base: int, times: list[float | None], count: int) -> bytes:
    first = next(when for when in times if when is not None)
    reference = int(first / REFERENCE_S)
    before = round(reference * REFERENCE_S / DELTA_S)
    statuses: list[int] = []
    deltas = b""
    for when in times:
        if when is None:
            statuses.append(_LOST)
            continue
        ticks = round(when / DELTA_S)
        delta = max(-0x8000, min(ticks - before, 0x7FFF))
        before += delta
        small = 0 <= delta <= 0xFF
        statuses.append(_SMALL if small else _LARGE)
        deltas += struct.pack("!B" if small else "!h", delta)
    head = struct.pack("!HHI", base, len(times), (reference % REFERENCES) << 8 | count)
    body = head + _chunks(statuses) + deltas
    return body + b"\0" * (-len(body) % 4)


def _chunks(statuses: list[int]) -> bytes:
    """Encode the packets' statuses: long runs of one status as run chunks, others as vector chunks of seven 2-bit symbols."""
    out = b""
    at = 0
    while at < len(statuses):
        run = 1
        while at + run < len(statuses) and run < _MAX_RUN and statuses[at + run] == statuses[at]:
            run += 1
        if run >= 7 or at + run == len(statuses):
            out += struct.pack("!H", statuses[at] << 13 | run)
            at += run
            continue
        symbols = (statuses[at : at + 7] + [_LOST] * 7)[:7]
        out += struct.pack("!H", 0xC000 | sum(symbol << 12 - 2 * index for index, symbol in enumerate(symbols)))
        at += 7
    return out
