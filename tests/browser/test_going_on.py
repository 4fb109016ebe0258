"""A conversation continues after its page has been closed: on a phone, by mail, by voice, and in writing again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import Casting
from tests.browser.people import User
from tests.browser.service import running
from tests.mail_server import SENDER, link_in, running_mail_server

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
AFTER_SKIPS = 7  # the mail goes out two minutes after its user has left; seven skips move the clock by 140 s


async def open_link(user: User, url: str) -> None:
    """Open a one-time link as a person does: look at the page that it opens, then press the button on that page."""
    user.page = await user.context.new_page()
    await user.page.goto(url)
    await expect(user.page.locator("h1")).to_have_text("상담을 여기서 이어 가요")
    await user.get("invited-enter").click()


async def test_conversation_goes_on_by_phone_by_mail_and_by_voice(tmp_path: Path, casting: Casting) -> None:
    async with running_mail_server() as mails:
        by_mail = ("--smtp", f"127.0.0.1:{mails.port}", "--smtp-tls", "none", "--mail-from", SENDER)
        async with running(tmp_path, *by_mail, "--spares", "0", forked=True) as service, casting(service) as cast:
            jimin, laptop, phone = await cast.counselor("jimin"), await cast.user(), await cast.user(**PHONE)
            await laptop.visit_shop("/m5.html")
            panel = await laptop.open_panel()
            await panel.get_by_test_id("panel-text").click()
            await jimin.accept()
            await panel.get_by_test_id("chat-input").fill("삼각대도 있나요?")
            await panel.get_by_test_id("chat-input").press("Enter")
            await jimin.reads("삼각대도 있나요?")
            usual = laptop.shop.viewport_size
            await laptop.shop.set_viewport_size({"width": 390, "height": 450})  # the height that a phone's keyboard leaves
            await expect(panel.get_by_test_id("chat-line").last).to_be_in_viewport(ratio=1)
            await expect(panel.get_by_test_id("chat-input")).to_be_in_viewport(ratio=1)
            await laptop.shop.set_viewport_size(usual or {})
            await panel.get_by_test_id("reach-address").fill("mina@example.com")
            await panel.get_by_test_id("reach-send").click()
            await panel.get_by_test_id("elsewhere").click()
            await panel.get_by_test_id("elsewhere-make").click()
            code = panel.get_by_test_id("elsewhere-link")
            await open_link(phone, await code.get_attribute("data-url") or "")
            await phone.reads("삼각대도 있나요?")
            await panel.get_by_test_id("panel-here").click()
            await expect(panel.get_by_test_id("panel-away")).to_be_visible()

            await phone.page.close()
            await expect(jimin.get("session-row").get_by_title("연결 끊김")).to_be_visible()
            await jimin.write("네, 세 시에 들어와요")
            await jimin.reads("네, 세 시에 들어와요")
            for _ in range(AFTER_SKIPS):
                service.skip()
                await asyncio.sleep(0.2)  # in this time, the server does what has become due
            mail = await mails.one("답했어요")
            assert "세 시" not in mail.as_string()
            await open_link(phone, f"{service.url}/call#invite={link_in(mail)}")
            await phone.reads("네, 세 시에 들어와요")

            await phone.get("call-add-voice").click()
            await phone.enter()
            await jimin.accept()
            await phone.hears(jimin.voice.hz)
            await jimin.hears(phone.voice.hz)
            await phone.get("call-leave").click()
            await phone.get("leave-write").click()
            await expect(phone.get("call-mic")).to_have_count(0)
            await jimin.write("이제 글로 할게요")
            await phone.reads("이제 글로 할게요")
            await phone.reads("삼각대도 있나요?")
            await expect(phone.get("call-add-voice")).to_be_visible()
