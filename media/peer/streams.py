"""State of received streams (loss, jitter, retransmission) and of sent streams (cache, keyframes, continuity).

Pure: packets are sent by functions that the caller passes in. Times are seconds on one monotonic clock.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from media.bandwidth import Meter, RepeatBudget
from media.packets import red as redundancy
from media.packets import rtcp, rtp
from media.packets import rtx as repair
from media.peer.requests import Requests

AUDIO_CLOCK, VIDEO_CLOCK = 48000, 90000
CACHE_PACKETS = 512
"""Number of sent packets that each video slot stores for retransmission: about 3 s of video at 1.5 Mb/s, at most 0.75 MB."""
ANY = ""
"""Value of `Outgoing.layer` while no simulcast layer is chosen, or while the video has only one layer. The layer whose keyframe
comes first is then shown."""
# at most this many lost packets are remembered per stream; when more are missing, a keyframe is requested instead
MAX_MISSING = 256
MIX_AGE_S = 0.07
"""Assumed age in seconds of mixed sound until it is measured: one frame, and the jitter buffer's delay on a calm link."""
NACK_TRIES = 8  # At most this many requests for one packet are sent; then a keyframe is requested instead.
NACK_EVERY_S = 0.06  # At least this many seconds pass between two requests for the same packet.
NACK_REORDER_S = 0.005
"""A missing packet counts as lost only this many seconds after a later packet has arrived: packets can arrive out of order."""
KEYFRAME_EVERY_S = 0.3  # seconds; at most one keyframe request per stream is sent in this time


@dataclass(slots=True)
class _Missing:
    since: float
    tries: int = 0
    asked: float = float("-inf")


