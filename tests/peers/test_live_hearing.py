"""Who hears whom, end to end: the words by WebSocket, the sound as real packets through the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.audio.hold import NOTES
from tests.peers.client import Peer
from tests.peers.live_house import Service, in_conversation, running, settings_for

USER, COUNSELOR = 700, 1100
HOLD = tuple(int(hz) for hz, _, _ in NOTES)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def hears(peer: Peer, *tones: int, within_s: float = 5.0) -> None:
    """Listens again until exactly these of all the tones of this file are heard."""
    heard: set[int] = set()
    try:
        async with asyncio.timeout(within_s):
            while (heard := (await peer.listen(0.4)).tones(USER, COUNSELOR, *HOLD)) != set(tones):
                pass
    except TimeoutError:
        raise AssertionError(f"{peer.participant} should hear {set(tones)}, heard {heard}") from None


async def hears_the_hold_tone(peer: Peer) -> None:
    """Both notes, one after the other, and nothing else."""
    wanted = set(HOLD)
    async with asyncio.timeout(8):
        while wanted:
            heard = (await peer.listen(0.3)).tones(USER, COUNSELOR, *HOLD)
            assert heard <= set(HOLD), heard
            wanted -= heard


async def test_on_hold_neither_hears_the_other_and_the_user_is_told_who_holds(service: Service) -> None:
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
