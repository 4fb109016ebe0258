"""Carry out the effects of a session's events in the matcher, in the chat and in the room."""

from __future__ import annotations

from signaling.live.chat import Lines
from signaling.live.entry import Entry
from signaling.live.requests import Requests
from signaling.live.room_orders import RoomOrders
from signaling.session.effects import Enqueue, Reinstate, Say, Step, Transfer
from signaling.session.model import Person


class LiveEffects:
    """The implementation of `sessions.Effects` in a running server."""

    def __init__(self, requests: Requests, lines: Lines, rooms: RoomOrders) -> None:
        self._requests = requests
        self._lines = lines
        self._rooms = rooms

    async def ask_matcher(self, entry: Entry, effect: Enqueue | Step | Transfer | Reinstate) -> None:
        await self._requests.carry_out(entry, effect)

    async def say(self, entry: Entry, say: Say) -> None:
        await self._lines.system(entry, say)

    async def keep_note(self, entry: Entry, author: Person, text: str) -> None:
        await self._lines.note(entry, author, text)

    async def erase_captions(self, entry: Entry) -> None:
        await self._lines.erase_captions(entry)

    def drop_peer(self, entry: Entry, peer: str) -> None:
        self._rooms.drop_peer(entry, peer)

    def room_changed(self, entry: Entry) -> None:
        self._rooms.kick(entry)
