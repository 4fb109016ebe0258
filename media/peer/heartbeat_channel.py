"""`live` data channel: the worker sends each heartbeat of a browser back (an echo).

If a browser gets no echo for 1.5 s, it assumes that the path or the worker is gone. This code does no I/O.
"""

from __future__ import annotations

import json

import msgspec

from media.token_bucket import TokenBucket

PER_S = 20.0  # At most this many heartbeats of one browser are answered per second.
MAX_BYTES = 256  # A message with more bytes gets no answer.
# The decoder returns pairs, because a dict would hide a field that is named twice.
_read = json.JSONDecoder(object_pairs_hook=tuple).decode


class LiveError(Exception):
    """The worker does not echo a browser's message.

    `reason`: "refused" (the message is too long, or the browser sends too many) or "malformed".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Live:
    """Answers the heartbeats of one browser: at most `PER_S` per second, and at most `PER_S` in one burst."""

    def __init__(self, now: float) -> None:
        self._allowed = TokenBucket(PER_S, PER_S, now)

    def echo(self, data: str | bytes, now: float) -> str:
        """Return the answer to a heartbeat. Raise `LiveError` if the message is no heartbeat or too long, or exceeds the rate."""
        if len(data) > MAX_BYTES or not self._allowed.take(1, now):
            raise LiveError("refused")
        number = _number(data)
        if number is None:
            raise LiveError("malformed")
        return msgspec.json.encode({"t": "hb", "n": number}).decode()


def _number(data: str | bytes) -> int | None:
    """Return n of a heartbeat {"t": "hb", "n": n}. None for other messages, for a field named twice, and for n beyond 64 bits."""
    try:
        pairs = _read(data if isinstance(data, str) else str(data, "utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, tuple) or sorted(name for name, _ in pairs) != ["n", "t"]:
        return None
    (_, number), (_, kind) = sorted(pairs, key=lambda pair: pair[0])
    fits = kind == "hb" and type(number) is int and -(1 << 63) <= number < 1 << 63
    return number if fits else None
