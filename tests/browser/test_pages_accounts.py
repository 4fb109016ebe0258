"""Check the pages about people and sign-ins: sites, people, rules, hours, audit log, a person's account, and new passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser import media
from tests.browser.conftest import Casting
from tests.browser.looking import Eyes, Language
from tests.browser.people import Staff, launch
from tests.browser.service import running, sangdam
from tests.browser.test_pages import House
from tests.mail_server import running_mail_server
from tests.oidc_provider import running_provider


@pytest_asyncio.fixture(params=("ko", "en"), loop_scope="session")
async def house(request: pytest.FixtureRequest, casting: Casting, media_folder: Path, tmp_path: Path) -> AsyncIterator[House]:
    """Start a service that sends mails. Report all faults of the pages at the end, even if the test failed before."""
    async with running_mail_server() as mails:
        mail = ("--smtp", f"127.0.0.1:{mails.port}", "--smtp-tls", "none", "--mail-from", "talk@shop.example")
        async with running(tmp_path, *mail) as service, casting(service) as cast:
            browser = await launch(cast.playwright, "full chromium", media.USER, media_folder)
            cast.stack.push_async_callback(browser.close)
            language: Language = request.param
            house = House(cast, browser, Eyes(language))
            yield house
    assert not house.eyes.faults, "\n".join(["", *house.eyes.faults])


@pytest.mark.timeout(240)
async def test_pages_about_people_and_sign_ins_are_sound(house: House) -> None:
    operator = await house.staff("ops", "operator")
    await expect(operator.get("nav-audit")).to_be_visible()
    await the_keys(house, operator)
    await the_order_of_categories(operator)
    await the_people(house, operator)
    await the_holidays(house, operator)
    await the_rules(house, operator)
    await the_audit(house, operator)
    await the_account(house)
    await the_stranger(house)


async def part(house: House, operator: Staff, address: str, shown: str) -> None:
    """Load the section `address` of the operators' page. `shown`: test id of an element that only this section contains."""
    await operator.page.goto("about:blank")
    await operator.page.goto(f"{house.cast.service.host('operator')}/operator#{address}")
    await expect(operator.get(shown).first).to_be_visible()
    await operator.page.wait_for_load_state("networkidle")


async def the_keys(house: House, operator: Staff) -> None:
    await part(house, operator, "settings/sites", "site-add")
    await house.eyes.look(operator.page, "accounts-sites")
    await part(house, operator, "settings/sites/demo-shop", "site-keys")
    await operator.get("key-name").fill("k2026")
    await operator.get("key-add").click()
    keys = operator.get("site-keys").locator(".settings-key")
    await expect(keys).to_have_count(2)
    await operator.get("site-keys").scroll_into_view_if_needed()
    await house.eyes.look(operator.page, "accounts-key-added")
    await keys.first.get_by_role("button").click()
    await expect(operator.get("key-retire-confirm")).to_be_visible()
    await house.eyes.look(operator.page, "accounts-key-retire")
    await operator.get("key-retire-confirm").click()
    await expect(keys).to_have_count(1)


async def the_order_of_categories(operator: Staff) -> None:
    """Move a category twice by the Enter key. The focus stays on the button although the category moves on the page."""
    shown = operator.page.locator(".settings-category")
    first = await shown.first.get_attribute("data-testid")
    down = shown.first.get_by_role("button").nth(1)
    label = await down.get_attribute("aria-label")
    await down.focus()
    before = await shown.evaluate_all("all => all.map((one) => one.dataset.testid)")
    for _ in range(2):
        await operator.page.keyboard.press("Enter")
        await expect(operator.page.locator("button:focus")).to_have_attribute("aria-label", label or "")
    after = await shown.evaluate_all("all => all.map((one) => one.dataset.testid)")
    assert after.index(first) > before.index(first)
    assert sorted(after) == sorted(before)


async def the_people(house: House, operator: Staff) -> None:
    await part(house, operator, "settings/people", "person-add")
    await house.eyes.look(operator.page, "accounts-people")
    await operator.get("person-add").click()
    for field, typed in (("login", "hana"), ("name", "Hana"), ("languages", "ko")):
        await operator.get(f"person-{field}").fill(typed)
    await house.eyes.look(operator.page, "accounts-person-add")
    await operator.get("person-add-save").click()
    await expect(operator.get("person-add-save")).to_have_count(0)
    await house.eyes.look(operator.page, "accounts-person-added")


