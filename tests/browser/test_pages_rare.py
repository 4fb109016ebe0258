"""Check the pages that people see rarely: forms, appointments, files, search, notifications, and the operator's settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import expect

from signaling.records import Records
from signaling.records.site_front import FormField
from tests.browser import media
from tests.browser.conftest import Casting
from tests.browser.looking import EVERY_SIZE, LANGUAGES, Eyes
from tests.browser.people import Staff, User, launch
from tests.browser.service import Service, running, sangdam
from tests.browser.test_pages import House
from tests.browser.test_push import subscribing
from tests.browser.test_settings import lived_through
from tests.mail_server import running_mail_server
from tests.push_service import PushService, running_push_service
from tests.unit.signaling.files.samples import pdf

FORM = [
    FormField(
        id="order",
        names={"ko": "주문 번호", "en": "Order number", "ja": "注文番号", "zh-Hans": "订单号", "es": "Número de pedido"},
        required=True,
    ),
    FormField(
        id="about",
        names={"ko": "용건", "en": "What it is about", "ja": "ご用件", "zh-Hans": "事由", "es": "Asunto"},
        kind="choice",
        choices=[
            {"ko": "배송", "en": "Delivery", "ja": "配送", "zh-Hans": "配送", "es": "Envío"},
            {"ko": "반품", "en": "Return", "ja": "返品", "zh-Hans": "退货", "es": "Devolución"},
        ],
    ),
]


@dataclass
class RareHouse(House):
    """The people, browser and service of one run of the test. The service sends mails and push notifications."""

    pushes: PushService


async def asks_first(service: Service) -> None:
    """Let the site ask for more data before a conversation about cameras, and keep a pause of 15 minutes between appointments."""
    records = await Records.open(f"sqlite+aiosqlite:///{service.data_dir / 'records.sqlite'}")
    site = await records.site("demo-shop")
    assert site is not None
    asked = {"cameras": replace(site.categories["cameras"], form=FORM)}
    await records.save_site(replace(site, categories=site.categories | asked))
    await records.close()
    await sangdam(service, "site", "add", "demo-shop", "--update", "--appointments", "30+15")


@pytest_asyncio.fixture(params=LANGUAGES, loop_scope="session")
async def house(request: pytest.FixtureRequest, casting: Casting, media_folder: Path, tmp_path: Path) -> AsyncIterator[RareHouse]:
    """Report all faults of the pages at the end, even if the test failed before."""
    async with running_mail_server() as mails, running_push_service() as pushes:
        mail = ("--smtp", f"127.0.0.1:{mails.port}", "--smtp-tls", "none", "--mail-from", "talk@shop.example")
        mail = (*mail, "--mail-from-allow", "haneul.example")
        async with running(tmp_path, *mail, "--push-allow", "127.0.0.0/8") as service, casting(service) as cast:
            browser = await launch(cast.playwright, "full chromium", media.USER, media_folder)
            cast.stack.push_async_callback(browser.close)
            house = RareHouse(cast, browser, Eyes(request.param), pushes)
            yield house
    assert not house.eyes.faults, "\n".join(["", *house.eyes.faults])


@pytest.mark.timeout(600 if EVERY_SIZE else 400)
async def test_rare_pages_are_sound(house: RareHouse) -> None:
    await a_message_that_is_left(house)
    counselor = await house.person(Staff, media.COUNSELOR)
    await subscribing(counselor, house.pushes, "console")
    await counselor.sign_in("jimin", "counselor")
    await a_message_that_is_taken(house, counselor)
    await a_text_with_files(house, counselor)
    await asks_first(house.cast.service)
    await the_form(house, counselor)
    await an_appointment(house, counselor)
    await the_operator(house)


async def a_message_that_is_left(house: RareHouse) -> None:
    user = await house.person(User, media.USER)
    await user.visit_shop("/maru.html")
    await user.open_panel()
    await user.panel.get_by_test_id("panel-offer-message").click()
    await user.panel.get_by_test_id("panel-contact").fill("mina@shop.example")
    await user.panel.get_by_test_id("panel-message").fill(house.said["message"])
    await user.panel.get_by_test_id("panel-leave-message").click()
    await expect(user.panel.get_by_test_id("panel-after")).to_be_visible()
    await house.eyes.look(user.shop, "rare-panel-message-left", user.panel)


async def a_message_that_is_taken(house: RareHouse, counselor: Staff) -> None:
    await counselor.get("message-take").click()
    await expect(counselor.get("message-done")).to_be_visible()
    await house.eyes.look(counselor.page, "rare-console-message")
    await counselor.page.keyboard.press(",")
    await expect(counselor.get("stand-by")).to_be_visible()
    await house.eyes.look(counselor.page, "rare-console-stand-by")
    await counselor.page.keyboard.press("Escape")


async def a_text_with_files(house: RareHouse, counselor: Staff) -> None:
    eyes, said = house.eyes, house.said
    user = await house.person(User, media.USER)
    await subscribing(user, house.pushes, "visitor")
    await user.visit_shop("/m5.html")
    await user.shop.get_by_test_id("shop-account").click()
    await user.shop.keyboard.type("Mina")
    await user.shop.get_by_test_id("shop-sign-in").click()
    await expect(user.shop.get_by_test_id("shop-name")).to_contain_text("Mina")
    await user.open_panel()
    await user.panel.get_by_test_id("panel-note").fill(said["hello"])
    await user.panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    await counselor.write(said["answer"])
    chosen = {"name": "A-1042.pdf", "mimeType": "", "buffer": pdf()}
    await user.panel.get_by_test_id("chat-picture-file").set_input_files(files=[chosen])
    await expect(user.panel.get_by_test_id("file-preview")).to_be_visible()
    await expect(counselor.get("file-preview")).to_be_visible()
    await expect(user.panel.get_by_test_id("push-ask")).to_be_visible()
    await eyes.look(user.shop, "rare-panel-file", user.panel)
    async with user.context.expect_page() as opened:
        await user.panel.get_by_test_id("push-ask").click()
    window = await opened.value
    await expect(window.get_by_test_id("notify-on")).to_be_visible()
    await eyes.look(window, "rare-notify-window")
    await window.close()
    await the_writing(house, counselor)
    await user.panel.get_by_test_id("panel-end").click()
    await user.panel.get_by_test_id("panel-end-yes").click()
    await counselor.get("wrapup-save").click()
    await user.context.close()


async def the_writing(house: RareHouse, counselor: Staff) -> None:
    """Check what helps a counselor to write: menus, search, replies, and the list of colleagues whom a chat line can mention."""
    eyes = house.eyes
    answer = counselor.get("chat-line").filter(has_text=house.said["answer"])
    await eyes.turn(counselor.page, "desk")
    await answer.hover()
    await answer.get_by_test_id("line-menu").click()
    # check the menu only at this size, because a change of the window's size would close the menu
    await eyes.here(counselor.page, "rare-console-line-menu", "desk")
    await counselor.page.locator(":popover-open").get_by_test_id("line-reply").click()
    await expect(counselor.get("reply-bar")).to_be_visible()
    await counselor.get("chat-input").press("Control+f")
    await counselor.get("find").fill(house.said["answer"][:3])
    await expect(counselor.get("find-count")).not_to_be_empty()
    await eyes.look(counselor.page, "rare-console-find")
    await counselor.get("find-close").click()
    await counselor.get("chat-input").fill("/")
    await expect(counselor.get("replies-manage")).to_be_visible()
    await eyes.look(counselor.page, "rare-console-replies")
    await counselor.get("replies-manage").click()
    await expect(counselor.get("own-replies")).to_be_visible()
    await eyes.look(counselor.page, "rare-console-own-replies")
    await counselor.page.keyboard.press("Escape")
    await counselor.get("chat-input").fill("")


async def the_form(house: RareHouse, counselor: Staff) -> None:
    """Fill in the data that the site asks for, reload the call page before the call, and search the conversation on a phone."""
    user = await house.person(User, media.USER)
    await user.visit_shop("/m5.html")
    await user.open_panel()
    await user.panel.get_by_test_id("panel-voice").click()
    await expect(user.panel.get_by_test_id("panel-refusal")).to_be_visible()
    await house.eyes.look(user.shop, "rare-panel-form", user.panel)
    await user.panel.get_by_test_id("panel-form-order").fill("A-1042")
    async with user.context.expect_page() as window:
        await user.panel.get_by_test_id("panel-voice").click()
    user.page = await window.value
    await user.get("call-name").fill("Mina")
    await user.page.reload()
    await expect(user.get("call-name")).to_have_value("Mina")
    await house.eyes.look(user.page, "rare-call-prepare-name")
    await user.enter()
    await counselor.accept()
    await expect(user.get("call-mic")).to_be_visible()
    await user.write(house.said["hello"])
    await house.eyes.turn(user.page, "phone")
    await user.get("find-open").click()
    await user.get("find").fill(house.said["hello"][:3])
    await expect(user.get("find-count")).to_have_text("1/1")
    await house.eyes.here(user.page, "rare-call-find", "phone")
    await user.get("find-close").click()
    await user.get("call-chat").click()
    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    await counselor.get("wrapup-save").click()
    await user.context.close()


async def an_appointment(house: RareHouse, counselor: Staff) -> None:
    eyes = house.eyes
    user = await house.person(User, media.USER)
    await user.call("voice", "/sori-one.html")
    await counselor.page.keyboard.press("Escape")
    await user.enter()
    await user.get("choice-callback").click()
    await expect(user.get("callback-time").locator("option").first).to_be_attached()
    await user.get("callback-contact").fill("mina@shop.example")
    await eyes.look(user.page, "rare-call-appointment")
    await user.get("callback-send").click()
    await expect(user.get("appointment-when")).to_be_visible()
    await user.get("appointment-try").click()
    await expect(user.get("devices-tried").get_by_test_id("mic-level")).to_be_visible()
    await eyes.look(user.page, "rare-call-appointment-booked")
    await expect(counselor.get("lane-callbacks")).to_be_visible()
    await eyes.look(counselor.page, "rare-console-appointments")


async def the_mails(eyes: Eyes, operator: Staff) -> None:
    """For the mails in one language, enter a sender address that the server refuses. Look at a site's own wording of a mail."""
    await operator.get("senders-open-of-demo-shop").locator("summary").click()
    await operator.get("senders-language-of-demo-shop").select_option("ja")
    await operator.get("mail-from-of-demo-shop-ja").fill("ja@elsewhere.example")
    await operator.get("mail-plan-save").first.click()
    await expect(operator.get("mail-of-demo-shop").get_by_role("alert")).to_be_visible()
    await operator.get("senders-of-demo-shop").scroll_into_view_if_needed()
    await eyes.look(operator.page, "rare-operator-mail-sender")
    await operator.get("wording-of-demo-shop").locator("summary").click()
    await operator.get("wording-language").select_option(eyes.language)
    await expect(operator.get("mail-preview").locator("iframe")).to_be_visible()
    await operator.get("mail-wording").scroll_into_view_if_needed()
    await operator.page.wait_for_load_state("networkidle")
    await eyes.look(operator.page, "rare-operator-mail-wording")


