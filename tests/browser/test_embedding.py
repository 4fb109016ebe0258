"""Every snippet of docs/embedding.md opens the panel. The widget's events tell the page about the conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.browser.embedded import embedding_server
from tests.browser.people import Cast, User, eventually
from tests.browser.service import sangdam

FROM_CORNER = "[innerWidth - 60, innerHeight - 40]"
LAUNCHER_SHOWS = f"() => document.elementFromPoint(...{FROM_CORNER})?.id === 'sangdam-widget'"


async def opened(user: User, address: str) -> None:
    user.shop = await user.context.new_page()
    await user.shop.goto(address)


async def follows_a_conversation(cast: Cast, user: User, origin: str) -> None:
    """Talk by text on the React page.

    On that page, the page's own button replaces the launcher and counts the unread chat lines.
    """
    counselor = await cast.counselor()
    await opened(user, f"{origin}/react")
    page = user.shop
    button = page.get_by_role("button")

    async def told(*events: Any) -> None:
        await eventually(lambda: page.evaluate("told"), [list(event) for event in events], f"the page should be told {events}")

    await told(("ready", 0))
    assert not await page.evaluate(LAUNCHER_SHOWS), "the page has a button of its own"
    await button.click()
    panel = await user.find_panel()
    await panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    so_far = [("ready", 0), ("opened", 0), ("started", 0), ("accepted", 0)]
    await told(*so_far)
    await expect(panel.get_by_test_id("panel-talk")).to_be_visible()

    await page.evaluate("widget.close()")
    await counselor.write("도착했어요")
    await expect(button).to_have_text("Ask a counselor (1)")
    await button.click()
    await expect(button).to_have_text("Ask a counselor")
    so_far += [("closed", 0), ("unread", 1), ("opened", 0), ("unread", 0)]
    await panel.get_by_test_id("panel-end").click()
    await panel.get_by_test_id("panel-end-yes").click()
    await told(*so_far, ("ended", 0))


async def test_every_snippet_opens_the_panel_and_tells_the_page(cast: Cast, tmp_path: Path) -> None:
    service = cast.service
    async with embedding_server(tmp_path, service.url) as origin:
        await sangdam(service, "site", "add", "demo-shop", "--update", "--origin", service.shop, "--origin", origin)
        user = await cast.user()
        for name in ("plain", "vue", "wordpress", "shopify"):
            await opened(user, f"{origin}/{name}")
            if name == "vue":
                await user.shop.get_by_role("button").click()
            else:
                await user.shop.wait_for_function(LAUNCHER_SHOWS)
                await user.shop.mouse.click(*await user.shop.evaluate(FROM_CORNER))
            panel = await user.find_panel()
            await expect(panel.get_by_test_id("panel-text")).to_be_visible()
            if name == "plain":
                await user.shop.wait_for_function("window.Sangdam.on")
            if name == "shopify":
                await expect(panel.get_by_test_id("panel-shared")).to_contain_text('Field "M5" camera')
        await follows_a_conversation(cast, user, origin)
