"""Estimates the bandwidth of the path to one receiver from transport-wide feedback, which shows standing queues and loss.

The estimate grows and decreases as in Google Congestion Control (draft-ietf-rmcat-gcc-02): a queue that fills lowers the estimate
to 0.85 times the bit rate that arrives. Three things differ:

- Congestion is detected in another way (`standing`, `losses`).
- The estimate can grow beyond the bit rate that is sent, because a relay can send only what senders make. The estimator sends no
  packets to probe the path. Instead, each time a higher video layer was too much for the path, `layers.Chooser` waits longer
  before it tries again.
- At first, the estimate doubles each second. This ends at the first sign of congestion, or when more than 2 % of the packets are
  lost.

Times are in seconds. Sending times are on our clock, and arrival times are on the receiver's clock. Only differences between
times of the same clock are used.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from .feedback import TransportFeedback
from .gaps import Gaps
from .losses import FEW, Losses
from .standing import Standing

START_BPS, LEAST_BPS, MOST_BPS = 300_000.0, 20_000.0, 8_000_000.0
"""The first, the smallest and the largest estimate, in bit/s."""
HISTORY_PACKETS = 4096
"""At most this many sent packets are remembered until a report names them: four seconds at 1,000 packets a second.

When there are more, the packet that was sent first is forgotten.
"""
BACK_OFF = 0.85  # after congestion, the estimate is this factor times the bit rate that arrives
GROWTH_A_S, LATER_GROWTH_A_S, LATER_S = 1.08, 1.25, 5.0
"""Growth factors per second. The larger factor applies when there was no congestion for `LATER_S` seconds."""
EVIDENCE_S = 3.0  # seconds for which the path counts as congested after the last sign of congestion
ACKED_WINDOW_S, ACKED_LEAST_PACKETS, ACKED_KEPT_S = 0.5, 5, 2.0
"""The bit rate that arrives is measured over `ACKED_WINDOW_S` seconds, from more than `ACKED_LEAST_PACKETS` packets. Packets that
have arrived are remembered for `ACKED_KEPT_S` seconds."""
DROP_EVERY_S = 0.3  # at least this many seconds pass between two decreases of the estimate
GROWS_S, EMPTIES_S = 0.005, 0.04
"""Seconds. A queue counts as growing if `Standing.growth_s` is above `GROWS_S`, and as emptying if `growth_s` is below
`-EMPTIES_S`. A smaller change can come from the size of a packet alone."""
SILENT_S = 1.0
"""Seconds after congestion for which the estimate does not grow. The estimate also does not grow while sent packets have waited
longer than this for a report."""
STALL_S, STALL_STEP_S = 3.0, 1.0
"""`STALL_S`: a stall begins when sent packets have waited this many seconds for a report. `STALL_STEP_S`: seconds from one
halving of the estimate to the next in a stall. In measurements, browsers short of processor time sent no report for 1.5 s, and
once for 4.3 s."""
FEW_PACKETS = 10
"""If only this many packets or fewer are unreported, this is no stall: they can be the last packets before the sender paused."""


class Estimator:
    """Bandwidth estimate of one path. Read `bps` (bit/s) at any time.

    Call `sent` for every numbered packet, `feedback` for every report, and `tick` a few times a second. `heard`: whether a report
    has ever come. `last_congestion`: time of the last sign of congestion. `gaps`: measures which share of the time lies in gaps,
    in which several packets in a row are lost.
    """

    def __init__(self, now: float) -> None:
        self.bps = START_BPS
        self.heard = False
        self.last_congestion = float("-inf")
        self._sent: OrderedDict[int, tuple[float, int]] = OrderedDict()
        self._number = 0
        self._standing = Standing()
        self._losses = Losses()
        self.gaps = Gaps()
        self._acked: deque[tuple[float, int]] = deque()
        self._starting = True
        self._grown = now
        self._unreported = 0
        self._unreported_since = now
        self._dropped = float("-inf")
        self._before_stall: tuple[float, float] | None = None
        """The estimate in bit/s before the present stall, and the time of the last congestion before the stall. None: no stall.

        In a stall, no reports come.
        """

    def sent(self, size_bytes: int, now: float) -> int:
        """Remember a packet that is sent. Return the packet's transport-wide number (16 bits)."""
        number = self._number
        self._number = (number + 1) & 0xFFFF
        if not self._unreported:
            self._unreported_since = now
        self._unreported += 1
        self._sent[number] = (now, size_bytes)
        if len(self._sent) > HISTORY_PACKETS:
            self._sent.popitem(last=False)
        return number

    @property
    def next_number(self) -> int:
        """Transport-wide sequence number of the next packet that is sent."""
        return self._number

    def feedback(self, report: TransportFeedback, now: float) -> None:
        """Take a report of the receiver, which says which packets arrived and when."""
        came = lost = 0
        for number, arrived in report.packets:
            sent = self._sent.pop(number, None)
            if sent is None:
                continue
            self.gaps.add(sent[0], arrived is not None)
            if arrived is None:
                lost += 1
                continue
            came += 1
            self._acknowledge(arrived, sent[1])
            self._standing.add(sent[0], arrived)
        if not came + lost:
            return
        self.heard = True
        self._unreported = 0
        self._losses.add(came, lost, now)
        self._end_stall()
        if self._queue_fills:
            self._drop(BACK_OFF * (self.acked_bps or self.bps), now)
        self._look_at_loss(now)

    def tick(self, now: float) -> None:
        """Let the estimate grow. If no reports come (a stall, `STALL_S`), halve the estimate; this counts as congestion.

        The estimate does not grow while sent packets have waited more than `SILENT_S` seconds for a report, nor in the first
        `SILENT_S` seconds after congestion.
        """
        passed, self._grown = now - self._grown, now
        if not self.heard:
            return
        silent_s = now - self._unreported_since if self._unreported else 0.0
        if silent_s > (STALL_S if self._before_stall is None else STALL_STEP_S):
            self._stall(now)
        elif silent_s <= SILENT_S < now - self.last_congestion:
            calm = now - self.last_congestion > LATER_S
            rate = 2.0 if self._starting else LATER_GROWTH_A_S if calm else GROWTH_A_S
            self.bps = min(MOST_BPS, self.bps * rate ** min(passed, 1.0))

    def is_congested(self, now: float) -> bool:
        """Return whether there was congestion lately.

        If there was none, a low estimate only means that the estimate has not grown yet.
        """
        return now - self.last_congestion < EVIDENCE_S

    @property
    def acked_bps(self) -> float:
        """Bit rate of the packets that arrived in the last half second, or of the last five packets if these took longer.

        0: too few packets.
        """
        if len(self._acked) <= ACKED_LEAST_PACKETS:
            return 0.0
        newest, octets = self._acked[-1][0], 0
        for count, (arrived, size) in enumerate(reversed(self._acked)):
            if count >= ACKED_LEAST_PACKETS and newest - arrived >= ACKED_WINDOW_S:
                return octets * 8 / (newest - arrived)
            octets += size
        return octets * 8 / max(ACKED_WINDOW_S, newest - self._acked[0][0])

    def _acknowledge(self, arrived: float, size_bytes: int) -> None:
        self._acked.append((arrived, size_bytes))
        while not -ACKED_WINDOW_S < arrived - self._acked[0][0] < ACKED_KEPT_S:
            self._acked.popleft()

    @property
    def _queue_fills(self) -> bool:
        """Return whether a queue grows, or is full and loses packets. Return False for a queue that empties."""
        growth_s = self._standing.growth_s
        return growth_s is not None and (growth_s > GROWS_S or (growth_s > -EMPTIES_S and self._losses.share > FEW))

    def _look_at_loss(self, now: float) -> None:
        """Lower the estimate if loss lasts although no queue grows: the link is bad, or drops excess packets."""
        share = self._losses.share
        if share > FEW:
            self._starting = False
        if self._losses.goes_on(now):
            known = min(self.bps, 1.5 * self.acked_bps) if self.acked_bps else self.bps
            self._drop(max(known * (1 - share / 2), BACK_OFF * self.acked_bps), now)

    def _stall(self, now: float) -> None:
        if self._unreported > FEW_PACKETS or self._before_stall is not None:
            self._before_stall = self._before_stall or (self.bps, self.last_congestion)
            self._drop(self.bps / 2, now)
        self._unreported = 0

    def _end_stall(self) -> None:
        """Restore the estimate from before a stall, because a report has come and ended the stall.

        That the report was late does not count as congestion. Only the losses and delays in the report count.
        """
        if self._before_stall is not None:
            self.bps, self.last_congestion = self._before_stall
            self._before_stall = None

    def _drop(self, bps: float, now: float) -> None:
        self.last_congestion = now
        self._starting = False
        if now - self._dropped < DROP_EVERY_S:
            return
        self._dropped = now
        self.bps = max(LEAST_BPS, min(self.bps, bps))
