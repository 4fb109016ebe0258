"""How many bits a second the path to one receiver carries, from its transport-wide feedback: growing delay and loss.

After Google Congestion Control (draft-ietf-rmcat-gcc-02): packets in groups of 5 ms, a line through the smoothed growth of their
delay, an adaptive threshold; on overuse 0.85 × what arrives. Two things differ, since a relay sends what senders make and
not what it would like to send: the estimate may grow past what is sent (no probing; `layers.Chooser` backs off from attempts that
fail), and it starts by doubling each second.

Times are seconds: sending on our clock, arrival on the receiver's; only differences of each are used.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from .feedback import TransportFeedback

START_BPS, LEAST_BPS, MOST_BPS = 300_000.0, 20_000.0, 8_000_000.0
HISTORY_PACKETS = 4096
"""Sent and not yet reported: at 1,000 packets a second four seconds; the oldest go first."""
BURST_S = 0.005
WINDOW_GROUPS = 20
TREND_GAIN = 4.0
SMOOTHING = 0.9
OVERUSE_S = 0.01
THRESHOLD_MS, THRESHOLD_LEAST_MS, THRESHOLD_MOST_MS = 12.5, 6.0, 600.0
THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039
STANDING_S = 0.1
STANDING_REPORTS = 3
"""Packets that all waited so long, report after report: a queue that is full grows no more, and the trend does not see it."""
FORGET_DELAY = 0.001
"""The least delay ever seen is forgotten at a millisecond a second: clocks drift, and routes change."""
BACK_OFF = 0.85
GROWTH_A_S, LATER_GROWTH_A_S, LATER_S = 1.08, 1.25, 5.0
"""Faster once nothing has gone wrong for five seconds."""
EVIDENCE_S = 3.0
LOSS_HOLD, LOSS_DROP = 0.02, 0.10
ACKED_WINDOW_S = 0.5
DROP_EVERY_S = 0.3
SILENT_S = 1.0
STALL_S = 2.0
FEW_PACKETS = 10
"""Nothing reported for so long although things were sent: the path stands still, unless they are only the last before a pause."""


class Estimator:
    """`sent` for every numbered packet, `feedback` for every report, `tick` a few times a second; `bps` at any time."""

    def __init__(self, now: float) -> None:
        self.bps = START_BPS
        self.heard = False
        self.last_congestion = float("-inf")
        self._sent: OrderedDict[int, tuple[float, int]] = OrderedDict()
        self._number = 0
        self._trend = Trend()
        self._acked: deque[tuple[float, int]] = deque()
        self._acked_bytes = 0
        self._outcomes = [0, 0]
        self._starting = True
        self._grown = self._reported = now
        self._loss_checked = now
        self._dropped = float("-inf")
        self._least_delay: float | None = None
        self._least_at = now
        self._standing = 0

    def sent(self, size_bytes: int, now: float) -> int:
        """The number that this packet carries."""
        number = self._number
        self._number = (number + 1) & 0xFFFF
        if not self._sent:
            self._reported = now
        self._sent[number] = (now, size_bytes)
        if len(self._sent) > HISTORY_PACKETS:
            self._sent.popitem(last=False)
        return number

    @property
    def next_number(self) -> int:
        return self._number

    def feedback(self, report: TransportFeedback, now: float) -> None:
        overuse = False
        known = False
        least = float("inf")
        for number, arrived in report.packets:
            sent = self._sent.get(number)
            if sent is None:
                continue
            known = True
            self._outcomes[arrived is None] += 1
            del self._sent[number]
            if arrived is None:
                continue
            least = min(least, arrived - sent[0])
            self._acknowledge(arrived, sent[1])
            overuse |= self._trend.add(sent[0], arrived)
        if not known:
            return
        self.heard = True
        self._reported = now
        if self._queue_stands(least, now) or overuse:
            self._drop(BACK_OFF * (self.acked_bps or self.bps), now)
        self._check_loss(now)

    def tick(self, now: float) -> None:
        """Growth, and the halving when nothing is heard of what was sent."""
        passed, self._grown = now - self._grown, now
        if not self.heard:
            return
        if self._sent and now - self._reported > STALL_S:
            self._reported = now
            if len(self._sent) > FEW_PACKETS:
                self._drop(self.bps / 2, now)
            self._sent.clear()
        elif now - self.last_congestion > SILENT_S:
            calm = now - self.last_congestion > LATER_S
            rate = 2.0 if self._starting else LATER_GROWTH_A_S if calm else GROWTH_A_S
            self.bps = min(MOST_BPS, self.bps * rate ** min(passed, 1.0))

    def is_congested(self, now: float) -> bool:
        """Whether there was evidence lately; without, an estimate that is low is only one that has not grown yet."""
        return now - self.last_congestion < EVIDENCE_S

    @property
    def acked_bps(self) -> float:
        """What arrived in the last half second; 0: too little to tell."""
        if len(self._acked) < 5:
            return 0.0
        return self._acked_bytes * 8 / ACKED_WINDOW_S

    def _acknowledge(self, arrived: float, size_bytes: int) -> None:
        self._acked.append((arrived, size_bytes))
        self._acked_bytes += size_bytes
        while self._acked and not -ACKED_WINDOW_S < self._acked[0][0] - arrived < 10 * ACKED_WINDOW_S:
            self._acked_bytes -= self._acked.popleft()[1]

    def _queue_stands(self, delay: float, now: float) -> bool:
        """`delay`: the least of a report, on two clocks."""
        if delay == float("inf"):
            return False
        known = self._least_delay
        if known is None or not -1.0 < delay - known < 10.0:  # the first, or another clock
            known = delay
        self._least_delay = min(delay, known + (now - self._least_at) * FORGET_DELAY)
        self._least_at = now
        self._standing = self._standing + 1 if delay - self._least_delay > STANDING_S else 0
        return self._standing >= STANDING_REPORTS

    def _check_loss(self, now: float) -> None:
        """Loss without growing delay: a line that drops, or a short queue. What arrives nevertheless is there."""
        came, lost = self._outcomes
        if now - self._loss_checked < 1.0 or came + lost < 20:
            return
        self._loss_checked = now
        self._outcomes = [0, 0]
        share = lost / (came + lost)
        if share > LOSS_DROP:
            known = min(self.bps, 1.5 * self.acked_bps) if self.acked_bps else self.bps
            self._drop(max(known * (1 - share / 2), BACK_OFF * self.acked_bps), now)
        elif share > LOSS_HOLD:
            self._starting = False

    def _drop(self, bps: float, now: float) -> None:
        self.last_congestion = now
        self._starting = False
        if now - self._dropped < DROP_EVERY_S:
            return
        self._dropped = now
        self.bps = max(LEAST_BPS, min(self.bps, bps))


class Trend:
    """The slope of the queueing delay (section 5 of the draft, with the trendline filter that browsers use)."""

    def __init__(self) -> None:
        self._group: tuple[float, float, float] | None = None
        self._former: tuple[float, float] | None = None
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW_GROUPS)
        self._first: float | None = None
        self._delay_ms = self._smoothed_ms = 0.0
        self._threshold_ms = THRESHOLD_MS
        self._over_s = self._before = 0.0
        self._updated: float | None = None

    def add(self, sent: float, arrived: float) -> bool:
        """True: the path is overused, by this packet's group."""
        if self._group is None:
            self._group = (sent, sent, arrived)
            return False
        began, last_sent, last_arrived = self._group
        if sent < began:
            return False  # reordered
        if sent - began <= BURST_S:
            self._group = (began, max(last_sent, sent), max(last_arrived, arrived))
            return False
        self._group = (sent, sent, arrived)
        former, self._former = self._former, (last_sent, last_arrived)
        if former is None:
            return False
        return self._grow(last_sent - former[0], last_arrived - former[1], last_arrived)

    def _grow(self, sent_s: float, arrived_s: float, arrived: float) -> bool:
        if not -0.5 < arrived_s - sent_s < 3.0:  # the receiver's clock began anew: what is known is of another
            self._former = self._first = self._updated = None
            self._points.clear()
            return False
        if self._first is None:
            self._first = arrived
        self._delay_ms += (arrived_s - sent_s) * 1000
        self._smoothed_ms = SMOOTHING * self._smoothed_ms + (1 - SMOOTHING) * self._delay_ms
        self._points.append(((arrived - self._first) * 1000, self._smoothed_ms))
        if len(self._points) < WINDOW_GROUPS // 2:
            return False
        slope = _slope(self._points)
        modified = min(60, len(self._points)) * slope * TREND_GAIN
        over = self._judge(modified, slope, sent_s)
        self._adapt(modified, arrived)
        self._before = slope
        return over

    def _judge(self, modified_ms: float, slope: float, passed_s: float) -> bool:
        if modified_ms <= self._threshold_ms:
            self._over_s = 0.0
            return False
        self._over_s += passed_s
        if self._over_s > OVERUSE_S and slope >= self._before:
            self._over_s = 0.0
            return True
        return False

    def _adapt(self, modified_ms: float, arrived: float) -> None:
        passed_ms = 0.0 if self._updated is None else min(100.0, (arrived - self._updated) * 1000)
        self._updated = arrived
        distance = abs(modified_ms) - self._threshold_ms
        if distance > 15.0:
            return  # a spike says nothing of the path's usual unrest
        gain = THRESHOLD_DOWN if distance < 0 else THRESHOLD_UP
        self._threshold_ms = max(THRESHOLD_LEAST_MS, min(self._threshold_ms + gain * distance * passed_ms, THRESHOLD_MOST_MS))


def _slope(points: deque[tuple[float, float]]) -> float:
    """Least squares."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
