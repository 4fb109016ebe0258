"""The service regularly asks the OpenID provider whether people who have signed in there may stay signed in.

A person's sign-in ends when that person loses the role or the account at the provider, or logs out there.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from signaling.access.oidc import checks as checks_module
from signaling.access.oidc.checks import AT_ONCE, EVERY_MS, PATIENCE_MS, Checks
from signaling.access.oidc.provider import Provider as Asked
from signaling.access.oidc.provider import Tokens
from signaling.access.oidc.sign_in import Kept
from signaling.records import OidcSettings, ProviderSignIn, RecordsAway, SignInRecord
from signaling.records.oidc import source_of
from signaling.records.sign_ins import rules_of
from signaling.server.app_keys import OIDC
from signaling.server.http.bodies import now_ms
from tests import PATIENCE_S
from tests.contract.oidc.signing_in import Provider, all_checked, look, me, owner_of, provider, ready, save, settings, sign_in
from tests.unit.signaling.server.http.conftest import Desk, desk, refused, seeded

ACCESS_S = 600  # seconds for which the provider's access tokens are valid, in a test that tells the provider so

__all__ = ["desk", "provider", "ready", "seeded"]  # fixtures


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


async def test_last_owner_whom_only_the_id_token_demotes_stays_owner(desk: Desk, provider: Provider) -> None:
    roles = [{"value": "desk", "role": "owner"}, {"value": "clerk", "role": "supervisor"}]
    assert (await save(desk, settings(provider.issuer, roles=roles))).status == 200
    await provider.tell("refresh_tokens/no")
    await provider.tell("user_info_groups/no")
    await sign_in(desk, provider)
    assert await desk.records.remove_staff("ops")
    await provider.tell("groups/nari?group=clerk")
    _, cookie = await sign_in(desk, provider)
    await look(desk)
    assert (await me(desk, cookie))["roles"] == ["owner"]
    [owner] = [each for each in await desk.records.all_staff() if each.login == "nari"]
    await desk.records.save_staff(replace(owner, id="new", login="new", role="operator", offices=["owner"]))
    await look(desk, 2 * EVERY_MS + 2000)
    assert await refused(await desk.get("/api/me", headers=cookie)) == (401, "signed_out"), "the provider is heard again"
    assert (await me(desk, (await sign_in(desk, provider))[1]))["roles"] == ["supervisor"]


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
    """The OpenID provider Keycloak sends a person's roles in the field `realm_access.roles`."""
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


async def test_sign_in_outlives_a_user_info_without_roles(ready: Desk, provider: Provider) -> None:
    """The OpenID providers Entra ID and AD FS name a person's groups only in the ID token, not at the userinfo endpoint."""
    await provider.tell("refresh_tokens/no")
    await provider.tell("user_info_groups/no")
    page, cookie = await sign_in(ready, provider)
    for check in (1, 2):
        await look(ready, check * (EVERY_MS + 1000))
        assert (page, (await me(ready, cookie)).get("role")) == ("/console", "counselor")
    await provider.tell("deactivate/nari")
    await look(ready, 3 * (EVERY_MS + 1000))
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")


@pytest.mark.parametrize("named", ["yes", "no"])
async def test_sign_in_without_refresh_tokens_ends_with_its_access_token(ready: Desk, provider: Provider, named: str) -> None:
    await provider.tell(f"access_token_lasts/{ACCESS_S}")
    await provider.tell("refresh_tokens/no")
    await provider.tell(f"user_info_groups/{named}")
    _, cookie = await sign_in(ready, provider)
    await look(ready, ACCESS_S * 1000 - EVERY_MS)
    assert (await me(ready, cookie))["role"] == "counselor"
    await look(ready, ACCESS_S * 1000 + EVERY_MS)
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")


async def test_other_role_claim_ends_sign_ins_of_the_former_one(ready: Desk, provider: Provider) -> None:
    await provider.tell("refresh_tokens/no")
    await provider.tell("user_info_groups/no")
    _, cookie = await sign_in(ready, provider)
    assert (await save(ready, settings(provider.issuer, role_claim="realm_access.roles"))).status == 200
    await look(ready)
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")


async def offices_of(desk: Desk, login: str) -> list[str]:
    member = await desk.records.staff_by_login(login)
    assert member is not None
    return list(member.offices)


async def test_older_id_token_does_not_bring_a_former_role_back(ready: Desk, provider: Provider) -> None:
    """The person gets another role at the provider, and signs in with a second browser.

    The ID token of the sign-in in the first browser still names the role that the person had before.
    """
    rules = [{"value": "desk", "role": "manager"}, {"value": "audit", "role": "supervisor"}]
    assert (await save(ready, settings(provider.issuer, roles=rules))).status == 200
    await provider.tell("refresh_tokens/no")
    await provider.tell("user_info_groups/no")
    _, first = await sign_in(ready, provider)
    await look(ready)
    assert await offices_of(ready, "nari") == ["manager"]
    await provider.tell("groups/nari?group=audit")
    _, second = await sign_in(ready, provider)
    for check in (2, 3):
        await look(ready, check * (EVERY_MS + 1000))
        assert (await me(ready, second))["role"] == "operator"
        assert await offices_of(ready, "nari") == ["supervisor"]
    assert await refused(await ready.get("/api/me", headers=first)) == (401, "signed_out")


