"""The widget on a partner's page.

The tests check what a visitor shares and when, how the panel opens, and how it finds a live session again.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiohttp import web
from playwright.async_api import Frame, Locator, Request, expect

from tests.browser.media import COUNSELOR, USER
from tests.browser.people import Cast, Staff, User, eventually
from tests.web_server import serving

CAMERA = "하늘 M5 미러리스 카메라"
LENS = "하늘 35mm F1.8 렌즈"
LISTEN_TO_THE_PANEL = "window.__said = []; addEventListener('message', ({ data }) => window.__said.push(data))"
HAS_FOCUS = "() => document.activeElement?.id === 'sangdam-widget'"
IS_OPEN = "() => document.querySelector('#sangdam-widget').className === 'open'"


async def look_around(user: User, seconds: int = 12) -> Frame:
    """View the list of cameras for `seconds`, put a camera into the cart, and open the panel on the page of a lens."""
    await user.visit_shop("/cameras.html")
    await user.shop.locator("#sangdam-widget").wait_for(state="attached")
    await user.shop.evaluate("ms => { const now = Date.now.bind(Date); Date.now = () => now() + ms; }", seconds * 1000)
    await user.shop.goto(f"{user.service.shop}/m5.html")
    await user.shop.get_by_test_id("shop-add").click()
    await user.shop.goto(f"{user.service.shop}/lens35.html")
    return await user.open_panel()


async def unfold(panel: Frame) -> None:
    """In the panel, open the list that shows which facts about the visitor the counselor gets."""
    await panel.get_by_test_id("panel-shared").locator("summary").first.click()


def shared(panel: Frame, what: str) -> Locator:
    return panel.get_by_test_id("panel-shared-item").filter(has_text=what)


def fact(counselor: Staff, name: str) -> Locator:
    """Return the element of the counselor's console that shows this fact about the visitor."""
    return counselor.get("brief").locator(".facts > div").filter(has=counselor.page.locator("dt", has_text=name))


async def sends_only_site_category_and_language(requests: list[Request]) -> None:
    for request in requests:
        address = urlsplit(request.url)
        assert request.method == "GET", request.url
        if address.path in ("/panel", "/api/panel"):
            assert dict(parse_qsl(address.query)) == {"site": "demo-shop", "category": "cameras", "lang": "ko"}
        else:
            assert address.path == "/widget.js" or address.path.startswith("/assets/"), request.url
        referer = urlsplit((await request.all_headers()).get("referer", ""))
        assert referer.path in ("", "/", "/panel") or referer.path.startswith("/assets/"), referer


async def test_nothing_private_is_sent_before_a_button_is_pressed(cast: Cast) -> None:
    user = await cast.user()
    await user.context.add_init_script(LISTEN_TO_THE_PANEL)
    requests: list[Request] = []
    sockets: list[str] = []
    user.context.on("request", lambda request: requests.append(request) if request.url.startswith(user.service.url) else None)
    user.context.on("page", lambda page: page.on("websocket", lambda socket: sockets.append(socket.url)))

    panel = await look_around(user)
    await expect(panel.get_by_test_id("panel-shared-item")).to_have_count(4)
    await unfold(panel)
    await panel.get_by_test_id("panel-note").press_sequentially("손떨림이 걱정돼요")
    await panel.get_by_test_id("panel-name").press_sequentially("민지")

    assert len(requests) > 3
    await sends_only_site_category_and_language(requests)
    assert not sockets
    own_picture = re.compile(rf"{re.escape(user.service.shop)}/pictures/[\w-]+\.webp")
    for said in await user.shop.evaluate("window.__said"):
        assert set(said) == {"ask", "url"}, "the panel may only ask the page for its own picture"
        assert own_picture.fullmatch(said["url"])

    before = len(requests)
    await panel.get_by_test_id("panel-text").click()
    await expect(panel.get_by_test_id("panel-talk")).to_be_visible()
    code = next(request for request in requests[before:] if request.url.endswith("/api/codes"))
    assert code.post_data_json == {"site": "demo-shop", "category": "cameras", "language": "ko"}


