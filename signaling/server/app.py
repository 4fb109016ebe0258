"""The server process: it builds and connects all parts, serves requests, and stops the parts in order."""

from __future__ import annotations

import asyncio
import errno
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from matcher.memory import MemoryStore
from matcher.redis import RedisStore
from matcher.types import MatchStore
from media.api.redis_client import redis_client
from signaling.access.codes import Codes, signing_secret
from signaling.access.invites import Invites
from signaling.access.key_addresses import KeyAddresses
from signaling.access.threads import Threads
from signaling.access.turn_credentials import Turn
from signaling.backup import remove_leftovers
from signaling.cluster.checked_store import CheckedStore
from signaling.cluster.node import Node
from signaling.cluster.redis_bus import Bus
from signaling.config.private_files import private_data
from signaling.config.seal import Seal
from signaling.config.secret import derived, media_token
from signaling.config.settings import Bounds, Settings
from signaling.files import Files
from signaling.live import Live
from signaling.live.clock import Now, SteadyClock, ahead_ms, wall_clock_ms
from signaling.live.matcher_sync import never
from signaling.live.translating import Translator
from signaling.mail import Postbox, Sender
from signaling.mail.composing import Composer
from signaling.mail.unsubscribing import Addresses
from signaling.mediaworkers.embedded import Workers
from signaling.mediaworkers.interface import MediaWorkers
from signaling.mediaworkers.remote import Fleet
from signaling.push import Devices
from signaling.push import Sender as PushSender
from signaling.push.posting import Poster as PushPoster
from signaling.recordings import Recordings
from signaling.records import Records
from signaling.records.opening import WAIT_S, opened
from signaling.records.types import Overtaken
from signaling.server import app_keys, demo, garbage_collector, heap, http, signing_in, websocket
from signaling.server.ending import Stop, Stopped
from signaling.server.forwarding import RELAY, Relay
from signaling.server.guarded import Guard, GuardedSite, marks_served
from signaling.server.http.measured import measured
from signaling.server.key_fetching import KeyFetcher
from signaling.server.metrics import metrics_app
from signaling.webhooks import Endpoints
from signaling.webhooks import Sender as WebhookSender
from signaling.webhooks.reach import Reach
from signaling.webhooks.sending import Poster

log = structlog.get_logger(__name__)

# At each listening socket, at most this many new connections wait in the kernel to be accepted. A client beyond this number sends
# its SYN again, 1, 3, 7 and 15 s after its first SYN.
BACKLOG = 4096
SHUTDOWN_S = 1.0  # at shutdown, running requests have at most this many seconds to end; WebSockets are closed before that
MAX_BODY_BYTES = 9 * 1024 * 1024  # enough bytes for a picture of 8 MiB in a multipart body


async def open_records(settings: Settings) -> Records:
    """Prepare the server's folders, and open the database.

    If the database does not answer, try again for at most `WAIT_S` seconds. Raises CannotOpen.
    """
    private_data(settings.data_dir, settings.recordings_dir, settings.files_dir)
    remove_leftovers(settings)
    return await opened(settings.database_url, WAIT_S)


