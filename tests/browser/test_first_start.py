"""Somebody who cannot use the command line sets up an organisation with two sites, and takes a call."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser import media
from tests.browser.conftest import Casting
from tests.browser.looking import Eyes, Language
from tests.browser.people import Cast, Staff, User
from tests.browser.service import Service, running, sangdam

PASSWORD = "lantern under a blue river"


async def invited(cast: Cast, link: str) -> Staff:
    """Set a password by a one-time link, sign in, and become available."""
    person = await cast.colleague()
    person.page = await person.context.new_page()
    await person.page.goto(link)
    await person.get("password-new").fill(PASSWORD)
    await person.get("link-save").click()
    await person.get("signin-login").fill("jimin")
    await person.get("signin-password").fill(PASSWORD)
    await person.get("signin-submit").click()
    await person.available()
    return person


async def owner_of(cast: Cast, link: str) -> Staff:
    owner: Staff = await cast._person(Staff, media.COUNSELOR, "chromium")
    owner.page = await owner.context.new_page()
    await owner.page.goto(link)
    return owner


async def add_site(owner: Staff, name: str, address: str) -> None:
    await owner.get("start-site-name").fill(name)
    await owner.get("start-site-origin").fill(address)
    await owner.get("start-next").click()


async def tries(owner: Staff, site: str) -> User:
    """Open the page on which the owner tries a site out, and its panel. Return the visitor of that page."""
    async with owner.context.expect_page() as opened:
        await owner.get(f"start-ready-{site}").get_by_test_id("start-try").click()
    visitor = User(owner.service, owner.browser, owner.context, owner.voice)
    visitor.shop = await opened.value
    await visitor.open_panel()
    return visitor


class BothEyes:
    """Checks a page of the first start in Korean and in English, because the page has a switch for its language."""

    def __init__(self) -> None:
        # Korean comes last, so the page is in Korean again at the end
        self.eyes: dict[Language, Eyes] = {"en": Eyes("en"), "ko": Eyes("ko")}

    async def look(self, owner: Staff, name: str, *, press: str = "") -> None:
        """Check the page in both languages.

        `press`: a button that is pressed again in each language, so that the page shows in this language why it refuses the form.
        """
        for language, eyes in self.eyes.items():
            await owner.get("language").select_option(language)
            await expect(owner.page.locator("html")).to_have_attribute("lang", language)
            if press:
                await owner.get(press).click()
                await owner.page.wait_for_load_state("networkidle")
            await eyes.look(owner.page, name)

    @property
    def faults(self) -> list[str]:
        return [fault for eyes in self.eyes.values() for fault in eyes.faults]


async def become_owner(owner: Staff, eyes: BothEyes) -> None:
    """Become the organisation's owner. Before that, try a password that is too easy to guess, and reload the page once."""
    await owner.get("start-organisation").fill("Haneul")
    await owner.get("start-name").fill("Kim Haneul")
    await owner.get("start-login").fill("boss!")
    await owner.get("password-new").fill("12345678")
    await owner.get("start-next").click()
    await expect(owner.page.get_by_role("alert")).to_have_count(1)
    await expect(owner.get("start-login")).to_have_attribute("aria-invalid", "true")
    await owner.get("start-login").fill("boss")
    await owner.get("start-next").click()
    await expect(owner.get("password-new")).to_have_attribute("aria-invalid", "true")
    await eyes.look(owner, "start-owner", press="start-next")
    await owner.page.reload()
    await expect(owner.get("start-name")).to_have_value("Kim Haneul")
    await expect(owner.get("password-new")).to_have_value("")
    await owner.get("password-new").fill(PASSWORD)
    await owner.get("start-next").click()
    await expect(owner.get("start-site")).to_be_visible()


async def test_two_sites_and_a_call_without_a_shell(
    tmp_path: Path, casting: Casting, record_property: Callable[[str, object], None]
) -> None:
    async with running(tmp_path, demo=False) as service, casting(service) as cast:
        link, eyes = await first_link(service), BothEyes()
        began_s = time.monotonic()
        owner = await owner_of(cast, link)
        await become_owner(owner, eyes)

        await add_site(owner, "Haneul shop", "not an address")
        await expect(owner.get("start-site-origin")).to_have_attribute("aria-invalid", "true")
        await eyes.look(owner, "start-site", press="start-next")
        await owner.page.reload()
        await expect(owner.get("start-site-name")).to_have_value("Haneul shop")
        await add_site(owner, "Haneul shop", "shop.example/cart")

        await owner.get("start-person-name").fill("Jimin")
        await owner.get("start-person-login").fill("jimin")
        await owner.get("start-person-add").click()
        jimin = await invited(cast, await owner.get("once").inner_text())
        await eyes.look(owner, "start-staff")
        await owner.get("start-next").click()

        await owner.get("start-another").click()
        await add_site(owner, "Maru", "https://maru.example")
        await owner.get("start-staff").get_by_test_id("start-next").click()
        await expect(owner.get("start-ready-shop")).to_contain_text(f'src="{service.url}/widget.js?site=shop" data-site="shop"')
        await expect(owner.get("finding").first).to_be_visible(timeout=15_000)
        await eyes.look(owner, "start-ready")

        visitor = await tries(owner, "maru")
        async with owner.context.expect_page() as window:
            await visitor.panel.get_by_test_id("panel-voice").click()
        visitor.page = await window.value
        await expect(visitor.get("call-enter")).to_be_enabled()
        await visitor.enter()
        await jimin.accept()
        await visitor.hears(media.PROFESSIONAL.hz)
        await jimin.hears(media.COUNSELOR.hz)
        record_property("first_call_s", round(time.monotonic() - began_s, 1))

        await used_link_says_that_it_is_over(await owner.context.new_page(), link)
        (tmp_path / "wanted.toml").write_text("[staff.jimin]\nactive = false\n")
        await sangdam(service, "apply", str(tmp_path / "wanted.toml"), "--yes")
        await expect(jimin.get("signin-submit")).to_be_visible()
        assert eyes.faults == []


async def first_link(service: Service) -> str:
    said = await sangdam(service, "init", "--public-url", service.url)
    found = re.search(r"http://operator\S+", said)
    assert found is not None, said
    return found[0]


async def used_link_says_that_it_is_over(page: Page, link: str) -> None:
    await page.goto(link)
    await expect(page.get_by_test_id("start-over")).to_be_visible()
