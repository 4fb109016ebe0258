"""A counselor's own account: passkey, authenticator app, and where they are signed in."""

from __future__ import annotations

import pyotp
from playwright.async_api import expect

from tests.browser.people import Cast, Staff

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def with_authenticator(person: Staff) -> None:
    """Give the browser a virtual authenticator, which approves every passkey without a person."""
    devtools = await person.context.new_cdp_session(person.page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


async def sign_out(person: Staff) -> None:
    await person.page.keyboard.press("Escape")
    await person.page.get_by_role("button", name="로그아웃").click()
    await expect(person.get("signin-submit")).to_be_visible()


async def test_passkey_app_and_other_sign_ins(cast: Cast) -> None:
    elsewhere, jimin = await cast.counselor(available=False), await cast.counselor(available=False)
    await with_authenticator(jimin)
    await jimin.get("state-available").first.wait_for()
    await jimin.page.keyboard.press(",")
    await jimin.get("account-open").click()
    await expect(jimin.get("sign-in-item")).to_have_count(2)
    await expect(jimin.get("sign-in-item").first).to_contain_text("Chrome · Linux")
    await jimin.get("sign-in-end").click()
    await expect(elsewhere.get("signin-submit")).to_be_visible()
    await expect(jimin.get("sign-in-item")).to_have_count(1)

    await jimin.get("passkey-add").click()
    await expect(jimin.get("passkey")).to_have_count(1)
    await jimin.get("app-set-up").click()
    app = pyotp.TOTP(await jimin.get("app-secret").text_content() or "")
    await jimin.get("app-code").press_sequentially("000000")
    await jimin.get("app-confirm").click()
    await expect(jimin.page.get_by_role("alert")).to_contain_text("코드")
    await jimin.get("app-code").press_sequentially(app.now())
    await jimin.get("app-confirm").click()
    shown = jimin.get("recovery-codes").locator("li")
    await expect(shown).to_have_count(10)
    codes = await shown.all_text_contents()
    await jimin.get("codes-kept").check()
    await jimin.get("codes-done").click()
    await expect(jimin.get("app-remove")).to_be_visible()

    await sign_out(jimin)
    await jimin.get("signin-passkey").click()
    await expect(jimin.get("state-available").first).to_be_visible()
    await sign_out(jimin)
    await jimin.get("signin-login").press_sequentially("jimin")
    await jimin.get("signin-password").press_sequentially("jimin-demo")
    await jimin.get("signin-submit").click()
    await jimin.get("signin-code").press_sequentially(codes[0])
    await jimin.get("signin-submit").click()
    await expect(jimin.get("state-available").first).to_be_visible()