async def the_holidays(house: House, operator: Staff) -> None:
    await part(house, operator, "hours", "hours-cameras")
    await operator.get("hours-edit-cameras").click()
    await operator.get("hours-which").select_option("own")
    await operator.get("hours-country").fill("XX")
    await operator.get("hours-country-add").click()
    await expect(operator.page.locator(".hours-country .field-error")).to_be_visible()
    await operator.get("hours-country").scroll_into_view_if_needed()
    await house.eyes.look(operator.page, "accounts-holidays-unknown")
    await operator.get("hours-country").fill("KR")
    await operator.get("hours-country-add").click()
    await expect(operator.get("hours-holiday").first).to_be_visible()
    await operator.get("hours-country").scroll_into_view_if_needed()
    await house.eyes.look(operator.page, "accounts-holidays")


async def the_rules(house: House, operator: Staff) -> None:
    """Look at an organisation's sign-in rules, at conflicting changes of these rules, and at the form for an OpenID provider."""
    await part(house, operator, "signing-in", "rules-save")
    await house.eyes.look(operator.page, "accounts-signing-in")
    await sangdam(house.cast.service, "sign-in", "--hours", "8")
    rules = operator.get("rules")
    await rules.get_by_test_id("factor-required").check()
    await rules.get_by_test_id("rules-save").click()
    await expect(rules.get_by_role("alert")).to_be_visible()
    await expect(rules.get_by_test_id("sign-in-hours")).to_have_value("8")
    await expect(rules.get_by_test_id("factor-required")).to_be_checked()
    await house.eyes.look(operator.page, "accounts-rules-changed")
    await sangdam(house.cast.service, "organisation", "add", "rival", "--name", "Rival")
    await part(house, operator, "signing-in", "own-provider")
    await operator.get("own-provider").scroll_into_view_if_needed()
    await house.eyes.look(operator.page, "accounts-own-provider")
    await the_provider(house, operator)


async def the_provider(house: House, operator: Staff) -> None:
    """Look at an OpenID provider that the command line has set up."""
    service = house.cast.service
    logout = f"http://127.0.0.1:{service.port}/api/oidc/logout"
    async with running_provider(f"{service.host('counselor')}/api/oidc/callback", logout) as issuer:
        roles = ("--role", "desk=counselor", "--role", "leads=manager", "--language", "ko", "--language", "en")
        await sangdam(service, "sign-in-provider", "--issuer", issuer, "--client-id", "sangdam", "--name", "Shop account", *roles)
        await part(house, operator, "signing-in", "provider-remove")
        await operator.get("provider").scroll_into_view_if_needed()
        await house.eyes.look(operator.page, "accounts-provider")


async def the_audit(house: House, operator: Staff) -> None:
    """In the audit log, look at reasons why a change cannot be undone, and at the question that the page asks before an undo."""
    await part(house, operator, "audit", "audit-undo")
    # the page says why this change cannot be undone: a retired secret cannot be made valid again
    await expect(operator.page.locator(".cell-why").first).to_be_visible()
    whole = {"ko": "설치 전체", "en": "The whole installation"}[house.eyes.language]
    # the audit entries about the sign-in rules and the OpenID provider say that they concern the whole installation
    await expect(operator.get("audit").get_by_text(whole).first).to_be_visible()
    await house.eyes.look(operator.page, "accounts-audit")
    await operator.page.locator("tr", has_text="Hana").get_by_test_id("audit-undo").click()
    await expect(operator.get("audit-undo-confirm")).to_be_visible()
    await house.eyes.look(operator.page, "accounts-undo-question")
    await operator.get("audit-undo-confirm").click()
    await expect(operator.get("audit-undo-confirm")).to_have_count(0)


async def the_account(house: House) -> None:
    jimin = await house.staff("jimin")
    await jimin.page.keyboard.press(",")
    await jimin.get("account-open").click()
    await expect(jimin.get("sign-in-item").first).to_be_visible()
    await house.eyes.look(jimin.page, "accounts-account")
    await jimin.get("app-set-up").click()
    await jimin.get("account").locator("summary").click()
    await expect(jimin.get("app-secret")).to_be_visible()
    await house.eyes.look(jimin.page, "accounts-app")


async def the_stranger(house: House) -> None:
    """Look at the pages for a forgotten password: the page that asks for the login, and the page that sets a new password."""
    service = house.cast.service
    stranger = await house.person(Staff, media.COUNSELOR)
    stranger.page = await stranger.context.new_page()
    await stranger.page.goto(service.host("counselor") + "/console")
    await stranger.get("signin-forgot").click()
    await expect(stranger.get("forgot-login")).to_be_visible()
    await house.eyes.look(stranger.page, "accounts-forgot")
    link = await sangdam(service, "staff", "link", "suho", "--public-url", service.url)
    # if a link differs from the page's address only in the fragment, the browser loads nothing
    await stranger.page.goto("about:blank")
    await stranger.page.goto(link.split()[-1])
    await expect(stranger.get("link-save")).to_be_visible()
    await house.eyes.look(stranger.page, "accounts-new-password")
