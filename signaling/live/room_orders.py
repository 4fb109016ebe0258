"""Queue the orders that sessions give for their rooms. `Rooms.run` carries out the orders."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from signaling.live.entry import Entry
from signaling.mediaworkers.interface import MediaWorker


@dataclass(frozen=True, slots=True)
class DropOrder:
    """An order to close one peer connection of a room. `epoch`: how often the room has been opened."""

    worker: MediaWorker
    room: str
    peer: str
    epoch: int


class RoomOrders:
    """A queue of rooms that have changed and of peer connections to close. A room is in the queue at most once."""

    def __init__(self) -> None:
        self._orders: asyncio.Queue[Entry | DropOrder] = asyncio.Queue()

    def kick(self, entry: Entry) -> None:
        """Queue this session's room. Its state on the worker is then compared with the state that the session wants."""
        room = entry.room
        if entry.session.state != "active" and not room.opened and room.task is None:
            return
        ordered = room.dirty and room.task is None
        room.dirty = True
        room.kicked.set()
        if room.opened != entry.session.epoch:
            room.ready.clear()
        if room.task is None and not ordered:
            self._orders.put_nowait(entry)

    def drop_peer(self, entry: Entry, peer: str) -> None:
        worker, epoch = entry.room.worker, entry.room.opened
        if worker is not None and worker.usable and epoch:
            self._orders.put_nowait(DropOrder(worker, entry.id, peer, epoch))

    async def next(self) -> Entry | DropOrder:
        return await self._orders.get()
