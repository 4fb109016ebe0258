"""Nothing that staff say, write or show to each other reaches the user's browser.

The tests search the browser's traffic, not its screen.
"""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image
from playwright.async_api import Route, expect

from tests.browser.media import COUNSELOR, PROFESSIONAL, USER
from tests.browser.people import Cast, Staff, User, eventually

FETCH = """
async (path) => {
  const { token } = JSON.parse(sessionStorage.getItem('sangdam.call'));
  const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
  return answer.status;
}
"""
# these texts occur only in messages that no user is allowed to receive
STAFF_ONLY = ('"help":{', '"brief":{', '"provenance"', '"audience":"staff"')
PICTURE = "() => [...document.querySelectorAll('[data-testid=chat-line] img')].length"


async def overhear(user: User) -> None:
    """Record every response of the server's API before the user's browser gets it, so that no response is missing."""

    async def answered(route: Route) -> None:
        answer = await route.fetch()
        user.traffic.received.append((await answer.body()).decode("utf-8", "replace"))
        await route.fulfill(response=answer)

    await user.context.route(re.compile(rf"^{re.escape(user.service.url)}/api/"), answered)


async def in_a_call(cast: Cast) -> tuple[User, Staff]:
    """Make a voice call with a visitor who wrote a note in the panel before the call."""
    counselor = await cast.counselor()
    user = await cast.user()
    await overhear(user)
    await user.visit_shop("/m5.html")
    panel = await user.open_panel()
    await panel.get_by_test_id("panel-note").press_sequentially("손떨림이 걱정돼요")
    async with user.context.expect_page() as window:
        await panel.get_by_test_id("panel-voice").click()
    user.page = await window.value
    await user.enter()
    await counselor.accept()
    await counselor.hears(USER.hz)
    return user, counselor


async def asks_for_help(counselor: Staff, note: str) -> None:
    await counselor.get("help-button").click()
    await counselor.get("help-note").press_sequentially(note)
    await counselor.get("help-send").click()


async def learns_nothing_of(user: User, *secrets: str) -> None:
    """Check that the browser received none of these texts.

    First the user writes a chat line and reads it, so that everything that the server sent before has arrived.
    """
    mark = f"표시 {len(user.traffic.received)}"
    await user.write(mark)
    await user.reads(mark)
    for secret in secrets:
        assert not user.traffic.contains(secret), secret


async def test_nothing_of_staff_reaches_the_user_from_help_to_whisper(cast: Cast, tmp_path: Path) -> None:
    user, counselor = await in_a_call(cast)
    professional = await cast.professional()
    await the_search_for_help_is_hidden(user, counselor, professional)
    await the_reader_hears_nobody(user, counselor, professional)

    await professional.get("join").click()
    await counselor.hears(PROFESSIONAL.hz)
    await professional.write("리콜 대상일 수 있어요")
    await counselor.reads("리콜 대상일 수 있어요")
    staff_picture = await shows_the_staff_a_picture(counselor, professional, tmp_path)
    await counselor.get("notes").press_sequentially("리콜 여부 확인")
    await user.hears()

    await counselor.get("mode-whisper").click()
    await counselor.get("mode-apply").click()
    await user.hears(COUNSELOR.hz)
    await professional.write("교환을 권하세요")
    await counselor.reads("교환을 권하세요")
    secrets = ("다시 부탁드려요", "읽는 중입니다", "리콜 대상일 수 있어요", "리콜 여부 확인", "교환을 권하세요", staff_picture)
    await learns_nothing_of(user, *secrets, *STAFF_ONLY)
    await user.page.reload()
    await user.hears(COUNSELOR.hz)
    await learns_nothing_of(user, *secrets)

    assert await user.page.evaluate(FETCH, f"/api/pictures/{staff_picture}") == 404
    assert (
        await counselor.page.evaluate("path => fetch(path).then(({ status }) => status)", f"/api/pictures/{staff_picture}") == 200
    )


async def the_search_for_help_is_hidden(user: User, counselor: Staff, professional: Staff) -> None:
    await asks_for_help(counselor, "초점 모터를 모르겠어요")
    await expect(professional.get("ring")).to_contain_text("초점 모터를 모르겠어요")
    assert not professional.traffic.contains("손떨림이 걱정돼요"), "before accepting, the brief stays closed"
    await professional.get("ring-decline").click()
    await professional.get("decline-busy").click()
    await expect(counselor.get("help-status")).to_contain_text("전문가")
    await learns_nothing_of(user, "초점 모터를 모르겠어요", "Dr. Han", "drhan", *STAFF_ONLY)
    await counselor.get("help-cancel").click()


async def the_reader_hears_nobody(user: User, counselor: Staff, professional: Staff) -> None:
    await asks_for_help(counselor, "다시 부탁드려요")
    await professional.accept()
    await expect(professional.get("join")).to_be_visible()
    await expect(user.get("notice").filter(has_text="Dr. Han")).to_contain_text("읽고 있어요")
    await expect(professional.get("brief")).to_contain_text("손떨림이 걱정돼요")
    await professional.hears()
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await professional.write("읽는 중입니다")
    await counselor.reads("읽는 중입니다")
    await learns_nothing_of(user, "다시 부탁드려요", "읽는 중입니다", *STAFF_ONLY)


async def shows_the_staff_a_picture(counselor: Staff, professional: Staff, folder: Path) -> str:
    """During a consultation, let the counselor show a picture to the professional. Return the picture's id."""
    Image.new("RGB", (320, 200), (120, 40, 160)).save(folder / "recall.png")
    await counselor.get("chat-picture-file").set_input_files(folder / "recall.png")
    await eventually(lambda: professional.page.evaluate(PICTURE), 1, "the professional should see the picture")
    shown = re.search(r'"kind":"picture".*?"picture":"(pic-[^"]+)"', "".join(professional.traffic.received))
    assert shown is not None
    return shown[1]
