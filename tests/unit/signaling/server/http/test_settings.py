"""Owners set up sites and staff in the browser.

The server checks each field, writes the audit log, can undo a change, and applies changes immediately. If somebody else has
changed a site meanwhile, the server does not overwrite that change.
"""

from __future__ import annotations

import dataclasses
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from signaling.cli.apply.installation import load
from signaling.cli.apply.storing import Storing
from signaling.records import Changed, Organisation, SessionRecord, StaffRecord
from signaling.server import demo
from signaling.server.http.bodies import now_ms

from .conftest import Desk

SITE = "/api/settings/sites/demo-shop"
LINK = "#new-password="
HANA: dict[str, Any] = {"name": "Hana", "roles": ["counselor"], "languages": ["ko"], "texts": 2, "calls": 1}


async def ask(desk: Desk, path: str, body: Any = None, login: str = "ops") -> tuple[int, Any]:
    """Send a request and return status and body of the answer. Without `body` the request is a GET."""
    cookie = await desk.cookie_of(login)
    reply = await (desk.get(path, headers=cookie) if body is None else desk.post(path, body, headers=cookie))
    return reply.status, await reply.json()


async def changed(desk: Desk, version: str = "", **fields: Any) -> tuple[int, Any]:
    """Change fields of the demo's site.

    `version`: the version of the site that the page had read before the change. Empty: the present version.
    """
    _, stored = await ask(desk, SITE)
    return await ask(desk, SITE, {"version": version or stored["version"], "settings": stored["settings"] | fields})


async def test_change_is_in_force_and_audited_with_before_and_after(desk: Desk) -> None:
    status, saved = await changed(desk, file_mb=50, recording="ask")
    assert (status, saved["settings"]["file_mb"], saved["settings"]["recording"]) == (200, 50, "ask")
    assert desk.live.changed_sites == ["demo-shop"]
    [newest, *_] = (await ask(desk, "/api/operator/audit"))[1]["items"][1:]
    assert (newest["action"], newest["subject"]) == ("site.save", "site/demo-shop")
    assert newest["change"] == {"before": {"recording": "off", "file_mb": 25}, "after": {"recording": "ask", "file_mb": 50}}


async def test_settings_of_the_demo_shop_outlast_a_restart(desk: Desk) -> None:
    fewer = [{"id": "audio", "names": {"ko": "소리"}, "priority": 2}]
    assert (await changed(desk, accent="#123456", recording="ask", languages=["ko"], categories=fewer))[0] == 200
    stored = await desk.records.site("demo-shop")
    await demo.seed(desk.records, desk.settings)
    assert await desk.records.site("demo-shop") == stored


async def test_demo_shop_works_at_another_port_and_with_another_key(desk: Desk) -> None:
    assert (await changed(desk, accent="#123456"))[0] == 200
    (desk.settings.data_dir / "server.key").unlink()
    moved = dataclasses.replace(desk.settings, shop_port=desk.settings.shop_port + 1)
    await demo.seed(desk.records, moved)
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert (site.accent, site.home_url) == ("#123456", f"{moved.shop_url}/")
    assert moved.shop_url in site.origins
    assert site.keys == demo.site_of(moved).keys


async def test_demo_shop_that_returns_to_an_earlier_port_links_to_that_port(desk: Desk) -> None:
    at_first = await desk.records.site("demo-shop")
    moved = dataclasses.replace(desk.settings, shop_port=desk.settings.shop_port + 1)
    for settings in (moved, desk.settings):
        await demo.seed(desk.records, settings)
        site = await desk.records.site("demo-shop")
        assert site is not None
        assert (site.home_url, site.privacy_url) == (f"{settings.shop_url}/", f"{settings.shop_url}/privacy.html")
    assert at_first is not None
    assert site == replace(at_first, origins=[desk.settings.shop_url, moved.shop_url])


@pytest.mark.parametrize("origins", [["https://own.example"], ["http://127.0.0.1:8081", "https://own.example"]])
@pytest.mark.parametrize("port", [8081, 8082])
async def test_links_that_operators_changed_in_the_demo_shop_stay(desk: Desk, origins: list[str], port: int) -> None:
    own = {"home_url": "https://own.example/", "privacy_url": ""}
    assert (await changed(desk, origins=origins, **own))[0] == 200
    at_port = dataclasses.replace(desk.settings, shop_port=port)
    await demo.seed(desk.records, at_port)
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert {"home_url": site.home_url, "privacy_url": site.privacy_url} == own
    assert at_port.shop_url in site.origins


