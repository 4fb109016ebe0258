"""The people of a test. Each person uses the pages with a real browser, and has a voice and a picture of their own."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from playwright.async_api import Browser, BrowserContext, Frame, Locator, Page, Playwright, Response, expect
from playwright.async_api import Error as PlaywrightError

from tests.browser import media
from tests.browser.service import Service

PATIENCE_S = 30.0  # longest time in seconds that a test waits for an expected event; on an idle machine, two seconds are enough
expect.set_options(timeout=PATIENCE_S * 1000)
# "chromium" is Chromium's headless shell, which needs less processor time than "full chromium", the browser that people have.
# Benchmarks measure the full Chromium. A test that uses the full Chromium says why.
BrowserName = Literal["chromium", "full chromium", "firefox"]
CHROMIUMS = {"chromium": "/usr/bin/chromium-headless-shell", "full chromium": "/usr/bin/chromium"}
# kinds of responses whose bodies the tests do not read, because reading them would take a second for each page
BUILT = {"script", "stylesheet", "font", "image"}
DOWNLOADS = "downloads"  # folder for what Firefox saves, inside the folder of a test run's media
# Records in the array `badges` each number that a page or a service worker shows on the icon of the installed console. The
# script also passes each number on to the browser.
NOTE_BADGES = """() => {
  globalThis.badges = [];
  for (const [name, says] of [["setAppBadge", (count) => count], ["clearAppBadge", () => 0]]) {
    const real = navigator[name].bind(navigator);
    navigator[name] = (...given) => { badges.push(says(...given)); return real(...given); };
  }
}"""
P = TypeVar("P", bound="Person")
T = TypeVar("T")


@dataclass
class Traffic:
    """All texts that have reached a browser, except scripts and style sheets. A test can search these texts."""

    received: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framereceived", lambda payload: self.received.append(str(payload))))

        async def body(response: Response) -> None:
            if response.request.resource_type in BUILT:
                return
            # a redirect, or a response to a page that is closed, has no text to search
            with contextlib.suppress(PlaywrightError):
                self.received.append((await response.body()).decode("utf-8", "replace"))

        page.on("response", body)

    def contains(self, text: str) -> bool:
        escaped = text.encode("ascii", "backslashreplace").decode()
        return any(text in piece or escaped in piece for piece in self.received)


async def launch(playwright: Playwright, name: BrowserName, voice: media.Voice, folder: Path, *, no_udp: bool = False) -> Browser:
    if name == "firefox":
        return await playwright.firefox.launch(
            channel="moz-firefox",
            executable_path="/usr/bin/firefox-esr",
            # over BiDi (Firefox) the test tool reports no download, but the file arrives in this folder
            downloads_path=folder / DOWNLOADS,
            firefox_user_prefs={
                "media.navigator.streams.fake": True,
                "media.navigator.permission.disabled": True,
                "media.peerconnection.ice.obfuscate_host_addresses": False,
                "media.autoplay.default": 0,
                "media.autoplay.blocking_policy": 0,
                "dom.disable_open_during_load": False,
                # with fission (a process for each site), the test tool's clicks do not reach frames of another site
                "fission.autostart": False,
            },
        )
    folder.mkdir(parents=True, exist_ok=True)
    tone = folder / f"{voice.hz}.wav"
    colour = folder / f"{voice.hz}.y4m"
    if not tone.exists():
        media.write_tone(tone, voice.hz)
        media.write_colour(colour, voice.rgb)
    return await playwright.chromium.launch(
        executable_path=CHROMIUMS[name],
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={tone}",
            f"--use-file-for-fake-video-capture={colour}",
            "--autoplay-policy=no-user-gesture-required",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--disable-quic",
            *(["--force-webrtc-ip-handling-policy=disable_non_proxied_udp"] if no_udp else []),
        ],
    )


class Person:
    def __init__(self, service: Service, browser: Browser, context: BrowserContext, voice: media.Voice) -> None:
        self.service, self.browser, self.context, self.voice = service, browser, context, voice
        self.page: Page
        self.traffic = Traffic()
        self.problems: list[str] = []
        context.on("page", self._meet)

    def _meet(self, page: Page) -> None:
        self.traffic.watch(page)
        page.on("pageerror", lambda error: self._note(page, str(error)))

    def _note(self, page: Page, error: str) -> None:
        # Firefox reports a WebSocket whose connection broke as if it were an uncaught error. The page reconnects by itself.
        if "was interrupted while the page was loading" not in error:
            self.problems.append(f"{type(self).__name__} at {page.url.partition('#')[0]}: {error}")

    def get(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    async def hears(self, *tones: int) -> None:
        await eventually(lambda: media.heard(self.page), set(tones), f"{type(self).__name__} should hear {sorted(tones)}")

    async def sees(self, *voices: media.Voice) -> None:
        await eventually(lambda: media.seen(self.page), set(voices), f"{type(self).__name__} should see {voices}")

    async def write(self, text: str) -> None:
        box = self.get("chat-input").first
        await box.click()
        await box.press_sequentially(text)
        await box.press("Enter")

    async def reads(self, text: str) -> None:
        await expect(self.get("chat-line").filter(has_text=text).first).to_be_visible()

    async def close(self) -> None:
        """Close the pages before they can tell the server anything, as when somebody switches the machine off."""
        await self.context.close()


class User(Person):
    panel: Frame

    async def visit_shop(self, path: str = "/") -> Page:
        self.shop = await self.context.new_page()
        await self.shop.goto(self.service.shop + path)
        return self.shop

    async def open_panel(self) -> Frame:
        await self.shop.wait_for_load_state("load")
        await self.shop.locator("#sangdam-widget").wait_for(state="attached")
        await self.shop.evaluate("Sangdam.open()")
        return await self.find_panel()

    async def find_panel(self) -> Frame:
        # The panel is in a closed shadow root, which locators cannot enter. So the panel's frame is found by its address.
        for _ in range(int(PATIENCE_S * 10)):
            for frame in self.shop.frames:
                if re.search(r"/panel\?", frame.url):
                    self.panel = frame
                    return frame
            await asyncio.sleep(0.1)
        raise AssertionError(f"no panel among {[frame.url for frame in self.shop.frames]}")

    async def call(self, channel: Literal["voice", "video"] = "voice", path: str = "/") -> None:
        """Visit the shop, choose a call in the panel, and wait until the user can enter the queue in the call window."""
        await self.visit_shop(path)
        await self.open_panel()
        async with self.context.expect_page() as window:
            await self.panel.get_by_test_id(f"panel-{channel}").click()
        self.page = await window.value
        await expect(self.get("call-enter")).to_be_enabled()

    async def enter(self) -> None:
        await self.get("call-enter").click()


class Staff(Person):
    login = ""

    async def sign_in(self, login: str, host: str, *, available: bool = True) -> None:
        self.login = login
        self.page = await self.context.new_page()
        await self.page.goto(self.service.host(host) + ("/operator" if host == "operator" else "/console"))
        await self.get("signin-login").press_sequentially(login)
        await self.get("signin-password").press_sequentially(f"{login}-demo")
        await self.get("signin-submit").click()
        if available:
            await self.available()

    async def available(self) -> None:
        await self.get("state-available").first.click()

    async def accept(self) -> None:
        await expect(self.get("ring")).to_be_visible()
        await self.get("ring-accept").click()


Pool = dict[tuple[BrowserName, media.Voice, bool], Browser]


class Cast:
    """Gives each person a browser and a context. `pool` keeps one open browser for each voice, so that the next test can use it.

    Everything else closes when the test leaves `async with cast.stack`.
    """

    def __init__(self, service: Service, playwright: Playwright, folder: Path, pool: Pool | None = None) -> None:
        self.service, self.playwright, self.folder, self.pool = service, playwright, folder, pool
        self.stack = AsyncExitStack()
        self.everyone: list[Person] = []

    async def _browser(self, name: BrowserName, voice: media.Voice, no_udp: bool) -> Browser:
        known = self.pool.get((name, voice, no_udp)) if self.pool is not None else None
        if known is not None and known.is_connected():
            return known
        opened = await launch(self.playwright, name, voice, self.folder, no_udp=no_udp)
        if self.pool is not None:
            self.pool[name, voice, no_udp] = opened
        else:
            self.stack.push_async_callback(opened.close)
        return opened

    async def _person(
        self, kind: type[P], voice: media.Voice, browser: BrowserName, *, no_udp: bool = False, **context: object
    ) -> P:
        opened = await self._browser(browser, voice, no_udp)
        made = await opened.new_context(**{"locale": "ko-KR"} | context)
        self.stack.push_async_callback(made.close)
        person = kind(self.service, opened, made, voice)
        self.everyone.append(person)
        return person

    async def user(self, browser: BrowserName = "chromium", *, no_udp: bool = False, **context: object) -> User:
        return await self._person(User, media.USER, browser, no_udp=no_udp, **context)

    async def counselor(
        self, login: str = "jimin", browser: BrowserName = "chromium", *, available: bool = True, **context: object
    ) -> Staff:
        person = await self._person(Staff, media.COUNSELOR, browser, **context)
        await person.sign_in(login, "counselor", available=available)
        return person

    async def colleague(self, browser: BrowserName = "chromium") -> Staff:
        """Return a second counselor with their own voice, not signed in yet."""
        return await self._person(Staff, media.PROFESSIONAL, browser)

    async def professional(self, login: str = "drhan", browser: BrowserName = "chromium", **context: object) -> Staff:
        person = await self._person(Staff, media.PROFESSIONAL, browser, **context)
        await person.sign_in(login, "professional")
        return person

    async def operator(self) -> Staff:
        person = await self._person(Staff, media.PROFESSIONAL, "chromium")
        await person.sign_in("ops", "operator", available=False)
        return person


async def eventually(look: Callable[[], Awaitable[T]], wanted: T, what: str, seconds: float = PATIENCE_S) -> None:
    """Call `look` again and again until it returns `wanted`. After `seconds`, fail with the last result."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = await look()
        if found == wanted:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"{what}; got {found}")
        await asyncio.sleep(0.1)
