"""One connection to Redis on which calls of the script run in the order in which they were made.

Calls that come while others are under way go out together with the next flight: one write, one read, and still one after the
other in Redis. Answers come back in the same order, so events reach the caller as their fences grow.

When the connection breaks, a flight is sent again with the same bytes; the script gives a step that it has done already its
former answer (`main.lua`). After `RETRY_S` the calls fail with `Unavailable`, and those made later try anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import Final, cast
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from matcher.redis.script import digest, source
from matcher.types import Unavailable

FLIGHT: Final = 32  # calls at once; fewer than the answers that the script keeps
WAITING: Final = 20_000  # calls that may wait for their flight; more are refused
RETRY_S: Final = 5.0
PAUSES_S: Final = (0.0, 0.05, 0.2, 0.5)  # before each new try; then the last one again
TIMEOUT_S: Final = 3.0
CONNECT_S: Final = 2.0

Argument = str | int | bytes
Answer = bytes | Exception

# Worth another try: Redis is away, restarting, loading, or changing its master.
_PASSING = (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, MasterDownError, ClusterDownError, OSError)
_HOPELESS = (AuthenticationError, NoPermissionError)


class Line:
    """`url`: redis://, rediss:// or unix://; `domain`: the matching domain, whose hash tag every key carries."""

    def __init__(self, url: str, domain: str) -> None:
        if not domain or set(domain) & set("{}"):
            raise ValueError("a matching domain has a name without braces")
        self._url = url
        self._key = f"{{sangdam:{domain}}}"
        self._script = source()
        self._digest = digest(self._script)
        self._client: Redis | RedisCluster | None = None
        self._calls: deque[tuple[tuple[Argument, ...], asyncio.Future[bytes]]] = deque()
        self._flying: asyncio.Task[None] | None = None

    @property
    def where(self) -> str:
        """The server's address, without a password."""
        parts = urlsplit(self._url)
        return parts.path if parts.scheme == "unix" else f"{parts.hostname or 'localhost'}:{parts.port or 6379}"

    async def call(self, *arguments: Argument) -> bytes:
        """What the script answers. `Unavailable` when Redis cannot be reached."""
        if len(self._calls) >= WAITING:
            raise Unavailable(f"Too many steps wait for Redis at {self.where}.")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls.append((arguments, answer))
        if self._flying is None or self._flying.done():
            self._flying = asyncio.create_task(self._fly())
        return await answer

    async def close(self) -> None:
        """Waits for what is under way."""
        if self._flying is not None:
            await self._flying
        await self._hang_up()

    async def _fly(self) -> None:
        while self._calls:
            flight = [self._calls.popleft() for _ in range(min(FLIGHT, len(self._calls)))]
            try:
                answers = await self._carry([arguments for arguments, _ in flight])
            except Exception as error:
                answers = [error] * len(flight)
            for (_, future), answer in zip(flight, answers, strict=True):
                if future.done():
                    continue  # nobody waits for it any more
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _carry(self, flight: list[tuple[Argument, ...]]) -> list[Answer]:
        """One answer a call, however often it takes; an exception is the answer of a call that failed in Redis."""
        give_up = monotonic() + RETRY_S
        tries = 0
        while True:
            try:
                return await self._send(flight)
            except _HOPELESS as error:
                await self._hang_up()
                raise Unavailable(f"Redis at {self.where} refuses us: {error}") from error
            except _PASSING as error:
                await self._hang_up()
                pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
                if monotonic() + pause_s >= give_up:
                    raise Unavailable(f"Redis at {self.where} cannot be reached: {error}") from error
                tries += 1
                await asyncio.sleep(pause_s)

    async def _send(self, flight: list[tuple[Argument, ...]]) -> list[Answer]:
        client = self._client or await self._connect()
        answers = await self._execute(client, flight)
        if any(isinstance(answer, NoScriptError) for answer in answers):  # Redis began anew; what ran before is remembered there
            await self._load(client)
            answers = await self._execute(client, flight)
        for answer in answers:
            if isinstance(answer, (*_PASSING, *_HOPELESS, NoScriptError)):
                raise RedisConnectionError(str(answer)) if isinstance(answer, NoScriptError) else answer
        return [self._explained(answer) for answer in answers]

    async def _execute(self, client: Redis | RedisCluster, flight: list[tuple[Argument, ...]]) -> list[Answer]:
        if len(flight) == 1:
            try:
                return [cast(bytes, await client.evalsha(self._digest, 1, self._key, *flight[0]))]
            except NoScriptError as error:
                return [error]
        pipeline = client.pipeline(transaction=False) if isinstance(client, Redis) else client.pipeline()
        for arguments in flight:
            pipeline.evalsha(self._digest, 1, self._key, *arguments)
        return cast(list[Answer], await pipeline.execute(raise_on_error=False))

    def _explained(self, answer: Answer) -> Answer:
        if isinstance(answer, OutOfMemoryError):
            return Unavailable(f"Redis at {self.where} has no memory left (maxmemory).")
        return answer

    async def _connect(self) -> Redis | RedisCluster:
        """A cluster is recognized by itself; all of a domain lives in one slot of it."""
        single = Redis.from_url(
            self._url, socket_timeout=TIMEOUT_S, socket_connect_timeout=CONNECT_S, retry=Retry(NoBackoff(), 0), max_connections=1
        )
        client: Redis | RedisCluster = single
        try:
            if (await single.info("cluster")).get("cluster_enabled"):
                await single.aclose()
                client = RedisCluster.from_url(self._url, socket_timeout=TIMEOUT_S, socket_connect_timeout=CONNECT_S)
            await self._load(client)
        except BaseException:
            await client.aclose()
            raise
        self._client = client
        return client

    async def _load(self, client: Redis | RedisCluster) -> None:
        await client.script_load(self._script)

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.aclose()
            except (RedisError, OSError):
                return  # it was broken
