"""A user who has not begun to wait learns whether a counselor at work could serve them."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.memory import MemoryStore
from matcher.types import Staff, StaffChanged, StaffState
from signaling.live.arriving import Arriving
from signaling.live.connections import Hub
from signaling.live.index import Index
from signaling.live.staff_hours import StaffHours
from signaling.live.staffing import Staffing
from signaling.records.types import Site, StaffRecord

ALL = frozenset({"*"})


class Sites:
    async def site(self, site: str) -> Site:
        return Site(id=site)


@pytest.mark.parametrize(
    ("state", "language", "staffed"),
    [("away", "ko", False), ("available", "ko", True), ("busy", "ko", True), ("wrap_up", "ko", True), ("available", "en", False)],
)
async def test_only_counselors_at_work_count(state: StaffState, language: str, staffed: bool) -> None:
    nothing: Any = None
    sites: Any = Sites()
    store = MemoryStore()
    staffing = Staffing(store=store, hub=Hub(), index=Index(), hours=StaffHours(nothing, lambda: 0), now=lambda: 0)
    arriving = Arriving(records=sites, store=store, stored=nothing, staffing=staffing, now=lambda: 0)
    # this counselor serves only another category; after a longer wait, the matcher also offers a request to such counselors
    known = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", languages=[language], categories=["audio"])
    staffing.known["jimin"] = known
    await store.sign_in(Staff("jimin", "counselor", frozenset({language}), ALL, frozenset({"audio"})), 0)
    staffing.changed(StaffChanged(fence=1, at_ms=0, staff="jimin", state=state))
    assert (await arriving.estimate("shop", "cameras", "ko", 1)).staffed == staffed
