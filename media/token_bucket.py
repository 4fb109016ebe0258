"""Token bucket: a limit on how often something is allowed. This code does no I/O."""

from __future__ import annotations


class TokenBucket:
    """Gains `rate` tokens per second and holds at most `burst` tokens. A new bucket is full."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._at = burst, now

    def take(self, amount: float, now: float) -> bool:
        """Take `amount` tokens. If the bucket holds fewer, take nothing and return False."""
        self.refill(now)
        return self.spend(amount)

    def refill(self, now: float) -> None:
        """Add the tokens that the bucket has gained since the last call, up to `now`."""
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now

    def spend(self, amount: float) -> bool:
        """Take `amount` tokens, but do not first add the tokens gained since the last call.

        If the bucket holds fewer, take nothing and return False.
        """
        if amount > self._level:
            return False
        self._level -= amount
        return True

    def owe(self, amount: float) -> None:
        """Take `amount` tokens for something that has happened already. The number of tokens can then be negative."""
        self._level -= amount

    def limit(self, rate: float, burst: float, now: float) -> None:
        """Change rate and burst from now on. Tokens above the new burst are lost."""
        self.refill(now)
        self._rate, self._burst = rate, burst
        self._level = min(self._level, burst)
