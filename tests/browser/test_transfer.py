"""A counselor transfers a user three times.

The colleague declines once, accepts once after a consultation, and accepts once without a consultation.

The user always sees who serves them.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser import media
from tests.browser.media import COUNSELOR, PROFESSIONAL, USER
from tests.browser.people import Cast


async def test_user_can_be_transferred_and_back(cast: Cast) -> None:
    jimin = await cast.counselor("jimin")
    suho = await cast.colleague()
    user = await cast.user()
    await user.call("voice")
    await user.enter()
    await jimin.accept()
    await user.hears(COUNSELOR.hz)
    await suho.sign_in("suho", "counselor")

    await jimin.get("transfer-button").click()
    await expect(jimin.get("transfer-to-suho")).to_contain_text("상담 가능")
    await jimin.get("transfer-note").fill("배터리 교환 문의")
    await jimin.get("transfer-now").click()
    await expect(suho.get("ring")).to_contain_text("배터리 교환 문의")
    await expect(user.get("notice")).to_contain_text("상담을 Suho 쪽으로 연결하고 있어요")
    await user.hears()
    hold = await media.levels(user.page, *media.HOLD_HZ, ms=15_000, peak=True)
    assert min(hold.values()) > media.AUDIBLE_DB, hold
    await suho.get("ring-decline").click()
    await suho.get("decline-topic").click()
    await expect(jimin.get("help-status")).to_contain_text("Suho 님이 지금 맡을 수 없다고 해요")
    await user.hears(COUNSELOR.hz)
    await jimin.hears(USER.hz)

    await jimin.page.keyboard.press("p")
    await jimin.get("transfer-consult").click()
    await suho.accept()
    await suho.get("join").click()
    await jimin.hears(PROFESSIONAL.hz)
    await user.hears()
    await expect(user.get("notice")).to_contain_text("동료와 이야기하고 있어요")
    await jimin.get("hand-over").click()
    await jimin.get("hand-over-confirm").click()
    await user.hears(PROFESSIONAL.hz)
    await suho.hears(USER.hz)
    await jimin.get("wrapup-save").click()
    await expect(jimin.get("state-available")).to_have_attribute("aria-pressed", "true")

    await suho.get("transfer-button").click()
    await suho.get("transfer-to-jimin").click()
    await suho.get("transfer-now").click()
    await jimin.accept()
    await user.hears(COUNSELOR.hz)
    await jimin.hears(USER.hz)
    await expect(suho.get("wrapup-notes")).to_be_visible()

    operator = await cast.operator()
    await jimin.get("end-session").click()
    await jimin.get("end-confirm").click()
    await operator.get("nav-past").click()
    await operator.get("past-open").first.click()
    await expect(operator.page.get_by_text("지명한 상담사").first).to_be_visible()
