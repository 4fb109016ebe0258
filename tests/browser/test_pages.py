"""Check every page in every state, in each language, on desktop and phone.

The test fails if anything is cut off, untranslated or unreachable.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser import media
from tests.browser.looking import EVERY_SIZE, LANGUAGES, Eyes, Language
from tests.browser.people import Cast, Person, Staff, User, launch
from tests.browser.service import sangdam
from tests.browser.test_board import draw

P = TypeVar("P", bound=Person)

SAID: dict[Language, dict[str, str]] = {
    "ko": {
        "hello": "안녕하세요, 배터리가 하루를 못 가요.",
        "answer": "불편하셨겠어요. 어떤 상황에서 가장 빨리 닳나요?",
        "note": "렌즈 마운트가 맞는지 모르겠어요",
        "staff": "M 마운트 어댑터가 있으면 될까요?",
        "contact": "010-1234-5678",
        "message": "다시 전화해 주세요.",
    },
    "en": {
        "hello": "Hello, the battery does not last a day.",
        "answer": "I am sorry to hear that. When does it drain fastest?",
        "note": "I am not sure that the lens mount fits",
        "staff": "Would an M mount adapter do?",
        "contact": "me@example.com",
        "message": "Please call me back.",
    },
    "ja": {
        "hello": "こんにちは。電池が一日もちません。",
        "answer": "ご不便をおかけしています。どんなときに一番減りますか。",
        "note": "レンズマウントが合うか分かりません",
        "staff": "Mマウントアダプターがあれば大丈夫でしょうか。",
        "contact": "090-1234-5678",
        "message": "折り返しお電話をお願いします。",
    },
    "zh-Hans": {
        "hello": "您好，电池用不了一天。",
        "answer": "给您添麻烦了。什么情况下耗电最快？",
        "note": "不确定镜头卡口是否合适",
        "staff": "用 M 卡口转接环可以吗？",
        "contact": "138-0000-0000",
        "message": "请给我回电话。",
    },
    "es": {
        "hello": "Hola, la batería no dura ni un día.",
        "answer": "Lo siento mucho. ¿Cuándo se gasta más rápido?",
        "note": "No sé si la montura del objetivo es compatible",
        "staff": "¿Serviría un adaptador de montura M?",
        "contact": "yo@example.com",
        "message": "Llámenme, por favor.",
    },
}


@dataclass
class House:
    """All people of one run of the test, in one language. They share one browser, each in a context of their own."""

    cast: Cast
    browser: Browser
    eyes: Eyes

    @property
    def said(self) -> dict[str, str]:
        return SAID[self.eyes.language]

    async def person(self, kind: type[P], voice: media.Voice) -> P:
        locale = {"ko": "ko-KR", "en": "en-GB", "ja": "ja-JP", "zh-Hans": "zh-CN", "es": "es-ES"}[self.eyes.language]
        context = await self.browser.new_context(locale=locale, reduced_motion="reduce")
        person = kind(self.cast.service, self.browser, context, voice)
        self.cast.everyone.append(person)
        return person

    async def staff(self, login: str, host: str = "counselor") -> Staff:
        person = await self.person(Staff, media.COUNSELOR)
        await person.sign_in(login, host, available=host != "operator")
        return person


@pytest_asyncio.fixture(params=LANGUAGES, loop_scope="session")
async def house(request: pytest.FixtureRequest, cast: Cast, media_folder: Path) -> AsyncIterator[House]:
    """Report all faults of the pages at the end, even if the test failed before."""
    browser = await launch(cast.playwright, "full chromium", media.USER, media_folder)
    cast.stack.push_async_callback(browser.close)
    house = House(cast, browser, Eyes(request.param))
    yield house
    assert not house.eyes.faults, "\n".join(["", *house.eyes.faults])


@pytest.mark.timeout(600 if EVERY_SIZE else 240)
async def test_every_page_is_sound_in_every_state(house: House) -> None:
    """The test is one long sequence, so that it reaches the many states with few calls."""
    left = await the_user_whose_counselor_goes(house)
    counselor = await house.staff("jimin")
    await house.eyes.look(counselor.page, "console-idle")
    await a_text_session(house, counselor)
    await a_video_call(house, counselor)
    await the_users_choices(house, left)
    await a_transfer(house, counselor)
    await out_of_hours(house)


async def the_user_whose_counselor_goes(house: House) -> User:
    """Check shop, panel and waiting page while no counselor is there. Then let a counselor sign in, accept and disconnect."""
    eyes = house.eyes
    user = await house.person(User, media.USER)
    await user.visit_shop("/")
    await eyes.look(user.shop, "shop-list")
    await user.open_panel()
    await expect(user.panel.get_by_test_id("panel-wait")).to_be_visible()
    await eyes.look(user.shop, "panel-offer-nobody", user.panel)
    async with user.context.expect_page() as window:
        await user.panel.get_by_test_id("panel-voice").click()
    user.page = await window.value
    await expect(user.get("call-enter")).to_be_enabled()
    await expect(user.panel.get_by_test_id("panel-continue")).to_be_visible()
    await eyes.look(user.shop, "panel-in-window", user.panel)
    await eyes.look(user.page, "call-prepare-voice")
    await user.enter()
    await expect(user.get("choice-message")).to_be_visible()
    await eyes.look(user.page, "call-waiting-nobody")

    counselor = await house.person(Staff, media.COUNSELOR)
    counselor.page = await counselor.context.new_page()
    await counselor.page.goto(counselor.service.host("counselor") + "/console")
    await expect(counselor.get("signin-submit")).to_be_visible()
    await eyes.look(counselor.page, "console-sign-in")
    await counselor.page.close()
    await counselor.sign_in("suho", "counselor")
    await expect(counselor.get("ring")).to_be_visible()
    await eyes.look(counselor.page, "console-ring-voice")
    await counselor.accept()
    await expect(user.get("call-mic")).to_be_visible()
    await eyes.look(user.page, "call-room-voice")
    await counselor.context.close()
    return user


async def a_text_session(house: House, counselor: Staff) -> None:
    eyes, said = house.eyes, house.said
    user = await house.person(User, media.USER)
    await user.visit_shop("/maru.html")
    await user.open_panel()
    await expect(user.panel.get_by_test_id("panel-text")).to_be_enabled()
    await eyes.look(user.shop, "panel-offer", user.panel)
    await user.panel.get_by_test_id("panel-shared").locator("summary").first.click()
    await eyes.look(user.shop, "panel-shared", user.panel)
    await user.panel.get_by_test_id("panel-text").click()
    await expect(user.panel.get_by_test_id("panel-waiting")).to_be_visible()
    await eyes.look(user.shop, "panel-waiting", user.panel)
    await counselor.accept()
    box = user.panel.get_by_test_id("chat-input")
    await box.fill(said["hello"])
    await box.press("Enter")
    await counselor.reads(said["hello"])
    await counselor.write(said["answer"])
    await expect(user.panel.get_by_test_id("chat-line").filter(has_text=said["answer"])).to_be_visible()
    await eyes.look(user.shop, "panel-chat", user.panel)
    await eyes.look(counselor.page, "console-text")
    await user.panel.get_by_test_id("panel-end").click()
    await user.panel.get_by_test_id("panel-end-yes").click()
    await user.panel.get_by_test_id("panel-star-4").locator("..").click()
    await eyes.look(user.shop, "panel-after", user.panel)
    await expect(counselor.get("wrapup-notes")).to_be_visible()
    await eyes.look(counselor.page, "console-wrap-up")
    await counselor.get("wrapup-save").click()
    await expect(counselor.get("wrapup-save")).to_be_hidden()
    await user.context.close()


async def a_video_call(house: House, counselor: Staff) -> None:
    eyes, said = house.eyes, house.said
    await sangdam(house.cast.service, "site", "add", "demo-shop", "--update", "--listening", "on")
    user = await house.person(User, media.USER)
    await user.visit_shop("/cameras.html")
    await user.shop.goto(user.service.shop + "/m5.html")
    await eyes.look(user.shop, "shop-product")
    await user.call("video", "/m5.html")
    await eyes.look(user.page, "call-prepare-video")
    await user.enter()
    await counselor.accept()
    await expect(user.get("call-mic")).to_be_visible()
    await counselor.get("call-camera").click()
    await user.write(said["hello"])
    await counselor.reads(said["hello"])
    await counselor.write(said["answer"])
    await user.reads(said["answer"])
    await user.get("call-devices").click()
    await expect(user.get("blur")).to_be_visible()
    await eyes.look(user.page, "call-devices")
    await user.page.keyboard.press("Escape")
    await the_hold_and_the_listener(house, user, counselor)
    await the_board(house, user, counselor)
    professional = await the_help(house, user, counselor)
    await the_room_of_three(house, user, counselor, professional)
    await the_operator_live(house)
    await a_second_tab(house, user)
    await the_end(house, user, counselor)


async def the_hold_and_the_listener(house: House, user: User, counselor: Staff) -> None:
    eyes = house.eyes
    operator = await house.staff("ops", "operator")
    await operator.get("listen").click()
    await eyes.look(operator.page, "operator-listen-dialog")
    await operator.get("listen-confirm").click()
    await expect(operator.get("listening")).to_be_visible()
    await expect(user.get("notice").first).to_be_visible()
    await eyes.look(operator.page, "operator-listening")
    await eyes.look(user.page, "call-listened")
    await counselor.get("hold").click()
    await expect(user.get("notice").nth(1)).to_be_visible()
    await eyes.look(user.page, "call-on-hold")
    await eyes.look(counselor.page, "console-on-hold")
    await counselor.get("hold").click()
    await operator.get("listen-stop").click()
    await expect(operator.get("listening")).to_have_count(0)
    await operator.page.close()


async def the_board(house: House, user: User, counselor: Staff) -> None:
    eyes = house.eyes
    await eyes.look(user.page, "call-room", sizes=("desk",))
    await eyes.turn(user.page, "phone")
    await eyes.here(user.page, "call-chat-sheet", "phone")  # the chat was opened at desktop size, and stays open
    await user.get("call-chat").click()
    await eyes.here(user.page, "call-room", "phone")
    await user.get("call-board").click()
    await draw(user, (0.2, 0.2), (0.4, 0.6), (0.6, 0.3))
    await eyes.here(user.page, "call-board-sheet", "phone")
    await user.get("board-more").click()
    await expect(user.get("board-offer").first).to_be_visible()
    await eyes.here(user.page, "call-board-picture", "phone")
    await user.get("board-offer").first.click()
    await eyes.turn(user.page, "desk")
    await expect(user.get("board-background")).to_be_visible()
    await eyes.here(user.page, "call-board", "desk")
    await counselor.get("view-both").click()
    await expect(counselor.get("board-background")).to_be_visible()
    await draw(counselor, (0.62, 0.5), (0.72, 0.4), (0.8, 0.55), (0.7, 0.62), (0.62, 0.5))


async def the_help(house: House, user: User, counselor: Staff) -> Staff:
    eyes, said = house.eyes, house.said
    professional = await house.staff("drhan", "professional")
    await eyes.look(professional.page, "console-idle-professional")
    await counselor.get("help-button").click()
    await counselor.get("help-note").fill(said["note"])
    await eyes.look(counselor.page, "console-help-dialog")
    await counselor.get("help-send").click()
    await expect(professional.get("ring")).to_be_visible()
    await eyes.look(professional.page, "console-ring-help")
    await expect(counselor.get("help-status")).to_be_visible()
    await eyes.look(counselor.page, "console-hunt", sizes=("desk",))
    await professional.accept()
    await expect(professional.get("join")).to_be_visible()
    await expect(professional.get("replay-scrubber")).to_be_visible()
    await expect(professional.get("board-background")).to_be_visible()
    await eyes.turn(professional.page, "phone")
    await expect(professional.get("join")).to_be_visible()
    await eyes.look(professional.page, "console-catching-up")
    await professional.get("replay-scrubber").fill("2")
    await eyes.look(professional.page, "console-catching-up-earlier", sizes=("desk",))
    await expect(user.get("notice").first).to_be_visible()
    await eyes.look(user.page, "call-reading-along")
    return professional


async def the_room_of_three(house: House, user: User, counselor: Staff, professional: Staff) -> None:
    eyes, said = house.eyes, house.said
    await professional.get("join").click()
    await expect(counselor.get("mode-consultation")).to_be_visible()
    await professional.get("call-camera").click()
    await professional.write(said["staff"])
    await counselor.reads(said["staff"])
    await eyes.look(user.page, "call-consultation")
    await eyes.look(professional.page, "console-consultation-professional")
    await counselor.get("mode-whisper").click()
    await eyes.look(counselor.page, "console-whisper-planned")
    await counselor.get("mode-conference").click()
    await counselor.get("mode-apply").click()
    await expect(counselor.get("hand-over")).to_be_enabled()
    await user.sees(media.USER)  # all people share one browser, so every camera shows the same colour
    await eyes.look(user.page, "call-conference")
    await eyes.look(counselor.page, "console-conference")
    await counselor.get("view-chat").click()
    await eyes.look(counselor.page, "console-conference-chat", sizes=("desk",))
    await counselor.page.keyboard.press("Escape")
    await counselor.get("view-both").click()
    await counselor.page.locator(".topbar-tools button").first.click()
    await eyes.look(counselor.page, "console-keys", sizes=("desk",))
    await counselor.page.keyboard.press("Escape")
    await counselor.page.locator(".topbar-tools button").nth(1).click()
    await expect(counselor.get("settings")).to_be_visible()
    await eyes.look(counselor.page, "console-settings")
    await counselor.page.keyboard.press("Escape")


async def the_operator_live(house: House) -> None:
    operator = await house.staff("ops", "operator")
    await expect(operator.get("live-sessions")).to_be_visible()
    await house.eyes.look(operator.page, "operator-live")
    await operator.get("operator-watch").first.click()
    await expect(operator.get("quality-person").first).to_contain_text(" ms")
    await house.eyes.look(operator.page, "operator-connections")
    await operator.page.close()


async def a_second_tab(house: House, user: User) -> None:
    direct = await user.context.new_page()
    await direct.goto(user.service.url + "/call")
    await expect(direct.get_by_test_id("start-from-shop")).to_be_visible()
    await house.eyes.look(direct, "call-direct")
    await direct.close()
    first: Page = user.page
    second = await user.context.new_page()  # a new tab gets a copy of the sessionStorage, as when a browser duplicates a tab
    kept = await first.evaluate("({ ...sessionStorage })")
    await second.goto(user.service.url + "/call")
    await second.evaluate("(kept) => Object.assign(sessionStorage, kept)", kept)
    await second.reload()
    await expect(first.get_by_test_id("taken-over")).to_be_visible()
    await house.eyes.look(first, "call-taken-over")
    await first.get_by_test_id("use-here").click()
    await expect(second.get_by_test_id("taken-over")).to_be_visible()
    await second.close()


async def the_end(house: House, user: User, counselor: Staff) -> None:
    eyes = house.eyes
    await user.get("call-leave").click()
    await eyes.look(user.page, "call-leave-dialog", sizes=("phone",))
    await user.get("leave-confirm").click()
    await user.get("rate-5").click()
    await eyes.look(user.page, "call-after")
    await expect(user.panel.get_by_test_id("panel-window-ended")).to_be_visible()
    await eyes.look(user.shop, "panel-call-ended", user.panel)
    await counselor.get("wrapup-save").click()
    operator = await house.staff("ops", "operator")
    await operator.get("nav-past").click()
    await expect(operator.get("past-open").first).to_be_visible()
    await eyes.look(operator.page, "operator-past")
    await operator.get("past-open").first.click()
    await expect(operator.get("transcript-line").first).to_be_visible()
    await eyes.look(operator.page, "operator-session")
    await every_page_of_the_operator(house, operator)


async def every_page_of_the_operator(house: House, operator: Staff) -> None:
    """Check every page that the operator's navigation names. This includes pages that are added later."""
    for page in await operator.page.locator("[data-testid^=nav-]").all():
        name = (await page.get_attribute("data-testid") or "").removeprefix("nav-")
        await page.click()
        await expect(page).to_have_attribute("aria-pressed", "true")
        await expect(operator.page.locator(".skeleton")).to_have_count(0)
        await house.eyes.look(operator.page, f"operator-{name}")


