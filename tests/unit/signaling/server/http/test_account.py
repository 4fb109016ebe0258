"""People's own accounts: passwords, one-time links, and the list of a person's sign-ins."""

from __future__ import annotations

from typing import Any

import pytest

from signaling.access.passwords import LINK_LIFE_MS, make_link
from signaling.records import OidcSettings, SignInRecord, SignInRules
from signaling.records.sign_ins import rules_of
from signaling.server.http.bodies import now_ms

from .conftest import Desk, refused

NEW = "lantern under a blue river"
LATER_MS = LINK_LIFE_MS + 1


async def me(desk: Desk, cookie: dict[str, str]) -> int:
    return (await desk.get("/api/me", headers=cookie)).status


async def list_of(desk: Desk, cookie: dict[str, str]) -> list[dict[str, Any]]:
    return list(await (await desk.get("/api/sign-ins", headers=cookie)).json())


async def actions(desk: Desk) -> list[str]:
    found = await (await desk.get("/api/operator/audit", headers=await desk.cookie_of("ops"))).json()
    return [each["action"] for each in found["items"]]


async def test_new_password_signs_out_everywhere_else(desk: Desk) -> None:
    here, elsewhere, suho = await desk.cookie_of("jimin"), await desk.cookie_of("jimin"), await desk.cookie_of("suho")
    changed = await desk.post("/api/password", {"old": "jimin-demo", "new": NEW}, headers=here)
    assert changed.status == 200, await changed.text()
    assert [await me(desk, cookie) for cookie in (here, elsewhere, suho)] == [200, 401, 200]
    assert (await desk.post("/api/sign-in", {"login": "jimin", "password": "jimin-demo"})).status == 401
    assert (await desk.post("/api/sign-in", {"login": "jimin", "password": NEW})).status == 200
    assert [record.id for record in desk.live.new_passwords] == ["jimin"], "open consoles go on"
    assert "password.change" in await actions(desk)


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ("guess", NEW, (403, "wrong_password")),
        ("jimin-demo", "12345678", (400, "weak_password")),
        ("jimin-demo", "short", (400, "weak_password")),
        ("jimin-demo", "jiminjimin", (400, "weak_password")),
        ("jimin-demo", "x" * 201, (400, "bad_request")),
    ],
)
async def test_refused_password_changes_nothing(desk: Desk, old: str, new: str, answer: tuple[int, str]) -> None:
    here, elsewhere = await desk.cookie_of("jimin"), await desk.cookie_of("jimin")
    assert await refused(await desk.post("/api/password", {"old": old, "new": new}, headers=here)) == answer
    assert await me(desk, elsewhere) == 200
    assert (await desk.post("/api/sign-in", {"login": "jimin", "password": "jimin-demo"})).status == 200


async def test_open_page_is_no_way_to_guess_the_password(desk: Desk) -> None:
    here = await desk.cookie_of("jimin")
    answers = [
        (await refused(await desk.post(path, {"old": "guess", "new": NEW, "password": "guess"}, headers=here)))[1]
        for path in ("/api/password", "/api/prove") * 4
    ]
    assert answers[:2] == ["wrong_password", "wrong_password"]
    assert answers[-1] == "too_many_sign_ins"


async def test_link_sets_a_password_once(desk: Desk) -> None:
    operator, jimin = await desk.cookie_of("ops"), await desk.cookie_of("jimin")
    link = (await (await desk.post("/api/operator/password-links", {"login": " Jimin"}, headers=operator)).json())["link"]
    page, _, token = link.partition("#new-password=")
    assert page == "http://counselor.localhost:8080/console"
    weak = await desk.post("/api/password/reset", {"token": token, "new": "12345678"})
    assert await refused(weak) == (400, "weak_password")
    reset = await desk.post("/api/password/reset", {"token": token, "new": NEW})
    assert await reset.json() == {"login": "jimin"}
    assert await me(desk, jimin) == 401, "whoever was signed in is signed out"
    again = await desk.post("/api/password/reset", {"token": token, "new": f"{NEW} again"})
    assert await refused(again) == (410, "link_over")
    assert (await desk.post("/api/sign-in", {"login": "jimin", "password": NEW})).status == 200
    assert {"password.link", "password.reset"} <= set(await actions(desk))


async def test_old_replaced_and_unknown_links_are_refused(desk: Desk) -> None:
    member = await desk.records.staff("jimin")
    assert member is not None
    now = now_ms()
    replaced = await make_link(desk.records, desk.settings, member, now)
    newest = await make_link(desk.records, desk.settings, member, now - LATER_MS)
    for link in (replaced, newest, "#new-password=" + "x" * 43, "#new-password="):
        reply = await desk.post("/api/password/reset", {"token": link.partition("=")[2], "new": NEW})
        assert await refused(reply) == (410, "link_over")


