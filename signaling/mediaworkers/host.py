"""`sangdam media`: run the media workers of one machine, one for each core. When a worker ends, start another one.

The workers announce themselves in Redis.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress

import structlog

from signaling.config.media_settings import MediaSettings
from signaling.config.ports import until_free
from signaling.config.secret import CAPTIONS_VARIABLE

from .liveness import restart_pause_s

log = structlog.get_logger(__name__)

SECRET_VARIABLE = "SANGDAM_MEDIA_TOKEN"  # noqa: S105  # name of a variable in the workers' environment
REDIS_VARIABLE = "SANGDAM_MEDIA_REDIS"
# a worker is killed this many seconds after SIGTERM; the worker itself waits a shorter time until its rooms have moved
KILL_AFTER_S = 20.0
CRASHES = 16  # number of a worker's newest exits whose times are remembered


def command_of(settings: MediaSettings, number: int) -> list[str]:
    """Return the command line of the worker with this number."""
    port = settings.port + number
    command = [sys.executable, "-m", "media", "--listen", f"{_bracketed(settings.listen)}:{port}"]
    command += ["--secret-env", SECRET_VARIABLE, "--redis-env", REDIS_VARIABLE]
    command += ["--url", f"http://{_bracketed(settings.advertise or settings.listen)}:{port}"]
    command += ["--name", f"{socket.gethostname()}-{number}-{secrets.token_hex(4)}", "--parent", str(os.getpid())]
    command += ["--udp-port", str(settings.udp_port + number)]
    if settings.recordings is not None:
        command += ["--recordings", str(settings.recordings)]
    if settings.loopback:
        command.append("--loopback")
    if settings.region:
        command += ["--region", settings.region]
    if settings.captions_url:
        command += ["--captions", settings.captions_url, "--captions-env", CAPTIONS_VARIABLE]
    for option, values in (("--announce", settings.announce), ("--address", settings.address)):
        if values:
            command += [option, *values]
    return command


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def run(settings: MediaSettings) -> None:
    """Run the workers until SIGTERM or SIGINT. After that, wait until all workers have ended.

    A worker ends when its rooms have moved, at a second signal, or after `KILL_AFTER_S`, whichever comes first.
    """
    host = _Host(settings)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, host.stop)
    async with asyncio.TaskGroup() as group:
        for number in range(settings.workers_wanted):
            group.create_task(host.keep(number))


class _Host:
    def __init__(self, settings: MediaSettings) -> None:
        self._settings = settings
        self._environment = os.environ | {
            SECRET_VARIABLE: settings.token,
            REDIS_VARIABLE: settings.redis,
            CAPTIONS_VARIABLE: settings.captions_token,
        }
        self._children: set[asyncio.subprocess.Process] = set()
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()
        for child in self._children:
            child.terminate()

    async def keep(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        ends: list[float] = []
        while True:
            await until_free(self._settings.ports(number), self._stopped)
            if self._stopped.is_set():
                return
            child = await asyncio.create_subprocess_exec(
                *command_of(self._settings, number),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            self._children.add(child)
            if self._stopped.is_set():
                child.terminate()
            try:
                status = await self._ended(child)
            finally:
                self._children.discard(child)
            if self._stopped.is_set():
                return
            ends = [*ends, loop.time()][-CRASHES:]
            log.error("media worker ended", number=number, status=status)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.2, restart_pause_s(ends, loop.time()))):
                    await self._stopped.wait()

    async def _ended(self, child: asyncio.subprocess.Process) -> int:
        ending = asyncio.create_task(child.wait())
        stopping = asyncio.create_task(self._stopped.wait())
        await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ending.done():
            try:
                async with asyncio.timeout(KILL_AFTER_S):
                    await asyncio.shield(ending)
            except TimeoutError:
                child.kill()
        return await ending
