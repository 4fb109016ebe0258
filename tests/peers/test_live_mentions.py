"""Staff mention colleagues in chat lines for staff, and these colleagues read along, in a real service.

To find out what the user learns, the tests search the messages on the user's connection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from signaling.server import app_keys
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as started:
        yield started


async def mention(counselor: Person, line: str, text: str = "@Suho SECRET", **more: Any) -> dict[str, Any]:
    return await counselor.say("line", **{"line": line, "text": text, "audience": "staff", "mentions": ["suho"]} | more)


async def read_along(colleague: Person, session: str, *, on: bool = True) -> dict[str, Any]:
    return await colleague.ask(type="read_along", session=session, on=on)


async def audited(service: Service) -> list[tuple[str, str]]:
    found, _ = await service.app[app_keys.RECORDS].audits()
    return [(each.actor, each.action) for each in reversed(found) if each.action.startswith("reading.")]


async def test_mentioned_colleague_reads_along_and_the_user_never_learns(service: Service) -> None:
    user, counselor = await in_conversation(service)
    colleague, stranger = await service.staff("suho"), await service.staff("drhan")
    session = user.session_id
    assert "suho" in [each["id"] for each in (await counselor.say("colleagues", purpose="mention"))["people"]]
    assert (await read_along(colleague, session))["reason"] == "not_mentioned"

    await mention(counselor, "c-1")
    notice = await colleague.get("mentioned")
    assert (notice["session"], notice["by"]) == (session, "Jimin")
    assert "SECRET" not in colleague.traffic(), "the notice says nothing of what was written"
    assert (await read_along(stranger, session))["reason"] == "not_mentioned"

    assert (await read_along(colleague, session))["type"] == "ok"
    page = await colleague.ask(type="lines", session=session, before=0)
    assert "@Suho SECRET" in [line["text"] for line in page["lines"]]
    await user.say("line", line="u-1", text="안녕하세요")
    await colleague.find(lambda m: m["type"] == "line" and m["line"]["text"] == "안녕하세요")
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "reading.on")
    for message in ({"type": "line", "line": "s-1", "text": "?"}, {"type": "leave"}, {"type": "board", "data": "AAA="}):
        assert (await colleague.ask(session=session, **message))["reason"] == "not_yours", message

    assert (await read_along(colleague, session, on=False))["type"] == "ok"
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "reading.off")
    await counselor.say("line", line="c-2", text="AFTERWARDS")
    await user.find(lambda m: m["type"] == "line" and m["line"]["text"] == "AFTERWARDS")
    assert (await colleague.ask(type="lines", session=session, before=0))["reason"] == "not_yours"
    assert "AFTERWARDS" not in colleague.traffic()
    assert await audited(service) == [("suho", "reading.begin"), ("suho", "reading.end")]
    for secret in ("suho", "Suho", "SECRET", "mention", "reading"):
        assert secret not in user.traffic(), secret


async def test_mention_is_refused_with_a_reason(service: Service) -> None:
    user, counselor = await in_conversation(service)
    assert (await mention(counselor, "c-1"))["reason"] == "unknown_colleague", "nobody with this id is signed in"
    colleague = await service.staff("suho")
    assert (await mention(counselor, "c-2", audience="all"))["reason"] == "staff_lines_only"
    assert (await mention(user, "u-1"))["reason"] == "not_yours"
    assert (await mention(counselor, "c-3", mentions=["jimin"]))["reason"] == "unknown_colleague", "the author"
    assert (await mention(counselor, "c-4", mentions=["suho"] * 6))["reason"] == "bad_message"
    assert "SECRET" not in user.traffic() + colleague.traffic()


async def test_unread_mention_comes_again_and_reading_ends_with_the_right(service: Service) -> None:
    user, counselor = await in_conversation(service)
    colleague = await service.staff("suho")
    await mention(counselor, "c-1")
    await colleague.get("mentioned")
    await colleague.close()
    again = await service.staff("suho", tab="t-2", cookie=colleague.cookie)
    await again.get("mentioned")
    assert (await read_along(again, user.session_id))["type"] == "ok"
    other = await service.staff("suho", tab="t-3", cookie=colleague.cookie)
    assert (await read_along(other, user.session_id))["type"] == "ok"
    assert (await again.get("reading_along"))["reason"] == "replaced"

    records = service.app[app_keys.RECORDS]
    member = await records.staff("suho")
    assert member is not None
    await records.save_staff(replace(member, sites=("elsewhere",)))
    assert (await other.get("bye"))["reason"] == "restart"
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "reading.off")
    back = await service.staff("suho", tab="t-4", cookie=colleague.cookie)
    assert (await read_along(back, user.session_id))["reason"] == "not_mentioned"
    assert not any(message["type"] == "mentioned" for message in back.seen)
    assert [action for _, action in await audited(service)] == ["reading.begin", "reading.end"]


async def test_nobody_reads_along_without_the_line_that_says_so(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    user, counselor = await in_conversation(service)
    colleague = await service.staff("suho")
    await mention(counselor, "c-1")
    await colleague.get("mentioned")

    async def fails(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(service.live.lines, "system", fails)
        assert (await read_along(colleague, user.session_id))["type"] == "error"
    assert (await colleague.ask(type="lines", session=user.session_id, before=0))["reason"] == "not_yours"
    assert (await read_along(colleague, user.session_id))["type"] == "ok"
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "reading.on")


async def test_reading_along_ends_with_the_conversation(service: Service) -> None:
    user, counselor = await in_conversation(service)
    colleague = await service.staff("suho")
    await mention(counselor, "c-1")
    assert (await read_along(colleague, user.session_id))["type"] == "ok"
    await counselor.say("leave")
    await counselor.say("wrap_up", notes="끝", outcome="resolved")
    assert (await colleague.get("reading_along"))["reason"] == "ended"
    assert [action for _, action in await audited(service)] == ["reading.begin", "reading.end"]
