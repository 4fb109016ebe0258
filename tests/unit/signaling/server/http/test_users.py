"""The steps over HTTP by which a user gets into a session."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.access.rate_limits import Buckets
from signaling.protocol.words import Audience
from signaling.server.app_keys import CODES, COUNTS
from signaling.server.http.users import WALKS

from .conftest import BEARER, ORIGIN, SHOP, Desk, refused

ASK = {"site": "demo-shop", "category": "cameras", "language": "ko"}


async def test_panel_shows_the_site_in_the_users_language(desk: Desk) -> None:
    reply = await desk.get("/api/panel?site=demo-shop&category=lenses&lang=en-US")
    assert await reply.json() == {
        "site": {
            "id": "demo-shop",
            "name": "Light & Sound",
            "accent": "#0f5f57",
            "privacy_url": f"{SHOP}/privacy.html",
            "home_url": f"{SHOP}/",
            "file_mb": 25,
            "read_marks": True,
            "logo": "",
            "channels": ["text", "voice", "video"],
            "waiting_notice": "",
            "recording_notice": "",
        },
        "category": {"id": "lenses", "name": "Lenses"},
        "language": "en",
        "staffed": True,
        "helpers": ["Jimin", "Suho", "Arim"],
        "low_s": None,
        "high_s": None,
        "retention_days": 90,
        "may_listen": False,
        "own_past": True,
        "cobrowse": False,
        "opening": {"open": True, "opens_at": None, "callbacks": True},
        "page_params": [],
        "channels": ["text", "voice", "video"],
        "form": [],
    }
    unknown = await (await desk.get("/api/panel?site=demo-shop&category=cameras&lang=xx")).json()
    assert unknown["language"] == "ko"
    browser = {"Accept-Language": "pt;q=0.9, en-US;q=0.5"}
    unknown = await (await desk.get("/api/panel?site=demo-shop&category=cameras&lang=xx", headers=browser)).json()
    assert unknown["language"] == "en"


async def test_site_can_hide_the_names_of_its_counselors(desk: Desk) -> None:
    site = await desk.records.site("demo-shop")
    assert site is not None
    await desk.records.save_site(replace(site, staff_names="hidden"))
    view = await (await desk.get("/api/panel?site=demo-shop&category=lenses&lang=en")).json()
    assert (view["helpers"], view["staffed"]) == ([], True)


async def test_code_becomes_a_session_with_a_brief(desk: Desk) -> None:
    await desk.session(
        page_url=f"{SHOP}/m5.html?utm=1",
        page_title="M5",
        product={"id": "m5", "name": "하늘 M5", "price": "1,890,000", "url": f"{SHOP}/m5.html"},
        trail=[{"kind": "page", "label": "M5", "at": 5, "url": f"{SHOP}/m5.html", "dwell_s": 42}],
        user_name="민아",
    )
    [brief] = desk.live.made_briefs
    fields = {field.name: (field.value, field.provenance) for field in brief.fields}
    assert fields["page_url"] == (f"{SHOP}/m5.html", "claimed")
    assert fields["user_name"] == ("민아", "typed")
    assert fields["product_name"] == ("하늘 M5", "claimed")
    assert [step.dwell_s for step in brief.trail] == [42]


async def test_code_works_once(desk: Desk) -> None:
    code = await desk.code()
    assert (await desk.post("/api/sessions", {"code": code, "channel": "voice"})).status == 200
    assert await refused(await desk.post("/api/sessions", {"code": code, "channel": "voice"})) == (409, "replayed")
    assert desk.app[COUNTS]["http.replayed"] == 1


async def test_overlong_trail_does_not_spend_the_code(desk: Desk) -> None:
    code = await desk.code()
    long = {"trail": [{"kind": "page"}] * 51}
    reply = await desk.post("/api/sessions", {"code": code, "channel": "text", "supplement": long})
    assert await refused(reply) == (413, "trail_too_long")
    assert (await desk.post("/api/sessions", {"code": code, "channel": "text"})).status == 200


async def test_widget_can_read_codes_only_on_the_sites_own_pages(desk: Desk) -> None:
    allowed = await desk.post("/api/codes", ASK, origin=SHOP)
    assert allowed.headers["Access-Control-Allow-Origin"] == SHOP
    assert allowed.headers["Vary"] == "Origin"
    told = await desk.post("/api/codes", ASK | {"category": "boats"}, origin=SHOP)
    assert told.headers["Access-Control-Allow-Origin"] == SHOP
    assert await refused(told) == (404, "unknown_category")
    foreign = await desk.post("/api/codes", ASK, origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert await refused(foreign) == (403, "wrong_origin")


async def test_cors_preflight_is_answered(desk: Desk) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    reply = await desk.http.options("/api/codes", headers={"Origin": SHOP, **asks})
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (204, SHOP)
    assert reply.headers["Access-Control-Allow-Headers"] == "content-type"
    foreign = await desk.http.options("/api/codes", headers={"Origin": "https://evil.example", **asks})
    assert await refused(foreign) == (403, "wrong_origin")


async def test_rate_limited_address_is_told_when_to_retry(desk: Desk) -> None:
    desk.app[CODES]._by_address = Buckets(burst=1, per_minute=1)
    assert (await desk.post("/api/codes", ASK, origin=SHOP)).status == 200
    reply = await desk.post("/api/codes", ASK, origin=SHOP)
    assert reply.headers["Retry-After"] == "30"
    assert await refused(reply) == (429, "too_many_address")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", SHOP])
async def test_only_our_own_pages_can_create_sessions(desk: Desk, origin: str) -> None:
    reply = await desk.post("/api/sessions", {"code": "x", "channel": "text"}, origin=origin)
    assert await refused(reply) == (403, "wrong_origin")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b'{"code": 1, "channel": "text"}', 400, "bad_request"),
        (b'{"code": "x", "channel": "telepathy"}', 400, "bad_request"),
        (b'{"code": "x", "channel": "text", "supplement": {"trail": 5}}', 400, "bad_request"),
        (b'{"code": "x", "channel": "text"}', 400, "malformed"),
        (b"[" * 60_000, 400, "bad_request"),
        (b" " * 70_000, 413, "too_large"),
        (json.dumps({"code": "." * 9000, "channel": "text"}).encode(), 413, "too_large"),
    ],
)
async def test_bad_bodies_are_refused_with_a_reason(desk: Desk, body: bytes, status: int, reason: str) -> None:
    assert await refused(await desk.post("/api/sessions", data=body)) == (status, reason)


async def test_body_longer_than_declared_is_cut_off(desk: Desk) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    assert await refused(await desk.post("/api/sessions", data=endless())) == (413, "too_large")


async def test_unknown_paths_are_not_found(desk: Desk) -> None:
    assert await refused(await desk.get("/api/panel?site=x&category=cameras")) == (404, "unknown_site")
    assert await refused(await desk.get("/api/panel?site=demo-shop&category=x")) == (404, "unknown_category")
    assert await refused(await desk.get("/nothing")) == (404, "not_found")
    assert await refused(await desk.http.put("/api/codes", headers={"Origin": ORIGIN})) == (405, "wrong_method")


async def test_server_error_is_reported_without_details(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(desk.live, "estimate", broken)
    reply = await desk.get("/api/panel?site=demo-shop&category=cameras")
    assert "secret" not in await reply.text()
    assert await refused(reply) == (500, "internal")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_transcript_has_only_lines_for_everyone(desk: Desk) -> None:
    session = await desk.session()

    async def say(line: str, text: str, audience: Audience = "all", **more: Any) -> None:
        values = {"author": "p", "name": "Jimin", "role": "counselor", "kind": "text"} | more
        await desk.records.append_line(session, line_id=line, audience=audience, text=text, at=1_790_000_000_000, **values)

    await say("1", "안녕하세요")
    await say("2", "재고 확인", "staff")
    await say("3", "joined", kind="system", role="system")
    await say("4", "네", name="", role="user")
    reply = await desk.get(f"/api/sessions/{session}/transcript", headers=BEARER)
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.content_type == "text/plain"
    assert (await reply.text()).splitlines()[4:] == [
        "2026년 9월 21일",
        "[14:13] Jimin (상담사): 안녕하세요",
        "[14:13] 방문자: 네",
    ]
    assert await refused(await desk.get(f"/api/sessions/{session}/transcript")) == (404, "not_found")
    wrong = {"Authorization": "Bearer other"}
    assert await refused(await desk.get(f"/api/sessions/{session}/transcript", headers=wrong)) == (404, "not_found")


async def test_user_tells_where_they_walk_and_nobody_else_does(desk: Desk) -> None:
    session = await desk.session(page_url=f"{SHOP}/m5.html")
    seen = {"page_url": f"{SHOP}/m7.html", "page_title": "M7"}
    path = f"/api/sessions/{session}/visit"
    assert (await desk.post(path, seen, headers=BEARER)).status == 204
    assert [(told, there.page_title) for told, there in desk.live.walks] == [(session, "M7")]
    assert await refused(await desk.post(path, seen)) == (404, "not_found")
    desk.app[WALKS]._burst = 0.0
    assert await refused(await desk.post(path, seen, headers=BEARER)) == (429, "too_often")
