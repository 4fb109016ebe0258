"""Sign-ins of staff by passkey, authenticator app or a real OpenID provider, and the list of a person's sign-ins."""

from __future__ import annotations

import aiohttp
import pyotp
from playwright.async_api import expect

from tests.browser.people import Cast, Staff
from tests.browser.service import sangdam
from tests.oidc_provider import SECRET, running_provider

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def with_authenticator(person: Staff) -> None:
    """Give the browser a virtual authenticator, which confirms every use of a passkey by itself."""
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

    await sign_out(jimin)
    await signs_in_at_the_provider_only(cast, jimin)


async def signs_in_at_the_provider_only(cast: Cast, jimin: Staff) -> None:
    """Set up a real provider in the browser, and require that all staff sign in there.

    Then people sign in through the provider, and nobody can sign in with a password.
    """
    service, host = cast.service, cast.service.host("counselor")
    async with running_provider(f"{host}/api/oidc/callback", f"http://127.0.0.1:{service.port}/api/oidc/logout") as issuer:
        operator = await cast.operator()
        await operator.page.goto(f"{service.host('operator')}/operator#signing-in")
        await expect(operator.get("rules").get_by_test_id("provider-only")).to_be_disabled()
        for field, value in (("issuer", issuer), ("client_id", "sangdam"), ("client_secret", SECRET), ("name", "회사")):
            await operator.get(f"provider-{field}").fill(value)
        await operator.get("provider-value").fill("desk")
        await operator.get("provider-languages").fill("ko")
        await operator.get("provider-save").click()
        await expect(operator.get("provider-remove")).to_be_visible()
        await sangdam(service, "sign-in", "--provider", "only")
        await operator.get("provider-remove").click()
        await operator.get("provider-remove-confirm").click()
        await expect(operator.get("provider").get_by_role("alert")).to_contain_text("Allow passwords first")

        await jimin.page.reload()
        await jimin.get("signin-login").press_sequentially("jimin")
        await jimin.get("signin-password").press_sequentially("jimin-demo")
        await jimin.get("signin-submit").click()
        await expect(jimin.page.get_by_role("alert")).to_be_visible()
        await jimin.get("signin-provider").click()
        await expect(jimin.get("state-available").first).to_be_visible()
        async with aiohttp.ClientSession() as http, http.post(f"{issuer}/test/logout/nari") as told:
            assert told.status == 200
        await expect(jimin.get("signin-provider")).to_be_visible()
