"""The right counselor's console rings for each user, and waiting users see the right texts.

After the server was killed and started again, the queue is as before.
"""

from __future__ import annotations

import signal

from playwright.async_api import expect

from tests.browser.media import COUNSELOR, USER
from tests.browser.people import Cast, Staff, User, eventually
from tests.browser.service import Service


async def waits(cast: Cast) -> User:
    user = await cast.user()
    await user.call()
    await user.enter()
    return user


async def rings(*staff: Staff) -> int:
    return sum([await member.get("ring").is_visible() for member in staff])


async def stands(user: User, words: str) -> None:
    await expect(user.get("waiting-place")).to_have_text(words)


async def away(counselor: Staff) -> None:
    await counselor.get("state-away").click()
    await expect(counselor.get("state-away")).to_have_attribute("aria-pressed", "true")


async def test_missed_call_moves_on_and_the_counselor_is_told(cast: Cast, service: Service) -> None:
    pair = [await cast.counselor("jimin"), await cast.counselor("suho")]
    user = await waits(cast)
    await eventually(lambda: rings(*pair), 1, "one of the two should ring")
    first, second = pair if await pair[0].get("ring").is_visible() else pair[::-1]
    service.skip()  # a console rings for 20 s, and this call moves the clock forward by as much, so the ring ends
    await expect(second.get("ring")).to_be_visible()
    await second.page.keyboard.press("Enter")
    await second.hears(USER.hz)
    await user.hears(COUNSELOR.hz)

    await expect(first.get("ring")).to_be_hidden()
    await expect(first.get("missed")).to_contain_text("호출에 응답이 없어 자리 비움으로 바뀌었어요")
    await expect(first.get("state-away")).to_have_attribute("aria-pressed", "true")
    await first.page.keyboard.press("a")
    await expect(first.get("missed")).to_be_hidden()
    await expect(first.get("state-available")).to_have_attribute("aria-pressed", "true")


async def test_all_tabs_of_a_counselor_ring_until_one_accepts(cast: Cast) -> None:
    counselor = await cast.counselor()
    other_tab = Staff(cast.service, counselor.browser, counselor.context, COUNSELOR)
    other_tab.page = await counselor.context.new_page()
    await other_tab.page.goto(f"{cast.service.host('counselor')}/console")
    await expect(other_tab.get("state-available")).to_have_attribute("aria-pressed", "true")
    await waits(cast)
    await expect(counselor.get("ring")).to_be_visible()
    await expect(other_tab.get("ring")).to_be_visible()
    await other_tab.accept()
    await expect(counselor.get("ring")).to_be_hidden()
    await expect(counselor.page.locator(".toast", has_text="다른 탭에서 수락했어요")).to_be_visible()
    await other_tab.hears(USER.hz)
    await expect(counselor.get("missed")).to_be_hidden()


async def test_message_is_left_taken_and_closed_if_nobody_is_there(cast: Cast) -> None:
    user = await waits(cast)
    await expect(user.page.get_by_role("heading", name="지금은 자리에 있는 상담사가 없어요")).to_be_visible()
    await expect(user.get("waiting-place")).to_have_count(0)
    await user.get("choice-message").click()
    await user.get("message-contact").press_sequentially("minji@example.org")
    await user.page.reload()
    await user.get("choice-message").click()
    await expect(user.get("message-contact")).to_have_value("minji@example.org")
    await user.get("message-text").press_sequentially("렌즈 재고를 알려 주세요")
    await user.get("message-send").click()
    await expect(user.get("message-left")).to_contain_text("빛과소리에서 연락드릴게요")

    counselor = await cast.counselor()
    message = counselor.get("message").filter(has_text="렌즈 재고를 알려 주세요")
    await expect(message).to_contain_text("minji@example.org")
    await message.get_by_test_id("message-take").click()
    await expect(message).to_contain_text("내가 담당")
    await message.get_by_test_id("message-done").click()
    await expect(message).to_have_count(0)
    await expect(counselor.get("ring")).to_be_hidden()


async def test_position_moves_up_and_the_ring_stops_when_a_user_leaves(cast: Cast) -> None:
    counselor = await cast.counselor()
    await away(counselor)
    first, second = await waits(cast), await waits(cast)
    await stands(first, "바로 다음 순서예요")
    await stands(second, "대기 순서 2번째예요")
    await first.get("call-leave").click()
    await stands(second, "바로 다음 순서예요")

    await counselor.available()
    await expect(counselor.get("ring")).to_be_visible()
    await stands(second, "상담사를 부르고 있어요")
    await second.get("call-leave").click()
    await expect(counselor.get("ring")).to_be_hidden()
    await expect(counselor.page.locator(".toast", has_text="요청이 취소됐어요")).to_be_visible()
    await expect(counselor.get("state-available")).to_have_attribute("aria-pressed", "true")


async def test_queue_survives_a_killed_server(cast: Cast, service: Service) -> None:
    counselor = await cast.counselor()
    await away(counselor)
    first, second = await waits(cast), await waits(cast)
    await stands(second, "대기 순서 2번째예요")
    await first.write("먼저 왔어요")

    await service.stop(signal.SIGKILL)
    await service.start()

    await first.write("아직 기다려요")
    await expect(first.page.locator(".chat-line-sending")).to_have_count(0)  # the new server has acknowledged the chat line
    await stands(first, "바로 다음 순서예요")
    await stands(second, "대기 순서 2번째예요")
    await expect(counselor.page.get_by_text("자동으로 다시 연결하고 있어요")).to_be_hidden()
    await counselor.available()
    await counselor.accept()
    await counselor.reads("먼저 왔어요")
    await first.hears(COUNSELOR.hz)
    await stands(second, "바로 다음 순서예요")
