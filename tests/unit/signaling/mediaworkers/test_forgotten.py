"""Media workers can have rooms that belong to no session.

Only the leader closes such a room, and only if the room belongs to no session at two checks in a row.
"""

from __future__ import annotations

from typing import Any

import pytest

from media.api.client import WorkerUnreachable
from media.api.wire import RoomState
from signaling.mediaworkers.forgotten import _look


class Rooms:
    """Takes the place of a media worker and of the server's connection to it. `closed`: the rooms closed since the last check."""

    id = "w0"

    def __init__(self, **rooms: int) -> None:
        self.client = self
        self.opened = dict(rooms)
        self.answers = True
        self.closed: list[tuple[str, int]] = []

    async def rooms(self) -> list[RoomState]:
        if not self.answers:
            raise WorkerUnreachable("no answer")
        return [RoomState(room=name, epoch=epoch, peers=[]) for name, epoch in self.opened.items()]

    async def close_room(self, room: str, epoch: int) -> None:
        self.closed.append((room, epoch))


class Looks:
    """Looks for forgotten rooms of one worker.

    `look` closes the rooms that were forgotten at the previous call and are still forgotten now, and returns these rooms.
    `known`: names of the rooms of this worker that belong to sessions.
    """

    def __init__(self, worker: Any, *known: str) -> None:
        self.worker, self.known = worker, set(known)
        self.leads = True
        self._before: frozenset[tuple[str, int]] = frozenset()

    async def look(self) -> list[tuple[str, int]]:
        async def leads() -> bool:
            return self.leads

        self._before = await _look(self.worker, self._before, lambda _, room: room in self.known, leads)
        closed, self.worker.closed = self.worker.closed, []
        return closed


async def test_room_unknown_twice_in_a_row_is_closed() -> None:
    looks = Looks(Rooms(forgotten=3, used=1), "used")
    assert await looks.look() == []
    assert await looks.look() == [("forgotten", 3)]


async def test_room_that_came_back_meanwhile_stays_open() -> None:
    looks = Looks(Rooms(moving=1))
    await looks.look()
    looks.known.add("moving")
    assert await looks.look() == []
    looks.known.clear()
    assert await looks.look() == []


async def test_room_opened_again_at_a_higher_epoch_counts_as_new() -> None:
    looks = Looks(worker := Rooms(room=1))
    await looks.look()
    worker.opened["room"] = 2
    assert await looks.look() == []
    assert await looks.look() == [("room", 2)]


async def test_worker_without_an_answer_is_asked_again() -> None:
    looks = Looks(worker := Rooms(forgotten=1))
    await looks.look()
    worker.answers = False
    assert await looks.look() == []
    worker.answers = True
    assert await looks.look() == [("forgotten", 1)]


@pytest.mark.parametrize("leads", [True, False])
async def test_only_the_leader_closes_rooms(leads: bool) -> None:
    looks = Looks(Rooms(opened_by_the_successor=1))
    await looks.look()
    looks.leads = leads
    assert bool(await looks.look()) is leads
