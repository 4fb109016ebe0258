"""The service's own use of the cluster's Redis. Every call that fails raises `Unavailable` within a second."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from matcher.types import Unavailable

TIMEOUT_S = 1.0
MARK_KEY = "{sangdam}:mark"
LEADER_KEY = "{sangdam}:leader"
LEASE_MS = 1500  # milliseconds after which a lease expires unless it is renewed

_HOLD = """
local held = redis.call("GET", KEYS[1])
if held and held ~= ARGV[3] then return held end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return ""
"""
_LEAVE = """
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0
"""


class Bus:
    """A connection to the cluster's Redis."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0), decode_responses=True
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def ping(self) -> None:
        """Raise Unavailable when Redis does not answer."""
        await self._ask(self._redis.ping())

    async def forgotten(self) -> bool:
        """Return whether Redis has lost its data since the last call. Each call sets a mark, which the next call looks for."""
        return bool(await self._ask(self._redis.set(MARK_KEY, "1", nx=True)))

    # --- the lease of the leader -----------------------------------------------------------------------------------------

    async def leader(self) -> str:
        """Return the text of the lease, or "" when no server holds it."""
        return str(await self._ask(self._redis.get(LEADER_KEY)) or "")

    async def hold_lead(self, said: str, instead_of: str) -> str:
        """Write the lease if there is none or if its text is `instead_of`.

        Return "", or the text of the lease that is in the way.
        """
        return str(await self._ask(self._redis.eval(_HOLD, 1, LEADER_KEY, said, LEASE_MS, instead_of)) or "")

    async def leave_lead(self, said: str) -> None:
        """Delete the lease if its text is still `said`."""
        await self._ask(self._redis.eval(_LEAVE, 1, LEADER_KEY, said))

    async def _ask(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {type(error).__name__}") from error
