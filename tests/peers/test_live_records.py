"""A running service and its database work together."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.cli.main import main
from signaling.records import Records, RecordsAway, SessionRecord
from signaling.server import app_keys
from tests import PATIENCE_S
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def test_erasing_by_command_ends_the_running_session(service: Service) -> None:
    user, counselor = await in_conversation(service)
    await user.send(type="line", session=user.session_id, line="c-1", text="지워 주세요")
    await counselor.find(lambda m: m["type"] == "line" and m["line"].get("text") == "지워 주세요")
    words = ["session", "erase", user.session_id, "--data-dir", str(service.settings.data_dir)]
    await asyncio.to_thread(main, words, standalone_mode=False)
    for person in (user, counselor):
        assert (await person.get("session_over"))["reason"] == "erased"
    assert (await user.get("bye"))["reason"] == "token", "the user's token has ended"
    assert (await counselor.ask(type="line", session=user.session_id, line="c-2", text="아직"))["reason"] == "not_yours"
    assert user.session_id not in service.live.index.entries
    records = service.app[app_keys.RECORDS]
    assert await records.lines(user.session_id, audience="staff") == []
    assert await records.events(user.session_id) == []
    left = await records.session(user.session_id)
    assert left is not None
    assert (left.state, left.end_reason, left.brief, left.snapshot) == ("closed", "erased", b"{}", b"")
    assert (await counselor.find(lambda m: m["type"] == "staff" and m["me"]["state"] in ("wrap_up", "available"))) is not None


async def test_member_with_other_sessions_wraps_up_what_they_handed_over(service: Service) -> None:
    user, counselor = await in_conversation(service)
    given = user.session_id
    other = await service.user()
    await other.say("enter")
    ring = await counselor.find(lambda m: m["type"] == "ring" and m["session"] == other.session_id)
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await other.state("active")
    suho = await service.staff("suho")
    assert (await counselor.ask(type="transfer", session=given, how="now", staff="suho", note=""))["type"] == "ok"
    ring = await suho.get("ring")
    assert (await suho.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    assert (await counselor.get("session_over"))["reason"] == "handed_over"
    note = {"type": "wrap_up", "session": given, "notes": "다음 사람에게", "outcome": ""}
    assert (await counselor.ask(**note))["type"] == "ok"
    await suho.find(lambda m: m["type"] == "line" and m["line"]["text"] == "다음 사람에게")
    await other.state("active")
    service.skip(121)
    assert (await counselor.ask(**note))["reason"] == "too_late"
    assert "다음 사람에게" not in user.traffic()


async def test_records_name_the_counselor_of_a_session_that_a_professional_owns(service: Service) -> None:
    """The counselor whom the database names for the session gets the ring first when the user returns.

    This counselor is also allowed to play the recording, and the session counts as this counselor's in reports.
    """
    user, jimin = await in_conversation(service)
    suho, drhan = await service.staff("suho"), await service.staff("drhan")
    assert (await jimin.say("transfer", how="now", staff="suho", note=""))["type"] == "ok"
    await _accept(suho)
    assert (await suho.say("help", category="lenses", note=""))["type"] == "ok"
    await _accept(drhan)
    assert (await drhan.say("join"))["type"] == "ok"
    assert (await suho.say("mode", mode="conference"))["type"] == "ok"
    assert (await suho.say("hand_over"))["type"] == "ok"
    assert (await suho.get("session_over"))["reason"] == "handed_over"
    await user.say("leave")
    await user.state("after")
    kept = await service.app[app_keys.RECORDS].session(user.session_id)
    assert kept is not None
    assert (kept.counselor, kept.professional) == ("suho", "drhan")


async def _accept(member: Person) -> None:
    ring = await member.get("ring")
    assert (await member.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await member.state("active")


async def test_notes_sent_after_wrap_up_are_kept(service: Service) -> None:
    user, counselor = await in_conversation(service)
    await user.say("leave")
    await counselor.state("after")
    await user.close()
    service.skip(125)
    assert (await counselor.get("session_over"))["reason"] == "wrapped_up"
    reply = await counselor.say("wrap_up", notes="교환을 안내함", outcome="resolved")
    assert reply["type"] == "ok", reply
    kept = await service.app[app_keys.RECORDS].session(counselor.session_id)
    assert kept is not None
    assert (kept.wrap_up_staff, kept.wrap_up_notes, kept.wrap_up_outcome) == ("jimin", "교환을 안내함", "resolved")
    service.skip(20 * 60)
    assert (await counselor.say("wrap_up", notes="zu spät"))["reason"] == "too_late"


async def test_typed_notes_show_in_other_tabs_and_are_saved_at_the_end(service: Service) -> None:
    user, counselor = await in_conversation(service)
    session = user.session_id
    assert (await user.say("notes", notes="?"))["reason"] == "not_yours"
    assert (await counselor.say("notes", notes="교환"))["type"] == "ok"
    await user.say("leave")
    await counselor.state("after")
    assert (await counselor.say("notes", notes="교환을 안내함", outcome="follow_up"))["type"] == "ok"
    other_tab = await service.staff("jimin")
    assert (await other_tab.state("after"))["notes"] == "교환을 안내함"
    assert (await counselor.say("notes", notes="alt"))["reason"] == "replaced"
    service.skip(125)
    assert (await other_tab.get("session_over"))["reason"] == "wrapped_up"
    records = service.app[app_keys.RECORDS]
    kept = await records.session(session)
    assert kept is not None
    assert (kept.wrap_up_staff, kept.wrap_up_notes, kept.wrap_up_outcome) == ("jimin", "교환을 안내함", "follow_up")
    assert (await other_tab.ask(type="notes", session=session, notes="교환을 안내함!", outcome="resolved"))["type"] == "ok"
    last = await records.session(session)
    assert last is not None
    assert (last.wrap_up_notes, last.wrap_up_outcome) == ("교환을 안내함!", "resolved"), (
        "the last keys were pressed a moment before"
    )
    assert "교환을 안내함" not in user.traffic()


async def test_messages_use_category_names_in_the_readers_language(service: Service) -> None:
    user = await service.user("text")
    await user.say("enter")
    await user.state("waiting")
    assert (await user.say("leave_message", contact="010-1234-5678", text="전화 주세요"))["type"] == "ok"
    counselor = await service.staff("jimin", available=False)
    queue = await counselor.find(lambda m: m["type"] == "queue" and m.get("messages"))
    assert (queue["messages"][0]["site"], queue["messages"][0]["category"]) == ("Light & Sound", "Cameras")


async def test_every_command_reports_unavailable_records_and_recovers(service: Service) -> None:
    user, _ = await in_conversation(service)
    waiting = await service.user("text")
    operator = await service.staff("ops", available=False)
    commands: list[tuple[Person, dict[str, object]]] = [
        (user, {"type": "line", "session": user.session_id, "line": "c-1", "text": "들리세요?"}),
        (waiting, {"type": "leave_message", "session": waiting.session_id, "contact": "010-1234-5678", "text": "전화 주세요"}),
        (operator, {"type": "sign_out_staff", "staff": "suho"}),
        (operator, {"type": "end_session", "session": user.session_id}),
    ]
    other = sqlite3.connect(service.settings.data_dir / "records.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for person, command in commands:
        refused = await person.ask(**command)
        assert (refused["type"], refused["reason"]) == ("error", "unavailable"), command
    other.execute("ROLLBACK")
    other.close()
    async with asyncio.timeout(PATIENCE_S):
        await service.app[app_keys.RECORDS].reachable.wait()
    for person, command in commands:
        assert (await person.ask(**command))["type"] == "ok", command


async def test_service_starts_although_the_records_time_out_while_it_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, read, failed = settings_for(tmp_path), Records.live_sessions, list[str]()
    async with running(settings) as service:
        session = (await service.user()).session_id

    async def slow_at_first(records: Records) -> list[SessionRecord]:
        if not failed:
            failed.append("live_sessions")
            raise RecordsAway
        return await read(records)

    monkeypatch.setattr(Records, "live_sessions", slow_at_first)
    async with running(settings) as service:
        assert failed
        assert session in service.live.index.entries
