"""One server of a cluster. One of them decides, all others pass on to it what people say; when it dies, another takes over.

The lease in Redis says who decides, and is asked for only when who held it does not answer any more: Redis may be emptied, or
away, and nothing changes hands. The term in the records makes it safe: whoever takes over raises it, and the records refuse what
an earlier one still writes. A server that finds itself overtaken ends; whatever started it starts it again.
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

LOOK_S = 0.2
RENEW_S = 0.3
PROBE_S = 0.7
FAULT_PAUSE_S = 0.5
HOLD_TRIES = 3  # to write over what is no lease
LEADING_PATH = "/cluster/leading"
TOKEN_HEADER = "X-Sangdam-Node"  # noqa: S105  # the names of headers
ADDRESS_HEADER = "X-Sangdam-Address"


class Node:
    """`url`: where the other servers reach this one. `take_over`, awaited once, makes this server the one that decides."""

    def __init__(self, url: str, bus: Bus, records: Records, token: str, lease_key: bytes) -> None:
        """`token`: what servers show each other; `lease_key`: what leases are signed with."""
        self.me = Leader(id=secrets.token_hex(6), url=url)
        self.token = token
        self.leader = NOBODY
        self.leads = False
        self.draining = False
        self.overtaken = asyncio.Event()
        self.changed = asyncio.Condition()  # who decides
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
        self._task = asyncio.create_task(self._run(take_over))

    async def close(self) -> None:
        """Hands the lead over, if we have it, without waiting for a lease to run out."""
        self.draining = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.leads:
            try:
                await self._bus.leave_lead(self._said)
            except Unavailable:
                log.warning("lease not given back: it runs out")
        await self._http.close()

    def is_node(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self.token.encode())

    async def someone_leads(self, timeout_s: float) -> bool:
        """Waits until somebody decides."""
        try:
            async with asyncio.timeout(timeout_s), self.changed:
                await self.changed.wait_for(lambda: bool(self.leader.id))
        except TimeoutError:
            return False
        return True

    # --- standing by -----------------------------------------------------------------------------------------------------

    async def _run(self, take_over: Callable[[], Awaitable[None]]) -> None:
        while not self.leads:
            try:
                await self._look(take_over)
            except Unavailable:
                await asyncio.sleep(FAULT_PAUSE_S)
            except Exception:
                log.exception("the lead not taken")
                self.overtaken.set()  # half begun is worse than begun anew
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
            return  # it may be of a server whose clock is wrong: it holds until it runs out
        if self.leader.id and await self._answers(self.leader):
            return  # Redis has forgotten who decides, or does not hear them: they will say so again
        try:
            self._term = await self._records.newest_term() + 1
        except RecordsAway:  # nobody can decide without them
            return
        if await self._hold(said):
            await self._lead(take_over)

    async def _is_believed(self, found: Lease, doubt: Doubt) -> bool:
        """Whether to follow the server that this lease names: to send it requests, our token, cookies. Of one that we follow
        already nothing more is asked."""
        former = False
        if found.id and not doubt and found.leader != self.leader:
            try:
                former = found.term < await self._records.newest_term()
            except RecordsAway:
                raise Unavailable("nobody can say whether this lease is of the newest term") from None
        if (doubt or former) and not self._doubted:
            log.error("lease in Redis not believed", why=doubt or "of a former term")
        self._doubted = bool(doubt) or former
        return not self._doubted

    async def _hold(self, instead_of: str, *, whoever: bool = False) -> bool:
        """Take or renew the lease. False: another server holds it. What nobody of us has signed, and the lease of a former term,
        is written over; `whoever`: all are."""
        said = sign_lease(self.me, self._term, self._lease_key, _now_ms())
        for _ in range(HOLD_TRIES):
            held = await self._bus.hold_lead(said, instead_of)
            if not held:
                self._said = said
                self._held_until_s = monotonic() + LEASE_MS / 1000
                return True
            found, doubt = read_lease(held, self._lease_key, _now_ms())
            if not whoever and doubt != "unsigned" and found.leader != self.me and found.term >= self._term:
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
        log.info("this server decides", term=self._term, took_s=round(monotonic() - began, 2))
        await self._now(self.me)

    async def _raise_term(self) -> int:
        try:
            return await self._records.lead()
        except RecordsAway:  # nobody can decide without them: the lease is for whoever finds them first
            await self._bus.leave_lead(self._said)
            raise Unavailable("the records are away") from None

    async def _keep(self) -> None:
        while True:
            await self._renew()
            await asyncio.sleep(RENEW_S)

    async def _now(self, leader: Leader) -> None:
        if leader != self.leader:
            async with self.changed:
                self.leader = leader
                self.changed.notify_all()

    # --- deciding --------------------------------------------------------------------------------------------------------

    async def _renew(self) -> None:
        """The records have the last word: a lease alone, which may be an old one repeated, ends nobody's lead."""
        with suppress(Unavailable):  # nobody else can take it either
            if not await self._hold(self._said) and await self.still_leads():
                await self._hold(self._said, whoever=True)

    async def still_leads(self) -> bool:
        """Asked of the records before what cannot be taken back. While they are away: no."""
        try:
            if await self._records.leads():
                return True
        except RecordsAway:
            return False
        self._lost("another server has raised the term")
        return False

    async def check(self) -> None:
        """`Unavailable` when our lease has run out: we have stood still, or Redis is away."""
        if monotonic() < self._held_until_s:
            return
        held = await self._hold(self._said)
        if not await self.still_leads():
            raise Unavailable("Another server decides now, or the records are away.")
        if not held and not await self._hold(self._said, whoever=True):
            raise Unavailable("Redis does not keep our lease.")

    def _lost(self, why: str) -> None:
        if not self.overtaken.is_set():
            log.error("overtaken: this server ends", why=why)
        self.overtaken.set()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


State = Literal["starting", "standing by", "deciding", "draining"]


def state_of(node: Node) -> State:
    if node.draining or node.overtaken.is_set():
        return "draining"
    if node.leads and node.leader == node.me:
        return "deciding"
    return "standing by" if node.leader.id else "starting"
