"""Staff sign in at a real OpenID provider: npm's certified `oidc-provider` on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from msgspec.structs import replace
from structlog.testing import capture_logs

from signaling.access.identity import COOKIE, SIGN_IN_LIFE_MS, token_hash
from signaling.access.oidc.checks import AT_ONCE, EVERY_MS, PATIENCE_MS, Checks
from signaling.access.oidc.provider import ProviderAway, Tokens
from signaling.access.oidc.sign_in import OidcSignIn
from signaling.records import OidcSettings, Organisation, ProviderSignIn, SignInRecord, SignInRules, StaffRecord
from signaling.records.oidc import source_of
from signaling.records.sign_ins import INSTALLATION, NoProvider, rules_of
from signaling.server.app_keys import OIDC, SEAL
from signaling.server.http.bodies import now_ms
from signaling.webhooks.reach import Reach
from signaling.webhooks.sending import guarded
from tests.oidc_provider import SECRET, running_provider
from tests.ports import free_port
from tests.unit.signaling.access.oidc.test_tokens import KEY, LOGGED_OUT, signed, unsigned
from tests.unit.signaling.server.http.conftest import Desk, desk, refused, seeded

__all__ = ["desk", "seeded"]  # fixtures

HOST = {"Host": "counselor.localhost:8080"}
CALLBACK = "http://counselor.localhost:8080/api/oidc/callback"
HOSTS = ("counselor", "operator", "professional")
STATE_COOKIE = "__Host-sangdam-oidc"


@dataclass
class Provider:
    issuer: str
    http: aiohttp.ClientSession

    async def tell(self, path: str) -> None:
        async with self.http.post(f"{self.issuer}/test/{path}") as answer:
            assert answer.status == 200

    async def send_back(self, address: str, person: str) -> str:
        """Sign in at the provider, as a browser does. Return the address to which the provider sends the browser back."""
        address += f"&login_hint={person}"
        for _ in range(8):
            async with self.http.get(address, allow_redirects=False) as answer:
                assert answer.status in (302, 303), await answer.text()
                target = answer.headers["Location"]
            address = target if urlsplit(target).scheme else self.issuer + target
            if address.startswith(CALLBACK):
                return address
        raise AssertionError("the provider sends the browser round and round")


@pytest.fixture
async def provider(desk: Desk) -> AsyncIterator[Provider]:
    logout = f"http://127.0.0.1:{desk.http.port}/api/oidc/logout"
    async with (
        running_provider(CALLBACK, logout) as issuer,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        yield Provider(issuer, http)


def settings(issuer: str, **changes: Any) -> dict[str, Any]:
    roles = [{"value": "boss", "role": "professional"}, {"value": "desk", "role": "counselor"}]
    given = {"issuer": issuer, "client_id": "sangdam", "client_secret": SECRET, "name": "회사", "roles": roles}
    return {"provider": given | {"languages": ["ko"]} | changes}


async def save(desk: Desk, wanted: dict[str, Any], operator: dict[str, str] | None = None) -> aiohttp.ClientResponse:
    return await desk.post("/api/operator/sign-in-provider", wanted, headers=operator or await desk.cookie_of("ops"))


@pytest.fixture
async def ready(desk: Desk, provider: Provider) -> Desk:
    saved = await save(desk, settings(provider.issuer))
    assert saved.status == 200, await saved.text()
    return desk


async def begin(desk: Desk, organisation: str = "") -> tuple[str, dict[str, str]]:
    begun = await desk.get(f"/api/oidc/begin?organisation={organisation}", headers=HOST, allow_redirects=False)
    assert begun.status == 302
    cookie = begun.cookies.get(STATE_COOKIE)
    return begun.headers["Location"], {"Cookie": f"{STATE_COOKIE}={cookie.value}"} if cookie else {}


async def come_back(desk: Desk, address: str, cookie: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return where the server sends the browser, and the cookie of the sign-in, if the server sets one."""
    path = address.removeprefix("http://counselor.localhost:8080")
    back = await desk.get(path, headers=HOST | cookie, allow_redirects=False)
    assert back.status == 302, await back.text()
    found = back.cookies.get(COOKIE)
    return back.headers["Location"], {"Cookie": f"{COOKIE}={found.value}"} if found else {}


