"""RTCP of one peer: reports and requests in both directions (RFC 3550, 4585; transport-wide feedback).

Methods return what the caller must send. The module itself sends only retransmissions of streams that have RTX.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from media.bandwidth import TransportFeedback
from media.packets import rtcp, sdp
from media.peer.downlink import Downlink
from media.peer.quality import Quality
from media.peer.streams import Incoming
from media.peer.uplink import Uplink

REPORT_EVERY_S = 1.0
FEEDBACK_EVERY_S = 0.095  # at least this many seconds pass between two feedback messages; just under five ticks of 20 ms
REMB_CEILING_BPS = 2_500_000
"""Bit rate that the worker allows (REMB) to senders without transport-wide feedback. Without a REMB report, Chromium stays near
the 300 kb/s with which it starts. When packets are lost, Chromium lowers its bit rate by itself."""


class Control:
    """RTCP of one peer. Call `take` for each packet of the peer, and send what `due` returns."""

    def __init__(
        self,
        sections: Mapping[str, sdp.Section],
        uplink: Uplink,
        downlink: Downlink,
        quality: Quality,
        wall: Callable[[float], float],
        now: float,
    ) -> None:
        """Prepare one peer's RTCP. `sections`: the offer's m-lines by role. `wall`: converts monotonic time to Unix time."""
        self._sections = sections
        self._uplink = uplink
        self._downlink = downlink
        self._quality = quality
        self._wall = wall
        self._ssrc = downlink.voice.ssrc
        self._clock_offset: float | None = None
        self._report_due = now

    # methods that handle packets from the peer

    def take(self, packet: rtcp.Packet, came: float, now: float) -> list[bytes]:
        """Take one RTCP packet of the peer, received at `came`.

        If the packet is a NACK, return the encrypted packets that it requests; the caller must send them again. But if their
        stream has RTX, this method itself sends the retransmissions, and returns an empty list.
        """
        match packet:
            case rtcp.SenderReport():
                self._sender_report(packet, came)
            case TransportFeedback():
                self._downlink.estimate.feedback(packet, now)
            case rtcp.Report():
                self._quality.told(packet, came)
                if packet.ssrc == self._downlink.voice.ssrc:
                    gaps = self._downlink.estimate.gaps.share
                    self._downlink.voice.reported(packet.lost_fraction, self._quality.rtt_ms(now), now, gaps)
            case rtcp.Nack():
                return self._repeat(packet, now)
        return []

    def keyframe_slot(self, packet: rtcp.Packet) -> int | None:
        """Return the index of the video slot for which this packet requests a keyframe.

        None: the packet requests no keyframe, or none for a slot of this peer.
        """
        if not isinstance(packet, rtcp.KeyframeRequest):
            return None
        return next((index for index, slot in enumerate(self._downlink.slots) if slot.ssrc == packet.ssrc), None)

    def _sender_report(self, report: rtcp.SenderReport, now: float) -> None:
        stream = self._uplink.streams.get(report.ssrc)
        if stream is None:
            return
        # the sender report that travelled fastest shows most exactly by how much the clocks of sender and worker differ
        offset = self._wall(now) + rtcp.NTP_EPOCH_S - report.ntp / (1 << 32)
        self._clock_offset = offset if self._clock_offset is None else min(offset, self._clock_offset + 0.0001)
        stream.sender_report(report, self._clock_offset - rtcp.NTP_EPOCH_S, now)

    def _repeat(self, nack: rtcp.Nack, now: float) -> list[bytes]:
        slot = next((each for each in self._downlink.slots if each.ssrc == nack.ssrc), None)
        if slot is None:
            return []
        self._downlink.repeats.follow(self._downlink.estimate, now)
        return slot.repair(nack.sequences, self._downlink.repeats, now)

    # methods that make packets for the peer

    def report_due(self, now: float) -> bool:
        """Return whether the next call of `due` makes a report.

        If so, copy the streams' counters back from the fast path before that call.
        """
        return now >= self._report_due

    def due(self, now: float) -> bytes:
        """Return what must be sent now, as one compound packet. Empty: there is nothing to send."""
        requests = self._transport_feedback(now)
        for stream in self._uplink.incoming.values():
            missing = stream.nacks(now)
            if missing:
                requests += rtcp.nack(self._ssrc, stream.ssrc, missing)
            if stream.role != "audio" and stream.keyframe_due(now):
                requests += rtcp.pli(self._ssrc, stream.ssrc)
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY_S
            return self._report(now) + requests
        return rtcp.receiver_report(self._ssrc, []) + requests if requests else b""

    def voice_requests(self, voice: Incoming, now: float) -> bytes:
        """Return the requests for lost packets of `voice` that must be sent now. Empty: there is nothing to request."""
        if voice.requests is None:
            return b""
        rtt_ms = self._quality.rtt_ms(now)
        missing = voice.requests.due(now, None if rtt_ms is None else rtt_ms / 1000)
        if not missing:
            return b""
        return rtcp.receiver_report(self._ssrc, []) + rtcp.nack(self._ssrc, voice.ssrc, missing)

    def _transport_feedback(self, now: float) -> bytes:
        arrivals = self._uplink.arrivals
        if now - arrivals.reported < FEEDBACK_EVERY_S:
            return b""
        body = arrivals.report()
        if body is None:
            return b""
        arrivals.reported = now
        media = next((stream.ssrc for stream in self._uplink.incoming.values() if stream.role != "audio"), 0)
        return rtcp.transport_feedback(self._ssrc, media, body)

    def _report(self, now: float) -> bytes:
        packet = b""
        outgoing, incoming = (self._downlink.voice, *self._downlink.slots), self._uplink.incoming.values()
        for stream in outgoing:
            report = stream.report(now, self._wall)
            if report is not None:
                self._quality.sent(report, now)
                packet += report
        blocks = [stream.block(now) for stream in incoming]
        self._quality.look(list(zip(incoming, blocks, strict=True)), outgoing, now)
        packet += rtcp.receiver_report(self._ssrc, blocks)
        packet += rtcp.source_description(self._ssrc, "sangdam")
        pictures = [stream.ssrc for stream in incoming if stream.role != "audio" and not self._sections[stream.role].transport_cc]
        return packet + (rtcp.remb(self._ssrc, REMB_CEILING_BPS, pictures) if pictures else b"")
