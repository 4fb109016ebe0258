"""Real browsers connect to the worker, without the rest of the service. The tests check SDP, ICE, sound and video.

Each page hears the tones of the other pages and not its own. Each video slot shows the colour of the right person.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, Playwright, async_playwright

from media.api import client, wire
from tests import PATIENCE_S
from tests.peers.conftest import Service, eventually, start_worker
from tests.peers.proxy import Bursts, Line, Proxy

CHROMIUMS, FIREFOX = {"c": "/usr/bin/chromium-headless-shell", "C": "/usr/bin/chromium"}, "/usr/bin/firefox-esr"
FIREFOX_HZ = 1000
"""The tone of Firefox's fake microphone, in Hz."""
TONES = {"a": 440, "b": 620, "c": 880}
COLOURS = {"a": (208, 32, 32), "b": (32, 192, 32), "c": (32, 32, 208)}
AUDIBLE_DB = -50


@pytest.fixture(scope="module")
def browsers_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the socket of a worker that uses this machine's own addresses. Firefox ignores ICE candidates on loopback."""
    socket = tmp_path_factory.mktemp("worker") / "worker.sock"
    process = start_worker(socket, own_addresses=True)
    yield socket
    process.terminate()
    assert process.wait(3) == 0


class Pages:
    """One page for each person, and a web server to which each page posts its WebRTC offer."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.pages: dict[str, Page] = {}
        self.browsers: list[Browser] = []
        self.kinds: dict[str, str] = {}
        self.lines: dict[str, tuple[str, int]] = {}
        self.redundant: set[str] = set()
        """People whose pages send their voice with redundant copies (RED), as the real page does while packets are lost."""
        self._admitted = 0

    async def serve(self) -> web.AppRunner:
        application = web.Application()
        application.router.add_post("/offer", self._offer)
        application.router.add_get("/", self._page)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = runner.addresses[0][1]
        return runner

    async def _page(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(Path(__file__).parent / "page.html")

    async def _offer(self, request: web.Request) -> web.Response:
        name = request.query["name"]
        self._admitted += 1
        command = wire.AdmitPeer(epoch=1, peer=f"{name}{self._admitted}", participant=name, sdp=await request.text())
        try:
            admitted = await self.service.worker.admit(self.service.room, command)
        except client.WorkerRefused as refused:
            return web.Response(status=400, text=str(refused))
        answer = self._by_line(name, admitted.sdp)
        if name in self.redundant:
            answer = re.sub(r"(m=audio \S+ \S+) (\d+) (\d+)", r"\1 \3 \2", answer)
        return web.Response(text=answer)

    def _by_line(self, name: str, sdp: str) -> str:
        """Replace the worker's ICE candidates by the address of this person's simulated link, if the person has one."""
        if name not in self.lines:
            return sdp
        host, port = self.lines[name]
        kept = [line for line in sdp.split("\r\n") if not line.startswith("a=candidate")]
        at = kept.index("a=end-of-candidates")
        return "\r\n".join([*kept[:at], f"a=candidate:1 1 udp 2130706431 {host} {port} typ host", *kept[at:]])

    async def join(self, name: str, browser: Browser) -> None:
        self.browsers.append(browser)
        self.kinds[name] = browser.browser_type.name
        page = self.pages[name] = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{self.port}/")
        await page.evaluate("([name, hz, rgb]) => join(name, hz, `rgb(${rgb})`)", [name, TONES[name], COLOURS[name]])

    def tone(self, name: str) -> int:
        return FIREFOX_HZ if self.kinds[name] == "firefox" else TONES[name]

    async def heard(self, name: str) -> set[int]:
        tones = sorted({self.tone(other) for other in self.pages})
        levels = await self.pages[name].evaluate("(tones) => levels(tones)", tones)
        return {hz for hz, level in zip(tones, levels, strict=True) if level is not None and level > AUDIBLE_DB}

    async def seen(self, name: str) -> list[str | None]:
        return [nearest(await self.pages[name].evaluate("(slot) => colour(slot)", slot)) for slot in (0, 1)]

    async def until(self, name: str, hears: set[int], sees: list[str | None]) -> None:
        now: tuple[set[int], list[str | None]] = (set(), [])
        for _ in range(60):
            now = (await self.heard(name), await self.seen(name))
            if now == (hears, sees):
                return
            await asyncio.sleep(0.25)
        raise AssertionError(f"{name} hears and sees {now}, not {(hears, sees)}")


def nearest(rgb: list[int] | None) -> str | None:
    if not rgb:
        return None
    return next((name for name, colour in COLOURS.items() if all(abs(a - b) < 70 for a, b in zip(rgb, colour, strict=True))), "?")


@contextlib.asynccontextmanager
async def pages_of(socket: Path) -> AsyncIterator[Pages]:
    """Open a room on the worker at this socket, and serve pages that join the room."""
    service = Service(client.WorkerClient(str(socket)))
    await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
    pages = Pages(service)
    runner = await pages.serve()
    yield pages
    for browser in pages.browsers:
        await browser.close()
    await runner.cleanup()
    await service.close()


@pytest.fixture
async def pages(browsers_socket: Path) -> AsyncIterator[Pages]:
    async with pages_of(browsers_socket) as pages:
        yield pages


async def launch(playwright: Playwright, kind: str) -> Browser:
    """Launch a browser. "c": Chromium's headless shell, "C": the full Chromium, for benchmarks, "f": Firefox ESR."""
    if kind in CHROMIUMS:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        return await playwright.chromium.launch(executable_path=CHROMIUMS[kind], args=arguments)
    preferences = {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True, "media.autoplay.default": 0}
    return await playwright.firefox.launch(channel="moz-firefox", executable_path=FIREFOX, firefox_user_prefs=preferences)


