"""What the service asks of media workers, wherever they run, and the reading of their event streams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Protocol

import structlog

from media.api import wire as media
from media.api.client import COMMAND_TIMEOUT_S, WorkerClient, WorkerError, WorkerUnreachable
from signaling.mediaworkers.liveness import TICK_S, Silence
from signaling.protocol.messages import WorkerItem

log = structlog.get_logger(__name__)

ANOTHER_S = 10.0  # a worker that drains waits so long for one that could take its rooms; it ends by itself after 15 s
MOVED_S = 3.0  # and keeps a room for so long after it has moved, while its people make their new connections
LOOK_S = 0.1
STREAM_SILENCE_S = 30.0  # of the stream's own watch, which knows nothing of our lateness: only a last resort

OnEvent = Callable[[media.WorkerEvent], Awaitable[None]]
OnDead = Callable[[list[str]], Awaitable[None]]
IsHere = Callable[[str], bool]


class Succeeded(Exception):
    """Another worker listens where this one did."""


class MediaWorker(Protocol):
    """`handling`: an event of its stream is at work here, and what follows it waits for us. `drains`: it has said that it was
    told to end."""

    client: WorkerClient
    peers: int
    beat: asyncio.Event
    drains: asyncio.Event
    silence: Silence
    handling: bool

    @property
    def id(self) -> str: ...
    @property
    def place(self) -> str:
        """What its successor will be called too."""

    @property
    def usable(self) -> bool: ...


class MediaWorkers(Protocol):
    """`outlive`: the workers go on when this server ends, and so do their rooms."""

    outlive: bool

    async def begin(self) -> None:
        """What can be under way while the rest of the server loads."""

    async def start(self, on_event: OnEvent, on_dead: OnDead) -> None:
        """`on_dead` is given the rooms that must be opened elsewhere, of a worker that is dead or drains."""

    async def close(self) -> None: ...
    async def heard(self, timeout_s: float) -> None:
        """Returns when everything the workers have said up to now has been handled: events come in order, so the next
        heartbeat of each is proof enough."""

    def usable(self) -> Sequence[MediaWorker]:
        """Those that answer, as far as we know."""

    def place(self, room: str) -> MediaWorker | None:
        """The worker of this room: where it is, else the one that shall have it; None when none lives."""

    def forget(self, room: str) -> None: ...
    def kept(self, room: str) -> int:
        """The epoch at which a worker had this room open when we came; 0: none had."""

    async def settle(self) -> None:
        """Every room that goes on has been placed: others that workers have kept are closed."""

    def items(self) -> list[WorkerItem]: ...


async def read_stream(worker: MediaWorker, on_event: OnEvent | None) -> str:
    """One event stream until it breaks, or `on_event` finds that it is another's (Succeeded); why it did. It begins with a
    Snapshot."""
    try:
        async with aclosing(worker.client.events(STREAM_SILENCE_S)) as events:
            async for event in events:
                worker.handling = True
                await _handle(worker, event, on_event)
                worker.handling = False
    except WorkerUnreachable as error:
        return str(error)
    except Succeeded:
        return "succeeded"
    return ""


async def _handle(worker: MediaWorker, event: media.WorkerEvent, on_event: OnEvent | None) -> None:
    if not isinstance(event, media.Snapshot):  # a worker that gets no further than this is no good
        worker.silence.heard()
    if isinstance(event, media.Heartbeat):
        worker.peers = event.peers
        worker.beat.set()
        if event.draining:
            worker.drains.set()
    elif on_event is not None:
        try:
            await on_event(event)
        except Succeeded:
            raise
        except Exception:
            log.exception("worker event failed", worker=worker.id, kind=type(event).__name__)


async def tick(worker: MediaWorker, before_s: float) -> float:
    """Waits for the next look at a worker's silence and counts it, unless what it has said lies unread with us. The loop's time,
    to be given to the next call."""
    await asyncio.sleep(TICK_S)
    now_s = asyncio.get_running_loop().time()
    if not worker.handling:
        worker.silence.tick(now_s - before_s)
    return now_s


async def heard(workers: Sequence[MediaWorker], timeout_s: float) -> None:
    for worker in workers:
        worker.beat.clear()
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*(worker.beat.wait() for worker in workers))
    except TimeoutError:
        log.warning("workers not heard in time")


async def drain(worker: MediaWorker, another: Callable[[], bool], move: Callable[[], Awaitable[None]], is_here: IsHere) -> None:
    """Moves the rooms of a worker that was told to end, once there is another: it sounds on until people have made their new
    connections, and then closes them. `is_here`: whether a room (still, or again) belongs to this worker."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ANOTHER_S):
            while not another():  # noqa: ASYNC110  # workers come by two ways, of which none has an event
                await asyncio.sleep(LOOK_S)
    if not another():
        log.warning("nobody could take the rooms of a worker that ends", worker=worker.id)
        return
    await move()
    await asyncio.sleep(MOVED_S)
    await close_strays(worker, is_here)


async def close_strays(worker: MediaWorker, is_here: IsHere) -> None:
    """Closes what a worker has open and should not: rooms that have moved, or whose sessions are over."""
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            for room in await worker.client.rooms():
                if not is_here(room.room):
                    await worker.client.close_room(room.room, room.epoch)
    except (WorkerError, TimeoutError) as error:
        log.warning("rooms not closed", worker=worker.id, error=str(error))
