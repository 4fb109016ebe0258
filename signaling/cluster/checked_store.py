"""The matcher's store in a cluster, which only the leader may use."""

from __future__ import annotations

from matcher.types import AnyEvent, MatchStore, Medium, Place, Request, RequestKind, RequestStatus, Snapshot, Staff, StaffStatus
from signaling.cluster.node import Node


class CheckedStore:
    """A `MatchStore` that checks before each step that this server still leads.

    Without this check, a leader that hung for a while could read the matcher's events that are meant for the next leader. On a
    server that no longer leads, every step raises `Unavailable`.
    """

    def __init__(self, store: MatchStore, node: Node) -> None:
        self._store = store
        self._node = node

    async def _ours(self) -> MatchStore:
        await self._node.check()
        return self._store

    async def sign_in(self, staff: Staff, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).sign_in(staff, now_ms)

    async def renew(self, staff_ids: list[str], now_ms: int) -> None:
        await (await self._ours()).renew(staff_ids, now_ms)

    async def disconnect(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).disconnect(staff, now_ms)

    async def set_available(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).set_available(staff, now_ms)

    async def set_away(self, staff: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).set_away(staff, now_ms)

    async def sign_out(self, staff: str, now_ms: int, *, force: bool = False) -> list[AnyEvent]:
        return await (await self._ours()).sign_out(staff, now_ms, force=force)

    async def enqueue(self, request: Request, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).enqueue(request, now_ms)

    async def promise(self, request: Request, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).promise(request, now_ms)

    async def redeem(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).redeem(request, now_ms)

    async def cancel(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        return await (await self._ours()).cancel(request, now_ms, reason)

    async def suspend(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).suspend(request, now_ms)

    async def resume(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).resume(request, now_ms)

    async def accept(self, reservation: str, now_ms: int, fence: int | None = None) -> list[AnyEvent]:
        return await (await self._ours()).accept(reservation, now_ms, fence)

    async def decline(self, reservation: str, now_ms: int, reason: str = "", fence: int | None = None) -> list[AnyEvent]:
        return await (await self._ours()).decline(reservation, now_ms, reason, fence)

    async def becomes_call(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).becomes_call(request, now_ms)

    async def becomes_text(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).becomes_text(request, now_ms)

    async def set_aside(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).set_aside(request, now_ms)

    async def take_back(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).take_back(request, now_ms)

    async def entered(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).entered(request, now_ms)

    async def requeue(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).requeue(request, now_ms)

    async def complete(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).complete(request, now_ms)

    async def release(self, request: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).release(request, now_ms)

    async def transfer_owner(self, request: str, staff: str, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).transfer_owner(request, staff, now_ms)

    async def wrapped_up(self, staff: str, now_ms: int, *, available: bool = True) -> list[AnyEvent]:
        return await (await self._ours()).wrapped_up(staff, now_ms, available=available)

    async def unserved(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        return await (await self._ours()).unserved(request, now_ms, reason)

    async def sweep(self, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).sweep(now_ms)

    async def next_deadline_ms(self) -> int | None:
        return await (await self._ours()).next_deadline_ms()

    async def restore(self, requests: list[RequestStatus], now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).restore(requests, now_ms)

    async def remember(self, fence: int) -> None:
        await (await self._ours()).remember(fence)

    async def end_hold(self, now_ms: int) -> list[AnyEvent]:
        return await (await self._ours()).end_hold(now_ms)

    async def place(self, request: str, now_ms: int) -> Place | None:
        return await (await self._ours()).place(request, now_ms)

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
        return await (await self._ours()).estimate(kind, site, language, category_path, now_ms, priority, medium)

    async def request_status(self, request: str) -> RequestStatus | None:
        return await (await self._ours()).request_status(request)

    async def staff_status(self, staff: str) -> StaffStatus | None:
        return await (await self._ours()).staff_status(staff)

    async def snapshot(self) -> Snapshot:
        return await (await self._ours()).snapshot()