async def test_keys_hours_and_outcomes_outlast_a_change(desk: Desk) -> None:
    before = await desk.records.site("demo-shop")
    assert (await changed(desk, accent="#123456"))[0] == 200
    after = await desk.records.site("demo-shop")
    assert before is not None
    assert after is not None
    assert (after.keys, after.wrap_up, after.categories) == (before.keys, before.wrap_up, before.categories)
    assert "secret" not in str(await ask(desk, SITE))


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"origins": ["https://shop.example/path"]}, {"origins": "bad_origin"}),
        ({"origins": []}, {"origins": "needed"}),
        ({"languages": ["klingon language"]}, {"languages": "bad_language"}),
        ({"names": {"ko": "x" * 101}}, {"names": "bad_name"}),
        ({"accent": "red", "retention_days": 0}, {"accent": "bad_colour", "retention_days": "bad_number"}),
        ({"privacy_url": "http://shop.example"}, {"privacy_url": "bad_address"}),
        ({"channels": [], "launcher_texts": {"ko": "x" * 41}}, {"channels": "needed", "launcher_texts": "too_long"}),
        (
            {
                "categories": [
                    {"id": "a", "names": {"ko": "A"}, "form": [{"id": "q", "kind": "choice", "choices": [{"ko": "1"}]}] * 2}
                ]
            },
            {
                "categories.a.form.0.choices": "needed",
                "categories.a.form.0.names": "needed",
                "categories.a.form.1.id": "taken",
                "categories.a.form.1.choices": "needed",
                "categories.a.form.1.names": "needed",
            },
        ),
        (
            {
                "categories": [
                    {"id": "a", "names": {"ko": "A"}, "form": [{"id": f"q{n}", "names": {"ko": "?"}} for n in range(9)]}
                ]
            },
            {"categories.a.form": "too_many"},
        ),
        (
            {"categories": [{"id": "a", "names": {"ko": "A"}, "parent": "b"}, {"id": "b", "names": {"ko": "B"}, "parent": "a"}]},
            {"categories.a.parent": "bad_parent", "categories.b.parent": "bad_parent"},
        ),
    ],
)
async def test_wrong_field_is_named_and_nothing_is_stored(desk: Desk, fields: dict[str, Any], problems: dict[str, str]) -> None:
    before = await desk.records.site("demo-shop")
    status, refused = await changed(desk, **fields)
    assert (status, refused["reason"], refused["fields"]) == (422, "invalid", problems)
    assert await desk.records.site("demo-shop") == before


async def test_second_of_two_editors_overwrites_nothing(desk: Desk) -> None:
    _, read_by_both = await ask(desk, SITE)
    assert (await changed(desk, accent="#111111"))[0] == 200
    status, refused = await changed(desk, version=read_by_both["version"], file_mb=1)
    assert (status, refused["reason"]) == (409, "changed_meanwhile")
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert (site.accent, site.file_mb) == ("#111111", 25)


async def test_change_is_undone_from_the_audit_unless_changed_again(desk: Desk) -> None:
    await changed(desk, file_mb=50)
    entry = next(each for each in (await ask(desk, "/api/operator/audit"))[1]["items"] if each["action"] == "site.save")
    undo = f"/api/operator/audit/{entry['n']}/undo"
    assert (await ask(desk, undo, {}))[0] == 200
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert site.file_mb == 25
    status, refused = await ask(desk, undo, {})
    assert (status, refused["reason"]) == (409, "changed_meanwhile")


async def test_new_site_gets_a_key_whose_secret_is_shown_once(desk: Desk) -> None:
    settings = {"names": {"ko": "서점"}, "origins": ["https://Books.example:443"], "languages": ["KO"]}
    status, added = await ask(desk, "/api/settings/sites", {"id": "books", "settings": settings})
    assert (status, added["settings"]["origins"], added["settings"]["languages"]) == (200, ["https://books.example"], ["ko"])
    assert (await ask(desk, "/api/settings/sites", {"id": "books", "settings": settings}))[1]["fields"] == {"id": "taken"}
    _, key = await ask(desk, "/api/settings/sites/books/keys", {"kid": "b-1"})
    assert len(key["secret"]) > 40
    _, stored = await ask(desk, "/api/settings/sites/books")
    assert stored["keys"] == ["b-1"]
    assert key["secret"] not in str(stored)
    assert (await ask(desk, "/api/settings/sites/books/keys/b-1/remove", {}))[0] == 200
    _, found = await ask(desk, "/api/settings/sites?q=BOOKS")
    assert [row["id"] for row in found["items"]] == ["books"]


