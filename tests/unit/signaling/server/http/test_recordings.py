"""Access to recordings.

The tests check who may play a recording, in which pieces it is sent, and that each playback is in the audit log.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

import pytest

from signaling.protocol.words import Channel
from signaling.records import RecordsAway
from signaling.server.http import recordings
from signaling.session import decode_snapshot, encode_snapshot, new_session, receive
from signaling.session import events as ev
from tests.unit.signaling.server.http import given
from tests.unit.signaling.server.http.conftest import BEARER, Desk, refused

VOICE = bytes(range(256)) * 4


async def a_recorded_call(desk: Desk, channel: Channel = "voice") -> str:
    """Store a call that Jimin took, with a recording of one track."""
    session = await desk.session()
    state = new_session(id=session, site="s", category="c", language="ko", channel=channel, user="u-1", name="민아", now=0)
    for event in (ev.Entered(), ev.Accepted(f"{session}.u1", "jimin", "Jimin", True, 1)):
        receive(state, event, 0)
    await desk.records.save_session(session, state="active", channel=channel, snapshot=encode_snapshot(state), counselor="jimin")
    given.recording(desk, session, VOICE)
    return session


async def looks(desk: Desk) -> list[tuple[str, str]]:
    found = (await (await desk.get("/api/operator/audit", headers=await desk.cookie_of("ops"))).json())["items"]
    return [(entry["actor"], entry["subject"]) for entry in found if entry["action"] == "recording.play"]


async def test_operators_and_participants_can_view_and_are_audited_once(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    await desk.records.append_board(session, 1, b"\0\0", 5)
    for login in ("ops", "jimin"):
        cookie = await desk.cookie_of(login)
        drawn = await (await desk.get(f"/api/recordings/{session}/board", headers=cookie)).json()
        assert (drawn["steps"], drawn["next"]) == ([{"at": 5, "update": "AAA="}], 0)
        found = await (await desk.get(f"/api/recordings/{session}", headers=cookie)).json()
        assert (found["site"], found["pieces"]) == ("demo-shop", [[1000, 4000]])
        [page] = found["pages"]
        assert await (await desk.get(page, headers=cookie)).json(content_type=None) == {"at": 1000, "seen_by": ["jimin"]}
        [track] = found["tracks"]
        assert (track["participant"], track["kind"], track["began"], track["ended"]) == ("u-1", "audio", 1000, 4000)
        assert {person["name"] for person in found["people"]} == {"민아", "Jimin"}
        piece = await desk.get(track["url"], headers={**cookie, "Range": "bytes=100-199"})
        assert piece.status == 206
        assert await piece.read() == VOICE[100:200]
        assert piece.headers["Content-Range"] == f"bytes 100-199/{len(VOICE)}"
        assert piece.headers["Content-Type"] == "video/webm"
        assert piece.headers["Cache-Control"] == "no-store"
        assert "sandbox" in piece.headers["Content-Security-Policy"]
    assert await looks(desk) == [("Jimin", f"session/{session}"), ("Ops", f"session/{session}")]


async def test_player_is_told_that_there_are_more_lines(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MOST_LINES", 2)
    session, ops = await a_recorded_call(desk), await desk.cookie_of("ops")
    for text, cut in (("하나", False), ("둘", False), ("셋", True)):
        line = {"line_id": text, "author": "jimin", "name": "Jimin", "role": "counselor", "kind": "text", "audience": "all"}
        await desk.records.append_line(session, **line, text=text, at=1)
        found = await (await desk.get(f"/api/recordings/{session}", headers=ops)).json()
        assert found["lines_cut"] is cut
    assert [line["text"] for line in found["lines"]] == ["하나", "둘"]


async def test_page_is_replayed_where_no_voice_was_recorded(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    shutil.rmtree(desk.settings.recordings_dir / session / "1-1")
    ops = await desk.cookie_of("ops")
    found = await (await desk.get(f"/api/recordings/{session}", headers=ops)).json()
    assert (found["tracks"], found["pieces"]) == ([], [[1000, 1001]])
    [page] = found["pages"]
    assert (await desk.get(page, headers=ops)).status == 200
    assert (await (await desk.get(f"/api/operator/sessions/{session}", headers=ops)).json())["recorded"] is True


async def test_player_names_an_operator_who_joined_and_has_left(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    record = await desk.records.session(session)
    assert record is not None
    state = decode_snapshot(record.snapshot)
    state.may_listen = True
    for event in (
        ev.ListenStarted("ops", "Ops"),
        ev.ListenedAs("ops", "whisper"),
        ev.ListenedAs("ops", "join"),
        ev.ListenStopped("ops", "stopped"),
    ):
        receive(state, event, 0)
    await desk.records.save_session(session, state="active", channel="voice", snapshot=encode_snapshot(state), counselor="jimin")
    found = await (await desk.get(f"/api/recordings/{session}", headers=await desk.cookie_of("ops"))).json()
    assert {"id": "ops", "name": "Ops", "role": "operator", "label": ""} in found["people"]


async def test_player_says_what_a_guest_was_in_the_conversation(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    record = await desk.records.session(session)
    assert record is not None
    state = decode_snapshot(record.snapshot)
    state.guests_most = 1
    for event in (
        ev.GuestInvited("u-1", "g-1", "interpreter", "link"),
        ev.GuestCame("g-1", "token"),
        ev.GuestEntered("g-1", "Mina"),
    ):
        receive(state, event, 0)
    await desk.records.save_session(session, state="active", channel="voice", snapshot=encode_snapshot(state), counselor="jimin")
    found = await (await desk.get(f"/api/recordings/{session}", headers=await desk.cookie_of("ops"))).json()
    assert {"id": "g-1", "name": "Mina", "role": "guest", "label": "interpreter"} in found["people"]


async def test_piece_fetched_without_the_player_is_audited(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    assert (await desk.get(f"/api/recordings/{session}/1-1/1", headers=await desk.cookie_of("ops"))).status == 200
    assert await looks(desk) == [("Ops", f"session/{session}")]


async def test_playback_that_could_not_be_audited_is_audited_at_the_next_try(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session, ops = await a_recorded_call(desk), await desk.cookie_of("ops")
    path = f"/api/recordings/{session}/1-1/1"

    async def away(*_: object) -> None:
        raise RecordsAway

    with monkeypatch.context() as failing:
        failing.setattr(desk.records, "audit", away)
        assert await refused(await desk.get(path, headers=ops)) == (503, "unavailable")
    assert (await desk.get(path, headers=ops)).status == 200
    assert await looks(desk) == [("Ops", f"session/{session}")]


async def test_pieces_fetched_together_wait_for_the_one_audit_entry(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    session, ops = await a_recorded_call(desk), await desk.cookie_of("ops")
    store, writing, go = desk.records.audit, asyncio.Event(), asyncio.Event()

    async def slow(*entry: Any) -> None:
        writing.set()
        await go.wait()
        await store(*entry)

    monkeypatch.setattr(desk.records, "audit", slow)
    first = asyncio.create_task(desk.get(f"/api/recordings/{session}", headers=ops))
    await writing.wait()
    others = [asyncio.create_task(desk.get(f"/api/recordings/{session}/{part}", headers=ops)) for part in ("board", "1-1/1")]
    done, _ = await asyncio.wait(others, timeout=0.2)
    assert not done, "nothing is played before the audit entry is stored"
    go.set()
    assert [(await each).status for each in (first, *others)] == [200, 200, 200]
    assert await looks(desk) == [("Ops", f"session/{session}")]


async def test_nobody_else_can_view_a_recording(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    suho = await desk.cookie_of("suho")
    for part in ("", "/board", "/1-1/1", "/1-1/page"):
        path = f"/api/recordings/{session}{part}"
        assert await refused(await desk.get(path)) == (401, "signed_out")
        assert await refused(await desk.get(path, headers=BEARER)) == (401, "signed_out")
        assert await refused(await desk.get(path, headers=suho)) == (404, "not_found")
    assert await looks(desk) == []


async def test_missing_pieces_give_404_and_paths_cannot_escape(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    secret = desk.settings.recordings_dir / "1.webm"
    secret.write_bytes(b"secret")
    ops = await desk.cookie_of("ops")
    for path in (
        f"/api/recordings/{session}/1-1/2",
        f"/api/recordings/{session}/9-9/1",
        f"/api/recordings/{session}/9-9/page",
        f"/api/recordings/{session}/%2e%2e/page",
        f"/api/recordings/{session}/../1",
        f"/api/recordings/{session}/%2e%2e/1",
        f"/api/recordings/{session}/1-1%2f..%2f../1",
        "/api/recordings/s-none",
        "/api/recordings/%2e%2e",
    ):
        assert (await desk.get(path, headers=ops)).status == 404, path
    await desk.records.erase_session(session)
    assert (await desk.get(f"/api/recordings/{session}", headers=ops)).status == 404


async def test_erasing_a_session_deletes_its_files(desk: Desk) -> None:
    session = await a_recorded_call(desk)
    ops = await desk.cookie_of("ops")
    assert (await (await desk.get(f"/api/operator/sessions/{session}", headers=ops)).json())["recorded"] is True
    assert (await desk.post(f"/api/operator/sessions/{session}/erase", headers=ops)).status == 200
    assert not (desk.settings.recordings_dir / session).exists()
    assert (await (await desk.get(f"/api/operator/sessions/{session}", headers=ops)).json())["recorded"] is False
