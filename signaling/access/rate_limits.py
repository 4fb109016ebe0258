"""Token buckets for rate limits. Pure; time is a parameter."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from math import ceil


class Buckets:
    """A token bucket for each key, such as an address. A new bucket is full: it has `burst` tokens.

    A bucket that is not full gains `per_minute` tokens a minute.
    At most `most_keys` buckets are held. If there are more, the bucket whose last use was earliest is dropped. By then, that
    bucket is nearly full again, so dropping it changes little.
    """

    def __init__(self, *, burst: int, per_minute: float, most_keys: int = 20_000) -> None:
        self._burst = float(burst)
        self._per_ms = per_minute / 60_000
        self._most_keys = most_keys
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, key: str, now_ms: int) -> bool:
        """Take one token from the bucket of `key`. Return False when the bucket is empty: the limit is reached."""
        tokens, seen_ms = self._buckets.pop(key, (self._burst, now_ms))
        tokens = min(self._burst, tokens + max(0, now_ms - seen_ms) * self._per_ms)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now_ms)
        if len(self._buckets) > self._most_keys:
            self._buckets.popitem(last=False)
        return allowed

    def left(self, key: str, now_ms: int) -> tuple[int, int]:
        """Return how many tokens the bucket of `key` has left, and the seconds until the bucket is full again."""
        tokens, seen_ms = self._buckets.get(key, (self._burst, now_ms))
        tokens = min(self._burst, tokens + max(0, now_ms - seen_ms) * self._per_ms)
        return int(tokens), ceil((self._burst - tokens) / self._per_ms / 1000)

    def give_back(self, key: str) -> None:
        """Put the token that was taken last back into the bucket of `key`."""
        if key in self._buckets:
            tokens, seen_ms = self._buckets[key]
            self._buckets[key] = (min(self._burst, tokens + 1), seen_ms)

    def __len__(self) -> int:
        return len(self._buckets)


def network_of(address: str) -> str:
    """Return the key under which a client's IP address is limited: the IPv4 address, or the /64 network of an IPv6 address.

    One subscriber usually owns a whole /64. Return "unknown" when `address` is not an IP address.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
