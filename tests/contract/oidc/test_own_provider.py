"""An organisation has an OpenID provider of its own, in addition to the installation's provider or instead of it."""

from __future__ import annotations

import aiohttp
import pytest
from msgspec.structs import replace

from signaling.access.identity import COOKIE, token_hash
from signaling.access.oidc.provider import ProviderAway
from signaling.access.oidc.sign_in import OidcSignIn
from signaling.records import OidcSettings, SignInRecord, SignInRules
from signaling.records.sign_ins import INSTALLATION, NoProvider, rules_of
from signaling.server.app_keys import SEAL
from signaling.server.http.bodies import now_ms
from signaling.webhooks.reach import Reach
from signaling.webhooks.sending import guarded
from tests.contract.oidc.signing_in import (
    CALLBACK,
    HOSTS,
    Provider,
    begin,
    come_back,
    liar,
    look,
    me,
    owner_of,
    provider,
    ready,
    save,
    settings,
    sign_in,
)
from tests.oidc_provider import SECRET, running_provider
from tests.unit.signaling.access.oidc.test_tokens import LOGGED_OUT, signed
from tests.unit.signaling.server.http.conftest import Desk, desk, refused, seeded

__all__ = ["desk", "provider", "ready", "seeded"]  # fixtures


async def test_own_provider_of_an_organisation_makes_staff_of_it_alone(desk: Desk, provider: Provider) -> None:
    """The installation and the organisation Acme have the same provider.

    So one person at the provider is two members of staff, and each member has a role of its own.
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

    If the server treated the two settings as two providers, each person would have two accounts.
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
    """A provider's reply without the parameter `iss` arrives at the callback address of another provider.

    This happens if Acme's provider redirects a browser to the installation's provider, to get an authorization code from there.
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


async def test_two_providers_may_log_out_by_the_same_id(desk: Desk) -> None:
    """The server keeps the used ids of logout tokens for each provider separately.

    Otherwise, one provider could use up the ids of another, and the server would refuse the other provider's tokens as repeated.
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
