"""The operator's pages: live sessions, past sessions, the audit log, and erasure."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Locator, expect

from tests.browser.people import Cast, Staff, User, eventually

DRAWN = """
() => [...document.querySelectorAll('[data-testid=recorded-board] canvas')].some((canvas) => {
  if (!canvas.width) return false;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, index) => index % 4 === 3 && value > 128);
})
"""


def figure(operator: Staff, name: str) -> Locator:
    """Return the element with the number that the wallboard shows under this name."""
    return operator.get("figures").locator("div").filter(has_text=name).locator("dd")


def row(operator: Staff, table: str, *cells: str) -> Locator:
    found = operator.get(table).locator("tbody tr")
    for cell in cells:
        found = found.filter(has_text=cell)
    return found


async def set_thresholds(operator: Staff) -> None:
    """Set the wallboard's thresholds so that one waiting user causes a warning.

    Before that, try thresholds that make no sense.
    """
    await operator.get("thresholds-open").click()
    await operator.get("threshold-waiting-amber").fill("2")
    await operator.get("threshold-waiting-red").fill("1")
    await operator.get("thresholds-save").click()
    await expect(operator.get("thresholds")).to_contain_text("경고 값은 주의 값보다 더 나쁜 쪽이어야 해요")
    await operator.get("threshold-waiting-amber").fill("1")
    await operator.get("thresholds-save").click()
    await expect(operator.get("thresholds")).to_have_count(0)


async def the_wall_warns(operator: Staff) -> None:
    await expect(figure(operator, "지금 대기")).to_contain_text("경고 기준 도달")
    await expect(operator.page).to_have_title(re.compile(r"^\(!\)"))
    async with operator.context.expect_page() as opened:
        await operator.get("wall-open").click()
    wall = await opened.value
    await expect(wall.get_by_test_id("wall").locator(".figure-red")).to_contain_text("지금 대기")
    await expect(wall.get_by_role("button")).to_have_count(0)
    await wall.close()


async def test_wallboard_warns_ends_a_session_and_signs_staff_out(cast: Cast) -> None:
    operator = await cast.operator()
    await set_thresholds(operator)
    await expect(figure(operator, "지금 대기")).to_have_text("0")
    user = await cast.user()
    await user.call()
    await user.enter()
    await expect(figure(operator, "지금 대기")).to_contain_text("1")
    await the_wall_warns(operator)
    counselor = await cast.counselor()
    await expect(row(operator, "live-staff", "Jimin", "호출 중")).to_be_visible()
    await counselor.accept()
    await expect(row(operator, "live-staff", "Jimin", "상담 중")).to_be_visible()
    talk = row(operator, "live-sessions", "Jimin", "상담 중", "카메라")
    await expect(talk).to_be_visible()
    await expect(figure(operator, "지금 대기")).to_have_text("0")

    await talk.get_by_test_id("operator-watch").click()
    people = operator.get("quality-person")
    for name in ("방문자", "Jimin"):
        card = people.filter(has_text=name)
        await expect(card).to_contain_text("직접 (UDP)")
        # the page shows ms only after the person's browser has reported on the sound that it receives
        await expect(card.locator("dd").nth(1)).to_have_text(re.compile(r"\d ms"))
        await expect(card.locator("tr", has_text="소리").locator("td").nth(0)).to_have_text(re.compile(r"[1-9]"))
        await expect(card.locator("tr", has_text="소리").locator("td").nth(5)).to_have_text(re.compile(r"\d ms"))
    await expect(talk).to_contain_text(re.compile("좋음|보통|나쁨"))
    await operator.get("quality-close").click()
    await expect(people).to_have_count(0)

    await talk.get_by_test_id("operator-end").click()
    await operator.get("operator-end-confirm").click()
    await expect(user.page.get_by_text("서비스에서 상담을 마쳤어요")).to_be_visible()
    await expect(counselor.page.get_by_text("운영자가 끝냈어요")).to_be_visible()
    await expect(counselor.get("wrapup-notes")).to_be_visible()
    await expect(row(operator, "live-staff", "Jimin", "마무리 중")).to_be_visible()

    await row(operator, "live-staff", "Jimin").get_by_test_id("operator-sign-out").click()
    await operator.get("operator-sign-out-confirm").click()
    await expect(counselor.get("signin-login")).to_be_visible()
    await expect(counselor.page.get_by_text("로그아웃됐어요")).to_be_visible()
    await expect(row(operator, "live-staff", "Jimin")).to_have_count(0)
    await counselor.page.reload()
    await expect(counselor.get("signin-login")).to_be_visible()

    await operator.get("nav-audit").click()
    await expect(row(operator, "audit", "현황판 기준 변경", "waiting: (없음) → 1, 1")).to_be_visible()


async def a_session_with_everything(cast: Cast, counselor: Staff) -> User:
    """Make a session and end it, so that every kind of data about a session is stored.

    These kinds are a brief, chat lines for everybody and for staff only, a stroke on the board, help by a professional (in
    consultation, then in conference), and a rating.
    """
    professional = await cast.professional()
    user = await cast.user()
    await user.call("voice", "/m5.html")
    await user.enter()
    await counselor.accept()
    await user.write("카메라가 켜지지 않아요")
    await counselor.reads("카메라가 켜지지 않아요")
    await user.get("call-board").click()
    await expect(user.get("board-canvas")).to_be_visible()
    await draw_a_stroke(user)
    await counselor.get("help-button").click()
    await counselor.get("help-note").press_sequentially("펌웨어 문제 같아요")
    await counselor.get("help-send").click()
    await professional.accept()
    await professional.get("join").click()
    await professional.write("2.1 판의 알려진 결함입니다")
    await counselor.reads("2.1 판의 알려진 결함입니다")
    await counselor.get("mode-conference").click()
    await counselor.get("mode-apply").click()
    await counselor.get("chat-audience-all").click()
    await counselor.write("새 펌웨어를 보내 드릴게요")
    await user.reads("새 펌웨어를 보내 드릴게요")
    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    await user.get("rate-4").click()
    await expect(user.get("rated")).to_be_visible()
    return user


async def draw_a_stroke(user: User) -> None:
    box = await user.get("board-paper").bounding_box()
    assert box is not None
    await user.page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.3)
    await user.page.mouse.down()
    await user.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.6, steps=10)
    await user.page.mouse.up()


async def test_past_session_can_be_read_audited_and_erased(cast: Cast, tmp_path: Path) -> None:
    counselor = await cast.counselor()
    user = await a_session_with_everything(cast, counselor)
    async with user.page.expect_download() as download:
        await user.get("transcript").click()
    await (await download.value).save_as(tmp_path / "conversation.html")
    copy = (tmp_path / "conversation.html").read_text()
    assert "카메라가 켜지지 않아요" in copy
    assert ">Jimin (상담사)<" in copy
    assert "새 펌웨어를 보내 드릴게요" in copy
    assert "2.1 판의 알려진 결함입니다" not in copy
    assert "펌웨어 문제 같아요" not in copy
    await counselor.get("wrapup-notes").press_sequentially("펌웨어 안내")
    await counselor.get("wrapup-save").click()

    operator = await cast.operator()
    await operator.get("nav-past").click()
    await row(operator, "past-sessions", "Jimin", "Dr. Han", "4 / 5").get_by_test_id("past-open").click()
    record = operator.get("past-session")
    await expect(record.get_by_test_id("brief")).to_contain_text("하늘 M5 미러리스 카메라")
    lines = record.get_by_test_id("transcript-line")
    await expect(lines.filter(has_text="카메라가 켜지지 않아요")).not_to_contain_text("직원만")
    await expect(lines.filter(has_text="2.1 판의 알려진 결함입니다")).to_contain_text("직원만")
    await eventually(lambda: operator.page.evaluate(DRAWN), True, "the board shows its ink")
    for mode in ("두 사람", "협의", "함께 대화"):
        await expect(record.locator(".span").filter(has_text=mode)).to_be_visible()
    await expect(record.locator(".why").filter(has_text="상담이 가장 적은 상담사").first).to_be_visible()
    await expect(record.get_by_text("펌웨어 안내")).to_be_visible()

    await operator.get("nav-audit").click()
    await expect(row(operator, "audit", "Ops", "상담 열람")).to_have_count(1)

    await operator.page.go_back()
    await operator.get("erase").click()
    confirm = operator.get("erase-confirm")
    await expect(confirm).to_be_disabled()
    await operator.get("erase-word").press_sequentially("삭제")
    await confirm.click()
    erased = row(operator, "past-sessions")
    await expect(erased).to_have_count(1)
    await expect(erased).to_contain_text("기록이 삭제됐어요")
    await erased.get_by_test_id("past-open").click()
    await expect(operator.page.get_by_text("작성된 글이 없어요")).to_be_visible()
    assert not await record.get_by_text("하늘 M5").count()
    assert not await record.get_by_text("펌웨어 안내").count()
    await operator.get("nav-audit").click()
    await expect(row(operator, "audit", "Ops", "상담 기록 삭제")).to_have_count(1)


async def test_operator_can_search_a_site_that_has_no_session_yet(cast: Cast) -> None:
    operator = await cast.operator()
    await operator.get("nav-past").click()
    await expect(operator.get("search-site").locator("option")).to_have_text(["전체", "빛과소리"])
