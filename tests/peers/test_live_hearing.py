"""Tests of who hears whom, end to end: chat lines go over the WebSocket, and sound goes in real packets through the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from media.mixer.hold import NOTES
from signaling.protocol.words import Listening
from signaling.server import app_keys
from tests import PATIENCE_S
from tests.peers.client import Peer
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for

USER, COUNSELOR, OPERATOR = 700, 1100, 1700
HOLD = tuple(int(hz) for hz, _, _ in NOTES)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def hears(peer: Peer, *tones: int, within_s: float = PATIENCE_S) -> None:
    """Listen until the peer hears exactly `tones`, and no other tone that these tests use. Fail after `within_s`."""
    heard: set[int] = set()
    try:
        async with asyncio.timeout(within_s):
            while (heard := (await peer.listen(0.4)).tones(USER, COUNSELOR, OPERATOR, *HOLD)) != set(tones):
                pass
    except TimeoutError:
        raise AssertionError(f"{peer.participant} should hear {set(tones)}, heard {heard}") from None


async def hears_the_hold_tone(peer: Peer) -> None:
    """Check that the peer hears both notes of the hold tone, one after the other, and nothing else."""
    wanted = set(HOLD)
    async with asyncio.timeout(PATIENCE_S):
        while wanted:
            heard = (await peer.listen(0.3)).tones(USER, COUNSELOR, OPERATOR, *HOLD)
            assert heard <= set(HOLD), heard
            wanted -= heard


async def test_hold_silences_both_and_tells_the_user_who_holds(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    assert (await user.say("hold", on=True))["reason"] == "not_yours"
    async with await user.join_room() as one, await counselor.join_room() as other:
        one.speak(USER)
        other.speak(COUNSELOR)
        await hears(one, COUNSELOR)
        await hears(other, USER)
        assert (await counselor.say("hold", on=True))["type"] == "ok"
        told = await user.until(lambda s: s["room"]["notice"] == "on_hold")
        assert told["room"]["hears"] == {}
        assert counselor.session["room"]["held"]
        await hears(other)
        await hears_the_hold_tone(one)
        await user.send(type="line", session=user.session_id, line="u-1", text="기다릴게요")
        await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "기다릴게요")
        assert (await counselor.say("hold", on=False))["type"] == "ok"
        await hears(one, COUNSELOR)
        await hears(other, USER)
        assert user.session["room"]["notice"] == ""
        said = [(line["text"], line["args"]) for line in user.lines() if line["text"].startswith("hold")]
        assert said == [("hold.on", {"name": "Jimin"}), ("hold.off", {"name": "Jimin"})]


async def set_listening(service: Service, setting: Listening) -> None:
    """Change in the database whether operators can listen in, as the command line does while the service runs."""
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, listening=setting))


async def audited(service: Service) -> list[tuple[str, str, str]]:
    found, _ = await service.app[app_keys.RECORDS].audits()
    return [(entry.actor, entry.action, entry.detail) for entry in reversed(found) if entry.action.startswith("listen.")]


async def listening_in(service: Service, setting: Listening = "on") -> tuple[Person, Person, Person]:
    """Make a call with an operator who listens in.

    Beforehand, the page has told the user that an operator can listen in. User and counselor see the operator.
    """
    await set_listening(service, setting)
    user, counselor = await in_conversation(service, "voice")
    assert user.session["may_listen"]
    operator = await service.staff("ops", available=False)
    assert (await operator.ask(type="listen", session=user.session_id, on=True))["type"] == "ok"
    for person in (user, counselor):
        await person.until(named)
    await operator.until(named)
    return user, counselor, operator


def named(session: dict[str, Any]) -> bool:
    return ("operator", "here") in [(person["role"], person["presence"]) for person in session["participants"]]


async def test_operator_hears_both_unheard_and_is_announced(service: Service) -> None:
    user, counselor, operator = await listening_in(service)
    async with await user.join_room() as one, await counselor.join_room() as two, await operator.join_room() as three:
        one.speak(USER)
        two.speak(COUNSELOR)
        three.speak(OPERATOR)
        await hears(three, USER, COUNSELOR)
        await hears(one, COUNSELOR)
        await hears(two, USER)
        assert user.session["you"] in user.session["room"]["hears"]["ops"], "who hears the user is told to them"

        assert (await counselor.say("hold", on=True))["type"] == "ok"
        await hears(three)
        assert (await counselor.say("hold", on=False))["type"] == "ok"
        await hears(three, USER, COUNSELOR)

        assert (await operator.ask(type="listen", session=user.session_id, on=False))["type"] == "ok"
        assert (await operator.get("session_over"))["reason"] == "stopped"
        await asyncio.wait_for(three.gone.wait(), PATIENCE_S)
        for person in (user, counselor):
            await person.until(lambda s: not named(s))
        await hears(one, COUNSELOR)
    begin, end = await audited(service)
    assert begin == ("ops", "listen.begin", "")
    assert end[:2] == ("ops", "listen.end")
    assert 0 < int(end[2].removesuffix(" s")) < 60
    said = [(line["text"], line["args"]) for line in user.lines() if line["text"].startswith("listening")]
    assert said == [("listening.on", {"name": "Ops"}), ("listening.off", {"name": "Ops"})]


def listens(session: dict[str, Any]) -> str | None:
    """Return how an operator listens in, as a person's copy of the session says. None: this copy names no operator."""
    return next((person["listens"] for person in session["participants"] if person["role"] == "operator"), None)


