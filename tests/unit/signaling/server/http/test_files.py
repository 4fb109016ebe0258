from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from signaling.files import Files
from signaling.server import app_keys
from signaling.server.http import bodies, file_bodies
from signaling.server.http.files import INTAKE
from tests import PATIENCE_S
from tests.unit.signaling.files.samples import pdf

from . import given
from .conftest import BEARER, Desk, refused
from .test_person import returning


async def upload(desk: Desk, session: str, name: str = "진단서.pdf", data: Any = None, *, line: str = "l-1", **options: Any):
    query = options.pop("query", "")
    headers = {"File-Name": quote(name), **options.pop("headers", BEARER)}
    body = pdf() if data is None else data
    return await desk.post(f"/api/sessions/{session}/files?line={line}{query}", data=body, headers=headers, **options)


async def file_of(desk: Desk, session: str, **options: Any) -> str:
    reply = await upload(desk, session, **options)
    assert reply.status == 200, await reply.text()
    return str((await reply.json())["line"]["args"]["file"])


def stored(desk: Desk) -> list[Path]:
    files: Files = desk.app[app_keys.FILES]
    return [path for path in files.folder.rglob("*") if path.is_file()]


async def test_sent_file_becomes_a_line_and_is_saved_never_shown(desk: Desk) -> None:
    session = await desk.session()
    line = (await (await upload(desk, session)).json())["line"]
    assert (line["kind"], line["text"], line["audience"]) == ("file", "진단서.pdf", "all")
    assert line["args"] == {"file": line["args"]["file"], "kind": "pdf", "bytes": str(len(pdf()))}
    for headers in (BEARER, await desk.cookie_of("jimin")):
        fetched = await desk.get(f"/api/files/{line['args']['file']}", headers=headers)
        assert (fetched.status, fetched.content_type) == (200, "application/pdf")
        assert await fetched.read() == pdf()
        assert fetched.headers["Content-Disposition"].startswith("attachment; ")
        assert quote("진단서.pdf") in fetched.headers["Content-Disposition"]
        assert fetched.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in fetched.headers["Content-Security-Policy"]
        assert fetched.headers["Cache-Control"] == "no-store"


async def test_strangers_neither_send_nor_fetch(desk: Desk) -> None:
    session = await desk.session()
    file = await file_of(desk, session)
    for headers in ({}, {"Authorization": "Bearer x"}, await desk.cookie_of("suho")):
        assert await refused(await desk.get(f"/api/files/{file}", headers=headers)) == (404, "not_found")
        assert await refused(await upload(desk, session, headers=headers)) == (404, "not_found")
    assert await refused(await upload(desk, session, origin="https://evil.example")) == (403, "wrong_origin")


async def test_staff_file_never_reaches_the_user(desk: Desk) -> None:
    session, jimin = await desk.session(), await desk.cookie_of("jimin")
    assert await refused(await upload(desk, session, query="&audience=staff")) == (403, "not_allowed")
    file = await file_of(desk, session, query="&audience=staff", headers=jimin)
    assert await refused(await desk.get(f"/api/files/{file}", headers=BEARER)) == (404, "not_found")
    assert (await desk.get(f"/api/files/{file}", headers=jimin)).status == 200


async def test_operator_who_fetches_a_file_is_audited(desk: Desk) -> None:
    session = await desk.session()
    file = await file_of(desk, session)
    assert (await desk.get(f"/api/files/{file}", headers=await desk.cookie_of("ops"))).status == 200
    newest, _ = await desk.records.audits()
    assert (newest[0].actor, newest[0].action, newest[0].detail) == ("ops", "file.read", file)


async def test_file_sent_again_is_shown_and_stored_once(desk: Desk) -> None:
    session = await desk.session()
    first, second = await file_of(desk, session), await file_of(desk, session)
    assert first == second
    assert [path.name for path in stored(desk)] == [first]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"", (400, "file_empty")),
        ("a.exe", b"MZ" + bytes(100), (415, "file_unknown")),
        ("a.pdf.exe", None, (415, "file_mislabelled")),
        ("a.txt", b"x" * 1_000_001, (413, "file_too_large")),
    ],
)
async def test_unfit_file_is_refused_and_leaves_no_byte(
    desk: Desk, name: str, data: bytes | None, expected: tuple[int, str]
) -> None:
    await take_files_of(desk, 1)
    session = await desk.session()
    assert await refused(await upload(desk, session, name, data)) == expected
    assert stored(desk) == []
    assert desk.app[app_keys.COUNTS][f"http.{expected[1]}"] == 1


async def take_files_of(desk: Desk, most_mb: int) -> None:
    site = await desk.records.site("demo-shop")
    assert site is not None
    await desk.records.save_site(replace(site, file_mb=most_mb))


async def test_site_may_take_pictures_only(desk: Desk) -> None:
    await take_files_of(desk, 0)
    assert await refused(await upload(desk, await desk.session())) == (403, "files_off")