class Incoming:
    """One stream (SSRC) that a peer sends, as received."""

    def __init__(self, ssrc: int, role: str, now: float, rid: str = "") -> None:
        self.ssrc = ssrc
        self.role = role
        self.rid = rid
        self.meter = Meter(now)
        self.clock = AUDIO_CLOCK if role == "audio" else VIDEO_CLOCK
        self.packets = self.octets = 0
        self.restored = 0
        """Number of lost voice packets that came after all: in redundant copies (RED) of later packets, or when requested."""
        self.seen: redundancy.Seen | None = None
        """Which packets were passed on. For a voice, this is None while the stream carries no redundant copies."""
        self.requests: Requests | None = None
        """Requests for the lost packets of a voice. None while the voice carries no redundant copies, and if the sender does not
        retransmit voices."""
        self.lost_beyond = 0.0
        """Fraction of this stream's packets that are lost on the way from the worker to the listener with the worst link: see
        `block`."""
        self.reference: tuple[float, int] | None = None
        """A Unix time by the worker's clock, and the RTP timestamp of that moment, from the sender's report. With these two, lips
        and voice stay in step."""
        self._highest = -1
        self._base = 0
        self._cycles = 0
        self._transit = float("-inf")
        self._jitter = 0.0
        self._expected_before = self._packets_before = 0
        self._last_sr: tuple[int, float] | None = None
        self._missing: OrderedDict[int, _Missing] = OrderedDict()
        self._keyframe_asked = now - KEYFRAME_EVERY_S
        self.wants_keyframe = False

    def receive(self, header: rtp.Header, now: float) -> None:
        """Count a received packet in the stream's loss, jitter and missing sequence numbers."""
        self.packets += 1
        self.octets += header.end - header.payload
        if self._highest < 0:
            self._restart(header.sequence)
        step = rtp.ahead(header.sequence, self._highest)
        if abs(step) > rtp.RESTART:
            self._restart(header.sequence)
            step = 1
        if step > 0:
            if header.sequence < self._highest:
                self._cycles += rtp.SEQUENCES
            if step > 1 and self.role != "audio":
                self._note_gap(step, now)
            self._highest = header.sequence
        else:
            self._missing.pop(header.sequence, None)
        transit = now * self.clock - header.timestamp
        difference = abs(transit - self._transit) % rtp.TIMESTAMPS
        if difference < self.clock * 10:  # RFC 3550 appendix A.8; a larger difference shows that the stream starts anew
            self._jitter += (difference - self._jitter) / 16
        self._transit = transit

    @property
    def highest(self) -> int:
        """Newest sequence number. Negative: no packet has come yet."""
        return self._highest

    def is_newest(self, header: rtp.Header) -> bool:
        """Return whether this packet has the newest sequence number of all received packets."""
        return header.sequence == self._highest

    def lend(self, to: Any) -> None:
        """Copy the counters into the fast path's struct `fastpath_in`, because the fast path counts from now on.

        `refresh` copies the counters back.
        """
        to.ssrc, to.highest, to.cycles, to.packets = self.ssrc, self._highest, self._cycles, self.packets
        to.clock, to.transit, to.jitter, to.octets = self.clock, self._transit, self._jitter, self.octets

    def refresh(self, of: Any) -> None:
        """Copy this stream's counters back from the fast path's struct `fastpath_in`."""
        self._highest, self._cycles, self.packets = of.highest, of.cycles, of.packets
        self._transit, self._jitter, self.octets = of.transit, of.jitter, of.octets

    @property
    def is_whole(self) -> bool:
        """Return whether no packet before the newest one is missing."""
        return not self._missing

    @property
    def is_calm(self) -> bool:
        """Return whether there is nothing to request from the sender: no lost packet and no keyframe."""
        return not self._missing and not self.wants_keyframe

    def nacks(self, now: float) -> list[int]:
        """Return the sequence numbers to request now. After `NACK_TRIES` requests for a packet, set `wants_keyframe` instead."""
        if not self._missing:
            return []
        due, lost = [], []
        for sequence, each in self._missing.items():
            if each.tries >= NACK_TRIES:
                lost.append(sequence)
            elif now - each.since >= NACK_REORDER_S and now - each.asked >= NACK_EVERY_S:
                each.tries += 1
                each.asked = now
                due.append(sequence)
        for sequence in lost:
            del self._missing[sequence]
        if lost:
            self.wants_keyframe = True
        return due

    def keyframe_due(self, now: float) -> bool:
        """Return whether the caller must request a keyframe now. True at most once in `KEYFRAME_EVERY_S`."""
        if not self.wants_keyframe or now - self._keyframe_asked < KEYFRAME_EVERY_S:
            return False
        self._keyframe_asked = now
        self.wants_keyframe = False
        return True

    def sender_report(self, report: rtcp.SenderReport, clock_offset: float, now: float) -> None:
        """Take the sender's report. `clock_offset`: the worker's clock minus the sender's, in seconds."""
        self._last_sr = ((report.ntp >> 16) & 0xFFFFFFFF, now)
        self.reference = (report.ntp / (1 << 32) + clock_offset, report.timestamp)

    def block(self, now: float) -> rtcp.Block:
        """Return the report block for the sender (RFC 3550 section 6.4.1 and appendix A.3).

        The loss fraction covers the whole path from the sender to the listener with the worst link. From this fraction, the
        sender's encoder decides whether its packets contain redundant copies.
        """
        highest = self._cycles + self._highest
        expected = highest - self._base + 1
        interval = expected - self._expected_before
        lost = interval - (self.packets - self._packets_before)
        self._expected_before, self._packets_before = expected, self.packets
        here = lost / interval if interval > 0 and lost > 0 else 0.0
        fraction = min(255, int(256 * (1 - (1 - here) * (1 - self.lost_beyond))))
        last, delay = (self._last_sr[0], int((now - self._last_sr[1]) * 65536)) if self._last_sr else (0, 0)
        return rtcp.Block(self.ssrc, fraction, expected - self.packets, highest & 0xFFFFFFFF, int(self._jitter), last, delay)

    def _restart(self, sequence: int) -> None:
        self._highest = (sequence - 1) & 0xFFFF
        self._base = sequence
        self._cycles = -rtp.SEQUENCES if sequence == 0 else 0
        self.packets = 1
        self._expected_before = self._packets_before = 0
        self._missing.clear()

    def _note_gap(self, step: int, now: float) -> None:
        if step - 1 + len(self._missing) > MAX_MISSING:
            self._missing.clear()
            self.wants_keyframe = True
            return
        for offset in range(1, step):
            self._missing[(self._highest + offset) & 0xFFFF] = _Missing(now)


class Cache(Protocol):
    """The last packets of one outgoing stream, for retransmission.

    `PacketCache` implements it, and `transport.pictures.Slot` in the fast path (C code). With RTX the packets are stored
    unencrypted; without RTX, they are stored encrypted, as they were sent.
    """

    def put(self, sequence: int, packet: bytes) -> None: ...
    def get(self, sequence: int) -> bytes | None: ...