async def test_listener_is_neither_shown_nor_heard_before_their_line(service: Service) -> None:
    """While the chat line that names an operator is being stored, the server shows the session and sets up its room again."""
    user, counselor, operator = await listening_in(service, "join")
    entry = service.live.index.entries[user.session_id]
    async with await user.join_room() as one, await counselor.join_room() as two, await operator.join_room() as three:
        two.speak(COUNSELOR)
        three.speak(OPERATOR)
        await hears(one, COUNSELOR)
        ask = {"type": "listen_as", "session": user.session_id, "how": "join", "mic": True}
        async with entry.lines_lock:  # the chat line cannot be stored while the test has this lock
            joining = asyncio.create_task(operator.ask(**ask))
            async with asyncio.timeout(PATIENCE_S):
                while not entry.lock.locked():
                    await asyncio.sleep(0.01)
            service.live.sessions.show(entry)
            service.live.rooms._orders.kick(entry)
            assert (await one.listen(1.0)).tones(COUNSELOR, OPERATOR) == {COUNSELOR}
            assert '"listens": "join"' not in user.traffic()
        assert (await joining)["type"] == "ok"
        await user.until(lambda s: listens(s) == "join")
        await hears(one, COUNSELOR, OPERATOR)
    assert user.traffic().index('"listening.joined"') < user.traffic().index('"listens": "join"')


