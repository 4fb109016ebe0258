"""Addresses at which partners publish their keys (JWK sets, RFC 7517): fetched when a code needs them, and remembered.

A stranger can send codes with any key's name. So an address is asked at most once a minute, whatever comes. Few callers wait for
the answer, and none for long. All others go on with the keys that are known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from .signing_keys import BadKey, SigningKey, fetched

log = structlog.get_logger(__name__)

FRESH_MS = 10 * 60_000  # afterwards the next code asks again, so that a key which the partner removes soon counts no more
AGAIN_MS = 60_000  # least time between two requests to an address
KEPT_MS = 3 * 86_400_000  # while an address does not answer, its last keys count for so long
WAIT_S = 6.0  # a fetch takes no longer, and so no caller waits longer
MOST_WAITING = 100  # callers that wait for one address
MOST_FETCHES = 32  # at the same time
MOST_KNOWN = 4096  # addresses; the one that was needed longest ago is forgotten

Fetch = Callable[[str], Awaitable[bytes]]
"""Returns what an address answers. Raises NotFetched."""


class NotFetched(Exception):
    """The address gave no usable keys. The exception's text is the reason, in a word for the log."""


@dataclass(slots=True)
class _Known:
    keys: Mapping[str, SigningKey] | None = None
    fetched_at: int = -KEPT_MS
    tried_at: int = -AGAIN_MS
    failed: bool = False
    waiting: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class KeyAddresses:
    """The keys of all addresses that codes have needed lately."""

    def __init__(self, fetch: Fetch, now: Callable[[], int]) -> None:
        self._fetch = fetch
        self._now = now
        self._known: dict[str, _Known] = {}
        self._fetches = 0

    def keys(self, address: str) -> Mapping[str, SigningKey] | None:
        """Return the keys of an address by their ids, or None while none are known."""
        found = self._known.get(address)
        return None if found is None or self._now() - found.fetched_at > KEPT_MS else found.keys

    async def prepare(self, address: str, kid: str) -> None:
        """Make sure that the keys of an address are known and fresh, and include `kid`, as far as a request may do so now.

        Waits for the address, for `WAIT_S` at most. Never raises.
        """
        found, now = self._of(address), self._now()
        has_key = found.keys is not None and kid in found.keys and now - found.fetched_at <= KEPT_MS
        if has_key and now - found.fetched_at <= FRESH_MS:
            return
        if found.task is None and now - found.tried_at >= AGAIN_MS and self._fetches < MOST_FETCHES:
            found.tried_at = now
            found.task = asyncio.create_task(self._ask(address, found))
        goes_on = has_key and found.failed  # nobody waits again and again for an address that is away
        if found.task is None or goes_on or found.waiting >= MOST_WAITING:
            return
        found.waiting += 1
        try:
            await asyncio.wait({found.task})
        finally:
            found.waiting -= 1

    async def look(self, address: str) -> int:
        """Ask an address at once, for somebody who sets it up. Return the number of its keys. Raises NotFetched."""
        keys = await self._answer(address)
        if not keys:
            raise NotFetched("no_keys")
        found = self._of(address)
        found.keys, found.fetched_at, found.failed = keys, self._now(), False
        return len(keys)

    async def close(self) -> None:
        """Stop all requests."""
        tasks = [each.task for each in self._known.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _of(self, address: str) -> _Known:
        found = self._known.pop(address, None) or _Known()
        self._known[address] = found  # the last needed is the last in the dict
        if len(self._known) > MOST_KNOWN:
            oldest = next((name for name, each in self._known.items() if each.task is None), None)
            if oldest is not None:
                del self._known[oldest]
        return found

    async def _ask(self, address: str, found: _Known) -> None:
        self._fetches += 1
        try:
            found.keys = await self._answer(address)
            found.fetched_at, found.failed = self._now(), False
        except NotFetched as error:
            found.failed = True
            log.warning("keys of a site not fetched", why=str(error))
        finally:
            self._fetches -= 1
            found.task = None

    async def _answer(self, address: str) -> dict[str, SigningKey]:
        try:
            async with asyncio.timeout(WAIT_S):
                return fetched(await self._fetch(address))
        except TimeoutError:
            raise NotFetched("timeout") from None
        except BadKey:
            raise NotFetched("no_keys") from None
