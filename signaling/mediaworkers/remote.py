"""Media workers on other machines. Each worker announces itself by a lease in Redis.

A lease is an entry that expires unless the worker renews it. The lease only makes the worker known. Only the worker's event
stream shows whether the worker is alive. So calls continue while Redis is unavailable. A worker counts as dead when nothing
listens at its address, or when its event stream was silent for too long. The callback ``on_dead`` then gets the dead worker's
rooms. If the worker was not dead but only hung, it is used again as soon as it responds. Meanwhile its rooms may have been opened
on other workers. This server then closes the outdated copies of these rooms on this worker.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from media.api import announcement
from media.api import wire as media
from media.api.client import WorkerClient
from media.api.redis_client import redis_client
from signaling.mediaworkers import interface
from signaling.mediaworkers.forgotten import close_forgotten
from signaling.mediaworkers.interface import OnDead, OnEvent, Succeeded, read_stream
from signaling.mediaworkers.liveness import REMOTE_SILENT_S, Silence
from signaling.protocol.staff_views import WorkerItem

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.3  # Seconds between two reads of the workers' leases in Redis.
REDIS_TIMEOUT_S = 1.0  # A command to Redis fails if Redis does not answer within this many seconds.
# At its start, this server waits at most this many seconds until each announced worker has sent a snapshot of its rooms.
FOUND_WITHIN_S = 2.0
RECONNECT_S = 0.1  # A worker's broken event stream is opened again after this many seconds.
MOST_DOUBTED = 1000  # At most this many names of untrusted workers are remembered, so that each name is logged once.
REFUSALS = 2  # A worker counts as gone after this many refused connections in a row.
LATELY_S = 2.0  # After this many seconds, a new room is part of the load that its worker announces.

# a worker with at least this load (a share of a core) is busy: new rooms of its region can then go to other regions
BUSY = 0.8
ROOM_LOAD = 0.02  # Estimated load of a new room, as a share of a core (measured: 1 to 2.7 % of a core for a room with sound).


async def _always() -> bool:
    return True


@dataclass(slots=True, eq=False)
class Leased:
    """A worker that announces itself by a lease in Redis. See `interface.MediaWorker`.

    `found`: the rooms that were open on the worker when its event stream began: room → epoch. `lately`: when the newest rooms
    were placed on the worker. `succeeded`: whether another worker now listens at the worker's address.
    """

    said: announcement.Announcement
    client: WorkerClient
    state: Literal["new", "live", "draining", "dead"] = "new"
    rooms: set[str] = field(default_factory=set)
    peers: int = 0
    beat: asyncio.Event = field(default_factory=asyncio.Event)
    drains: asyncio.Event = field(default_factory=asyncio.Event)
    known: asyncio.Event = field(default_factory=asyncio.Event)
    silence: Silence = field(default_factory=lambda: Silence(REMOTE_SILENT_S))
    handling: bool = False
    captions: bool = False
    region: str = ""
    succeeded: bool = False
    found: dict[str, int] = field(default_factory=dict)
    lately: deque[float] = field(default_factory=lambda: deque(maxlen=1000))
    task: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        """Return the worker's id, which its announcement in Redis names."""
        return self.said.id

    @property
    def place(self) -> str:
        """Return the worker's host and port. A worker that replaces this worker has the same host and port."""
        return urlsplit(self.said.url).netloc

    @property
    def usable(self) -> bool:
        """Return whether the worker can take commands."""
        return self.state in ("live", "draining")

    def load(self, now_s: float) -> float:
        """Return the announced load, in cores, plus an estimate for rooms that are too new to be part of the announced load."""
        while self.lately and now_s - self.lately[0] > LATELY_S:
            self.lately.popleft()
        return self.said.load + len(self.lately) * ROOM_LOAD


