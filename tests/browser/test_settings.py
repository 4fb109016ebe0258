"""An owner changes how a site receives its visitors, and previews a change of a counselor's capacity before saving it."""

from __future__ import annotations

import io
import re
from pathlib import Path

from msgspec.structs import replace
from PIL import Image
from playwright.async_api import expect

from signaling.records import Records, SessionRecord
from signaling.server.http.bodies import now_ms
from tests.browser.looking import Eyes
from tests.browser.people import Cast

DAY_MS = 86_400_000
LAUNCHER_LEFT = "() => document.elementFromPoint(60, innerHeight - 36)?.id === 'sangdam-widget'"
BELOW_THE_BAR = """(field) => {
  scrollTo(0, document.body.scrollHeight);
  field.setCustomValidity("refused");
  field.reportValidity();
  field.setCustomValidity("");
  return field.getBoundingClientRect().top >= document.querySelector(".topbar").getBoundingClientRect().bottom;
}"""


async def lived_through(data_dir: Path, count: int) -> None:
    """Put finished calls of the last days into the database. Jimin served one call after another, so some users gave up."""
    records = await Records.open(f"sqlite+aiosqlite:///{data_dir / 'records.sqlite'}")
    now = now_ms()
    for number in range(count):
        at = now - 5 * DAY_MS + number * 150_000
        gave_up = number % 3 == 2
        await records.create_session(
            SessionRecord(
                id=f"past-{number}",
                site="demo-shop",
                category="cameras",
                language="ko",
                channel="voice",
                state="closed",
                started_at=at,
                waiting_at=at,
                active_at=None if gave_up else at + 9000,
                ended_at=at + (60_000 if gave_up else 200_000),
                counselor="" if gave_up else "jimin",
            )
        )
    await records.close()


async def moved_home(data_dir: Path, address: str) -> None:
    """Change the site's home address in the database, as another process would, while the form is open."""
    records = await Records.open(f"sqlite+aiosqlite:///{data_dir / 'records.sqlite'}")
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, home_url=address))
    await records.close()


def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (96, 48), "#c8553d").save(out, "PNG")
    return out.getvalue()


async def test_owner_shapes_a_site_and_previews_a_change(cast: Cast) -> None:
    eyes = Eyes("ko")
    owner = await cast.operator()
    await owner.page.goto(f"{owner.service.host('operator')}/operator#settings/sites/demo-shop")
    await expect(owner.get("site-home_url")).to_be_visible()
    await moved_home(owner.service.data_dir, "https://elsewhere.example/")
    await owner.get("site-logo-file").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": logo()})
    await expect(owner.get("site-logo")).to_be_visible()
    # the form shows the value that another process has saved while the form was open
    await expect(owner.get("site-home_url")).to_have_value("https://elsewhere.example/")
    await expect(owner.get("changed-meanwhile")).to_be_visible()
    await owner.get("site-channel-video").uncheck()
    await owner.get("site-corner").select_option("left")
    await owner.get("site-launcher_texts-ko").fill("물어보세요")
    await owner.get("site-waiting_notice-ko").fill("주문 번호를 준비해 주세요.")
    form = owner.get("form-cameras")
    await form.locator("summary").click()
    await owner.get("form-cameras-which").select_option("own")
    # the browser scrolls to a field whose content it refuses; the bar at the top of the page does not cover this field
    assert await owner.get("site-name-ko").evaluate(BELOW_THE_BAR)
    await owner.get("form-cameras-add").click()
    await form.get_by_test_id("form-label-ko").fill("주문 번호")
    await form.get_by_test_id("form-required").check()
    await owner.get("form-cameras-add").click()
    await owner.get("site-save").click()
    # the form shows an error, because the second field has no name yet
    await expect(form.locator(".field-error").first).to_be_visible()
    second = form.get_by_test_id("form-field").nth(1)
    await second.get_by_test_id("form-label-ko").fill("용건")
    await second.get_by_test_id("form-kind").select_option("choice")
    # press the keys one by one, because the field must keep its text even while the text is no complete value yet
    await second.get_by_test_id("form-choices-ko").press_sequentially("배송\n반품\n")
    await expect(second.get_by_test_id("form-choices-ko")).to_have_value("배송\n반품\n")
    widens = owner.get("category-cameras-widens")
    await widens.press_sequentially("20")
    await owner.get("site-save").click()
    await expect(widens).to_have_attribute("aria-invalid", "true")  # the field needs two numbers, and the second is missing
    await widens.press("End")
    await widens.press_sequentially(" 40")
    await expect(widens).to_have_value("20 40")
    await owner.get("site-save").click()
    await expect(form.locator(".field-error")).to_have_count(0)
    await expect(owner.get("changed-meanwhile")).to_have_count(0)
    await eyes.look(owner.page, "settings-site")

    shop = await owner.context.new_page()
    await shop.goto(f"{owner.service.host('operator')}/try/demo-shop")
    await shop.wait_for_function(LAUNCHER_LEFT)  # the launcher is in the corner that the site's settings name
    await shop.close()

    jimin = await cast.counselor()
    visitor = await cast.user()
    await visitor.visit_shop()
    await visitor.open_panel()
    panel = visitor.panel
    await expect(panel.locator(".p-logo")).to_be_visible()
    await expect(panel.get_by_test_id("panel-video")).to_have_count(0)
    await panel.get_by_test_id("panel-text").click()
    await expect(panel.get_by_test_id("panel-refusal")).to_contain_text("채우지 않은 칸")
    await expect(panel.get_by_test_id("panel-form-q1")).to_have_attribute("aria-invalid", "true")
    await eyes.look(visitor.shop, "panel-form", panel)
    await panel.get_by_test_id("panel-form-q1").fill("A-1042")
    await panel.get_by_test_id("panel-form-q2").select_option("반품")
    await panel.get_by_test_id("panel-text").click()
    await expect(panel.get_by_test_id("waiting-notice")).to_have_text("주문 번호를 준비해 주세요.")
    await jimin.accept()
    fact = jimin.page.locator("dt", has_text="주문 번호")
    await expect(fact).to_be_visible()
    await expect(fact.locator(".prov-typed")).to_be_visible()
    await expect(jimin.page.locator("dd", has_text="A-1042")).to_be_visible()

    await owner.page.goto(f"{owner.service.host('operator')}/operator#settings/people/jimin")
    calls = owner.page.get_by_label("동시 통화 수")
    await calls.fill("2")
    await expect(owner.get("preview-few")).to_be_visible()
    await lived_through(owner.service.data_dir, 400)
    await calls.fill("3")
    await expect(owner.get("preview-given_up").locator("td").first).to_have_text(re.compile(r"\d+%"))
    await expect(owner.get("preview")).to_contain_text("400건")
    await owner.get("preview").scroll_into_view_if_needed()
    await eyes.look(owner.page, "settings-preview")
    assert eyes.faults == []