async def test_hold_silences_at_once_while_its_line_waits(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    entry = service.live.index.entries[user.session_id]
    async with await user.join_room() as one, await counselor.join_room() as other:
        one.speak(USER)
        other.speak(COUNSELOR)
        await hears(one, COUNSELOR)
        async with entry.lines_lock:
            holding = asyncio.create_task(counselor.say("hold", on=True))
            await hears(other)
            assert not holding.done()
        assert (await holding)["type"] == "ok"
        await user.until(lambda s: s["room"]["notice"] == "on_hold")


async def test_whisper_reaches_the_counselor_and_joining_everybody(service: Service) -> None:
    user, counselor, operator = await listening_in(service, "join")
    session = user.session_id

    async def goes(how: str) -> None:
        assert (await operator.ask(type="listen_as", session=session, how=how, mic=True))["type"] == "ok"
        await counselor.until(lambda s: listens(s) == how)

    async with await user.join_room() as one, await counselor.join_room() as two, await operator.join_room() as three:
        one.speak(USER)
        two.speak(COUNSELOR)
        three.speak(OPERATOR)
        await hears(two, USER)
        await goes("whisper")
        await hears(two, USER, OPERATOR)
        await hears(one, COUNSELOR)
        await hears(three, USER, COUNSELOR)
        assert listens(user.session) == "listen"

        assert (await counselor.say("hold", on=True))["type"] == "ok"
        await hears(two, OPERATOR)
        await hears(three, COUNSELOR)
        await hears_the_hold_tone(one)
        assert (await counselor.say("hold", on=False))["type"] == "ok"

        await goes("join")
        await user.until(lambda s: listens(s) == "join")
        await hears(one, COUNSELOR, OPERATOR)
        await hears(two, USER, OPERATOR)
        told = user.traffic().index('"listening.joined"')
        assert told < user.traffic().index('"listens": "join"'), "the line with the name comes first"

        await set_listening(service, "whisper")
        await counselor.until(lambda s: listens(s) == "listen")
        await hears(one, COUNSELOR)
        await hears(two, USER)
        assert operator.session["listening"] == "whisper"
        ask = {"type": "listen_as", "session": session}
        assert (await operator.ask(**ask, how="join"))["reason"] == "speaking_off"
        for person in (user, counselor):
            assert (await person.ask(**ask, how="whisper"))["reason"] == "not_yours"
        assert (await operator.ask(**ask, how="whisper"))["type"] == "ok"
    assert "whisper" not in user.traffic()
    assert [action for _, action, _ in await audited(service)] == [
        "listen.begin",
        "listen.whisper",
        "listen.join",
        "listen.quiet",
        "listen.whisper",
    ]
    said = [line["text"] for line in user.lines() if line["text"].startswith("listening")]
    assert said == ["listening.on", "listening.joined", "listening.on"]


async def test_listening_operator_can_only_listen(service: Service) -> None:
    user, counselor, operator = await listening_in(service)
    session = user.session_id
    for message in (
        {"type": "line", "line": "o-1", "text": "?"},
        {"type": "lines", "after": 0},
        {"type": "typing", "on": True},
        {"type": "media", "mic": True},
        {"type": "board", "data": "AAA="},
        {"type": "hold", "on": True},
        {"type": "recording", "agree": True},
        {"type": "leave"},
        {"type": "colleagues"},
        {"type": "channel", "channel": "video"},
    ):
        assert (await operator.ask(session=session, **message))["reason"] == "not_yours", message
    await user.send(type="line", session=session, line="u-1", text="비밀번호는 네 자리")
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "비밀번호는 네 자리")
    await operator.ask(type="ping")
    assert "비밀번호" not in operator.traffic()
    assert operator.session.get("brief") is None


@pytest.mark.parametrize("end", ["turned off", "lost", "hung up"])
async def test_listening_ends_with_call_setting_or_operator(service: Service, end: str) -> None:
    user, counselor, operator = await listening_in(service)
    match end:
        case "turned off":
            await set_listening(service, "off")
            assert (await operator.get("session_over"))["reason"] == "turned_off"
        case "lost":
            await operator.close()
        case _:
            await counselor.say("leave")
            assert (await operator.get("session_over"))["reason"] == "ended"
    await user.until(lambda s: not named(s))
    assert [action for _, action, _ in await audited(service)] == ["listen.begin", "listen.end"]


async def test_listening_is_refused_if_site_or_state_forbids_it(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    operator = await service.staff("ops", available=False)
    ask = {"type": "listen", "session": user.session_id, "on": True}
    assert not user.session.get("may_listen")
    assert (await operator.ask(**ask))["reason"] == "listening_off", "off by default"
    await set_listening(service, "on")
    assert (await operator.ask(**ask))["reason"] == "listening_off", "this user was not told before entering"
    assert (await counselor.ask(**ask))["reason"] == "not_yours"
    assert (await user.ask(**ask))["reason"] == "not_yours"
    assert (await operator.ask(type="offer", session=user.session_id, sdp="v=0"))["reason"] == "not_yours"
    assert (await operator.ask(type="listen", session="s-nowhere", on=True))["reason"] == "unknown"
    assert await audited(service) == []
    assert not named(user.session)
