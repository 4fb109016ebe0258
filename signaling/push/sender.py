"""Send the pushes of the outbox. In a cluster, only the leading server runs this.

Pushes about rings (a user waits for this member of staff) and other pushes have separate limits, so other pushes do not delay a
push about a ring. Each push service gets a limited number of pushes at a time, and is paused after failures. So a push service
that hangs does not delay pushes to other services. Just before sending a push, the sender checks whether the person may still get
it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import structlog

from signaling.access.identity import IDLE_MS
from signaling.config.seal import Unsealable
from signaling.records import Records, RecordsAway
from signaling.records.push import RING, Push
from signaling.webhooks.sending import Outcome

from .devices import Devices
from .encryption import encrypted, unbase64
from .payload import Kind, payload
from .posting import PLACES_A_HOST, Poster

log = structlog.get_logger(__name__)

PLACES = 16  # at most this many pushes about waiting people, and at most this many others, are sent at the same time
LOOK_S = 1.0  # at most this many seconds pass between two searches of the outbox for due pushes
AWAY_S = 2.0  # seconds of pause while the database is unavailable
LEASE_MS = 30_000  # for this many ms, no other task sends a push that one task sends; a try never takes longer
RING_LATER_S = (1, 2, 4)  # seconds between tries of a push about somebody who waits; the last repeats until the ring is over
LATER_S = (5, 30, 120, 600, 1800)  # seconds until the next try of a push that is not about a ring; the last one repeats
TROUBLED = 3  # number of failures in a row after which a push service is paused
# Seconds for which a push service is paused: the first value after `TROUBLED` failures in a row, the next value after each
# further failure. The last value repeats.
PAUSES_S = (1, 5, 15, 60)
_GONE = frozenset({404, 410})  # HTTP status: the browser takes no more pushes (RFC 8030, 7.3)
_NEVER = frozenset({400, 401, 403, 413})  # HTTP status codes that mean: the push service will never take this push


class _Service:
    """A push service.

    `taken`: how many pushes are being sent to the service (True: pushes about waiting people, False: other pushes).
    `until`: when the service's pause ends (Unix ms).
    """

    def __init__(self) -> None:
        self.taken = {True: 0, False: 0}
        self.failures = 0
        self.until = 0


class Sender:
    """Sends the pushes in the outbox. `gone`: called with a push whose browser accepts no pushes any more."""

    def __init__(
        self, records: Records, devices: Devices, poster: Poster, *, count: Counter[str], now: Callable[[], int]
    ) -> None:
        self.devices = devices
        self.announced = asyncio.Event()  # set when the outbox should be searched at once
        self.gone: Callable[[Push], None] = lambda push: None
        self._records = records
        self._poster = poster
        self._count = count
        self._now = now
        self._services: dict[str, _Service] = {}
        self._under_way: set[int] = set()
        # how many more pushes may be sent at present: True → pushes about people who wait, False → other pushes
        self._free = {True: PLACES, False: PLACES}
        # push service of the push that was taken from the outbox last; the next search begins with the service after that one
        self._last_turn = {True: "", False: ""}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send pushes until cancelled."""
        try:
            while True:
                try:
                    self.announced.clear()
                    ring_at, push_at = await self._records.next_pushes_at()
                    for rings, at in ((True, ring_at), (False, push_at)):
                        if at is not None and at <= self._now():
                            await self._look(rings=rings)
                    await self._rest()
                except RecordsAway:
                    await asyncio.sleep(AWAY_S)
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._poster.close()

    async def _rest(self) -> None:
        at = await self._records.next_push_at()
        left_s = 0.0 if at is None else (at - self._now()) / 1000
        wait_s = min(LOOK_S, left_s) if left_s > 0 else LOOK_S  # a due push that no task has taken must wait for a limit
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self.announced.wait()

    async def _look(self, *, rings: bool) -> None:
        """Start a task for each due push that the limits allow. `rings`: only pushes about waiting people; False: only others."""
        now = self._now()
        if self._free[rings] <= 0:
            return
        self._services = {host: each for host, each in self._services.items() if any(each.taken.values()) or each.failures}
        room = {host: 0 if each.until > now else PLACES_A_HOST - each.taken[rings] for host, each in self._services.items()}
        found = await self._records.claim_pushes(
            now,
            self._free[rings],
            LEASE_MS,
            lambda host: room.get(host, PLACES_A_HOST),
            rings=rings,
            after=self._last_turn[rings],
        )
        if found:
            self._last_turn[rings] = found[-1].device.host
        for push in found:
            service = self._services.setdefault(push.device.host, _Service())
            if push.n in self._under_way:
                continue
            self._under_way.add(push.n)
            self._free[rings] -= 1
            service.taken[rings] += 1
            task = asyncio.create_task(self._safely(push, service, rings=rings))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _safely(self, push: Push, service: _Service, *, rings: bool) -> None:
        try:
            await self._try(push, service)
        except RecordsAway:
            # the result was not stored, so the push is sent again after `LEASE_MS`; then the browser replaces the notification,
            # because the tag is the same
            self._count["push.not_stored"] += 1
        except Exception:
            log.exception("push failed", kind=push.kind)
        finally:
            self._under_way.discard(push.n)
            self._free[rings] += 1
            service.taken[rings] -= 1
            # A search for due pushes costs more than sending one push. So after a push that is not about waiting people, the next
            # search waits until at most `PLACES_A_HOST` / 2 pushes to this service are being sent. It comes at once if all
            # `PLACES` were in use.
            if rings or service.taken[False] <= PLACES_A_HOST // 2 or self._free[False] == 1:
                self.announced.set()

    async def _try(self, push: Push, service: _Service) -> None:
        now = self._now()
        if now >= push.until or not await self._records.push_allowed(push, now, IDLE_MS):
            await self._records.push_done(push.n)
            return
        try:
            address = self.devices.address(push.device)
            kind: Kind = push.kind  # type: ignore[assignment]  # only `Pushing` writes kinds
            content = payload(kind, push.key, push.args, push.device.language, push.device.id, push.until - now)
            body = encrypted(content, unbase64(address.p256dh), unbase64(address.auth))
        except (Unsealable, ValueError):
            await self._gone(push)
            return
        vapid = await self.devices.vapid()
        headers = {
            "Authorization": vapid.header(address.origin, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(0, (push.until - now) // 1000)),
            "Urgency": "high" if push.rank == RING else "normal",
            "Topic": topic(push.key),
        }
        await self._judge(push, service, await self._poster.post(address.endpoint, headers, body))

    async def _judge(self, push: Push, service: _Service, outcome: Outcome) -> None:
        if outcome.well:
            service.failures = 0
            self._count["push.sent"] += 1
            await self._records.push_done(push.n)
            return
        if outcome.status in _GONE:
            await self._gone(push)
        elif outcome.status in _NEVER or outcome.why in ("redirect", "forbidden_address"):
            log.warning("push refused", host=push.device.host, status=outcome.status, why=outcome.why)
            await self._records.push_done(push.n)
        else:
            await self._later(push, service, outcome)
        self._count["push.failed"] += 1

    async def _gone(self, push: Push) -> None:
        await self._records.remove_device(push.device.id)
        self._count["push.gone"] += 1
        self.gone(push)

    async def _later(self, push: Push, service: _Service, outcome: Outcome) -> None:
        now = self._now()
        service.failures += 1
        if service.failures >= TROUBLED or outcome.retry_after_s:
            step = max(0, service.failures - TROUBLED)
            pause_s = max(PAUSES_S[min(step, len(PAUSES_S) - 1)], outcome.retry_after_s)
            service.until = max(service.until, now + pause_s * 1000)
        waits = RING_LATER_S if push.rank == RING else LATER_S
        wait_s = max(waits[min(push.tries, len(waits) - 1)], outcome.retry_after_s)
        await self._records.push_waits(push.n, now + wait_s * 1000)


def topic(key: str) -> str:
    """Return the topic of a push from its key. A later push replaces an undelivered push of the same topic (RFC 8030, 5.4)."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
