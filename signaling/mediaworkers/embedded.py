"""Embedded media workers: child processes of this server, by default one for each core. Further workers wait as spares.

All these workers end with the server. A worker counts as dead when its process exits, or when its event stream was silent for
three heartbeats. `liveness.py` defines how the silence is counted. When a worker is dead, a spare takes its place, the callback
``on_dead`` gets the dead worker's rooms, and a new worker starts. A worker that receives SIGTERM is replaced in the same way, but
first keeps its rooms open until their participants have moved.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import structlog

from media.api.client import WorkerClient, WorkerError
from signaling.config.ports import media_ports, until_free
from signaling.config.secret import CAPTIONS_VARIABLE
from signaling.config.settings import Settings
from signaling.mediaworkers import interface
from signaling.mediaworkers.forgotten import close_forgotten
from signaling.mediaworkers.interface import OnDead, OnEvent, read_stream
from signaling.mediaworkers.liveness import Silence, is_starved, restart_pause_s
from signaling.protocol.staff_views import WorkerItem

log = structlog.get_logger(__name__)

# a started worker must respond within this many seconds; its imports take two seconds on an idle core, much longer on a busy
# machine
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 1.5  # A worker that still runs this many seconds after the request to stop is killed.
POLL_S = 0.05  # Seconds between two tries to reach a worker or to open its event stream.

# If other workers serve, a dead worker's successor starts after this many seconds, because the calls that move to other workers
# need the CPU first.
SETTLE_S = 0.5
CRASHES = 16  # the times of at most this many newest crashes of workers are remembered


@dataclass(slots=True, eq=False)
class Worker:
    """A media worker in a child process of this server. See `interface.MediaWorker`."""

    number: int
    process: asyncio.subprocess.Process
    client: WorkerClient
    state: Literal["live", "spare", "draining", "dead"] = "spare"
    rooms: set[str] = field(default_factory=set)
    peers: int = 0
    beat: asyncio.Event = field(default_factory=asyncio.Event)
    drains: asyncio.Event = field(default_factory=asyncio.Event)
    silence: Silence = field(default_factory=Silence)
    handling: bool = False
    captions: bool = False
    region: str = ""

    @property
    def id(self) -> str:
        """Return the worker's id. A process that replaces the worker has another id."""
        return f"w{self.number}-{self.process.pid}"

    @property
    def place(self) -> str:
        """Return the worker's name. A process that replaces the worker has the same name."""
        return f"w{self.number}"

    @property
    def usable(self) -> bool:
        """Return whether the worker can take commands."""
        return self.state in ("live", "spare", "draining")


