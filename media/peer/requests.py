"""Decides which lost packets of a voice the worker requests again (NACK). This code does no I/O.

A retransmission comes a round trip later than the lost packet. So everybody who hears this voice must hear it later, or the
retransmission is useless. If packets are lost one by one, redundant copies (RED) repair nearly every loss without such a delay.
If packets are lost in bursts, the single copy that a browser adds to each packet repairs only the last packet of each burst. So
packets are requested only while many of the losses lie in bursts (`BEGIN_SHARE`).
"""

from __future__ import annotations

from collections import deque

from media.packets import rtp

WINDOW = 500  # Losses are judged over this many of the newest packets: 10 s.
SETTLED = 16
"""A packet counts as lost when it is still missing after this many newer packets. Until then, it may only be late."""
BURST = 3  # At least this many losses in a row are a burst.
BEGIN_SHARE, END_SHARE = 0.4, 0.2
"""Share of the lost packets that were lost in bursts. Requests for lost packets begin when the share is above `BEGIN_SHARE`, and
end when it is below `END_SHARE`. If packets are lost at random, the share is 0.03 at 10 % loss, and 0.1 at 20 % loss. If packets
are lost in bursts of three on average, the share is 0.74."""
LEAST_LOST = 9  # Requests begin only after this many packets were lost in bursts: 2 % of `WINDOW`.
DEEPEST = 7
"""A packet is requested only while at most this many newer packets have come: 140 ms. With a round trip of `MOST_RTT_S`, a
retransmission comes a quarter of a second late. The delay of a longer wait would harm a conversation more than the loss."""
MOST_RTT_S = 0.1  # Nothing is requested while a round trip takes more seconds than this.
UNKNOWN_RTT_S = 0.05  # Assumed round trip in seconds while none was measured.
TRIES = 3  # At most this many requests for one packet are sent.
AGAIN_S = 0.02  # A request is repeated when a round trip plus this many seconds have passed without an answer.


class Requests:
    """Requests for the lost packets of one voice. Call `come` for each packet, then `restored` for each copy in it, then `due`.

    `on`: whether lost packets are requested now. The attributes contain sequence numbers that do not wrap.
    """

    def __init__(self) -> None:
        self.on = False
        self._highest = -1
        self._judged = -1
        self._lost: set[int] = set()
        """Numbers of the packets after `_judged` that the link has lost. A number stays if a copy or a retransmission of the
        packet has come since."""
        self._wanted: dict[int, int] = {}
        """Packet that is still missing → number of requests for it. The oldest packet is first."""
        self._asked: dict[int, float] = {}
        """Number of a requested packet → time of the last request for it. Only packets after `_judged` are in the dict."""
        self._run = 0
        self._runs: deque[tuple[int, int]] = deque()
        """Losses in a row within the last `WINDOW` packets: (number of the packet after them, how many losses)."""
        self._losses = self._in_bursts = 0
        self._rtt_s = 0.0

    def come(self, sequence: int, now: float) -> bool:
        """Take a packet. Return whether it is the retransmission of a lost packet.

        A packet that comes sooner than half a round trip after its request is no answer to that request. It was only late.
        """
        step = rtp.ahead(sequence, self._highest & 0xFFFF)
        if self._highest < 0 or abs(step) > WINDOW:
            self._begin(sequence)
            return False
        number = self._highest + step
        if step > 0:
            for each in range(max(self._highest + 1, number - WINDOW), number):
                self._lost.add(each)
                self._wanted[each] = 0
            self._highest = number
            self._judge()
            return False
        self._wanted.pop(number, None)
        asked = self._asked.pop(number, None)
        if asked is not None and now - asked >= self._rtt_s / 2:
            return True
        self._lost.discard(number)
        return False

    def restored(self, sequence: int) -> None:
        """Note that a redundant copy has replaced this packet, so that it need not be requested."""
        self._wanted.pop(self._highest + rtp.ahead(sequence, self._highest & 0xFFFF), None)

    def due(self, now: float, rtt_s: float | None) -> list[int]:
        """Return the sequence numbers to request now, in ascending order. `rtt_s`: the measured round trip; None: unknown."""
        self._rtt_s = rtt_s or 0.0
        if not self.on or self._rtt_s > MOST_RTT_S:
            return []
        again_s = AGAIN_S + (UNKNOWN_RTT_S if rtt_s is None else rtt_s)
        found = []
        for number, tries in self._wanted.items():
            waits = number in self._asked and now - self._asked[number] < again_s
            if self._highest - number <= DEEPEST and tries < TRIES and not waits:
                self._wanted[number], self._asked[number] = tries + 1, now
                found.append(number & 0xFFFF)
        return found

    def _begin(self, sequence: int) -> None:
        """Begin with the first packet of a stream. Do not ask for packets of an earlier stream."""
        self._highest = self._judged = sequence
        self._lost.clear()
        self._wanted.clear()
        self._asked.clear()
        self._runs.clear()
        self._run = self._losses = self._in_bursts = 0
        self.on = False

    def _judge(self) -> None:
        """Decide whether to request lost packets, from the share of losses that came in bursts.

        A missing packet counts as lost when `SETTLED` later numbers have passed. Only the last `WINDOW` packets are counted.
        """
        for number in range(max(self._judged, self._highest - SETTLED - WINDOW) + 1, self._highest - SETTLED + 1):
            self._judged = number
            self._wanted.pop(number, None)
            self._asked.pop(number, None)
            if number in self._lost:
                self._lost.discard(number)
                self._run += 1
            elif self._run:
                self._runs.append((number, self._run))
                self._count(self._run)
                self._run = 0
        while self._runs and self._runs[0][0] <= self._judged - WINDOW:
            self._count(-self._runs.popleft()[1])
        share = self._in_bursts / self._losses if self._losses else 0.0
        self.on = share >= END_SHARE if self.on else share > BEGIN_SHARE and self._in_bursts >= LEAST_LOST

    def _count(self, run: int) -> None:
        """Add `run` losses in a row to the counts. If `run` is negative, subtract as many losses in a row."""
        self._losses += run
        self._in_bursts += run if abs(run) >= BURST else 0