async def build_app(
    settings: Settings, workers: MediaWorkers | None = None, now: Now = wall_clock_ms, records: Records | None = None
) -> web.Application:
    """Build the application and all parts that it uses.

    The application's clean-up stops all parts. `workers`: media workers that were started earlier, if any. `now`: the computer's
    clock, or the clock of a test. If `now` is the computer's clock, the server uses a steady clock for sessions, requests,
    sign-ins, links, mails, webhooks and pushes. A steady clock does not jump when somebody sets the computer's clock. `records`:
    the open database, if `open_records` was called before.
    """
    records = records or await open_records(settings)
    if settings.demo:
        await demo.seed(records, settings)
    recordings, files = Recordings(settings.recordings_dir), Files(settings.files_dir)
    cluster = _Cluster(settings, records) if settings.redis else None
    workers = workers or (cluster.fleet() if cluster else Workers(settings))
    counts: Counter[str] = Counter()
    secret = signing_secret(settings)
    addresses = Addresses(secret)
    steady = SteadyClock() if now is wall_clock_ms else now
    postbox = Postbox(records, addresses, steady, enabled=settings.mail is not None)
    reach = Reach(settings.webhook_allow)
    endpoints = Endpoints(records, Seal(secret), reach, steady)
    push_reach = Reach(settings.push_allow)
    devices = Devices(records, Seal(secret), push_reach, steady, subject=_contact(settings), enabled=settings.push == "on")
    operators = f"{settings.staff_url('operator')}/operator"
    live = Live(
        records=records,
        store=cluster.store if cluster else MemoryStore(holding=True),
        workers=workers,
        recordings=recordings,
        files=files,
        invites=Invites(secret, settings.url, settings.server_name),
        postbox=postbox,
        sender=_sender(settings, records, postbox, counts, steady, now),
        webhooks=WebhookSender(
            records, endpoints, Poster(reach), postbox, page=f"{operators}#settings/webhooks", count=counts, now=steady, wall=now
        ),
        pushes=PushSender(records, devices, PushPoster(push_reach), count=counts, now=steady),
        wallboard=operators,
        turn=Turn.open(settings.turn, settings.turn_secret_file),
        refused=counts,
        forgotten=cluster.bus.forgotten if cluster else never,
        bounds=Bounds(settings.most_waiting, settings.most_lag_ms),
        translator=Translator(settings.translate_url, settings.translate_key_file),
        now=steady,
        wall=now,
    )
    middlewares = [cluster.relay.middleware()] if cluster else []
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=middlewares)
    if cluster:
        app[app_keys.BUS], app[app_keys.NODE], app[RELAY] = cluster.bus, cluster.node, cluster.relay
        app.cleanup_ctx.append(cluster.connected)
    app[app_keys.COUNTS] = counts
    app[app_keys.SETTINGS] = settings
    app[app_keys.RECORDS] = records
    app[app_keys.RECORDINGS], app[app_keys.FILES] = recordings, files
    app[app_keys.REACH] = reach
    app[app_keys.KEY_ADDRESSES] = addresses_of_keys = KeyAddresses(KeyFetcher(reach), steady)
    app[app_keys.CODES], app[app_keys.THREADS] = Codes.open(settings, records, addresses_of_keys), Threads.open(settings)
    app[app_keys.POSTBOX] = postbox
    signing_in.setup(app, steady)
    app[app_keys.LIVE] = live
    app[app_keys.ENDPOINTS] = endpoints
    app[app_keys.PUSH_DEVICES] = devices
    app.middlewares.insert(0, marks_served)
    app.middlewares.insert(0, measured)
    http.setup(app)
    websocket.setup(app)
    app.cleanup_ctx.append(_running)

    async def say_goodbye(app: web.Application) -> None:
        live.say_goodbye()
        if cluster:
            await cluster.goodbye()

    app.on_shutdown.append(say_goodbye)
    return app


def _sender(settings: Settings, records: Records, postbox: Postbox, counts: Counter[str], now: Now, wall: Now) -> Sender | None:
    """Return the sender of mails, or None when no mail server is set up. In a cluster, only the leader's sender sends mails.

    `wall`: the computer's clock, which decides when reminders of booked appointments are sent.
    """
    if settings.mail is None:
        return None
    sender, allowed = settings.mail.sender, settings.mail_from_allow
    composer = Composer(records, postbox.addresses, url=settings.url, sender=sender, allowed=allowed, now=now)
    host, ahead = urlsplit(settings.url).hostname or "localhost", partial(ahead_ms, now, wall)
    return Sender(records, postbox, composer, settings.mail, greets_as=host, count=counts, now=now, ahead=ahead)


def _contact(settings: Settings) -> str:
    """Return the contact of this installation for push services (RFC 8292, 2.1).

    The contact is the from-address of mails. Without a mail server, the contact is the URL of the users' pages, or "" if this URL
    is not HTTPS.
    """
    if settings.mail is not None:
        return f"mailto:{settings.mail.sender}"
    return settings.url if settings.url.startswith("https:") else ""


