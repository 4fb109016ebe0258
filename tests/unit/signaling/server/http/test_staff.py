"""Staff sign in, and operators see the sessions."""

from __future__ import annotations

import base64

import pycrdt
import pytest

from signaling.access.identity import COOKIE

from .conftest import BEARER, ORIGIN, STAFF_ORIGIN, Desk, refused


async def test_signing_in_and_out(desk: Desk) -> None:
    signed_in = await desk.post("/api/sign-in", {"login": "jimin", "password": "jimin-demo"})
    assert (await signed_in.json())["role"] == "counselor"
    cookie = signed_in.cookies[COOKIE]
    assert cookie["secure"]
    assert cookie["httponly"]
    headers = {"Cookie": f"{COOKIE}={cookie.value}"}
    assert (await (await desk.get("/api/me", headers=headers)).json())["name"] == "Jimin"
    signed_out = await desk.post("/api/sign-out", {}, headers=headers)
    assert signed_out.cookies[COOKIE]["max-age"] == "0"
    assert signed_out.headers["Clear-Site-Data"] == '"cache"'
    assert desk.live.signed_out_staff == ["jimin"]
    assert await refused(await desk.get("/api/me", headers=headers)) == (401, "signed_out")


async def test_new_sign_in_ends_the_browsers_previous_one(desk: Desk) -> None:
    elsewhere, former = await desk.cookie_of("jimin"), await desk.cookie_of("jimin")
    again = await desk.post("/api/sign-in", {"login": "suho", "password": "suho-demo"}, headers=former)
    newest = {"Cookie": f"{COOKIE}={again.cookies[COOKIE].value}"}
    assert desk.live.signed_in_again_as == ["suho"]
    assert await refused(await desk.get("/api/me", headers=former)) == (401, "signed_out")
    for cookie, name in ((newest, "Suho"), (elsewhere, "Jimin")):
        assert (await (await desk.get("/api/me", headers=cookie)).json())["name"] == name


async def test_wrong_password_keeps_the_browsers_sign_in(desk: Desk) -> None:
    cookie = await desk.cookie_of("jimin")
    reply = await desk.post("/api/sign-in", {"login": "suho", "password": "guess"}, headers=cookie)
    assert await refused(reply) == (401, "wrong_credentials")
    assert (await desk.get("/api/me", headers=cookie)).status == 200
    found = await (await desk.get("/api/operator/audit", headers=await desk.cookie_of("ops"))).json()
    [entry] = [each for each in found["items"] if each["action"] == "sign_in.refused"]
    assert (entry["actor"], entry["subject"]) == ("unknown", "staff/suho")


async def test_wrong_passwords_are_refused(desk: Desk) -> None:
    for _ in range(6):
        reply = await desk.post("/api/sign-in", {"login": "jimin", "password": "guess"})
        assert await refused(reply) == (401, "wrong_credentials")
        assert COOKIE not in reply.cookies
    reply = await desk.post("/api/sign-in", {"login": "jimin", "password": "jimin-demo"})
    assert reply.headers["Retry-After"] == "30"
    assert await refused(reply) == (429, "too_many_sign_ins")


async def test_forged_client_address_gives_no_more_tries(desk: Desk) -> None:
    """A client sends a forged `X-Forwarded-For`. The proxy adds a second `X-Forwarded-For` with the client's real address."""
    statuses = []
    for number in range(8):
        lines = [
            ("X-Forwarded-For", f"198.51.100.{number}"),
            ("X-Forwarded-For", f"2001:db8:0:1::{number}"),
            ("Origin", STAFF_ORIGIN),
        ]
        body = {"login": "jimin", "password": "guess"}
        statuses.append((await desk.http.post("/api/sign-in", json=body, headers=lines)).status)
    assert statuses == [401] * 6 + [429] * 2, "one subscriber has a whole /64"


async def test_staff_cookie_decides_over_other_credentials(desk: Desk) -> None:
    cookie = await desk.cookie_of("jimin")
    for beside in ({}, {"Authorization": "Bearer x"}, BEARER):
        headers = {**cookie, **beside}
        for path in ("/api/sign-out", "/api/sessions/s-1/pictures", "/api/sessions", "/api/operator/sessions/s-1/erase"):
            assert await refused(await desk.post(path, {}, origin=ORIGIN, headers=headers)) == (403, "wrong_origin")
    assert await refused(await desk.post("/api/sessions", {}, origin=STAFF_ORIGIN, headers=BEARER)) == (403, "wrong_origin")
    assert (await desk.get("/api/me", headers=cookie)).status == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8081", "", "http://localhost:8080.evil.example"])
async def test_other_sites_cannot_sign_anybody_in_or_out(desk: Desk, origin: str) -> None:
    for path in ("/api/sign-in", "/api/sign-out", "/api/operator/sessions/s-1/erase"):
        assert await refused(await desk.post(path, {}, origin=origin)) == (403, "wrong_origin")


async def test_user_pages_cannot_act_for_staff(desk: Desk) -> None:
    """For browsers, a host and its subdomains are one site.

    So browsers send the staff cookie even with requests of the user's pages.
    """
    ops = await desk.cookie_of("ops")
    for path in ("/api/sign-in", "/api/sign-out", "/api/sessions/s-1/pictures", "/api/operator/sessions/s-1/erase"):
        assert await refused(await desk.post(path, {}, origin=ORIGIN, headers=ops)) == (403, "wrong_origin")


