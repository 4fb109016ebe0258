"""Measures the quality of connections once a second: rates, loss, jitter and round trip, in both directions."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from media.api import wire
from media.packets import rtcp
from media.peer.streams import Incoming, Outgoing

REPORTS_KEPT = 32
"""At most this many sender reports are remembered, with their sending times. A voice and four slots send one report a second
each, and receivers answer a report within six seconds. With eight slots a report is forgotten after 3.5 s."""
STALE_S = 6.0
"""A receiver's report that is older than this many seconds is not used."""
MOST_RTT_S = 10.0  # seconds; a report with a longer round trip is treated as an error
LOSS_PERCENT = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0)
JITTER_MS = (5.0, 10.0, 20.0, 30.0, 50.0, 100.0)
RTT_MS = (20.0, 50.0, 100.0, 150.0, 250.0, 400.0, 800.0)
LATE_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""These four constants are the upper bounds of the ranges of four histograms: packet loss (%), jitter (ms), round-trip time (ms),
and how late the worker's ticks are (ms)."""


class Spread:
    """Histogram of all values since the worker's start. `bounds`: the inclusive upper bounds of its ranges."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, figure: float) -> None:
        """Count one measured value in its range of the histogram."""
        self.counts[bisect_left(self.bounds, figure)] += 1
        self.sum += figure

    def told(self) -> wire.Spread:
        """Return the histogram in the form of the worker's statistics message."""
        return wire.Spread(bounds=list(self.bounds), counts=list(self.counts), sum=self.sum)