@pytest.mark.parametrize("kinds", ["cc", "cf", "ccc"])
async def test_everyone_hears_and_sees_the_others(pages: Pages, kinds: str) -> None:
    names = list("abc"[: len(kinds)])
    others = {name: [other for other in names if other != name] for name in names}
    await pages.service.matrix(
        hears={name: dict.fromkeys(rest, 1.0) for name, rest in others.items()},
        sees={name: {slot: (other, "camera") for slot, other in enumerate(rest)} for name, rest in others.items()},
    )
    async with async_playwright() as playwright:
        for name, kind in zip(names, kinds, strict=True):
            await pages.join(name, await launch(playwright, kind))
        for name, rest in others.items():
            await pages.until(name, {pages.tone(other) for other in rest}, [*rest, None][:2])
        for page in pages.pages.values():
            await page.wait_for_function("() => state.echoes > 0 && state.doc.length > 0")


@pytest.mark.parametrize("viewer", ["c", "f"])
async def test_slot_and_voice_change_owner_during_the_call(pages: Pages, viewer: str) -> None:
    async with async_playwright() as playwright:
        for name, kind in zip("abc", f"{viewer}cc", strict=True):
            await pages.join(name, await launch(playwright, kind))
        for source in ("b", "c", "b"):
            await pages.service.matrix(hears={"a": {source: 1.0}}, sees={"a": {0: (source, "camera")}})
            await pages.until("a", {pages.tone(source)}, [source, None])
        both = {"a": {"b": 1.0, "c": 1.0}}
        await pages.service.matrix(hears=both, sees={"a": {0: ("c", "camera"), 1: ("b", "camera")}})
        await pages.until("a", {pages.tone("b"), pages.tone("c")}, ["c", "b"])
        await pages.service.matrix(hears={"a": {"c": 1.0}}, sees={"a": {0: ("c", "camera")}})
        # b's last frame stays visible on a's page until this page hides b's slot
        await pages.until("a", {pages.tone("c")}, ["c", "b"])


