from __future__ import annotations

import pytest

from signaling.server.http.image_files import MOST_BYTES

from .conftest import BEARER, Desk, png, refused


async def upload(desk: Desk, session: str, query: str = "", data: bytes | None = None, **options: object):
    return await desk.post(f"/api/sessions/{session}/pictures{query}", data=png() if data is None else data, **options)


async def test_a_shared_picture_is_seen_by_those_in_the_session(desk: Desk) -> None:
    session = await desk.session()
    shared = await (await upload(desk, session, headers=BEARER)).json()
    assert (shared["width"], shared["height"], shared["mime"]) == (30, 20, "image/webp")
    path = f"/api/pictures/{shared['picture']}"
    seen = await desk.get(path, headers=BEARER)
    assert (seen.status, seen.content_type, seen.headers["Cache-Control"]) == (200, "image/webp", "no-store")
    assert (await seen.read())[:4] == b"RIFF"
    assert (await desk.get(path, headers=await desk.cookie_of("jimin"))).status == 200
    for headers in ({}, {"Authorization": "Bearer x"}, await desk.cookie_of("suho")):
        assert await refused(await desk.get(path, headers=headers)) == (404, "not_found")


async def test_a_picture_for_staff_never_reaches_the_user(desk: Desk) -> None:
    session = await desk.session()
    assert await refused(await upload(desk, session, "?audience=staff", headers=BEARER)) == (403, "not_allowed")
    jimin = await desk.cookie_of("jimin")
    shared = await (await upload(desk, session, "?audience=staff", headers=jimin)).json()
    assert await refused(await desk.get(f"/api/pictures/{shared['picture']}", headers=BEARER)) == (404, "not_found")
    assert (await desk.get(f"/api/pictures/{shared['picture']}", headers=jimin)).status == 200


async def test_the_products_picture_is_seen_while_the_call_rings(desk: Desk) -> None:
    session = await desk.session()
    shared = await (await upload(desk, session, "?use=product", headers=BEARER)).json()
    assert desk.live.product_pictures == [(session, shared["picture"])]
    assert (await desk.get(f"/api/pictures/{shared['picture']}", headers=await desk.cookie_of("suho"))).status == 200


async def test_an_operators_look_is_audited(desk: Desk) -> None:
    session = await desk.session()
    shared = await (await upload(desk, session, headers=BEARER)).json()
    assert (await desk.get(f"/api/pictures/{shared['picture']}", headers=await desk.cookie_of("ops"))).status == 200
    newest, _ = await desk.records.audits()
    assert (newest[0].actor, newest[0].action, newest[0].subject) == ("ops", "picture.read", f"session/{session}")


@pytest.mark.parametrize(
    ("query", "data", "expected"),
    [
        ("", b"<svg/>", (415, "not_a_picture")),
        ("", b"", (415, "not_a_picture")),
        ("", b"x" * (MOST_BYTES + 1), (413, "too_large")),
        ("?use=wallpaper", None, (400, "bad_request")),
        ("?audience=world", None, (400, "bad_request")),
    ],
)
async def test_what_is_refused(desk: Desk, query: str, data: bytes | None, expected: tuple[int, str]) -> None:
    session = await desk.session()
    assert await refused(await upload(desk, session, query, data, headers=BEARER)) == expected


async def test_strangers_upload_nothing(desk: Desk) -> None:
    session = await desk.session()
    for headers in ({}, {"Authorization": "Bearer x"}, await desk.cookie_of("suho")):
        assert await refused(await upload(desk, session, headers=headers)) == (404, "not_found")
    assert await refused(await upload(desk, session, headers=BEARER, origin="https://evil.example")) == (403, "wrong_origin")


async def test_not_too_many_at_once(desk: Desk) -> None:
    session = await desk.session()
    for _ in range(12):
        assert (await upload(desk, session, headers=BEARER)).status == 200
    assert await refused(await upload(desk, session, headers=BEARER)) == (429, "too_many_pictures")


async def test_nothing_is_added_to_what_is_over(desk: Desk) -> None:
    session = await desk.session()
    await desk.records.save_session(session, state="closed", channel="text", snapshot=b"")
    assert await refused(await upload(desk, session, headers=BEARER)) == (409, "wrong_state")
