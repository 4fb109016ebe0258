from __future__ import annotations

from media.api import wire
from media.worker.event_stream import MAX_QUEUED, Hub


def hub() -> Hub:
    return Hub(lambda number: wire.Snapshot(n=number, worker="w", pid=1, udp=[]))


def beat() -> wire.Heartbeat:
    return wire.Heartbeat(n=0, rooms=0, peers=0)


async def read(subscriber: object) -> list[wire.WorkerEvent]:
    found = []
    while (frame := await subscriber.get()) is not None:
        found.append(wire.decode_event(frame))
    return found


async def test_late_subscriber_gets_a_snapshot_and_every_later_event() -> None:
    events = hub()
    for _ in range(3):
        events.publish(beat())
    subscriber = events.subscribe()
    events.publish(beat())
    events.publish(beat())
    events.close()
    found = await read(subscriber)
    assert isinstance(found[0], wire.Snapshot)
    assert [event.n for event in found] == [3, 4, 5]


async def test_only_the_subscriber_that_does_not_read_is_cut_off() -> None:
    events = hub()
    slow = events.subscribe()
    for _ in range(MAX_QUEUED + 10):
        events.publish(beat())
    quick = events.subscribe()
    events.publish(beat())
    events.close()
    assert slow.cut_off
    assert len(await read(slow)) == MAX_QUEUED
    assert len(await read(quick)) == 2


async def test_buffered_board_updates_are_bounded_in_bytes() -> None:
    events = hub()
    slow = events.subscribe()
    for _ in range(20):
        events.publish(wire.BoardChanged(n=0, room="r", epoch=1, update=b"x" * 1_000_000))
    assert slow.cut_off
    events.unsubscribe(slow)
    events.publish(beat())