async def sign_in(desk: Desk, provider: Provider, person: str = "nari", organisation: str = "") -> tuple[str, dict[str, str]]:
    address, cookie = await begin(desk, organisation)
    return await come_back(desk, await provider.send_back(address, person), cookie)


async def me(desk: Desk, cookie: dict[str, str]) -> dict[str, Any]:
    return dict(await (await desk.get("/api/me", headers=cookie)).json())


async def look(desk: Desk, later_ms: int = EVERY_MS + 1000) -> None:
    """Let the service ask the provider about the sign-ins, as the service does every 30 seconds."""
    await all_checked(Checks(desk.records, desk.app[OIDC], lambda: now_ms() + later_ms))


async def all_checked(checks: Checks) -> None:
    await checks.look()
    await checks.done()


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


async def test_last_owner_keeps_the_role_that_the_provider_takes_away(desk: Desk, provider: Provider) -> None:
    roles = [{"value": "desk", "role": "owner"}, {"value": "clerk", "role": "supervisor"}]
    assert (await save(desk, settings(provider.issuer, roles=roles))).status == 200
    _, cookie = await sign_in(desk, provider)
    assert await desk.records.remove_staff("ops")
    await provider.tell("groups/nari?group=clerk")
    await look(desk)
    assert (await me(desk, cookie))["roles"] == ["owner"]
    assert (await me(desk, (await sign_in(desk, provider))[1]))["roles"] == ["owner"]
    owner = (await desk.records.all_staff())[0]
    await desk.records.save_staff(replace(owner, id="new", login="new", role="operator", offices=["owner"]))
    await look(desk, 2 * EVERY_MS + 2000)
    assert (await me(desk, (await sign_in(desk, provider))[1]))["roles"] == ["supervisor"]


async def test_provider_alone_decides_who_of_its_people_gets_in(ready: Desk, provider: Provider) -> None:
    """If our records kept the password of somebody whom the provider has deactivated, this person could still sign in."""
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


async def test_new_role_counts_within_a_minute(ready: Desk, provider: Provider) -> None:
    _, cookie = await sign_in(ready, provider)
    await look(ready)
    assert (await me(ready, cookie))["role"] == "counselor"
    await provider.tell("groups/nari?group=boss")
    await look(ready, 2 * EVERY_MS + 2000)
    assert "role" not in await me(ready, cookie), "the old sign-in ends with its role"
    assert (await me(ready, (await sign_in(ready, provider))[1]))["role"] == "professional"
    await provider.tell("groups/nari?group=visitors")
    page, cookie = await sign_in(ready, provider)
    assert (page, cookie) == ("/console#not-signed-in=no_role", {})


async def test_role_comes_from_a_nested_claim_and_its_lack_is_told(desk: Desk, provider: Provider) -> None:
    """Keycloak sends the roles in `realm_access.roles`, unless its mapper is switched off."""
    assert (await save(desk, settings(provider.issuer, role_claim="realm_access.roles"))).status == 200
    page, cookie = await sign_in(desk, provider)
    assert (page, (await me(desk, cookie))["role"]) == ("/console", "counselor")
    await provider.tell("groups/nari")
    await look(desk)
    assert await refused(await desk.get("/api/me", headers=cookie)) == (401, "signed_out")
    assert await sign_in(desk, provider) == ("/console#not-signed-in=no_role_claim", {})
    entries = [(each.actor, each.action, each.detail) for each in (await desk.records.audits())[0]]
    why = "the provider does not name the claim realm_access.roles any more"
    assert ("provider", "sign_in.end", why) in entries
    assert ("provider", "staff.add", "") in entries


@pytest.mark.parametrize("how", ["deactivate/nari", "groups/nari?group=visitors"])
async def test_deactivated_person_is_out_within_a_minute(ready: Desk, provider: Provider, how: str) -> None:
    _, cookie = await sign_in(ready, provider)
    await provider.tell(how)
    await look(ready, EVERY_MS - 5000)
    assert (await me(ready, cookie))["role"] == "counselor", "it is not yet time to ask"
    await look(ready)
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")