async def test_staff_in_a_session_cannot_sign_out(desk: Desk) -> None:
    jimin = await desk.cookie_of("jimin")
    desk.live.talking.add("jimin")
    assert await refused(await desk.post("/api/sign-out", headers=jimin)) == (409, "busy")
    assert (await desk.get("/api/me", headers=jimin)).status == 200
    desk.live.talking.clear()
    assert (await desk.post("/api/sign-out", headers=jimin)).status == 200


async def test_site_and_category_names_are_in_the_readers_language(desk: Desk) -> None:
    session = await desk.session()
    ops = await desk.cookie_of("ops")
    for language, names in {"ko": ("빛과소리", "카메라"), "en-US": ("Light & Sound", "Cameras")}.items():
        page = await (await desk.get(f"/api/operator/sessions?lang={language}", headers=ops)).json()
        one = await (await desk.get(f"/api/operator/sessions/{session}?lang={language}", headers=ops)).json()
        for found in (page["items"][0], one):
            assert (found["site_name"], found["category_name"]) == names
            assert (found["site"], found["category"]) == ("demo-shop", "cameras")


OPERATORS_OWN = ("/api/operator/sessions", "/api/operator/sessions/s-1", "/api/operator/audit", "/api/operator/counts")


async def test_only_operators_can_read_sessions(desk: Desk) -> None:
    await desk.session()
    jimin = await desk.cookie_of("jimin")
    for path in OPERATORS_OWN:
        assert await refused(await desk.get(path)) == (401, "signed_out")
        assert await refused(await desk.get(path, headers=jimin)) == (403, "not_allowed")
    erase = await desk.post("/api/operator/sessions/s-1/erase", headers=jimin)
    assert await refused(erase) == (403, "not_allowed")


async def test_session_is_read_whole_and_the_view_is_audited(desk: Desk) -> None:
    session = await desk.session(page_title="M5")
    records, ops = desk.records, await desk.cookie_of("ops")
    await records.append_line(
        session, line_id="1", author="p-1", name="Jimin", role="counselor", kind="text", audience="staff", text="재고 확인", at=7
    )
    doc = pycrdt.Doc()
    elements = doc.get("elements", type=pycrdt.Map)
    for number in (1, 2):
        before = doc.get_state()
        elements[str(number)] = "stroke"
        await records.append_board(session, 1, doc.get_update(before), number)
    await records.add_event(session, "reserved", 5, {"staff": "jimin", "why": {"ring": "exact"}})
    await records.save_rating(session, 5, "고맙습니다")
    await records.save_wrap_up(session, "jimin", "교환 안내", "solved")
    await records.save_session(session, state="closed", channel="text", snapshot=b"", ended_at=9, counselor="jimin")
    whole = await (await desk.get(f"/api/operator/sessions/{session}", headers=ops)).json()
    assert (whole["counselor"], whole["state"], whole["ended_at"]) == ("Jimin", "closed", 9)
    assert [line["text"] for line in whole["lines"]] == ["재고 확인"]
    assert whole["participants"] == [{"id": "p-1", "name": "Jimin", "role": "counselor"}]
    assert whole["events"][0]["data"]["why"]["ring"] == "exact"
    assert whole["rated"] == {"score": 5, "words": "고맙습니다"}
    assert whole["wrap_up"] == {"staff": "Jimin", "notes": "교환 안내"}
    assert (whole["outcome"], whole["outcome_name"]) == ("solved", "solved")
    assert {"name": "page_title", "value": "M5", "provenance": "claimed"} in whole["brief"]["fields"]
    copy = pycrdt.Doc()
    copy.apply_update(base64.b64decode(whole["board"]))
    assert len(copy.get("elements", type=pycrdt.Map)) == 2
    assert "token" not in str(whole)
    entries = (await (await desk.get("/api/operator/audit", headers=ops)).json())["items"]
    assert (entries[0]["actor"], entries[0]["action"], entries[0]["subject"]) == ("Ops", "session.read", f"session/{session}")


async def test_operators_can_search_sessions(desk: Desk) -> None:
    session, ops = await desk.session(), await desk.cookie_of("ops")
    await desk.session()
    path = "/api/operator/sessions"
    everything = await (await desk.get(path, headers=ops)).json()
    assert (everything["total"], everything["page"], len(everything["items"])) == (2, 1, 2)
    one = await (await desk.get(f"{path}?q={session}&state=preparing&site=demo-shop&from=0&page=1", headers=ops)).json()
    assert [item["id"] for item in one["items"]] == [session]
    for query in ("page=x", "from=-1", "to=1e9", "page=" + "9" * 30):
        assert await refused(await desk.get(f"{path}?{query}", headers=ops)) == (400, "bad_request")


async def test_operators_can_erase_sessions(desk: Desk) -> None:
    session, ops = await desk.session(page_title="M5"), await desk.cookie_of("ops")
    assert (await desk.post(f"/api/operator/sessions/{session}/erase", headers=ops)).status == 200
    assert desk.live.erasures == [session]
    left = await desk.records.session(session)
    assert left is not None
    assert (left.end_reason, left.brief) == ("erased", b"{}")
    missing = await desk.post("/api/operator/sessions/s-9/erase", headers=ops)
    assert await refused(missing) == (404, "not_found")


async def test_refusals_are_counted_for_the_operator(desk: Desk) -> None:
    await desk.get("/nothing")
    counts = await (await desk.get("/api/operator/counts", headers=await desk.cookie_of("ops"))).json()
    assert counts == {"http.not_found": 1}
    assert (await desk.get("/api/operator/sessions", headers={"Origin": ORIGIN})).status == 401
