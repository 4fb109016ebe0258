"""API tokens: owners make, see and remove them.

`/api/v1` accepts a token only while the token exists, and within rate limits that the responses state.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from signaling.access.api_tokens import DAY_MS, RIGHTS, new_record, new_token
from signaling.access.rate_limits import Buckets
from signaling.records import Organisation
from signaling.server.http.bodies import now_ms
from signaling.server.http.v1.gate import BY_TOKEN, WRONG_TOKENS

from .conftest import Desk, refused

TOKENS = "/api/settings/tokens"
ME = "/api/v1/token"
WANTED: dict[str, Any] = {"name": "Shop's back office", "rights": ["sessions.read"], "sites": ["demo-shop"], "days": 30}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def made(desk: Desk, **fields: Any) -> dict[str, Any]:
    reply = await desk.post(TOKENS, WANTED | fields, headers=await desk.cookie_of("ops"))
    assert reply.status == 200, await reply.text()
    return dict(await reply.json())


async def asked(desk: Desk, token: str, path: str = ME) -> aiohttp.ClientResponse:
    return await desk.get(path, headers=bearer(token))


async def audit_of(desk: Desk) -> list[tuple[str, str, str]]:
    found, _ = await desk.records.audits()
    return [(entry.actor, entry.action, entry.detail) for entry in found]


async def test_token_tells_who_it_is(desk: Desk) -> None:
    token = (await made(desk))["token"]
    assert token.startswith("sgd_")
    reply = await asked(desk, token)
    assert reply.status == 200
    told = await reply.json()
    assert (told["name"], told["rights"], told["sites"]) == ("Shop's back office", ["sessions.read"], ["demo-shop"])


async def test_token_is_shown_once_and_stored_as_a_hash(desk: Desk) -> None:
    token = (await made(desk))["token"]
    listed = await (await desk.get(TOKENS, headers=await desk.cookie_of("ops"))).text()
    [stored] = await desk.records.api_tokens()
    assert token not in listed
    assert token not in str(stored)
    assert len(stored.token_hash) == 64


async def test_making_and_removing_is_audited(desk: Desk) -> None:
    cookie, item = await desk.cookie_of("ops"), (await made(desk))["item"]
    assert (await desk.post(f"{TOKENS}/{item['id']}/remove", headers=cookie)).status == 200
    newest = [entry for entry in await audit_of(desk) if entry[1].startswith("token.")]
    assert newest == [
        ("ops", "token.remove", "Shop's back office"),
        ("ops", "token.add", "Shop's back office: sessions.read; demo-shop"),
    ]


async def test_removed_token_is_refused_at_once(desk: Desk) -> None:
    token = await made(desk)
    await desk.post(f"{TOKENS}/{token['item']['id']}/remove", headers=await desk.cookie_of("ops"))
    reply = await asked(desk, token["token"])
    assert await refused(reply) == (401, "bad_token")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_expired_token_is_refused(desk: Desk) -> None:
    token, now = new_token(), now_ms()
    record = new_record(
        token, organisation="main", name="old", rights=["live.read"], sites=["*"], maker=None, days=1, now=now - DAY_MS
    )
    await desk.records.add_api_token(record)
    assert await refused(await asked(desk, token)) == (401, "bad_token")


@pytest.mark.parametrize("change", [{"active": False}, {"offices": ["supervisor"]}])
async def test_token_ends_with_the_rights_of_its_maker(desk: Desk, change: dict[str, Any]) -> None:
    token = (await made(desk))["token"]
    maker = await desk.records.staff("ops")
    assert maker is not None
    await desk.records.save_staff(replace(maker, **change), keep_owner=False)
    assert await refused(await asked(desk, token)) == (401, "bad_token")
    await desk.records.remove_staff("ops", keep_owner=False)
    assert await desk.records.api_tokens() == []


async def test_token_of_the_command_line_outlives_everybody(desk: Desk) -> None:
    token, now = new_token(), now_ms()
    record = new_record(token, organisation="main", name="till", rights=RIGHTS, sites=["*"], maker=None, days=1, now=now)
    await desk.records.add_api_token(record)
    await desk.records.remove_staff("ops", keep_owner=False)
    assert (await asked(desk, token)).status == 200


async def test_last_use_is_written_once_a_minute(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    saw = desk.records.saw_api_token

    async def counted(token_id: str, now: int) -> None:
        writes.append(now)
        await saw(token_id, now)

    monkeypatch.setattr(desk.records, "saw_api_token", counted)
    token = await made(desk)
    for _ in range(3):
        assert (await asked(desk, token["token"])).status == 200
    [stored] = await desk.records.api_tokens()
    assert writes == [stored.used_at]


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"name": " "}, {"name": "needed"}),
        ({"rights": []}, {"rights": "needed"}),
        ({"sites": ["rival-shop"]}, {"sites": "unknown"}),
        ({"days": 0}, {"days": "bad_number"}),
        ({"days": 367}, {"days": "bad_number"}),
    ],
)
async def test_wrong_field_is_named(desk: Desk, fields: dict[str, Any], problems: dict[str, str]) -> None:
    reply = await desk.post(TOKENS, WANTED | fields, headers=await desk.cookie_of("ops"))
    assert (reply.status, (await reply.json())["fields"]) == (422, problems)
    assert await desk.records.api_tokens() == []


async def test_nobody_gives_a_token_more_than_they_may_do(desk: Desk) -> None:
    maker = await desk.records.staff("ops")
    assert maker is not None
    await desk.records.save_staff(replace(maker, offices=["administrator"]), keep_owner=False)
    cookie = await desk.cookie_of("ops")
    offered = (await (await desk.get(TOKENS, headers=cookie)).json())["may_give"]
    assert offered == [
        "settings.read", "settings.write", "codes.make", "keys.write", "conversations.start", "appointments.book",
    ]  # fmt: skip
    reply = await desk.post(TOKENS, WANTED, headers=cookie)
    assert (await reply.json())["fields"] == {"rights": "not_yours"}


async def test_making_a_token_needs_a_fresh_proof(desk: Desk) -> None:
    cookie = await desk.cookie_of("ops")
    [sign_in] = await desk.records.sign_ins_of("ops")
    await desk.records.prove(sign_in.token_hash, now_ms() - 11 * 60_000)
    assert await refused(await desk.post(TOKENS, WANTED, headers=cookie)) == (403, "prove_first")


async def test_tokens_of_another_organisation_are_out_of_reach(desk: Desk) -> None:
    await desk.records.save_organisation(Organisation(id="rival", name="Rival"))
    record = new_record("x", organisation="rival", name="r", rights=RIGHTS, sites=["*"], maker=None, days=1, now=now_ms())
    await desk.records.add_api_token(record)
    cookie = await desk.cookie_of("ops")
    assert (await (await desk.get(TOKENS, headers=cookie)).json())["items"] == []
    assert (await desk.post(f"{TOKENS}/{record.id}/remove", headers=cookie)).status == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer sgd_short", "Bearer " + "sgd_" + "x" * 43, "Basic c2dkXw=="])
async def test_wrong_token_is_refused(desk: Desk, given: str) -> None:
    headers = {"Authorization": given} if given else {}
    assert await refused(await desk.get(ME, headers=headers)) == (401, "bad_token")


async def test_cookie_of_staff_opens_nothing_of_the_api(desk: Desk) -> None:
    assert await refused(await desk.get(ME, headers=await desk.cookie_of("ops"))) == (401, "bad_token")


async def test_token_opens_nothing_of_the_pages(desk: Desk) -> None:
    token = (await made(desk))["token"]
    for path in ("/api/operator/sessions", "/api/settings/sites", "/api/me", TOKENS):
        assert await refused(await asked(desk, token, path)) == (401, "signed_out")


async def test_limits_are_told_and_held(desk: Desk) -> None:
    token = (await made(desk))["token"]
    desk.app[BY_TOKEN]._burst = 2.0
    first = await asked(desk, token)
    assert first.headers["RateLimit-Policy"] == '"token";q=300;w=60'
    assert first.headers["RateLimit"] == f'"token";r=1;t={first.headers["RateLimit-Reset"]}'
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("300", "1")
    assert int(first.headers["RateLimit-Reset"]) >= 1
    await asked(desk, token)
    third = await asked(desk, token)
    assert await refused(third) == (429, "too_often")
    assert "300 requests at once" in (await third.json())["detail"]
    assert third.headers["Retry-After"] == "1"
    assert third.headers["RateLimit-Remaining"] == "0"


async def test_guesses_from_one_address_are_throttled(desk: Desk) -> None:
    desk.app[WRONG_TOKENS]._burst = 1.0
    assert await refused(await asked(desk, "sgd_1")) == (401, "bad_token")
    assert await refused(await asked(desk, "sgd_2")) == (429, "too_often")
    assert (await asked(desk, (await made(desk))["token"])).status == 200


async def test_unchanged_answer_is_not_sent_again(desk: Desk) -> None:
    token = (await made(desk))["token"]
    tag = (await asked(desk, token)).headers["ETag"]
    again = await desk.get(ME, headers=bearer(token) | {"If-None-Match": f'"other", {tag}'})
    assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
    other = await desk.get(ME, headers=bearer(token) | {"If-None-Match": '"other"'})
    assert other.status == 200


async def test_requests_are_available_as_the_policy_says(desk: Desk) -> None:
    """docs/api.md promises each token a burst of 300 requests, then 5 a second, and 300 again after a minute without requests.

    As long as software sends at most 300 requests in each minute, no request is refused.
    """
    limits = desk.app[BY_TOKEN]
    assert sum(limits.take("a", 0) for _ in range(301)) == 300
    assert sum(limits.take("a", 1000) for _ in range(6)) == 5
    assert limits.left("a", 61_000) == (300, 0)
    assert all(limits.take("b", at * 60_000) for at in range(3) for _ in range(300))


def test_bucket_tells_what_is_left() -> None:
    bucket = Buckets(burst=10, per_minute=60)
    assert bucket.left("a", 0) == (10, 0)
    for _ in range(4):
        bucket.take("a", 0)
    assert bucket.left("a", 0) == (6, 4)
    assert bucket.left("a", 1500) == (7, 3)