async def test_new_member_sets_a_password_by_the_link_and_works(desk: Desk) -> None:
    status, added = await ask(desk, "/api/settings/staff", {"login": "Hana", "settings": HANA})
    assert status == 200, added
    token = added["link"].partition(LINK)[2]
    password = "violet harbour lamp"
    reply = await desk.post("/api/password/reset", {"token": token, "new": password})
    assert reply.status == 200, await reply.text()
    assert (await desk.post("/api/sign-in", {"login": "hana", "password": password})).status == 200
    member = await desk.records.staff("hana")
    assert member is not None
    assert (member.roles, member.texts, member.organisation) == (("counselor",), 2, "main")


async def test_deactivated_member_is_signed_out_and_cannot_return(desk: Desk) -> None:
    _, stored = await ask(desk, "/api/settings/staff/suho")
    suho = await desk.cookie_of("suho")
    settings = stored["settings"] | {"active": False}
    assert (await ask(desk, "/api/settings/staff/suho", {"version": stored["version"], "settings": settings}))[0] == 200
    assert (await desk.get("/api/me", headers=suho)).status == 401
    assert (await desk.post("/api/sign-in", {"login": "suho", "password": "suho-demo"})).status == 401


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"roles": ["counselor", "professional"]}, {"roles": "two_parts"}),
        ({"roles": []}, {"roles": "needed"}),
        ({"languages": []}, {"languages": "needed"}),
        ({"sites": ["nowhere"]}, {"sites": "unknown"}),
        ({"texts": 0, "calls": 0}, {"texts": "no_capacity"}),
        ({"roles": ["administrator"]}, {"roles": "not_yours"}),
    ],
)
async def test_member_that_cannot_be_is_refused(desk: Desk, fields: dict[str, Any], problems: dict[str, str]) -> None:
    boss = StaffRecord(id="boss", login="boss", name="Boss", role="operator", offices=["owner"])
    jimin = await desk.records.staff("jimin")
    assert jimin is not None
    await desk.records.save_staff(boss)
    cookie = await sign_in_as(desk, "boss")
    reply = await desk.post("/api/settings/staff", {"login": "hana", "settings": HANA | fields}, headers=cookie)
    assert (reply.status, (await reply.json())["fields"]) == (422, problems)


async def test_no_role_changes_and_no_site_goes_without_an_audit_entry(desk: Desk) -> None:
    """While no audit entry can be stored, the server also refuses the change that the entry would describe."""
    cookie, path = await desk.cookie_of("ops"), "/api/settings/staff/jimin"
    before = await (await desk.get(path, headers=cookie)).json()
    body = {"version": before["version"], "settings": before["settings"] | {"roles": ["supervisor"]}}
    async with desk.records._writing() as connection:
        await connection.execute(sa.text("ALTER TABLE audit RENAME TO audit_away"))
    replies = [
        await desk.post(path, body, headers=cookie),
        await desk.post("/api/settings/staff", {"login": "hana", "settings": HANA}, headers=cookie),
        await desk.post(f"{SITE}/remove", {}, headers=cookie),
    ]
    async with desk.records._writing() as connection:
        await connection.execute(sa.text("ALTER TABLE audit_away RENAME TO audit"))
    assert [reply.status for reply in replies] == [500] * 3
    assert await (await desk.get(path, headers=cookie)).json() == before
    assert await desk.records.staff("hana") is None
    assert (await desk.get(SITE, headers=cookie)).status == 200
    assert (await desk.post(path, body, headers=cookie)).status == 200
    assert (await desk.records.audits())[0][0].action == "staff.change"


async def test_last_owner_stays_owner_whatever_the_page_asks(desk: Desk) -> None:
    """An organisation without an owner cannot be managed.

    So the last owner keeps the role until there is a second owner.
    """
    boss = StaffRecord(id="boss", login="boss", name="Boss", role="operator", offices=["owner"])
    await desk.records.save_staff(boss)
    cookie = await sign_in_as(desk, "boss")
    _, ops = await ask(desk, "/api/settings/staff/ops")
    promoted = ops["settings"] | {"roles": ["administrator"]}
    assert (await ask(desk, "/api/settings/staff/ops", {"version": ops["version"], "settings": promoted}))[0] == 200
    stored = await (await desk.get("/api/settings/staff/boss", headers=cookie)).json()
    for change, field in (({"roles": ["manager"]}, "roles"), ({"active": False}, "active")):
        asked = {"version": stored["version"], "settings": stored["settings"] | change}
        status, refused = await ask(desk, "/api/settings/staff/boss", asked)
        assert (status, refused["fields"]) == (422, {field: "last_owner"})
        assert "make somebody else an owner first" in refused["detail"]
    entries, _ = await desk.records.audits(organisation="main")
    assert await desk.records.staff("boss") == boss
    assert not [entry for entry in entries if entry.subject == "staff/boss" and entry.action == "staff.change"]


