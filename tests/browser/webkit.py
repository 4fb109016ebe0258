"""WebKit, Safari's engine, driven by WebDriver (W3C). WebKit runs in GTK's small browser, on a virtual screen.

Playwright cannot drive Debian's build of WebKit.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from tests.browser.people import PATIENCE_S
from tests.ports import free_port

BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
SCREEN = "1600x1200x24"
START_S = 60  # longest time in s that tests wait for WebKit to start; on a quiet machine, it takes two seconds
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key under which WebDriver names an element (W3C WebDriver, 11)."""
NOT_YET = ("element click intercepted", "element not interactable", "stale element reference")
"""Errors with which WebDriver refuses a click because the element still moves, is covered, or has just been drawn anew."""
# With GTK's usual space around its buttons, the browser's bar would keep the window at 447 px or more.
NARROW_BAR = "* { min-width: 0; margin: 0; padding: 0; border: none; font-size: 1px; }"
# This script runs before the widget and makes the widget's shadow root open, because WebDriver cannot enter a closed one.
OPEN_SHADOWS = """
const { attachShadow } = Element.prototype;
Element.prototype.attachShadow = function (options) { return attachShadow.call(this, { ...options, mode: 'open' }); };
"""

Element = dict[str, str]


class WebKit:
    """One WebDriver session with WebKit. Finds elements by their test id, as the tests with Playwright do."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._around: tuple[int, int] | None = None

    async def call(self, method: str, path: str, **body: Any) -> Any:
        """Send one command. Raise RuntimeError with WebKit's reason if it fails."""
        sent = None if method == "GET" else body
        async with self._http.request(method, f"{self._url}{path}", json=sent) as reply:
            value = (await reply.json())["value"]
        if reply.status != 200:
            raise RuntimeError(f"{path}: {value['error']}: {value['message'][:400]}")
        return value

    async def goto(self, address: str) -> None:
        await self.call("POST", "/url", url=address)

    async def run(self, script: str, *args: object) -> Any:
        """Run the body of a function in the page, and return what it returns."""
        return await self.call("POST", "/execute/sync", script=script, args=list(args))

    async def wait(self, script: str, *args: object) -> Any:
        """Run the body of an async function in the page. Raise RuntimeError if the function throws."""
        done = f"const done = arguments[arguments.length - 1]; (async () => {{ {script} }})()"
        found = await self.call(
            "POST",
            "/execute/async",
            script=f"{done}.then((value) => done({{value}}), (error) => done({{error: String(error)}}))",
            args=list(args),
        )
        if "error" in found:
            raise RuntimeError(found["error"])
        return found.get("value")

    async def find(self, test_id: str, seconds: float = PATIENCE_S) -> Element:
        """Return the first visible element with this test id. Wait for it."""
        deadline = asyncio.get_running_loop().time() + seconds
        script = """
            const found = [...document.querySelectorAll(`[data-testid="${arguments[0]}"]`)];
            return found.find((one) => one.getClientRects().length > 0) ?? null;
        """
        while True:
            found: Element | None = await self.run(script, test_id)
            if found is not None:
                return found
            if asyncio.get_running_loop().time() > deadline:
                shown = await self.run("return document.body.innerText.slice(0, 400)")
                raise AssertionError(f"no {test_id} on the page, which says: {shown}")
            await asyncio.sleep(0.1)

    async def click(self, test_id: str) -> None:
        """Click the element as soon as a person could click it."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            element = await self.find(test_id)
            try:
                await self.call("POST", f"/element/{element[ELEMENT]}/click")
            except RuntimeError as error:
                if asyncio.get_running_loop().time() > deadline or not any(reason in str(error) for reason in NOT_YET):
                    raise
                await asyncio.sleep(0.1)
            else:
                return

    async def type(self, test_id: str, text: str) -> None:
        element = await self.find(test_id)
        await self.call("POST", f"/element/{element[ELEMENT]}/value", text=text)

    async def attach(self, selector: str, file: Path) -> None:
        """Choose a file in a file field. Such a field can be hidden."""
        element = await self.run("return document.querySelector(arguments[0])", selector)
        await self.call("POST", f"/element/{element[ELEMENT]}/value", text=str(file))

    async def enter_frame(self, element: Element | None) -> None:
        """Send later commands to this frame. None: send later commands to the whole page."""
        await self.call("POST", "/frame", id=element)

    async def other_window(self, than: str) -> str:
        """Wait until there is another window besides the one with the handle `than`. Return the handle of that other window."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < deadline:
            others = [handle for handle in await self.call("GET", "/window/handles") if handle != than]
            if others:
                return str(others[0])
            await asyncio.sleep(0.1)
        raise AssertionError("no other window")

    async def drag(self, points: Sequence[tuple[float, float]]) -> None:
        """Press the mouse at the first point (CSS px of the window), move it through the others, and release it."""
        moves = [{"type": "pointerMove", "duration": 20, "x": round(x), "y": round(y)} for x, y in points]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        await self.call("POST", "/actions", actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    async def resize(self, width: int, height: int) -> None:
        """Resize the window so that the page has this size. The first call must come before `enter_frame`."""
        if self._around is None:
            await self.call("POST", "/window/rect", width=width, height=height)
            inner = await self.run("return [innerWidth, innerHeight]")
            self._around = (width - inner[0], height - inner[1])
        wide, high = self._around
        await self.call("POST", "/window/rect", width=width + wide, height=height + high)
        await self.wait("while (outerWidth !== arguments[0]) await new Promise(requestAnimationFrame)", width + wide)


@asynccontextmanager
async def webkit(folder: Path) -> AsyncIterator[WebKit]:
    """Start a screen, the driver and the browser. End them afterwards."""
    home = folder / "webkit"
    style = home / "gtk-3.0" / "gtk.css"
    style.parent.mkdir(parents=True, exist_ok=True)
    style.write_text(NARROW_BAR)
    read, write = os.pipe()
    screen = await asyncio.create_subprocess_exec(
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        SCREEN,
        "-nolisten",
        "tcp",
        pass_fds=(write,),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(write)
    driver = None
    try:
        display = (await asyncio.wait_for(asyncio.to_thread(os.read, read, 16), START_S)).decode().strip()
        environment = {
            **os.environ,
            "DISPLAY": f":{display}",
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "GDK_BACKEND": "x11",
            "LANG": "C.UTF-8",
            "NO_AT_BRIDGE": "1",
        }
        port = free_port()
        driver = await asyncio.create_subprocess_exec(
            shutil.which("WebKitWebDriver") or "WebKitWebDriver",
            f"--port={port}",
            "--host=127.0.0.1",
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http:
            yield await _session(http, f"http://127.0.0.1:{port}")
    finally:
        os.close(read)
        for process in (driver, screen):
            if process is not None and process.returncode is None:
                process.terminate()
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 5)


async def _session(http: aiohttp.ClientSession, url: str) -> WebKit:
    options = {"binary": BROWSER, "args": ["--automation"]}
    wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
    deadline = asyncio.get_running_loop().time() + START_S
    while True:
        try:
            async with http.post(f"{url}/session", json=wanted) as reply:
                value = (await reply.json())["value"]
            break
        except aiohttp.ClientConnectionError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)
    if reply.status != 200:
        raise RuntimeError(f"WebKit did not start: {value}")
    return WebKit(http, f"{url}/session/{value['sessionId']}")
