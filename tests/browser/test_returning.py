"""The request of a user who returns is first offered to the counselor who served this user last.

In a console with two sessions, each chat line that the counselor writes goes only to the right session.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.people import Cast, User


async def signed_in(user: User) -> None:
    """Open the shop's page and sign in there, so that the shop vouches for the visitor."""
    await user.visit_shop("/m5.html")
    await user.shop.get_by_test_id("shop-account").click()
    await user.shop.keyboard.type("김민지")
    await user.shop.get_by_test_id("shop-sign-in").click()
    await expect(user.shop.get_by_test_id("shop-name")).to_contain_text("김민지")


async def by_text(user: User) -> None:
    await user.open_panel()
    await user.panel.get_by_test_id("panel-text").click()


async def test_returning_user_is_offered_to_the_last_counselor_first(cast: Cast) -> None:
    jimin = await cast.counselor("jimin")
    user = await cast.user()
    await signed_in(user)
    await by_text(user)
    await jimin.accept()
    suho = await cast.colleague()
    await suho.sign_in("suho", "counselor")  # from now on Suho has been idle for longer than Jimin
    await jimin.get("end-session").click()
    await jimin.get("end-confirm").click()
    await jimin.get("wrapup-save").click()
    await user.panel.get_by_test_id("panel-restart").click()

    await user.panel.get_by_test_id("panel-text").click()
    await expect(user.panel.get_by_test_id("panel-waiting")).to_contain_text("지난번에 상담한 Jimin 님이 가능한지 보고 있어요")
    await expect(jimin.get("ring")).to_contain_text("김민지")
    await expect(suho.get("ring")).to_have_count(0)
    await jimin.get("ring-decline").click()
    await jimin.get("decline-busy").click()
    await expect(suho.get("ring")).to_contain_text("김민지")
    await suho.accept()

    operator = await cast.operator()
    await operator.get("nav-past").click()
    await operator.get("past-open").first.click()
    await expect(operator.page.get_by_text("지난번 상담사에게 먼저 요청")).to_be_visible()
    await expect(operator.page.get_by_text("지난번 상담사가 받을 수 없었음")).to_be_visible()


async def test_two_sessions_in_one_console_stay_apart(cast: Cast) -> None:
    jimin = await cast.counselor("jimin")
    first, second = await cast.user(), await cast.user()
    for user, said in ((first, "첫째입니다"), (second, "둘째입니다")):
        await user.visit_shop("/m5.html")
        await by_text(user)
        await jimin.accept()
        await expect(user.panel.get_by_test_id("panel-people")).to_be_visible()
        await user.panel.get_by_test_id("chat-input").fill(said)
        await user.panel.get_by_test_id("chat-input").press("Enter")
        await jimin.reads(said)
    rows = jimin.get("session-row")
    await expect(rows).to_have_count(2)

    await rows.nth(0).click()
    await jimin.get("chat-input").press_sequentially("첫째에게 쓰는 중")
    await rows.nth(1).click()
    await expect(jimin.get("chat-input")).to_have_value("")
    await jimin.write("둘째에게 답")
    await expect(second.panel.get_by_test_id("chat-line").filter(has_text="둘째에게 답")).to_be_visible()
    await first.panel.get_by_test_id("chat-input").fill("아직 계세요?")
    await first.panel.get_by_test_id("chat-input").press("Enter")
    await expect(rows.nth(0)).to_contain_text("1")
    await rows.nth(0).click()
    await expect(jimin.get("chat-input")).to_have_value("첫째에게 쓰는 중")
    await jimin.get("chat-input").press("Enter")
    await expect(first.panel.get_by_test_id("chat-line").filter(has_text="첫째에게 쓰는 중")).to_be_visible()
    await expect(first.panel.get_by_test_id("chat-line").filter(has_text="둘째")).to_have_count(0)
    await expect(second.panel.get_by_test_id("chat-line").filter(has_text="첫째")).to_have_count(0)


async def test_signed_user_has_one_thread_on_two_devices(cast: Cast) -> None:
    jimin, laptop, phone = await cast.counselor("jimin"), await cast.user(), await cast.user()
    await signed_in(laptop)
    await by_text(laptop)
    await jimin.accept()
    await laptop.panel.get_by_test_id("chat-input").fill("삼각대도 있나요?")
    await laptop.panel.get_by_test_id("chat-input").press("Enter")
    await jimin.reads("삼각대도 있나요?")
    await jimin.write("네, 있어요")
    await jimin.get("chat-audience-staff").click()
    await jimin.write("우리끼리만 하는 말")
    await jimin.reads("우리끼리만 하는 말")

    await signed_in(phone)
    await by_text(phone)
    await expect(phone.panel.get_by_test_id("panel-open-elsewhere")).to_be_visible()
    await phone.panel.get_by_test_id("panel-go-on").click()
    await expect(phone.panel.get_by_test_id("chat-line").filter(has_text="네, 있어요")).to_be_visible()
    # the first device's page says that the conversation is on another device; the user can bring it back here
    await laptop.panel.get_by_test_id("panel-here").click()
    await expect(laptop.panel.get_by_test_id("chat-line").filter(has_text="네, 있어요")).to_be_visible()
    await expect(phone.panel.get_by_test_id("panel-here")).to_be_visible()

    await laptop.panel.get_by_test_id("panel-end").click()
    await laptop.panel.get_by_test_id("panel-end-yes").click()
    await laptop.panel.get_by_test_id("panel-restart").click()
    await laptop.panel.get_by_test_id("panel-past").click()
    await laptop.panel.get_by_test_id("panel-past-item").get_by_text("삼각대도 있나요?").click()
    await expect(laptop.panel.get_by_test_id("past-line")).to_have_count(2)
    await expect(laptop.panel.get_by_test_id("past-line").nth(1)).to_contain_text("네, 있어요")
    await laptop.panel.get_by_test_id("panel-past-back").click()
    await laptop.panel.get_by_test_id("panel-past-back").click()

    await jimin.get("wrapup-save").click()
    await laptop.panel.get_by_test_id("panel-text").click()
    await jimin.accept()
    await jimin.get("earlier-open").click()
    await expect(jimin.get("earlier-read").get_by_test_id("transcript-line").filter(has_text="삼각대도 있나요?")).to_be_visible()
    await expect(jimin.get("earlier-read")).to_contain_text("우리끼리만 하는 말")
    # the user can read past conversations while another conversation goes on
    await laptop.panel.get_by_test_id("panel-past").click()
    await expect(laptop.panel.get_by_test_id("panel-past-item").filter(has_text="삼각대도 있나요?")).to_be_visible()
    await laptop.panel.get_by_test_id("panel-past-back").click()
    await expect(laptop.panel.get_by_test_id("chat-input")).to_be_editable()
    assert not [user for user in (laptop, phone) if user.traffic.contains("우리끼리만 하는 말")]
