"""The greeting in the panel names those counselors who could help a user at this moment."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.memory import MemoryStore
from matcher.types import StaffChanged, StaffState
from signaling.live.connections import Hub
from signaling.live.index import Index
from signaling.live.staff_hours import StaffHours
from signaling.live.staffing import Staffing
from signaling.records.realm import Realm
from signaling.records.types import Role, Site, StaffRecord


@pytest.fixture
def staffing() -> Staffing:
    nothing: Any = None  # takes the place of the database: these tests do not store how long staff are in which state
    hours = StaffHours(nothing, lambda: 0)
    return Staffing(store=MemoryStore(), hub=Hub(), index=Index(), hours=hours, now=lambda: 0)


def at_work(
    staffing: Staffing,
    name: str,
    state: StaffState = "available",
    role: Role = "counselor",
    language: str = "ko",
    category: str = "*",
) -> None:
    login = name.lower()
    staffing.known[login] = StaffRecord(id=login, login=login, name=name, role=role, languages=[language], categories=[category])
    staffing.changed(StaffChanged(fence=1, at_ms=0, staff=login, state=state))


def helpers(staffing: Staffing) -> list[str]:
    return staffing.helpers(Site(id="demo-shop"), "ko", ("lenses", "cameras"))


def test_free_counselors_are_named_first(staffing: Staffing) -> None:
    at_work(staffing, "Arim", "busy")
    at_work(staffing, "Jimin")
    at_work(staffing, "Suho", "wrap_up", category="cameras")
    assert helpers(staffing) == ["Jimin", "Arim", "Suho"]


def test_those_who_cannot_answer_are_not_named(staffing: Staffing) -> None:
    at_work(staffing, "Away", "away")
    at_work(staffing, "Gone", "signed_out")
    at_work(staffing, "Han", role="professional")
    at_work(staffing, "Emma", language="en")
    at_work(staffing, "Audio", category="audio")
    assert helpers(staffing) == []


def test_supervisor_of_one_site_sees_only_staff_who_serve_it(staffing: Staffing) -> None:
    for login, sites, organisation in (
        ("here", ["shop"], "main"),
        ("both", ["shop", "books"], "main"),
        ("all", ["*"], "main"),
        ("there", ["books"], "main"),
        ("rival", ["*"], "rival"),
    ):
        staffing.known[login] = StaffRecord(
            id=login, login=login, name=login, role="counselor", languages=["ko"], sites=sites, organisation=organisation
        )
    seen = staffing.items(Realm(sites=frozenset({"shop"})))
    assert sorted(item.id for item in seen) == ["all", "both", "here"]
