"""`MatchStore` in Redis. `matcher/types.py` says what each step means; the functions in `lua/` carry it out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from redis.asyncio import Redis

from matcher.redis import wire
from matcher.redis.line import Connect, Line
from matcher.rules import Rules
from matcher.types import (
    AnyEvent,
    Medium,
    Place,
    Refused,
    Request,
    RequestKind,
    RequestStatus,
    Snapshot,
    Staff,
    StaffStatus,
)

DOMAIN = "default"
OPEN = frozenset({"promised", "waiting", "reserved", "suspended", "accepted"})


class RedisStore:
    """One matching domain in the Redis at `url`. Several stores can share the domain. Every step can raise `Unavailable`.

    Steps run in the order in which they are called. Each step runs only once, even if Redis' answer is lost. The docstring of
    `Unavailable` says in which cases a step that raised this error may have run. `connect`: a function that returns a Redis
    client for a URL (`line.py`).

    `fence`: the number of the last event before a restart (`Event.fence`), if known. New fences are larger, even if Redis has
    lost everything.

    `on_emptied` is called once each time Redis turns out to have lost this store's state. From the first step on the empty Redis,
    the store matches nobody until `end_hold` is called, but at most for `Rules.lease_ms`. During this time, the caller announces
    everything again: `restore` with the open requests and their original enqueue times, and `sign_in` for every member.
    """

    def __init__(
        self,
        url: str,
        *,
        domain: str = DOMAIN,
        rules: Rules | None = None,
        fence: int = 0,
        on_emptied: Callable[[], None] | None = None,
        connect: Connect = Redis.from_url,
    ) -> None:
        self._line = Line(url, domain, wire.pack_rules(rules or Rules()), connect)
        self._caller = secrets.token_hex(8)
        self._steps = 0
        self._fence = fence
        self._era = ""
        self._emptied = False
        self._on_emptied = on_emptied

    async def close(self) -> None:
        """Wait for the steps that were called, then close the connection."""
        await self._line.close()

    async def sign_in(self, staff: Staff, now_ms: int) -> list[AnyEvent]:
        return await self._step("sign_in", now_ms, wire.packed_staff(staff))

    async def renew(self, staff_ids: list[str], now_ms: int) -> None:
        await self._step("renew", now_ms, staff_ids)

    async def disconnect(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("disconnect", now_ms, staff)

    async def set_available(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("set_available", now_ms, staff)

    async def set_away(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("set_away", now_ms, staff)

    async def sign_out(self, staff: str, now_ms: int, *, force: bool = False) -> list[AnyEvent]:
        return await self._step("sign_out", now_ms, staff, force)

    async def enqueue(self, request: Request, now_ms: int) -> list[AnyEvent]:
        return await self._step("enqueue", now_ms, wire.packed_request(request))

    async def promise(self, request: Request, now_ms: int) -> list[AnyEvent]:
        return await self._step("promise", now_ms, wire.packed_promise(request))

    async def redeem(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("redeem", now_ms, request)

    async def cancel(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        return await self._step("cancel", now_ms, request, reason)

    async def suspend(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("suspend", now_ms, request)

    async def resume(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("resume", now_ms, request)

    async def accept(self, reservation: str, now_ms: int, fence: int | None = None) -> list[AnyEvent]:
        return await self._step("accept", now_ms, reservation, fence)

    async def decline(self, reservation: str, now_ms: int, reason: str = "", fence: int | None = None) -> list[AnyEvent]:
        return await self._step("decline", now_ms, reservation, reason, fence)

    async def becomes_call(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("becomes_call", now_ms, request)

    async def becomes_text(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("becomes_text", now_ms, request)

    async def set_aside(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("set_aside", now_ms, request)

    async def take_back(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("take_back", now_ms, request)

    async def entered(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("entered", now_ms, request)

    async def requeue(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("requeue", now_ms, request)

    async def complete(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("complete", now_ms, request)

    async def release(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("release", now_ms, request)

    async def transfer_owner(self, request: str, staff: str, now_ms: int) -> list[AnyEvent]:
        return await self._step("transfer_owner", now_ms, request, staff)

    async def wrapped_up(self, staff: str, now_ms: int, *, available: bool = True) -> list[AnyEvent]:
        return await self._step("wrapped_up", now_ms, staff, available)

    async def unserved(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        return await self._step("unserved", now_ms, request, reason)

    async def sweep(self, now_ms: int) -> list[AnyEvent]:
        return await self._step("sweep", now_ms)

    async def restore(self, requests: list[RequestStatus], now_ms: int) -> list[AnyEvent]:
        open_ones = [status for status in requests if status.state in OPEN]
        return await self._step("restore", now_ms, [wire.packed_status(status) for status in open_ones])

    async def remember(self, fence: int) -> None:
        self._fence = max(self._fence, fence)

    async def end_hold(self, now_ms: int) -> list[AnyEvent]:
        return await self._step("end_hold", now_ms)

    # --- reading ---------------------------------------------------------------------------------------------------------

    async def next_deadline_ms(self) -> int | None:
        found, _ = await self._read("next_deadline_ms", 0)
        return found or None

    async def place(self, request: str, now_ms: int) -> Place | None:
        found, now_ms = await self._read("place", now_ms, request)
        return wire.place(found, now_ms) if found else None

    async def estimate(
        self,
        kind: RequestKind,
        site: str,
        language: str,
        category_path: tuple[str, ...],
        now_ms: int,
        priority: int = 0,
        medium: Medium = "call",
    ) -> Place:
        found, now_ms = await self._read("estimate", now_ms, kind, site, language, category_path, priority, medium)
        return wire.place(found, now_ms)

    async def request_status(self, request: str) -> RequestStatus | None:
        found, _ = await self._read("request_status", 0, request)
        return wire.request_status(found) if found else None

    async def staff_status(self, staff: str) -> StaffStatus | None:
        found, _ = await self._read("staff_status", 0, staff)
        return wire.staff_status(found) if found else None

    async def snapshot(self) -> Snapshot:
        found, _ = await self._read("snapshot", 0)
        return wire.snapshot(found)

    # --- parts -----------------------------------------------------------------------------------------------------------

    async def _step(self, name: str, now_ms: int, *arguments: Any) -> list[AnyEvent]:
        self._steps += 1
        call = (name, now_ms, arguments, self._caller, self._steps, self._fence, self._era)
        packed = await self._line.step(msgspec.msgpack.encode(call))
        said, result, _, era = msgspec.msgpack.decode(packed)
        self._notice(era)
        self._era, self._emptied = era, False
        if said == "refused":
            raise Refused(result)
        events = wire.events(result)
        if events:
            self._fence = max(self._fence, events[-1].fence)
        return events

    async def _read(self, name: str, now_ms: int, *arguments: Any) -> tuple[Any, int]:
        """Return the result of a read, and the point in time (ms) that the result describes.

        This time is the later of `now_ms` and the last step's time.
        """
        packed = await self._line.read(msgspec.msgpack.encode((name, now_ms, arguments)))
        _, result, at_ms, era = msgspec.msgpack.decode(packed)
        self._notice(era)
        return result, at_ms

    def _notice(self, era: str) -> None:
        if self._era and era != self._era and not self._emptied:
            self._emptied = True
            if self._on_emptied is not None:
                self._on_emptied()
