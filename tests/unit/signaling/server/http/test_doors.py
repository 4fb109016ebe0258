"""HTTP requests with hostile addresses, headers or bodies are refused with a reason, and never cause a server error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from yarl import URL

from signaling.server import app_keys

from .conftest import BEARER, ORIGIN, STAFF_ORIGIN, TOKEN, Desk, refused

DEEP = "[" * 1100


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/api/panel?site=%00", 400, "bad_request"),
        ("/api/panel?site=demo-shop&category=cameras%00&lang=ko", 400, "bad_request"),
        ("/api/panel?site=demo-shop&site=demo-shop", 400, "bad_request"),
        ("/api/panel?site=%ff%fe", 404, "unknown_site"),
        ("/api/panel?site=%ed%a0%80", 404, "unknown_site"),
        ("/api/panel?site=" + "a" * 5000, 400, "bad_request"),
        ("/api/pictures/%00", 404, "not_found"),
        ("/api/pictures/" + "p" * 3000, 404, "not_found"),
        ("/api/sessions/%00/transcript", 404, "not_found"),
        ("/api/sessions/s-1%0a/transcript", 404, "not_found"),
        ("/assets/" + "a" * 300, 404, "not_found"),
        ("/assets/%00", 404, "not_found"),
        ("/assets/" + "a/" * 2000, 404, "not_found"),
        ("/assets/%2e%2e/call.html", 404, "not_found"),
        ("/api/nothing/%00", 404, "not_found"),
    ],
)
async def test_malformed_url_gets_a_reason(desk: Desk, path: str, status: int, reason: str) -> None:
    assert await refused(await desk.http.get(URL(path, encoded=True), headers=BEARER)) == (status, reason)


ODD_SEARCHES = ("q=%00", "state=%00", "site=a%00", "page=0", "page=1e9", "page=-1", "page=" + "9" * 30, "page=99999999999",
                "from=x", "to=%D9%A3", "page=1&page=2")  # fmt: skip


@pytest.mark.parametrize("query", ODD_SEARCHES)
async def test_malformed_operator_search_gets_a_reason(desk: Desk, query: str) -> None:
    reply = await desk.http.get(URL(f"/api/operator/sessions?{query}", encoded=True), headers=await desk.cookie_of("ops"))
    if query == "q=%00":  # the cleaned search text is empty, so the server does not search for a text
        assert reply.status == 200
    else:
        assert await refused(reply) == (400, "bad_request")


async def test_panel_page_says_that_the_site_is_unknown(desk: Desk) -> None:
    for path in ("/panel?site=%00", "/panel?site=a&site=b", "/panel?site=%ff", "/panel"):
        reply = await desk.http.get(URL(path, encoded=True))
        assert (reply.status, reply.content_type) == (404, "text/html"), path


BODIES = [
    DEEP,
    '{"a":' * 330 + "1" + "}" * 330,
    '{"code": "x", "code": "y", "channel": "text"}',
    '{"code": "x", "channel": "text", "ignored": 123456789012345678901}',
    '{"code": "x\\u0000", "channel": "text"}',
    '{"code": "x", "channel": "text", "supplement": {"trail": [{"kind": "page", "at": -1}]}}',
    b'{"code": "x", "channel": "text", "ignored": "\xff"}',
    "NaN",
    "",
    "\0",
]


@pytest.mark.parametrize("body", BODIES)
async def test_malformed_body_gets_a_reason_at_every_endpoint(desk: Desk, body: str | bytes) -> None:
    ops = await desk.cookie_of("ops")
    for path, headers in (
        ("/api/codes", {"Origin": ORIGIN}),
        ("/api/sessions", {"Origin": ORIGIN}),
        ("/api/invites", {"Origin": ORIGIN}),
        ("/api/sign-in", {"Origin": STAFF_ORIGIN}),
        ("/api/operator/sites/demo-shop/categories/cameras/hours", {"Origin": STAFF_ORIGIN, **ops}),
    ):
        reply = await desk.http.post(path, data=body, headers=headers)
        assert await refused(reply) == (400, "bad_request"), path


async def test_nul_in_a_sign_in_gets_a_reason(desk: Desk) -> None:
    for login, password in (("ops\0", "ops-demo"), ("ops", "ops-demo\0"), ("\ud83d", "x" * 9)):
        body = json.dumps({"login": login, "password": password})
        reply = await desk.http.post("/api/sign-in", data=body, headers={"Origin": STAFF_ORIGIN})
        status, reason = await refused(reply)
        assert (status, reason) in ((400, "bad_request"), (401, "wrong_credentials"))


@pytest.mark.parametrize("header", ["Authorization", "Cookie", "Origin", "Referer", "X-Forwarded-For", "Host"])
async def test_headers_of_any_bytes_are_handled(desk: Desk, header: str) -> None:
    session = await desk.session()
    given = {"Authorization": "Bearer \udcff\udc80", "Cookie": "__Host-sangdam=\udcff"}.get(header, "\udcff")
    for path in (f"/api/sessions/{session}/transcript", "/api/me", "/panel?site=demo-shop", "/"):
        reply = await desk.http.get(path, headers={header: given})
        assert reply.status < 500, path
    assert desk.app[app_keys.COUNTS]["http.internal"] == 0


async def brief_of(desk: Desk, **supplement: Any) -> dict[str, str]:
    await desk.session(**supplement)
    return {field.name: field.value for field in desk.live.made_briefs[-1].fields}


@pytest.mark.parametrize("at", [119, 199, 4000])
async def test_title_cut_within_an_emoji_still_starts_a_session(desk: Desk, at: int) -> None:
    cut = "x" * at + "\ud83d"  # JavaScript's `slice` can leave this half of an emoji
    body = {"code": await desk.code(), "channel": "text", "supplement": {
        "page_title": cut, "note": cut, "user_name": cut, "product": {"name": cut, "price": cut},
        "trail": [{"kind": "mark", "label": cut}],
    }}  # fmt: skip
    reply = await desk.http.post("/api/sessions", data=json.dumps(body), headers={"Origin": ORIGIN})
    assert reply.status == 200, await reply.text()
    kept = desk.live.made_briefs[-1]
    for text in [*(field.value for field in kept.fields), *(step.label for step in kept.trail)]:
        assert text.encode()


@pytest.mark.parametrize("name", ["\u3164", "\u200b", "\u2800", "\u3164 \u2800", "\u202e"])
async def test_invisible_name_counts_as_no_name(desk: Desk, name: str) -> None:
    assert "user_name" not in await brief_of(desk, user_name=name)


async def test_names_lose_bidi_and_invisible_characters(desk: Desk) -> None:
    assert (await brief_of(desk, user_name="a\0b\u202ec\u200bd"))["user_name"] == "abcd"


async def test_token_still_opens_its_own_session(desk: Desk) -> None:
    session = await desk.session()
    reply = await desk.get(f"/api/sessions/{session}/transcript", headers={"Authorization": f"Bearer {TOKEN}"})
    assert reply.status == 200


async def test_logout_with_too_many_fields_gets_a_reason(desk: Desk) -> None:
    reply = await desk.http.post("/api/oidc/logout", data=[(f"field-{n}", "x") for n in range(20)])
    assert (await refused(reply))[1] == "provider_off"
