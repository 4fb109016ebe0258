"""Visitors and staff of five languages see only their own language, from shop to conversation, even on the smallest phone."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.looking import LANGUAGES, SMALL, TOUCH_PX, Eyes
from tests.browser.people import Cast, User

SMALLEST = {"width": SMALL[0], "height": SMALL[1]}


async def devices_and_board(user: User, eyes: Eyes) -> list[str]:
    """Return the faults of those parts of a call that load only when somebody opens them."""
    await user.get("call-devices").click()
    await expect(user.get("blur")).to_be_visible()
    found = [f"call-devices: {fault}" for fault in await eyes.read(user.page.main_frame, TOUCH_PX)]
    await user.page.keyboard.press("Escape")
    await user.get("call-board").click()
    await user.get("board-more").click()
    await expect(user.get("board-menu")).to_be_visible()
    found += [f"call-board: {fault}" for fault in await eyes.read(user.page.main_frame, TOUCH_PX)]
    await user.page.keyboard.press("Escape")
    await user.get("call-board").click()
    return found


async def test_journey_in_each_language_is_whole_and_unmixed(cast: Cast) -> None:
    counselor = await cast.counselor(viewport=SMALLEST)
    faults: list[str] = []
    for language in LANGUAGES:
        eyes = Eyes(language)
        user = await cast.user(viewport=SMALLEST)
        await user.call("voice", f"/m5.html?lang={language}")
        seen = [("shop", user.shop.main_frame), ("panel", user.panel), ("call-prepare", user.page.main_frame)]
        await counselor.page.goto(f"{counselor.service.host('counselor')}/console?lang={language}")
        await expect(counselor.get("state-available").first).to_be_visible()
        seen.append(("console", counselor.page.main_frame))
        faults += [f"{language} {name}: {fault}" for name, frame in seen for fault in await eyes.read(frame, TOUCH_PX)]
        await user.enter()
        await counselor.accept()
        await expect(user.get("call-mic")).to_be_visible()
        for name, page in (("call-room", user.page), ("console-room", counselor.page)):
            faults += [f"{language} {name}: {fault}" for fault in await eyes.read(page.main_frame, TOUCH_PX)]
        faults += [f"{language} {fault}" for fault in await devices_and_board(user, eyes)]
        await user.get("call-leave").click()
        await user.get("leave-confirm").click()
        await expect(user.get("rate-5")).to_be_visible()
        faults += [f"{language} call-after: {fault}" for fault in await eyes.read(user.page.main_frame, TOUCH_PX)]
        await counselor.get("wrapup-save").click()
        await user.close()
    assert not faults, "\n".join(faults)
