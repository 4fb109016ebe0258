"""Saved replies, outcomes, and notes that stay with a visitor.

The titles of replies, the outcomes and the notes never reach the visitor's browser.
"""

from __future__ import annotations

import io

from msgspec.structs import replace
from PIL import Image
from playwright.async_api import expect

from signaling.records import Records
from signaling.records.wrap_up import Outcome, Tag, WrapUpPlan
from tests.browser.people import Cast, Staff, User
from tests.browser.test_privacy import overhear

TITLE, TEXT = "인사말-직원용 제목", "{user.name} 님, {product.name} 문의를 {counselor.name} 상담사가 도와드릴게요."
CAMERA = "하늘 M5 미러리스 카메라"


async def asks(cast: Cast, counselor: Staff, name: str = "", *, watched: bool = False) -> User:
    user = await cast.user()
    if watched:
        await overhear(user)
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
    await expect(counselor.page.locator(".product-picture")).to_be_visible()
    return user


def png() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(made, "PNG")
    return made.getvalue()


async def share(cast: Cast, title: str, text: str) -> None:
    """Let the operator save a reply for all staff of the site."""
    operator = await cast.operator()
    await operator.get("nav-replies").click()
    await operator.get("reply-add").first.click()
    await operator.get("reply-title").fill(title)
    await operator.get("reply-text").fill(text)
    picture = {"name": "지도.png", "mimeType": "image/png", "buffer": png()}
    await operator.get("reply-picture-file").set_input_files(files=[picture])
    await operator.get("reply-save").click()
    await expect(operator.get("reply")).to_contain_text(title)
    await expect(operator.get("reply").locator("img")).to_have_js_property("naturalWidth", 90)


async def test_claimed_values_are_marked_and_signed_ones_filled_in(cast: Cast) -> None:
    await share(cast, TITLE, TEXT)
    jimin = await cast.counselor(browser="firefox")
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
    await expect(jimin.get("carried").get_by_test_id("reply-thumb")).to_have_count(1)
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
    await expect(stranger.panel.locator(".chat-picture img")).to_have_js_property("naturalWidth", 90)
    await jimin.get("end-session").click()
    await jimin.get("end-confirm").click()
    await jimin.get("wrapup-save").click()

    customer = await asks(cast, jimin, "김민지")
    await jimin.get("replies-open").click()
    await expect(jimin.get("reply-option")).to_contain_text(TITLE)
    await box.press("Enter")
    filled = f"김민지 님, {CAMERA} 문의를 Jimin 상담사가 도와드릴게요."
    await expect(box).to_have_value(filled)
    await jimin.get("carried").get_by_role("button", name="사진 빼기").click()
    await box.press("Enter")
    await expect(customer.panel.get_by_test_id("chat-line").filter(has_text=filled)).to_be_visible()
    await expect(customer.panel.locator(".chat-picture img")).to_have_count(0)
    assert not stranger.traffic.contains(TITLE)
    assert not customer.traffic.contains(TITLE)


SECRETS = NOTE, OUTCOME, TAG = "왼손잡이라고 함", "결과: 교환 접수", "태그: 단골"


async def set_plan(cast: Cast) -> None:
    """Store in the database that staff must choose an outcome after each session, and which outcomes and tags the site has."""
    records = await Records.open(f"sqlite+aiosqlite:///{cast.service.data_dir / 'records.sqlite'}")
    site = await records.site("demo-shop")
    assert site is not None
    plan = WrapUpPlan(
        outcomes=[Outcome(id="exchange", names={"ko": OUTCOME})], required=["*"], tags=[Tag(id="regular", names={"ko": TAG})]
    )
    await records.save_site(replace(site, wrap_up=plan))
    await records.close()


async def test_notes_and_outcomes_return_with_the_visitor_who_gets_none(cast: Cast) -> None:
    await set_plan(cast)
    jimin = await cast.counselor()
    first = await asks(cast, jimin, "김민지", watched=True)
    await jimin.get("person-note-text").fill(NOTE)
    await jimin.get("person-note-save").click()
    await expect(jimin.get("person-note")).to_contain_text(NOTE)
    await jimin.write("교환을 접수했어요")
    await expect(first.panel.get_by_test_id("chat-line").filter(has_text="교환을 접수했어요")).to_be_visible()
    await jimin.get("end-session").click()
    await jimin.get("end-confirm").click()
    await jimin.get("wrapup-save").click()
    await expect(jimin.get("wrapup-outcome")).to_have_js_property("validity.valueMissing", True)
    await jimin.get("wrapup-outcome").select_option("exchange")
    await jimin.get("wrapup-tag-regular").click()
    await jimin.page.reload()  # outcome and tag are not saved yet, but the reload must keep them
    await expect(jimin.get("wrapup-outcome")).to_have_value("exchange")
    await expect(jimin.get("wrapup-tag-regular").locator("input")).to_be_checked()
    await jimin.get("wrapup-save").click()
    await expect(jimin.get("wrapup-save")).to_be_hidden()

    second = await asks(cast, jimin, "김민지", watched=True)
    await expect(jimin.get("person-note")).to_contain_text(NOTE)
    await expect(jimin.get("person-earlier")).to_contain_text(OUTCOME)
    await expect(jimin.get("person-earlier")).to_contain_text(TAG)
    await jimin.get("person-search").fill("교환을 접수")
    await jimin.get("person-read").click()
    await expect(jimin.get("person-conversation")).to_contain_text("교환을 접수했어요")
    await jimin.page.keyboard.press("Escape")
    await jimin.write("다시 오셨네요")
    await expect(second.panel.get_by_test_id("chat-line").filter(has_text="다시 오셨네요")).to_be_visible()
    assert not [secret for secret in SECRETS if first.traffic.contains(secret) or second.traffic.contains(secret)]
