"""The interface of media workers, and the code for event streams that embedded and remote workers share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Protocol

import structlog

from media.api import wire as media
from media.api.client import COMMAND_TIMEOUT_S, WorkerClient, WorkerError, WorkerUnreachable
from signaling.mediaworkers.liveness import TICK_S, Silence
from signaling.protocol.staff_views import WorkerItem

log = structlog.get_logger(__name__)

# another worker must be found for a draining worker's rooms within this many seconds; the draining worker ends after 15 s
ANOTHER_S = 10.0
MOVED_S = 3.0  # A draining worker keeps a moved room open for this many seconds, while the participants make new connections.
LOOK_S = 0.1  # Seconds between two checks for a worker that can take a draining worker's rooms.

# Read timeout, in seconds, of the event stream's HTTP client. This timeout also counts time in which this server itself was too
# busy to read. So the timeout is much longer than the silence after which a worker counts as dead.
STREAM_SILENCE_S = 30.0

OnEvent = Callable[[media.WorkerEvent], Awaitable[None]]
OnDead = Callable[[list[str]], Awaitable[None]]
IsHere = Callable[[str], bool]


class Succeeded(Exception):
    """This worker has a successor: another worker now listens at the same address."""


class MediaWorker(Protocol):
    """One media worker.

    `beat`: set at each heartbeat. `drains`: set when the worker reports that it will end. `captions`: whether a captions process
    is connected to the worker. `handling`: whether this server is handling an event of the worker, so that the worker's later
    events are not read yet. `region`: the region of the worker's machine, or "" if it has none.
    """

    client: WorkerClient
    peers: int
    beat: asyncio.Event
    drains: asyncio.Event
    silence: Silence
    handling: bool
    captions: bool
    region: str

    @property
    def id(self) -> str:
        """Return the worker's id. A process that replaces the worker has another id."""

    @property
    def place(self) -> str:
        """Return the worker's name. A process that replaces the worker has the same name."""

    @property
    def usable(self) -> bool:
        """Return whether the worker can take commands."""


class MediaWorkers(Protocol):
    """All media workers that this server uses.

    `outlive`: whether the workers keep running, with their rooms, when this server ends.
    """

    outlive: bool

    async def begin(self) -> None:
        """Start worker processes in parallel with server startup."""

    async def start(self, on_event: OnEvent, on_dead: OnDead) -> None:
        """Wait until the workers can serve.

        `on_event` gets every event. `on_dead` gets the rooms of a dead or draining worker. These rooms must be opened on other
        workers.
        """

    async def close(self) -> None:
        """Stop using the workers. Embedded workers end. Remote workers keep running."""

    async def heard(self, timeout_s: float) -> None:
        """Wait until this server has handled all events that the workers have sent, but at most `timeout_s` seconds."""

    def usable(self) -> Sequence[MediaWorker]:
        """Return the workers that can take commands, as far as this server knows."""

    def place(self, room: str, region: str = "") -> MediaWorker | None:
        """Return the room's worker. For a new room, choose a worker and remember it. Return None when no worker is live.

        `region`: where the room's user is; a worker of this region is preferred. "": the region is not known.
        """

    def forget(self, room: str) -> None:
        """Forget which worker has this room, because the room is closed or must move."""

    def kept(self, room: str) -> int:
        """Return the epoch of a room that a worker had open when this server began to lead. Return 0 if no worker had it open.

        The epoch counts how often the room was opened.
        """

    async def settle(self) -> None:
        """Close the rooms that an earlier leading server has left open on workers, if no live session uses them.

        Call this method when every live room has a worker.
        """

    def items(self) -> list[WorkerItem]:
        """Return the state of each worker for the wallboard."""


async def read_stream(worker: MediaWorker, on_event: OnEvent | None) -> str:
    """Read one event stream until the stream breaks or `on_event` raises Succeeded.

    Return the reason for the end as a text, or "" if there is no reason. The first event of a stream is a Snapshot, which has the
    state of all rooms of the worker.
    """
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
    # a snapshot of the rooms does not show that the worker is alive: only another event ends its silence
    if not isinstance(event, media.Snapshot):
        worker.silence.heard()
    if isinstance(event, media.Snapshot):
        worker.captions, worker.region = event.captions, event.region
    elif isinstance(event, media.CaptionsReady):
        worker.captions = event.ready
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
    """Wait for one tick (`TICK_S`), and count the tick as silence of the worker.

    While this server is handling an event of the worker, the tick does not count, because other events may wait unread.

    Return the event loop's time, which the caller passes as `before_s` in the next call.
    """
    await asyncio.sleep(TICK_S)
    now_s = asyncio.get_running_loop().time()
    if not worker.handling:
        worker.silence.tick(now_s - before_s)
    return now_s


async def heard(workers: Sequence[MediaWorker], timeout_s: float) -> None:
    """Wait for the next heartbeat of each worker, but at most `timeout_s` seconds.

    Events arrive in order. So after the heartbeat, all earlier events have been handled.
    """
    for worker in workers:
        worker.beat.clear()
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*(worker.beat.wait() for worker in workers))
    except TimeoutError:
        log.warning("workers not heard in time")


async def drain(worker: MediaWorker, another: Callable[[], bool], move: Callable[[], Awaitable[None]], is_here: IsHere) -> None:
    """Move the rooms of a worker that will end, as soon as another worker can take these rooms.

    On the draining worker, a moved room stays open for `MOVED_S`, while its participants make new connections. After that, the
    room is closed there. `is_here` returns whether a room still belongs to the draining worker.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(ANOTHER_S):
            while not another():  # noqa: ASYNC110  # neither remote nor embedded workers offer an event to wait for
                await asyncio.sleep(LOOK_S)
    if not another():
        log.warning("no other worker could take the rooms of a worker that ends", worker=worker.id)
        return
    await move()
    await asyncio.sleep(MOVED_S)
    await close_strays(worker, is_here)


async def close_strays(worker: MediaWorker, is_here: IsHere) -> None:
    """On this worker, close the rooms that now belong to another worker, and the rooms whose sessions are over."""
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            for room in await worker.client.rooms():
                if not is_here(room.room):
                    await worker.client.close_room(room.room, room.epoch)
    except (WorkerError, TimeoutError) as error:
        log.warning("rooms not closed", worker=worker.id, error=str(error))
