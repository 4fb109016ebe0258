from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from signaling.server.http import bodies, image_files
from signaling.server.http.image_files import MOST_BYTES, MOST_HELD_BYTES
from signaling.server.http.pictures import CHECKER

from .conftest import BEARER, Desk, png, refused


async def upload(desk: Desk, session: str, query: str = "", data: bytes | None = None, **options: object):
    return await desk.post(f"/api/sessions/{session}/pictures{query}", data=png() if data is None else data, **options)


async def test_shared_picture_is_visible_to_the_session(desk: Desk) -> None:
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


async def test_staff_picture_never_reaches_the_user(desk: Desk) -> None:
    session = await desk.session()
    assert await refused(await upload(desk, session, "?audience=staff", headers=BEARER)) == (403, "not_allowed")
    jimin = await desk.cookie_of("jimin")
    shared = await (await upload(desk, session, "?audience=staff", headers=jimin)).json()
    assert await refused(await desk.get(f"/api/pictures/{shared['picture']}", headers=BEARER)) == (404, "not_found")
    assert (await desk.get(f"/api/pictures/{shared['picture']}", headers=jimin)).status == 200


async def test_product_picture_is_visible_while_the_call_rings(desk: Desk) -> None:
    session = await desk.session()
    shared = await (await upload(desk, session, "?use=product", headers=BEARER)).json()
    assert desk.live.product_pictures == [(session, shared["picture"])]
    assert (await desk.get(f"/api/pictures/{shared['picture']}", headers=await desk.cookie_of("suho"))).status == 200


async def test_operator_view_of_a_picture_is_audited(desk: Desk) -> None:
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
async def test_invalid_uploads_are_refused(desk: Desk, query: str, data: bytes | None, expected: tuple[int, str]) -> None:
    session = await desk.session()
    assert await refused(await upload(desk, session, query, data, headers=BEARER)) == expected


async def test_strangers_cannot_upload(desk: Desk) -> None:
    session = await desk.session()
    for headers in ({}, {"Authorization": "Bearer x"}, await desk.cookie_of("suho")):
        assert await refused(await upload(desk, session, headers=headers)) == (404, "not_found")
    assert await refused(await upload(desk, session, headers=BEARER, origin="https://evil.example")) == (403, "wrong_origin")


@pytest.mark.slow
async def test_uploads_at_once_are_limited(desk: Desk) -> None:
    session = await desk.session()
    for _ in range(24):
        assert (await upload(desk, session, headers=BEARER)).status == 200
    assert await refused(await upload(desk, session, headers=BEARER)) == (429, "too_many_pictures")


async def test_ended_session_takes_no_pictures(desk: Desk) -> None:
    session = await desk.session()
    await desk.records.save_session(session, state="closed", channel="text", snapshot=b"")
    assert await refused(await upload(desk, session, headers=BEARER)) == (409, "wrong_state")


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "image/jpg", "text/html", "image/gif"])
async def test_image_type_comes_from_content_not_from_name(desk: Desk, kind: str) -> None:
    session = await desk.session()
    assert (await upload(desk, session, headers={**BEARER, "Content-Type": kind})).status == 200


class Slow:
    """Request bodies that begin immediately, but end only after `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def body(self, first: bytes = b"") -> AsyncIterator[bytes]:
        yield first or png()[:10]
        await self.go.wait()
        if not first:
            yield png()[10:]


async def test_upload_is_not_read_before_there_is_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "LONGEST_WAIT_S", 0.3)
    session, slow = await desk.session(), Slow()
    sending = [asyncio.create_task(upload(desk, session, data=slow.body(), headers=BEARER)) for _ in range(11)]
    held = desk.app[CHECKER].held
    while len(held.uploads) < 11:
        await asyncio.sleep(0.01)
    monkeypatch.setattr(desk.app[CHECKER]._sending, "_each_address", 11)
    assert await refused(await upload(desk, session, headers=BEARER)) == (503, "pictures")
    assert held.total() <= 11 * 10
    monkeypatch.undo()
    slow.go.set()
    assert {reply.status for reply in await asyncio.gather(*sending)} == {200}
    assert held.total() == 0


async def test_pictures_sent_at_once_stay_within_the_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("signaling.records.history", "signaling.server.http.pictures"):
        monkeypatch.setattr(f"{place}.MOST_SESSION_PICTURES", 1)
    session, slow = await desk.session(), Slow()
    sending = [asyncio.create_task(upload(desk, session, data=slow.body(), headers=BEARER)) for _ in range(3)]
    while len(desk.app[CHECKER].held.uploads) < 3:
        await asyncio.sleep(0.01)
    slow.go.set()
    replies = await asyncio.gather(*sending)
    assert sorted(reply.status for reply in replies) == [200, 409, 409]
    assert await refused(await upload(desk, session, headers=BEARER)) == (409, "session_full")


async def test_total_bytes_of_upload_bodies_are_bounded(desk: Desk) -> None:
    slow = Slow()
    sessions = [await desk.session() for _ in range(2)]
    large = b"x" * (MOST_BYTES - 1)
    sending = [asyncio.create_task(upload(desk, sessions[at % 2], data=slow.body(large), headers=BEARER)) for at in range(6)]
    held = desk.app[CHECKER].held
    done, _ = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
    assert await refused(done.pop().result()) == (503, "pictures")
    assert held.total() <= MOST_HELD_BYTES
    slow.go.set()
    answers = {(await refused(reply))[1] for reply in await asyncio.gather(*sending)}
    assert answers == {"pictures", "not_a_picture"}


async def test_slow_upload_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_WITHIN_S", 0.2)
    session, slow = await desk.session(), Slow()
    assert await refused(await upload(desk, session, data=slow.body(), headers=BEARER)) == (408, "too_slow")
    assert await refused(await desk.http.post("/api/codes", data=slow.body(b"{"))) == (408, "too_slow")


async def test_recent_heavy_uploader_has_to_wait(desk: Desk) -> None:
    session = await desk.session()
    desk.app[CHECKER]._spent.charge("127.0.0.1", 41.0)
    assert await refused(await upload(desk, session, headers=BEARER)) == (429, "too_many_pictures")


@pytest.mark.slow
async def test_photo_does_not_wait_for_a_slow_image(desk: Desk) -> None:
    out = io.BytesIO()
    Image.new("LA", (8000, 6250), (90, 128)).save(out, "PNG", compress_level=1)
    session = await desk.session()
    process = desk.app[CHECKER]._lanes[True][1]
    heavy = asyncio.create_task(upload(desk, session, data=out.getvalue(), headers=BEARER))
    while process.pid is None:
        await asyncio.sleep(0.01)
    os.kill(process.pid, signal.SIGSTOP)  # the decoding of the heavy image stops until SIGCONT
    assert (await upload(desk, session, headers=BEARER)).status == 200
    assert not heavy.done()
    os.kill(process.pid, signal.SIGCONT)
    assert (await heavy).status == 200
