"""The link of `sangdam init` makes the first owner, and works only once. This owner then tries the site as a visitor would."""

from __future__ import annotations

from typing import Any

import pytest

from signaling.access.first_start import make_first_link
from signaling.records import Records
from signaling.server.http.bodies import now_ms

from .conftest import STAFF_ORIGIN, Desk, refused

OPERATOR = "http://operator.localhost:8080"
OWNER: dict[str, Any] = {
    "organisation": "Haneul", "name": "Boss Kim", "login": "Boss", "password": "lantern under a blue river", "language": "ko",
}  # fmt: skip


async def without_owner(records: Records) -> None:
    await records.remove_staff("ops", keep_owner=False)


async def link_of(desk: Desk) -> str:
    link = await make_first_link(desk.records, desk.settings, now_ms())
    assert link is not None
    address, _, token = link.partition("#first-start=")
    assert address == f"{OPERATOR}/operator"
    return token


async def test_link_makes_the_owner_once_and_signs_them_in(desk: Desk) -> None:
    await without_owner(desk.records)
    token = await link_of(desk)
    assert (await desk.post("/api/first-start/look", {"token": token})).status == 200
    reply = await desk.post("/api/first-start", {"token": token, **OWNER})
    me = await reply.json()
    assert (reply.status, me["id"], me["roles"]) == (200, "boss", ["administrator", "owner"])
    assert "sites.add" in me["may"]
    assert reply.cookies
    organisation = await desk.records.organisation("main")
    assert organisation is not None
    assert organisation.name == "Haneul"
    assert await refused(await desk.post("/api/first-start", {"token": token, **OWNER, "login": "two"})) == (410, "link_over")
    assert await refused(await desk.post("/api/first-start/look", {"token": token})) == (410, "link_over")
    assert await make_first_link(desk.records, desk.settings, now_ms()) is None


async def test_owner_may_answer_visitors_themselves(desk: Desk) -> None:
    await without_owner(desk.records)
    reply = await desk.post("/api/first-start", {"token": await link_of(desk), **OWNER, "serves": True})
    me = await reply.json()
    assert (me["role"], me["languages"]) == ("counselor", ["ko"])
    assert {"desk.work", "installation.see"} <= set(me["may"])


async def test_link_ends_with_time_with_a_newer_link_and_with_an_owner(desk: Desk) -> None:
    ops = await desk.records.staff("ops")
    assert ops is not None
    await without_owner(desk.records)
    old = await make_first_link(desk.records, desk.settings, now_ms() - 25 * 3_600_000)
    replaced, newest = await link_of(desk), await link_of(desk)
    await desk.records.save_staff(ops)
    for token in ("", "x" * 43, str(old).partition("=")[2], replaced, newest):
        assert await refused(await desk.post("/api/first-start", {"token": token, **OWNER})) == (410, "link_over")


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"login": "a b"}, {"login": "bad_id"}),
        ({"name": " ", "organisation": ""}, {"name": "bad_name", "organisation": "bad_name"}),
        ({"login": "jimin"}, {"login": "taken"}),
    ],
)
async def test_refused_field_is_named_and_the_link_still_works(desk: Desk, given: dict[str, Any], fields: dict[str, str]) -> None:
    await without_owner(desk.records)
    token = await link_of(desk)
    reply = await desk.post("/api/first-start", {"token": token, **OWNER, **given})
    assert (reply.status, (await reply.json())["fields"]) == (422, fields)
    weak = await desk.post("/api/first-start", {"token": token, **OWNER, "password": "short"})
    assert (await refused(weak))[1] == "weak_password"
    assert (await desk.post("/api/first-start", {"token": token, **OWNER})).status == 200


async def test_other_origins_cannot_use_the_link(desk: Desk) -> None:
    await without_owner(desk.records)
    body = {"token": await link_of(desk), **OWNER}
    assert (await refused(await desk.post("/api/first-start", body, origin="http://localhost:8080")))[1] == "wrong_origin"


async def test_page_to_try_a_site_carries_its_snippet_for_staff_alone(desk: Desk) -> None:
    page = await desk.get("/try/demo-shop?lang=en", headers=await desk.cookie_of("ops"))
    text = await page.text()
    assert 'data-accent="#' in text
    assert (page.status, page.content_type) == (200, "text/html")
    assert 'src="http://localhost:8080/widget.js?site=demo-shop" data-site="demo-shop"' in text
    assert f'href="{STAFF_ORIGIN}/console"' in text
    assert "script-src http://localhost:8080/widget.js" in page.headers["Content-Security-Policy"]
    stranger = await desk.get("/try/demo-shop?lang=en")
    assert stranger.status == 401
    assert "demo-shop" not in await stranger.text()


async def test_page_to_try_a_site_is_a_page_of_every_site(desk: Desk) -> None:
    asked = {"site": "demo-shop", "category": "cameras", "language": "ko"}
    reply = await desk.post("/api/codes", asked, origin=OPERATOR)
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, OPERATOR)
    assert (await desk.http.options("/api/codes", headers={"Origin": OPERATOR})).status == 204
    other = await desk.post("/api/codes", asked, origin="http://counselor.localhost:8080")
    assert (await refused(other))[1] == "wrong_origin"
    panel = await desk.get("/panel?site=demo-shop", headers={"Referer": f"{OPERATOR}/"})
    assert OPERATOR in panel.headers["Content-Security-Policy"].partition("frame-ancestors")[2]
