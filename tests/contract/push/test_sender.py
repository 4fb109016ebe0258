"""Pushes go from the database (SQLite or PostgreSQL) to a real push service.

In some tests, the push service is gone, busy or broken, or does not answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from signaling.config.seal import Seal
from signaling.live.clock import wall_clock_ms
from signaling.push import Devices, Sender, posting
from signaling.push.devices import Address
from signaling.push.posting import Poster
from signaling.records import Records
from signaling.records.push import RING, Device, Push
from signaling.webhooks.reach import Reach
from tests import PATIENCE_S
from tests.push_service import PushService, running_push_service

SECRET = b"s" * 32


class House:
    """Subscribed browsers and the push senders of servers, with a real database."""

    def __init__(self, records: Records, service: PushService) -> None:
        self.records, self.service = records, service
        self.ahead_ms = 0
        self.count: Counter[str] = Counter()
        self.reach = Reach([ip_network("127.0.0.0/8")])

    def now(self) -> int:
        return wall_clock_ms() + self.ahead_ms

    def devices(self, secret: bytes = SECRET) -> Devices:
        return Devices(self.records, Seal(secret), self.reach, self.now, subject="mailto:ops@shop.example")

    async def device(self, name: str, session: str = "s-0") -> Device:
        said = self.service.browser(name).subscription()
        added = await self.devices().add(Address(said["endpoint"], said["p256dh"], said["auth"]), "en", session=session)
        assert added is not None
        return added

    async def queue(self, device: Device, *, kind: str = "answered", rank: int = 1, lasts_s: int = 86_400) -> None:
        now = self.now()
        push = Push(
            device=device, kind=kind, key=f"session/{device.id}", args={"site": "Shop"}, rank=rank, at=now, next_at=now,
            until=now + lasts_s * 1000,
        )  # fmt: skip
        assert await self.records.queue_pushes([push])

    @asynccontextmanager
    async def sending(self, **options: Any) -> AsyncIterator[Sender]:
        sender = Sender(self.records, self.devices(), Poster(options.get("reach", self.reach)), count=self.count, now=self.now)
        task = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def counted(self, what: str, least: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.count[what] < least:
                await asyncio.sleep(0.02)


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with running_push_service() as running:
        yield running


@pytest.fixture
async def house(records: Records, service: PushService) -> House:
    return House(records, service)


@pytest.mark.parametrize("status", [404, 410])
async def test_browser_that_is_gone_is_forgotten(house: House, status: int) -> None:
    gone, other = await house.device("gone"), await house.device("other")
    house.service.answers["gone"] = [status]
    for device in (gone, gone, other):
        await house.queue(device)
    async with house.sending():
        await house.service.one("other", "answered")
        await house.counted("push.gone")
    assert [each.id for each in await house.records.devices_of_session("s-0")] == [other.id]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_busy_push_service_is_asked_again_later(house: House, status: int) -> None:
    device = await house.device("phone")
    house.service.answers["phone"] = [status]
    house.service.retry_after = "40" if status == 429 else ""
    await house.queue(device)
    async with house.sending() as sender:
        await house.counted("push.failed")
        tries = house.service.tries
        house.ahead_ms += 30_000 if status == 429 else 1_000
        sender.announced.set()
        await asyncio.sleep(0.3)
        assert house.service.tries == tries, "not before the time that was asked for"
        house.ahead_ms += 20_000
        sender.announced.set()
        assert (await house.service.one("phone", "answered")).headers["TTL"] <= "86400"


async def test_refused_push_is_given_up_and_the_browser_stays(house: House) -> None:
    device = await house.device("phone")
    house.service.answers["phone"] = [403, 413, 301, 307]
    for _ in range(5):
        await house.queue(device)
    async with house.sending():
        await house.service.one("phone", "answered")
        async with asyncio.timeout(PATIENCE_S):
            while await house.records.next_push_at() is not None:
                await asyncio.sleep(0.02)
    assert house.service.tries == 5, "no push follows a redirect"
    assert len(await house.records.devices_of_session("s-0")) == 1


async def test_hanging_push_service_delays_no_ring_of_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_S", 8.0)
    async with running_push_service() as other:
        slow = [await house.device(f"slow-{n}") for n in range(10)]
        for device in slow:
            house.service.answers[device.id] = []
        for n in range(10):
            house.service.answers[f"slow-{n}"] = [0] * 5
        for device in slow * 4:
            await house.queue(device, rank=RING, kind="user", lasts_s=20)
        quick = House(house.records, other)
        ring = await quick.device("quick", "s-1")
        async with house.sending():
            async with asyncio.timeout(PATIENCE_S):
                while house.service.tries < posting.PLACES_A_HOST:
                    await asyncio.sleep(0.02)
            begun = asyncio.get_running_loop().time()
            await house.queue(ring, rank=RING, kind="user", lasts_s=20)
            await other.one("quick", "user")
            assert asyncio.get_running_loop().time() - begun < 7.5, "before the first timeout"


async def test_long_queue_of_one_push_service_does_not_delay_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.push.sender.PLACES", 1)
    async with running_push_service() as other:
        phones = [(await each.device("phone", f"s-{n}"), each) for n, each in enumerate([house, House(house.records, other)])]
        (crowded, first), (quiet, second) = sorted(phones, key=lambda each: each[0].host)
        assert crowded.host != quiet.host
        for _ in range(30):
            await first.queue(crowded)
        await second.queue(quiet)
        async with house.sending():
            await second.service.until(lambda came: len(came) == 1)
            assert first.service.tries < 10
            await first.service.until(lambda came: len(came) == 30)


async def test_late_ring_and_withdrawn_push_are_not_sent(house: House) -> None:
    device = await house.device("phone")
    await house.queue(device, rank=RING, kind="user", lasts_s=20)
    house.ahead_ms += 21_000
    await house.queue(device)
    await house.records.drop_pushes(f"session/{device.id}")
    other = await house.device("other")
    await house.queue(other)
    async with house.sending():
        await house.service.one("other", "answered")
    assert house.service.kinds("phone") == []


async def test_private_address_is_reached_only_where_the_operator_allows_it(house: House) -> None:
    device = await house.device("phone")
    await house.queue(device)
    async with house.sending(reach=Reach()):
        await house.counted("push.failed")
    assert house.service.tries == 0


async def test_key_is_made_once_and_replaced_only_when_it_cannot_be_opened(house: House) -> None:
    several = await asyncio.gather(*(house.devices().vapid() for _ in range(5)))
    assert len({each.public for each in several}) == 1
    device = await house.device("phone")
    sealed = await house.records.push_key()
    assert several[0].public not in sealed
    assert house.service.browser("phone").endpoint not in device.sealed, "sealed"
    fresh = await house.devices(b"t" * 32).vapid()
    assert fresh.public != several[0].public
    assert await house.records.devices_of_session("s-0") == [], "they trust the former key"


async def test_many_pushes_drain_and_a_full_outbox_refuses(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    device = await house.device("phone")
    for _ in range(100):
        await house.queue(device)
    async with house.sending():
        await house.service.until(lambda came: len(came) == 100)
        async with asyncio.timeout(PATIENCE_S):
            while await house.records.next_push_at() is not None:
                await asyncio.sleep(0.02)
    monkeypatch.setattr("signaling.records.push.MOST_QUEUED", 2)
    await house.queue(device)
    await house.queue(device)
    with pytest.raises(AssertionError):
        await house.queue(device)
