"""The report of staff hours agrees with what a person did in the console."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers.live_house import Service, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def passes(service: Service, seconds: int) -> None:
    """Move the clock forward in steps of 20 s, because the matcher counts staff as gone after 30 s without news of them.

    After each step, tell the matcher that the staff are still there, as the server does.
    """
    for _ in range(seconds // 20):
        service.skip(20)
        await service.live.store.renew([*service.live.hub.staff_ids()], service.live.now())


async def test_report_says_how_long_a_counselor_was_in_which_state(service: Service) -> None:
    begin = service.live.now()
    counselor = await service.staff("jimin", available=False)
    await passes(service, 20)
    await counselor.ask(type="state", state="available")
    await passes(service, 40)
    user = await service.user()
    await user.say("enter")
    ring = await counselor.get("ring")
    await counselor.ask(type="accept", reservation=ring["reservation"])
    await counselor.state("active")
    await passes(service, 60)
    await user.say("leave")
    await counselor.state("after")
    await passes(service, 20)
    await service.live.staff_hours.store()
    query = f"from={begin - 900_000}&to={int(time.time() * 1000) + 86_400_000}&by=staff"
    headers = {"Cookie": await service.sign_in("ops"), "Origin": service.settings.staff_url("operator")}
    async with service.http.get(f"{service.url}/api/operator/reports/staff?{query}", headers=headers) as answer:
        report = await answer.json()
    [row] = [row for row in report["rows"] if row["name"] == "Jimin"]
    expected = {"paused_s": 20, "ready_s": 40, "busy_s": 60, "wrap_up_s": 20, "away_s": 0}
    assert {name: row[name] - seconds for name, seconds in expected.items() if not 0 <= row[name] - seconds < 10} == {}
    assert row["signed_in_s"] - sum(row[name] for name in expected) in (-2, -1, 0, 1, 2), "rounded"
    assert 50 < row["occupancy_percent"] < 70
    await user.close()
    await counselor.close()
