"""The keys that partners publish at web addresses (JWK sets, RFC 7517).

Keys are fetched when an identification code needs them, and remembered. A stranger can send identification codes that name any
key. So these codes cause at most one request a minute to an address. At most `MOST_WAITING` callers wait for the response, for
`WAIT_S` at most. All other callers use the keys that are known already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from .signing_keys import BadKey, SigningKey, fetched

log = structlog.get_logger(__name__)

FRESH_MS = 10 * 60_000  # Keys older than this are fetched again when they are needed, so that a removed key is soon refused.
AGAIN_MS = 60_000  # At least this many ms pass between two requests to one address.
KEPT_MS = 3 * 86_400_000  # Milliseconds for which fetched keys stay valid while their address does not answer.
WAIT_S = 6.0  # A fetch is given up after this many seconds, so no caller waits longer.
MOST_WAITING = 100  # At most this many checks of codes wait at the same time for the keys of one address.
MOST_FETCHES = 32  # At most this many addresses are asked at the same time.
MOST_KNOWN = 4096  # Keys of at most this many addresses are remembered; the address used longest ago is forgotten first.

Fetch = Callable[[str], Awaitable[bytes]]
"""Fetches the body that a partner's server returns for a URL. Raises NotFetched."""


class NotFetched(Exception):
    """The keys at a partner's address could not be fetched. The exception's text is the reason: one word for the log."""


@dataclass(slots=True)
class _Known:
    keys: Mapping[str, SigningKey] | None = None
    fetched_at: int = -KEPT_MS
    tried_at: int = -AGAIN_MS
    failed: bool = False
    waiting: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class KeyAddresses:
    """Holds partners' public keys, fetched from the web addresses that identification codes have lately needed."""

    def __init__(self, fetch: Fetch, now: Callable[[], int]) -> None:
        self._fetch = fetch
        self._now = now
        self._known: dict[str, _Known] = {}
        self._fetches = 0

    def keys(self, address: str) -> Mapping[str, SigningKey] | None:
        """Return the known keys of an address by their ids, without fetching. Return None while no keys are known."""
        found = self._known.get(address)
        return None if found is None or self._now() - found.fetched_at > KEPT_MS else found.keys

    async def prepare(self, address: str, kid: str) -> None:
        """Fetch the keys of an address if they are not fresh or do not include `kid`.

        Nothing is fetched while `AGAIN_MS` or `MOST_FETCHES` allows no request. Waits for a fetch that is under way, for
        `WAIT_S` at most. Does not wait when `MOST_WAITING` callers wait already, or when `kid` is known and the last fetch
        failed. Never raises.
        """
        found, now = self._of(address), self._now()
        has_key = found.keys is not None and kid in found.keys and now - found.fetched_at <= KEPT_MS
        if has_key and now - found.fetched_at <= FRESH_MS:
            return
        if found.task is None and now - found.tried_at >= AGAIN_MS and self._fetches < MOST_FETCHES:
            found.tried_at = now
            found.task = asyncio.create_task(self._ask(address, found))
        goes_on = has_key and found.failed  # if the last fetch failed, checks with a known key do not wait for the next fetch
        if found.task is None or goes_on or found.waiting >= MOST_WAITING:
            return
        found.waiting += 1
        try:
            await asyncio.wait({found.task})
        finally:
            found.waiting -= 1

    async def look(self, address: str) -> int:
        """Fetch the keys of an address at once, for somebody who sets the address up. Return the number of keys.

        Raises NotFetched, also when the address has no usable key.
        """
        keys = await self._answer(address)
        if not keys:
            raise NotFetched("no_keys")
        found = self._of(address)
        found.keys, found.fetched_at, found.failed = keys, self._now(), False
        return len(keys)

    async def close(self) -> None:
        """Cancel the fetches of partners' keys that are under way."""
        tasks = [each.task for each in self._known.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _of(self, address: str) -> _Known:
        found = self._known.pop(address, None) or _Known()
        self._known[address] = found  # keeps the dict in order of use: the last entry is the address that was needed last
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
