"""The widget on hostile pages: the launcher is visible, a text session works, and the counselor sees which pages were visited."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Error, expect

from tests.browser.conftest import Casting
from tests.browser.people import Staff, User, eventually
from tests.browser.service import Backstage, Service, sangdam
from tests.browser.unkind_pages import PAGES, Unkind, unkind_server

ON_TOP = "([x, y]) => document.elementFromPoint(x, y)?.id"
LATER = "ms => { const now = Date.now.bind(Date); Date.now = () => now() + ms; }"
KEEPS = "title => sessionStorage.sangdamVisit.includes(title)"
FROM_CORNER = (60, 40)  # distance in px from the right and the bottom edge to a point on the launcher


async def allow(service: Service, origin: str) -> None:
    await sangdam(service, "site", "add", "demo-shop", "--update", "--origin", service.shop, "--origin", origin)


@dataclass
class Stage:
    """A service, the origin of the pages, and an available counselor."""

    service: Service
    origin: str
    counselor: Staff


class Stages:
    """Gives the same `Stage` (service and counselor) to several tests, one after the other.

    After a failed test, the next test gets a new stage, because a session can still be open on the old stage.
    """

    def __init__(self, backstage: Backstage, casting: Casting, stack: AsyncExitStack) -> None:
        self.backstage, self.casting, self.stack = backstage, casting, stack
        self.idle: Stage | None = None

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Stage]:
        stage, self.idle = self.idle or await self.build(), None
        yield stage
        self.idle = stage

    async def build(self) -> Stage:
        service = await self.backstage.enter()
        self.stack.callback(self.backstage.leave, service)
        origin = await self.stack.enter_async_context(unkind_server(service.url))
        await allow(service, origin)
        cast = await self.stack.enter_async_context(self.casting(service))
        return Stage(service, origin, await cast.counselor())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stages(backstage: Backstage, casting: Casting) -> AsyncIterator[Stages]:
    async with AsyncExitStack() as stack:
        yield Stages(backstage, casting, stack)


async def press_launcher(user: User) -> None:
    """Press the launcher with the pointer, as a visitor does. Fail if anything covers the launcher."""
    width, height = await user.shop.evaluate("[innerWidth, innerHeight]")
    point = (width - FROM_CORNER[0], height - FROM_CORNER[1])
    await eventually(lambda: user.shop.evaluate(ON_TOP, point), "sangdam-widget", "the launcher shows")
    await user.shop.mouse.click(*point)


async def go_on(user: User, page: Unkind, number: int) -> None:
    await user.shop.locator("#on").click()
    await expect(user.shop).to_have_title(f"{page.name} {number}")
    await eventually(lambda: user.shop.evaluate(KEEPS, f"{page.name} {number}"), True, "the widget has seen the page")


async def shows_session(user: User) -> bool:
    """Return whether the panel shows the counselor.

    Return False while a page replaces its document, because the panel's frame is then removed.
    """
    panel = await user.find_panel()
    try:
        return await panel.get_by_test_id("panel-people").filter(has_text="Jimin").is_visible()
    except Error:
        if panel.is_detached():
            return False
        raise


async def talk(user: User, counselor: Staff, text: str) -> None:
    """Check that the panel shows the session, and that the counselor reads a chat line written in the panel."""
    await eventually(lambda: shows_session(user), True, "the panel shows the session")
    box = user.panel.get_by_test_id("chat-input")
    await box.click()
    await box.press_sequentially(text)
    await box.press("Enter")
    await counselor.reads(text)


# Does to a page what a browser does when it restores the page from the back/forward cache. The page was frozen while the visitor
# went to other pages in the same tab. The test tool cannot restore a page from that cache. So this script sends the page the
# event that the browser would send.
GONE_ON = """([live, ...steps]) => {
  sessionStorage.sangdamVisit = [live, ...steps].join("\\n");
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
}"""
STEPS = "() => sessionStorage.sangdamVisit.split('\\n').map((step) => step.split('\\t').at(-1))"


async def test_page_restored_from_cache_shows_missed_lines(stages: Stages, casting: Casting) -> None:
    page = next(page for page in PAGES if page.name == "csp")
    async with stages.lent() as stage, casting(stage.service) as cast:
        user = await cast.user()
        user.shop = await user.context.new_page()
        await user.shop.goto(f"{stage.origin}/{page.name}/1")
        await user.shop.locator("#sangdam-widget").wait_for(state="attached")
        newer = f"page\t{stage.origin}/{page.name}/2\t1790000000000\t7\t{page.name} 2"
        await user.shop.evaluate(GONE_ON, ["open", newer])
        assert await user.shop.evaluate("document.querySelector('#sangdam-widget').className") == "open"
        await user.find_panel()
        assert (await user.shop.evaluate(STEPS))[1:] == [f"{page.name} 1", f"{page.name} 2"]


async def finish(user: User, counselor: Staff) -> None:
    """End the session, so that the counselor is available to the next visitor."""
    await user.panel.get_by_test_id("panel-end").click()
    await user.panel.get_by_test_id("panel-end-yes").click()
    await counselor.get("wrapup-save").click()
    await expect(counselor.get("wrapup-save")).to_be_hidden()


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
async def test_text_session_starts_survives_and_has_its_trail(stages: Stages, casting: Casting, page: Unkind) -> None:
    async with stages.lent() as stage, casting(stage.service) as cast:
        counselor, user = stage.counselor, await cast.user()
        user.shop = await user.context.new_page()
        await user.shop.goto(f"{stage.origin}/{page.name}/1")
        await user.shop.locator("#sangdam-widget").wait_for(state="attached")
        await user.shop.evaluate(LATER, 12_000)
        await go_on(user, page, 2)
        await user.shop.locator("#sangdam-widget").wait_for(state="attached")
        await user.shop.evaluate(LATER, 34_000)
        await press_launcher(user)
        panel = await user.find_panel()
        await panel.get_by_test_id("panel-text").click()
        await counselor.accept()

        steps = counselor.get("brief").locator(".trail > li")
        await expect(steps).to_have_count(2)
        await expect(steps.nth(0)).to_contain_text(f"{page.name} 1")
        await expect(steps.nth(0)).to_contain_text(re.compile("0:1[2-9] 머무름"))
        await expect(steps.nth(1)).to_contain_text(f"{page.name} 2")
        await expect(steps.nth(1)).to_contain_text(re.compile("0:(3[4-9]|4[0-6]) 머무름"))

        await talk(user, counselor, "둘째 쪽에서")
        await go_on(user, page, 3)
        await talk(user, counselor, "셋째 쪽에서")
        await finish(user, counselor)
