"""One connection to Redis on which calls of the library run in the order in which they were made.

Calls that come while others are under way go out together with the next flight: one write, one read, and still one after the
other in Redis. Answers come back in the same order, so events reach the caller as their fences grow.

When the connection breaks, a flight is sent again with the same bytes; a step that was made already gets its former answer
(`main.lua`). After `RETRY_S` the calls fail with `Unavailable`, and those made later try anew. A call that Redis itself refuses
(too few replicas, a disk that is full, a script that runs too long) fails with `Unavailable` at once: the others of its flight,
such as those that only read, may still succeed.

In a cluster all of a domain lives in one slot, so one connection will do there too: to the node that MOVED names. While that slot
moves to another node Redis answers ASK, because no key has the bare name of the domain; no step runs until it has arrived.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import Final, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    MasterDownError,
    MovedError,
    NoPermissionError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from matcher.redis.address import addresses, moved_to
from matcher.redis.script import library
from matcher.types import Unavailable

FLIGHT: Final = 32  # calls at once; fewer than the answers that the library keeps
WAITING: Final = 20_000  # calls that may wait for their flight; more are refused
RETRY_S: Final = 5.0
PAUSES_S: Final = (0.0, 0.05, 0.2, 0.5)  # before each new try; then the last one again
TIMEOUT_S: Final = 3.0
CONNECT_S: Final = 2.0

Argument = str | int | bytes
Answer = bytes | Exception
Call = tuple[str, tuple[Argument, ...]]  # function, arguments

# Worth another try: Redis is away, restarting, loading, changing its master, moving our slot, or says what nobody understands.
_PASSING = (
    RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, MasterDownError, ClusterDownError, TryAgainError,
    AskError, InvalidResponse, OSError,
)  # fmt: skip  # a list of names
_HOPELESS = (AuthenticationError, NoPermissionError)


class Line:
    """`url`: see `matcher/redis/address.py`; `domain`: the matching domain, whose hash tag every key carries."""

    def __init__(self, url: str, domain: str) -> None:
        if not domain or set(domain) & set("{}"):
            raise ValueError("a matching domain has a name without braces")
        self._seeds = addresses(url)
        self._node = self._seeds[0]
        self._key = f"{{sangdam:{domain}}}"
        self._library = library()
        self._client: Redis | None = None
        self._calls: deque[tuple[Call, asyncio.Future[bytes]]] = deque()
        self._flying: asyncio.Task[None] | None = None

    async def step(self, *arguments: Argument) -> bytes:
        """What the library answers. `Unavailable` when Redis cannot be reached."""
        return await self._call(self._library.step, arguments)

    async def read(self, *arguments: Argument) -> bytes:
        """As `step`, for what changes nothing."""
        return await self._call(self._library.read, arguments)

    async def close(self) -> None:
        """Waits for what is under way."""
        if self._flying is not None:
            await self._flying
        await self._hang_up()

    async def _call(self, function: str, arguments: tuple[Argument, ...]) -> bytes:
        if len(self._calls) >= WAITING:
            raise Unavailable(f"Too many steps wait for Redis at {self._node.where}.")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls.append(((function, arguments), answer))
        if self._flying is None or self._flying.done():
            self._flying = asyncio.create_task(self._fly())
        return await answer

    async def _fly(self) -> None:
        while self._calls:
            flight = [self._calls.popleft() for _ in range(min(FLIGHT, len(self._calls)))]
            try:
                answers = await self._carry([call for call, _ in flight])
            except Exception as error:
                answers = [error] * len(flight)
            for (_, future), answer in zip(flight, answers, strict=True):
                if future.done():
                    continue  # nobody waits for it any more
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _carry(self, flight: list[Call]) -> list[Answer]:
        """One answer a call, however often it takes; an exception is the answer of a call that failed in Redis."""
        give_up = monotonic() + RETRY_S
        tries = 0
        while True:
            node = self._node
            try:
                return await self._send(flight)
            except (*_HOPELESS, *_PASSING) as error:  # MovedError is an AskError
                await self._hang_up()
                reason = error
            if _is_hopeless(reason):
                raise Unavailable(f"Redis at {node.where} refuses us: {reason}") from reason
            if isinstance(reason, MovedError):
                self._node = moved_to(node, reason.host, reason.port)
            else:
                self._node = self._seeds[tries % len(self._seeds)]
            pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
            if monotonic() + pause_s >= give_up:
                raise Unavailable(f"Redis at {node.where} cannot be reached: {reason}") from reason
            tries += 1
            await asyncio.sleep(pause_s)

    async def _send(self, flight: list[Call]) -> list[Answer]:
        client = self._client
        if client is None:
            client = self._client = Redis.from_url(
                self._node.url,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=CONNECT_S,
                retry=Retry(NoBackoff(), 0),
                max_connections=1,
            )
        answers = await self._execute(client, flight)
        if any(_is_without_library(answer) for answer in answers):  # Redis began anew; what ran before is remembered there
            await self._load(client)
            answers = await self._execute(client, flight)
        for answer in answers:
            if isinstance(answer, (*_PASSING, *_HOPELESS)):
                raise answer
            if _is_without_library(answer):
                raise RedisConnectionError(str(answer))
        return [self._explained(answer) for answer in answers]

    async def _execute(self, client: Redis, flight: list[Call]) -> list[Answer]:
        pipeline = client.pipeline(transaction=False)
        for function, arguments in flight:
            pipeline.fcall(function, 1, self._key, *arguments)
        return cast(list[Answer], await pipeline.execute(raise_on_error=False))

    def _explained(self, answer: Answer) -> Answer:
        """Whatever Redis refuses before our function runs is not about this step: OOM, MISCONF, NOREPLICAS, BUSY and others, each
        with a code of its own. A mistake of our own function stays what it is."""
        if isinstance(answer, ResponseError) and not _is_mistake(answer):
            unavailable = Unavailable(f"Redis at {self._node.where} refuses the step, which was not made: {_said(answer)}")
            unavailable.__cause__ = answer
            return unavailable
        return answer

    async def _load(self, client: Redis) -> None:
        try:
            await client.function_load(self._library.source)
        except ResponseError as error:
            if isinstance(error, (*_PASSING, *_HOPELESS)):
                raise
            if "already exists" not in str(error):  # another node of ours was faster
                said = _said(error)
                reason = f"Redis at {self._node.where} does not take the matcher's functions (it must be 7.0 or newer): {said}"
                raise Unavailable(reason) from error

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.aclose()
            except (RedisError, OSError):
                return  # it was broken


def _is_hopeless(error: BaseException | None) -> bool:
    """Also where redis-py wraps what Redis said as the connection was made."""
    return error is not None and (isinstance(error, _HOPELESS) or _is_hopeless(error.__cause__ or error.__context__))


def _is_mistake(error: ResponseError) -> bool:
    """Raised inside our function: Redis then names the script and its line."""
    return " script: " in str(error)


def _said(error: ResponseError) -> str:
    """With its code, which redis-py cuts off where it knows it."""
    code = getattr(error, "status_code", None)
    return f"{code} {error}" if code else str(error)


def _is_without_library(answer: Answer) -> bool:
    return isinstance(answer, ResponseError) and str(answer).startswith(("Function not found", "unknown command"))
