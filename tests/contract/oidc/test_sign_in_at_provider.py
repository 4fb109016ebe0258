"""Staff sign in at a real OpenID provider: npm's certified `oidc-provider` on loopback."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from msgspec.structs import replace

from signaling.server.http.bodies import now_ms
from tests.contract.oidc.signing_in import (
    CALLBACK,
    STATE_COOKIE,
    Provider,
    begin,
    come_back,
    liar,
    me,
    provider,
    ready,
    save,
    settings,
    sign_in,
)
from tests.oidc_provider import SECRET
from tests.ports import free_port
from tests.unit.signaling.access.oidc.test_tokens import signed, unsigned
from tests.unit.signaling.server.http.conftest import Desk, desk, refused, seeded

__all__ = ["desk", "provider", "ready", "seeded"]  # fixtures


async def test_first_sign_in_makes_the_member(ready: Desk, provider: Provider) -> None:
    assert await (await ready.get("/api/sign-in")).json() == {"provider": "회사", "mail": False}
    address, _ = await begin(ready)
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    page, cookie = await sign_in(ready, provider)
    assert page == "/console"
    who = await me(ready, cookie)
    assert (who["name"], who["role"], who["languages"], who["must_set_up"]) == ("나리", "counselor", ["ko"], False)
    again = await me(ready, (await sign_in(ready, provider))[1])
    assert again["id"] == who["id"]
    assert (await ready.post("/api/sign-in", {"login": "nari", "password": ""})).status == 401


async def test_two_first_sign_ins_at_once_are_of_one_member(ready: Desk, provider: Provider) -> None:
    returns = []
    for _ in range(2):
        address, cookie = await begin(ready)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:  # this person uses another browser
            returns.append((await Provider(provider.issuer, http).send_back(address, "nari"), cookie))
    back = await asyncio.gather(*(come_back(ready, address, cookie) for address, cookie in returns))
    assert [page for page, _ in back] == ["/console", "/console"]
    first, second = [await me(ready, cookie) for _, cookie in back]
    assert first["id"] == second["id"]
    assert [member.login for member in await ready.records.all_staff() if member.name == "나리"] == ["nari"]


async def test_provider_alone_decides_who_of_its_people_gets_in(ready: Desk, provider: Provider) -> None:
    """People of a provider get no password, passkey or app here. With one, people deactivated by the provider could sign in."""
    _, cookie = await sign_in(ready, provider)
    for path in ("passkeys/begin", "second-factors/app"):
        assert await refused(await ready.post(f"/api/{path}", {}, headers=cookie)) == (409, "by_provider")
    assert (await (await ready.get("/api/second-factors", headers=cookie)).json())["by_provider"]
    login = (await ready.records.staff((await me(ready, cookie))["id"])).login
    link = await ready.post("/api/operator/password-links", {"login": login}, headers=await ready.cookie_of("ops"))
    assert await refused(link) == (409, "by_provider")


async def test_local_account_of_the_same_name_is_somebody_else(ready: Desk, provider: Provider) -> None:
    jimin = await ready.records.staff("jimin")
    assert jimin is not None
    await ready.records.save_staff(replace(jimin, id="other", login="nari"))
    _, cookie = await sign_in(ready, provider)
    who = await me(ready, cookie)
    assert who["id"] not in ("other", "jimin")


async def test_provider_that_is_away_lets_nobody_in(ready: Desk, provider: Provider) -> None:
    address, cookie = await begin(ready)
    back = await provider.send_back(address, "nari")
    await provider.tell("away/yes")
    assert await come_back(ready, back, cookie) == ("/console#not-signed-in=provider_unavailable", {})
    assert (await save(ready, settings(provider.issuer))).status == 400


async def test_answer_counts_once_and_in_its_browser_alone(ready: Desk, provider: Provider) -> None:
    address, cookie = await begin(ready)
    back = await provider.send_back(address, "nari")
    _, others = await begin(ready)
    for wrong in ({}, others, {"Cookie": f"{STATE_COOKIE}=forged"}):
        assert await come_back(ready, back, wrong) == ("/console#not-signed-in=state_over", {})
    assert (await come_back(ready, back, cookie))[0] == "/console"
    assert await come_back(ready, back, cookie) == ("/console#not-signed-in=state_over", {})


async def test_answer_of_another_issuer_is_refused(ready: Desk, provider: Provider) -> None:
    address, cookie = await begin(ready)
    back = await provider.send_back(address, "nari")
    mixed = back.replace(f"iss={provider.issuer.replace(':', '%3A').replace('/', '%2F')}", "iss=https%3A%2F%2Fevil.example")
    assert mixed != back
    assert await come_back(ready, mixed, cookie) == ("/console#not-signed-in=provider_refused", {})


async def test_person_without_a_role_does_not_get_in(ready: Desk, provider: Provider) -> None:
    assert await sign_in(ready, provider, "guest") == ("/console#not-signed-in=no_role", {})
    assert await ready.records.staff_by_login("guest") is None


async def test_settings_are_checked_and_the_secret_never_comes_back(desk: Desk, provider: Provider) -> None:
    operator = await desk.cookie_of("ops")
    elsewhere = provider.issuer.replace("127.0.0.1", "localhost")
    for wrong in (
        settings(elsewhere),  # the provider's own document names the issuer with another host than these settings
        settings("http://id.example"),
        settings("https://"),
        settings(provider.issuer, roles=[]),
        settings(provider.issuer, languages=[]),
        settings(provider.issuer, scopes="profile"),
        settings(f"http://127.0.0.1:{free_port()}"),
    ):
        assert await refused(await save(desk, wrong, operator)) == (400, "bad_provider")
    assert (await (await desk.get("/api/sign-in")).json()) == {"provider": "", "mail": False}
    page, _ = await begin(desk)
    assert page == "/console#not-signed-in=provider_off"
    saved = await save(desk, settings(provider.issuer), operator)
    again = await save(desk, settings(provider.issuer, client_secret=""), operator)
    for answer in (saved, again):
        text = await answer.text()
        assert '"has_secret":true' in text
        assert SECRET not in text
    stored = await desk.records.oidc_settings()
    assert stored is not None
    assert SECRET not in stored.client_secret
    _, cookie = await sign_in(desk, provider)
    assert (await me(desk, cookie))["role"] == "counselor", "the empty secret kept the stored one"
    assert (await save(desk, {"provider": None}, operator)).status == 200
    assert await refused(await desk.get("/api/me", headers=cookie)) == (401, "signed_out")


async def test_sign_in_ends_with_the_provider_at_which_it_began(ready: Desk, provider: Provider) -> None:
    """A sign-in at the old provider must not be completed after the settings of the provider have changed.

    Otherwise, the authorization code would go to the new provider, and nobody would check the sign-in at the old one any more.
    """
    operator = await ready.cookie_of("ops")
    for change in (None, settings(provider.issuer, client_id="another")):
        assert (await save(ready, settings(provider.issuer), operator)).status == 200
        address, cookie = await begin(ready)
        back = await provider.send_back(address, "nari")
        assert (await save(ready, change or {"provider": None}, operator)).status == 200
        reason = "state_over" if change else "provider_off"
        assert await come_back(ready, back, cookie) == (f"/console#not-signed-in={reason}", {})
    assert [each for each in await ready.records.all_staff() if each.name == "나리"] == []


async def test_lying_provider_gets_nobody_in(desk: Desk) -> None:
    """The provider's ID tokens are unsigned, meant for another service, from another issuer, for another sign-in, or expired."""
    said: dict[str, Any] = {}
    async with liar(said) as issuer:
        assert (await save(desk, settings(issuer))).status == 200
        now_s = now_ms() // 1000
        true = {"iss": issuer, "aud": "sangdam", "sub": "nari", "iat": now_s, "exp": now_s + 60, "groups": ["desk"]}
        makes = {
            "true": lambda nonce: signed(true | {"nonce": nonce}),
            "unsigned": lambda nonce: unsigned(true | {"nonce": nonce}),
            "audience": lambda nonce: signed(true | {"nonce": nonce, "aud": "another"}),
            "issuer": lambda nonce: signed(true | {"nonce": nonce, "iss": "https://evil.example"}),
            "nonce": lambda nonce: signed(true | {"nonce": "another"}),
            "old": lambda nonce: signed(true | {"nonce": nonce, "exp": now_s - 100}),
        }
        pages = {}
        for name, make in makes.items():
            address, cookie = await begin(desk)
            asked = parse_qs(urlsplit(address).query)
            said["token"] = make(asked["nonce"][0])
            pages[name], _ = await come_back(desk, f"{CALLBACK}?code=c&state={asked['state'][0]}", cookie)
        assert pages.pop("true") == "/console"
        assert set(pages.values()) == {"/console#not-signed-in=provider_refused"}
