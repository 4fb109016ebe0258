"""A `Desk`: a matching engine with its own clock, and helper methods for the engine's steps."""

from __future__ import annotations

import pytest

from matcher.engine import Engine
from matcher.rules import Rules
from matcher.types import AnyEvent, Request, RequestChanged, Reserved, Staff, StaffChanged

START_MS = 1_800_000_000_000
LENSES = ("lenses", "cameras")


class Desk:
    def __init__(self, rules: Rules | None = None) -> None:
        self.engine = Engine(rules)
        self.now = START_MS
        self.events: list[AnyEvent] = []

    def do(self, step: str, *args: object, **options: object) -> list[AnyEvent]:
        self.events = getattr(self.engine, step)(*args, self.now, **options)
        return self.events

    def after(self, seconds: float, *, renewing: bool = True) -> list[AnyEvent]:
        """Let `seconds` pass, and then call the engine's `sweep`.

        `renewing`: whether the consoles stay connected during that time.
        """
        end = self.now + round(seconds * 1000)
        while renewing and self.now + 20_000 < end:
            self.now += 20_000
            self.engine.renew(list(self.engine.snapshot().staff), self.now)
        self.now = end
        if renewing:
            self.engine.renew(list(self.engine.snapshot().staff), self.now)
        return self.do("sweep")

    def staff(self, name: str, *categories: str, available: bool = True, **skills: object) -> None:
        self.do("sign_in", self.skills(name, *categories, **skills))
        if available:
            self.do("set_available", name)

    def skills(self, name, *categories, role="counselor", languages=("ko",), sites=("shop",), **capacity) -> Staff:
        return Staff(name, role, frozenset(languages), frozenset(sites), frozenset(categories or LENSES[:1]), **capacity)

    def ask(self, name: str, path=LENSES, *, ago=0.0, kind="user", site="shop", language="ko", **more) -> list[AnyEvent]:
        if "excluded" in more:
            more["excluded"] = frozenset(more["excluded"])
        return self.do("enqueue", Request(name, kind, site, language, tuple(path), self.now - int(ago * 1000), **more))

    def text(self, name: str, **more) -> list[AnyEvent]:
        return self.ask(name, medium="text", **more)

    def rings_at(self, request: str) -> str | None:
        status = self.engine.request_status(request)
        return status.staff if status and status.state == "reserved" else None

    def reservation(self, request: str) -> str:
        status = self.engine.request_status(request)
        assert status
        assert status.reservation, f"{request} rings nowhere"
        return status.reservation

    def accept(self, request: str) -> list[AnyEvent]:
        return self.do("accept", self.reservation(request))

    def decline(self, request: str, reason: str = "") -> list[AnyEvent]:
        self.events = self.engine.decline(self.reservation(request), self.now, reason)
        return self.events

    def serve(self, request: str) -> None:
        """Accept the request on behalf of the member for whom it is reserved, and let this member enter the room."""
        self.accept(request)
        self.do("entered", request)

    def request(self, name: str) -> str | None:
        status = self.engine.request_status(name)
        return status.state if status else None

    def state(self, staff: str) -> str:
        status = self.engine.staff_status(staff)
        return status.state if status else "signed_out"

    def load(self, staff: str) -> int:
        status = self.engine.staff_status(staff)
        assert status
        return status.load

    def told(self) -> list[tuple[str, str, str]]:
        """Return (name, state, reason) of each request and member that changed in the last step."""
        told = []
        for event in self.events:
            if isinstance(event, RequestChanged):
                told.append((event.request, event.state, event.reason))
            elif isinstance(event, StaffChanged):
                told.append((event.staff, event.state, event.reason))
        return told

    def until(self, staff: str) -> int | None:
        """Return the time (Unix ms) at which the member's state will end. The last step must have changed this state."""
        return next(event.until_ms for event in self.events if isinstance(event, StaffChanged) and event.staff == staff)

    def why(self):
        return next(event.why for event in self.events if isinstance(event, Reserved))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def desk_with():
    return lambda **rules: Desk(Rules(**rules))