async def test_name_arrives_clean(desk: Desk) -> None:
    line = (await (await upload(desk, await desk.session(), "../\u202efdp.보고서.pdf")).json())["line"]
    assert line["text"] == "fdp.보고서.pdf"


async def endless(begun: asyncio.Event) -> AsyncIterator[bytes]:
    yield pdf()
    begun.set()
    await asyncio.Event().wait()


async def arriving(desk: Desk, session: str) -> asyncio.Task[Any]:
    """Begin to upload a file that never ends. Return the upload when a part of the file is on the disk."""
    begun = asyncio.Event()
    sending = asyncio.create_task(upload(desk, session, data=endless(begun)))
    await begun.wait()
    async with asyncio.timeout(PATIENCE_S):
        while not stored(desk):
            await asyncio.sleep(0.01)
    return sending


async def test_file_is_on_disk_while_it_arrives_and_gone_when_it_breaks_off(desk: Desk) -> None:
    session = await desk.session()
    sending = await arriving(desk, session)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_S):
        while stored(desk) or desk.app[INTAKE].arriving:
            await asyncio.sleep(0.01)


async def test_slow_file_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_WITHIN_S", 0.2)
    assert await refused(await upload(desk, await desk.session(), data=endless(asyncio.Event()))) == (408, "too_slow")
    assert stored(desk) == []


async def test_files_and_bytes_of_a_session_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await desk.session()
    monkeypatch.setattr("signaling.server.http.files.MOST_A_SESSION", 1)
    await file_of(desk, session)
    assert await refused(await upload(desk, session, line="l-2")) == (409, "session_full")
    monkeypatch.setattr("signaling.server.http.files.MOST_A_SESSION", 100)
    monkeypatch.setattr("signaling.server.http.files.MOST_SESSION_BYTES", len(pdf()) + 10)
    assert await refused(await upload(desk, session, line="l-2")) == (409, "session_full")


async def test_file_that_is_still_arriving_takes_its_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.server.http.files.MOST_A_SESSION", 1)
    session = await desk.session()
    sending = await arriving(desk, session)
    assert await refused(await upload(desk, session, line="l-2")) == (409, "session_full")
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_S):
        while desk.app[INTAKE].arriving:
            await asyncio.sleep(0.01)
    assert (await upload(desk, session, line="l-2")).status == 200


async def test_full_disk_refuses_files_before_they_arrive(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_bodies, "KEEP_FREE_BYTES", 1 << 60)
    assert await refused(await upload(desk, await desk.session())) == (507, "disk_full")


@pytest.mark.slow
async def test_files_at_once_are_limited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_bodies, "LONGEST_WAIT_S", 0.2)
    session = await desk.session()
    most = file_bodies.SENDING_EACH_ADDRESS
    sending = [asyncio.create_task(upload(desk, session, data=endless(asyncio.Event()))) for _ in range(most)]
    async with asyncio.timeout(PATIENCE_S):
        while desk.app[INTAKE].arriving[session] < most * 25_000_000:
            await asyncio.sleep(0.01)
    assert await refused(await upload(desk, session)) == (503, "files")
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)


async def test_many_files_in_a_row_have_to_wait(desk: Desk) -> None:
    session = await desk.session()
    for _ in range(20):
        assert (await upload(desk, session, "a.txt", b"a")).status == 200
    assert await refused(await upload(desk, session)) == (429, "too_many_files")


async def test_records_that_are_away_keep_no_file(desk: Desk) -> None:
    session = await desk.session()
    desk.live.refuses_lines = True
    assert await refused(await upload(desk, session)) == (503, "unavailable")
    assert stored(desk) == []


async def test_ended_session_takes_no_files(desk: Desk) -> None:
    session = await desk.session()
    await desk.records.save_session(session, state="closed", channel="text", snapshot=b"")
    assert await refused(await upload(desk, session)) == (409, "wrong_state")


async def test_operator_erases_files_with_the_session(desk: Desk) -> None:
    session = await desk.session()
    await file_of(desk, session)
    ops = {**await desk.cookie_of("ops"), "Origin": "http://operator.localhost:8080"}
    assert (await desk.post(f"/api/operator/sessions/{session}/erase", headers=ops)).status == 200
    assert stored(desk) == []


async def test_file_of_an_earlier_conversation_opens_through_the_present_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await returning(desk)
    jimin = await desk.cookie_of("jimin")
    for session in ("s-1", "s-3"):
        await given.file(desk, f"file-{session}", session)
    monkeypatch.setattr(desk.live, "staff_participant", lambda session, staff: "p-jimin" if session == "s-2" else None)
    assert await (await desk.get("/api/files/file-s-1?via=s-2", headers=jimin)).read() == b"pdf"
    for path in ("file-s-1", "file-s-3?via=s-2", "file-s-1?via=s-9"):
        assert await refused(await desk.get(f"/api/files/{path}", headers=jimin)) == (404, "not_found")