@pytest.mark.parametrize("login", ["jimin", "drhan"])
async def test_only_operators_make_links_and_rules(desk: Desk, login: str) -> None:
    cookie = await desk.cookie_of(login)
    link = await desk.post("/api/operator/password-links", {"login": "ops"}, headers=cookie)
    assert await refused(link) == (403, "not_allowed")
    rules = await desk.post("/api/operator/sign-in-rules", {"second_factor": "off"}, headers=cookie)
    assert await refused(rules) == (403, "not_allowed")


async def test_rules_that_would_lock_the_asker_out_are_refused(desk: Desk) -> None:
    cookie = await desk.cookie_of("ops")
    own = "/api/settings/sign-in-rules"
    version = (await (await desk.get(own, headers=cookie)).json())["own"]["version"]
    wanted = {"second_factor": "off", "provider": "offered", "hours": 4, "version": version}
    only = wanted | {"provider": "only"}
    assert await refused(await desk.post(own, only, headers=cookie)) == (400, "bad_provider")
    assert await refused(await desk.post(own, wanted | {"hours": 169}, headers=cookie)) == (400, "bad_request")
    saved = await desk.post(own, wanted, headers=cookie)
    assert saved.status == 200
    found = await (await desk.get(own, headers=cookie)).json()
    assert found["own"] == await saved.json() == wanted | {"version": found["own"]["version"]}
    assert (found["installation"]["hours"], found["alone"], found["has_provider"]) == (0, True, False)
    again = await desk.cookie_of("jimin")
    [newest, *_] = await desk.records.sign_ins_of("jimin")
    assert newest.expires_at - newest.created_at == 4 * 3_600_000
    assert await refused(await desk.get(own, headers=again)) == (403, "not_allowed")


@pytest.mark.parametrize("rules", ["/api/settings/sign-in-rules", "/api/operator/sign-in-rules"])
async def test_second_of_two_editors_sees_the_rules_of_the_first(desk: Desk, rules: str) -> None:
    cookie = await desk.cookie_of("ops")
    found = await (await desk.get(rules, headers=cookie)).json()
    both = found.get("own") or found["rules"]
    assert (await desk.post(rules, both | {"second_factor": "required"}, headers=cookie)).status == 200
    assert await refused(await desk.post(rules, both | {"hours": 4}, headers=cookie)) == (409, "changed_meanwhile")
    found = await (await desk.get(rules, headers=cookie)).json()
    newest = found.get("own") or found["rules"]
    assert (newest["second_factor"], newest["hours"]) == ("required", 0)
    assert (await desk.post(rules, newest | {"hours": 4}, headers=cookie)).status == 200


async def test_provider_stays_while_a_rule_lets_people_in_by_it_only(desk: Desk) -> None:
    cookie, remove = await desk.cookie_of("ops"), {"provider": None}
    await desk.records.save_oidc_settings(OidcSettings(issuer="https://id.example", client_id="sangdam"))
    await desk.records.save_sign_in_rules(SignInRules(provider="only"), rules_of("main"))
    reply = await desk.post("/api/operator/sign-in-provider", remove, headers=cookie)
    assert "Allow passwords first" in (await reply.json())["message"]
    await desk.records.save_sign_in_rules(SignInRules(), rules_of("main"))
    assert (await desk.post("/api/operator/sign-in-provider", remove, headers=cookie)).status == 200


async def test_sign_ins_are_listed_for_their_owner_alone(desk: Desk) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
    body = {"login": "jimin", "password": "jimin-demo"}
    await desk.post("/api/sign-in", body, headers={"User-Agent": agent, "X-Forwarded-For": "203.0.113.9"})
    await desk.cookie_of("suho")
    here = await desk.cookie_of("jimin")
    await desk.records.add_sign_in(SignInRecord(token_hash="f" * 64, staff="jimin", created_at=1, expires_at=2))
    newest, other = await list_of(desk, here)
    assert (newest["here"], other["here"]) == (True, False)
    assert (other["device"], other["network"]) == ("Firefox · Linux", "203.0.113.0/24")
    assert newest["since"] >= other["since"]


async def test_one_or_all_other_sign_ins_can_be_ended(desk: Desk) -> None:
    here, second, third, suho = [await desk.cookie_of(login) for login in ("jimin", "jimin", "jimin", "suho")]
    [second_id] = [item["id"] for item in await list_of(desk, second) if item["here"]]
    [suhos] = [item["id"] for item in await list_of(desk, suho)]
    assert await refused(await desk.post(f"/api/sign-ins/{suhos}/end", headers=here)) == (404, "not_found")
    assert (await desk.post(f"/api/sign-ins/{second_id}/end", headers=here)).status == 200
    assert [await me(desk, cookie) for cookie in (here, second, third, suho)] == [200, 401, 200, 200]
    assert await (await desk.post("/api/sign-ins/end-others", headers=here)).json() == {"ended": 1}
    assert [await me(desk, cookie) for cookie in (here, second, third, suho)] == [200, 401, 401, 200]
    assert "sign_in.end" in await actions(desk)