async def the_users_choices(house: House, user: User) -> None:
    eyes, said = house.eyes, house.said
    await expect(user.get("choice-another")).to_be_visible(timeout=60_000)
    await eyes.look(user.page, "call-owner-lost")
    await user.get("choice-message").click()
    await user.get("message-contact").fill(said["contact"])
    await user.get("message-text").fill(said["message"])
    await eyes.look(user.page, "call-message")
    await user.get("message-send").click()
    await expect(user.get("message-left")).to_be_visible()
    await eyes.look(user.page, "call-message-left")


async def a_transfer(house: House, counselor: Staff) -> None:
    """Transfer a user to a colleague twice. The colleague declines the first transfer.

    A consultation precedes the second transfer.
    """
    eyes, said = house.eyes, house.said
    colleague = await house.staff("suho")
    user = await house.person(User, media.USER)
    await user.call("voice", "/m5.html")
    await user.enter()
    await counselor.accept()  # this counselor gets the ring, because the colleague has been idle for less time
    await counselor.get("transfer-button").click()
    await expect(counselor.get("transfer-now")).to_be_enabled()
    await counselor.get("transfer-note").fill(said["note"])
    await eyes.look(counselor.page, "console-transfer")
    await counselor.get("transfer-now").click()
    await expect(colleague.get("ring")).to_be_visible()
    await eyes.look(colleague.page, "console-ring-transfer")
    await eyes.look(counselor.page, "console-passing-on")
    await eyes.look(user.page, "call-passing-on")
    await colleague.get("ring-decline").click()
    await colleague.get("decline-topic").click()
    await expect(counselor.get("help-status").locator("button")).to_be_visible()
    await expect(counselor.get("help-button")).to_have_css("opacity", "1")  # the button has faded in again
    await eyes.look(counselor.page, "console-transfer-declined")
    await counselor.get("transfer-button").click()
    await expect(counselor.get("transfer-consult")).to_be_enabled()
    await counselor.get("transfer-consult").click()
    await colleague.accept()
    await colleague.get("join").click()
    await expect(counselor.get("hand-over")).to_be_enabled()
    await eyes.look(counselor.page, "console-transfer-consultation")
    await eyes.look(user.page, "call-asking-colleague")
    await counselor.get("hand-over").click()
    await counselor.get("hand-over-confirm").click()
    await expect(counselor.get("wrapup-notes")).to_be_visible()


