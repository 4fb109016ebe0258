"""Command line and lifetime of one media worker (`python -m media`)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import functools
import gc
import logging
import os
import signal
import sys
from pathlib import Path

import structlog
import uvloop
from aiohttp import web

from media.api.cancellation import keep_cancellations
from media.transport.fastpath import Fastpath
from media.transport.selector import new_event_loop
from media.transport.udp import local_addresses
from media.worker import http_api
from media.worker.worker import Where, Worker, find_fastpath

log = structlog.get_logger("media")

PR_SET_PDEATHSIG = 1
SHUTDOWN_S = 0.5  # When the worker stops, open HTTP requests get at most this many seconds to finish.
# Seconds between two checks that the parent process is alive. On Linux, the kernel ends this process together with its parent.
PARENT_CHECK_S = 0.5
DRAIN_S = 15.0  # Wait at most this many seconds until all rooms have moved to other workers. Normally this takes 2 s.
DRAIN_CHECK_S = 0.1  # Seconds between two checks for remaining rooms.


def arguments(given: list[str]) -> argparse.Namespace:
    """Parse the command line. Exit with a usage error when options contradict each other."""
    parser = argparse.ArgumentParser(
        prog="python -m media",
        description="Run a media worker, which relays and mixes the media of its rooms and keeps their boards.",
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", type=Path, help="serve commands on this Unix socket")
    where.add_argument("--listen", metavar="HOST:PORT", help="serve commands on TCP (needs --secret-env)")
    parser.add_argument("--secret-env", metavar="VAR", help="environment variable that holds the secret that commands must carry")
    parser.add_argument(
        "--redis-env",
        metavar="VAR",
        help="environment variable that holds the URL of the Redis where the worker announces itself",
    )
    parser.add_argument("--url", default="", help="URL under which the service reaches this worker (announced in Redis)")
    parser.add_argument("--name", default="", help="name in events and logs (default: the process id)")
    parser.add_argument("--udp-port", type=int, default=0, help="UDP port for media (0: any free port)")
    parser.add_argument(
        "--address", nargs="+", default=[], help="local addresses to bind (default: all addresses of this machine)"
    )
    parser.add_argument("--loopback", action="store_true", help="also bind 127.0.0.1 and ::1")
    parser.add_argument("--announce", nargs="+", default=[], help="public addresses that reach this worker on the same port")
    parser.add_argument("--recordings", type=Path, help="folder for recordings (default: the worker records nothing)")
    parser.add_argument("--captions", default="", metavar="URL", help="URL of the captions process (needs --captions-env)")
    parser.add_argument("--captions-env", metavar="VAR", help="environment variable that holds the captions process's token")
    parser.add_argument("--region", default="", help="name of the region of this machine, which servers compare with the user's")
    parser.add_argument("--parent", type=int, default=0, metavar="PID", help="end when this parent process ends")
    found = parser.parse_args(given)
    if found.listen and not (found.secret_env and os.environ.get(found.secret_env)):
        parser.error("--listen needs --secret-env, and its variable must be set")
    if found.redis_env and not (found.listen and found.url and os.environ.get(found.redis_env)):
        parser.error("--redis-env needs --listen and --url, and its variable must be set")
    if found.captions and not (found.captions_env and os.environ.get(found.captions_env)):
        parser.error("--captions needs --captions-env, and its variable must be set")
    return found


def die_with(parent: int) -> bool:
    """Have the kernel kill this process (SIGKILL) when the parent dies. Return False if the kernel cannot do so (not Linux).

    Exit at once when the parent is dead already.
    """
    told = sys.platform == "linux" and bool(ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)
    if os.getppid() != parent:
        sys.exit("the parent process is gone")
    return told


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING)
    # aiortc's warnings are tracebacks caused by what a browser sent. The worker's own events say why a peer ended.
    logging.getLogger("aiortc").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


async def serve(options: argparse.Namespace, fastpath: Fastpath | None, watched: int) -> None:
    """Run the worker until SIGTERM, SIGINT or the parent's death. Then close everything, within 3.5 s.

    After a signal, a worker that is announced in Redis first waits, at most `DRAIN_S`, until its rooms have moved to other
    workers. Any other worker waits only after SIGTERM, not after SIGINT, and only if it has a parent and somebody reads its
    events. A second signal ends the wait.

    The 3.5 s are the limits for the recorder (2 s), for the peers (`CLOSE_S`) and for HTTP requests (`SHUTDOWN_S`) together.
    `watched`: process id of the parent, or 0, as for `_until`.
    """
    addresses = options.address or local_addresses(options.loopback)
    captions = (options.captions, os.environ[options.captions_env]) if options.captions else None
    where = Where(addresses, options.announce, options.udp_port, options.recordings, captions, options.region)
    worker = Worker(options.name or str(os.getpid()), where, fastpath)
    secret = os.environ[options.secret_env] if options.secret_env else ""
    runner = web.AppRunner(http_api.build(worker, secret), access_log=None, shutdown_timeout=SHUTDOWN_S)
    stop, at_once = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (at_once if stop.is_set() else stop).set()

    def interrupted() -> None:
        told()
        if not options.redis_env:  # a worker that was announced in Redis drains on Ctrl-C too; any other worker ends at once
            told()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, told)
    loop.add_signal_handler(signal.SIGINT, interrupted)
    await worker.open()
    try:
        await runner.setup()
        await _site(runner, options).start()
        _settle_memory()
        log.info("worker_ready", worker=worker.name, udp=[f"{address} {port}" for address, port in worker.udp])
        if options.redis_env:
            from media.worker.announce import Announcer  # imported here because only a cluster's workers need Redis

            async with Announcer(worker, os.environ[options.redis_env], options.url, secret) as announcer:
                await _until(stop, watched)
                worker.drain()
                announcer.wake()
                await _emptied(worker, at_once, options.parent)
        else:
            await _until(stop, watched)
            worker.drain()
            if options.parent and worker.hub.heard:
                await _emptied(worker, at_once, options.parent)
    finally:
        await worker.close()
        await runner.cleanup()
        if options.socket:
            options.socket.unlink(missing_ok=True)


def _settle_memory() -> None:
    """Exclude all objects that exist now from garbage collection, and turn garbage collection on again.

    `media/__main__.py` has turned garbage collection off. If the objects were not excluded, a full collection would go through
    87,000 objects and delay a tick by 250 ms (measured on a busy machine). With fewer objects, Python also runs full collections
    more often. Only full collections free ended connections, which are reference cycles with 10 KiB of native memory each.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # the number of objects that this collection leaves decides when the next full collection comes
    gc.enable()


