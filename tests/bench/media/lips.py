"""`make bench ARGS=lips`: measure the offset between voice and lips in a real browser, with up to 50 ms of sender jitter.

One page "claps" once a second: it sends a light and a sound at the same moment. A second page receives both, and records when it
shows the light and when it plays the sound. For comparison, one page sends claps to itself over its own peer connection, without
server or jitter. This shows the offset that browsers add by themselves. A browser synchronizes only one video with the voice: the
video in the first slot. The other slots get the same sender reports but are not synchronized.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from media.api import wire
from tests.bench.rows import Row, row
from tests.peers.conftest import start_worker
from tests.peers.proxy import Proxy
from tests.peers.test_browsers import launch, pages_of

JITTER_S = 0.05
SETTLE_S, MEASURE_S = 12.0, 25.0
WAYS = {"relayed": ({"a": 1.0}, 0), "mixed": ({"a": 0.9}, 0), "relayed, in the second slot": ({"a": 1.0}, 1)}
"""Case → the gains of the voices that the listening page hears, and the number of the video slot that shows the clapping page.

A single voice with the gain 1.0 is relayed. With any other gain it is mixed.
"""


def rows() -> list[Row]:
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "worker.sock"
        process = start_worker(socket, own_addresses=True)
        try:
            alone = await _yardstick(socket)
            found = {way: await _call(socket, *asked) for way, asked in WAYS.items()}
        finally:
            process.terminate()
            process.wait(5)
    print("voice after lips, ms:", {"one page alone": alone} | found)
    worst = max(found.values(), key=lambda each: max(map(abs, each)))
    return [
        row("lipsync_ms", "ms", [abs(each) for each in worst]),
        row("lipsync_yardstick_ms", "ms", [abs(each) for each in alone]),
    ]


async def _yardstick(socket: Path) -> list[float]:
    async with pages_of(socket) as pages, async_playwright() as playwright:
        browser = await launch(playwright, "C")
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{pages.port}/")
        await page.evaluate("() => clapToMyself()")
        return await _watched(page)


async def _call(socket: Path, hears: dict[str, float], slot: int) -> list[float]:
    async with pages_of(socket) as pages, async_playwright() as playwright:
        worker = await anext(pages.service.worker.events())
        assert isinstance(worker, wire.Snapshot)
        line = Proxy(next((host, port) for host, port in worker.udp if host == "127.0.0.1"), loss=0.0, jitter_s=JITTER_S, seed=3)
        pages.lines["a"] = await line.open()
        await pages.service.matrix(hears={"b": hears}, sees={"b": {slot: ("a", "camera")}})
        for name in "ab":
            await pages.join(name, await launch(playwright, "C"))
        await pages.pages["a"].evaluate("() => clap()")
        found = await _watched(pages.pages["b"], slot)
        line.close()
        return found


async def _watched(page: Page, slot: int = 0) -> list[float]:
    """Return for each clap how much later its sound is played than its light is shown, in ms (negative: earlier)."""
    await asyncio.sleep(SETTLE_S)
    await page.evaluate("(slot) => watch(slot)", slot)
    await asyncio.sleep(MEASURE_S)
    lit, loud = await page.evaluate("() => [state.lit, state.loud]")
    return [round(min((each - moment for each in loud), key=abs), 1) for moment in lit]
