"""The counselor presses Help, and a professional joins. The tests check who then hears, sees and reads whom."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser import media
from tests.browser.media import COUNSELOR, PROFESSIONAL, USER
from tests.browser.people import Cast, Staff, User


async def three_people(cast: Cast) -> tuple[User, Staff, Staff]:
    """Make a video call whose counselor has asked for help. The professional has accepted, but has not joined yet."""
    counselor = await cast.counselor()
    professional = await cast.professional()
    user = await cast.user()
    await user.call("video")
    await user.enter()
    await counselor.accept()
    await counselor.hears(USER.hz)
    await counselor.get("call-camera").click()
    await user.sees(COUNSELOR)
    await counselor.get("help-button").click()
    await counselor.get("help-note").press_sequentially("렌즈 마운트가 맞는지 모르겠어요")
    await counselor.get("help-send").click()
    await expect(professional.get("ring")).to_contain_text("렌즈 마운트가 맞는지 모르겠어요")
    await professional.accept()
    await expect(professional.get("join")).to_be_visible()
    return user, counselor, professional


async def switch(person: Staff, mode: str) -> None:
    await person.get(f"mode-{mode}").click()
    apply = person.get("mode-apply")
    if await apply.count():
        await apply.click()


async def test_each_mode_separates_voices_until_the_handover(cast: Cast) -> None:
    user, counselor, professional = await three_people(cast)
    await professional.get("join").click()
    await professional.get("call-camera").click()

    await counselor.hears(PROFESSIONAL.hz)
    await professional.hears(COUNSELOR.hz)
    await user.hears()
    await user.sees()
    await counselor.sees(PROFESSIONAL)
    hold = await media.levels(user.page, *media.HOLD_HZ, ms=15_000, peak=True)
    assert min(hold.values()) > media.AUDIBLE_DB, hold

    await switch(counselor, "whisper")
    await user.hears(COUNSELOR.hz)
    await user.sees(COUNSELOR)
    await counselor.hears(USER.hz, PROFESSIONAL.hz)
    await professional.hears(USER.hz, COUNSELOR.hz)

    await switch(professional, "conference")
    await user.hears(COUNSELOR.hz, PROFESSIONAL.hz)
    await counselor.hears(USER.hz, PROFESSIONAL.hz)
    await professional.hears(USER.hz, COUNSELOR.hz)
    await user.sees(COUNSELOR, PROFESSIONAL)

    await counselor.get("chat-audience-all").click()
    await counselor.write("전문가가 함께합니다")
    await user.reads("전문가가 함께합니다")
    await counselor.get("hand-over").click()
    confirm = counselor.get("hand-over-confirm")
    if await confirm.count():
        await confirm.click()
    await user.hears(PROFESSIONAL.hz)
    await professional.hears(USER.hz)
    await expect(counselor.get("wrapup-notes")).to_be_visible()


async def test_call_continues_if_no_professional_is_found(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user()
    await user.call()
    await user.enter()
    await counselor.accept()
    await counselor.get("help-button").click()
    # type immediately; the keys must not act as shortcuts of the console, and no letter must be lost
    await counselor.page.keyboard.type("?? 도움이 필요해요")
    await expect(counselor.get("help-note")).to_have_value("?? 도움이 필요해요")
    await counselor.get("help-send").click()
    await expect(counselor.get("help-status")).to_be_visible()
    await counselor.hears(USER.hz)
    await user.hears(COUNSELOR.hz)
