"""Redundant voice (RED, RFC 2198): each packet also contains copies of earlier packets, in case these are lost.

A copy arrives 20 ms later than the lost packet would have arrived. Opus' own copies (in-band FEC) have a fraction of the bit
rate of a packet. With in-band FEC, 10 % loss lowers the score by 1.0 MOS; with whole copies, by 0.4 MOS. But whole copies double
the bit rate. So whole copies are sent only while a connection loses packets and is not congested. If many packets are lost, each
packet contains copies of the last two packets. If packets are lost in bursts, each packet contains copies of the last three
packets. With three copies, a call with bursts of three lost packets and 10 % loss scores 3.25 MOS; with one copy, 2.80 MOS
(docs/quality.md).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from media.packets import rtp

MOST_TICKS, MOST_BYTES = (1 << 14) - 1, 512
"""A copy is at most `MOST_TICKS` samples older than the packet that carries it, and has at most `MOST_BYTES` bytes. The format
would allow 1023 bytes."""
LONGEST_BYTES = 1200
"""The payload of a packet and its copies have at most this many bytes together. Older copies that do not fit are left out."""
DEEP, DOUBLE = 3, 2
"""Each packet carries at most `DEEP` copies while packets are lost in bursts. While many packets are lost and no bursts are
known, each packet carries at most `DOUBLE` copies."""
WINDOW = 64  # `Seen` remembers for this many of the newest sequence numbers whether the packet came
MOST_BLOCKS, MOST_COPIES = 10, DEEP
"""A packet with more than `MOST_BLOCKS` copies is refused. At most `MOST_COPIES` copies are taken from a packet: the newest ones.