async def test_logout_at_the_provider_ends_the_sign_in(ready: Desk, provider: Provider) -> None:
    _, cookie = await sign_in(ready, provider)
    local = await ready.cookie_of("jimin")
    await provider.tell("logout/nari")
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")
    assert (await ready.get("/api/me", headers=local)).status == 200


@pytest.mark.parametrize("token", ["", "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJuYXJpIn0."])
async def test_forged_logout_ends_nothing(ready: Desk, provider: Provider, token: str) -> None:
    _, cookie = await sign_in(ready, provider)
    reply = await ready.http.post("/api/oidc/logout", data={"logout_token": token})
    assert await refused(reply) == (400, "provider_refused")
    assert (await me(ready, cookie))["role"] == "counselor"


async def test_sign_ins_outlive_a_provider_that_is_away_for_an_hour(ready: Desk, provider: Provider) -> None:
    _, cookie = await sign_in(ready, provider)
    await provider.tell("away/yes")
    await look(ready)
    assert (await me(ready, cookie))["role"] == "counselor"
    await look(ready, PATIENCE_MS + 2 * EVERY_MS)
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")


async def test_sign_ins_outlive_a_client_secret_that_was_renewed(ready: Desk, provider: Provider) -> None:
    """The provider refuses the installation's client secret. This refusal says nothing about the signed-in person."""
    _, cookie = await sign_in(ready, provider)
    _, others = await sign_in(ready, provider)
    later = [0]
    checks = Checks(ready.records, ready.app[OIDC], lambda: now_ms() + later[-1])
    await provider.tell("refuse_client/yes")
    with capture_logs() as logged:
        for after in (EVERY_MS + 1000, PATIENCE_MS + 2 * EVERY_MS, 2 * PATIENCE_MS + 3 * EVERY_MS):
            later.append(after)
            await all_checked(checks)
    assert [(each["log_level"], each["why"]) for each in logged] == [("error", "invalid_client")], "it is said once"
    assert await failing(ready, provider) == 2
    assert [(await me(ready, each))["role"] for each in (cookie, others)] == ["counselor"] * 2
    assert (await sign_in(ready, provider))[0] == "/console#not-signed-in=provider_refused"
    await provider.tell("refuse_client/no")
    later.append(later[-1] + EVERY_MS + 1000)
    await all_checked(checks)
    assert await failing(ready, provider) == 0
    await provider.tell("deactivate/nari")
    later.append(later[-1] + EVERY_MS + 1000)
    await all_checked(checks)
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")


async def test_refusal_with_an_unknown_error_code_ends_the_sign_in(ready: Desk, provider: Provider) -> None:
    """A provider can have a code of its own for a disabled account. An answer without a code may come from a proxy."""
    _, cookie = await sign_in(ready, provider)
    await provider.tell("refusal?body=Forbidden")
    await look(ready)
    assert (await me(ready, cookie))["role"] == "counselor"
    await provider.tell("refusal?body=%7B%22error%22%3A%22user_disabled%22%7D")
    await look(ready, 2 * EVERY_MS + 2000)
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")
    entry = next(each for each in (await ready.records.audits())[0] if each.action == "sign_in.end")
    assert entry.detail == "user_disabled"


async def failing(desk: Desk, provider: Provider) -> int:
    """Return how many sign-ins the provider does not confirm, as `sangdam doctor` counts them."""
    found = await desk.records.due_provider_sign_ins(now_ms() * 2, 100, provider.issuer)
    return sum(each.failing_since > 0 for each in found)


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
        settings(elsewhere),  # the provider gives another issuer as its own
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


async def owner_of(desk: Desk, organisation: str) -> dict[str, str]:
    """Add an organisation with an owner, and sign the owner in. Return the cookie."""
    await desk.records.save_organisation(Organisation(id=organisation, name=organisation))
    boss = StaffRecord(
        id=f"boss-{organisation}", login=organisation, name="Boss", role="operator", offices=["owner"], organisation=organisation
    )
    await desk.records.save_staff(boss)
    now = now_ms()
    sign_in = SignInRecord(token_hash=token_hash(boss.id), staff=boss.id, created_at=now, expires_at=now + SIGN_IN_LIFE_MS)
    await desk.records.add_sign_in(sign_in)
    return {"Cookie": f"{COOKIE}={boss.id}"}


