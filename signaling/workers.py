"""Embedded media workers: child processes, one a core and a warm spare, watched closely and ended with their parent.

A worker is dead when its child exits or its event stream breaks or stays silent for three heartbeats, and does not come back
at once while the child lives (our own loop may have been the one that was late). Its rooms are then named to ``on_dead``, the
spare serves, and a new spare starts.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from media import client as media
from signaling.messages import WorkerItem
from signaling.settings import Settings

log = structlog.get_logger(__name__)

START_TIMEOUT_S = 60.0  # imports take two seconds on an idle core, many more on a busy machine
STOP_TIMEOUT_S = 1.5
POLL_S = 0.05
RECONNECT_S = 1.0  # halved: how soon a stream that broke while the child lives must begin again
RESTART_PAUSE_S = (0.0, 0.5, 2.0, 5.0)  # before the next child when the former ones died young
YOUNG_S = 10.0

OnEvent = Callable[[media.WorkerEvent], Awaitable[None]]
OnDead = Callable[[list[str]], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Worker:
    number: int
    process: asyncio.subprocess.Process
    client: media.WorkerClient
    state: Literal["live", "spare", "draining", "dead"] = "spare"
    rooms: set[str] = field(default_factory=set)
    peers: int = 0
    started_s: float = 0.0
    beat: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def id(self) -> str:
        return f"w{self.number}-{self.process.pid}"

    @property
    def usable(self) -> bool:
        return self.state in ("live", "spare")


class Workers:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._wanted = settings.workers or os.cpu_count() or 1
        self._workers: list[Worker] = []
        self._placed: dict[str, Worker] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._died_young = 0
        self._closing = False
        self._folder = tempfile.TemporaryDirectory(prefix="sangdam-")
        self._on_event: OnEvent | None = None
        self._on_dead: OnDead | None = None

    async def start(self, on_event: OnEvent, on_dead: OnDead) -> None:
        """Returns when the workers can serve; the spare follows, so that it does not hold up the start."""
        self._on_event, self._on_dead = on_event, on_dead
        async with asyncio.TaskGroup() as group:
            for number in range(self._wanted):
                group.create_task(self._launch(number))
        self._promote()
        self._spawn(self._replace(self._wanted))

    async def close(self) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._stop(worker) for worker in self._workers))
        self._folder.cleanup()

    async def heard(self, timeout_s: float) -> None:
        """Returns when everything the workers have said up to now has been handled: events come in order, so the next
        heartbeat of each is proof enough."""
        alive = [worker for worker in self._workers if worker.usable]
        for worker in alive:
            worker.beat.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*(worker.beat.wait() for worker in alive))

    # --- rooms -----------------------------------------------------------------------------------------------------------

    def place(self, room: str) -> Worker | None:
        """The worker of this room: where it is, else the live one with the fewest rooms; None when none lives."""
        placed = self._placed.get(room)
        if placed is not None and placed.usable:
            return placed
        self._promote()
        live = [worker for worker in self._workers if worker.state == "live"]
        if not live:
            return None
        worker = min(live, key=lambda each: (len(each.rooms), each.number))
        worker.rooms.add(room)
        self._placed[room] = worker
        return worker

    def forget(self, room: str) -> None:
        worker = self._placed.pop(room, None)
        if worker is not None:
            worker.rooms.discard(room)

    def items(self) -> list[WorkerItem]:
        return [
            WorkerItem(id=worker.id, rooms=len(worker.rooms), peers=worker.peers, state=worker.state)
            for worker in sorted(self._workers, key=lambda each: each.number)
        ]

    def _promote(self) -> None:
        """Spares serve while fewer than the wanted number are live."""
        live = sum(worker.state == "live" for worker in self._workers)
        for worker in sorted(self._workers, key=lambda each: each.number):
            if live >= self._wanted:
                return
            if worker.state == "spare":
                worker.state = "live"
                live += 1

    # --- processes -------------------------------------------------------------------------------------------------------

    def _command(self, number: int, socket: Path) -> list[str]:
        command = [sys.executable, "-m", "media", "--socket", str(socket)]
        command += ["--udp-port", str(self._settings.udp_port + number), "--parent", str(os.getpid())]
        if self._settings.demo:
            command.append("--loopback")
        if self._settings.announce:
            command += ["--announce", *self._settings.announce]
        return command

    async def _launch(self, number: int) -> None:
        socket = Path(self._folder.name) / f"worker-{number}.sock"
        with suppress(FileNotFoundError):
            socket.unlink()
        loop = asyncio.get_running_loop()
        process = await asyncio.create_subprocess_exec(*self._command(number, socket), stdin=asyncio.subprocess.DEVNULL)
        worker = Worker(number, process, media.WorkerClient(str(socket)), started_s=loop.time())
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._healthy(worker)
        except BaseException:
            await self._stop(worker)
            raise
        self._workers.append(worker)
        self._spawn(self._watch(worker))

    async def _healthy(self, worker: Worker) -> None:
        while True:
            if worker.process.returncode is not None:
                raise RuntimeError(f"media worker {worker.number} ended at once with status {worker.process.returncode}")
            with suppress(media.WorkerError):
                await worker.client.health()
                return
            await asyncio.sleep(POLL_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self, worker: Worker) -> None:
        worker.state = "dead"
        await worker.client.close()
        if worker.process.returncode is None:
            with suppress(ProcessLookupError):
                worker.process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await worker.process.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    worker.process.kill()
                await worker.process.wait()

    async def _watch(self, worker: Worker) -> None:
        """Until the worker dies; then its rooms are handed on and a successor starts."""
        reading = asyncio.create_task(self._read(worker))
        exiting = asyncio.create_task(worker.process.wait())
        try:
            await asyncio.wait({reading, exiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, exiting):
                task.cancel()
            await asyncio.gather(reading, exiting, return_exceptions=True)
        if not self._closing:
            await self._dead(worker)

    async def _read(self, worker: Worker) -> None:
        """Events until the stream breaks and a new one does not begin at once; each begins with a Snapshot."""
        patience_s = START_TIMEOUT_S
        while True:
            stream = worker.client.events()
            try:
                async with asyncio.timeout(patience_s):
                    event = await anext(stream)
                while True:
                    await self._handle(worker, event)
                    event = await anext(stream)
                    patience_s = RECONNECT_S
            except (media.WorkerUnreachable, TimeoutError) as error:
                log.warning("event stream broke", worker=worker.id, error=str(error))
                if patience_s != RECONNECT_S:
                    return
                patience_s = RECONNECT_S / 2  # a second break before anything but a Snapshot came is the last

    async def _handle(self, worker: Worker, event: media.WorkerEvent) -> None:
        if isinstance(event, media.Heartbeat):
            worker.peers = event.peers
            worker.beat.set()
        elif self._on_event is not None:
            await self._on_event(event)

    async def _dead(self, worker: Worker) -> None:
        log.error("worker dead", worker=worker.id, rooms=len(worker.rooms), status=worker.process.returncode)
        worker.state = "dead"
        self._workers.remove(worker)
        self._promote()
        rooms = list(worker.rooms)
        for room in rooms:
            self.forget(room)
        with suppress(ProcessLookupError):
            if worker.process.returncode is None:
                worker.process.kill()
        if self._on_dead is not None:
            try:
                await self._on_dead(rooms)
            except Exception:
                log.exception("rooms of a dead worker not handed on")
        await self._stop(worker)
        young = asyncio.get_running_loop().time() - worker.started_s < YOUNG_S
        self._died_young = self._died_young + 1 if young else 0
        await self._replace(worker.number)

    async def _replace(self, number: int) -> None:
        """A new worker under this number, however often it takes."""
        while not self._closing:
            await asyncio.sleep(RESTART_PAUSE_S[min(self._died_young, len(RESTART_PAUSE_S) - 1)])
            try:
                await self._launch(number)
            except (RuntimeError, TimeoutError, OSError) as error:
                self._died_young += 1
                log.error("worker not started", number=number, error=str(error))  # noqa: TRY400  # no trace needed
            else:
                self._promote()
                return