class _Cluster:
    """The parts that a server has only in a cluster."""

    def __init__(self, settings: Settings, records: Records) -> None:
        self.settings = settings
        self.bus = Bus(settings.redis)
        token, lease_key = derived(settings.secret, "node").hex(), derived(settings.secret, "lease")
        self.node = Node(settings.node_url, self.bus, records, token, lease_key)
        self.relay = Relay(self.node)
        loop = asyncio.get_running_loop()
        records.on_overtaken = lambda: loop.call_soon_threadsafe(self._overtaken)
        self._redis = RedisStore(settings.redis, connect=redis_client)
        self.store: MatchStore = CheckedStore(self._redis, self.node)

    def fleet(self) -> Fleet:
        return Fleet(self.settings.redis, media_token(self.settings.secret), self.node.still_leads)

    async def connected(self, app: web.Application) -> AsyncIterator[None]:
        yield
        await self.node.close()
        await self.relay.close()
        await self._redis.close()
        await self.bus.close()
        await app[app_keys.RECORDS].close()

    def _overtaken(self) -> None:
        """End this server, because the database has refused a write of this server.

        A leader that can reach the database but not Redis learns only from such a refusal that another server leads.
        """
        if not self.node.overtaken.is_set():
            log.error("the records refuse this server's writes: another server leads")
        self.node.overtaken.set()

    async def goodbye(self) -> None:
        self.node.draining = True
        await self.relay.goodbye()


async def _running(app: web.Application) -> AsyncIterator[None]:
    live, records, node = app[app_keys.LIVE], app[app_keys.RECORDS], app.get(app_keys.NODE)
    try:
        if node is None:
            await live.start()
        else:
            node.start(live.start)
        yield
    finally:
        await live.close()
        await app[app_keys.KEY_ADDRESSES].close()
        if node is None:
            await records.close()


async def serve(
    settings: Settings,
    on_ready: Callable[[], None] | None = None,
    workers: MediaWorkers | None = None,
    stop: Stop | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    `stop`: if given, this object already receives these signals. `on_ready`: called when the server begins to accept requests.
    Raises OSError with the address when a port is taken, and CannotOpen when the database cannot be opened. Raises Overtaken
    when another server has become the leader.
    """
    stop = stop or Stop()
    with suppress(Stopped):
        records = await stop.before(open_records(settings))
        try:
            app = await stop.before(build_app(settings, workers, records=records))
            await _serve(app, settings, stop, on_ready)
        finally:
            await records.close()


async def _serve(app: web.Application, settings: Settings, stop: Stop, on_ready: Callable[[], None] | None) -> None:
    proxies = settings.trust_proxy
    guard = Guard(app[app_keys.COUNTS], proxies.include if proxies else lambda address: False)
    runners = [web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)]
    if settings.demo:
        runners.append(web.AppRunner(demo.shop_app(settings), access_log=None, shutdown_timeout=SHUTDOWN_S))
    where = [(host, settings.port) for host in settings.hosts_to_bind]
    places = [where, [(host, settings.shop_port) for host, _ in where]][: len(runners)]
    if settings.metrics is not None:
        runners.append(web.AppRunner(metrics_app(app), access_log=None, shutdown_timeout=SHUTDOWN_S))
        places.append([settings.metrics])
    node = app.get(app_keys.NODE)
    try:
        for runner, addresses in zip(runners, places, strict=True):
            await stop.before(runner.setup())
            for host, port in addresses:
                await _listen(guard, runner, host, port)
        log.info("serving", url=settings.url)
        if on_ready is not None:
            on_ready()
        garbage_collector.settle()
        heap.give_back_large_blocks()
        keeping = [
            asyncio.create_task(garbage_collector.keep(app[app_keys.LIVE].admission.is_calm)),
            asyncio.create_task(guard.watch()),
        ]
        await stop.or_event(node.overtaken if node else None)
        for task in keeping:
            task.cancel()
    finally:
        for runner in reversed(runners):
            await runner.cleanup()
    if node is not None and node.overtaken.is_set():
        raise Overtaken


async def _listen(guard: Guard, runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await GuardedSite(guard, runner, host, port, BACKLOG).start()
    except OSError as error:
        # an address that this computer does not have, such as an IPv6 address, is left out
        if host == "127.0.0.1" or error.errno != errno.EADDRNOTAVAIL:
            raise
        log.info("address not here", host=host)
