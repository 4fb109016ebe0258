"""The number of conversations that other software starts is bounded, even if all requests of the software come at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from signaling.live import appointments, inviting
from signaling.live.appointments import Appointments
from signaling.live.index import Index
from signaling.live.inviting import Inviting
from signaling.records import Site
from signaling.session.model import NotAllowed

SHOP = Site(id="shop", organisation="large")
OUTLET = Site(id="outlet", organisation="large")
CLINIC = Site(id="clinic", organisation="small")


class Slow(Inviting):
    """Starts conversations as the real class does, but stores them only after a moment, and only in memory."""

    def __init__(self) -> None:
        async def organisations() -> list[str]:
            return ["large", "small"]

        self._records: Any = SimpleNamespace(organisations=organisations)
        self._index: Any = SimpleNamespace(invited={})
        self._starting = []

    async def _start(self, wanted: Any) -> tuple[str, str]:
        await asyncio.sleep(0.01)
        name = f"s-{len(self._index.invited)}"
        self._index.invited[name] = SimpleNamespace(site=wanted.site)
        return name, ""


async def started(slow: Slow, site: Site, count: int) -> int:
    wanted: Any = SimpleNamespace(site=site)
    done = await asyncio.gather(*(slow.start(wanted) for _ in range(count)), return_exceptions=True)
    assert all(isinstance(each, tuple | NotAllowed) for each in done)
    return sum(isinstance(each, tuple) for each in done)


async def test_simultaneous_requests_do_not_exceed_the_bound_of_a_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inviting, "MOST_OF_SITE", 5)
    assert await started(Slow(), SHOP, 20) == 5


async def test_one_organisation_cannot_take_the_places_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inviting, "MOST_INVITED", 20)
    slow = Slow()
    assert await started(slow, SHOP, 30) + await started(slow, OUTLET, 30) == 15
    assert await started(slow, CLINIC, 30) == 5
    assert len(slow._index.invited) == 20


def test_callbacks_of_one_organisation_leave_room_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appointments, "MOST_CALLBACKS", 20)
    index = Index()
    index.organisations = 2
    some: Any = None
    booking = Appointments(records=some, index=index, staffing=some, now=lambda: 0, wall=lambda: 0)
    for site, fit in ((SHOP, 10), (OUTLET, 5), (CLINIC, 5)):
        for number in range(fit):
            booking.require_place(site)
            entry: Any = SimpleNamespace(site=site)
            index.callbacks[f"{site.id}-{number}"] = entry
    for site in (SHOP, CLINIC):
        with pytest.raises(NotAllowed, match="full"):
            booking.require_place(site)