async def test_shared_facts_are_listed_and_removed_ones_not_sent(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user()
    panel = await look_around(user)
    await unfold(panel)
    await expect(shared(panel, "보고 있는 페이지")).to_contain_text("/lens35.html")
    await expect(shared(panel, LENS).filter(has_text="590,000")).to_be_visible()
    await expect(shared(panel, "상품 사진").locator("img")).to_be_visible()
    trail = shared(panel, "둘러본 기록")
    await trail.locator("summary").click()
    await expect(trail.locator("li").filter(has_text="카메라").filter(has_text=re.compile("1[2-9]초"))).to_be_visible()
    await expect(trail.locator("li").filter(has_text=f"장바구니에 담기: {CAMERA}")).to_be_visible()
    await expect(panel.get_by_test_id("panel-privacy")).to_have_attribute("href", f"{user.service.shop}/privacy.html")

    await shared(panel, "보고 있는 페이지").get_by_test_id("panel-remove-item").click()
    await expect(panel.get_by_test_id("panel-shared-item")).to_have_count(3)
    await panel.get_by_test_id("panel-note").press_sequentially("손떨림이 걱정돼요")
    await panel.get_by_test_id("panel-name").press_sequentially("민지")
    await panel.get_by_test_id("panel-text").click()

    await counselor.accept()
    brief = counselor.get("brief")
    product = brief.locator(".product").filter(has_text=LENS)
    await expect(product.locator(".prov-claimed")).to_be_visible()
    await expect(product.locator("img")).to_be_visible()
    await expect(fact(counselor, "이름").filter(has_text="민지").locator(".prov-typed")).to_be_visible()
    await expect(fact(counselor, "문의").filter(has_text="손떨림이 걱정돼요").locator(".prov-typed")).to_be_visible()
    await expect(brief.locator("h3 .prov-claimed")).to_be_visible()
    await expect(brief.locator(".trail-page").filter(has_text=re.compile("0:1[2-9] 머무름"))).to_be_visible()
    await expect(brief.locator(".trail-mark").filter(has_text=f"담기: {CAMERA}")).to_be_visible()
    await expect(fact(counselor, "페이지")).to_have_count(0)
    assert not counselor.traffic.contains('"page_title"')
    await expect(brief.locator(".trail-page").filter(has_text=LENS)).to_have_count(0)


async def test_shop_signs_for_a_signed_in_visitor(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user()
    await user.visit_shop("/m5.html")
    await user.shop.get_by_test_id("shop-account").click()
    await user.shop.locator("input[name=name]").press_sequentially("김민지")
    await user.shop.get_by_test_id("shop-sign-in").click()
    await expect(user.shop.get_by_test_id("shop-name")).to_contain_text("김민지")
    panel = await user.open_panel()
    await expect(panel.get_by_test_id("panel-helpers")).to_contain_text("Jimin")
    await unfold(panel)
    await expect(shared(panel, "빛과소리 확인")).to_be_visible()
    await panel.get_by_test_id("panel-text").click()

    await expect(counselor.get("ring")).to_contain_text("김민지")
    await counselor.accept()
    await expect(fact(counselor, "이름").filter(has_text="김민지").locator(".prov-signed")).to_be_visible()
    product = counselor.get("brief").locator(".product").filter(has_text=CAMERA)
    await expect(product.locator(".prov-signed")).to_be_visible()
    await expect(fact(counselor, "페이지").locator(".prov-claimed")).to_be_visible()


async def tab_to(user: User, reached: str, where: Frame | None = None) -> None:
    for _ in range(40):
        await user.shop.keyboard.press("Tab")
        if await (where or user.shop).evaluate(reached):
            return
    raise AssertionError(f"40 times Tab do not lead to {reached}")


async def test_keyboard_alone_opens_closes_and_starts_a_session(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user()
    await user.visit_shop("/")
    await user.shop.locator("#sangdam-widget").wait_for(state="attached")
    await tab_to(user, HAS_FOCUS)
    await user.shop.keyboard.press("Enter")
    panel = await user.find_panel()
    await expect(panel.get_by_test_id("panel-text")).to_be_visible()
    await eventually(lambda: panel.evaluate("() => document.hasFocus()"), True, "the panel takes the focus when it has loaded")
    await user.shop.keyboard.press("Escape")
    await eventually(lambda: user.shop.evaluate(IS_OPEN), False, "Escape closes the panel")
    await eventually(lambda: user.shop.evaluate(HAS_FOCUS), True, "the focus is back on the launcher")

    await user.shop.keyboard.press("Enter")
    await eventually(lambda: user.shop.evaluate(IS_OPEN), True, "Enter opens it again")
    await tab_to(user, "() => document.activeElement?.dataset.testid === 'panel-text'", panel)
    await user.shop.keyboard.press("Enter")
    await expect(counselor.get("ring")).to_be_visible()
    await counselor.page.keyboard.press("Enter")
    await expect(panel.get_by_test_id("panel-people")).to_contain_text("Jimin")


async def call_after_a_blocked_window(cast: Cast) -> tuple[User, Staff]:
    """Make a call although the browser blocks the window that the panel opens. The panel then shows a link to the call."""
    counselor = await cast.counselor()
    user = await cast.user()
    await user.visit_shop("/")
    panel = await user.open_panel()
    await expect(panel.get_by_test_id("panel-voice")).to_be_visible()
    await panel.evaluate("() => { const open = window.open; window.open = () => { window.open = open; return null; }; }")
    await panel.get_by_test_id("panel-voice").click()
    await expect(panel.get_by_test_id("panel-elsewhere")).to_contain_text("브라우저가 상담 창을 막았어요")
    async with user.context.expect_page() as window:
        await panel.get_by_test_id("panel-continue").click()
    user.page = await window.value
    await user.enter()
    await counselor.accept()
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    return user, counselor


async def test_blocked_window_opens_by_a_link_and_is_found_again(cast: Cast) -> None:
    user, counselor = await call_after_a_blocked_window(cast)
    await user.shop.bring_to_front()
    await user.shop.goto(f"{user.service.shop}/m5.html")
    panel = await user.open_panel()
    await panel.get_by_test_id("panel-continue").click()
    await eventually(lambda: calls(user), 1, "there is one call window, the one from before")
    await user.hears(COUNSELOR.hz)
    await expect(counselor.get("session-row")).to_have_count(1)

    await user.page.close()
    await expect(panel.get_by_test_id("panel-talk-here")).to_be_visible()
    async with user.context.expect_page() as window:
        await panel.get_by_test_id("panel-continue").click()
    user.page = await window.value
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await expect(counselor.get("session-row")).to_have_count(1)


async def calls(user: User) -> int:
    return sum("/call" in page.url for page in user.context.pages)


@asynccontextmanager
async def shop_on_a_foreign_port(shop: str) -> AsyncIterator[str]:
    """Serve the shop's own pages under an origin that the site's settings do not allow."""

    async def copied(request: web.Request) -> web.Response:
        async with aiohttp.ClientSession() as http, http.get(shop + request.path) as page:
            return web.Response(body=await page.read(), content_type=page.content_type)

    app = web.Application()
    app.router.add_get("/{path:.*}", copied)
    async with serving(app) as origin:
        yield origin


async def test_page_of_another_origin_is_refused_with_a_reason(cast: Cast) -> None:
    user = await cast.user()
    words = {"ko": "이 페이지에서는 상담을 시작할 수 없어요", "en": "Counselling cannot start from this page"}
    async with shop_on_a_foreign_port(user.service.shop) as foreign:
        for language, sentence in words.items():
            user.shop = await user.context.new_page()
            told: list[str] = []
            user.shop.on("console", lambda line, told=told: told.append(line.text))
            await user.shop.goto(f"{foreign}/m5.html?lang={language}")
            panel = await user.open_panel()
            await expect(panel.get_by_text(sentence)).to_be_visible()
            [hint] = [line for line in told if line.startswith("Sangdam:")]
            assert foreign in hint
            assert '"demo-shop"' in hint
            assert "sangdam site add" in hint
            await expect(panel.get_by_test_id("panel-text")).to_have_count(0)
            await panel.get_by_role("button").click()
            await eventually(lambda: user.shop.evaluate(IS_OPEN), False, "the page is usable again")


LANGUAGES = {
    "ko": ("카메라 상담", "지금은 자리에 있는 상담사가 없어요", "음성", "상담을 시작할까요?"),
    "en": ("Cameras advice", "No one is available right now", "Voice", "Ready to talk?"),
}


async def test_partners_own_link_leads_to_a_call_in_both_languages(cast: Cast) -> None:
    for language, (who, wait, voice, title) in LANGUAGES.items():
        user = await cast.user()
        await user.visit_shop(f"/m5.html?lang={language}")
        await user.shop.locator("#sangdam-widget").wait_for(state="attached")
        await user.shop.get_by_test_id("shop-ask").click()
        panel = await user.find_panel()
        await expect(panel.locator("h1")).to_have_text(who)
        await expect(panel.get_by_test_id("panel-wait")).to_contain_text(wait)
        await expect(panel.get_by_test_id("panel-voice")).to_contain_text(voice)
        async with user.context.expect_page() as window:
            await panel.get_by_test_id("panel-voice").click()
        user.page = await window.value
        await expect(user.page.locator("h1")).to_have_text(title)
        await expect(user.page.locator("html")).to_have_attribute("lang", language)


async def test_question_becomes_a_message_when_nobody_is_there(cast: Cast) -> None:
    user = await cast.user()
    await user.visit_shop("/m5.html")
    panel = await user.open_panel()
    await panel.get_by_test_id("panel-note").fill("배터리가 부풀었어요")
    await panel.get_by_test_id("panel-offer-message").click()
    await expect(panel.get_by_test_id("panel-message")).to_have_value("배터리가 부풀었어요")
    counselor = await cast.counselor()
    await expect(counselor.get("ring")).to_have_count(0)  # a visitor who leaves a message does not enter the queue
    await panel.get_by_test_id("panel-contact").fill("010-1234-5678")
    await panel.get_by_test_id("panel-leave-message").click()
    await expect(panel.get_by_test_id("panel-after")).to_contain_text("문의를 잘 받았어요")
    await expect(counselor.get("message")).to_contain_text("배터리가 부풀었어요")
