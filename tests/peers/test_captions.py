"""Captions with the real process and a real speech model.

The tests check who reads which captions, and what happens when the captions process fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from media.api import wire as media
from signaling.records.search import Search
from tests import PATIENCE_S
from tests.captioner import TOKEN, Captioner, captioner
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.peers.test_live_hearing import hears
from tests.spoken import SAYS, say


@pytest.fixture
async def process() -> AsyncIterator[Captioner]:
    async with captioner() as process:
        yield process


@pytest.fixture
async def service(tmp_path: Path, process: Captioner) -> AsyncIterator[Service]:
    settings = replace(settings_for(tmp_path), captions_url=process.url, captions_token=TOKEN)
    async with running(settings, supervised=True) as service:
        yield service


def captions(person: Person) -> list[dict[str, Any]]:
    return [message for message in person.seen if message["type"] == "caption"]


def words(text: str) -> list[str]:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == " ").split()


async def reads(person: Person, name: str, since: int = 0) -> dict[str, Any]:
    """Wait until this person gets a final caption with more than 60 % of the recording's words. Return the caption."""
    wanted = set(words(SAYS[name]))

    def whole(seen: dict[str, Any]) -> bool:
        return seen["type"] == "caption" and seen.get("final") and len(wanted & set(words(seen["text"]))) > 0.6 * len(wanted)

    return await person.find(whole, since)


async def test_spoken_words_are_read_only_while_captions_are_on(
    service: Service, process: Captioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one call, captions are off, are turned on, are stored and erased, and fail because the captions process is killed."""
    await service.live.records.save_site(with_fields(await service.live.records.site("demo-shop"), captions="keep"))
    user, counselor = await in_conversation(service, "voice")
    view = await user.until(lambda session: session["captions"] is not None)
    assert view["captions"]["on"] is False
    async with await user.join_room() as one, await counselor.join_room() as other:
        await say(other, "queue-thankyou")
        assert captions(user) == []

        assert (await user.say("captions", on=True))["type"] == "ok"
        told = await counselor.until(lambda session: session["captions"]["on"])
        assert told["captions"]["wanted_by"] == [user.session["you"]]
        nxt = await say(other, "tt-weasels", 2000)
        caption = await reads(user, "tt-weasels")
        assert (caption["participant"], caption["language"]) == (counselor.session["you"], "en")
        assert caption["confidence"] > 0.4
        assert captions(counselor) == [], "the counselor wants no captions, and hears nobody now"

        for person in (user, counselor):
            assert (await person.say("keep_captions", agree=True))["type"] == "ok"
        await user.until(lambda session: session["captions"]["kept"])
        await say(other, "check-number-dial-again", nxt)
        await reads(user, "check-number-dial-again")
        async with asyncio.timeout(PATIENCE_S):
            while not (kept := [line for line in await _lines(service, user) if line.kind == "caption"]):
                await asyncio.sleep(0.05)
        [line] = kept
        assert (line.author, line.audience, line.args["language"]) == (counselor.session["you"], "all", "en")
        assert set(words(line.text)) & {"check", "number"}
        assert not [line for line in user.lines() if line["kind"] == "caption"], "the chat is for what people write"
        found, _ = await service.live.records.search_sessions(Search(q="the number and dial"))
        assert [each.id for each in found] == [user.session_id]

        assert (await user.say("keep_captions", agree=False))["type"] == "ok"
        await counselor.find(lambda seen: seen["type"] == "line" and seen["line"]["text"] == "captions.erased")
        async with asyncio.timeout(PATIENCE_S):
            while [line for line in await _lines(service, user) if line.kind == "caption"]:
                await asyncio.sleep(0.05)
        assert (await service.live.records.search_sessions(Search(q="the number and dial")))[0] == []

        process.pause()
        other.renew("audio")  # the new tone gets a new SSRC, because its sequence numbers and timestamps begin anew
        one.speak(700)
        other.speak(1100)
        await hears(one, 1100)
        rooms, worker = service.live.rooms, service.live.index.entries[user.session_id].room.worker
        missed = asyncio.Event()

        async def miss(_: object, __: media.CaptionsOver) -> None:
            missed.set()

        # the server misses the event `CaptionsOver`, as if the event stream had broken at this moment
        monkeypatch.setitem(rooms._ON_EVENT, media.CaptionsOver, miss)
        await process.kill()
        await asyncio.wait_for(missed.wait(), PATIENCE_S)
        monkeypatch.undo()
        assert user.session["captions"]["on"], "nobody has told the server yet"
        again = media.Snapshot(n=1, worker=worker.id, pid=1, udp=[], rooms=await worker.client.rooms())
        await rooms.on_event(again)  # a new event stream begins with a snapshot like this one
        lost = await user.until(lambda session: session["captions"]["failed"])
        assert (lost["captions"]["on"], lost["captions"]["ready"]) == (False, False)
        await hears(one, 1100)
        await hears(other, 700)
        assert (await user.say("captions", on=True))["reason"] == "captions_off"


async def _lines(service: Service, person: Person) -> list[Any]:
    return await service.live.records.lines(person.session_id, 0, 200, "staff")


async def test_words_of_a_consultation_never_reach_the_user(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    professional = await service.staff("drhan")
    assert (await counselor.say("help", note="?", category=""))["type"] == "ok"
    ring = await professional.get("ring")
    assert (await professional.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await professional.state("active")
    assert (await professional.say("join"))["type"] == "ok"
    async with await user.join_room(), await counselor.join_room(), await professional.join_room() as expert:
        for person in (user, counselor):
            assert (await person.say("captions", on=True))["type"] == "ok"
        await user.until(lambda session: session["captions"]["on"] and session["room"]["notice"] == "asking_professional")
        nxt = await say(expert, "something-terribly-wrong")
        assert (await counselor.say("mode", mode="conference"))["type"] == "ok"
        await reads(counselor, "something-terribly-wrong")
        await say(expert, "queue-thankyou", nxt)
        await reads(user, "queue-thankyou")
    assert "terribly" not in user.traffic()
