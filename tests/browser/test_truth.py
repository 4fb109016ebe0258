"""Pages tell the truth about who hears whom. In some tests, a counselor has two sessions, one of which is a call."""

from __future__ import annotations

import asyncio
import re
from typing import TypeVar

from msgspec.structs import replace
from playwright.async_api import expect

from signaling.records import Records
from tests.browser import media
from tests.browser.people import Cast, Person, Staff, User, eventually

P = TypeVar("P", bound=Person)


async def counselor_for_two(cast: Cast) -> Staff:
    records = await Records.open(f"sqlite+aiosqlite:///{cast.service.data_dir / 'records.sqlite'}")
    record = await records.staff("jimin")
    assert record is not None
    await records.save_staff(replace(record, calls=2))
    await records.close()
    return await cast.counselor("jimin")


async def by_text(cast: Cast, counselor: Staff) -> User:
    user = await cast.user()
    await user.visit_shop("/")
    await user.open_panel()
    await user.panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    await expect(user.panel.get_by_test_id("panel-people")).to_be_visible()
    return user


async def asks_to_talk(user: User) -> None:
    async with user.context.expect_page() as window:
        await user.panel.get_by_test_id("panel-add-voice").click()
    user.page = await window.value
    await user.enter()


async def in_a_call(cast: Cast) -> tuple[Staff, User]:
    counselor = await cast.counselor()
    user = await cast.user()
    await user.call()
    await user.enter()
    await counselor.accept()
    return counselor, user


async def duplicated(person: P) -> P:
    """Return the person in a second tab.

    This tab gets a copy of the first tab's sessionStorage, as when a browser duplicates a tab.
    """
    async with person.context.expect_page() as opened:
        await person.page.evaluate("void window.open(location.href)")
    second = type(person)(person.service, person.browser, person.context, person.voice)
    second.page = await opened.value
    return second


async def hears_the_hold_tone(user: User) -> bool:
    found = await media.levels(user.page, *media.HOLD_HZ, peak=True)
    return max(found.values()) > media.AUDIBLE_DB


async def test_upgrade_request_rings_and_shows_no_hearing_until_accepted(cast: Cast) -> None:
    counselor = await counselor_for_two(cast)
    asking = await by_text(cast, counselor)
    await by_text(cast, counselor)
    await expect(counselor.get("session-row")).to_have_count(2)
    await counselor.get("session-row").nth(1).click()

    await asks_to_talk(asking)
    await expect(counselor.get("ring")).to_contain_text("통화를 원해요")
    await expect(asking.get("upgrade")).to_contain_text("Jimin")
    await expect(asking.get("who-hears")).to_have_count(0)
    await counselor.hears()
    await counselor.get("ring-decline").click()
    await expect(asking.get("upgrade")).to_contain_text("지금은 통화하기 어려워요")
    await expect(counselor.get("ring")).to_have_count(0)

    await asking.get("upgrade-again").click()
    await counselor.accept()
    await asking.hears(media.COUNSELOR.hz)
    await counselor.hears(media.USER.hz)
    await expect(asking.get("upgrade")).to_have_count(0)
    await expect(asking.get("who-hears")).to_have_text(re.compile("Jimin.*듣고 있어요"))
    await expect(counselor.get("session-row").nth(0)).to_have_attribute("aria-current", "true")


async def test_leaving_a_call_holds_it_and_both_pages_say_so(cast: Cast) -> None:
    counselor = await counselor_for_two(cast)
    user = await cast.user()
    await user.call()
    await expect(user.get("may-record")).to_have_text("목소리와 화면은 녹화하지 않아요.")  # this site records nothing
    await user.enter()
    await counselor.accept()
    await user.hears(media.COUNSELOR.hz)
    await expect(user.get("who-hears")).to_contain_text("Jimin")

    await by_text(cast, counselor)  # the console now shows this second session
    await expect(counselor.get("session-row").nth(1)).to_have_attribute("aria-current", "true")
    await expect(counselor.get("row-held")).to_be_visible()
    await expect(user.get("notice").filter(has_text="보류")).to_be_visible()
    await expect(user.get("who-hears")).to_contain_text("아무도 내 말을 듣지 않아요")
    await eventually(lambda: hears_the_hold_tone(user), True, "the user hears the tone")
    await counselor.hears()

    await counselor.page.reload()  # after the reload the console shows the second session again, and the call is still on hold
    await expect(counselor.get("session-row").nth(1)).to_have_attribute("aria-current", "true")
    await expect(user.get("who-hears")).to_contain_text("아무도 내 말을 듣지 않아요")

    await counselor.get("session-row").nth(0).click()
    await expect(counselor.get("held")).to_be_visible()
    await asyncio.sleep(2)  # if the end of the hold opened the user's microphone, the counselor would hear the user by now
    assert await media.heard(user.page) == set()
    await counselor.get("held").get_by_role("button").click()
    await user.hears(media.COUNSELOR.hz)
    await counselor.hears(media.USER.hz)
    await expect(user.get("who-hears")).to_contain_text("Jimin")


async def test_duplicated_tabs_take_over_and_the_first_ones_say_so(cast: Cast) -> None:
    counselor, user = await in_a_call(cast)
    await counselor.hears(media.USER.hz)

    second = await duplicated(counselor)
    await second.hears(media.USER.hz)
    await expect(counselor.get("replaced-use")).to_be_visible()
    await counselor.hears()
    await second.write("이어서 볼게요")
    await user.reads("이어서 볼게요")

    await counselor.get("replaced-use").click()
    await counselor.hears(media.USER.hz)
    await expect(second.get("replaced-use")).to_be_visible()
    await user.hears(media.COUNSELOR.hz)

    again = await duplicated(user)
    await again.hears(media.COUNSELOR.hz)
    await expect(user.get("taken-over")).to_be_visible()
    await user.hears()
