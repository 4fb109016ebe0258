"""An operator who listens in is announced and visible, is not heard, and is audited.

Operators whisper to the counselor, and join the call. The counselor puts a call on hold.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser import media
from tests.browser.media import COUNSELOR, PROFESSIONAL, USER
from tests.browser.people import Cast, Staff, User
from tests.browser.service import sangdam

COUNT_MICROPHONES = """() => {
  window.microphones = 0;
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wanted) => ((window.microphones += 1), ask(wanted));
}"""


async def test_operator_listening_is_shown_to_both_and_hold_silences(cast: Cast) -> None:
    await sangdam(cast.service, "site", "add", "demo-shop", "--update", "--listening", "join")
    operator = await cast.operator()
    counselor = await cast.counselor()
    user = await cast.user()
    await user.visit_shop()
    panel = await user.open_panel()
    await expect(panel.get_by_test_id("panel-may-listen")).to_contain_text("운영자가 함께 들을 수 있어요")
    await user.call("voice")
    await expect(user.get("may-listen")).to_be_visible()
    await user.enter()
    await counselor.accept()
    await user.hears(COUNSELOR.hz)

    await operator.page.evaluate(COUNT_MICROPHONES)
    await operator.get("listen").click()
    await operator.get("listen-confirm").click()
    await operator.hears(USER.hz, COUNSELOR.hz)
    await expect(operator.get("listen")).to_have_count(0)  # the button is gone while the operator listens
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await expect(user.get("notice").filter(has_text="Ops 운영자 님이 통화를 함께 듣고 있어요")).to_be_visible()
    await expect(user.get("who-hears")).to_contain_text("Ops")
    await expect(counselor.get("listened")).to_contain_text("Ops")

    await counselor.page.keyboard.press("k")
    await expect(user.get("notice").filter(has_text="Jimin 상담사 님이 통화를 잠시 보류했어요")).to_be_visible()
    await user.hears()
    await counselor.hears()
    await operator.hears()
    for person in (user, counselor):  # each page marks the active speaker with a frame
        await expect(person.page.locator(".tile-speaking")).to_have_count(0)
    hold = await media.levels(user.page, *media.HOLD_HZ, ms=15_000, peak=True)
    assert min(hold.values()) > media.AUDIBLE_DB, hold
    await user.write("기다리고 있어요")
    await counselor.reads("기다리고 있어요")
    await counselor.get("hold").click()
    await user.hears(COUNSELOR.hz)

    await whispers_then_joins(operator, counselor, user)

    await operator.get("listen-stop").click()
    await expect(operator.get("listening")).to_have_count(0)
    await expect(counselor.get("listened")).to_have_count(0)
    await expect(user.get("notice")).to_have_count(0)
    assert not user.traffic.contains("whisper"), "nothing tells the user's browser of a whisper"
    await operator.get("nav-audit").click()
    audit = operator.get("audit")
    await expect(audit.locator("tr").filter(has_text="통화 함께 듣기 시작")).to_contain_text("Ops")
    await expect(audit.locator("tr").filter(has_text="통화 함께 듣기 종료")).to_contain_text(" s")
    await expect(audit.locator("tr").filter(has_text="통화에 함께함")).to_contain_text("Ops")
    await expect(audit.locator("tr").filter(has_text="사이트 변경")).to_contain_text("명령줄")


async def whispers_then_joins(operator: Staff, counselor: Staff, user: User) -> None:
    """Let the operator whisper, mute, join, and only listen again.

    Check that each person hears exactly the people whom that person's page names.
    """
    assert await operator.page.evaluate("window.microphones") == 0, "whoever listens is not asked for a microphone"
    await operator.get("listen-as-whisper").click()
    await counselor.hears(USER.hz, PROFESSIONAL.hz)
    await expect(counselor.get("listened")).to_contain_text("Ops 님의 귓속말 – 나에게만 들려요")
    await user.hears(COUNSELOR.hz)
    await expect(user.get("notice").filter(has_text="함께 듣고 있어요")).to_be_visible()
    await operator.get("listen-mic").click()
    await expect(operator.get("listen-told")).to_contain_text("마이크가 꺼져")
    await counselor.hears(USER.hz)

    await operator.get("listen-as-join").click()
    await operator.get("listen-join-confirm").click()
    await expect(operator.get("listen-as-join")).to_have_attribute("aria-pressed", "true")
    await expect(operator.get("listen-told")).to_contain_text("마이크가 꺼져")  # an operator who joins the call stays muted
    await operator.get("listen-mic").click()
    await user.hears(COUNSELOR.hz, PROFESSIONAL.hz)
    await counselor.hears(USER.hz, PROFESSIONAL.hz)
    await expect(user.get("participants")).to_contain_text("Ops")
    await user.reads("운영자 Ops 님이 통화에 함께해요")
    await expect(counselor.get("listened")).to_contain_text("모두에게 들려요")

    await operator.get("listen-as-listen").click()
    await user.hears(COUNSELOR.hz)
    await counselor.hears(USER.hz)
    await expect(user.get("participants")).not_to_contain_text("Ops")