class Totals:
    """Totals of a worker since its start.

    `counts`: packets and octets sent and received (`up_audio_packets`, `down_video_octets`, …). `spreads`: histograms.
    Loss and jitter have one entry for each stream and second, `rtt_ms` one for each measured round trip, and `tick_late_ms` one
    for each tick of the worker.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.spreads = {
            f"{way}_{name}": Spread(bounds)
            for way in ("up", "down")
            for name, bounds in (("loss_percent", LOSS_PERCENT), ("jitter_ms", JITTER_MS))
        } | {"rtt_ms": Spread(RTT_MS), "tick_late_ms": Spread(LATE_MS)}


@dataclass(slots=True)
class Figures:
    """Quality of one stream over the last second. `bps`: payload bits per second.

    Loss and jitter are None if the stream had no packet in that second. Loss and jitter of a sent stream are also None if the
    receiver's last report is older than `STALE_S`.
    """

    bps: float = 0.0
    lost_percent: float | None = None
    jitter_ms: float | None = None


@dataclass(slots=True)
class _Seen:
    packets: int = 0
    octets: int = 0
    lost: int = 0
    restored: int = 0


@dataclass(slots=True)
class Quality:
    """Quality of one peer, by SSRC. `up`: streams the peer sends, `down`: streams it receives."""

    totals: Totals
    at: float
    up: dict[int, Figures] = field(default_factory=dict)
    down: dict[int, Figures] = field(default_factory=dict)
    _rtt_ms: float = 0.0
    _rtt_at: float = float("-inf")
    _told: dict[int, tuple[rtcp.Report, float]] = field(default_factory=dict)
    _sent: OrderedDict[int, float] = field(default_factory=OrderedDict)
    _seen: dict[int, _Seen] = field(default_factory=dict)

    def rtt_ms(self, now: float) -> float | None:
        """Return the last round trip in ms. None: none was measured in the last `STALE_S` seconds."""
        return self._rtt_ms if now - self._rtt_at < STALE_S else None

    def sent(self, report: bytes, now: float) -> None:
        """Remember when our sender report leaves. The peer's next report refers to ours, so `told` can compute the round trip.

        The time inside our report cannot be used for this, because it is the time of capture and not the time of sending.
        """
        self._sent[int.from_bytes(report[10:14], "big")] = now
        while len(self._sent) > REPORTS_KEPT:
            self._sent.popitem(last=False)

    def told(self, report: rtcp.Report, now: float) -> None:
        """Take the peer's report on a stream that the worker sends (RFC 3550 section 6.4.1).

        The next `look` drops reports on streams that the worker does not send.
        """
        if len(self._told) < REPORTS_KEPT or report.ssrc in self._told:
            self._told[report.ssrc] = (report, now)
        left = self._sent.get(report.last_sr)
        if left is not None:
            trip_s = now - left - report.delay_since_sr / 65536
            if 0.0 <= trip_s < MOST_RTT_S:
                self._rtt_ms, self._rtt_at = trip_s * 1000, now
                self.totals.spreads["rtt_ms"].add(self._rtt_ms)

    def look(self, incoming: Sequence[tuple[Incoming, rtcp.Block]], outgoing: Sequence[Outgoing], now: float) -> None:
        """Compute the quality of the received streams (`up`) and of the sent streams (`down`) in the last second.

        `incoming`: each received stream, with the report block for its sender. `outgoing`: the sent streams.
        """
        took_s = max(now - self.at, 0.001)
        self.at = now
        self.up = {stream.ssrc: self._received(stream, block, took_s) for stream, block in incoming}
        self.down = {stream.ssrc: self._delivered(stream, took_s, now) for stream in outgoing}
        known = self.up.keys() | self.down.keys()
        self._seen = {ssrc: seen for ssrc, seen in self._seen.items() if ssrc in known}
        self._told = {ssrc: told for ssrc, told in self._told.items() if ssrc in self.down}

    def _received(self, stream: Incoming, block: rtcp.Block, took_s: float) -> Figures:
        kind = "audio" if stream.role == "audio" else "video"
        packets, octets = self._count(f"up_{kind}", stream.ssrc, stream.packets, stream.octets)
        seen = self._seen[stream.ssrc]
        self.totals.counts[f"up_{kind}_restored"] += stream.restored - seen.restored
        seen.restored = stream.restored
        # the block's own fraction also covers losses between worker and listeners, so it is not used here
        lost = max(0, block.lost - seen.lost)
        seen.lost = block.lost
        self.totals.counts[f"up_{kind}_lost"] += lost
        if not packets:
            return Figures()
        figures = Figures(octets * 8 / took_s, 100 * lost / (lost + packets), block.jitter * 1000 / stream.clock)
        self._spread("up", figures)
        return figures

    def _delivered(self, stream: Outgoing, took_s: float, now: float) -> Figures:
        kind = "audio" if stream.role == "audio" else "video"
        packets, octets = self._count(f"down_{kind}", stream.ssrc, stream.rewriter.packets, stream.rewriter.octets)
        figures = Figures(octets * 8 / took_s)
        report, at = self._told.get(stream.ssrc, (None, 0.0))
        if packets and report is not None and now - at < STALE_S:
            figures.lost_percent = report.lost_fraction * 100
            figures.jitter_ms = report.jitter_ticks * 1000 / stream.clock
            self._spread("down", figures)
        return figures

    def _count(self, name: str, ssrc: int, packets: int, octets: int) -> tuple[int, int]:
        """Return how many packets and octets of a stream are new since the last `look`.

        Add these two numbers to the totals.

        `packets` and `octets` are the stream's counters. When a stream restarts, its packet counter begins again.
        """
        seen = self._seen.setdefault(ssrc, _Seen())
        more = packets - seen.packets if packets >= seen.packets else packets
        more_octets = octets - seen.octets
        seen.packets, seen.octets = packets, octets
        self.totals.counts[name + "_packets"] += more
        self.totals.counts[name + "_octets"] += more_octets
        return more, more_octets

    def _spread(self, way: str, figures: Figures) -> None:
        if figures.lost_percent is not None and figures.jitter_ms is not None:
            self.totals.spreads[way + "_loss_percent"].add(figures.lost_percent)
            self.totals.spreads[way + "_jitter_ms"].add(figures.jitter_ms)