Each copy costs as much work as a packet, but the limit on the packets of one peer counts datagrams, not the copies in them.
"""
BEGIN_LOST, END_LOST = 0.02, 0.01
"""Fractions of lost packets. Copies begin above `BEGIN_LOST`, and end below `END_LOST`. At less loss, the receiver's jitter
buffer does not wait for late packets, so a copy would come too late."""
STANDING_MS = 150.0
"""If a round trip takes at least this many ms longer than the shortest round trip, a queue on the path is full and loses
packets. Copies would fill the queue more."""
RTT_FORGOTTEN_MS = 1.0
"""The remembered shortest round trip grows by this many ms per second, because routes change."""
BURSTY, EVEN = 0.05, 0.015
"""Limits of the fraction of time in which several packets in a row are lost (`media.bandwidth.gaps`). Above `BURSTY`, each packet
carries `DEEP` copies. Below `EVEN`, each packet carries fewer copies. If 10 % of the packets are lost at random, not in bursts,
the fraction is 0.027."""
MANY_LOST, FEW_LOST = 0.08, 0.04
"""Fractions of lost packets. Above `MANY_LOST`, each packet carries `DOUBLE` copies, and below `FEW_LOST` one copy. At 10 % loss,
two copies instead of one raise the score from 3.96 to 4.21 MOS. With 10 % loss and 50 ms of jitter, they raise it from 4.11 to
4.19 MOS. If 10 % of the packets are lost in bursts of three, they raise it from 2.67 to 2.92 MOS. With 10 % loss and 50 ms of
jitter, three copies score only 3.96 MOS, because the listener must wait longer for the oldest copy."""
WORSE_LOST, WORSE, WORSE_REPORTS, TRIAL_S = 0.1, 1.5, 2, 20.0
"""The loss is watched for `TRIAL_S` seconds after packets begin to carry copies, or more copies. The copies count as harmful if
the lost fraction is larger than before by more than `WORSE_LOST`, and more than `WORSE` times as large, in `WORSE_REPORTS`
reports in a row. One report is not enough, because it can cover only a few packets, or a burst."""
PAUSE_S, LONGEST_PAUSE_S = 30.0, 300.0
"""Seconds for which no copies are sent after copies were harmful: first `PAUSE_S`, then twice as long each time, up to
`LONGEST_PAUSE_S`."""

_HEAD = struct.Struct("!BHB")


def wrap(payload_type: int, payload: bytes, copies: Sequence[tuple[int, bytes]]) -> bytes:
    """Return a RED payload that contains `copies` and then `payload`. `payload_type`: the type of all of them.

    `copies`: (number of samples by which the copy is older than `payload`, the copy's own payload), oldest first.
    """
    heads = [_HEAD.pack(0x80 | payload_type, ticks << 2 | len(copy) >> 8, len(copy) & 0xFF) for ticks, copy in copies]
    return b"".join([*heads, bytes([payload_type]), *(copy for _, copy in copies), payload])


def unwrap(data: bytes, header: rtp.Header, payload_type: int) -> Iterator[tuple[bytes, rtp.Header]]:
    """Return the packets inside a RED packet: at most `MOST_COPIES` copies, oldest first, and then the packet itself.

    `payload_type`: the payload type of the voice's packets. Copies of another type are left out. Each copy counts as the packet
    right before the next copy, so its sequence number is lower by one. The returned packets have no header extensions. For a
    malformed packet, raise `RtpError` when this function is called, not later in the iteration.
    """
    at, blocks = header.payload, []
    while at < header.end and data[at] & 0x80:
        if at + _HEAD.size > header.end:
            raise rtp.RtpError("short redundancy header")
        kind, more, low = _HEAD.unpack_from(data, at)
        blocks.append((kind & 0x7F, more >> 2, (more & 3) << 8 | low))
        at += _HEAD.size
        if len(blocks) > MOST_BLOCKS:
            raise rtp.RtpError("too many copies")
    if at >= header.end:
        raise rtp.RtpError("redundancy without a packet")
    own_kind, at = data[at], at + 1
    length = header.end - at - sum(size for _, _, size in blocks)
    if own_kind != payload_type or length < 0:
        raise rtp.RtpError("redundancy beyond the end")
    return _unwrapped(data, header, payload_type, at, [*blocks, (own_kind, 0, length)])


def _unwrapped(
    data: bytes, header: rtp.Header, payload_type: int, at: int, blocks: list[tuple[int, int, int]]
) -> Iterator[tuple[bytes, rtp.Header]]:
    for number, (kind, ticks, size) in enumerate(blocks, 1):
        payload, at = data[at : at + size], at + size
        before = len(blocks) - number
        own = not before
        if own or (kind == payload_type and ticks and payload and before <= MOST_COPIES):
            sequence = (header.sequence - before) & 0xFFFF
            timestamp = (header.timestamp - ticks) & 0xFFFFFFFF
            packet = rtp.build(payload_type, own and header.marker, sequence, timestamp, header.ssrc, payload)
            yield packet, rtp.parse(packet)


class Seen:
    """Memory of which recent packets of a stream have been passed on, so that no packet is passed on twice.

    A voice needs this memory while its packets contain redundant copies, and a little longer, because packets may come late.
    """

    def __init__(self, highest: int, window: int = WINDOW, *, former: bool = True) -> None:
        """Remember the last `window` packets. Older packets count as passed on.

        `former`: whether packets up to `highest` also count as passed on.
        """
        self._highest = highest
        self._window = window
        self._all = (1 << window) - 1
        self._at_first = self._all if former else 0
        self._seen = self._at_first
        self._alone = 0

    def needed(self, *, copies: bool) -> bool:
        """Return whether packets must still be remembered, because copies may repeat them. Call this method for every packet.

        `copies`: whether it is possible that this packet carries redundant copies.
        """
        self._alone = 0 if copies else self._alone + 1
        return self._alone <= WINDOW

    def first(self, sequence: int) -> bool:
        """Return whether this packet comes for the first time, and remember it."""
        step = rtp.ahead(sequence, self._highest)
        if abs(step) > rtp.RESTART:
            self._highest, self._seen = sequence, self._at_first | 1  # the sender has restarted the stream
            return True
        if step > 0:
            self._highest, self._seen = sequence, (self._seen << step | 1) & self._all
            return True
        bit = 1 << -step
        if -step >= self._window or self._seen & bit:
            return False
        self._seen |= bit
        return True

    @property
    def highest(self) -> int:
        """The newest sequence number among the packets that `Seen` has let pass."""
        return self._highest

    def passed(self, count: int) -> None:
        """Remember that the `count` packets after `highest` have been passed on, all in order and each once."""
        self._highest = (self._highest + count) & 0xFFFF
        few = min(count, self._window)
        self._seen = (self._seen << few | (1 << few) - 1) & self._all


class Copier:
    """Adds copies of earlier packets of a stream to each packet of this stream (RED)."""

    def __init__(self, payload_type: int, red: int) -> None:
        self._payload_type = payload_type
        self._red = red
        self._newest = 0
        self._formers: list[tuple[int, bytes]] = []
        """(timestamp, payload) of the newest packets, newest first. Their sequence numbers are consecutive."""

    def add(self, packet: bytes, most: int = 1) -> bytes:
        """Return `packet` with copies of at most `most` earlier packets. If no copy is known or fits, return `packet` alone.

        `packet` must have no CSRCs and no header extensions.
        """
        sequence, timestamp = struct.unpack_from("!HI", packet, 2)
        payload = packet[12:]
        step = rtp.ahead(sequence, self._newest)
        if self._formers and -WINDOW < step <= 0:
            return packet
        formers = self._formers if step == 1 else []
        copies = _copies(formers[:most], timestamp, len(payload))
        self._newest = sequence
        self._formers = [(timestamp, payload), *formers[: DEEP - 1]]
        if not copies:
            return packet
        second = packet[1] & 0x80 | self._red
        return packet[:1] + bytes([second]) + packet[2:12] + wrap(self._payload_type, payload, copies)


def _copies(formers: list[tuple[int, bytes]], timestamp: int, size_bytes: int) -> list[tuple[int, bytes]]:
    """Return the copies for `wrap`, oldest first.

    Copy as many earlier packets, newest first, as fit into a packet whose own payload has `size_bytes`.
    """
    found: list[tuple[int, bytes]] = []
    for former, payload in formers:
        ticks = (timestamp - former) & 0xFFFFFFFF
        size_bytes += len(payload)
        if not 0 < ticks <= MOST_TICKS or not 0 < len(payload) <= MOST_BYTES or size_bytes > LONGEST_BYTES:
            break
        found.insert(0, (ticks, payload))
    return found


class Remedy:
    """Decides by the receiver's reports whether a lossy connection gets redundant copies (RED).

    Copies would make a congested connection worse. So copies do not begin while packets queue up on the path. Copies end if they
    have raised the loss, or when the loss is small again (`END_LOST`). `on`: whether packets carry copies. `deep`: whether
    packets are lost in bursts, so that each packet needs `DEEP` copies. `many`: whether so many packets are lost that each packet
    needs `DOUBLE` copies.
    """

    def __init__(self) -> None:
        self.on = False
        self.deep = False
        self.many = False
        self._least_rtt_ms = float("inf")
        self._reported = 0.0
        self._before = 0.0
        self._began = 0.0
        self._worse = 0
        self._pause_s = PAUSE_S
        self._not_before = float("-inf")

    @property
    def copies(self) -> int:
        """Largest number of copies that a packet carries; 0 while redundant copies are off."""
        if not self.on:
            return 0
        return DEEP if self.deep else DOUBLE if self.many else 1

    def reported(self, lost: float, remembered: float, rtt_ms: float | None, now: float, gaps: float = 0.0) -> None:
        """Take a report of the receiver.

        - lost: fraction of packets lost, in this report.
        - remembered: recent maximum of `lost`, which decays with each report.
        - rtt_ms: round-trip time that this report shows, in ms; None: unknown.
        - now: time of this report in seconds.
        - gaps: fraction of time during which several voice packets in a row are lost.
        """
        least = self._least_rtt_ms + (now - self._reported) * RTT_FORGOTTEN_MS
        self._least_rtt_ms, self._reported = min(least, rtt_ms or least), now
        full = (rtt_ms or 0.0) >= self._least_rtt_ms + STANDING_MS
        if self.on:
            self._look_on(lost, remembered, now)
        elif lost > BEGIN_LOST and now >= self._not_before and not full:
            self.on = True
            self._try(lost, now)
        if not self.on or remembered < FEW_LOST:
            self.many = False
        elif remembered > MANY_LOST and not self.many and not full:
            self.many = True
            self._try(lost, now)
        if not self.on or gaps < EVEN:
            self.deep = False
        elif gaps > BURSTY and not self.deep and not full:
            self.deep = True
            self._try(lost, now)

    def _try(self, lost: float, now: float) -> None:
        """Begin to watch whether the loss rises because of the redundant copies that the sender adds from now on."""
        self._before, self._began, self._worse = lost, now, 0

    def _look_on(self, lost: float, remembered: float, now: float) -> None:
        worse = lost > self._before + WORSE_LOST and lost > self._before * WORSE and now - self._began < TRIAL_S
        self._worse = self._worse + 1 if worse else 0
        if self._worse == WORSE_REPORTS:
            self.on = False
            self._not_before = now + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        elif remembered < END_LOST:
            self.on, self._pause_s = False, PAUSE_S
