"""Access control of connections: the tests check who is allowed to connect, and what people are allowed to send.

Misuse disturbs nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests import PATIENCE_S
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def test_strangers_are_refused_with_a_reason(service: Service) -> None:
    for origin in ("http://evil.example", service.settings.shop_url, "null"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await service._socket(origin)
        assert refused.value.status == 403
    unknown = Person(await service._socket(service.settings.url))
    await unknown.send(type="hello", tab="t", token="x" * 43)
    assert (await unknown.get("bye"))["reason"] == "token"
    unsigned = Person(await service._socket(service.settings.staff_url("counselor")))
    await unsigned.send(type="hello", tab="t")
    assert (await unsigned.get("bye"))["reason"] == "signed_out"
    rude = Person(await service._socket(service.settings.url))
    await rude.send(type="ping", id=1)
    assert (await rude.get("error"))["reason"] == "bad_message"
    await rude.get("closed")


async def test_malformed_messages_get_a_reason_and_disturb_nobody(service: Service) -> None:
    user, counselor = await in_conversation(service)
    hostile: list[tuple[str | bytes, int | None]] = [
        ("", None),
        ("{", None),
        ("[" * 5000, None),
        ("null", None),
        ('{"type":"no-such","id":5}', 5),
        ('{"type":"line","id":6}', 6),
        ('{"type":"enter","session":"../../etc","id":7}', 7),
        ('{"type":"rate","session":"s-1","score":99,"id":8}', 8),
        ('{"type":"ping","id":9,"extra":1}', 9),
        ('{"type":"hello","tab":"again","id":10}', 10),
        (b"\x00\xff", None),
        ('{"type":"ping","id":1e400}', None),
        ('{"type":"typing","session":"s","on":true,"audience":"everyone"}', None),
        ('{"type":"lines","session":"s","after":-18446744073709551616,"id":11}', 11),
        ('{"type":"ping","id":12,"type":"ping"}', 12),
        ('{"id":13,"type":"line","session":"s","line":"a\\n","text":"x"}', 13),
        ('{"type":"enter","session":"s","name":"' + "x" * 61 + '","id":14}', 14),
        ('{"type":"line","session":"s","line":"c","id":15,"text":' + "[" * 1100 + "}", 15),
    ]
    for text, request in hostile:
        before = len(user.seen)
        await (user.ws.send_bytes(text) if isinstance(text, bytes) else user.ws.send_str(text))
        error = await user.find(lambda m: m["type"] == "error", since=before)
        assert error["reason"] == "bad_message"
        assert error.get("id") == request
        assert "Traceback" not in user.traffic()
    assert (await user.ask(type="ping"))["type"] == "pong"
    await user.send(type="line", session=user.session_id, line="c-1", text="still here")
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "still here")


async def test_lone_surrogate_in_a_line_arrives_as_one_replacement(service: Service) -> None:
    user, counselor = await in_conversation(service)
    await user.ws.send_str(
        f'{{"type":"line","session":"{user.session_id}","line":"c-1","id":400,"text":"half \\ud83d, nul \\u0000, over \\u202e"}}'
    )
    assert (await user.get("ack"))["line"] == "c-1"
    shown = await counselor.find(lambda m: m["type"] == "line" and m["line"]["id"] == "c-1")
    assert shown["line"]["text"] == "half \ufffd, nul , over "
    for number, blank in enumerate(("\u3164", "\u200b\u2800", "\0")):
        refused = await user.ask(type="line", session=user.session_id, line=f"b-{number}", text=blank)
        assert (refused["type"], refused["reason"]) == ("error", "empty")


async def test_invisible_name_counts_as_no_name(service: Service) -> None:
    counselor = await service.staff("jimin")
    user = await service.user("text")
    assert (await user.say("enter", name="\u3164\u2800", note="a\0\u202eb"))["type"] == "ok"
    ring = await counselor.get("ring")
    fields = {field["name"]: field["value"] for field in ring["brief"]["fields"]}
    assert "user_name" not in fields
    assert fields["note"] == "ab"


async def test_oversized_message_closes_only_its_connection(service: Service) -> None:
    user, counselor = await in_conversation(service)
    await user.ws.send_str('{"type":"line","text":"' + "x" * 600_000)
    await user.get("closed")
    await counselor.until(lambda s: s.get("lost"))
    back = await service.user_tab(user.session_id, user.token)
    await back.state("active")


async def test_each_role_can_do_only_what_it_may(service: Service) -> None:
    user, counselor = await in_conversation(service)
    other, professional = await service.staff("suho"), await service.staff("drhan")
    session = user.session_id
    forbidden: list[tuple[Person, dict[str, Any]]] = [
        (user, {"type": "help"}), (user, {"type": "mode", "mode": "conference"}), (user, {"type": "wrap_up"}),
        (user, {"type": "line", "line": "c-1", "kind": "note", "text": "x"}), (user, {"type": "join"}),
        (user, {"type": "hand_over"}), (user, {"type": "end_session"}), (user, {"type": "watch", "session": None}),
        (user, {"type": "state", "state": "available", "session": None}), (user, {"type": "enter"}),
        (counselor, {"type": "rate", "score": 1}), (counselor, {"type": "choose", "choice": "another"}),
        (counselor, {"type": "leave_message", "contact": "abc"}), (counselor, {"type": "watch", "session": None}),
        (counselor, {"type": "enter"}), (counselor, {"type": "join"}), (counselor, {"type": "hand_over"}),
        (other, {"type": "lines"}), (other, {"type": "line", "line": "c-1", "text": "x"}), (other, {"type": "leave"}),
        (other, {"type": "offer", "sdp": "v=0"}), (professional, {"type": "join"}), (professional, {"type": "lines"}),
        (professional, {"type": "board", "data": "AAA="}), (other, {"type": "accept", "reservation": "r-1", "session": None}),
        (counselor, {"type": "sign_out_staff", "staff": "suho", "session": None}),
    ]  # fmt: skip
    for person, message in forbidden:
        whole = {"session": session} | message
        reply = await person.ask(**{key: value for key, value in whole.items() if value is not None})
        assert reply["type"] == "error", (message, reply)
        assert reply["reason"] in ("not_yours", "wrong_state", "no_help", "unknown"), (message, reply)
        assert reply["message"]
    assert (await user.say("lines", after=0))["lines"][0]["text"] == "joined"


async def test_only_the_flooding_client_is_slowed_down(service: Service) -> None:
    user, counselor = await in_conversation(service)
    for number in range(160):
        await user.send(type="line", session=user.session_id, line=f"f-{number}", text="x")
    await user.find(lambda m: m["type"] == "error" and m["reason"] == "too_many")
    assert (await counselor.ask(type="ping"))["type"] == "pong"


async def test_ping_flood_is_closed_with_a_reason(service: Service) -> None:
    user, counselor = await in_conversation(service)
    for number in range(1500):
        await user.send(type="ping", id=number)
    assert (await user.get("bye"))["reason"] == "too_many"
    await user.get("closed")
    control = await service.user_tab(user.session_id, user.token, tab="t-control")
    for _ in range(1500):
        await control.ws.ping()
    assert (await control.get("bye"))["reason"] == "too_many"
    assert (await counselor.ask(type="ping"))["type"] == "pong"


async def test_others_get_a_turn_between_the_messages_of_a_flood(service: Service) -> None:
    flooding = await service.user()
    seen = [service.live.refused["bad_message"]]

    async def watch() -> None:
        while True:
            seen.append(service.live.refused["bad_message"])
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    for _ in range(100):
        await flooding.send(type="nonsense")
    async with asyncio.timeout(PATIENCE_S):
        while seen[-1] < seen[0] + 100:
            await asyncio.sleep(0.01)
    watching.cancel()
    assert max(after - before for before, after in pairwise(seen)) == 1


async def test_bad_offers_and_boards_are_refused(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    assert (await user.say("offer", sdp="v=0\r\nnonsense"))["reason"] == "bad_sdp"
    assert (await user.say("board", data="not base64!"))["reason"] == "bad_board"
    reply = await user.say("board", data="////")
    assert reply["type"] in ("ok", "error")
    await user.join_room()
    await counselor.until(lambda s: any(p["role"] == "user" and p["peer"] == "live" for p in s["participants"]))


async def test_all_staff_tabs_ring_until_one_accepts(service: Service) -> None:
    first = await service.staff("jimin", tab="t-1")
    second = await service.staff("jimin", available=False, tab="t-2", cookie=first.cookie)
    user = await service.user("voice")
    await user.say("enter")
    ring = await first.get("ring")
    assert (await second.get("ring"))["reservation"] == ring["reservation"]
    assert ring["brief"]["fields"]
    assert (await second.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    assert (await first.get("ring_over"))["reason"] == "accepted_elsewhere"
    assert (await second.get("ring_over"))["reason"] == "accepted"
    await second.state("active")
    assert not first.session
    assert (await first.ask(type="accept", reservation=ring["reservation"]))["type"] == "error"


async def test_declined_and_missed_calls_go_to_the_next(service: Service) -> None:
    first, second = await service.staff("jimin"), await service.staff("suho")
    user = await service.user("text")
    await user.say("enter")
    ring = await first.get("ring")
    assert (await first.ask(type="decline", reservation=ring["reservation"], reason="language"))["type"] == "ok"
    assert (await first.get("ring_over"))["reason"] == "declined"
    await second.get("ring")
    service.skip(21)
    assert (await second.get("ring_over"))["reason"] == "expired"
    away = await second.find(lambda m: m["type"] == "staff" and m["me"]["state"] == "away" and m["me"].get("why_away"))
    assert away["me"]["why_away"] == "missed"
    await user.until(lambda s: s["waiting"] and not s["waiting"]["ringing"])


async def test_waiting_users_are_told_whether_staff_are_signed_in(service: Service) -> None:
    user = await service.user("text")
    await user.say("enter")
    view = await user.until(lambda s: s["waiting"] is not None and not s["waiting"]["staffed"])
    assert view["choices"] == ["wait", "message"]
    await user.send(type="line", session=user.session_id, line="c-1", text="미리 적어 둘게요")
    counselor = await service.staff("jimin")
    ring = await counselor.get("ring")
    await counselor.ask(type="accept", reservation=ring["reservation"])
    await counselor.state("active")
    assert (await counselor.say("lines"))["lines"][0]["text"] == "미리 적어 둘게요"


async def test_operator_sees_every_session_and_can_end_it(service: Service) -> None:
    user, counselor = await in_conversation(service)
    operator = await service.staff("ops", available=False)
    assert (await operator.ask(type="watch"))["type"] == "ok"
    board = await operator.find(lambda m: m["type"] == "wallboard" and m.get("sessions"))
    assert board["sessions"][0]["id"] == user.session_id
    assert {member["state"] for member in board["staff"]} == {"busy"}
    assert board["workers"][0]["state"] == "live"
    assert (await operator.ask(type="end_session", session=user.session_id))["type"] == "ok"
    assert (await user.state("after"))["end_reason"] == "operator"
    staff = (await counselor.get("welcome"))["staff"]["id"]
    assert (await operator.ask(type="sign_out_staff", staff=staff))["type"] == "ok"
    assert (await counselor.get("bye"))["reason"] == "signed_out"
    await counselor.get("closed")


async def test_only_the_tab_that_does_not_read_is_closed(service: Service) -> None:
    user, counselor = await in_conversation(service)
    slow = service.live.index.entries[user.session_id].holders[user.session["you"]]
    for _ in range(3000):
        slow.send_encoded(b'{"type":"pong","now":1}' + b" " * 4000)
    assert (await user.get("bye"))["reason"] == "slow_client"
    await counselor.until(lambda s: s.get("lost"))
    back = await service.user_tab(user.session_id, user.token)
    await asyncio.gather(back.state("active"), counselor.until(lambda s: not s.get("lost")))
