"""The store in memory: one engine in this process. No step awaits anything, so the steps of one event loop run one by one."""

from __future__ import annotations

from matcher.engine import Engine
from matcher.rules import Rules
from matcher.types import AnyEvent, Medium, Place, Request, RequestKind, RequestStatus, Snapshot, Staff, StaffStatus


class MemoryStore:
    """`MatchStore` in memory.

    `fence`: the number of the last event before a restart (`Event.fence`); every new fence is larger. 0 means that this number is
    not known. In that case, new fences are larger only if nobody has set the clock back, because fences follow the clock.
    `holding`: as in `Engine`.
    """

    def __init__(self, rules: Rules | None = None, *, fence: int = 0, holding: bool = False) -> None:
        self._engine = Engine(rules, fence=fence, holding=holding)

    async def sign_in(self, staff: Staff, now_ms: int) -> list[AnyEvent]:
        return self._engine.sign_in(staff, now_ms)

    async def renew(self, staff_ids: list[str], now_ms: int) -> None:
        self._engine.renew(staff_ids, now_ms)

    async def disconnect(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.disconnect(staff, now_ms)

    async def set_available(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.set_available(staff, now_ms)

    async def set_away(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.set_away(staff, now_ms)

    async def sign_out(self, staff: str, now_ms: int, *, force: bool = False) -> list[AnyEvent]:
        return self._engine.sign_out(staff, now_ms, force=force)

    async def enqueue(self, request: Request, now_ms: int) -> list[AnyEvent]:
        return self._engine.enqueue(request, now_ms)

    async def promise(self, request: Request, now_ms: int) -> list[AnyEvent]:
        return self._engine.promise(request, now_ms)

    async def redeem(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.redeem(request, now_ms)

    async def cancel(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        return self._engine.cancel(request, now_ms, reason)

    async def suspend(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.suspend(request, now_ms)

    async def resume(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.resume(request, now_ms)

    async def accept(self, reservation: str, now_ms: int, fence: int | None = None) -> list[AnyEvent]:
        return self._engine.accept(reservation, now_ms, fence)

    async def decline(self, reservation: str, now_ms: int, reason: str = "", fence: int | None = None) -> list[AnyEvent]:
        return self._engine.decline(reservation, now_ms, reason, fence)

    async def becomes_call(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.becomes_call(request, now_ms)

    async def becomes_text(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.becomes_text(request, now_ms)

    async def set_aside(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.set_aside(request, now_ms)

    async def take_back(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.take_back(request, now_ms)

    async def entered(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.entered(request, now_ms)

    async def requeue(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.requeue(request, now_ms)

    async def complete(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.complete(request, now_ms)

    async def release(self, request: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.release(request, now_ms)

    async def transfer_owner(self, request: str, staff: str, now_ms: int) -> list[AnyEvent]:
        return self._engine.transfer_owner(request, staff, now_ms)

    async def wrapped_up(self, staff: str, now_ms: int, *, available: bool = True) -> list[AnyEvent]:
        return self._engine.wrapped_up(staff, now_ms, available=available)

    async def unserved(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        return self._engine.unserved(request, now_ms, reason)

    async def sweep(self, now_ms: int) -> list[AnyEvent]:
        return self._engine.sweep(now_ms)

    async def next_deadline_ms(self) -> int | None:
        return self._engine.next_deadline_ms()

    async def restore(self, requests: list[RequestStatus], now_ms: int) -> list[AnyEvent]:
        return self._engine.restore(requests, now_ms)

    async def remember(self, fence: int) -> None:
        self._engine.remember(fence)

    async def end_hold(self, now_ms: int) -> list[AnyEvent]:
        return self._engine.end_hold(now_ms)

    async def place(self, request: str, now_ms: int) -> Place | None:
        return self._engine.place(request, now_ms)

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
        return self._engine.estimate(kind, site, language, category_path, now_ms, priority, medium)

    async def request_status(self, request: str) -> RequestStatus | None:
        return self._engine.request_status(request)

    async def staff_status(self, staff: str) -> StaffStatus | None:
        return self._engine.staff_status(staff)

    async def snapshot(self) -> Snapshot:
        return self._engine.snapshot()