class PacketCache:
    """The last packets of one outgoing stream, in Python. A full cache drops its oldest packet."""

    def __init__(self) -> None:
        self._packets: list[tuple[int, bytes] | None] = [None] * CACHE_PACKETS

    def put(self, sequence: int, packet: bytes) -> None:
        """Store a sent packet for retransmission."""
        self._packets[sequence % CACHE_PACKETS] = (sequence, packet)

    def get(self, sequence: int) -> bytes | None:
        """Return the packet with this sequence number. None: the packet is not stored any more."""
        entry = self._packets[sequence % CACHE_PACKETS]
        return entry[1] if entry is not None and entry[0] == sequence else None


class Hold(Protocol):
    """Control over an outgoing stream that can be offloaded to the fast path.

    While the stream is offloaded, only the fast path sends its packets.
    """

    def take_back(self) -> None:
        """Take the stream back from the fast path, if the stream is offloaded. Call this before the stream changes."""

    def sync(self) -> None:
        """Copy the stream's state back from the fast path, which continues to send."""


class Outgoing:
    """One stream that a peer receives: the voice, or one of the video slots."""

    def __init__(
        self,
        role: str,
        payload_type: int,
        seal: Callable[[bytes], bytes | None],
        *,
        rtx: int = -1,
        red: int = -1,
        stamp: Callable[[bytes], bytes] | None = None,
        say: Callable[[bytes], object] | None = None,
    ) -> None:
        """Prepare the stream.

        - seal: encrypts and sends a packet. Returns the encrypted packet; None: nothing was sent.
        - say: sends a packet of mixed sound, perhaps later, together with packets for other listeners. None: use `seal`.
        - rtx: payload type of retransmissions; -1: packets are sent again as they were.
        - red: payload type of packets that also carry copies of earlier packets (RED); -1: the receiver accepts no such packets.
        - stamp: adds the transport-wide number for the receiver's feedback. None: the receiver sends no such feedback.
        """
        clock = AUDIO_CLOCK if role == "audio" else VIDEO_CLOCK
        # Initial values are random (RFC 3550 section 5.1). The sequence is low enough not to wrap during the first packets.
        self.rewriter = rtp.Rewriter(secrets.randbits(31) + 1, payload_type, clock, secrets.randbits(14), secrets.randbits(31))
        self.role = role
        self.clock = clock
        self.source: Incoming | None = None
        self.mix_age_s = MIX_AGE_S
        self.lost_fraction = 0.0
        """Fraction of this stream's packets that the receiver has lately lost."""
        self.remedy = redundancy.Remedy() if red >= 0 else None
        self.red = red
        self.layer: str | None = ANY
        self.repair_ssrc = secrets.randbits(31) + 1 if rtx >= 0 else None
        self._rtx = rtx
        self._repairs = secrets.randbits(14)
        self.cache: Cache | None = None if role == "audio" else PacketCache()
        self.hold: Hold | None = None
        """Object by which Python takes this video back from the fast path. None: a voice, or there is no fast path."""
        self._copier = redundancy.Copier(payload_type, red)
        self._seal = seal
        self._say = say or seal
        self._stamp = stamp

    @property
    def ssrc(self) -> int:
        """SSRC under which this stream is sent."""
        return self.rewriter.ssrc

    def relay(self, source: Incoming, data: bytes, header: rtp.Header, now: float, picture: rtp.Vp8 | None = None) -> None:
        """Forward a packet of `source`. A new video source starts with a keyframe.

        Until that keyframe comes, request it, forward nothing of the new source, and still forward packets of the old source.
        """
        if self.cache is not None and not self._takes(source, header, picture):
            return
        self._take_back()
        changed = self.rewriter.relay(source, data, header, now, picture)
        if changed is None:
            return
        self.source = source
        self._send(*changed)

    def _takes(self, source: Incoming, header: rtp.Header, picture: rtp.Vp8 | None) -> bool:
        """Return whether to forward this packet. The shown layer is forwarded until a keyframe of the wanted layer has come."""
        if self.layer is None:
            return False
        if not self.rewriter.starts(source, header):
            return True
        if self.layer not in (ANY, source.rid):
            return False
        if picture is not None and picture.keyframe:
            return True
        source.wants_keyframe = True
        return False

    def waits_for(self, source: Incoming) -> bool:
        """Return whether this slot (one video stream to a viewer) will show `source` as soon as a keyframe of `source` comes."""
        return self.layer in (ANY, source.rid) and self.rewriter.source is not source

    def show(self, layer: str | None, *, at_once: bool) -> None:
        """Choose the simulcast layer (RID) that this slot sends to its viewer. None: show no video.

        `at_once`: whether to stop the present layer immediately, without waiting for a keyframe of the new layer.
        """
        if layer == self.layer:
            return
        self.layer = layer
        if at_once:
            self.cut()

    def append(self, payload: bytes, ticks: int, marker: bool, now: float, lost: int = 0) -> None:
        """Send a packet of mixed sound. Its timestamp is `ticks` larger than that of the packet before.

        `lost`: number of packets missing between the two packets.
        """
        self.source = None
        packet = self._protected(self.rewriter.append(payload, ticks, marker, now, lost)[1])
        self._say(self._stamp(packet) if self._stamp else packet)

    def follow(self, source: Incoming, header: rtp.Header) -> None:
        """Relay `source` instead of the mix (passthrough). The stream continues without a gap, until `mix_again`.

        `header`: the header of the source's packet that the mixer sent last.
        """
        self.source = source
        self.rewriter.follow(source, header)

    def mix_again(self) -> None:
        """Stop sending the packets of a source (`follow`). After this call the stream carries packets of the mix (`append`)."""
        if self.source is not None:
            self.source = None
            self.rewriter.mix_again()

    def reported(self, lost_fraction: float, rtt_ms: float | None, now: float, gaps: float = 0.0) -> None:
        """Take a loss report of the receiver. The stream remembers the loss, and with each later report this memory shrinks.

        Reports come every few seconds.

        `gaps`: fraction of the time that lies in gaps, in which several voice packets in a row are lost on the way to the
        receiver.
        """
        self.lost_fraction = max(lost_fraction, self.lost_fraction * 0.7)
        if self.remedy is not None:
            self.remedy.reported(lost_fraction, self.lost_fraction, rtt_ms, now, gaps)

    @property
    def copies(self) -> int:
        """Largest number of redundant copies (RED) of earlier packets that a packet carries; 0 while copies are off."""
        return 0 if self.remedy is None else self.remedy.copies

    def _protected(self, packet: bytes) -> bytes:
        if not self.copies:
            return packet
        made = self._copier.add(packet, self.copies)
        self.rewriter.octets += len(made) - len(packet)
        return made

    def cut(self) -> None:
        """Forget the source, because it changes or pauses.

        The next packet continues the stream without a gap. Video continues with a keyframe.
        """
        self._take_back()
        self.source = None
        self.rewriter.cut()

    def _take_back(self) -> None:
        if self.hold is not None:
            self.hold.take_back()

    def repair(self, sequences: tuple[int, ...], budget: RepeatBudget, now: float) -> list[bytes]:
        """Answer a NACK within the receiver's budget. Return the encrypted packets that the caller must send again.

        With RTX, this method itself sends the retransmissions, and returns an empty list.
        """
        cached = (self.cache.get(sequence) for sequence in sequences) if self.cache is not None else ()
        found = [packet for packet in cached if packet is not None and budget.take(len(packet), now)]
        if self.repair_ssrc is None:
            return found
        for packet in found:
            self._repairs = (self._repairs + 1) & 0xFFFF
            again = repair.wrap(packet, self._rtx, self.repair_ssrc, self._repairs)
            self._seal(self._stamp(again) if self._stamp else again)
        return []

    def report(self, now: float, wall: Callable[[float], float]) -> bytes | None:
        """Return a sender report in the worker's time; None before the first packet.

        The report names the time of capture. For a relayed stream, this time comes from a report of its sender. For the mix, it
        is computed from the age of the mixed sound.
        """
        timestamp = self.rewriter.timestamp_at(now)
        if timestamp is None:
            return None
        when = wall(now)
        if self.source is None:
            when -= self.mix_age_s
        elif self.source.reference is not None:
            captured, reference = self.source.reference
            behind = rtp.ticks_ahead(timestamp, self.rewriter.translate(reference))
            when = captured + behind / self.source.clock
        return rtcp.sender_report(self.ssrc, rtcp.ntp(when), timestamp, self.rewriter.packets, self.rewriter.octets)

    def _send(self, sequence: int, packet: bytes) -> None:
        packet = self._protected(packet)
        sealed = self._seal(self._stamp(packet) if self._stamp else packet)
        if sealed is not None and self.cache is not None:
            self.cache.put(sequence, sealed if self.repair_ssrc is None else packet)
