"""A user calls by a link on a page of the shop, and meets the counselor in a room."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import media
from tests.browser.people import DOWNLOADS, BrowserName, Cast, eventually

# True when the server has all of the counselor's notes: sessionStorage keeps only those that the server does not have yet.
NOTES_SENT = "sessionStorage.getItem('sangdam.notes') === '{}'"


async def test_call_from_a_shop_page_to_rating_and_wrap_up(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user()
    loaded: list[str] = []
    connected: set[Page] = set()
    for context in (user.context, counselor.context):
        context.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    user.context.on("page", lambda page: page.on("websocket", lambda _: connected.add(page)))
    await user.call("video", "/")
    await user.enter()
    await expect(counselor.get("ring")).to_be_visible()
    await counselor.accept()
    await user.hears(media.COUNSELOR.hz)
    await counselor.hears(media.USER.hz)
    await expect(counselor.get("brief")).to_be_visible()

    await counselor.sees(media.USER)
    await counselor.get("call-camera").click()
    await user.sees(media.COUNSELOR)
    await user.get("call-camera").click()
    await counselor.sees()

    await user.get("call-mic").click()
    await counselor.hears()
    await user.get("call-mic").click()
    await counselor.hears(media.USER.hz)

    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    await user.get("rate-5").click()
    await expect(user.get("rated")).to_be_visible()
    await counselor.get("wrapup-notes").press_sequentially("배터리 교체 안내")
    await counselor.get("wrapup-save").click()
    await expect(counselor.get("wrapup-save")).to_be_hidden()
    unused = [name for name in loaded if re.match(r"(cobrowse|asked|shown-page|page-view|page-button|captions)\b", name)]
    assert unused == [], "code of what this call does not use"
    assert connected == {user.page}, "the site's page has no connection, because the site has no co-browsing"


async def test_written_korean_and_notes_are_kept_and_arrive(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user()
    await user.call()
    await user.enter()
    await user.get("chat-input").press_sequentially("안녕하세요, ")
    await counselor.accept()
    await expect(user.get("call-board")).to_be_visible()
    # the text typed while waiting is still in the input field, and the field has the focus
    await user.page.keyboard.type("카메라가 켜지지 않아요.\n")
    await counselor.reads("안녕하세요, 카메라가 켜지지 않아요.")
    await counselor.write("배터리를 먼저 확인해 볼게요.")
    await user.reads("배터리를 먼저 확인해 볼게요.")
    # each text runs in the direction of its first letter, while it is typed and in the chat on both pages
    shalom, marhaba = "שלום, iPhone 15?", "مرحبا iPhone"
    await user.get("chat-input").press_sequentially(shalom)
    assert await direction(user.get("chat-input")) == "rtl"
    await user.page.keyboard.press("Enter")
    await counselor.write(f"1. {marhaba}")
    directions = ((shalom, ".chat-text", "rtl"), (marhaba, ".line-list", "rtl"), ("배터리를", ".chat-text", "ltr"))
    for person in (user, counselor):
        for text, box, wanted in directions:
            await person.reads(text)
            assert await direction(person.page.locator(box, has_text=text).first) == wanted, text

    await counselor.get("notes").press_sequentially("배터리를 물어봄")
    await eventually(lambda: counselor.page.evaluate(NOTES_SENT), True, "the server has the notes before the page closes")
    await counselor.page.close()
    counselor.page = await counselor.context.new_page()
    await counselor.page.goto(cast.service.host("counselor") + "/console")
    await expect(counselor.get("notes")).to_have_value("배터리를 물어봄")
    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    await expect(counselor.get("wrapup-notes")).to_have_value("배터리를 물어봄")


async def direction(element: Locator) -> str:
    return str(await element.evaluate("element => getComputedStyle(element).direction"))


@pytest.mark.parametrize(("user_browser", "counselor_browser"), [("chromium", "firefox"), ("firefox", "chromium")])
async def test_chromium_and_firefox_hear_each_other(
    cast: Cast, user_browser: BrowserName, counselor_browser: BrowserName
) -> None:
    """The tones of the two browsers differ: Chromium plays the person's tone, and Firefox plays that of its fake microphone."""
    counselor = await cast.counselor(browser=counselor_browser)
    user = await cast.user(browser=user_browser)
    await user.call("video")
    await user.enter()
    await counselor.accept()
    chromium, firefox = (user, counselor) if user_browser == "chromium" else (counselor, user)

    async def firefox_is_heard() -> bool:
        return (await media.levels(chromium.page, media.FIREFOX_HZ))[media.FIREFOX_HZ] > media.AUDIBLE_DB

    await eventually(firefox_is_heard, True, "Chromium should hear Firefox's fake tone")
    await firefox.hears(chromium.voice.hz)
    if chromium is user:
        await firefox.sees(media.USER)
    await firefox.write("들리세요?")
    await chromium.reads("들리세요?")
    if firefox is user:
        await user.get("call-leave").click()
        await user.get("leave-confirm").click()
        await user.get("transcript").click()

        async def saved() -> bool:
            return any("들리세요?" in file.read_text() for file in (cast.folder / DOWNLOADS).rglob("conversation*.html"))

        await eventually(saved, True, "Firefox saves the copy of the conversation")


async def test_declined_call_goes_to_the_next_counselor(cast: Cast) -> None:
    first = await cast.counselor("jimin")
    second = await cast.counselor("suho")
    user = await cast.user()
    await user.call()
    await user.enter()

    async def somebody_rings() -> bool:
        return await first.get("ring").is_visible() or await second.get("ring").is_visible()

    await eventually(somebody_rings, True, "one of the two should ring")
    asked, other = (first, second) if await first.get("ring").is_visible() else (second, first)
    await asked.get("ring-decline").click()
    await asked.page.locator("[data-testid^=decline-]").first.click()
    await other.accept()
    await other.hears(media.USER.hz)
    await expect(asked.get("ring")).to_be_hidden()


async def test_panel_text_session_survives_navigation_and_becomes_a_call(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user()
    await user.visit_shop("/")
    panel = await user.open_panel()
    await panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    box = panel.get_by_test_id("chat-input")
    await box.press_sequentially("재고가 있나요?")
    await box.press("Enter")
    await counselor.reads("재고가 있나요?")

    await user.shop.reload()
    panel = await user.find_panel()
    await expect(panel.get_by_test_id("chat-line").filter(has_text="재고가 있나요?")).to_be_visible()
    await counselor.write("네, 두 개 남았습니다.")
    await expect(panel.get_by_test_id("chat-line").filter(has_text="네, 두 개 남았습니다.")).to_be_visible()

    async with user.context.expect_page() as window:
        await panel.get_by_test_id("panel-add-voice").click()
    user.page = await window.value
    await user.enter()
    await counselor.accept()
    await user.hears(media.COUNSELOR.hz)
    await counselor.hears(media.USER.hz)
    await user.reads("네, 두 개 남았습니다.")
