"""Numbered event stream of a worker, sent to all its subscribers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from media.api import wire

MAX_QUEUED = 4096  # at most this many frames wait for one subscriber
MAX_QUEUED_BYTES = 16 * 1024 * 1024  # at most this many bytes wait for one subscriber


class Subscriber:
    """Bounded queue of frames for one reader of the event stream. When the queue is full, the reader is disconnected.

    After reconnecting, the reader first gets a new snapshot.
    """

    def __init__(self) -> None:
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._bytes = 0
        self.cut_off = False

    def put(self, frame: bytes) -> None:
        """Queue a frame. If the queue is full, end the stream instead."""
        if self.cut_off:
            return
        if self._frames.qsize() >= MAX_QUEUED or self._bytes + len(frame) > MAX_QUEUED_BYTES:
            self.end()
            return
        self._bytes += len(frame)
        self._frames.put_nowait(frame)

    def end(self) -> None:
        """End the stream after the frames that are queued."""
        self.cut_off = True
        self._frames.put_nowait(None)

    async def get(self) -> bytes | None:
        """Return the next frame. None: the queue was full, the reader left, or the worker closes, so the stream has ended."""
        frame = await self._frames.get()
        if frame is not None:
            self._bytes -= len(frame)
        return frame


class Hub:
    """Numbers the worker's events from 1 without gaps, for all subscribers.

    `snapshot(n)` returns the worker's state after event n.
    """

    def __init__(self, snapshot: Callable[[int], wire.Snapshot]) -> None:
        self._snapshot = snapshot
        self._number = 0
        self._subscribers: set[Subscriber] = set()
        self._encoder = msgspec.msgpack.Encoder()

    @property
    def heard(self) -> bool:
        """Return whether anybody subscribes to this worker's events."""
        return bool(self._subscribers)

    def publish(self, event: wire.Event) -> None:
        """Give `event` the next number and queue it for every subscriber."""
        self._number += 1
        event.n = self._number
        frame = self._encoder.encode(event)
        for subscriber in self._subscribers:
            subscriber.put(frame)

    def subscribe(self) -> Subscriber:
        """Return a new subscriber. The subscriber's first frame is the snapshot; every later event follows."""
        subscriber = Subscriber()
        subscriber.put(self._encoder.encode(self._snapshot(self._number)))
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Stop queuing events for `subscriber`."""
        self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every subscriber's stream."""
        for subscriber in self._subscribers:
            subscriber.end()
