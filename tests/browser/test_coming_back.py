"""The room survives a reload, a second tab, a killed worker, a server restart and a disconnected counselor."""

from __future__ import annotations

import os
import signal
from contextlib import AsyncExitStack

from playwright.async_api import expect

from tests.browser.conftest import Casting
from tests.browser.media import COUNSELOR, USER
from tests.browser.people import Cast, Staff, User
from tests.browser.service import Backstage, Service


async def two_people(cast: Cast) -> tuple[User, Staff]:
    counselor = await cast.counselor()
    user = await cast.user()
    await user.call()
    await user.enter()
    await counselor.accept()
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await user.write("첫 번째 문장")
    await counselor.reads("첫 번째 문장")
    return user, counselor


async def still_there(user: User, counselor: Staff) -> None:
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await user.reads("첫 번째 문장")
    await user.write("두 번째 문장")
    await counselor.reads("두 번째 문장")


async def test_user_can_reload(cast: Cast) -> None:
    user, counselor = await two_people(cast)
    await user.page.reload()
    await still_there(user, counselor)


async def test_counselor_can_reload(cast: Cast) -> None:
    user, counselor = await two_people(cast)
    await counselor.page.reload()
    await still_there(user, counselor)


async def test_call_survives_a_killed_worker(cast: Cast, service: Service) -> None:
    user, counselor = await two_people(cast)
    for worker in service.workers():
        os.kill(worker, signal.SIGKILL)
    await still_there(user, counselor)


async def test_call_survives_a_server_restart(cast: Cast, service: Service) -> None:
    user, counselor = await two_people(cast)
    await service.stop(signal.SIGKILL)
    await service.start()
    await still_there(user, counselor)


async def test_second_tab_takes_over(cast: Cast) -> None:
    user, counselor = await two_people(cast)
    first = user.page
    await user.visit_shop()
    panel = await user.open_panel()
    async with user.context.expect_page() as window:
        await panel.get_by_test_id("panel-continue").click()
    user.page = await window.value
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await expect(first.get_by_test_id("taken-over")).to_be_visible()


async def stays(cast: Cast, user: User) -> None:
    await user.get("choice-wait").click()
    back = await cast.counselor("jimin", available=False)
    await back.hears(USER.hz)
    await user.hears(COUNSELOR.hz)


async def takes_another(cast: Cast, user: User) -> None:
    other = await cast.counselor("suho")
    await user.get("choice-another").click()
    await other.accept()
    await other.hears(USER.hz)
    await user.hears(COUNSELOR.hz)
    await other.reads("첫 번째 문장")


async def leaves_a_message(cast: Cast, user: User) -> None:
    await user.get("choice-message").click()
    await user.get("message-contact").press_sequentially("010-1234-5678")
    await user.get("message-text").press_sequentially("다시 전화해 주세요")
    await user.get("message-send").click()
    other = await cast.counselor("suho")
    await expect(other.page.get_by_text("010-1234-5678")).to_be_visible()
    await other.get("message-take").first.click()
    await other.get("message-done").first.click()


async def test_each_choice_works_after_a_counselor_disconnect(backstage: Backstage, casting: Casting) -> None:
    """Three calls run at the same time, because the choices appear only half a minute after the disconnect."""
    choices = (takes_another, leaves_a_message, stays)
    async with AsyncExitStack() as stack:
        calls: list[tuple[Cast, User]] = []
        for _ in choices:
            service = await backstage.enter()
            stack.callback(backstage.leave, service)
            cast = await stack.enter_async_context(casting(service))
            user, counselor = await two_people(cast)
            await counselor.close()
            calls.append((cast, user))
        for (cast, user), choose in zip(calls, choices, strict=True):
            await expect(user.get("choice-another")).to_be_visible(timeout=45_000)
            await choose(cast, user)
