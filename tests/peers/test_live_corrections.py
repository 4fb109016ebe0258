"""Editing, retracting and quoting chat lines in a real service.

To find out what users learn, the tests search the messages on the users' connections.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from msgspec.structs import replace
from PIL import Image

from signaling.records import Records
from signaling.server import app_keys
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as started:
        yield started


async def write(person: Person, line: str, text: str, **more: Any) -> int:
    await person.say("line", line=line, text=text, **more)
    return int((await person.find(lambda seen: seen["type"] == "ack" and seen["line"] == line))["seq"])


async def changed(person: Person, seq: int, change: str) -> dict[str, Any]:
    def is_it(seen: dict[str, Any]) -> bool:
        return seen["type"] == "line_changed" and (seen["line"]["seq"], seen["line"]["change"]) == (seq, change)

    line: dict[str, Any] = (await person.find(is_it))["line"]
    return line


async def copy_of(service: Service, user: Person) -> str:
    headers = {"Authorization": f"Bearer {user.token}"}
    async with service.http.get(f"{service.url}/api/sessions/{user.session_id}/transcript", headers=headers) as response:
        assert response.status == 200
        return await response.text()


async def picture_of(service: Service, staff: Person) -> str:
    """Upload a picture that both the user and the staff are allowed to see. Return its id."""
    image = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(image, "PNG")
    headers = {"Origin": service.settings.staff_url("counselor"), "Cookie": staff.cookie}
    url = f"{service.url}/api/sessions/{staff.session_id}/pictures?use=line"
    async with service.http.post(url, data=image.getvalue(), headers=headers) as response:
        assert response.status == 200, await response.text()
        return str((await response.json())["picture"])


async def fetch_picture(service: Service, user: Person, picture: str) -> int:
    headers = {"Authorization": f"Bearer {user.token}"}
    async with service.http.get(f"{service.url}/api/pictures/{picture}", headers=headers) as response:
        return response.status


async def test_changed_line_is_so_for_all_and_staff_keep_its_former_text(service: Service) -> None:
    user, counselor = await in_conversation(service)
    mine, theirs = await write(user, "u-1", "내 번호는 FORMER-1"), await write(counselor, "c-1", "FORMER-2 원이에요")
    assert (await user.say("edit_line", seq=mine, text="내 번호는 비밀이에요"))["type"] == "ok"
    assert (await counselor.say("retract_line", seq=theirs))["type"] == "ok"
    seen = await changed(user, mine, "edited")
    assert (seen["text"], seen["former"]) == ("내 번호는 비밀이에요", [])
    assert await changed(user, theirs, "retracted") | {"text": "", "former": []} == await changed(user, theirs, "retracted")
    for_staff = await changed(counselor, mine, "edited")
    assert [each["text"] for each in for_staff["former"]] == ["내 번호는 FORMER-1"]
    copy = await copy_of(service, user)
    assert "FORMER" not in copy
    assert "[수정함]: 내 번호는 비밀이에요" in copy
    assert "[보내기 취소]" in copy
    back = await service.user_tab(user.session_id, user.token, tab="t-2")
    await back.say("lines", after=0)
    assert "FORMER" not in back.traffic()
    assert "비밀이에요" in back.traffic()
    records: Records = service.app[app_keys.RECORDS]
    audits, _ = await records.audits()
    assert ("line.retract", f"session/{user.session_id}", f"line {theirs}") in [(a.action, a.subject, a.detail) for a in audits]
    assert "FORMER" not in str(audits)


async def test_client_that_was_away_catches_up_on_changes_of_old_lines(service: Service) -> None:
    user, counselor = await in_conversation(service)
    early = await write(user, "u-1", "처음")
    newest = await write(counselor, "c-1", "다음")
    await service.notices_gone(counselor)
    await user.say("retract_line", seq=early)
    back = await service.staff("jimin", available=False)
    await back.get("session")
    back.session_id = user.session_id
    reply = await back.say("lines", after=newest)
    assert [(line["seq"], line["change"]) for line in reply["lines"] if line["kind"] == "text"] == [(early, "retracted")]


async def test_nobody_changes_lines_of_others_or_after_five_minutes(service: Service) -> None:
    user, counselor = await in_conversation(service)
    mine = await write(user, "u-1", "처음")
    assert (await counselor.say("edit_line", seq=mine, text="다른 말"))["reason"] == "not_yours"
    assert (await counselor.say("retract_line", seq=999))["reason"] == "unknown_line"
    service.skip(301)
    assert (await user.say("retract_line", seq=mine))["reason"] == "too_late"


async def test_retracted_picture_is_shown_to_no_user_any_more(service: Service) -> None:
    user, counselor = await in_conversation(service)
    picture = await picture_of(service, counselor)
    await counselor.ask(type="line", session=counselor.session_id, line="c-p", kind="picture", picture=picture)
    seq = (await counselor.find(lambda seen: seen["type"] == "ack"))["seq"]
    assert await fetch_picture(service, user, picture) == 200
    await counselor.say("retract_line", seq=seq)
    assert await fetch_picture(service, user, picture) == 404


async def test_user_never_gets_a_quote_of_a_staff_line(service: Service) -> None:
    user, counselor = await in_conversation(service)
    secret = await write(counselor, "c-1", "SECRET 재고 확인", audience="staff")
    said = await write(user, "u-1", "얼마예요?")
    assert (await user.say("line", line="u-2", text="?", reply_to=secret))["reason"] == "unknown_line"
    assert (await user.say("line", line="u-3", text="?", reply_to=4000))["reason"] == "unknown_line"
    assert (await counselor.say("line", line="c-2", text="만 원", reply_to=secret))["reason"] == "unknown_line"
    await write(counselor, "c-3", "직원끼리", audience="staff", reply_to=secret)
    await write(counselor, "c-4", "만 원", reply_to=said)
    quoting = await user.find(lambda seen: seen["type"] == "line" and seen["line"]["id"] == "c-4")
    assert quoting["line"]["reply_to"] == said
    assert "SECRET" not in user.traffic()
    assert "(↩ “얼마예요?”): 만 원" in await copy_of(service, user)


async def test_read_marks_outlast_the_connection_and_can_be_turned_off(service: Service) -> None:
    user, counselor = await in_conversation(service)
    seq = await write(counselor, "c-1", "읽어 주세요")
    await user.say("read", delivered=seq, spans=[{"first": 1, "last": seq}])
    marks = await counselor.find(lambda seen: seen["type"] == "line_marks" and seen["marks"] != [])
    assert marks["marks"] == [{"participant": user.session["you"], "delivered": seq, "read": [{"first": 1, "last": seq}]}]
    await counselor.say("read", delivered=seq)
    told = await user.find(lambda seen: seen["type"] == "line_marks" and seen["marks"] != [])
    assert told["marks"] == [{"participant": "", "delivered": seq, "read": []}]
    entry = service.live.index.entries[user.session_id]
    entry.marks = None  # as after a restart of the server, which then reads from the database how far each person has read
    since = len(counselor.seen)
    await counselor.say("lines", after=0)
    assert (await counselor.get("line_marks", since))["marks"][0]["delivered"] == seq
    entry.site = replace(entry.site, read_marks="off")
    since = len(counselor.seen)
    await user.say("read", delivered=seq + 1, spans=[{"first": 1, "last": seq + 1}])
    await counselor.say("lines", after=0)
    assert "line_marks" not in [seen["type"] for seen in counselor.seen[since:]]
