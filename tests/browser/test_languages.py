"""In each of five languages, visitors, guests and staff make a whole call on the smallest phone.

These people see no text in another language.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Frame, Page, expect

from tests.browser import media
from tests.browser.conftest import Casting
from tests.browser.looking import LANGUAGES, SMALL, TOUCH_PX, Eyes
from tests.browser.people import Cast, Person, Staff, User
from tests.browser.service import running, sangdam
from tests.browser.test_pages_rare import asks_first
from tests.browser.test_push import subscribing
from tests.captioner import captioner
from tests.push_service import PushService, running_push_service

SMALLEST = {"width": SMALL[0], "height": SMALL[1]}
LOCALES = {"ko": "ko-KR", "en": "en-GB", "ja": "ja-JP", "zh-Hans": "zh-CN", "es": "es-ES"}


@dataclass
class Journey:
    """One visitor who makes a call in one language, from the first page to the last.

    Gathers the faults of all texts that the visitor sees. The visitor uses the full Chromium, because Chromium's headless shell
    shows no notifications.
    """

    cast: Cast
    pushes: PushService
    counselor: Staff
    eyes: Eyes
    faults: list[str] = field(default_factory=list)

    async def read(self, name: str, where: Frame | Page) -> None:
        frame = where.main_frame if isinstance(where, Page) else where
        self.faults += [f"{self.eyes.language} {name}: {fault}" for fault in await self.eyes.read(frame, TOUCH_PX)]

    async def go(self) -> None:
        user = await self.cast.user("full chromium", viewport=SMALLEST, locale=LOCALES[self.eyes.language])
        await subscribing(user, self.pushes, f"visitor-{self.eyes.language}")
        await self.the_form(user)
        await self.read("call-prepare", user.page)
        await self.the_wait(user)
        await self.counselor.accept()
        await expect(user.get("call-mic")).to_be_visible()
        await self.read("call-room", user.page)
        await self.read("console-room", self.counselor.page)
        await self.the_captions(user)
        await self.the_guest(user)
        await self.devices_and_board(user)
        await user.get("call-leave").click()
        await user.get("leave-confirm").click()
        await expect(user.get("rate-5")).to_be_visible()
        await self.read("call-after", user.page)
        await self.counselor.get("wrapup-save").click()
        await user.close()

    async def the_form(self, user: User) -> None:
        """Ask for a call. The site asks for an order number first."""
        await user.visit_shop(f"/m5.html?lang={self.eyes.language}")
        await user.open_panel()
        await self.read("shop", user.shop)
        await user.panel.get_by_test_id("panel-voice").click()
        await expect(user.panel.get_by_test_id("panel-refusal")).to_be_visible()
        await self.read("panel-form", user.panel)
        await user.panel.get_by_test_id("panel-form-order").fill("A-1042")
        async with user.context.expect_page() as window:
            await user.panel.get_by_test_id("panel-voice").click()
        user.page = await window.value
        await expect(user.get("call-enter")).to_be_enabled()

    async def the_wait(self, user: User) -> None:
        """While the user waits in the queue, turn on the notifications that tell the user of answers."""
        await self.counselor.page.goto(f"{self.counselor.service.host('counselor')}/console?lang={self.eyes.language}")
        await expect(self.counselor.get("state-available").first).to_be_visible()
        await self.read("console", self.counselor.page)
        await user.enter()
        await user.get("push-ask").click()
        await expect(user.get("notify-on")).to_be_visible()
        await self.read("call-push", user.page)
        await user.get("notify-on").click()
        await expect(user.get("push-off")).to_be_visible()
        await self.read("call-waiting", user.page)
        await expect(self.counselor.get("ring")).to_be_visible()
        await self.read("console-ring", self.counselor.page)

    async def the_captions(self, user: User) -> None:
        await user.get("call-captions").click()
        for name, person in (("call-captions", user), ("console-captions", self.counselor)):
            await expect(person.get("captions-bar")).to_be_visible()
            await self.read(name, person.page)
        await user.get("call-captions").click()

    async def the_guest(self, user: User) -> None:
        """Let the counselor make a link for an interpreter. The interpreter opens it, in the tested language, and enters."""
        await self.counselor.get("call-guests").click()
        await self.counselor.get("guest-label-interpreter").check()
        await self.counselor.get("guest-link-make").click()
        url = await self.counselor.get("guest-link").input_value()
        await self.read("console-guests", self.counselor.page)
        await self.counselor.page.keyboard.press("Escape")
        guest = await self.cast._person(Person, media.USER, "chromium", viewport=SMALLEST, locale=LOCALES[self.eyes.language])
        guest.page = await guest.context.new_page()
        await guest.page.goto(url)
        await expect(guest.get("invited")).to_be_visible()
        await self.read("guest-invited", guest.page)
        await guest.get("invited-enter").click()
        await expect(guest.get("guest-prepare")).to_be_visible()
        await self.read("guest-prepare", guest.page)
        await guest.get("guest-name").fill("Mina")
        await guest.get("guest-enter").click()
        await expect(user.get("participants")).to_contain_text("Mina")
        await self.read("guest-room", guest.page)
        await self.read("call-with-guest", user.page)
        await user.get("call-guests").click()
        await expect(user.get("guests-dialog")).to_be_visible()
        await self.read("call-guests", user.page)
        await user.page.keyboard.press("Escape")
        await guest.close()

    async def devices_and_board(self, user: User) -> None:
        """Open those parts of the call page that load only when somebody opens them."""
        await user.get("call-devices").click()
        await expect(user.get("blur")).to_be_visible()
        await self.read("call-devices", user.page)
        await user.page.keyboard.press("Escape")
        await user.get("call-board").click()
        await user.get("board-more").click()
        await expect(user.get("board-menu")).to_be_visible()
        await self.read("call-board", user.page)
        await user.page.keyboard.press("Escape")
        await user.get("call-board").click()


@pytest.mark.timeout(240)
async def test_journey_in_each_language_is_whole_and_unmixed(casting: Casting, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(secrets.token_hex(32))
    data = tmp_path / "data"
    data.mkdir()
    async with captioner(secret_file=secret) as captions, running_push_service() as pushes:
        options = ("--secret-file", str(secret), "--captions-url", captions.url, "--push-allow", "127.0.0.0/8")
        async with running(data, *options) as service, casting(service) as cast:
            await sangdam(service, "site", "add", "demo-shop", "--update", "--guests", "1")
            await asks_first(service)
            counselor = await cast.counselor(viewport=SMALLEST)
            faults: list[str] = []
            for language in LANGUAGES:
                journey = Journey(cast, pushes, counselor, Eyes(language))
                await journey.go()
                faults += journey.faults
    assert not faults, "\n".join(faults)
