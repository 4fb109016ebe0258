"""`python -m media`: one media worker."""

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
from media.worker.announce import Announcer
from media.worker.worker import Where, Worker, find_fastpath

log = structlog.get_logger("media")

PR_SET_PDEATHSIG = 1
SHUTDOWN_S = 0.5
PARENT_CHECK_S = 0.5
DRAIN_S = 15.0  # rooms move within a second or two; what is left then is of nobody who still looks
DRAIN_CHECK_S = 0.1


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m media", description="A media worker: packets, mixer and board of its rooms.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", type=Path, help="serve commands on this Unix socket")
    where.add_argument("--listen", metavar="HOST:PORT", help="serve commands on TCP (needs --secret-env)")
    parser.add_argument("--secret-env", metavar="VAR", help="environment variable with the secret that commands must carry")
    parser.add_argument("--redis-env", metavar="VAR", help="environment variable with the URL of the Redis to be announced in")
    parser.add_argument("--url", default="", help="where the service reaches this worker; announced in Redis")
    parser.add_argument("--name", default="", help="name in events and logs (default: the process id)")
    parser.add_argument("--udp-port", type=int, default=0, help="UDP port for media; 0: any that is free")
    parser.add_argument("--address", nargs="+", default=[], help="local addresses to bind (default: this machine's own)")
    parser.add_argument("--loopback", action="store_true", help="bind 127.0.0.1 and ::1 as well")
    parser.add_argument("--announce", nargs="+", default=[], help="public addresses that lead here, port unchanged")
    parser.add_argument("--recordings", type=Path, help="folder where recordings are written (default: none are made)")
    parser.add_argument("--parent", type=int, default=0, metavar="PID", help="die with this parent process")
    found = parser.parse_args(given)
    if found.listen and not (found.secret_env and os.environ.get(found.secret_env)):
        parser.error("--listen needs --secret-env with a variable that is set")
    if found.redis_env and not (found.listen and found.url and os.environ.get(found.redis_env)):
        parser.error("--redis-env needs a variable that is set, --listen and --url")
    return found


def die_with(parent: int) -> bool:
    """SIGKILL when the parent dies (Linux); exits at once when it is dead already. False: the kernel does not do it."""
    told = sys.platform == "linux" and bool(ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)
    if os.getppid() != parent:
        sys.exit("the parent process is gone")
    return told


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING)
    # its warnings are tracebacks of what a client sent; the peer that ends says why in an event
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
    """Runs until SIGTERM, SIGINT or the parent's death; everything is closed within 2 s. On SIGTERM a worker that is announced,
    or whose parent reads its events, lets its rooms move first, unless a second signal comes. watched: as in `_until`."""
    addresses = options.address or local_addresses(options.loopback)
    where = Where(addresses, options.announce, options.udp_port, options.recordings)
    worker = Worker(options.name or str(os.getpid()), where, fastpath)
    secret = os.environ[options.secret_env] if options.secret_env else ""
    runner = web.AppRunner(http_api.build(worker, secret), access_log=None, shutdown_timeout=SHUTDOWN_S)
    stop, at_once = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (at_once if stop.is_set() else stop).set()

    def interrupted() -> None:
        told()
        if not options.redis_env:  # announced workers have a host that knows what it asks for
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
    """What is loaded by now stays: the collector need not look at it again. Its full rounds then come in time to free connections
    that have ended (they are circles, with 10 KiB of native memory each), and no tick waits for it to go through 87,000 objects
    (250 ms on a busy machine)."""
    gc.collect()
    gc.freeze()
    gc.collect()  # by what this finds the collector tells when the next full round is due


def _site(runner: web.AppRunner, options: argparse.Namespace) -> web.BaseSite:
    if options.socket:
        options.socket.unlink(missing_ok=True)
        return web.UnixSite(runner, str(options.socket))
    host, _, port = options.listen.rpartition(":")
    return web.TCPSite(runner, host.strip("[]"), int(port))


async def _until(stop: asyncio.Event, parent: int) -> None:
    """Until `stop` is set, or `parent` is our parent no longer. 0: there is none, or the kernel ends us with it."""
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
                await asyncio.sleep(DRAIN_CHECK_S)  # the parent's death has no event


def main() -> None:
    options = arguments(sys.argv[1:])
    keep_cancellations()
    watched = options.parent if options.parent and not die_with(options.parent) else 0
    _log_to_stderr()
    os.umask(0o077)  # only our own user may command this worker, and read what it writes
    fastpath = find_fastpath()
    loop_factory = uvloop.new_event_loop if fastpath is None else functools.partial(new_event_loop, fastpath)
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(serve(options, fastpath, watched))
    except OSError as error:
        sys.exit(f"media worker: {error}")


if __name__ == "__main__":
    main()
