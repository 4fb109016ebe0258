"""A whole session over real HTTP and WebSockets, with the real matcher, database and media workers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.server import app_keys
from tests.peers.live_house import Service, in_conversation, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def test_text_session_runs_from_link_to_rating(service: Service) -> None:
    user, counselor = await in_conversation(service)
    await user.send(type="line", session=user.session_id, line="c-1", text="안녕하세요")
    heard = await counselor.find(lambda m: m["type"] == "line" and m["line"]["kind"] == "text")
    assert heard["line"]["text"] == "안녕하세요"
    assert (await user.get("ack"))["seq"] == heard["line"]["seq"]
    assert (await counselor.say("leave"))["type"] == "ok"
    await user.state("after")
    assert (await user.say("rate", score=5, words="고맙습니다"))["type"] == "ok"
    assert (await counselor.say("wrap_up", notes="교환 안내", outcome="solved"))["type"] == "ok"
    await counselor.get("session_over")
    await user.state("closed")
    record = await service.app[app_keys.RECORDS].session(user.session_id)
    assert (record.state, record.rating_score, record.wrap_up_notes) == ("closed", 5, "교환 안내")


async def test_help_runs_from_request_to_handover(service: Service) -> None:
    user, counselor = await in_conversation(service)
    professional = await service.staff("drhan")
    assert (await counselor.say("help", note="렌즈 마운트 문의"))["type"] == "ok"
    ring = await professional.get("ring")
    assert ring["kind"] == "help"
    assert ring.get("brief") is None
    assert (await professional.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    reading = await professional.until(lambda s: s.get("brief") is not None)
    assert reading["room"]["media"] is False
    assert any(p["presence"] == "reading" for p in (await user.until(lambda s: len(s["participants"]) == 3))["participants"])
    assert (await professional.say("join"))["type"] == "ok"
    assert (await user.until(lambda s: s["room"]["notice"] == "asking_professional"))["room"].get("hears", {}) == {}
    await counselor.send(type="line", session=counselor.session_id, line="k-1", text="재고 확인 중")
    await professional.find(lambda m: m["type"] == "line" and m["line"]["text"] == "재고 확인 중")
    assert (await counselor.say("mode", mode="conference"))["type"] == "ok"
    told = await user.until(lambda s: s["room"]["notice"] == "")
    assert told["room"]["hears"] == {}, "nobody has a voice connection, so nobody hears anybody"
    assert (await counselor.say("hand_over"))["type"] == "ok"
    await counselor.get("session_over")
    await user.until(lambda s: any(p["role"] == "professional" and p["owner"] for p in s["participants"]))
    assert (await counselor.say("wrap_up", notes="마운트만 확인해 주세요", outcome="referred"))["type"] == "ok"
    note = await professional.find(lambda m: m["type"] == "line" and m["line"]["kind"] == "note" and m["line"]["name"] == "Jimin")
    assert note["line"]["text"] == "마운트만 확인해 주세요"
    assert "마운트만 확인해 주세요" not in user.traffic()
    assert "재고 확인 중" not in user.traffic()
    assert "렌즈 마운트 문의" not in user.traffic()
    assert (await professional.say("leave"))["type"] == "ok"
    await user.state("after")
