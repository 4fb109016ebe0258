"""Measure co-browsing: the delay of a change, the cost of a page at rest and of many changes, and the script's size.

The service and the browsers are real. Both browsers run on one machine, so that one clock times both.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from playwright.async_api import WebSocket, async_playwright, expect

from tests.bench.rows import Row, row
from tests.bench.sizes import PAGES, packed
from tests.browser.people import Cast, Staff, User
from tests.browser.service import Service, running, sangdam
from tests.browser.test_cobrowsing import page_frame
from tests.web_server import serving

NODES = 10_000
CHANGES = 60
WINDOWS = 5
WINDOW_S = 4.0
STORM_S = 10
PER_S = 1000

PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>Shop</title>
<style>li {{ font: 16px sans-serif }}</style>
<script src="{server}/widget.js" data-site="demo-shop" data-category="cameras" data-lang="ko"></script></head>
<body><h1 id="news">0</h1><ol id="list">{items}</ol></body></html>"""
ITEM = '<li class="item"><b>Camera {n}</b> <i>24 MP</i></li>'  # 6 nodes: 3 elements and 3 texts

# Changes the heading of the user's page. Returns the time of the change, in ms since 1970.
CHANGE = "(text) => { document.querySelector('#news').textContent = text; return Date.now(); }"

# Runs in the counselor's console. Waits until the copy of the user's page there shows this heading. Returns the time of this, in
# ms since 1970.
SEEN = """
(text) => new Promise((done) => {
  const look = () => {
    const doc = document.querySelector('.page-view iframe')?.contentDocument;
    if (doc?.querySelector('#news')?.textContent !== text) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(Date.now());  // comes after this frame has been painted
    port2.postMessage('');
  };
  look();
})
"""

# Changes texts, styles and nodes `perS` times a second for `seconds`. Returns the number of changes, and the
# interval from each frame to the next, in ms.
STORM = """
([seconds, perS]) => new Promise((done) => {
  const items = [...document.querySelectorAll('.item')];
  const list = document.querySelector('#list');
  const gaps = [];
  const began = performance.now();
  let made = 0, last = began;
  const { port1, port2 } = new MessageChannel();
  const one = (n) => {
    const item = items[(n * 7919) % items.length];
    if (n % 3 === 0) item.firstChild.textContent = `Camera ${n}`;
    else if (n % 3 === 1) item.style.paddingLeft = `${n % 40}px`;
    else list.insertBefore(item, list.firstChild);
  };
  port1.onmessage = () => {  // one change a task, so that each is an event of its own
    const now = performance.now() - began;
    if (now > seconds * 1000) return;
    if (made < (now * perS) / 1000) one(made++);
    port2.postMessage('');
  };
  port2.postMessage('');
  const frame = (now) => {
    gaps.push(now - last);
    last = now;
    if (now - began < seconds * 1000) requestAnimationFrame(frame);
    else done([made, gaps.slice(2)]);
  };
  requestAnimationFrame(frame);
})
"""


@asynccontextmanager
async def large_shop(server: str) -> AsyncIterator[str]:
    """Serve one page of about 10,000 nodes. Yield its origin."""
    text = PAGE.format(server=server, items="".join(ITEM.format(n=n) for n in range(NODES // 6)))

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    async with serving(app) as origin:
        yield origin


@dataclass
class PageTraffic:
    """Counts the characters in the messages `page` that the user's browser has sent, and the snapshots among these messages."""

    characters: int = 0
    snapshots: int = 0

    def watch(self, user: User) -> None:
        user.context.on("page", lambda page: page.on("websocket", self._watch))

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self._take(str(frame)))

    def _take(self, frame: str) -> None:
        if '"type":"page"' in frame.replace(" ", ""):
            self.characters += len(frame)
            self.snapshots += '"first":true,"more":false' in frame.replace(" ", "")


async def talk(cast: Cast, service: Service, origin: str) -> tuple[User, Staff, PageTraffic]:
    """Begin a text conversation on the page of `origin`."""
    own = ("site", "add", "demo-shop", "--update", "--origin", service.shop, "--origin", origin, "--cobrowse", "open")
    await sangdam(service, *own)
    counselor, user = await cast.counselor(browser="full chromium"), await cast.user("full chromium")
    traffic = PageTraffic()
    traffic.watch(user)
    user.shop = await user.context.new_page()
    await user.shop.goto(origin)
    await (await user.open_panel()).get_by_test_id("panel-text").click()
    await counselor.accept()
    return user, counselor, traffic


async def show(user: User, counselor: Staff) -> None:
    """Let the counselor ask to see the page, and let the user agree. Wait until the counselor sees the page."""
    await expect(counselor.get("page-ask")).to_be_enabled()
    await counselor.get("page-ask").click()
    await user.panel.get_by_test_id("cobrowse-yes").click()
    await expect((await page_frame(counselor)).locator("#news")).to_be_attached(timeout=30_000)


async def delay_ms(user: User, counselor: Staff, text: str) -> float:
    seen = asyncio.create_task(counselor.page.evaluate(SEEN, text))
    changed = await user.shop.evaluate(CHANGE, text)
    return float(await asyncio.wait_for(seen, 60) - changed)


async def cpu_percent(user: User) -> list[float]:
    """Return the processor time of all renderer processes of the user's browser, in percent of one core.

    The list has one percentage for each of `WINDOWS` periods of `WINDOW_S` seconds.
    """
    devtools = await user.browser.new_browser_cdp_session()
    found = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    await devtools.detach()
    renderers = [int(each["id"]) for each in found if each["type"] == "renderer"]
    percents = []
    for _ in range(WINDOWS):
        before = sum(map(cpu_seconds, renderers))
        await asyncio.sleep(WINDOW_S)
        percents.append(100 * (sum(map(cpu_seconds, renderers)) - before) / WINDOW_S)
    return percents


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def storm(user: User, counselor: Staff, traffic: PageTraffic) -> list[Row]:
    before = traffic.characters
    made, gaps = await user.shop.evaluate(STORM, [STORM_S, PER_S])
    caught_up = await delay_ms(user, counselor, "after the storm") / 1000
    return [
        row("cobrowse_storm_changes_per_s", "changes", [made / STORM_S]),
        row("cobrowse_storm_frame_p95_ms", "ms", gaps),
        row("cobrowse_storm_kib_per_s", "KiB", [(traffic.characters - before) / 1024 / STORM_S]),
        row("cobrowse_storm_caught_up_s", "s", [caught_up]),
    ]


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        async with (
            running(Path(scratch)) as service,
            large_shop(service.url) as origin,
            async_playwright() as playwright,
        ):
            cast = Cast(service, playwright, Path(scratch))
            async with cast.stack:
                user, counselor, traffic = await talk(cast, service, origin)
                await asyncio.sleep(2)
                alone = await cpu_percent(user)
                await show(user, counselor)
                await asyncio.sleep(2)
                watched = await cpu_percent(user)
                delays = []
                for n in range(CHANGES):
                    delays.append(await delay_ms(user, counselor, f"news {n}"))
                    # changes come at different moments between two ticks of the co-browsing script's timer
                    await asyncio.sleep(0.11 + 0.017 * (n % 7))
                return [
                    row("cobrowse_change_to_seen_p95_ms", "ms", delays),
                    row("cobrowse_idle_cpu_percent", "%", watched),
                    row("cobrowse_without_cpu_percent", "%", alone),
                    *await storm(user, counselor, traffic),
                ]


def rows() -> list[Row]:
    return [row("cobrowse_recorder_gzip_bytes", "bytes", [packed(PAGES / "cobrowse.js")]), *asyncio.run(measure())]
