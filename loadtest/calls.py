"""Simulates whole calls: users click, wait, talk and leave; counselors accept and wrap up."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from .door import Door, Message, Refused, Tab
from .peer import Choir, NotConnected, Peer
from .report import Outcome

HEAR_S = 15.0
"""Longest time in seconds, after the user's peer is connected, until user and counselor hear each other. If it takes longer, the
call has failed.
"""
GOODBYE_S = 5.0
"""Longest time in seconds that a run, at its end, waits until no counselor serves a user any more. Also the longest time that a
counselor waits for the end of a session before wrapping up.
"""
APART_S = 0.05
"""Seconds between the clicks of two users."""


@dataclass(frozen=True)
class Plan:
    """Number and length of the calls to make.

    `at_once`: at most this many users wait or talk at the same time. `patience_s`: seconds that a user waits for a counselor.
    """

    calls: int
    at_once: int
    talk_s: float
    patience_s: float


@dataclass
class Call:
    """One call.

    Three events are set one after another. `accepted`: one of the simulated counselors is in the session. `both`: the user's peer
    and the counselor's peer are connected, or the counselor has failed with `problem`. `done`: the user has left.
    """

    clicked_at: float
    outcome: Outcome = field(default_factory=Outcome)
    peers: list[Peer] = field(default_factory=list)
    accepted: asyncio.Event = field(default_factory=asyncio.Event)
    accepted_at: float = 0.0
    both: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    problem: str = ""


class Calls:
    """All calls of a run. Call `run` once.

    `stages`: how many calls are waiting, talking, held (ended well) or failed. `declined_rings`: rings for users outside the
    simulation, which the simulated counselors declined. `staff_lost`: counselors who stopped early, by reason.
    """

    def __init__(self, door: Door, choir: Choir, plan: Plan) -> None:
        self.outcomes: list[Outcome] = []
        self.stages: Counter[str] = Counter()
        self.declined_rings = 0
        self.staff_lost: Counter[str] = Counter()
        self._door, self._choir, self._plan = door, choir, plan
        self._calls: dict[str, Call] = {}

    async def run(self, staff: list[tuple[str, str]]) -> None:
        """Make the calls with these accounts (login, password).

        Raises Refused when an account cannot sign in. When this method is cancelled, users and counselors leave properly before
        it ends.
        """
        async with contextlib.AsyncExitStack() as stack:
            serving = [await stack.enter_async_context(self._counselor(*account)) for account in staff]
            try:
                await self._users()
            finally:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(GOODBYE_S):
                        await asyncio.gather(*(each.wait() for each in serving))

    # users

    async def _users(self) -> None:
        places, users = asyncio.Semaphore(self._plan.at_once), set[asyncio.Task[None]]()
        try:
            for _ in range(self._plan.calls):
                await places.acquire()
                user = asyncio.create_task(self._user())
                user.add_done_callback(lambda _: places.release())
                users.add(user)
                await asyncio.sleep(APART_S)
            await asyncio.wait(users)
        finally:
            await _end(users)
        for user in users:
            user.result()

    async def _user(self) -> None:
        call = Call(monotonic())
        self.stages["waiting"] += 1
        stage = "waiting"
        try:
            async with self._asking(call) as (tab, session):
                stage = self._move(stage, "talking")
                await self._talk(call, tab, session)
        except (Refused, NotConnected) as problem:
            call.outcome.failed = problem.reason
        except asyncio.CancelledError:
            call.outcome.failed = "interrupted"
            raise
        finally:
            self._move(stage, "failed" if call.outcome.failed else "held")
            self.outcomes.append(call.outcome)

    def _move(self, before: str, after: str) -> str:
        self.stages[before] -= 1
        self.stages[after] += 1
        return after

    @asynccontextmanager
    async def _asking(self, call: Call) -> AsyncIterator[tuple[Tab, str]]:
        """Click, enter the queue, and yield when a counselor has accepted. On exit, even after an error, the user leaves."""
        tab = await self._door.user()
        try:
            await tab.until(lambda: tab.sessions)
            session = next(iter(tab.sessions))
            self._calls[session] = call
            try:
                await tab.ask("enter", session=session)
                await tab.until(lambda: _state(tab, session) == "active", self._plan.patience_s, "nobody_accepted")
                yield tab, session
            finally:
                with contextlib.suppress(Refused):
                    await tab.ask("leave", session=session)
        finally:
            call.done.set()
            await tab.close()

    async def _talk(self, call: Call, tab: Tab, session: str) -> None:
        async with self._connected(call, tab, session):
            try:
                async with asyncio.timeout(HEAR_S):
                    await call.accepted.wait()
                    call.outcome.waited_ms = 1000 * (call.accepted_at - call.clicked_at)
                    await call.both.wait()
                    if call.problem:
                        raise Refused(call.problem)
                    await asyncio.gather(*(peer.hears.wait() for peer in call.peers))
            except TimeoutError:
                raise Refused("not_heard" if call.accepted.is_set() else "accepted_by_others") from None
            call.outcome.set_up_ms = 1000 * (max(peer.heard_at for peer in call.peers) - call.accepted_at)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._plan.talk_s):
                    await tab.until(lambda: _state(tab, session) != "active", None)
                    raise Refused("cut_off")
            for peer in call.peers:
                call.outcome.heard.append(peer.figures())

    @asynccontextmanager
    async def _connected(self, call: Call, tab: Tab, session: str) -> AsyncIterator[None]:
        """Connect a peer for the person of this tab. When both peers of a call are connected, set `Peer.other` of each peer."""
        await tab.until(lambda: (tab.sessions[session].get("room") or {}).get("media"))
        peer = Peer(self._choir)
        try:
            answer = await tab.ask("offer", session=session, sdp=peer.offer())
            await peer.connect(answer["sdp"])
            call.peers.append(peer)
            if len(call.peers) == 2:
                call.peers[0].other, call.peers[1].other = call.peers[1], call.peers[0]
                call.both.set()
            yield
        finally:
            await peer.close()

    # counselors

    @asynccontextmanager
    async def _counselor(self, login: str, password: str) -> AsyncIterator[asyncio.Event]:
        """Sign a counselor in, and serve calls until exit. Yield an event that is set while the counselor serves nobody."""
        tab = await self._door.staff(login, password)
        idle = asyncio.Event()
        serving = asyncio.create_task(self._serve(tab, idle))
        try:
            yield idle
        finally:
            await _end({serving})
            problem = None if serving.cancelled() else serving.exception()
            if isinstance(problem, Refused):
                self.staff_lost[problem.reason] += 1
            elif problem is not None:
                raise problem
            with contextlib.suppress(Refused):
                await tab.ask("state", state="away")
            with contextlib.suppress(Refused):  # the counselor signs out even if the server refuses `away`
                await self._door.sign_out(tab)
            await tab.close()

    async def _serve(self, tab: Tab, idle: asyncio.Event) -> None:
        while True:
            if tab.state != "available":
                await tab.ask("state", state="available")
            idle.set()
            await tab.until(lambda: tab.rings, None)
            ring = tab.rings.pop(next(iter(tab.rings)))
            call = self._calls.get(ring["session"])
            if call is None:
                self.declined_rings += 1
                with contextlib.suppress(Refused):
                    await tab.ask("decline", reservation=ring["reservation"], reason="other")
                continue
            idle.clear()
            try:
                await self._accept(tab, ring, call)
            except (Refused, NotConnected) as problem:
                call.problem = problem.reason
                call.both.set()
            await self._wrap_up(tab, ring["session"])

    async def _accept(self, tab: Tab, ring: Message, call: Call) -> None:
        call.accepted_at = monotonic()
        await tab.ask("accept", reservation=ring["reservation"])
        await tab.until(lambda: ring["session"] in tab.sessions)
        call.accepted.set()
        async with self._connected(call, tab, ring["session"]):
            await call.done.wait()

    async def _wrap_up(self, tab: Tab, session: str) -> None:
        with contextlib.suppress(Refused):
            await tab.until(lambda: session in tab.over or _state(tab, session) in ("after", "closed"), GOODBYE_S)
            if session not in tab.over:
                await tab.ask("wrap_up", session=session, notes="", outcome="resolved")
                await tab.until(lambda: session in tab.over)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _state(tab: Tab, session: str) -> str:
    state: str = tab.sessions.get(session, {}).get("state", "")
    return state
