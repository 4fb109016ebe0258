"""Outside opening hours, new users see the next opening and leave a message, and queued users keep their place in the queue."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from playwright.async_api import expect

from signaling.records.opening_hours import Hours, next_opening
from tests.browser.people import Cast

DAYS = "월화수목금토일"


async def test_holiday_closes_for_new_users_but_not_for_the_queue(cast: Cast) -> None:
    waiting = await cast.user(timezone_id="UTC")
    await waiting.call("voice", "/m5.html")
    await waiting.enter()
    await expect(waiting.get("choice-message")).to_be_visible()

    operator = await cast.operator()
    await operator.get("nav-hours").click()
    cameras, lenses = operator.get("hours-cameras"), operator.get("hours-lenses")
    await expect(cameras).to_contain_text("항상 열림")
    await operator.get("hours-edit-cameras").click()
    await operator.get("hours-which").select_option("own")
    await operator.get("hours-timezone").fill("UTC")
    await operator.get("hours-add-day").click()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    await operator.get("hours-holiday").fill(today)
    await operator.get("hours-save").click()
    when = opening_in_korean(today)
    await expect(cameras).to_contain_text(f"{when} 시작")
    await expect(lenses).to_contain_text("“카메라”의 시간을 따름")
    await expect(lenses).to_contain_text(f"{when} 시작")
    await expect(operator.get("hours-audio")).to_contain_text("항상 열림")

    await expect(waiting.page.locator("h1")).to_have_text("지금은 상담 시간이 아니에요")
    late = await cast.user(timezone_id="UTC")
    await late.visit_shop("/lens35.html")
    await late.open_panel()
    await expect(late.panel.get_by_test_id("panel-closed")).to_contain_text(f"{when}에 시작해요")
    await expect(late.panel.get_by_test_id("panel-voice")).to_have_count(0)
    await late.panel.get_by_test_id("panel-offer-message").click()
    await late.panel.get_by_test_id("panel-contact").fill("010-1234-5678")
    await late.panel.get_by_test_id("panel-message").fill("렌즈 문의")
    await late.panel.get_by_test_id("panel-leave-message").click()
    await expect(late.panel.get_by_test_id("panel-after")).to_contain_text("문의를 잘 받았어요")

    counselor = await cast.counselor()
    await expect(counselor.get("message")).to_contain_text("렌즈 문의")
    await counselor.accept()
    await waiting.hears(counselor.voice.hz)


def opening_in_korean(closed: str) -> str:
    """Return the text about the next opening. The shop opens Monday to Friday, nine to six, but not on the date `closed`."""
    office = Hours(timezone="UTC", week={day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}, days={closed: []})
    opens_at = next_opening(office, time.time_ns() // 1_000_000)
    assert opens_at is not None
    opens = datetime.fromtimestamp(opens_at / 1000, UTC)
    days = (opens.date() - datetime.now(UTC).date()).days
    return f"{'내일' if days == 1 else DAYS[opens.weekday()] + '요일'} 09:00"
