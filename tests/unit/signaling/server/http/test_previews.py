"""Previews of what a change of settings would do. They run in real processes, one at a time, with sessions from the database."""

from __future__ import annotations

import asyncio
import os
import signal
from time import monotonic
from typing import Any

import pytest

from signaling.preview import running
from signaling.records import SessionRecord
from signaling.server.http.bodies import now_ms

from .conftest import Desk, refused

STAFF = "/api/settings/preview/staff"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a simulation 60 s, which is more than usual, because other tests share the processor."""
    monkeypatch.setattr(running, "LONGEST_S", 60.0)


async def visited(desk: Desk, count: int) -> None:
    """Put finished sessions of the last days into the database, all served by Jimin."""
    now = now_ms()
    for number in range(count):
        at = now - 3 * 86_400_000 + number * 240_000
        record = SessionRecord(
            id=f"past-{number}", site="demo-shop", category="cameras", language="ko", channel="voice", state="closed",
            started_at=at, waiting_at=at, active_at=at + 8000, ended_at=at + 188_000, counselor="jimin",
        )  # fmt: skip
        await desk.records.create_session(record)


async def settings_of(desk: Desk, cookie: dict[str, str], member: str = "jimin") -> dict[str, Any]:
    stored = await (await desk.get(f"/api/settings/staff/{member}", headers=cookie)).json()
    return dict(stored["settings"])


@pytest.mark.slow
async def test_preview_says_what_more_room_would_do_and_how_sure_it_is(desk: Desk) -> None:
    cookie = await desk.cookie_of("ops")
    asked = {"id": "jimin", "settings": await settings_of(desk, cookie) | {"calls": 3}}
    few = await (await desk.post(STAFF, asked, headers=cookie)).json()
    assert (few["found"], few["sure"], few["arrivals"]) == (None, "few", 0)
    await visited(desk, 250)
    begun_s = monotonic()
    reply = await desk.post(STAFF, asked, headers=cookie)
    found = await reply.json()
    assert reply.status == 200, found
    assert monotonic() - begun_s < 30  # this fails only if the process is stuck; the time limit for the page is not tested here
    assert (found["arrivals"], found["sure"], found["assumes_hours"]) == (250, "fair", False)
    assert found["found"]["really"]["p50_s"] == 8
    assert found["found"]["before"]["came"] == found["found"]["after"]["came"] == 250
    assert found["found"]["after"]["occupancy_percent"] <= found["found"]["before"]["occupancy_percent"]
    new = {"id": "", "settings": asked["settings"] | {"name": "Hana"}}
    assert (await (await desk.post(STAFF, new, headers=cookie)).json())["assumes_hours"] is True


@pytest.mark.slow
async def test_newer_preview_ends_the_older_and_its_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = await desk.cookie_of("ops")
    await visited(desk, 250)
    settings = await settings_of(desk, cookie)
    started, start = asyncio.Queue[asyncio.subprocess.Process](), asyncio.create_subprocess_exec

    async def told(*args: Any, **options: Any) -> asyncio.subprocess.Process:
        process = await start(*args, **options)
        if started.empty():
            os.kill(process.pid, signal.SIGSTOP)  # the first preview's process stops, so it never ends by itself
        started.put_nowait(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", told)
    first = asyncio.create_task(desk.post(STAFF, {"id": "jimin", "settings": settings | {"calls": 2}}, headers=cookie))
    while started.empty():
        await asyncio.sleep(0.01)
    second = await desk.post(STAFF, {"id": "jimin", "settings": settings | {"calls": 3}}, headers=cookie)
    assert second.status == 200
    assert (await refused(await first))[1] == "busy"
    assert await started.get_nowait().wait() == -signal.SIGKILL


async def test_preview_has_the_rights_and_checks_of_the_change(desk: Desk) -> None:
    cookie = await desk.cookie_of("ops")
    settings = await settings_of(desk, cookie)
    wrong = await desk.post(STAFF, {"id": "jimin", "settings": settings | {"texts": 0, "calls": 0}}, headers=cookie)
    assert (wrong.status, (await wrong.json())["fields"]) == (422, {"texts": "no_capacity"})
    assert await refused(await desk.post(STAFF, {"id": "nobody", "settings": settings}, headers=cookie)) == (404, "not_found")
    jimin = await desk.cookie_of("jimin")
    assert await refused(await desk.post(STAFF, {"id": "jimin", "settings": settings}, headers=jimin)) == (403, "not_allowed")
    hours = {"hours": {"timezone": "Nowhere/Land"}}
    path = "/api/settings/preview/sites/demo-shop/hours/cameras"
    assert await refused(await desk.post(path, hours, headers=cookie)) == (400, "bad_hours")
    assert (await desk.post(path, {"hours": None}, headers=cookie)).status == 200
    site = (await (await desk.get("/api/settings/sites/demo-shop", headers=cookie)).json())["settings"]
    reply = await desk.post("/api/settings/preview/sites/demo-shop", {"settings": site}, headers=cookie)
    assert (reply.status, (await reply.json())["sure"]) == (200, "few")
