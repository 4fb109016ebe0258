"""Converts the types of matching to the msgpack arrays of the Lua library, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import msgspec

from matcher import estimate
from matcher.rules import MOST_PRIORITY, MOST_WIDENS_MS, Rules, check_capacity, check_promise
from matcher.types import (
    AnyEvent,
    PassedOver,
    Place,
    Request,
    RequestChanged,
    RequestStatus,
    ReservationEnded,
    Reserved,
    Snapshot,
    Staff,
    StaffChanged,
    StaffStatus,
    Why,
)


def pack_rules(rules: Rules) -> bytes:
    return msgspec.msgpack.encode(asdict(rules) | {"kept_pickups": estimate.KEPT_PICKUPS + 1})


def packed_staff(staff: Staff) -> dict[str, Any]:
    """Pack a member of staff. Raise ValueError if a capacity is out of bounds."""
    check_capacity(staff)
    takes: dict[str, int] = {"text": staff.texts, "call": staff.calls}
    return {
        "id": staff.id,
        "role": staff.role,
        "languages": sorted(staff.languages),
        "sites": sorted(staff.sites),
        "categories": sorted(staff.categories),
        "media": [medium for medium, capacity in takes.items() if capacity],
        "texts": staff.texts,
        "calls": staff.calls,
        "texts_in_call": staff.texts_in_call,
    }


def packed_request(request: Request) -> dict[str, Any]:
    """Pack a request. Raise ValueError if its priority, its enqueue time or a waiting time in `widens_ms` is out of bounds."""
    if abs(request.priority) > MOST_PRIORITY:
        raise ValueError("priority is out of bounds")
    if request.enqueued_at_ms < 0:
        raise ValueError("enqueued_at_ms is before 1970")
    if request.widens_ms is not None and not all(0 <= after <= MOST_WIDENS_MS for after in request.widens_ms):
        raise ValueError("widens_ms is out of bounds")
    return {
        "id": request.id,
        "kind": request.kind,
        "site": request.site,
        "language": request.language,
        "path": request.category_path,
        "enqueued_at_ms": request.enqueued_at_ms,
        "priority": request.priority,
        "first": request.first,
        "excluded": sorted(request.excluded),
        "only": request.only,
        "widens_ms": request.widens_ms or False,
        "medium": request.medium,
    }


def packed_promise(request: Request) -> dict[str, Any]:
    """Pack a request that is promised to a member. Raise ValueError if the request names no member."""
    check_promise(request)
    return packed_request(request)


def packed_status(status: RequestStatus) -> dict[str, Any]:
    return {
        "request": packed_request(status.request),
        "state": status.state,
        "staff": status.staff or False,
        "aside": status.aside,
    }


def _reserved(fence: int, at_ms: int, reservation: str, request: str, staff: str, expires_at_ms: int, why: list[Any]) -> Reserved:
    ring, rule, candidates, passed = why
    reasons = Why(ring, rule, tuple(candidates), tuple([PassedOver(name, reason) for name, reason in passed]))
    return Reserved(fence, at_ms, reservation, request, staff, expires_at_ms, reasons)


def _staff_changed(
    fence: int, at_ms: int, staff: str, state: Any, reason: str, until_ms: int | bool, ready: bool
) -> StaffChanged:
    return StaffChanged(fence, at_ms, staff, state, reason, until_ms or None, ready)


_EVENTS: dict[str, Callable[..., AnyEvent]] = {
    "reserved": _reserved,
    "rang": ReservationEnded,
    "request": RequestChanged,
    "staff": _staff_changed,
}


def events(packed: list[list[Any]]) -> list[AnyEvent]:
    return [_EVENTS[kind](*fields) for kind, *fields in packed]


def request_status(ticket: dict[str, Any]) -> RequestStatus:
    """Unpack a ticket of queue.lua. The keys of its `excluded` are the excluded members; an empty array stands for nobody."""
    request = Request(
        ticket["id"],
        ticket["kind"],
        ticket["site"],
        ticket["language"],
        tuple(ticket["path"]),
        ticket["enqueued_at_ms"],
        ticket["priority"],
        frozenset(ticket["excluded"]),
        ticket["first"],
        ticket["only"],
        tuple(ticket["widens_ms"]) if ticket["widens_ms"] else None,
        ticket["medium"],
    )
    reservation, staff, until_ms = ticket.get("reservation"), ticket.get("staff"), ticket.get("until_ms")
    return RequestStatus(request, ticket["state"], reservation, staff, until_ms, ticket.get("aside", False))


def staff_status(packed: list[Any]) -> StaffStatus:
    return StaffStatus(*packed)


def place(packed: list[Any], now_ms: int) -> Place:
    """Make a `Place` (in a queue) from the packed result of the function `standing` in reading.lua."""
    ahead, own, kept, head_since_ms, recent, staffed = packed
    if not staffed:
        return Place(ahead + 1, None, None, staffed=False)
    pickups = estimate.Pickups()
    for line in reversed(recent):
        pickups.add(*map(int, line.split()))
    low_s, high_s = pickups.range_s(own + kept + 1, now_ms, head_since_ms or None)
    return Place(ahead + 1, low_s, high_s, staffed=True)


def snapshot(packed: list[Any]) -> Snapshot:
    fence, tickets, staff = packed
    requests = [request_status(ticket) for ticket in tickets]
    members = [staff_status(member) for member in staff]
    return Snapshot(fence, {status.request.id: status for status in requests}, {status.id: status for status in members})
