"""Browsers' connections to the server. Each has a bounded send queue. They are found by participant or by member of staff."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from signaling.protocol.reasons import ByeReason
from signaling.protocol.server_messages import Bye, encode
from signaling.records.types import StaffRecord

QUEUE_MESSAGES = 1000  # at most this many messages are in the send queue of one connection
QUEUE_BYTES = 4 * 1024 * 1024  # room for several board messages (≤ 400 KB each), which a participant who joins late gets at once


class Client:
    """One WebSocket.

    `send` never waits. If a client's send queue is full, the server tells it `slow_client` and closes it; no other client is
    affected.

    `session` and `participant` are set for a user or guest; `is_guest` tells which. For staff, `held` has the sessions in which
    this connection acts for them.
    `desk`: whether the member of staff serves users here; the operators' page serves nobody. `watched`: the session whose call
    an operator watches. `right`: hash of the token (of a sign-in or a session) that the connection depends on.
    `acted_at`: time of the person's last action. `returns`: None until the connection's right has ended, then whether the person
    may come back.
    """

    def __init__(
        self, *, tab: str, right: str = "", staff: StaffRecord | None = None, locale: str = "", desk: bool = True
    ) -> None:
        self.tab = tab
        self.right = right
        self.acted_at = 0
        self.returns: bool | None = None
        self.locale = locale
        self.session = ""
        self.participant = ""
        self.is_guest = False
        self.staff = staff
        self.desk = desk
        self.held: set[str] = set()  # ids of the sessions in which this connection acts for its person
        self.closing = False
        # whether session views may be sent: a user's first view waits until everything that belongs in it is known
        self.greeted = staff is not None
        self.looking = True  # whether the page is in front of the person; a page that is hidden tells the server
        self.page = False  # whether this connection only shows the page on which the user is
        self.watching = False
        self.queue_sent = 0  # hash of the frame with the waiting queue that was last sent to this console
        self.watched = ""
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()

    @property
    def queued_bytes(self) -> int:
        return self._queued_bytes

    @property
    def queued_messages(self) -> int:
        return len(self._queue)

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
        """Queue the goodbye as the connection's last message. Messages that were queued earlier are still sent."""
        if not self.closing:
            self._push(encode(Bye(reason=reason, retry_ms=retry_ms)))
            self.closing = True

    def _push(self, frame: bytes) -> None:
        self._queue.append(frame)
        self._queued_bytes += len(frame)
        self._wake.set()

    async def next(self) -> bytes | None:
        """Wait for the next frame to write to the WebSocket. Return None if the connection must be closed."""
        while not self._queue:
            if self.closing:
                return None
            self._wake.clear()
            await self._wake.wait()
        frame = self._queue.popleft()
        self._queued_bytes -= len(frame)
        return frame


class Hub:
    """All connections. Those of each member of staff are kept in the order of arrival, the newest last."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._by_staff: dict[str, list[Client]] = {}
        # member of staff → connections at which the member serves nobody (the operators' page)
        self._offices: dict[str, list[Client]] = {}

    def _shelf(self, client: Client) -> dict[str, list[Client]]:
        return self._by_staff if client.desk else self._offices

    def add(self, client: Client) -> None:
        self.clients.add(client)
        if client.staff is not None:
            self._shelf(client).setdefault(client.staff.id, []).append(client)

    def remove(self, client: Client) -> None:
        self.clients.discard(client)
        if client.staff is not None:
            shelf = self._shelf(client)
            tabs = shelf.get(client.staff.id, [])
            if client in tabs:
                tabs.remove(client)
            if not tabs:
                shelf.pop(client.staff.id, None)

    def of_staff(self, staff: str) -> list[Client]:
        """Return this member's desk connections that are not closing."""
        return [client for client in self._by_staff.get(staff, ()) if not client.closing]

    def all_of_staff(self, staff: str) -> list[Client]:
        """Return all of this member's connections that are not closing."""
        return self.of_staff(staff) + [client for client in self._offices.get(staff, ()) if not client.closing]

    def staff_ids(self) -> list[str]:
        """Return the ids of the members who have a desk connection."""
        return list(self._by_staff)

    def staff_record(self, staff: str) -> StaffRecord | None:
        tabs = self._by_staff.get(staff)
        return tabs[-1].staff if tabs else None

    def to_staff(self, staff: str, message: Struct) -> None:
        frame = encode(message)
        for client in self._by_staff.get(staff, ()):
            client.send_encoded(frame)

    def staff_clients(self) -> list[Client]:
        return [client for shelf in (self._by_staff, self._offices) for tabs in shelf.values() for client in tabs]

    def watchers(self) -> Iterator[Client]:
        return (client for client in self.staff_clients() if client.watching)
