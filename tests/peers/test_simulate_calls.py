"""The tests start the command `sangdam simulate calls` as an operator does, against a whole service."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.peers.live_house import Service, running, settings_for

ENDS_S = 60.0


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


def in_the_background() -> None:
    """Let the command start with SIGINT ignored. A shell does the same for a command that ends with `&`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


async def start(service: Service, *options: str, before: Callable[[], None] | None = None) -> asyncio.subprocess.Process:
    settings = service.settings
    where = ["--url", settings.url, "--origin", settings.shop_url]
    command = [sys.executable, "-m", "signaling.cli.main", "simulate", "calls", *where, *options, "--json"]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, preexec_fn=before)


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, dict[str, Any]]:
    async with asyncio.timeout(ENDS_S):
        out, _ = await process.communicate()
    return process.returncode, json.loads(out)


async def sessions(service: Service) -> list[str]:
    return [entry.session.state for entry in service.live.index.entries.values()]


async def test_simulated_calls_are_held_and_measured(service: Service) -> None:
    code, found = await ended(await start(service, "--calls", "3", "--talk", "2"))
    assert (code, found["held"], found["failures"], found["staff_lost"]) == (0, 3, {}, {})
    assert found["set_up_ms"]["p50"] > 0
    assert found["network_ms"]["p50"] < found["mouth_to_ear_ms"]["p50"]
    assert found["loss_percent"]["p50"] == 0
    assert 3.0 < found["mos_estimated"]["p50"] <= 4.5


@pytest.mark.parametrize("before", [None, in_the_background], ids=["foreground", "background"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted_simulation_lets_everybody_leave(
    service: Service, how: signal.Signals, before: Callable[[], None] | None
) -> None:
    process = await start(service, "--calls", "2", "--talk", "300", before=before)
    async with asyncio.timeout(ENDS_S):
        while not any(state == "active" for state in await sessions(service)):
            await asyncio.sleep(0.05)
    process.send_signal(how)
    code, found = await ended(process)
    assert code == 130
    assert found["failures"] == {"interrupted": found["calls"]}
    assert "active" not in await sessions(service)
    assert "waiting" not in await sessions(service)
    assert {service.live.staffing.state(login) for login in ("jimin", "suho")} == {"signed_out"}


async def test_failed_sign_in_is_explained(service: Service, tmp_path: Path) -> None:
    accounts = tmp_path / "staff.csv"
    accounts.write_text("jimin,wrong\n")
    process = await start(service, "--calls", "1", "--staff", str(accounts))
    async with asyncio.timeout(ENDS_S):
        _, said = await process.communicate()
    assert process.returncode == 1
    assert "jimin: login or password is wrong" in said.decode()