@pytest.mark.parametrize("groups", ["", "?group=visitors"])
async def test_user_info_that_takes_the_role_away_ends_the_sign_in(ready: Desk, provider: Provider, groups: str) -> None:
    """The provider's userinfo endpoint named the person's role when the person signed in.

    So a later answer of this endpoint without a role means that the person has lost the role.
    """
    assert (await save(ready, settings(provider.issuer, role_claim="realm_access.roles"))).status == 200
    await provider.tell("refresh_tokens/no")
    _, cookie = await sign_in(ready, provider)
    await look(ready)
    assert (await me(ready, cookie))["role"] == "counselor"
    await provider.tell(f"groups/nari{groups}")
    await look(ready, 2 * (EVERY_MS + 1000))
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")


async def test_new_rule_holds_for_a_role_that_only_the_id_token_names(ready: Desk, provider: Provider) -> None:
    await provider.tell("refresh_tokens/no")
    await provider.tell("user_info_groups/no")
    _, cookie = await sign_in(ready, provider)
    others = [{"value": "boss", "role": "counselor"}]
    assert (await save(ready, settings(provider.issuer, roles=others))).status == 200
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
    """An OpenID provider can refuse a disabled account with an error code that no standard names. This ends the sign-in.

    A refusal without an error code can come from a proxy in front of the provider, so it does not end the sign-in.
    """
    _, cookie = await sign_in(ready, provider)
    await provider.tell("refusal?body=Forbidden")
    await look(ready)
    assert (await me(ready, cookie))["role"] == "counselor"
    await provider.tell("refusal?body=%7B%22error%22%3A%22user_disabled%22%7D")
    await look(ready, 2 * EVERY_MS + 2000)
    assert await refused(await ready.get("/api/me", headers=cookie)) == (401, "signed_out")
    entry = next(each for each in (await ready.records.audits())[0] if each.action == "sign_in.end")
    assert (entry.detail, entry.at <= now_ms()) == ("user_disabled", True), "the clock of the checks is ahead of the machine"


async def failing(desk: Desk, provider: Provider) -> int:
    """Return how many sign-ins the provider does not confirm, as `sangdam doctor` counts them."""
    found = await desk.records.due_provider_sign_ins(now_ms() * 2, 100, provider.issuer)
    return sum(each.failing_since > 0 for each in found)


async def kept_tokens(desk: Desk, provider: Provider) -> Kept:
    [record] = await desk.records.due_provider_sign_ins(now_ms() * 2, 100, provider.issuer)
    return desk.app[OIDC].opened(record)


async def test_new_refresh_token_outlives_a_database_that_fails(
    ready: Desk, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider can accept a refresh token only once. A second use of the token then ends the person's sign-in."""
    await sign_in(ready, provider)
    before, store, failures = await kept_tokens(ready, provider), ready.records.save_provider_check, [RecordsAway()]

    async def fails_once(*what: Any, **more: Any) -> None:
        if failures:
            raise failures.pop()
        await store(*what, **more)

    monkeypatch.setattr(ready.records, "save_provider_check", fails_once)
    await look(ready)
    assert not failures
    assert (await kept_tokens(ready, provider)).access_token != before.access_token


async def test_new_refresh_token_outlives_the_end_of_the_server(
    ready: Desk, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_in(ready, provider)
    before, ask, asked, go = await kept_tokens(ready, provider), Asked.tokens, asyncio.Event(), asyncio.Event()

    async def slow(self: Asked, form: dict[str, str], now: int) -> Tokens:
        asked.set()
        await go.wait()
        return await ask(self, form, now)

    monkeypatch.setattr(Asked, "tokens", slow)
    monkeypatch.setattr(checks_module, "EXCHANGED_S", PATIENCE_S)
    checks = Checks(ready.records, ready.app[OIDC], lambda: now_ms() + EVERY_MS + 1000)
    await checks.look()
    async with asyncio.timeout(PATIENCE_S):
        await asked.wait()
        ending = asyncio.create_task(checks.close())
        go.set()
        await ending
    assert (await kept_tokens(ready, provider)).access_token != before.access_token


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
        tokens = ready.app[OIDC].sealed(Kept(access_token="a", refresh_token="r", until=now), name)
        source = source_of(rules_of("acme"), issuer)
        vouched = ProviderSignIn(token_hash=name, issuer=source, subject="boss", sid="", tokens=tokens, checked_at=now - 1000)
        assert await ready.records.add_provider_sign_in(made, vouched, rules_of("acme"), silent_one)
    await provider.tell("deactivate/nari")
    checks = Checks(ready.records, ready.app[OIDC], lambda: now_ms() + EVERY_MS + 1000)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await checks.look()
            while (await ready.get("/api/me", headers=cookie)).status == 200:
                await asyncio.sleep(0.05)
    finally:
        await checks.close()
        silent.close()