def _site(runner: web.AppRunner, options: argparse.Namespace) -> web.BaseSite:
    if options.socket:
        options.socket.unlink(missing_ok=True)
        return web.UnixSite(runner, str(options.socket))
    host, _, port = options.listen.rpartition(":")
    return web.TCPSite(runner, host.strip("[]"), int(port))


async def _until(stop: asyncio.Event, parent: int) -> None:
    """Wait until `stop` is set or `parent` is no longer our parent.

    `parent` is 0 when there is no parent to watch, or when the kernel kills us as soon as the parent dies.
    """
    if not parent:
        await stop.wait()
    while not stop.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PARENT_CHECK_S):
                await stop.wait()


async def _emptied(worker: Worker, stop: asyncio.Event, parent: int) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while worker.rooms and not stop.is_set() and (not parent or os.getppid() == parent):  # noqa: ASYNC110  # no event tells of a parent's death
                await asyncio.sleep(DRAIN_CHECK_S)


def main() -> None:
    """Run one worker from the command line. Exit with a message when no address or port can be bound."""
    options = arguments(sys.argv[1:])
    keep_cancellations()
    watched = options.parent if options.parent and not die_with(options.parent) else 0
    _log_to_stderr()
    os.umask(0o077)  # only processes of the same user can send this worker commands and read its files
    fastpath = find_fastpath()
    loop_factory = uvloop.new_event_loop if fastpath is None else functools.partial(new_event_loop, fastpath)
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(serve(options, fastpath, watched))
    except OSError as error:
        sys.exit(f"media worker: {error}")
