"""A scheduler for every deadline of the live sessions.

The scheduler stores a time for each key. One task sleeps until the earliest of these times.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)
_LONGEST_SLEEP_S = 60.0


class Scheduler:
    """Awaits `fire(key)` when the key's time has come. The scheduler then forgets the key until the key is set again."""

    def __init__(self, fire: Callable[[str], Awaitable[None]], now: Callable[[], int]) -> None:
        self._fire = fire
        self._now = now
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        self._wake = asyncio.Event()

    def set(self, key: str, at: int | None) -> None:
        if at is None:
            self._due.pop(key, None)
        elif self._due.get(key) != at:
            self._due[key] = at
            heapq.heappush(self._heap, (at, key))
            self.wake()

    def wake(self) -> None:
        """Look up the earliest deadline again, after a deadline or the clock has changed."""
        self._wake.set()

    def take_due(self, now: int) -> list[str]:
        """Return the keys whose time has come, each key once. Skip a heap entry if its key has another time now, or no time."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._due.get(key) == at:
                del self._due[key]
                due.append(key)
        return due

    async def run(self) -> None:
        while True:
            for key in self.take_due(self._now()):
                try:
                    await self._fire(key)
                except Exception:
                    log.exception("timer failed", key=key)
            self._wake.clear()
            sleep_s = _LONGEST_SLEEP_S
            if self._heap:
                sleep_s = min(sleep_s, max(0.0, (self._heap[0][0] - self._now()) / 1000))
            try:
                async with asyncio.timeout(sleep_s):
                    await self._wake.wait()
            except TimeoutError:
                continue
