"""Connections of browsers, seen from inside: a bounded queue out each, found by participant or by member of staff."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from signaling.protocol.reasons import ByeReason
from signaling.protocol.server_messages import Bye, encode
from signaling.records.types import StaffRecord

QUEUE_MESSAGES = 1000
QUEUE_BYTES = 4 * 1024 * 1024  # a late joiner's board (≤ 400 KB a message) fits several times


class Client:
    """One WebSocket. ``send`` never waits: when the queue is full the client is told ``slow_client`` and closed, and nobody
    else notices. ``session`` and ``participant`` are a user's; staff hold sessions through ``Hub`` and entries.
    ``watched``: the session whose call an operator looks at. ``right``: what it lives by, the hash of its sign-in's or session's
    token; ``acted_at``: when the person last did something; ``returns``: whether they may sign in again, once its
    right has ended."""

    def __init__(self, *, tab: str, right: str = "", staff: StaffRecord | None = None, locale: str = "") -> None:
        self.tab = tab
        self.right = right
        self.acted_at = 0
        self.returns: bool | None = None
        self.locale = locale
        self.session = ""
        self.participant = ""
        self.staff = staff
        self.held: set[str] = set()  # ids of the sessions in which it acts for somebody
        self.closing = False
        self.greeted = staff is not None  # a user's views begin when all that stands in the first is known
        self.watching = False
        self.queue_sent = 0  # the hash of what it was told last
        self.watched = ""
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()

    def send(self, message: Struct) -> None:
        self.send_encoded(encode(message))

    def send_encoded(self, frame: bytes) -> None:
        if self.closing:
            return
        if len(self._queue) >= QUEUE_MESSAGES or self._queued_bytes + len(frame) > QUEUE_BYTES:
            self._queue.clear()
            self._queued_bytes = 0
            self.bye("slow_client", retry_ms=2000)
            return
        self._push(frame)

    def bye(self, reason: ByeReason, retry_ms: int | None = None) -> None:
        """The last thing this client is told; what was queued before still goes out."""
        if not self.closing:
            self._push(encode(Bye(reason=reason, retry_ms=retry_ms)))
            self.closing = True

    def _push(self, frame: bytes) -> None:
        self._queue.append(frame)
        self._queued_bytes += len(frame)
        self._wake.set()

    async def next(self) -> bytes | None:
        """The next frame to write; None when the connection is to be closed."""
        while not self._queue:
            if self.closing:
                return None
            self._wake.clear()
            await self._wake.wait()
        frame = self._queue.popleft()
        self._queued_bytes -= len(frame)
        return frame


class Hub:
    """All connections, and those of each member of staff in the order they came (the newest last)."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._by_staff: dict[str, list[Client]] = {}

    def add(self, client: Client) -> None:
        self.clients.add(client)
        if client.staff is not None:
            self._by_staff.setdefault(client.staff.id, []).append(client)

    def remove(self, client: Client) -> None:
        self.clients.discard(client)
        if client.staff is not None:
            tabs = self._by_staff.get(client.staff.id, [])
            if client in tabs:
                tabs.remove(client)
            if not tabs:
                self._by_staff.pop(client.staff.id, None)

    def of_staff(self, staff: str) -> list[Client]:
        """Those that are not closing."""
        return [client for client in self._by_staff.get(staff, ()) if not client.closing]

    def staff_ids(self) -> list[str]:
        return list(self._by_staff)

    def staff_record(self, staff: str) -> StaffRecord | None:
        tabs = self._by_staff.get(staff)
        return tabs[-1].staff if tabs else None

    def to_staff(self, staff: str, message: Struct) -> None:
        frame = encode(message)
        for client in self._by_staff.get(staff, ()):
            client.send_encoded(frame)

    def staff_clients(self) -> list[Client]:
        return [client for tabs in self._by_staff.values() for client in tabs]

    def watchers(self) -> Iterator[Client]:
        return (client for client in self.staff_clients() if client.watching)
