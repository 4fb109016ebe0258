"""Saved replies: what nobody vouches for is marked and held back, what is signed is filled in."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.people import Cast, Staff, User

TITLE, TEXT = "인사말-직원용 제목", "{user.name} 님, {product.name} 문의를 {counselor.name} 상담사가 도와드릴게요."
CAMERA = "하늘 M5 미러리스 카메라"


async def asks(cast: Cast, counselor: Staff, name: str = "") -> User:
    user = await cast.user()
    await user.visit_shop("/m5.html")
    if name:
        await user.shop.get_by_test_id("shop-account").click()
        await user.shop.keyboard.type(name)
        await user.shop.get_by_test_id("shop-sign-in").click()
        await expect(user.shop.get_by_test_id("shop-name")).to_contain_text(name)
    await user.open_panel()
    await user.panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    await expect(counselor.get("chat-input")).to_be_visible()
    return user


async def share(cast: Cast, title: str, text: str) -> None:
    """Let the operator save a shared reply."""
    operator = await cast.operator()
    await operator.get("nav-replies").click()
    await operator.get("reply-add").first.click()
    await operator.get("reply-title").fill(title)
    await operator.get("reply-text").fill(text)
    await operator.get("reply-save").click()
    await expect(operator.get("reply")).to_contain_text(title)


async def test_claimed_values_are_marked_and_signed_ones_filled_in(cast: Cast) -> None:
    await share(cast, TITLE, TEXT)
    jimin = await cast.counselor()
    stranger = await asks(cast, jimin)
    box = jimin.get("chat-input")
    await box.press_sequentially("네, /인사")
    await expect(jimin.get("reply-option")).to_contain_text(TITLE)
    await box.press("Escape")
    await expect(jimin.get("replies")).to_have_count(0)
    await box.press_sequentially("말")
    await expect(jimin.get("replies")).to_have_count(0)
    await box.fill("")
    await box.press_sequentially("/인사")
    await expect(jimin.get("reply-option")).to_have_count(1)
    await box.press("Enter")
    await expect(box).to_have_value("{user.name} 님, {product.name} 문의를 Jimin 상담사가 도와드릴게요.")
    await expect(jimin.get("pending-product.name")).to_contain_text(CAMERA)
    await expect(jimin.get("pending-product.name").locator(".prov-claimed")).to_be_visible()
    await box.press("Enter")
    await expect(jimin.get("chat-send")).to_be_disabled()
    await jimin.get("pending-product.name").get_by_test_id("pending-use").click()
    await jimin.get("pending-user.name").get_by_test_id("pending-drop").click()
    await expect(jimin.get("replies-pending")).to_have_count(0)
    await expect(box).to_have_value(f"님, {CAMERA} 문의를 Jimin 상담사가 도와드릴게요.")
    await box.press("Control+z")
    await expect(jimin.get("replies-pending")).to_be_visible()
    await box.press("Control+Shift+z")
    await box.press("Enter")
    said = stranger.panel.get_by_test_id("chat-line").filter(has_text=f"{CAMERA} 문의를")
    await expect(said).to_be_visible()
    await jimin.get("end-session").click()
    await jimin.get("end-confirm").click()
    await jimin.get("wrapup-save").click()

    customer = await asks(cast, jimin, "김민지")
    await jimin.get("replies-open").click()
    await expect(jimin.get("reply-option")).to_contain_text(TITLE)
    await box.press("Enter")
    filled = f"김민지 님, {CAMERA} 문의를 Jimin 상담사가 도와드릴게요."
    await expect(box).to_have_value(filled)
    await box.press("Enter")
    await expect(customer.panel.get_by_test_id("chat-line").filter(has_text=filled)).to_be_visible()
    assert not stranger.traffic.contains(TITLE)
    assert not customer.traffic.contains(TITLE)
