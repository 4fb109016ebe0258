"""A server as a member of a cluster. One server is the leader, and the other servers forward requests to the leader.

When the leader dies, another server becomes the leader.

The lease in Redis names the leader. Another server takes the lease only when the leader does not answer any more. So the leader
stays the same when Redis is emptied or unavailable. The *term*, a number in the database, makes sure that only one server leads.
A new leader raises the term. From then on, every write of the old leader to the database is refused. A server that finds out that
it is no longer the leader ends itself, and its supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Literal

import aiohttp
import structlog

from matcher.types import Unavailable
from signaling.cluster.lease import NOBODY, Doubt, Leader, Lease
from signaling.cluster.lease import read as read_lease
from signaling.cluster.lease import sign as sign_lease
from signaling.cluster.redis_bus import LEASE_MS, Bus
from signaling.records import Records, RecordsAway

log = structlog.get_logger(__name__)

LOOK_S = 0.2  # Seconds between two reads of the leader's lease in Redis, while another server leads.
RENEW_S = 0.3  # Seconds between two renewals of the lease by the leader.
PROBE_S = 0.7  # Seconds within which the leader must confirm to another server that it still leads.
FAULT_PAUSE_S = 0.5  # Seconds until the next read of the leader's lease after Redis was unavailable.
HOLD_TRIES = 3  # This server tries at most this many times to write its lease over another text in Redis.
LEADING_PATH = "/cluster/leading"
TOKEN_HEADER = "X-Sangdam-Node"  # noqa: S105  # the name of a header, not a secret
ADDRESS_HEADER = "X-Sangdam-Address"


class Node:
    """This server as a member of the cluster. `leader`: the server that leads now, or NOBODY.

    `leads`: whether this server leads.
    """

    def __init__(self, url: str, bus: Bus, records: Records, token: str, lease_key: bytes) -> None:
        """Make a member of the cluster, which at first does not lead.

        `url`: where the other servers reach this server. `token`: authenticates servers to each other. `lease_key`: signs leases.
        """
        self.me = Leader(id=secrets.token_hex(6), url=url)
        self.token = token
        self.leader = NOBODY
        self.leads = False
        self.draining = False
        self.overtaken = asyncio.Event()
        self.changed = asyncio.Condition()  # this condition is notified when `leader` has changed
        self._said = ""
        self._lease_key = lease_key
        self._term = 0
        self._doubted = False
        self._bus = bus
        self._records = records
        self._held_until_s = 0.0
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PROBE_S))
        self._task: asyncio.Task[None] | None = None

    def start(self, take_over: Callable[[], Awaitable[None]]) -> None:
        """Start as a candidate for the lead. `take_over` is awaited once, when this server becomes the leader."""
        self._task = asyncio.create_task(self._run(take_over))

    async def close(self) -> None:
        """Leave the cluster.

        If this server leads, delete the lease. Otherwise the next leader would have to wait until the lease expires.
        """
        self.draining = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.leads:
            try:
                await self._bus.leave_lead(self._said)
            except Unavailable:
                log.warning("lease not given back: it will expire")
        await self._http.close()

    def is_node(self, token: str) -> bool:
        """Return whether `token`, from a request, is the token by which the cluster's servers know each other."""
        return hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self.token.encode())

    async def someone_leads(self, timeout_s: float) -> bool:
        """Wait until some server of the cluster leads. Return False after `timeout_s` seconds without a leader."""
        try:
            async with asyncio.timeout(timeout_s), self.changed:
                await self.changed.wait_for(lambda: bool(self.leader.id))
        except TimeoutError:
            return False
        return True

    # --- while another server leads --------------------------------------------------------------------------------------

    async def _run(self, take_over: Callable[[], Awaitable[None]]) -> None:
        while not self.leads:
            try:
                await self._look(take_over)
            except Unavailable:
                await asyncio.sleep(FAULT_PAUSE_S)
            except Exception:
                log.exception("taking the lead failed")
                self.overtaken.set()  # end this process: after a failed takeover, only a new process has a known state
                return
            else:
                await asyncio.sleep(LOOK_S)
        await self._keep()

    async def _look(self, take_over: Callable[[], Awaitable[None]]) -> None:
        said = await self._bus.leader()
        found, doubt = read_lease(said, self._lease_key, _now_ms())
        if await self._is_believed(found, doubt) and found.id and found.leader != self.me:
            await self._now(found.leader)
            return
        if doubt == "late":
            return  # the leader's clock might be wrong, so wait until the lease expires in Redis
        if self.leader.id and await self._answers(self.leader):
            return  # Redis has lost the lease, or the leader cannot reach Redis; the leader will renew its lease
        try:
            newest = await self._records.newest_term()
        except RecordsAway:  # the database is unavailable, and no server can lead without it
            return
        self._term = newest + 1
        if await self._hold(said, newest):
            await self._lead(take_over)

    async def _is_believed(self, found: Lease, doubt: Doubt) -> bool:
        """Return whether this server should follow the leader that a lease names.

        A server sends requests, the servers' token and cookies of staff to the leader that it follows. So the lease must have a
        valid, recent signature (`doubt` is ""). Its term (a number that each new leader raises) must also be at least the term in
        the database. If this server follows the leader already, the term is not checked again.
        """
        former = False
        if found.id and not doubt and found.leader != self.leader:
            try:
                former = found.term < await self._records.newest_term()
            except RecordsAway:
                raise Unavailable("The term of the lease cannot be checked while the records are unavailable.") from None
        if (doubt or former) and not self._doubted:
            log.error("lease in Redis not believed", why=doubt or "of a former term")
        self._doubted = bool(doubt) or former
        return not self._doubted

    async def _hold(self, instead_of: str, newest: int, *, whoever: bool = False) -> bool:
        """Take or renew the leader's lease in Redis. Return False when another server holds the lease.

        `instead_of`: the text that this server has read in Redis. `newest`: the term in the database, a number that each new
        leader raises. An unsigned text is overwritten. A lease with a term before `newest` is overwritten, too. A lease with the
        term `newest` stays, because its server might have just become the leader. `whoever`: overwrite any lease, no matter which
        server holds it.
        """
        said = sign_lease(self.me, self._term, self._lease_key, _now_ms())
        for _ in range(HOLD_TRIES):
            held = await self._bus.hold_lead(said, instead_of)
            if not held:
                self._said = said
                self._held_until_s = monotonic() + LEASE_MS / 1000
                return True
            found, doubt = read_lease(held, self._lease_key, _now_ms())
            if not whoever and doubt != "unsigned" and found.leader != self.me and found.term >= newest:
                return False
            instead_of = held
        return False

    async def _answers(self, leader: Leader) -> bool:
        try:
            async with self._http.get(leader.url + LEADING_PATH, headers={TOKEN_HEADER: self.token}) as response:
                return response.status == 200 and (await response.text()) == leader.id
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def _lead(self, take_over: Callable[[], Awaitable[None]]) -> None:
        began = monotonic()
        keeping = asyncio.create_task(self._keep())
        try:
            self._term = await self._raise_term()
            self.leads = True
            await take_over()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        log.info("this server leads", term=self._term, took_s=round(monotonic() - began, 2))
        await self._now(self.me)

    async def _raise_term(self) -> int:
        try:
            return await self._records.lead()
        # this server does not reach the database, so delete its lease. Then a server that reaches the database can become the
        # leader.
        except RecordsAway:
            await self._bus.leave_lead(self._said)
            raise Unavailable("The records are unavailable.") from None

    async def _keep(self) -> None:
        while True:
            await self._renew()
            await asyncio.sleep(RENEW_S)

    async def _now(self, leader: Leader) -> None:
        if leader != self.leader:
            async with self.changed:
                self.leader = leader
                self.changed.notify_all()

    # --- while this server leads -----------------------------------------------------------------------------------------

    async def _renew(self) -> None:
        """Renew this server's lease.

        If Redis has another lease although the database still names this server as the leader, overwrite that other lease. The
        other lease might be an old lease that somebody has written into Redis again.
        """
        with suppress(Unavailable):  # this server may go on: while Redis is unavailable, no other server can take the lease
            if not await self._hold(self._said, self._term) and await self.still_leads():
                await self._hold(self._said, self._term, whoever=True)

    async def still_leads(self) -> bool:
        """Return whether the database still names this server as the leader. Return False while the database is unavailable.

        Call this before a step that cannot be undone.
        """
        try:
            if await self._records.leads():
                return True
        except RecordsAway:
            return False
        self._lost("another server has raised the term")
        return False

    async def check(self) -> None:
        """Raise Unavailable unless this server still leads.

        While this server's lease is valid, this method asks neither Redis nor the database. If the lease has expired, the method
        first renews it. A lease expires while this process hangs or Redis is unavailable.
        """
        if monotonic() < self._held_until_s:
            return
        held = await self._hold(self._said, self._term)
        if not await self.still_leads():
            raise Unavailable("Another server leads now, or the records are unavailable.")
        if not held and not await self._hold(self._said, self._term, whoever=True):
            raise Unavailable("Redis did not accept this server's lease.")

    def _lost(self, why: str) -> None:
        if not self.overtaken.is_set():
            log.error("another server leads: this server ends", why=why)
        self.overtaken.set()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


State = Literal["starting", "standing by", "leading", "draining"]


def state_of(node: Node) -> State:
    """Return the state of a server of the cluster, for health checks."""
    if node.draining or node.overtaken.is_set():
        return "draining"
    if node.leads and node.leader == node.me:
        return "leading"
    return "standing by" if node.leader.id else "starting"
