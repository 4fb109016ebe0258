"""Measure how fast 100,000 mails and 100,000 pushes go to servers that limit the rate, and how late pushes about rings come then.

    python -m tests.bench drain

A real mail server (aiosmtpd) and a push service on loopback accept only a limited number of mails and pushes each second. A
hundred of the mails belong to a second organisation, and all others to a first one. The figure for these hundred mails shows
whether they wait behind the mails of the first organisation.
"""

from __future__ import annotations

import asyncio
import resource
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from signaling.config.seal import Seal
from signaling.config.settings import MailServer
from signaling.live.clock import wall_clock_ms as now_ms
from signaling.mail import Postbox
from signaling.mail import Sender as MailSender
from signaling.mail.composing import Composer
from signaling.mail.unsubscribing import Addresses
from signaling.push.devices import Address, Devices
from signaling.push.posting import Poster
from signaling.push.sender import Sender as PushSender
from signaling.records import Records, SessionRecord
from signaling.records import tables as t
from signaling.records.push import OTHERS, RING, Device, Push
from signaling.webhooks.reach import Reach
from tests.bench.rows import Row, row
from tests.ports import free_port
from tests.push_service import Browser

QUEUED = 100_000
FEW = 100  # number of mails of the second organisation, which are queued after all others
MAILS_A_S = 50
PUSHES_A_S = 100
MEASURED_S = 30.0
RING_EVERY_S = 0.25
_DAY_MS = 86_400_000


class Limited:
    """Lets a limited number of mails or pushes through each second, in order of arrival."""

    def __init__(self, a_second: float) -> None:
        self._gap_s = 1 / a_second
        self._next = 0.0
        self.taken = 0

    async def turn(self) -> None:
        begun = time.monotonic()
        self._next = max(self._next, begun) + self._gap_s
        await asyncio.sleep(self._next - begun)
        self.taken += 1


class Mails:
    """A mail server that accepts `MAILS_A_S` mails each second. `few`: the mails of the second organisation that have arrived."""

    def __init__(self) -> None:
        self.port, self.limit, self.few = free_port(), Limited(MAILS_A_S), 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        await self.limit.turn()
        self.few += envelope.rcpt_tos[0].startswith("few")
        return "250 OK"


class Pushes:
    """A push service that accepts `PUSHES_A_S` pushes each second.

    The service accepts rings without a limit, as push services do with urgent pushes.
    """

    def __init__(self) -> None:
        self.port, self.limit = free_port(), Limited(PUSHES_A_S)
        self.rings: asyncio.Queue[float] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        await request.read()
        if request.headers["Urgency"] == "high":
            self.rings.put_nowait(time.monotonic())
        else:
            await self.limit.turn()
        return web.Response(status=201)


@asynccontextmanager
async def servers(mails: Mails, pushes: Pushes) -> AsyncIterator[None]:
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(mails, hostname="m.test"), "127.0.0.1", mails.port)
    app = web.Application()
    app.router.add_post("/to/{name}", pushes.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", pushes.port).start()
    try:
        yield
    finally:
        listening.close()
        await runner.cleanup()


async def fill(records: Records, device: Device) -> None:
    """Queue `QUEUED` mails and as many pushes."""
    now = now_ms()
    mails = [
        {
            "id": f"e-{n}", "kind": "webhook_off", "address": f"{who}{n}@example.com",
            "address_hash": str(n), "organisation": who, "args": {"page": "https://x.example", "host": "h"}, "state": "queued",
            "rank": 1, "created_at": now + n, "next_at": 0, "until": now + _DAY_MS, "shared_by": who, "language": "en",
        }
        for n, who in ((n, "many" if n < QUEUED - FEW else "few") for n in range(QUEUED))
    ]  # fmt: skip
    pushes = [
        {
            "device": device.id, "host": device.host, "kind": "answered", "key": f"session/{n}", "args": {"site": "Shop"},
            "rank": OTHERS, "at": now, "next_at": now, "until": now + _DAY_MS,
        }
        for n in range(QUEUED)
    ]  # fmt: skip

    def store(connection: sa.Connection) -> None:
        for table, rows in ((t.mail, mails), (t.push_message, pushes)):
            for begin in range(0, QUEUED, 5_000):
                connection.execute(sa.insert(table), rows[begin : begin + 5_000])

    await records._transaction(store, writes=True)


async def ring(records: Records, sender: PushSender, device: Device, pushes: Pushes) -> float:
    """Send one ring. Return the time in ms until the ring arrived at the push service."""
    now, begun = now_ms(), time.monotonic()
    key = f"ring/{secrets.token_hex(4)}"
    push = Push(device=device, kind="user", key=key, args={"site": "Shop"}, rank=RING, at=now, next_at=now, until=now + 20_000)
    await records.queue_pushes([push])
    sender.announced.set()
    async with asyncio.timeout(20):
        return (await pushes.rings.get() - begun) * 1000


async def measure(folder: Path) -> list[Row]:
    records = await Records.open(f"sqlite+aiosqlite:///{folder}/records.sqlite")
    mails, pushes, count = Mails(), Pushes(), Counter[str]()
    reach = Reach([ip_network("127.0.0.0/8")])
    devices = Devices(records, Seal(b"s" * 32), reach, now_ms, subject="mailto:ops@shop.example")
    await records.create_session(
        SessionRecord(id="s-1", site="shop", category="c", language="en", channel="text", state="asleep", token_hash="t-1")
    )
    said = Browser(f"http://127.0.0.1:{pushes.port}", "phone").subscription()
    device = await devices.add(Address(said["endpoint"], said["p256dh"], said["auth"]), "en", session="s-1")
    assert device is not None
    await fill(records, device)
    postbox = Postbox(records, Addresses(b"s" * 32), now_ms, enabled=True)
    server = MailServer(host="127.0.0.1", port=mails.port, sender="talk@shop.example", tls="none")
    composer = Composer(records, postbox.addresses, url="https://x.example", sender=server.sender, now=now_ms)
    by_mail = MailSender(records, postbox, composer, server, greets_as="x.example", count=count, now=now_ms, ahead=lambda: 0)
    by_push = PushSender(records, devices, Poster(reach), count=count, now=now_ms)
    rings: list[float] = []
    async with servers(mails, pushes):
        tasks = [asyncio.create_task(each.run()) for each in (by_mail, by_push)]
        await asyncio.sleep(3)  # during this time, the first mails and pushes are sent
        memory, taken, begun = _memory_mb(), (mails.limit.taken, pushes.limit.taken), time.monotonic()
        while time.monotonic() - begun < MEASURED_S:
            rings.append(await ring(records, by_push, device, pushes))
            await asyncio.sleep(RING_EVERY_S)
        took = time.monotonic() - begun
        sent = (mails.limit.taken - taken[0]) / took, (pushes.limit.taken - taken[1]) / took
        grown = _memory_mb() - memory
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await records.close()
    return [
        row("drain_mails_of_allowed_percent", "%", [100 * sent[0] / MAILS_A_S]),
        row("drain_pushes_of_allowed_percent", "%", [100 * sent[1] / PUSHES_A_S]),
        row("drain_few_mails_behind_many", "mails", [float(FEW - mails.few)]),
        row("drain_ring_p99_ms", "ms", rings),
        row("drain_memory_grown_mb", "MB", [grown]),
    ]


def _memory_mb() -> float:
    """Return this process's peak memory until now, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rows() -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        yield from asyncio.run(measure(Path(folder)))