async def test_own_provider_of_an_organisation_makes_staff_of_it_alone(desk: Desk, provider: Provider) -> None:
    """The installation and the organisation Acme have the same provider.

    So one person of the provider is two members, each with its own role.
    """
    owner, path = await owner_of(desk, "acme"), "/api/settings/sign-in-provider"
    saved = await desk.post(path, settings(provider.issuer), headers=owner)
    page = await saved.json()
    assert saved.status == 200, page
    assert page["pages"] == [
        "http://counselor.localhost:8080/console?organisation=acme",
        "http://operator.localhost:8080/operator?organisation=acme",
        "http://professional.localhost:8080/console?organisation=acme",
    ]
    assert page["logout"].endswith("/api/oidc/logout/acme")
    shown = [(await (await desk.get(f"/api/sign-in{of}")).json())["provider"] for of in ("", "?organisation=acme")]
    assert shown == ["", "회사"], "strangers learn of no organisation that they do not name"
    assert (await save(desk, settings(provider.issuer, roles=[{"value": "desk", "role": "supervisor"}]))).status == 200
    _, theirs = await sign_in(desk, provider, organisation="acme")
    _, ours = await sign_in(desk, provider)
    members = [await desk.records.staff((await me(desk, cookie))["id"]) for cookie in (theirs, ours)]
    assert [(each.organisation, each.role, each.offices) for each in members if each] == [
        ("acme", "counselor", []),
        ("main", "operator", ["supervisor"]),
    ]
    await provider.tell("groups/nari?group=boss")
    await look(desk)
    assert await refused(await desk.get("/api/me", headers=theirs)) == (401, "signed_out"), "another role at Acme"
    assert await refused(await desk.get("/api/me", headers=ours)) == (401, "signed_out"), "no role here any more"
    await provider.tell("groups/nari?group=desk")
    _, theirs = await sign_in(desk, provider, organisation="acme")
    _, ours = await sign_in(desk, provider)
    entries = [each for each in (await desk.records.audits(organisation="acme"))[0] if each.action == "sign_in.provider"]
    assert [each.subject for each in entries] == ["organisation/acme"]
    assert SECRET not in str(entries)
    assert (await desk.post(f"/api/operator/audit/{entries[0].n}/undo", {}, headers=owner)).status == 200
    assert (await (await desk.get(path, headers=owner)).json())["provider"] is None
    assert await refused(await desk.get("/api/me", headers=theirs)) == (401, "signed_out")
    assert (await me(desk, ours))["roles"] == ["supervisor"]


async def test_person_of_both_providers_is_one_member_whom_both_keep_out(desk: Desk, provider: Provider) -> None:
    """The installation and its first organisation have the same provider.

    If these were two providers, a person would have two accounts.
    """
    operator = await desk.cookie_of("ops")
    assert (await save(desk, settings(provider.issuer), operator)).status == 200
    _, ours = await sign_in(desk, provider)
    member = await desk.records.staff((await me(desk, ours))["id"])
    assert member is not None
    assert (await desk.post("/api/settings/sign-in-provider", settings(provider.issuer), headers=operator)).status == 200
    _, theirs = await sign_in(desk, provider, organisation="main")
    assert (await me(desk, theirs))["id"] == member.id
    await desk.records.save_staff(replace(member, active=False))
    for organisation in ("", "main"):
        back = await sign_in(desk, provider, organisation=organisation)
        assert back == ("/console#not-signed-in=no_role", {})
    assert [each.id for each in await desk.records.all_staff() if each.name == "나리"] == [member.id]


async def test_person_deactivated_under_one_provider_is_kept_out_by_the_other(desk: Desk, provider: Provider) -> None:
    operator = await desk.cookie_of("ops")
    assert (await save(desk, settings(provider.issuer), operator)).status == 200
    _, cookie = await sign_in(desk, provider)
    member = await desk.records.staff((await me(desk, cookie))["id"])
    assert member is not None
    await desk.records.save_staff(replace(member, active=False))
    assert (await desk.post("/api/settings/sign-in-provider", settings(provider.issuer), headers=operator)).status == 200
    assert await sign_in(desk, provider, organisation="main") == ("/console#not-signed-in=no_role", {})
    assert [each.id for each in await desk.records.all_staff() if each.name == "나리"] == [member.id]


