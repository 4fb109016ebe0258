"""One server of a cluster. One of them decides, all others pass on to it what people say; when it dies, another takes over.

The lease in Redis says who decides, and is asked for only when who held it does not answer any more: Redis may be emptied, or
away, and nothing changes hands. The term in the records makes it safe: whoever takes over raises it, and the records refuse what
an earlier one still writes. A server that finds itself overtaken ends; whatever started it starts it again.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Literal

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from matcher.types import MatchStore, Unavailable
from signaling.cluster.redis_bus import LEASE_MS, Bus
from signaling.records import Records, RecordsAway

log = structlog.get_logger(__name__)

LOOK_S = 0.2
RENEW_S = 0.3
PROBE_S = 0.7
FAULT_PAUSE_S = 0.5
LEADING_PATH = "/cluster/leading"
TOKEN_HEADER = "X-Sangdam-Node"  # noqa: S105  # the names of headers
ADDRESS_HEADER = "X-Sangdam-Address"


class Leader(Struct, frozen=True, kw_only=True):
    """`id` is of one life of a server."""

    id: str
    url: str


NOBODY = Leader(id="", url="")
_decode = msgspec.json.Decoder(Leader).decode


class Node:
    """`url`: where the other servers reach this one. `take_over`, awaited once, makes this server the one that decides."""

    def __init__(self, url: str, bus: Bus, records: Records, token: str) -> None:
        self.me = Leader(id=secrets.token_hex(6), url=url)
        self.token = token
        self.leader = NOBODY
        self.leads = False
        self.draining = False
        self.overtaken = asyncio.Event()
        self.changed = asyncio.Condition()  # who decides
        self._said = msgspec.json.encode(self.me).decode()
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
        found = _decode(said) if said else NOBODY
        if found.id and found != self.me:
            await self._now(found)
            return
        if self.leader.id and await self._answers(self.leader):
            return  # Redis has forgotten who decides, or does not hear them: they will say so again
        if await self._bus.take_lead(self._said):
            self._held_until_s = monotonic() + LEASE_MS / 1000
            await self._lead(take_over)

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
            term = await self._term()
            self.leads = True
            await take_over()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        log.info("this server decides", term=term, took_s=round(monotonic() - began, 2))
        await self._now(self.me)

    async def _term(self) -> int:
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
        with suppress(Unavailable):  # nobody else can take it either
            if not await self._bus.keep_lead(self._said):
                self._lost("another server holds the lease")
                return
            self._held_until_s = monotonic() + LEASE_MS / 1000

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
        if not await self._bus.keep_lead(self._said):
            self._lost("the lease ran out")
            raise Unavailable("Another server decides now.")
        if not await self.still_leads():
            raise Unavailable("Another server decides now, or the records are away.")
        self._held_until_s = monotonic() + LEASE_MS / 1000

    def _lost(self, why: str) -> None:
        if not self.overtaken.is_set():
            log.error("overtaken: this server ends", why=why)
        self.overtaken.set()


class CheckedStore:
    """A store whose every step is made only while the lease is ours: one that stood still must not take the events that are
    meant for its successor."""

    def __init__(self, store: MatchStore, node: Node) -> None:
        self._store = store
        self._node = node

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        step = getattr(self._store, name)

        async def checked(*arguments: Any, **named: Any) -> Any:
            await self._node.check()
            return await step(*arguments, **named)

        return checked


State = Literal["starting", "standing by", "deciding", "draining"]


def state_of(node: Node) -> State:
    if node.draining or node.overtaken.is_set():
        return "draining"
    if node.leads and node.leader == node.me:
        return "deciding"
    return "standing by" if node.leader.id else "starting"