class Fleet:
    """The media workers of a cluster. See `interface.MediaWorkers`.

    `allowed`: returns whether this server still leads. `allowed` is called before this server closes rooms or moves rooms from a
    draining worker, because another leader may have placed these rooms.
    """

    outlive = True

    def __init__(self, redis_url: str, secret: str, allowed: Callable[[], Awaitable[bool]] = _always) -> None:
        self._redis = redis_client(
            redis_url,
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._secret = secret
        self.allowed = allowed
        self._workers: dict[str, Leased] = {}
        self._placed: dict[str, Leased] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._random = random.Random()  # noqa: S311  # the choice of a room's worker need not be unpredictable
        self._settled = False
        self._unreachable = False
        self._doubted: set[str] = set()
        self._on_event: OnEvent | None = None
        self._on_dead: OnDead | None = None

    async def begin(self) -> None:
        """Do nothing: remote workers run already."""

    async def start(self, on_event: OnEvent, on_dead: OnDead) -> None:
        """Wait until every worker that is announced in Redis has sent a snapshot of its rooms, but at most `FOUND_WITHIN_S`."""
        self._on_event, self._on_dead = on_event, on_dead
        with suppress(RedisError, OSError):
            await self._look()
        self._spawn(self._look_for_ever())
        with suppress(TimeoutError):
            async with asyncio.timeout(FOUND_WITHIN_S):
                await asyncio.gather(*(worker.known.wait() for worker in self._workers.values()))
        if not self._workers:
            log.warning("no media worker yet: text only until one is announced")

    async def close(self) -> None:
        """Stop reading the workers' events. The workers themselves keep running."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in self._workers.values():
            await worker.client.close()
        await self._redis.aclose()

    async def heard(self, timeout_s: float) -> None:
        """Wait until all past events of the workers were handled. See `interface.heard`."""
        await interface.heard(self.usable(), timeout_s)

    def usable(self) -> list[Leased]:
        """Return the workers that can take commands."""
        return [worker for worker in self._workers.values() if worker.usable]

    # --- which worker has which room -------------------------------------------------------------------------------------

    def place(self, room: str, region: str = "") -> Leased | None:
        """Return the room's worker. For a new room, choose the less loaded of two random live workers.

        Choose among the workers of `region` that are not busy. If `region` has no such worker, choose among all live workers.

        Until `settle` is called, a room that an earlier leader left open on a live worker stays on that worker. Return None when
        no worker is live.
        """
        placed = self._placed.get(room) or self._keeper(room)
        if placed is None or not placed.usable:
            live = [worker for worker in self._workers.values() if worker.state == "live"]
            if not live:
                return None
            now_s = asyncio.get_running_loop().time()
            near = [worker for worker in live if region and worker.region == region and worker.load(now_s) < BUSY] or live
            two = self._random.sample(near, min(2, len(near)))
            placed = min(two, key=lambda worker: worker.load(now_s))
            placed.lately.append(now_s)
        placed.rooms.add(room)
        self._placed[room] = placed
        return placed

    def _keeper(self, room: str) -> Leased | None:
        if self._settled:
            return None
        keepers = [worker for worker in self._workers.values() if worker.state == "live" and room in worker.found]
        return max(keepers, key=lambda worker: worker.found[room], default=None)

    def forget(self, room: str) -> None:
        """Forget which worker has this room, because the room is closed or must move."""
        worker = self._placed.pop(room, None)
        if worker is not None:
            worker.rooms.discard(room)

    def kept(self, room: str) -> int:
        """Return the epoch of a room that a worker had open when this server began to lead. Return 0 if no worker had it open.

        The epoch counts how often the room was opened.
        """
        keeper = self._keeper(room)
        return keeper.found[room] if keeper else 0

    async def settle(self) -> None:
        """Close the rooms that an earlier leading server has left open, if no live session uses them.

        Also start the task that closes forgotten rooms (`forgotten.py`).
        """
        self._settled = True
        for worker in list(self._workers.values()):
            self._spawn(self._close_strays(worker))
        self._spawn(close_forgotten(self.usable, lambda worker, room: self._placed.get(room) is worker, self.allowed))

    def items(self) -> list[WorkerItem]:
        """Return the known workers for the wallboard."""
        return [
            WorkerItem(id=worker.id, rooms=len(worker.rooms), peers=worker.peers, state=worker.state)
            for worker in sorted(self._workers.values(), key=lambda each: each.id)
            if worker.state != "new"
        ]

    # --- reading the workers' leases -------------------------------------------------------------------------------------

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
                self._unreachable = False
            except (RedisError, OSError) as error:
                if not self._unreachable:
                    log.warning("redis unreachable: media workers stay as they are", error=type(error).__name__)
                self._unreachable = True

    async def _look(self) -> None:
        ids = sorted(str(name) for name in await self._redis.smembers(announcement.WORKERS_KEY))
        texts = await self._redis.mget([announcement.announcement_key(name) for name in ids]) if ids else []
        leased = {name: text for name, text in zip(ids, texts, strict=True) if text is not None}
        if gone := [name for name in ids if name not in leased]:
            await self._redis.srem(announcement.WORKERS_KEY, *gone)
        for name, text in leased.items():
            try:
                self._announced(name, announcement.believed(text, name, self._secret, time.time_ns() // 1_000_000))
                self._doubted.discard(name)
            except announcement.NotBelieved as why:
                if name not in self._doubted and len(self._doubted) < MOST_DOUBTED:
                    self._doubted.add(name)
                    log.error("media worker not trusted", worker=name, why=str(why))  # noqa: TRY400  # no trace needed
        for worker in list(self._workers.values()):
            if worker.id not in leased and worker.state in ("new", "dead"):
                await self._dismiss(worker)

    def _announced(self, name: str, said: announcement.Announcement) -> None:
        worker = self._workers.get(name)
        if worker is None:
            worker = self._workers[name] = Leased(said, WorkerClient(said.url, self._secret))
            worker.task = self._spawn(self._follow(worker))
        if said.at < worker.said.at:
            return  # this announcement is older than the last one: somebody has sent it again
        worker.said = said
        if said.draining:
            worker.drains.set()

    async def _dismiss(self, worker: Leased) -> None:
        del self._workers[worker.id]
        if worker.task is not None:
            worker.task.cancel()
            await asyncio.gather(worker.task, return_exceptions=True)
        await worker.client.close()

    # --- whether workers are alive ---------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _follow(self, worker: Leased) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(worker))
            group.create_task(self._watch(worker))
            group.create_task(self._drain(worker))

    async def _read(self, worker: Leased) -> None:
        async def on_event(event: media.WorkerEvent) -> None:
            await self._event(worker, event)

        refused = 0
        while True:
            error = await read_stream(worker, on_event)
            if worker.succeeded:
                return  # the event stream at this address now belongs to another worker
            refused = refused + 1 if error == "ClientConnectorError" else 0
            if refused == REFUSALS:
                worker.silence.give_up()
            if worker.usable and refused < 2:
                log.warning("event stream broke", worker=worker.id, error=error)
            await asyncio.sleep(RECONNECT_S)

    async def _event(self, worker: Leased, event: media.WorkerEvent) -> None:
        if isinstance(event, media.Snapshot):
            if event.worker != worker.id:
                worker.succeeded = True
                worker.silence.give_up()
                raise Succeeded
            worker.found = {room.room: room.epoch for room in event.rooms}
            if worker.state == "new":
                worker.state = "draining" if worker.drains.is_set() else "live"
            worker.known.set()
            if self._settled:
                self._spawn(self._close_strays(worker))
        if self._on_event is not None:
            await self._on_event(event)

    async def _watch(self, worker: Leased) -> None:
        now_s = asyncio.get_running_loop().time()
        while True:
            now_s = await interface.tick(worker, now_s)
            if worker.silence.is_long and worker.usable:
                await self._dead(worker)
            elif not worker.silence.is_long and worker.state == "dead":
                worker.state = "draining" if worker.drains.is_set() else "live"
                log.info("worker is back", worker=worker.id)
                self._spawn(self._close_strays(worker))

    async def _dead(self, worker: Leased) -> None:
        if worker.state == "draining" and not worker.rooms:
            log.info("worker has ended", worker=worker.id)
        else:
            log.error("worker dead", worker=worker.id, rooms=len(worker.rooms))
        worker.state = "dead"
        await self._moved(worker)

    async def _drain(self, worker: Leased) -> None:
        await worker.drains.wait()
        if worker.state == "live":
            worker.state = "draining"
        log.info("worker drains", worker=worker.id, rooms=len(worker.rooms))
        if await self.allowed():
            await interface.drain(
                worker, self._another, lambda: self._moved(worker), lambda room: self._placed.get(room) is worker
            )

    def _another(self) -> bool:
        return any(worker.state == "live" for worker in self._workers.values())

    async def _moved(self, worker: Leased) -> None:
        rooms = list(worker.rooms)
        for room in rooms:
            self.forget(room)
        # A separate task moves the rooms. The task that watches the worker could not do it, because that task is cancelled when
        # the worker's lease ends, often before all rooms have moved.
        await asyncio.shield(self._spawn(self._hand_on(worker, rooms)))

    async def _hand_on(self, worker: Leased, rooms: list[str]) -> None:
        if self._on_dead is not None:
            try:
                await self._on_dead(rooms)
            except Exception:
                log.exception("rooms of a worker not handed on", worker=worker.id)

    async def _close_strays(self, worker: Leased) -> None:
        if worker.usable and await self.allowed():
            await interface.close_strays(worker, lambda room: self._placed.get(room) is worker)
