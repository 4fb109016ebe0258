"""Networks fail for a while, or a system freezes a tab. Afterwards the call resumes, and chat lines and strokes arrive."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import expect

from tests.browser import media
from tests.browser.media import COUNSELOR, USER
from tests.browser.network import TCP_LATE_S, network
from tests.browser.people import Cast, Person, eventually
from tests.browser.test_board import draw, open_board, shows_the_same

AWAY_S = float(os.environ.get("SANGDAM_TEST_AWAY_S", "10"))


async def hears_again(person: Person, returned: float) -> float:
    """Wait until the page plays the tone that `EAR` listens for.

    Return how many seconds have passed since `returned`, the time when the network came back.
    """

    async def hears() -> bool:
        return bool((await media.note(person.page))["first"])

    await eventually(hears, True, f"{type(person).__name__} should hear again")
    return (await media.note(person.page))["first"] / 1000 - returned


async def test_call_resumes_when_the_networks_return(cast: Cast) -> None:
    """The user's network fails entirely, as in a tunnel. At the same time, the counselor's network carries no UDP."""
    async with network() as tunnel, network() as office:
        counselor = await cast.counselor(proxy=office.proxy)
        await office.carry(counselor.context)
        await counselor.page.reload()
        user = await cast.user(proxy=tunnel.proxy)
        await tunnel.carry(user.context)
        await user.call()
        await user.enter()
        await counselor.accept()
        await user.hears(COUNSELOR.hz)
        await counselor.hears(USER.hz)
        for person in (user, counselor):
            await open_board(person)
        await draw(user, (0.1, 0.1), (0.3, 0.1))
        await shows_the_same(user, counselor)

        gone_at = time.time()
        tunnel.cut()
        office.cut(udp_alone=True)
        await draw(user, (0.1, 0.5), (0.3, 0.5))
        await draw(counselor, (0.6, 0.5), (0.8, 0.5))
        await user.write("잠깐 끊겼어요")
        await counselor.write("들리세요?")
        await expect(user.get("notice")).to_be_visible()
        await user.page.evaluate(media.EAR, COUNSELOR.hz)
        await counselor.page.evaluate(media.EAR, USER.hz)
        await asyncio.sleep(gone_at + AWAY_S - time.time())
        tunnel.restore()
        office.restore()
        returned = time.time()
        away = returned - gone_at  # the networks were gone for longer than AWAY_S if the steps above took longer
        gaps = await asyncio.gather(hears_again(user, returned), hears_again(counselor, returned))
        print(f"\nnetworks gone for {away:.1f} s: the user hears after {gaps[0]:.2f} s, the counselor after {gaps[1]:.2f} s")
        assert max(gaps) < TCP_LATE_S, f"the media do not wait for the WebSocket, {away:.1f} s after the networks failed"

        await user.reads("들리세요?")
        await counselor.reads("잠깐 끊겼어요")
        await shows_the_same(user, counselor)
        await expect(user.get("notice")).to_have_count(0)
        await user.hears(COUNSELOR.hz)
        await counselor.hears(USER.hz)


@asynccontextmanager
async def frozen(person: Person) -> AsyncIterator[None]:
    """Stop the processes of all this person's pages, as a phone does when it is locked. The browser keeps the WebSockets open."""
    found = await (await person.browser.new_browser_cdp_session()).send("SystemInfo.getProcessInfo")
    pages = [process["id"] for process in found["processInfo"] if process["type"] == "renderer"]
    try:
        for each in pages:
            os.kill(each, signal.SIGSTOP)
        yield
    finally:
        for each in pages:
            os.kill(each, signal.SIGCONT)


async def test_call_in_a_frozen_tab_is_told_and_goes_on(cast: Cast) -> None:
    counselor, user = await cast.counselor(), await cast.user()
    await user.call()
    await user.enter()
    await counselor.accept()
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    async with frozen(user):
        await expect(counselor.get("participants")).to_contain_text("들리지 않아요")
        await counselor.hears()
    await expect(user.page.locator(".toast").last).to_contain_text("그동안 아무도 내 말을 듣지 못했어요")
    await counselor.hears(USER.hz)
    await user.hears(COUNSELOR.hz)
    await expect(counselor.get("participants")).not_to_contain_text("들리지 않아요")
    await expect(user.get("who-hears")).to_contain_text("Jimin")