async def out_of_hours(house: House) -> None:
    """Let the operator close the shop while one user prepares a call and another user waits in the queue."""
    eyes = house.eyes
    preparing, waiting = [await house.person(User, media.USER) for _ in range(2)]
    for user in (preparing, waiting):
        await user.call("voice", "/sori-one.html")
    await waiting.enter()
    operator = await house.staff("ops", "operator")
    await operator.get("nav-hours").click()
    await operator.get("hours-edit-audio").click()
    await operator.get("hours-which").select_option("own")
    await operator.get("hours-add-day").click()
    await operator.get("hours-holiday").fill(f"{datetime.now().astimezone():%Y-%m-%d}")
    await eyes.look(operator.page, "operator-hours-edit")
    await operator.get("hours-save").click()
    await expect(operator.get("hours-audio").locator(".pill-warn")).to_be_visible()
    await eyes.look(operator.page, "operator-hours")
    await expect(preparing.get("call-closed")).to_be_visible()
    await eyes.look(preparing.page, "call-closed")
    await eyes.look(waiting.page, "call-waiting-closed")
    late = await house.person(User, media.USER)
    await late.visit_shop("/sori-one.html")
    await late.open_panel()
    await expect(late.panel.get_by_test_id("panel-closed")).to_be_visible()
    await eyes.look(late.shop, "panel-closed", late.panel)
    await late.panel.get_by_test_id("panel-offer-message").click()
    await expect(late.panel.get_by_test_id("panel-contact")).to_be_visible()
    await eyes.look(late.shop, "panel-closed-message", late.panel)
    await late.panel.get_by_test_id("panel-choose-callback").click()
    await expect(late.panel.get_by_test_id("callback-time")).to_be_visible()
    await eyes.look(late.shop, "panel-callback", late.panel)
    await late.panel.get_by_test_id("callback-contact").fill(house.said["contact"])
    await late.panel.get_by_test_id("callback-send").click()
    await expect(late.panel.get_by_test_id("callback-promise")).to_be_visible()
    await eyes.look(late.shop, "panel-called-back", late.panel)
