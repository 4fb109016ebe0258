"""Appointments of a simulated day: when users are booked to talk with counselors, and how each appointment was kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from matcher.engine import Engine
from matcher.queue import QueueKey
from matcher.simulation.model import AppointmentModel
from matcher.types import AnyEvent, Request, Reserved, Staff

APPOINTMENT: Final = "a"  # prefix of the request ids of appointments; other request ids are numbers

At = Callable[[int, Callable[..., None], Any], None]
Follow = Callable[[list[AnyEvent]], None]


@dataclass(slots=True)
class Kept:
    """Counts of appointments by how they were kept.

    `booked`: all appointments. `on_time`: appointments that rang at the booked counselor at the booked time. `late`: those that
    rang at the booked counselor later, for example because the counselor's conversation before had not ended. `elsewhere`: those
    whose first ring was at another counselor. `nobody`: those that never rang.

    `broken`: promises that the matcher broke. A promise is broken if another call rang in the place that was kept free, or if the
    appointment did not ring at its start although its counselor could take a call.
    """

    booked: int = 0
    on_time: int = 0
    late: int = 0
    elsewhere: int = 0
    nobody: int = 0
    broken: int = 0


@dataclass(slots=True)
class _Booked:
    """One appointment. `at_ms`: its start. `request`: the id of its newest request. `rang`: whether the appointment has rung."""

    staff: Staff
    queue: QueueKey
    at_ms: int
    request: str
    rang: bool = False


class Appointments:
    """The appointments of one day. `Day` calls `rings` for every ring, and `close` at the end."""

    def __init__(self, model: AppointmentModel, engine: Engine, at: At, follow: Follow, rng: np.random.Generator) -> None:
        """Begin without appointments; `plan` books them.

        `at(time_ms, function, argument)` calls a function at a simulated time. `follow(events)` handles events of the engine.
        """
        self.kept = Kept()
        self._model = model
        self._engine, self._at, self._follow, self._rng = engine, at, follow, rng
        self._open: dict[str, _Booked] = {}  # By request id: appointments that no counselor has accepted yet.
        self._promised: Counter[str] = Counter()  # By member: for how many appointments the member's capacity is kept free now.
        self._capacity: dict[str, int] = {}

    def plan(self, staff: Staff, begin_ms: int, end_ms: int, queues: list[QueueKey]) -> None:
        """Book appointments in one shift of a member (`begin_ms` to `end_ms`), each for a random queue that the member serves."""
        mine = [key for key in queues if _serves(staff, key)]
        length_ms, pause_ms = self._model.minutes * 60_000, self._model.pause_minutes * 60_000
        for at_ms in range(begin_ms, end_ms - length_ms + 1, length_ms + pause_ms):
            if mine and self._rng.random() * 100 < self._model.booked_percent:
                self.kept.booked += 1
                queue = mine[int(self._rng.integers(len(mine)))]
                booked = _Booked(staff, queue, at_ms, f"{APPOINTMENT}{self.kept.booked}")
                self._open[booked.request] = booked
                self._at(at_ms - round(self._model.lead_s * 1000), self._promise, booked)
                self._at(at_ms, self._redeem, booked)
                self._at(at_ms + round(self._model.grace_s * 1000), self._widen, booked)

    def handle_ms(self) -> int:
        """Return a random length (ms) for the conversation of an appointment."""
        return int(self._model.handle.draw(self._rng, 1)[0] * 1000)

    def rings(self, event: Reserved) -> None:
        """Count the first ring of an appointment. For another request, check that its ring takes no place that is kept free."""
        booked = self._open.get(event.request)
        if booked is None:
            self._check(event)
        elif not booked.rang:
            booked.rang = True
            if event.staff != booked.staff.id:
                self.kept.elsewhere += 1
            elif event.at_ms == booked.at_ms:
                self.kept.on_time += 1
            else:
                self.kept.late += 1

    def accepted(self, request: str) -> None:
        """Forget an appointment that a counselor has accepted."""
        self._open.pop(request, None)

    def close(self) -> None:
        """At the end of the simulation, count the appointments that never rang at any counselor."""
        self.kept.nobody = sum(not booked.rang for booked in self._open.values())

    def _check(self, event: Reserved) -> None:
        promised = self._promised[event.staff]
        status, member = self._engine.request_status(event.request), self._engine.staff_status(event.staff)
        if promised and status is not None and member is not None and status.request.medium == "call":
            self.kept.broken += member.calls + 1 + promised > self._capacity[event.staff]

    def _promise(self, booked: _Booked) -> None:
        self._promised[booked.staff.id] += 1
        self._capacity[booked.staff.id] = booked.staff.calls
        now_ms = booked.at_ms - round(self._model.lead_s * 1000)
        self._follow(self._engine.promise(_request(booked, now_ms, only=booked.staff.id), now_ms))

    def _redeem(self, booked: _Booked) -> None:
        member = self._engine.staff_status(booked.staff.id)
        free = member is not None and member.ready and member.state in ("available", "busy") and member.calls < booked.staff.calls
        self._promised[booked.staff.id] -= 1
        self._follow(self._engine.redeem(booked.request, booked.at_ms))
        self.kept.broken += free and not booked.rang

    def _widen(self, booked: _Booked) -> None:
        """Replace the request of an appointment by a request for any counselor, if it still waits `grace_s` after the start."""
        status = self._engine.request_status(booked.request)
        if booked.request not in self._open or status is None or status.state != "waiting":
            return
        now_ms = booked.at_ms + round(self._model.grace_s * 1000)
        del self._open[booked.request]
        self._follow(self._engine.cancel(booked.request, now_ms))
        booked.request += "b"
        self._open[booked.request] = booked
        self._follow(self._engine.enqueue(_request(booked, now_ms), now_ms))


def _request(booked: _Booked, now_ms: int, only: str = "") -> Request:
    _, site, language, path, medium = booked.queue
    at_ms = min(now_ms, booked.at_ms)
    return Request(booked.request, "callback", site, language, path, at_ms, only=only, first=not only, medium=medium)


def _serves(staff: Staff, key: QueueKey) -> bool:
    kind, site, language, path, medium = key
    here = "*" in staff.sites or site in staff.sites
    topic = "*" in staff.categories or path[0] in staff.categories
    counsels = (staff.role, kind, medium) == ("counselor", "user", "call") and staff.calls > 0
    return counsels and here and topic and language in staff.languages