async def test_owner_of_another_organisation_sees_none_of_it(desk: Desk) -> None:
    await desk.records.save_organisation(Organisation(id="acme", name="Acme"))
    boss = StaffRecord(id="boss", login="boss", name="Boss", role="operator", offices=["owner"], organisation="acme")
    await desk.records.save_staff(boss)
    cookie = await sign_in_as(desk, "boss")
    for path in ("sites", "staff"):
        rows = await (await desk.get(f"/api/settings/{path}", headers=cookie)).json()
        assert "demo-shop" not in str(rows)
        assert "Jimin" not in str(rows)
    for path in ("sites/demo-shop", "staff/jimin"):
        assert (await desk.get(f"/api/settings/{path}", headers=cookie)).status == 404


async def test_site_of_another_organisations_past_cannot_be_added(desk: Desk) -> None:
    await desk.records.save_organisation(Organisation(id="acme", name="Acme"))
    past = SessionRecord(
        id="s-1", organisation="acme", site="books", category="c", language="ko", channel="text", state="closed", started_at=1
    )
    await desk.records.create_session(past)
    settings = {"names": {"ko": "서점"}, "origins": ["https://books.example"], "languages": ["ko"]}
    for taken, problem in (("books", "taken"), ("..", "bad_id")):
        status, refused = await ask(desk, "/api/settings/sites", {"id": taken, "settings": settings})
        assert (status, refused["fields"]) == (422, {"id": problem})


async def test_retired_key_does_not_return_with_a_later_change(desk: Desk) -> None:
    """Another server has just retired the key. This server's memory still contains the site with the retired key."""
    known = await desk.records.site("demo-shop")
    assert known is not None
    assert known.keys
    await desk.records.save_site(replace(known, keys=[]))
    for path, body in (("categories/cameras/hours", {"hours": None}), ("wrap-up", {"plan": None}), ("mail", {"plan": {}})):
        desk.records._known["demo-shop"] = monotonic(), known
        status, refused = await ask(desk, f"/api/operator/sites/demo-shop/{path}", body)
        assert (status, refused["reason"]) == (409, "changed_meanwhile"), path
    desk.records._known.clear()
    stored = await desk.records.site("demo-shop")
    assert stored is not None
    assert stored.keys == []


async def sign_in_as(desk: Desk, staff: str) -> dict[str, str]:
    from signaling.access.identity import COOKIE, SIGN_IN_LIFE_MS, token_hash
    from signaling.records import SignInRecord

    now = now_ms()
    sign_in = SignInRecord(token_hash=token_hash(staff), staff=staff, created_at=now, expires_at=now + SIGN_IN_LIFE_MS)
    await desk.records.add_sign_in(sign_in)
    return {"Cookie": f"{COOKIE}={staff}"}


async def test_change_by_a_file_is_undone_from_the_audit(desk: Desk) -> None:
    before = await load(desk.records)
    shop = before.sites["demo-shop"]
    after = replace(shop, retention_days=7, staff_names="hidden")
    await Storing(desk.records, before, dataclasses.replace(before, sites={shop.id: after})).store()
    listed = (await ask(desk, "/api/operator/audit"))[1]["items"]
    [entry] = [each for each in listed if each["action"] == "site.save" and each["change"]]
    assert (entry["actor"], entry["change"]["before"]) == ("cli", {"retention_days": 90, "staff_names": "shown"})
    assert (await ask(desk, f"/api/operator/audit/{entry['n']}/undo", {}))[0] == 200
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert (site.retention_days, site.staff_names) == (90, "shown")


async def test_file_overwrites_nothing_that_was_changed_in_between(desk: Desk) -> None:
    before = await load(desk.records)
    shop = before.sites["demo-shop"]
    assert (await changed(desk, file_mb=1))[0] == 200
    with pytest.raises(Changed, match="demo-shop"):
        await Storing(desk.records, before, dataclasses.replace(before, sites={shop.id: replace(shop, file_mb=2)})).store()
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert site.file_mb == 1
