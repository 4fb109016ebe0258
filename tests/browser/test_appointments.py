"""An appointment in browsers.

A visitor chooses the appointment in the shop, an operator moves it, and visitor and counselor meet at the appointed time.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.people import Cast
from tests.browser.service import sangdam

MOVE = """async ([session, staff]) => {
    const at = Date.now() + 2000;
    const answer = await fetch(`/api/operator/appointments/${session}/move`, {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({at, staff}),
    });
    return answer.status;
}"""


async def test_both_meet_at_the_time_of_an_appointment(cast: Cast) -> None:
    await sangdam(cast.service, "site", "add", "demo-shop", "--update", "--appointments", "30+15")
    user = await cast.user()
    await user.call("voice")
    await user.enter()
    await user.get("choice-callback").click()
    await expect(user.get("callback-time").locator("option").first).to_be_attached()
    await user.get("callback-contact").fill("mina@shop.example")
    await user.get("callback-send").click()
    await expect(user.get("appointment-when")).to_be_visible()
    await user.get("appointment-try").click()
    await expect(user.get("devices-tried").get_by_test_id("mic-level")).to_be_visible()
    # the appointment is for a voice call, so the page does not test the camera
    await expect(user.get("devices-tried").get_by_label("카메라")).to_have_count(0)

    counselor = await cast.counselor()
    operator = await cast.operator()
    await operator.get("nav-appointments").click()
    row = operator.get("appointments").locator("tbody tr")
    await expect(row).to_have_count(1)
    session = (await row.locator("a").get_attribute("href") or "").rpartition("/")[2]
    assert await operator.page.evaluate(MOVE, [session, "jimin"]) == 200

    await expect(counselor.get("ring")).to_contain_text("예약 상담")
    await counselor.accept()
    await expect(user.page.locator("h1")).to_have_text("Jimin 님이 기다리고 있어요")
    await user.enter()
    await user.hears(counselor.voice.hz)
    await counselor.hears(user.voice.hz)
