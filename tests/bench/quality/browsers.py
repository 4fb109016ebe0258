"""Send speech from one Chromium page to another over simulated links: directly, for comparison, and through a worker.

One page speaks into the connections of all calls, and the other listens to all of them. The listening page records the output of
its jitter buffers, before any loudspeaker, so that no sound card is needed.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import io
import re
import secrets
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web
from playwright.async_api import Page, async_playwright

from media.api import client, wire
from media.mixer.opus import RATE, Samples
from tests.bench.quality.light import Case, running_worker
from tests.bench.quality.speech import SECONDS, spoken
from tests.peers.proxy import Proxy

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns"]
CONNECT_S = 15
LATE_S = 1.0


@dataclass(frozen=True)
class Heard:
    samples: Samples
    listener: dict[str, float]
    speaker: dict[str, float]


def _wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(spoken().tobytes())
    return file.getvalue()


@asynccontextmanager
async def _pages() -> AsyncIterator[tuple[Page, Page]]:
    """Open two pages. Yield the page that speaks and the page that listens."""
    application, wav = web.Application(), _wav()

    async def page(request: web.Request) -> web.FileResponse:
        return web.FileResponse(Path(__file__).parent / "page.html")

    async def speech(request: web.Request) -> web.Response:
        return web.Response(body=wav, content_type="audio/wav")

    application.add_routes([web.get("/", page), web.get("/speech.wav", speech)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            mouth, ear = await browser.new_page(), await browser.new_page()
            for each in (mouth, ear):
                await each.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            await mouth.evaluate("prepare()")
            yield mouth, ear
            await browser.close()
    finally:
        await runner.cleanup()


def _port(sdp: str) -> int:
    """Return the port of the page's IPv4 socket.

    Chromium binds this socket to every address, so the socket can also be reached at 127.0.0.1.
    """
    found = [line.split() for line in sdp.splitlines() if line.startswith("a=candidate:")]
    return next(int(each[5]) for each in found if each[2].lower() == "udp" and "." in each[4])


def _redundant(answer: str) -> str:
    """Put RED first in the SDP answer. The page then adds the previous packet to each packet, as in a call that loses packets."""
    return re.sub(r"(m=audio \S+ \S+) (\d+) (\d+)", r"\1 \3 \2", answer)


def _instead(sdp: str, address: tuple[str, int] | None) -> str:
    """Return the SDP with this address as its only ICE candidate. If the address is None, the SDP gets no candidate."""
    kept = [line for line in sdp.splitlines() if not line.startswith(("a=candidate", "a=end-of-candidates"))]
    if address is not None:
        at = next(index for index, line in enumerate(kept) if line.startswith("a=mid:")) + 1
        kept[at:at] = [f"a=candidate:1 1 udp 2130706431 {address[0]} {address[1]} typ host", "a=end-of-candidates"]
    return "\r\n".join(kept) + "\r\n"


async def _direct(mouth: Page, ear: Page, name: str, case: Case, seed: int) -> list[Proxy]:
    offered = await mouth.evaluate("(name) => offer(name)", name)
    answered = await ear.evaluate("([name, sdp]) => answer(name, sdp)", [name, _instead(offered, None)])
    proxy = Proxy(("127.0.0.1", _port(answered)), up=case.up, seed=seed)
    await mouth.evaluate("([name, sdp]) => accept(name, sdp)", [name, _instead(answered, await proxy.open())])
    return [proxy]


async def _by_worker(
    worker: client.WorkerClient, address: tuple[str, int], mouth: Page, ear: Page, name: str, case: Case, seed: int
) -> list[Proxy]:
    room = secrets.token_hex(4)
    await worker.open_room(room, wire.OpenRoom(epoch=1))
    proxies = [Proxy(address, up=case.up, seed=seed), Proxy(address, down=case.down, seed=seed)]
    for page, who, proxy in zip((mouth, ear), ("speaker", "listener"), proxies, strict=True):
        sdp = await page.evaluate("([name, listening]) => offerToWorker(name, listening)", [name, who == "listener"])
        admitted = await worker.admit(room, wire.AdmitPeer(epoch=1, peer=f"{room}-{who}", participant=who, sdp=sdp))
        answer = _instead(admitted.sdp, await proxy.open())
        answer = _redundant(answer) if case.redundant and page is mouth else answer
        await page.evaluate("([name, sdp]) => accept(name, sdp)", [name, answer])
    await worker.set_matrix(room, wire.SetMatrix(epoch=1, hears={"listener": {"speaker": 1.0}}))
    return proxies


async def calls(cases: list[Case], seed: int = 1) -> list[Heard]:
    """Make all calls at the same time. Return the recorded sound and the statistics of each call."""
    names = [str(number) for number in range(len(cases))]
    async with _pages() as (mouth, ear), running_worker() as (worker, address):
        proxies: list[Proxy] = []
        for name, case in zip(names, cases, strict=True):
            opening = _direct if case.direct else functools.partial(_by_worker, worker, address)
            proxies += await opening(mouth, ear, name, case, seed)
        async with asyncio.timeout(CONNECT_S):
            while not (await mouth.evaluate("connected()") and await ear.evaluate("connected()")):
                await asyncio.sleep(0.1)
        await mouth.evaluate("speak()")
        await asyncio.sleep(SECONDS + LATE_S)
        found = [
            Heard(await _recorded(ear, name), await _statistics(ear, name), await _statistics(mouth, name)) for name in names
        ]
        for proxy in proxies:
            proxy.close()
        return found


async def _recorded(page: Page, name: str) -> Samples:
    return np.frombuffer(base64.b64decode(await page.evaluate("(name) => recording(name)", name)), np.int16)


async def _statistics(page: Page, name: str) -> dict[str, float]:
    found: dict[str, Any] = await page.evaluate("(name) => statistics(name)", name)
    return found
