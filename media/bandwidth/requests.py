"""Tells from a receiver's NACKs how many packets of a voice it has lost, and how many in a row.

Receivers leave out packets that would come too late. So the measured loss is a lower limit.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 5.0  # Seconds over which gaps are measured.
REMEMBERED = 256  # Requested sequence numbers that are remembered, because receivers request packets more than once.
PACKET_S = 0.02  # Sending time of one voice packet.
LEAST_LOST = 2  # Packets lost in a row that count as a gap, as in `gaps`.


class Requests:
    """Requests of one receiver about one voice. `newest`: time of the newest NACK on the monotonic clock."""

    def __init__(self) -> None:
        self.newest = float("-inf")
        self._known: deque[int] = deque(maxlen=REMEMBERED)
        self._gaps: deque[tuple[float, float]] = deque()
        self._lost = self._sent = 0

    def add(self, sequences: tuple[int, ...], copies: int, now: float) -> tuple[int, ...]:
        """Take a NACK. Return the packets that must be sent again.

        The last `copies` packets of a gap need not be sent again: the packet after the gap carries copies of them (RED).
        """
        self.newest = now
        needed: list[int] = []
        for run in _runs(sequences):
            new = [sequence for sequence in run if sequence not in self._known]
            self._known.extend(new)
            self._lost += len(new)
            if len(new) >= LEAST_LOST:
                self._gaps.append((now, (len(new) + 1) * PACKET_S))
            needed += run[: len(run) - copies] if copies < len(run) else []
        return tuple(needed)

    def lost(self, sent: int) -> float:
        """Return the fraction of packets lost since the last call. `sent`: all packets that were ever sent to this receiver."""
        lost, self._lost = self._lost, 0
        before, self._sent = self._sent, sent
        return min(1.0, lost / (sent - before)) if sent > before else 0.0

    def gaps(self, now: float) -> float:
        """Return the fraction of the last five seconds in which two or more packets in a row were lost."""
        while self._gaps and self._gaps[0][0] < now - WINDOW_S:
            self._gaps.popleft()
        return min(1.0, sum(gap_s for _, gap_s in self._gaps) / WINDOW_S)


def _runs(sequences: tuple[int, ...]) -> list[list[int]]:
    """Return the sequence numbers in groups of consecutive numbers."""
    found: list[list[int]] = []
    for sequence in sequences:
        if found and (sequence - found[-1][-1]) & 0xFFFF == 1:
            found[-1].append(sequence)
        else:
            found.append([sequence])
    return found
