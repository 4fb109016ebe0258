"""Send pushes to people who do not look at the page.

Staff get a push when a request rings for them, and when their state has become away because they missed a ring. Users get a push
when staff have written, and when a counselor has accepted their request. No conversation waits for a push: background tasks queue
the pushes, at most `MOST_TASKS` at a time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

from signaling.access.identity import IDLE_MS
from signaling.live.clock import Now
from signaling.live.connections import Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.protocol.server_messages import Ring
from signaling.protocol.session_views import Line, PushView
from signaling.push import Sender
from signaling.push.payload import Kind
from signaling.records import Records, RecordsAway
from signaling.records.push import OTHERS, RING, Device, Push

log = structlog.get_logger(__name__)

MOST_TASKS = 1000  # At most this many pushes are being queued at the same time.
ANSWER_LIFE_MS = 24 * 3_600_000  # A push that tells a user of an answer by staff is sent at most this many ms after the answer.
ANSWER_AGAIN_MS = 3_600_000  # While a user stays away, at least this many ms pass between two pushes about answers.
AWAY_LIFE_MS = 3_600_000  # A push that tells a member that their state is "away" is not sent any more after this many ms.
_TOLD_OF = frozenset({"text", "picture", "file"})


class Pushing:
    """Queues pushes about live sessions: to staff about rings, to users about answers and accepted requests."""

    def __init__(self, *, sender: Sender, records: Records, index: Index, hub: Hub, count: Counter[str], now: Now) -> None:
        self._sender = sender
        self._records = records
        self._index = index
        self._hub = hub
        self._count = count
        self._now = now
        self._rung: dict[str, str] = {}  # id of a request's reservation → the member of staff who got a push about it
        self._tasks: set[asyncio.Task[None]] = set()
        sender.gone = self._gone

    @property
    def enabled(self) -> bool:
        """Return whether this server sends pushes."""
        return self._sender.devices.enabled

    async def start(self) -> None:
        """Read from the database, for each user, the number of browsers that want pushes about answers."""
        if self.enabled:
            for session, number in (await self._records.push_sessions()).items():
                if entry := self._index.entries.get(session):
                    entry.devices = number

    async def close(self) -> None:
        """Wait until all tasks that queue pushes have ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def view(self, entry: Entry) -> PushView | None:
        """Return whether the user gets pushes about answers. Return None if this server sends no pushes."""
        return PushView(on=entry.devices > 0) if self.enabled else None

    # --- staff -----------------------------------------------------------------------------------------------------------

    def rings(self, staff: str, ring: Ring) -> None:
        """Tell a member by push that a request rings for them, unless the member is looking at a console."""
        if not self.enabled or any(client.looking for client in self._hub.of_staff(staff)):
            return
        self._rung[ring.reservation] = staff
        self._later(self._ring(staff, ring))

    async def _ring(self, staff: str, ring: Ring) -> None:
        devices = await self._records.devices_of_staff(staff, self._now(), IDLE_MS)
        # no browser of the member accepts pushes, or the ring is already over
        if not devices or ring.reservation not in self._rung:
            self._rung.pop(ring.reservation, None)
            return
        await self._queue(devices, ring.kind, f"ring/{ring.reservation}", {"site": ring.site}, RING, ring.expires_at)

    def ring_over(self, staff: str, reservation: str, state: str, expires_at: int) -> None:
        """Withdraw the notification of a ring (an alert about a request).

        If a ring ends because its time has passed, the browser's service worker (`web/src/worker`) withdraws the notification
        itself.
        """
        if self._rung.pop(reservation, None) is None:
            return
        if state == "expired":
            self._later(self._records.drop_pushes(f"ring/{reservation}"))
        else:
            self._later(self._over(staff, f"ring/{reservation}", expires_at))

    async def _over(self, staff: str, key: str, expires_at: int) -> None:
        devices = await self._records.devices_of_staff(staff, self._now(), IDLE_MS)
        until = max(expires_at, self._now() + 10_000)
        await self._queue(devices, "over", key, {}, RING, until, instead_of=key)

    def away(self, staff: str) -> None:
        """Tell a member who stands by that they get no more requests, because they have missed the alert about a request."""
        self._later(self._away(staff))

    async def _away(self, staff: str) -> None:
        devices = await self._records.devices_of_staff(staff, self._now(), IDLE_MS)
        await self._queue(devices, "away", "away", {}, OTHERS, self._now() + AWAY_LIFE_MS)

    # --- users -----------------------------------------------------------------------------------------------------------

    def answered(self, entry: Entry, line: Line) -> None:
        """Tell the user by a push that staff have answered, at most once in `ANSWER_AGAIN_MS`.

        Do nothing if the user looks at the page.
        """
        if line.role in ("counselor", "professional") and line.audience == "all" and line.kind in _TOLD_OF:
            self._tell(entry, "answered")

    def accepted(self, entry: Entry) -> None:
        """Tell the user by a push that a counselor has accepted their request.

        Do nothing if the user looks at the page, or got a push in the last `ANSWER_AGAIN_MS`.
        """
        if entry.session.state == "active":
            self._tell(entry, "accepted")

    def looked(self, entry: Entry) -> None:
        """Record that a user looks at the page, and delete the queued pushes to this user.

        When the user has left again, the next answer causes a push again.
        """
        if entry.pushed_at:
            entry.pushed_at = 0
            self._later(self._records.drop_pushes(f"session/{entry.id}"))

    def _tell(self, entry: Entry, kind: Kind) -> None:
        here = entry.holders.get(entry.session.user)
        now = self._now()
        if not entry.devices or (here is not None and here.looking) or now - entry.pushed_at < ANSWER_AGAIN_MS:
            return
        entry.pushed_at = now
        self._later(self._answer(entry, kind))

    async def _answer(self, entry: Entry, kind: Kind) -> None:
        devices = await self._records.devices_of_session(entry.id)
        args, key = {"site": entry.site_name("")}, f"session/{entry.id}"
        await self._queue(devices, kind, key, args, OTHERS, self._now() + ANSWER_LIFE_MS, instead_of=key)

    # --- queueing --------------------------------------------------------------------------------------------------------

    async def _queue(
        self,
        devices: Sequence[Device],
        kind: Kind,
        key: str,
        args: dict[str, Any],
        rank: int,
        until: int,
        *,
        instead_of: str = "",
    ) -> None:
        now = self._now()
        pushes = [
            Push(device=each, kind=kind, key=key, args=args, rank=rank, at=now, next_at=now, until=until) for each in devices
        ]
        if pushes and not await self._records.queue_pushes(pushes, instead_of=instead_of):
            self._count["push.full"] += 1
        self._sender.announced.set()

    def _gone(self, push: Push) -> None:
        """Record that one browser of a user does not accept pushes any more."""
        if push.device.session and (entry := self._index.entries.get(push.device.session)):
            entry.devices = max(0, entry.devices - 1)

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        if len(self._tasks) >= MOST_TASKS:
            work.close()
            self._count["push.too_many_tasks"] += 1
            return
        task = asyncio.create_task(self._safely(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _safely(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except RecordsAway:
            self._count["push.not_queued"] += 1
        except Exception:
            log.exception("push not queued")
