"""The servers' own data in the cluster's Redis: the leader's lease, and a mark that shows whether Redis has lost data.

Every call that fails raises `Unavailable`.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, RedisError

from matcher.types import Unavailable
from media.api.redis_client import redis_client

log = structlog.get_logger(__name__)

TIMEOUT_S = 1.0
MARK_KEY = "{sangdam}:mark"
LEADER_KEY = "{sangdam}:leader"
RUN_ID = "run_id"  # Field of Redis' INFO: an id that is new at each start of the Redis process.
LEASE_MS = 1500  # Milliseconds after which the leader's lease expires unless it is renewed.

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
        self._redis = redis_client(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0), decode_responses=True
        )
        self._run = ""
        self._may_ask = True

    async def close(self) -> None:
        """Close the connection to Redis."""
        await self._redis.aclose()

    async def ping(self) -> None:
        """Raise Unavailable when Redis does not answer."""
        await self._ask(self._redis.ping())

    async def forgotten(self) -> bool:
        """Return whether Redis has lost data, or might have lost data, since the last call.

        Each call sets a mark in Redis, and the next call looks for this mark. A missing mark means a loss. Redis might also have
        lost its last writes if another Redis process answers now: a replica after a failover, or a Redis that has restarted from
        a snapshot. Redis' command INFO shows the id of the process. If this server's Redis login is not allowed to use INFO, only
        a missing mark counts as a loss.
        """
        run = str((await self._ask(self._about())).get(RUN_ID, ""))
        # set the mark after INFO has succeeded: if INFO fails, the mark is still missing, so the next call finds the loss
        lost = bool(await self._ask(self._redis.set(MARK_KEY, "1", nx=True)))
        before, self._run = self._run, run
        return lost or bool(before and run != before)

    async def _about(self) -> dict[str, Any]:
        if not self._may_ask:
            return {}
        try:
            found: dict[str, Any] = await self._redis.info("server")
        except NoPermissionError:
            self._may_ask = False
            log.warning("Redis does not permit INFO: a failover that loses writes goes unnoticed")
            return {}
        return found

    # --- the lease of the leader -----------------------------------------------------------------------------------------

    async def leader(self) -> str:
        """Return the text of the leader's lease in Redis, or "" when there is no lease."""
        return str(await self._ask(self._redis.get(LEADER_KEY)) or "")

    async def hold_lead(self, said: str, instead_of: str) -> str:
        """Write the leader's lease `said` into Redis, unless Redis has a lease that differs from `instead_of`.

        Return "" on success, otherwise the text of the lease in Redis.
        """
        return str(await self._ask(self._redis.eval(_HOLD, 1, LEADER_KEY, said, LEASE_MS, instead_of)) or "")

    async def leave_lead(self, said: str) -> None:
        """Delete the leader's lease in Redis if its text is still `said`."""
        await self._ask(self._redis.eval(_LEAVE, 1, LEADER_KEY, said))

    async def _ask(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except (RedisError, OSError) as error:
            raise Unavailable(f"Redis: {type(error).__name__}") from error