async def the_operator(house: RareHouse) -> None:
    eyes, service = house.eyes, house.cast.service
    await lived_through(service.data_dir, 400)
    operator = await house.staff("ops", "operator")

    async def part(address: str, shown: str, name: str) -> None:
        await operator.page.goto(f"{service.host('operator')}/operator#{address}")
        await expect(operator.get(shown).first).to_be_visible()
        await operator.page.wait_for_load_state("networkidle")
        await eyes.look(operator.page, f"rare-operator-{name}")

    await part("appointments", "appointment-move", "appointments")
    await operator.get("appointment-move").first.click()
    await expect(operator.get("appointment-move-save")).to_be_visible()
    await eyes.look(operator.page, "rare-operator-appointment-move")
    await operator.page.keyboard.press("Escape")
    await part("mail", "mail-plan-save", "mail")
    await the_mails(eyes, operator)
    await part("settings/sites/demo-shop", "site-keys", "site")
    await operator.get("key-name").fill("k2026")
    await operator.get("key-add").click()
    await operator.get("form-cameras").locator("summary").click()
    await eyes.look(operator.page, "rare-operator-site-key")
    await part("settings/people/jimin", "settings", "person")
    await part("settings/api", "tokens", "tokens")
    await part("settings/webhooks", "settings", "webhooks")
    await part("reports", "report-total", "reports")
    await part("replies", "nav-replies", "replies")
    await part("wrap-up", "nav-wrap-up", "wrap-up")
    await part("past", "past-open", "past")
    await part("audit", "audit", "audit")
