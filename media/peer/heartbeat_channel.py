"""The `live` data channel: heartbeats, echoed at once so that a client knows in 1.5 s that its path or worker is gone. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

PER_S = 20.0
MAX_BYTES = 256


class Heartbeat(msgspec.Struct, forbid_unknown_fields=True):
    t: Literal["hb"]
    n: int


class LiveError(Exception):
    """A message that is not answered; `reason`: refused (too long, too many), malformed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Live:
    """One client's heartbeats: at most `PER_S` a second, saved up for one second."""

    def __init__(self, now: float) -> None:
        self._tokens, self._refilled = PER_S, now

    def echo(self, data: str | bytes, now: float) -> str:
        """What to send back; raises `LiveError`."""
        self._tokens = min(PER_S, self._tokens + (now - self._refilled) * PER_S)
        self._refilled = now
        if self._tokens < 1 or len(data) > MAX_BYTES:
            raise LiveError("refused")
        self._tokens -= 1
        try:
            return msgspec.json.encode(msgspec.json.decode(data, type=Heartbeat)).decode()
        except (msgspec.MsgspecError, UnicodeError):
            raise LiveError("malformed") from None
