"""Budget for the retransmissions to one viewer.

Without such a budget, retransmissions of lost video can overload a link that already loses packets.
"""

from __future__ import annotations

from media.token_bucket import TokenBucket

from .estimate import Estimator

MOST_PER_S = 400
"""At most this many retransmitted packets per second go to one viewer, even on a fast link, because NACKs must not multiply
traffic."""
MOST_BPS = 4_000_000.0
"""Retransmissions to one viewer take at most this many bits per second. This is also the budget while nothing is known of the
link."""
LEAST_SHARE = 0.25
"""Fraction of a link that retransmissions are always allowed to take. Without a retransmission, a single loss would cost a
keyframe, which is larger."""
VOICE_BPS = 100_000.0
"""Bit rate kept free for the voice: 40 kbit/s for the voice, 40 kbit/s for its redundant copies (RED), and 20 kbit/s for packet
headers. The redundant copies are more important than retransmissions of video."""
AT_ONCE_S, AT_ONCE_LEAST_BYTES = 0.25, 2 * 1300
"""Largest burst of retransmissions to one viewer: the bytes that the viewer's budget allows in `AT_ONCE_S` seconds, but at least
`AT_ONCE_LEAST_BYTES` (2 packets)."""
HEADER_BYTES = 50  # bytes that SRTP, UDP and IP add to a retransmitted packet


class RepeatBudget:
    """Retransmission budget of one viewer. At each NACK, call `follow` once, and then `take` for each packet to send again.

    `pictures_bps`: present bit rate of the videos that this viewer is shown.
    """

    def __init__(self, now: float) -> None:
        self.pictures_bps = 0.0
        self._packets = TokenBucket(MOST_PER_S, MOST_PER_S, now)
        self._octets = TokenBucket(MOST_BPS / 8, MOST_BPS / 8 * AT_ONCE_S, now)

    def follow(self, path: Estimator, now: float) -> None:
        """Set the budget to the part of the viewer's estimated bandwidth that voice and videos leave, but at most `MOST_BPS`.

        Retransmissions always get at least `LEAST_SHARE` of the estimate, because an estimate that has not grown yet is too low.
        """
        bps = MOST_BPS
        if path.heard:
            bps = max(LEAST_SHARE * max(path.bps, path.acked_bps), path.bps - VOICE_BPS - self.pictures_bps)
        rate = min(bps, MOST_BPS) / 8
        self._octets.limit(rate, max(rate * AT_ONCE_S, AT_ONCE_LEAST_BYTES), now)

    def take(self, size_bytes: int, now: float) -> bool:
        """Return whether the budget allows that a packet of this size is sent again now. If so, count the packet as sent."""
        return self._packets.take(1, now) and self._octets.take(size_bytes + HEADER_BYTES, now)
