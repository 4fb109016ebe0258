"""Browsers' connections to the server. Each connection has a bounded send queue.

`Hub` finds the connections of a member of staff.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from signaling.protocol.reasons import ByeReason
from signaling.protocol.server_messages import Bye, encode
from signaling.records.types import StaffRecord

QUEUE_MESSAGES = 1000  # Largest number of messages in the send queue of one connection.

# Largest number of bytes in the send queue of one connection. There is room for several messages of the board (≤ 400 KB each),
# which a participant who joins late gets all at once.
QUEUE_BYTES = 4 * 1024 * 1024


class Client:
    """One WebSocket.

    `send` never waits. If a client's send queue is full, the server drops all messages in it, sends this client `slow_client`,
    and closes the connection. No other client is affected.

    - `session`, `participant`: the session and the participant of a user or guest
    - `is_guest`: whether the person is a guest
    - `held`: the ids of the sessions in which this connection acts for its person
    - `desk`: whether the member of staff serves users at this connection; on the operators' page, it is False
    - `was_ready`: whether the member of staff was available for requests when the page's previous connection ended
    - `watched`: the session whose call an operator watches
    - `right`: the hash of the token (of a sign-in or a session) on which the connection depends
    - `acted_at`: the time of the person's last action (Unix ms), or 0
    - `returns`: None while the token of `right` is valid; afterwards, whether the person may come back
    """

    def __init__(
        self,
        *,
        tab: str,
        right: str = "",
        staff: StaffRecord | None = None,
        locale: str = "",
        desk: bool = True,
        was_ready: bool = False,
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
        self.was_ready = was_ready
        self.held: set[str] = set()  # ids of the sessions in which this connection acts for its person
        self.closing = False
        # whether session views may be sent; a user's first view is sent only when all its contents are known
        self.greeted = staff is not None
        self.looking = True  # Whether the person can see the page; the page tells the server when it becomes hidden.
        self.page = False  # Whether this connection only sends the user's page, for staff to see.
        self.watching = False
        self.queue_sent = 0  # hash of the frame with which this console last got its list of waiting users
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
    """All connections. Each member of staff has a list of their connections in the order of arrival, the newest last."""

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
        """Return the connections at which this member serves users. Leave out connections that are closing."""
        return [client for client in self._by_staff.get(staff, ()) if not client.closing]

    def all_of_staff(self, staff: str) -> list[Client]:
        """Return all of this member's connections that are not closing."""
        return self.of_staff(staff) + [client for client in self._offices.get(staff, ()) if not client.closing]

    def staff_ids(self) -> list[str]:
        """Return the ids of the members who have a connection at which they serve users."""
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
