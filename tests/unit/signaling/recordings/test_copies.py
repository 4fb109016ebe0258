"""A user's copy of a recording is made once, contains only what the user heard and saw, and is deleted with the recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from media.recording import wire
from media.recording.process import Recorder
from signaling.recordings import Recordings
from signaling.recordings import copies as subject
from signaling.recordings.copies import Copies, Copy, TooMany
from tests.unit.media.recording.streams import loudness, tone

pytestmark = pytest.mark.slow

AT = 1_790_000_000.0
USER, COUNSELOR = 700, 1100


def recorded(folder: Path, session: str) -> None:
    """Make a recording of two seconds, in which user and counselor speak.

    The user hears the counselor only in the last of the two seconds.
    """
    recorder = Recorder(folder, 0)

    def tell(framed: bytes) -> None:
        recorder.receive(framed[wire.PREFIX.size :])

    tell(wire.command(wire.Begin(segment=1, room=session, epoch=1, period=1, at=AT)))
    for track, (person, hz) in enumerate((("u-1", USER), ("jimin", COUNSELOR))):
        tell(wire.command(wire.Track(segment=1, track=track, participant=person, kind="audio")))
        for at, data in tone(hz, 2.0, AT):
            tell(wire.packet(track, at, data))
    tell(wire.command(wire.Reach(segment=1, at=AT, hears={"jimin": ["u-1"]}, sees={})))
    tell(wire.command(wire.Reach(segment=1, at=AT + 1, hears={"jimin": ["u-1"], "u-1": ["jimin"]}, sees={})))
    tell(wire.command(wire.End(segment=1, at=AT + 2)))


@asynccontextmanager
async def making(folder: Path) -> AsyncIterator[tuple[Recordings, Copies]]:
    recordings = Recordings(folder)
    copies = Copies(recordings)
    try:
        yield recordings, copies
    finally:
        await copies.close()


async def made(copies: Copies, session: str) -> Copy:
    async with asyncio.timeout(60):
        while (copy := await copies.look(session)).state == "making":
            await asyncio.sleep(0.05)
    return copy


async def test_copy_is_made_on_request_with_what_reached_the_user(tmp_path: Path) -> None:
    recorded(tmp_path, "s-1")
    async with making(tmp_path) as (recordings, copies):
        segments = await recordings.of("s-1")
        assert (await copies.look("s-1")).state == "none"
        assert [(await copies.make("s-1", segments, "u-1")).state for _ in range(2)] == ["making", "making"]
        assert (await made(copies, "s-1")).state == "ready"
        path = recordings.copy_path("s-1")
        assert all(loudness(path, USER)[1:19])
        heard = loudness(path, COUNSELOR)
        assert not any(heard[:9])
        assert all(heard[11:19])
        assert await recordings.of("s-1") == segments
        assert {each.name for each in path.parent.iterdir()} == {"1-1", path.name}
        await recordings.erase("s-1", 1)
        assert not list(path.parent.iterdir()), "what is taken back is taken back whole"


async def test_revoking_consent_during_copying_leaves_no_copy(tmp_path: Path) -> None:
    recorded(tmp_path, "s-1")
    async with making(tmp_path) as (recordings, copies):
        await copies.make("s-1", await recordings.of("s-1"), "u-1")
        await recordings.erase("s-1", 1)
        assert (await made(copies, "s-1")).state in ("none", "failed")
        assert not list((tmp_path / "s-1").iterdir())
        assert (await copies.look("s-1")).state == "none", "told once"


async def test_no_copy_is_made_on_a_nearly_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(tmp_path, "s-1")
    monkeypatch.setattr(subject, "KEEP_FREE_BYTES", 2**62)
    async with making(tmp_path) as (recordings, copies):
        await copies.make("s-1", await recordings.of("s-1"), "u-1")
        assert (await made(copies, "s-1")).state == "failed"


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Return an event. No copy is finished before the test sets this event."""
    event, export = asyncio.Event(), subject.export

    async def waiting(*args: Any) -> None:
        await event.wait()
        await export(*args)

    monkeypatch.setattr(subject, "export", waiting)
    return event


async def test_excess_copy_requests_are_told_to_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go_on: asyncio.Event
) -> None:
    monkeypatch.setattr(subject, "MOST_AT_ONCE", 1)
    for session in ("s-1", "s-2"):
        recorded(tmp_path, session)
    async with making(tmp_path) as (recordings, copies):
        await copies.make("s-1", await recordings.of("s-1"), "u-1")
        with pytest.raises(TooMany):
            await copies.make("s-2", await recordings.of("s-2"), "u-1")
        go_on.set()
        assert (await made(copies, "s-1")).state == "ready"
        assert (await copies.make("s-2", await recordings.of("s-2"), "u-1")).state == "making"


@pytest.mark.usefixtures("go_on")
async def test_copies_of_one_organisation_leave_room_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_AT_ONCE", 4)
    made_of = {"large": 0, "small": 0}
    async with making(tmp_path) as (recordings, copies):
        for organisation in made_of:
            for number in range(4):
                session = f"s-{organisation}-{number}"
                recorded(tmp_path, session)
                with suppress(TooMany):
                    await copies.make(session, await recordings.of(session), "u-1", organisation, 2)
                    made_of[organisation] += 1
    assert made_of == {"large": 3, "small": 1}
