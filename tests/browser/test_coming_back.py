"""A room continues after a reload, a second tab, a killed worker, a server restart and a disconnect of the counselor."""

from __future__ import annotations

import os
import signal

from playwright.async_api import expect

from tests.browser.media import COUNSELOR, USER
from tests.browser.people import Cast, Staff, User, eventually
from tests.browser.service import Service
from tests.browser.test_board import draw, ink, open_board, shows_the_same


async def two_people(cast: Cast) -> tuple[User, Staff]:
    """Make a call. User and counselor use the full Chromium.

    In the headless shell, the panel of a second tab did not offer to continue the call.
    """
    counselor = await cast.counselor(browser="full chromium")
    user = await cast.user("full chromium")
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


async def test_reloads_and_a_second_tab_keep_the_call(cast: Cast) -> None:
    user, counselor = await two_people(cast)
    for person in (user, counselor):
        await person.page.reload()
        await still_there(user, counselor)

    first = user.page
    await user.visit_shop()
    panel = await user.open_panel()
    async with user.context.expect_page() as window:
        await panel.get_by_test_id("panel-continue").click()
    user.page = await window.value
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await expect(first.get_by_test_id("taken-over")).to_be_visible()


async def test_call_and_board_survive_a_killed_worker_and_server(cast: Cast, service: Service) -> None:
    user, counselor = await two_people(cast)
    for person in (user, counselor):
        await open_board(person)
    await draw(user, (0.1, 0.1), (0.45, 0.5))
    await shows_the_same(user, counselor)
    drawn = await ink(user)

    for worker in service.workers():
        os.kill(worker, signal.SIGKILL)
    await draw(user, (0.8, 0.3), (0.95, 0.3))
    await still_there(user, counselor)
    await shows_the_same(user, counselor)
    assert set(drawn) < set(await ink(counselor))

    drawn = await ink(user)
    await service.stop(signal.SIGKILL)
    await service.start()
    await still_there(user, counselor)
    await counselor.page.reload()
    await expect(counselor.get("board-canvas")).to_be_visible()  # the board opens by itself, because it is not empty
    await eventually(lambda: ink(counselor), drawn, "the whole board should be back")


async def offered_a_choice(user: User, counselor: Staff, service: Service) -> None:
    """Disconnect the counselor whom the user hears. Wait until the page lets the user choose what to do."""
    await expect(user.get("who-hears")).to_contain_text(counselor.login.capitalize())
    await counselor.close()  # the page cannot tell the server that it ends, as when a laptop is closed
    await expect(user.get("who-hears")).not_to_contain_text("듣고 있어요")
    for _ in range(2):  # the user can choose half a minute after the disconnect
        service.skip()
    await expect(user.get("choice-another")).to_be_visible()


async def test_each_choice_works_after_a_counselor_disconnects(cast: Cast, service: Service) -> None:
    user, counselor = await two_people(cast)
    await offered_a_choice(user, counselor, service)
    await user.get("choice-wait").click()
    back = await cast.counselor("jimin", available=False)
    await back.hears(USER.hz)
    await user.hears(COUNSELOR.hz)

    await offered_a_choice(user, back, service)
    other = await cast.counselor("suho")
    await user.get("choice-another").click()
    await other.accept()
    await other.hears(USER.hz)
    await user.hears(COUNSELOR.hz)
    await other.reads("첫 번째 문장")

    await offered_a_choice(user, other, service)
    await user.get("choice-message").click()
    await user.get("message-contact").press_sequentially("010-1234-5678")
    await user.get("message-text").press_sequentially("다시 전화해 주세요")
    await user.get("message-send").click()
    third = await cast.counselor("suho")
    await expect(third.page.get_by_text("010-1234-5678")).to_be_visible()
    await third.get("message-take").first.click()
    await third.get("message-done").first.click()
