"""`python -m tests.bench.lines`: count false notices of a slow connection while busy loops use the processor.

A light call is a call without browsers: a room of its own, one person whose camera has two layers, and two viewers. Browsers can
make further calls at the same time. A call fails if a viewer is told that their connection is slow. A call also fails if a viewer
does not see the camera's larger layer at the end. Neither rule applies to a viewer whose connection is limited on purpose
(`Plan.narrow_bps`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from playwright.async_api import Playwright, async_playwright

from media.api import client
from tests.peers.conftest import Service, eventually, start_worker
from tests.peers.proxy import Line, Proxy
from tests.peers.test_browsers import Pages, launch, pages_of

LAYERS = {"l": 1, "h": 4}
"""Simulcast layer of the camera → packets of 0.9 KB in each frame. At 20 frames a second, the layers have 150 and 600 kbit/s."""
CAMERA = {0: ("sender", "camera")}


@dataclass(frozen=True)
class Plan:
    """The settings of one run of this bench.

    `narrow_bps`: limit of one viewer's connection, in bit/s, from the middle of each light call (call without browsers) on. 0: no
    limit.
    """

    calls: int
    at_once: int
    seconds: float
    busy: int
    browsers: int
    narrow_bps: float
    traces: Path | None


@dataclass
class Result:
    calls: int = 0
    told: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    noticed_s: list[float] = field(default_factory=list)
    missed: int = 0


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for each in loops:
            each.kill()
            each.wait()


@contextlib.contextmanager
def worker(traces: Path | None) -> Iterator[Path]:
    socket = Path(tempfile.mkdtemp()) / "worker.sock"
    module = ["media"] if traces is None else ["tests.bench.lines.recording_worker", str(traces)]
    process = start_worker(socket, own_addresses=True, module=module)
    try:
        yield socket
    finally:
        process.terminate()
        process.wait()


async def hold(plan: Plan) -> Result:
    result = Result()
    with worker(plan.traces) as socket, busy_loops(plan.busy):
        async with async_playwright() as playwright, asyncio.TaskGroup() as group:
            light = group.create_task(_light_calls(socket, plan, result))
            for number in range(plan.browsers):
                group.create_task(_browser_calls(socket, playwright, number, plan, result, light))
    return result


async def _light_calls(socket: Path, plan: Plan, result: Result) -> None:
    places = asyncio.Semaphore(plan.at_once)
    async with asyncio.TaskGroup() as group:
        for number in range(plan.calls):
            await places.acquire()
            call = group.create_task(_light_call(socket, number, plan, result))
            call.add_done_callback(lambda _: places.release())


async def _light_call(socket: Path, number: int, plan: Plan, result: Result) -> None:
    service = Service(client.WorkerClient(str(socket)))
    await service.worker.open_room(service.room, client.OpenRoom(epoch=1))
    snapshot = await anext(service.worker.events())
    assert isinstance(snapshot, client.Snapshot)
    line = Proxy(next((host, port) for host, port in snapshot.udp if host == "127.0.0.1"))
    address = await line.open()
    try:
        via = {"via": address} if plan.narrow_bps else {}
        sender = await service.join("sender", layers=LAYERS)
        one, two = await service.join("one", **via), await service.join("two")
        hears = {"sender": {"one": 1.0}, "one": {"sender": 1.0}, "two": {"sender": 1.0}}
        await service.matrix(hears=hears, sees={"one": CAMERA, "two": CAMERA})
        sender.speak(440)
        one.speak(620)
        sender.show_layers()
        await asyncio.sleep(plan.seconds)
        good = {"one": one, "two": two}
        if plan.narrow_bps:
            await eventually(lambda: one.layer(0) == {"h"}, plan.seconds)
            line.down.line = Line(bps=plan.narrow_bps)
            began = monotonic()
            while one.layer(0) != {"l"} and monotonic() - began < plan.seconds:
                await asyncio.sleep(0.02)
            if one.layer(0) == {"l"}:
                result.noticed_s.append(monotonic() - began)
            else:
                result.missed += 1
            del good["one"]
        _judge(result, f"light {number}", service, {name: peer.layer(0) == {"h"} for name, peer in good.items()})
    finally:
        await service.close()
        line.close()


async def _browser_calls(
    socket: Path, playwright: Playwright, number: int, plan: Plan, result: Result, light: asyncio.Task[None]
) -> None:
    """Make calls between browsers, one after the other, until the light calls end."""
    again = 0
    while not light.done():
        again += 1
        async with pages_of(socket) as pages:
            await _browser_call(pages, playwright, plan)
            large = {name: await pages.pages[name].evaluate("() => width(0)") == 640 for name in "bc"}
            _judge(result, f"browsers {number}.{again}", pages.service, large)


async def _browser_call(pages: Pages, playwright: Playwright, plan: Plan) -> None:
    picture = {0: ("a", "camera")}
    hears = {"a": {"b": 1.0}, "b": {"a": 1.0}, "c": {"a": 1.0}}
    await pages.service.matrix(hears=hears, sees={"b": picture, "c": picture})
    browser = await launch(playwright, "C")
    for name in "abc":
        await pages.join(name, browser)
    await pages.pages["a"].evaluate("() => restless()")
    await asyncio.sleep(plan.seconds)


def _judge(result: Result, call: str, service: Service, large: dict[str, bool]) -> None:
    result.calls += 1
    for event in service.events:
        if isinstance(event, client.PicturesLimited) and event.slots and event.participant in large:
            result.told.append(f"{call} {event.participant} {dict(event.slots)}")
    result.small += [f"{call} {name}" for name, is_large in large.items() if not is_large]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lines")
    parser.add_argument("--calls", type=int, default=100, help="light calls in all")
    parser.add_argument("--at-once", type=int, default=4, help="light calls at one time")
    parser.add_argument("--seconds", type=float, default=12, help="how long a call lasts")
    parser.add_argument("--busy", type=int, default=2, help="busy loops beside them")
    parser.add_argument("--browsers", type=int, default=0, help="calls of three Chromium pages at one time")
    parser.add_argument("--narrow-bps", type=float, default=0, help="then one viewer's connection carries no more")
    parser.add_argument("--traces", type=Path, help="folder where each estimator's input is written")
    result = asyncio.run(hold(Plan(**vars(parser.parse_args()))))
    print(f"{result.calls} calls, {len(result.told)} told of a slow connection, {len(result.small)} small pictures at the end")
    for each in (*result.told, *result.small):
        print(" ", each)
    if result.noticed_s or result.missed:
        times = sorted(result.noticed_s) or [0.0]
        print(f"narrow: noticed p50 {times[len(times) // 2]:.2f} s, worst {times[-1]:.2f} s; not at all: {result.missed}")


if __name__ == "__main__":
    main()
