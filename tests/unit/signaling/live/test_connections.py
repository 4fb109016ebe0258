"""The queues of messages to browsers are bounded. A browser that does not read its messages harms only itself."""

from __future__ import annotations

import json

from signaling.live.connections import QUEUE_MESSAGES, Client, Hub
from signaling.protocol.server_messages import Ok
from signaling.records.types import StaffRecord


def member(tab: str, staff: str = "jimin") -> Client:
    return Client(tab=tab, staff=StaffRecord(id=staff, login=staff, name=staff, role="counselor"))


async def drained(client: Client) -> list[dict[str, object]]:
    frames = []
    while (frame := await client.next()) is not None:
        frames.append(json.loads(frame))
    return frames


async def test_queued_messages_go_out_before_the_close() -> None:
    client = Client(tab="t")
    client.send(Ok(id=1))
    client.bye("restart", retry_ms=300)
    client.send(Ok(id=2))
    assert await drained(client) == [{"type": "ok", "id": 1}, {"type": "bye", "reason": "restart", "retry_ms": 300}]


async def test_client_that_does_not_read_is_closed_with_a_reason() -> None:
    client = Client(tab="t")
    for number in range(QUEUE_MESSAGES + 50):
        client.send(Ok(id=number))
    assert client.closing
    assert [frame["reason"] for frame in await drained(client)] == ["slow_client"]


async def test_send_queue_is_bounded_in_bytes() -> None:
    client = Client(tab="t")
    for _ in range(12):
        client.send_encoded(b"x" * 400_000)
    assert client.closing


def test_staff_connections_are_listed_newest_last() -> None:
    hub = Hub()
    first, second, other = member("a"), member("b"), member("c", "suho")
    for client in (first, second, other):
        hub.add(client)
    assert hub.of_staff("jimin") == [first, second]
    hub.remove(second)
    hub.remove(second)
    assert hub.of_staff("jimin") == [first]
    hub.remove(first)
    assert hub.staff_ids() == ["suho"]
