"""Servers for tests, forked from one process that has loaded all modules, because loading takes a second of processor time.

A fork is called with arguments and does what the command `sangdam` does with these arguments. `python -m tests.browser.forks`
starts the process from which servers are forked. That process reads lines from its standard input. Each line is a JSON array:
[path of the log, arguments]. For each line, the process forks a server and writes the fork's process id to its standard output.

The signal `SKIP` moves a forked server's clock forward. So a test does not need to wait for the server's timeouts, such as the
20 s after which a ring ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

    from signaling.config.settings import Settings
    from signaling.mediaworkers.interface import MediaWorkers
    from signaling.records import Records

    Build = Callable[..., Awaitable[web.Application]]

PR_SET_PDEATHSIG = 1
# This is a real-time signal, so that two signals sent at once skip twice: the kernel merges pending signals of other kinds.
SKIP = signal.SIGRTMIN
SHOW = signal.SIGUSR2  # On this signal, a forked server writes to its log what each thread and each task waits for.
SKIP_S = 20.0  # A signal `SKIP` moves the server's clock forward by this many seconds.


class Fork:
    """A forked server. Has the attributes of `asyncio.subprocess.Process` that tests use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        # 0 after the process has ended, because only the parent process gets the real exit status
        self.returncode: int | None = None
        self._handle = os.pidfd_open(pid)
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._handle, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        self.returncode = 0
        self._ended.set()

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> None:
        await self._ended.wait()


def fork(log: Path, arguments: list[str]) -> Fork:
    """Run `sangdam` with these arguments. The server's output is appended to `log`. The server ends when this process ends."""
    if _origin().poll() is not None:  # the process that makes the forks has ended, so start another one
        _origin.cache_clear()
    origin = _origin()
    assert origin.stdin is not None
    assert origin.stdout is not None
    origin.stdin.write(json.dumps([str(log), arguments]).encode() + b"\n")
    origin.stdin.flush()
    return Fork(int(origin.stdout.readline()))


@cache
def _origin() -> subprocess.Popen[bytes]:
    """Start the process from which servers are forked, and return it.

    That process ends with the present process, because the present process holds the other end of its standard input.
    """
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", __name__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )


def serve_forks() -> None:
    """Fork a server for each line of standard input, and write the process id of each to standard output."""
    gc.disable()
    from signaling.cli.main import main
    from signaling.server import app as server

    server.build_app = with_clock(server.build_app)
    gc.freeze()  # the garbage collector then changes nothing in these objects, so a fork does not need a copy of their memory
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel removes forks that have ended
    own = os.getpid()
    for line in sys.stdin.buffer:
        log, arguments = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_server(log, own)
            main(arguments, prog_name="sangdam")
        print(pid, flush=True)


def with_clock(build_app: Build) -> Build:
    """Return `build_app` with a clock that `SKIP` moves forward."""
    from signaling.server.app_keys import LIVE
    from tests.clock import Clock, wake

    clock = Clock()

    async def build(settings: Settings, workers: MediaWorkers, *, records: Records | None = None) -> web.Application:
        app = await build_app(settings, workers, clock, records)

        def skip() -> None:
            clock.skip(SKIP_S)
            wake(app[LIVE])

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(SKIP, skip)
        loop.add_signal_handler(SHOW, _show_tasks)
        # on the signal SHOW, this handler writes the stack of each thread, and then calls `_show_tasks`
        faulthandler.register(SHOW, chain=True)
        return app

    return build


def _show_tasks() -> None:
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)


def _become_server(log: str, parent: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the tests have ended")
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    serve_forks()