async def test_reloaded_page_returns_to_its_place(pages: Pages) -> None:
    matrix = {"hears": {"a": {"b": 1.0}, "b": {"a": 1.0}}, "sees": {"a": {0: ("b", "camera")}, "b": {0: ("a", "camera")}}}
    await pages.service.matrix(**matrix)
    async with async_playwright() as playwright:
        for name in "ab":
            await pages.join(name, await launch(playwright, "c"))
        await pages.until("a", {pages.tone("b")}, ["b", None])
        page = pages.pages["b"]
        await page.reload()
        await page.evaluate("([name, hz, rgb]) => join(name, hz, `rgb(${rgb})`)", ["b", TONES["b"], COLOURS["b"]])
        await pages.until("b", {pages.tone("a")}, ["a", None])
        await pages.until("a", {pages.tone("b")}, ["b", None])


async def test_chromium_sends_a_voice_lost_in_bursts_again(pages: Pages) -> None:
    """Chromium keeps the sent packets of a voice, and answers requests (NACK) for them, although its SDP offers no NACK."""
    worker = await anext(pages.service.worker.events())
    assert isinstance(worker, wire.Snapshot)
    proxy = Proxy(next((host, port) for host, port in worker.udp if host == "127.0.0.1"))
    proxy.up = Bursts()
    pages.lines["a"] = await proxy.open()
    pages.redundant = {"a"}
    await pages.service.matrix(hears={"a": {"b": 1.0}, "b": {"a": 1.0}})

    async def sent_again() -> int:
        found = [each for each in await pages.pages["a"].evaluate("() => inbound()") if each.get("out") == "audio"]
        return int(found[0]["again"])

    async with async_playwright() as playwright:
        browser = await launch(playwright, "c")
        for name in "ab":
            await pages.join(name, browser)
        async with asyncio.timeout(PATIENCE_S):
            while await sent_again() < 9:
                await asyncio.sleep(0.2)
    proxy.close()


async def test_only_the_slow_browser_gets_smaller_video(pages: Pages) -> None:
    worker = await anext(pages.service.worker.events())
    assert isinstance(worker, wire.Snapshot)
    line = Proxy(next((host, port) for host, port in worker.udp if host == "127.0.0.1"), down=Line(bps=400_000))
    pages.lines["b"] = await line.open()
    picture = {0: ("a", "camera")}
    await pages.service.matrix(hears={"b": {"a": 1.0}, "c": {"a": 1.0}}, sees={"b": picture, "c": picture})

    def told() -> list[dict[int, str]]:
        return [dict(each.slots) for each in pages.service.events if isinstance(each, wire.PicturesLimited)]

    async def width(name: str, wanted: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await pages.pages[name].evaluate("() => width(0)") != wanted:
                await asyncio.sleep(0.2)

    async def frames(name: str) -> int:
        found = [each for each in await pages.pages[name].evaluate("() => inbound()") if each.get("kind") == "video"]
        return int(found[0]["framesDecoded"])

    async with async_playwright() as playwright:
        browser = await launch(playwright, "c")
        for name in "abc":
            await pages.join(name, browser)
        await pages.pages["a"].evaluate("() => restless()")
        await width("c", 640)
        await eventually(told, 15.0)
        assert pages.tone("a") in await pages.heard("b")
        await width("b", 320)
        assert await pages.pages["c"].evaluate("() => width(0)") == 640
        shown = await frames("c")
        async with asyncio.timeout(PATIENCE_S):
            while await frames("c") < shown + 20:
                await asyncio.sleep(0.2)
        line.down.line = Line()
        await width("b", 640)
        await eventually(lambda: told()[-1] == {}, 25.0)
        assert {each.participant for each in pages.service.events if isinstance(each, wire.PicturesLimited)} == {"b"}
        assert await pages.pages["c"].evaluate("() => width(0)") == 640
    line.close()
