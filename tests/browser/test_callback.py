"""Callbacks in browsers: a user does not want to wait, and asks to be called back.

Later, the counselor gives the user a new link. By this link, the user reaches exactly this counselor.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.people import Cast

IN_A_MOMENT = """select => {
    const option = document.createElement("option");
    option.value = String(Date.now() + 1500);
    select.append(option);
    select.value = option.value;
    select.dispatchEvent(new Event("change", {bubbles: true}));
}"""


async def test_user_returns_to_a_callback_by_a_fresh_link(cast: Cast) -> None:
    user = await cast.user()
    await user.call("voice")
    await user.enter()
    await user.get("choice-callback").click()
    await expect(user.get("callback-time").locator("option").first).to_be_attached()
    # the page offers only times that are at least ten minutes away, so the script sets a nearer time
    await user.get("callback-time").evaluate(IN_A_MOMENT)
    await user.get("callback-contact").fill("010-2000-3000")
    await user.get("callback-note").fill("렌즈가 맞지 않아요")
    await user.get("callback-send").click()
    await expect(user.get("callback-promise")).to_contain_text("010-2000-3000")

    counselor = await cast.counselor()
    await expect(counselor.get("ring")).to_contain_text("렌즈가 맞지 않아요")
    await expect(counselor.get("ring")).not_to_contain_text("010-2000-3000")
    await counselor.accept()
    await expect(counselor.get("callback-where")).to_have_text("010-2000-3000")
    await counselor.get("callback-link").click()
    link = await counselor.get("callback-url").input_value()

    # The user's first page is still open. This page also shows the invitation, but turns on no microphone by itself.
    await expect(user.page.locator("h1")).to_have_text("Jimin 님이 기다리고 있어요")
    await expect(user.get("devices-rest")).to_be_visible()
    await expect(user.get("mic-level")).to_have_count(0)
    await user.get("devices-wake").click()
    await expect(user.get("mic-level")).to_be_visible()
    await user.close()

    back = await cast.user()
    back.page = await back.context.new_page()
    await back.page.goto(link)
    await expect(back.get("invited")).to_be_visible()
    assert "invite" not in back.page.url, "the address keeps nothing"
    await back.page.reload()  # a phone also loads the page again when it has unloaded a tab in the background
    await back.get("invited-enter").click()
    await expect(back.page.locator("h1")).to_have_text("Jimin 님이 기다리고 있어요")
    await back.enter()
    await back.hears(counselor.voice.hz)
    await counselor.hears(back.voice.hz)
    await expect(counselor.get("callback")).to_have_count(0)


async def test_panel_confirms_a_callback_that_was_booked_at_once(cast: Cast) -> None:
    await cast.counselor(available=False)
    user = await cast.user()
    await user.visit_shop()
    panel = await user.open_panel()
    await panel.get_by_test_id("panel-offer-callback").click()
    await expect(panel.get_by_test_id("callback-time").locator("option").first).to_be_attached()
    await panel.get_by_test_id("callback-contact").fill("mina@@shop.example")
    await panel.get_by_test_id("callback-send").click()
    await expect(panel.get_by_test_id("callback-contact")).to_be_focused()  # the browser refuses the wrong address
    await panel.get_by_test_id("callback-contact").fill("010-2000-3000")
    await panel.get_by_test_id("callback-send").click()
    await expect(panel.get_by_test_id("callback-promise")).to_contain_text("010-2000-3000")

    await user.shop.reload()
    panel = await user.find_panel()
    await expect(panel.get_by_test_id("callback-promise")).to_contain_text("010-2000-3000")
