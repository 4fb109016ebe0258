"""One connection to Redis, on which calls of the matcher's function library run in the order in which they were made.

Calls that are made while other calls run are sent together afterwards, with one write. The code names such a batch of calls a
*flight*. Redis runs the calls of a flight one after the other. The answers come back in the same order, so callers see events in
the order of their numbers (`Event.fence`).

When the connection breaks, `Line` sends the same bytes of the flight again. If Redis had already run a step, Redis returns the
step's first answer (`main.lua`). After `RETRY_S` the calls of the flight fail with `Unavailable`; later calls try again. When
Redis itself refuses a call (too few replicas, disk full, a script runs too long), that call fails with `Unavailable` at once.
The other calls of the flight, such as reads, can still succeed.

In a Redis cluster all keys of a domain are in one hash slot. So one connection is enough. The connection goes to the node that
has the slot: Redis' answer MOVED names this node. Each call names one key, the bare hash tag of the domain, under which nothing
is stored. So while the slot moves to another node, Redis answers ASK, and no step runs until the slot has arrived.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final, cast

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
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

# Version of the stored data. With a new number the store begins empty, and servers announce all requests and members again.
LAYOUT: Final = 3
FLIGHT: Final = 32  # at most this many calls are sent together; must be below ANSWERS_KEPT of main.lua
# When Redis has answered a batch of calls (a flight), at most this many of its callers continue in one iteration of the event
# loop. Each caller then works for up to 1 ms, and other work, such as a chat line, must not wait for all callers.
TOLD_A_TURN: Final = 8
WAITING: Final = 20_000  # at most this many calls wait to be sent; further calls are refused
RETRY_S: Final = 5.0  # a failed batch of calls (a flight) is tried again for at most this many seconds; then its calls fail
PAUSES_S: Final = (0.0, 0.05, 0.2, 0.5)  # seconds of pause before each new try; after the fourth try, the last pause repeats
TIMEOUT_S: Final = 3.0  # longest wait for the answers to a batch of calls, in seconds
CONNECT_S: Final = 2.0  # longest wait for a new connection, in seconds

Answer = bytes | Exception
Connect = Callable[..., Redis]
"""A function that makes a Redis client from a URL, with the options of `Redis.from_url`."""

# Errors that end by themselves, so we try again: Redis is unreachable, restarts, loads its data, changes its master, moves the
# hash slot with our keys to another node, or sends an answer that does not follow Redis's protocol.
_PASSING = (
    RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, MasterDownError, ClusterDownError, TryAgainError,
    AskError, InvalidResponse, OSError,
)  # fmt: skip
_HOPELESS = (AuthenticationError, NoPermissionError)  # errors that repeat until somebody changes the settings


class Line:
    """The connection to Redis for one matching domain (`matcher.types.MatchStore`).

    `url`: see `matcher/redis/address.py`. `domain`: the domain's name, without braces. Every key in Redis has the hash tag
    `{sangdam:DOMAIN:LAYOUT}`. `rules`: the packed rules, which are sent with every call. `connect`: a function that returns a
    Redis client for an address. The default asks no Sentinels for the master's address.
    """

    def __init__(self, url: str, domain: str, rules: bytes, connect: Connect = Redis.from_url) -> None:
        if not domain or set(domain) & set("{}"):
            raise ValueError("a matching domain has a name without braces")
        self._connect = connect
        self._seeds = addresses(url)
        self._node = self._seeds[0]
        self._library = library()
        key = f"{{sangdam:{domain}:{LAYOUT}}}".encode()
        self._stepping, self._reading = (
            b"*6\r\n" + b"".join(map(_bulk, (b"FCALL", name.encode(), b"1", key, rules)))
            for name in (self._library.step, self._library.read)
        )
        self._client: Redis | None = None
        self._calls: deque[tuple[bytes, asyncio.Future[bytes]]] = deque()
        self._flying: asyncio.Task[None] | None = None
        # callers whose calls were answered and who have not gone on yet, with the answers
        self._answered: deque[tuple[asyncio.Future[bytes], Answer]] = deque()

    async def step(self, packed: bytes) -> bytes:
        """Run a step and return the library's packed answer.

        Raise `Unavailable` when Redis cannot be used, and `ResponseError` for a mistake in the library.
        """
        return await self._call(self._stepping + _bulk(packed))

    async def read(self, packed: bytes) -> bytes:
        """Run a read, which changes nothing, and return its packed answer. Raise the same errors as `step`."""
        return await self._call(self._reading + _bulk(packed))

    async def close(self) -> None:
        """Wait for the Redis commands that are running or queued, then close the connection."""
        if self._flying is not None:
            await self._flying
        self._tell(len(self._answered))
        await self._hang_up()

    async def _call(self, command: bytes) -> bytes:
        if len(self._calls) >= WAITING:
            raise Unavailable(f"Too many steps wait for Redis at {self._node.where}.")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls.append((command, answer))
        if self._flying is None or self._flying.done():
            self._flying = asyncio.create_task(self._fly())
        return await answer

    async def _fly(self) -> None:
        while self._calls:
            flight = [self._calls.popleft() for _ in range(min(FLIGHT, len(self._calls)))]
            try:
                answers = await self._carry([command for command, _ in flight])
            except Exception as error:
                answers = [error] * len(flight)
            others_wait = bool(self._answered)
            self._answered.extend((future, answer) for (_, future), answer in zip(flight, answers, strict=True))
            if not others_wait:
                self._tell_some()

    def _tell_some(self) -> None:
        """Let the first `TOLD_A_TURN` callers continue now, and the others in the next turns of the event loop.

        The next batch of calls does not wait for these callers.
        """
        self._tell(min(TOLD_A_TURN, len(self._answered)))
        if self._answered:
            asyncio.get_running_loop().call_soon(self._tell_some)

    def _tell(self, most: int) -> None:
        for _ in range(most):
            future, answer = self._answered.popleft()
            if future.done():
                continue  # nobody waits for this answer: its caller was cancelled
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _carry(self, flight: list[bytes]) -> list[Answer]:
        """Send a batch of calls (a flight), again if necessary, and return one answer for each call.

        An exception as an answer means that the call failed in Redis. Raise `Unavailable` after `RETRY_S`, or at once when Redis
        refuses the login or denies a permission.
        """
        give_up = monotonic() + RETRY_S
        tries = 0
        while True:
            node = self._node
            try:
                return await self._send(flight)
            except (*_HOPELESS, *_PASSING) as error:  # AskError, one of _PASSING, includes MovedError
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

    async def _send(self, flight: list[bytes]) -> list[Answer]:
        client = self._client
        if client is None:
            client = self._client = self._connect(
                self._node.url,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=CONNECT_S,
                retry=Retry(NoBackoff(), 0),
                max_connections=1,
            )
        answers = await self._execute(client, flight)
        # If the library is missing, Redis has restarted empty: load the library, and send all calls again. A step that has run
        # already returns its first answer.
        if any(_is_without_library(answer) for answer in answers):
            await self._load(client)
            answers = await self._execute(client, flight)
        for answer in answers:
            if isinstance(answer, (*_PASSING, *_HOPELESS)):
                raise answer
            if _is_without_library(answer):
                raise RedisConnectionError(str(answer))
        return [self._explained(answer) for answer in answers]

    async def _execute(self, client: Redis, flight: list[bytes]) -> list[Answer]:
        """Write the commands and read their answers, without redis-py's pipeline.

        The pipeline packs each argument and sets timers. The packing and the timers took half of the time that a step took in
        this process (19 of 36 µs).
        """
        connection = await client.connection_pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py gives no types here
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await connection.send_packed_command(b"".join(flight))
                return [await _answer(connection) for _ in flight]
        finally:
            await client.connection_pool.release(connection)

    def _explained(self, answer: Answer) -> Answer:
        """Turn a refusal by Redis itself into `Unavailable`, and return every other answer as it is.

        Redis refuses some calls before our function runs, with the error codes OOM, MISCONF, NOREPLICAS or others. An error
        raised inside our function shows a mistake in our code, and stays a `ResponseError`.
        """
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
            if "already exists" not in str(error):  # another of our servers loaded the library first
                said = _said(error)
                reason = f"Redis at {self._node.where} does not take the matcher's functions (it must be 7.0 or newer): {said}"
                raise Unavailable(reason) from error

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.aclose()
            except (RedisError, OSError):
                return  # the connection was broken already


def _bulk(data: bytes) -> bytes:
    """Return one argument of a command in Redis's protocol (RESP)."""
    return b"$%d\r\n%b\r\n" % (len(data), data)


async def _answer(connection: AbstractConnection) -> Answer:
    """Return the next answer of Redis. If the call failed, return the call's error. If the connection fails, raise its error."""
    try:
        return cast(bytes, await connection.read_response(timeout=inf))  # `_execute` limits the time
    except ResponseError as error:
        return error


def _is_hopeless(error: BaseException | None) -> bool:
    """Return whether the error says that Redis refused the login or denied a permission. redis-py may have wrapped the error."""
    return error is not None and (isinstance(error, _HOPELESS) or _is_hopeless(error.__cause__ or error.__context__))


def _is_mistake(error: ResponseError) -> bool:
    """Return whether our Lua function raised the error. Redis then names the script in the error's text."""
    return " script: " in str(error)


def _said(error: ResponseError) -> str:
    """Return the error's text with Redis' error code. redis-py cuts off error codes that it knows, so the code is added again."""
    code = getattr(error, "status_code", None)
    return f"{code} {error}" if code else str(error)


def _is_without_library(answer: Answer) -> bool:
    return isinstance(answer, ResponseError) and str(answer).startswith(("Function not found", "unknown command"))
