"""Close forgotten rooms: a worker still has them, but no session uses them, for example because a command to close was lost.

A worker cannot recognise forgotten rooms, because its rooms stay open when the server that opened them ends. So the leading
server regularly reads the list of each worker's rooms, and closes the rooms that no live session has on this worker. The leader
closes a room only if the room was unknown in two checks in a row. The reason: a room that has just moved stays open on its old
worker while its participants make new connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import structlog

from media.api.client import COMMAND_TIMEOUT_S, WorkerError
from media.api.wire import RoomState
from signaling.mediaworkers.interface import MediaWorker

log = structlog.get_logger(__name__)

SWEEP_S = 20.0  # seconds between two checks for forgotten rooms; a forgotten room is closed after at most twice this time

Opened = tuple[str, int]
"""Identifies a room of a worker: the room's name, and its epoch (how often the room has been opened)."""

W = TypeVar("W", bound=MediaWorker)


def unknown(rooms: Iterable[RoomState], is_here: Callable[[str], bool]) -> frozenset[Opened]:
    """Return those of a worker's rooms that no live session has on this worker."""
    return frozenset((room.room, room.epoch) for room in rooms if not is_here(room.room))


async def close_forgotten(
    workers: Callable[[], Sequence[W]], is_here: Callable[[W, str], bool], may_close: Callable[[], Awaitable[bool]]
) -> None:
    """Close forgotten rooms until cancelled.

    `workers`: the workers that can take commands now. `is_here`: whether a room belongs to this worker. `may_close`: whether this
    server still leads; otherwise another server may have opened the rooms.
    """
    before: dict[str, frozenset[Opened]] = {}
    while True:
        await asyncio.sleep(SWEEP_S)
        found: dict[str, frozenset[Opened]] = {}
        for worker in workers():
            found[worker.id] = await _look(worker, before.get(worker.id, frozenset()), is_here, may_close)
        before = found


async def _look(
    worker: W, before: frozenset[Opened], is_here: Callable[[W, str], bool], may_close: Callable[[], Awaitable[bool]]
) -> frozenset[Opened]:
    """Close the worker's rooms that are unknown now and were unknown in the last check (`before`).

    Return the unknown rooms that are still open.
    """
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            now = unknown(await worker.client.rooms(), lambda room: is_here(worker, room))
        if forgotten := now & before:
            if not await may_close():
                return frozenset()
            log.warning("forgotten rooms closed", worker=worker.id, rooms=len(forgotten))
        for room, epoch in forgotten:
            if not is_here(worker, room):
                await worker.client.close_room(room, epoch)
    except (WorkerError, TimeoutError):  # the next check tries again; if the worker is dead, its event stream shows that
        return before
    return now - forgotten
