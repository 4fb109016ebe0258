"""One counselor with three text sessions and a call.

In the console's list, the user who waits longest comes first. Half-written text is neither lost nor sent.
"""

from __future__ import annotations

import re

from playwright.async_api import Locator, expect

from tests.browser.people import NOTE_BADGES, Cast, Staff, User, eventually

LONG = "\n".join(f"확인할 점 {i}" for i in range(12))
# Returns the number of the first visible chat line, and this line's distance in px from the top of the box.
PLACE = """(box) => {
  const { top } = box.getBoundingClientRect();
  const seen = [...box.querySelectorAll("[data-seq]")].find((line) => line.getBoundingClientRect().bottom > top);
  return [seen.dataset.seq, seen.getBoundingClientRect().top - top];
}"""

# Records what the console asks of the browser: sounds, notifications, and numbers on the console's icon. The script makes the
# console believe that its window has no focus, because the console shows no notification while its window has the focus.
NOTE = """() => {
  globalThis.told = [];
  document.hasFocus = () => false;
  const { createOscillator } = BaseAudioContext.prototype;
  BaseAudioContext.prototype.createOscillator = function () {
    told.push("sound");
    return createOscillator.call(this);
  };
  globalThis.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      told.push(`${title}: ${options.body}`);
    }
  };
  navigator.setAppBadge = async (count) => void told.push(`icon: ${count}`);
}"""
TOLD = "() => told.sort()"


async def says(user: User, text: str) -> None:
    await user.panel.get_by_test_id("chat-input").fill(text)
    await user.panel.get_by_test_id("chat-input").press("Enter")


async def by_text(cast: Cast, counselor: Staff, name: str) -> User:
    user = await cast.user()
    await user.visit_shop("/m5.html")
    await user.open_panel()
    await user.panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    await expect(user.panel.get_by_test_id("panel-people")).to_be_visible()
    await says(user, f"{name}입니다")
    await counselor.reads(f"{name}입니다")
    return user


async def expect_badge(counselor: Staff, count: int) -> None:
    await eventually(lambda: counselor.page.evaluate("badges.at(-1)"), count, "the badge on the icon")


def unread(row: Locator) -> Locator:
    return row.get_by_test_id("row-unread")


async def height(counselor: Staff, selector: str) -> float:
    box = await counselor.page.locator(selector).bounding_box()
    assert box is not None
    return box["height"]


async def is_at(lines: Locator, place: tuple[str, float]) -> bool:
    line, px = await lines.evaluate(PLACE)
    return line == place[0] and abs(px - place[1]) < 2


async def test_who_waits_is_first_and_each_conversation_stays_as_it_was(cast: Cast) -> None:
    jimin = await cast.counselor(browser="full chromium")  # the headless shell shows no notifications
    rows, lines = jimin.get("session-row"), jimin.page.locator(".chat-lines")
    first = await by_text(cast, jimin, "첫째")
    await by_text(cast, jimin, "둘째")
    await by_text(cast, jimin, "셋째")
    await expect(rows).to_have_count(3)
    await expect(jimin.get("row-waits")).to_have_count(3)

    await rows.nth(0).click()  # the user in the first row of the console's list has waited longest
    await jimin.reads("첫째입니다")
    for _ in range(4):
        await jimin.get("chat-input").fill(LONG)
        await jimin.get("chat-input").press("Enter")
    await expect(jimin.get("row-waits")).to_have_count(2)
    await expect(lines).to_contain_text("확인할 점 11")
    await expect(lines.locator('[data-state="sending"]')).to_have_count(0)
    await lines.evaluate("(box) => box.scrollBy({ top: -400, behavior: 'instant' })")
    await jimin.get("chat-input").press_sequentially("쓰다 만 글")
    where = await lines.evaluate(PLACE)
    assert await lines.evaluate("(box) => box.scrollTop") > 0

    # staff have answered this session, so it comes after the sessions whose users wait
    await expect(rows.nth(2)).to_have_attribute("aria-current", "true")
    await rows.nth(0).click()
    await jimin.reads("둘째입니다")
    await jimin.context.grant_permissions(["notifications"])
    await jimin.page.evaluate(NOTE)
    await says(first, "하나 더 여쭤볼게요")
    await expect(unread(rows.nth(2))).to_contain_text("1")
    await expect(jimin.page).to_have_title(re.compile(r"^\(1\) "))
    await eventually(lambda: jimin.page.evaluate(TOLD), ["icon: 1", "sound", "방문자: 새 메시지 1개"], "the counselor is told")
    await jimin.page.evaluate("() => void delete document.hasFocus")
    await jimin.page.evaluate(NOTE_BADGES)
    await rows.nth(2).click()
    await expect(jimin.page.get_by_text("하나 더 여쭤볼게요").last).to_be_attached()
    await expect(jimin.get("row-unread")).to_have_count(0)
    await expect(jimin.page).not_to_have_title(re.compile(r"^\("))
    await expect_badge(jimin, 0)
    await expect(jimin.get("chat-input")).to_have_value("쓰다 만 글")
    await eventually(lambda: is_at(lines, where), True, "the reader's place is kept, whatever the lines above it have become")

    caller = await cast.user("firefox")
    await caller.call()
    await jimin.get("chat-input").press_sequentially(" 계속")
    await caller.enter()
    # Alt+Enter accepts the ring, because Enter alone sends the chat line that the counselor is writing
    await expect(jimin.get("ring-key")).to_have_text("Alt Enter")
    await expect_badge(jimin, 1)
    await jimin.page.keyboard.press("Alt+Enter")
    await expect(jimin.get("voice-strip")).to_be_visible()
    await expect_badge(jimin, 0)
    assert await height(jimin, '[data-testid="voice-strip"]') <= 60
    assert await height(jimin, ".room-chat") >= 0.5 * await height(jimin, ".room")
    await expect(first.panel.get_by_test_id("chat-line").filter(has_text="쓰다 만 글")).to_have_count(0)

    await jimin.get("notes").fill("다시 전화하기로 함")  # the note is written during the call
    await jimin.get("end-session").click()
    await jimin.get("end-confirm").click()
    await expect(jimin.get("wrapup-outcome")).to_have_value("")  # nobody has chosen an outcome
    await rows.nth(2).click()
    await expect(jimin.get("chat-input")).to_have_value("쓰다 만 글 계속")
    await rows.nth(3).click()
    await expect(jimin.get("wrapup-notes")).to_have_value("다시 전화하기로 함")
    await jimin.get("wrapup-save").click()
    await expect(rows).to_have_count(3)

    await first.shop.goto(first.service.shop + "/maru.html")  # the visitor goes to another page of the shop
    await rows.nth(2).click()
    await expect(jimin.get("head-page")).to_contain_text("마루")
    await expect(jimin.get("brief")).to_contain_text("지금 여기")
