"""The board over the WebSocket, for participants without a data channel.

Strokes are shared and stored in the board's journal, and people who join late get all strokes.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pycrdt
import pytest

from tests.peers.live_house import Person, Service, in_conversation, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


class Board:
    """A copy of the board, kept in sync by `board` messages."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.doc: pycrdt.Doc[pycrdt.Map[str]] = pycrdt.Doc()
        self.elements = self.doc.get("elements", type=pycrdt.Map)
        self._read = 0

    async def say(self, message: bytes) -> dict[str, object]:
        return await self.person.say("board", data=base64.b64encode(message).decode())

    async def open(self) -> None:
        assert (await self.say(pycrdt.create_sync_message(self.doc)))["type"] == "ok"

    async def draw(self, name: str) -> dict[str, object]:
        before = self.doc.get_state()
        self.elements[name] = pycrdt.Map({"type": "freedraw", "author": self.person.session["you"], "isDeleted": False})
        return await self.say(pycrdt.create_update_message(self.doc.get_update(before)))

    async def shows(self, name: str) -> None:
        while name not in self.elements:
            await self.person.get("board", since=self._read)
            for index, message in enumerate(self.person.seen):
                if index >= self._read and message["type"] == "board":
                    data = base64.b64decode(message["data"])
                    if data[0] == 0:
                        pycrdt.handle_sync_message(data[1:], self.doc)
            self._read = len(self.person.seen)


async def test_stroke_reaches_the_other_and_the_late_reader(service: Service) -> None:
    user, counselor = await in_conversation(service)
    mine, theirs = Board(user), Board(counselor)
    await mine.open()
    await theirs.open()
    await mine.draw("stroke-1")
    await theirs.shows("stroke-1")
    professional = await service.staff("drhan")
    await counselor.say("help", note="look")
    ring = await professional.get("ring")
    await professional.ask(type="accept", reservation=ring["reservation"])
    await professional.state("active")
    late = Board(professional)
    await late.open()
    await late.shows("stroke-1")
    await late.draw("forbidden")
    await mine.draw("stroke-2")
    await theirs.shows("stroke-2")
    assert "forbidden" not in theirs.elements


async def test_strokes_survive_a_server_restart(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with running(settings) as service:
        user, _ = await in_conversation(service)
        board = Board(user)
        await board.open()
        await board.draw("stroke-1")
    async with running(settings) as service:
        user = await service.user_tab(user.session_id, user.token)
        await user.state("active")
        board = Board(user)
        await board.open()
        await board.shows("stroke-1")