async def test_sign_in_ends_with_the_provider_at_which_it_began(ready: Desk, provider: Provider) -> None:
    """The code of the old provider must not go to the new provider, and nobody would check the sign-in any more."""
    operator = await ready.cookie_of("ops")
    for change in (None, settings(provider.issuer, client_id="another")):
        assert (await save(ready, settings(provider.issuer), operator)).status == 200
        address, cookie = await begin(ready)
        back = await provider.send_back(address, "nari")
        assert (await save(ready, change or {"provider": None}, operator)).status == 200
        reason = "state_over" if change else "provider_off"
        assert await come_back(ready, back, cookie) == (f"/console#not-signed-in={reason}", {})
    assert [each for each in await ready.records.all_staff() if each.name == "나리"] == []


async def test_own_provider_is_needed_by_its_own_rule_and_ends_its_own_sign_ins(desk: Desk) -> None:
    owner, path = await owner_of(desk, "acme"), "/api/settings/sign-in-provider"
    logout = f"http://127.0.0.1:{desk.http.port}/api/oidc/logout/acme"
    async with (
        running_provider(CALLBACK, logout) as issuer,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        provider = Provider(issuer, http)
        assert (await desk.post(path, settings(issuer), headers=owner)).status == 200
        with pytest.raises(NoProvider):
            await desk.records.save_sign_in_rules(SignInRules(provider="only"))
        await desk.records.save_sign_in_rules(SignInRules(provider="only"), rules_of("acme"))
        assert await refused(await desk.post(path, {"provider": None}, headers=owner)) == (400, "bad_provider")
        _, cookie = await sign_in(desk, provider, organisation="acme")
        assert (await me(desk, cookie))["role"] == "counselor"
        await provider.tell("logout/nari")
        assert await refused(await desk.get("/api/me", headers=cookie)) == (401, "signed_out")


async def test_code_of_one_provider_never_goes_to_another(desk: Desk, provider: Provider) -> None:
    """Acme's provider redirects a browser to the installation's provider. The reply of that provider does not name the provider.

    The reply then arrives at the installation's callback address, with the state of a sign-in at Acme.
    """
    pages = []
    saved = await desk.post("/api/settings/sign-in-provider", settings(provider.issuer), headers=await owner_of(desk, "acme"))
    page = await saved.json()
    assert {each.rpartition("/")[0] for each in page["callbacks"]} == {CALLBACK.replace("counselor", role) for role in HOSTS}
    assert all(each.endswith("/acme") for each in page["callbacks"])
    assert (await save(desk, settings(provider.issuer))).status == 200
    for organisation, own, other in (("acme", f"{CALLBACK}/acme", CALLBACK), ("", CALLBACK, f"{CALLBACK}/acme")):
        address, cookie = await begin(desk, organisation)
        back = await provider.send_back(address, "nari")
        assert back.startswith(f"{own}?")
        unnamed = "&".join(part for part in back.split("&") if not part.startswith("iss="))
        mixed = unnamed.replace(f"{own}?", f"{other}?")
        assert await come_back(desk, mixed, cookie) == ("/console#not-signed-in=state_over", {})
        pages.append((await come_back(desk, back, cookie))[0])
    assert pages == ["/console", "/console"], "the codes are unused, so they went to no provider before"


async def test_owner_cannot_reach_private_machines_by_a_providers_address(desk: Desk, provider: Provider) -> None:
    oidc = OidcSignIn(desk.records, desk.app[SEAL], now_ms, guarded(Reach()))
    asked = OidcSettings(issuer=provider.issuer, client_id="sangdam")
    assert await oidc.provider_of(asked, INSTALLATION).keys(now_ms())
    with pytest.raises(ProviderAway):
        await oidc.provider_of(asked, rules_of("acme")).keys(now_ms())


@asynccontextmanager
async def liar(said: dict[str, Any]) -> AsyncIterator[str]:
    """Run a provider that gives the token `said["token"]` to everybody. Return its issuer."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"

    async def describe(_: web.Request) -> web.Response:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return web.json_response({"issuer": issuer} | {name: f"{issuer}/{name}" for name in names})

    async def keys(_: web.Request) -> web.Response:
        return web.json_response({"keys": [KEY.as_dict(private=False)]})

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "a", "token_type": "Bearer", "id_token": said["token"], "expires_in": 1e308})

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", describe)
    app.router.add_get("/jwks_uri", keys)
    app.router.add_post("/token_endpoint", token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield issuer
    finally:
        await runner.cleanup()


async def test_lying_provider_gets_nobody_in(desk: Desk) -> None:
    """A provider whose tokens are unsigned, meant for another client, or from another issuer."""
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


async def test_two_providers_may_log_out_by_the_same_id(desk: Desk) -> None:
    """Each provider has its own ids of logout tokens, so that no provider can use up another provider's ids.

    If the ids were shared, the tokens of the other provider would be refused as repeated.
    """
    async with liar({}) as issuer:
        provider = OidcSettings(issuer=issuer, client_id="sangdam")
        await owner_of(desk, "acme")
        for of in (INSTALLATION, rules_of("acme")):
            await desk.records.save_oidc_settings(provider, of)
        now_s = now_ms() // 1000
        form = {"logout_token": signed(LOGGED_OUT | {"iss": issuer, "iat": now_s, "exp": now_s + 60})}
        replies = [await desk.http.post(f"/api/oidc/logout{path}", data=form) for path in ("", "/acme", "/acme")]
        assert [reply.status for reply in replies] == [200, 200, 400]


async def test_provider_that_never_answers_delays_no_other_organisation(ready: Desk, provider: Provider) -> None:
    _, cookie = await sign_in(ready, provider)
    await owner_of(ready, "acme")
    silent = await asyncio.start_server(lambda *_: asyncio.sleep(60), "127.0.0.1", 0)
    issuer = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    silent_one = OidcSettings(issuer=issuer, client_id="sangdam")
    await ready.records.save_oidc_settings(silent_one, rules_of("acme"))
    now = now_ms()
    for number in range(AT_ONCE + 1):
        name = f"acme-{number}"
        made = SignInRecord(token_hash=name, staff="boss-acme", created_at=now, expires_at=now * 2)
        tokens = ready.app[OIDC].sealed(Tokens(access_token="a", refresh_token="r"), name, now)
        source = source_of(rules_of("acme"), issuer)
        vouched = ProviderSignIn(token_hash=name, issuer=source, subject="boss", sid="", tokens=tokens, checked_at=now - 1000)
        assert await ready.records.add_provider_sign_in(made, vouched, rules_of("acme"), silent_one)
    await provider.tell("deactivate/nari")
    checks = Checks(ready.records, ready.app[OIDC], lambda: now_ms() + EVERY_MS + 1000)
    try:
        async with asyncio.timeout(5):
            await checks.look()
            while (await ready.get("/api/me", headers=cookie)).status == 200:
                await asyncio.sleep(0.05)
    finally:
        await checks.close()
        silent.close()


async def test_owner_whom_only_a_former_provider_knows_is_not_locked_out(desk: Desk, provider: Provider) -> None:
    owner, path = await owner_of(desk, "acme"), "/api/settings/sign-in-provider"
    roles = [{"value": "desk", "role": "owner"}]
    assert (await desk.post(path, settings(provider.issuer, roles=roles), headers=owner)).status == 200
    _, cookie = await sign_in(desk, provider, organisation="acme")
    who = (await me(desk, cookie))["id"]
    await desk.records.save_oidc_settings(OidcSettings(issuer="https://id.example", client_id="sangdam"), rules_of("acme"))
    now = now_ms()
    await desk.records.add_sign_in(SignInRecord(token_hash=token_hash("t"), staff=who, created_at=now, expires_at=now * 2))
    local, rules = {"Cookie": f"{COOKIE}=t"}, "/api/settings/sign-in-rules"
    own = (await (await desk.get(rules, headers=local)).json())["own"]
    reply = await desk.post(rules, own | {"provider": "only"}, headers=local)
    assert await refused(reply) == (400, "bad_provider")