class Workers:
    """The embedded media workers. See `interface.MediaWorkers`."""

    outlive = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._wanted = settings.workers_wanted
        self._workers: list[Worker] = []
        self._placed: dict[str, Worker] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: list[Worker] = []  # workers that were started and have not answered yet
        self._crashes: deque[float] = deque(maxlen=CRASHES)
        # held while the successor of a dead worker starts: successors start one after another, so that the first is ready early
        self._succession = asyncio.Lock()
        self._stopped = asyncio.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="sangdam-")
        self._on_event: OnEvent | None = None
        self._on_dead: OnDead | None = None

    async def begin(self) -> None:
        """Start the processes, and return at once. The workers load while this server loads. `start` waits for them."""
        for number in range(self._wanted):
            self._begun.append(await self._fork(number))

    async def start(self, on_event: OnEvent, on_dead: OnDead) -> None:
        """Wait until the workers can serve. Spare workers start later, so that they do not delay the server's start."""
        self._on_event, self._on_dead = on_event, on_dead
        if not self._begun:
            await self.begin()
        async with asyncio.TaskGroup() as group:
            for worker in self._begun:
                group.create_task(self._adopt(worker))
        self._begun.clear()
        self._promote()
        for number in range(self._settings.spares):
            self._spawn(self._succeed(self._wanted + number))

    async def close(self) -> None:
        """Stop all embedded workers."""
        self._stopped.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._stop(worker) for worker in {*self._workers, *self._begun}))
        self._folder.cleanup()

    async def heard(self, timeout_s: float) -> None:
        """Wait until all past events of the workers were handled. See `interface.heard`."""
        await interface.heard(self.usable(), timeout_s)

    def usable(self) -> list[Worker]:
        """Return the workers that can take commands."""
        return [worker for worker in self._workers if worker.usable]

    # --- which worker has which room -------------------------------------------------------------------------------------

    def place(self, room: str, region: str = "") -> Worker | None:
        """Return the room's worker. For a new room, choose the live worker with the fewest rooms.

        Return None when no worker is live. `region` changes nothing, because all these workers are on one machine.
        """
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
        """Forget which worker has this room, because the room is closed or must move."""
        worker = self._placed.pop(room, None)
        if worker is not None:
            worker.rooms.discard(room)

    def kept(self, room: str) -> int:
        """Return 0: embedded workers start with this server, so no worker had the room open before."""
        return 0

    async def settle(self) -> None:
        """Begin to close rooms that no live session uses (`forgotten.py`). This server has opened all these rooms."""
        self._spawn(close_forgotten(self.usable, lambda worker, room: self._placed.get(room) is worker, _always))

    def items(self) -> list[WorkerItem]:
        """Return the state of each worker for the wallboard."""
        return [
            WorkerItem(id=worker.id, rooms=len(worker.rooms), peers=worker.peers, state=worker.state)
            for worker in sorted(self._workers, key=lambda each: each.number)
        ]

    def _promote(self) -> None:
        """If fewer workers than wanted take rooms ("live"), let spare workers take rooms."""
        live = sum(worker.state == "live" for worker in self._workers)
        for worker in sorted(self._workers, key=lambda each: each.number):
            if live >= self._wanted:
                return
            if worker.state == "spare":
                worker.state = "live"
                live += 1

    # --- starting and watching the processes -----------------------------------------------------------------------------

    def _command(self, number: int, socket: Path) -> list[str]:
        command = [sys.executable, "-m", "media", "--socket", str(socket)]
        command += ["--udp-port", str(self._settings.udp_port + number), "--parent", str(os.getpid())]
        command += ["--recordings", str(self._settings.recordings_dir)]
        if self._settings.demo:
            command.append("--loopback")
        if self._settings.announce:
            command += ["--announce", *self._settings.announce]
        if self._settings.captions_url:
            command += ["--captions", self._settings.captions_url, "--captions-env", CAPTIONS_VARIABLE]
        return command

    async def _fork(self, number: int) -> Worker:
        socket = Path(self._folder.name) / f"worker-{number}.sock"
        with suppress(FileNotFoundError):
            socket.unlink()
        process = await asyncio.create_subprocess_exec(
            *self._command(number, socket),
            env=os.environ | {CAPTIONS_VARIABLE: self._settings.captions_token},
            stdin=asyncio.subprocess.DEVNULL,
        )
        return Worker(number, process, WorkerClient(str(socket)))

    async def _adopt(self, worker: Worker) -> None:
        """Wait until the started worker responds. After that, start a task that watches the worker.

        Raises RuntimeError if the worker exits, and TimeoutError if the worker does not respond in time.
        """
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
            with suppress(WorkerError):
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
                # send SIGINT, which ends the worker at once; after SIGTERM, a worker waits until its rooms have moved
                worker.process.send_signal(signal.SIGINT)
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await worker.process.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    worker.process.kill()
                await worker.process.wait()

    async def _watch(self, worker: Worker) -> None:
        """Watch the worker until the worker dies. After its death, move its rooms to other workers, and start a successor."""
        tasks = [
            asyncio.create_task(self._read(worker)),
            asyncio.create_task(worker.process.wait()),
            asyncio.create_task(_silent(worker)),
        ]
        draining = asyncio.create_task(self._drain(worker))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, draining):
                task.cancel()
            await asyncio.gather(*tasks, draining, return_exceptions=True)
        if not self._stopped.is_set():
            await self._dead(worker)

    async def _drain(self, worker: Worker) -> None:
        await worker.drains.wait()
        if self._stopped.is_set():
            return
        log.info("worker drains", worker=worker.id, rooms=len(worker.rooms))
        worker.state = "draining"
        await interface.drain(worker, self._another, lambda: self._moved(worker), lambda room: self._placed.get(room) is worker)

    def _another(self) -> bool:
        self._promote()
        return any(worker.state == "live" for worker in self._workers)

    async def _moved(self, worker: Worker) -> None:
        rooms = list(worker.rooms)
        for room in rooms:
            self.forget(room)
        if self._on_dead is not None:
            try:
                await self._on_dead(rooms)
            except Exception:
                log.exception("rooms of a worker not handed on", worker=worker.id)

    async def _read(self, worker: Worker) -> None:
        """Read the worker's events. When the event stream breaks, open a new stream, because the worker may still be alive."""
        while True:
            error = await read_stream(worker, self._on_event)
            log.warning("event stream broke", worker=worker.id, error=error)
            await asyncio.sleep(POLL_S)

    async def _dead(self, worker: Worker) -> None:
        status = worker.process.returncode
        if worker.state == "draining" and status == 0:
            log.info("worker has ended", worker=worker.id, rooms=len(worker.rooms))
        else:
            log.error("worker dead", worker=worker.id, rooms=len(worker.rooms), status=status)
            self._crashes.append(asyncio.get_running_loop().time())
        worker.state = "dead"
        self._workers.remove(worker)
        self._promote()
        with suppress(ProcessLookupError):
            if worker.process.returncode is None:
                worker.process.kill()  # the worker may still run but hang: then it would keep its port and respond to no command
        self._spawn(self._succeed(worker.number, after=worker))
        await self._moved(worker)

    async def _succeed(self, number: int, after: Worker | None = None) -> None:
        """Start a new worker with this number, in place of ``after``. Try again until the worker starts or this server stops."""
        if after is not None:
            await self._stop(after)
        while not await self._start_successor(number):
            pass

    async def _start_successor(self, number: int) -> bool:
        """Start a worker. Return False if the start failed and the caller must try again.

        If this server is stopping, return True.
        """
        await until_free(media_ports(self._settings.udp_port + number, 1), self._stopped)
        async with self._succession:
            await asyncio.sleep(self._pause_s())
            if self._stopped.is_set():
                return True
            try:
                await self._adopt(await self._fork(number))
            except (RuntimeError, TimeoutError, OSError) as error:
                self._crashes.append(asyncio.get_running_loop().time())
                log.error("worker not started", number=number, error=str(error))  # noqa: TRY400  # no trace needed
                return False
            self._promote()
            return True

    def _pause_s(self) -> float:
        settle_s = SETTLE_S if self._crashes and any(worker.usable for worker in self._workers) else 0.0
        return max(settle_s, restart_pause_s(self._crashes, asyncio.get_running_loop().time()))


async def _always() -> bool:
    return True


async def _silent(worker: Worker) -> None:
    """Wait until the worker has been silent for so long that it counts as dead."""
    now_s = asyncio.get_running_loop().time()
    while True:
        now_s = await interface.tick(worker, now_s)
        if worker.silence.is_long and worker.silence.is_death(starved=is_starved(worker.process.pid)):
            log.warning("worker silent", worker=worker.id)
            return
