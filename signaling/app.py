"""The one place that knows the whole: builds every part, wires them, serves, and ends them in order."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Callable

import structlog
from aiohttp import web

from matcher.memory import MemoryStore
from signaling import demo, http, keys, ws
from signaling.codes import Codes
from signaling.hearing import MediaWorkers
from signaling.identity import Identity
from signaling.live import Live
from signaling.recordings import Recordings
from signaling.records import Records
from signaling.settings import Settings
from signaling.turn import Turn
from signaling.workers import Workers

log = structlog.get_logger(__name__)

SHUTDOWN_S = 1.0  # for requests still running; WebSockets are told before
MAX_BODY_BYTES = 9 * 1024 * 1024  # a picture of 8 MiB and its frame


async def build_app(settings: Settings, workers: MediaWorkers | None = None) -> web.Application:
    """The application with everything running behind it; its clean-up ends all of it. `workers`: those that have begun
    already. Tests serve it on a free port of `settings.port`."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    records = await Records.open(settings.database_url)
    if settings.demo:
        await demo.seed(records, settings)
    recordings = Recordings(settings.recordings_dir)
    live = Live(records, MemoryStore(), workers or Workers(settings), recordings)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[keys.SETTINGS] = settings
    app[keys.RECORDS] = records
    app[keys.RECORDINGS] = recordings
    app[keys.CODES] = Codes.open(settings, records)
    app[keys.IDENTITY] = Identity(records)
    app[keys.LIVE] = live
    http.setup(app)
    ws.setup(app)
    live.house.turn = Turn.open(settings.turn, settings.turn_secret_file)
    live.house.refused = app[keys.COUNTS]  # one place for all that is refused
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(_say_goodbye)
    return app


async def _running(app: web.Application) -> AsyncIterator[None]:
    live, records = app[keys.LIVE], app[keys.RECORDS]
    try:
        await live.start()
        yield
    finally:
        await live.close()
        await records.close()


async def _say_goodbye(app: web.Application) -> None:
    app[keys.LIVE].say_goodbye()


async def serve(settings: Settings, on_ready: Callable[[], None] | None = None, workers: MediaWorkers | None = None) -> None:
    """Runs until SIGINT or SIGTERM. OSError names the address when a port is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runners = [web.AppRunner(await build_app(settings, workers), access_log=None, shutdown_timeout=SHUTDOWN_S)]
    if settings.demo:
        runners.append(web.AppRunner(demo.shop_app(settings), access_log=None, shutdown_timeout=SHUTDOWN_S))
    try:
        for runner, port in zip(runners, (settings.port, settings.shop_port), strict=False):
            await runner.setup()
            for host in settings.hosts_to_bind:
                await _listen(runner, host, port)
        log.info("serving", url=settings.url)
        if on_ready is not None:
            on_ready()
        await stop.wait()
    finally:
        for runner in reversed(runners):
            await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port, reuse_address=True).start()
    except OSError as error:
        if host == "127.0.0.1" or error.errno != errno.EADDRNOTAVAIL:  # a machine without IPv6 serves IPv4 alone
            raise
        log.info("address not here", host=host)
