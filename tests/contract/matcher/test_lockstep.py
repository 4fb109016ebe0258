"""Make each step on both implementations of the matcher: the engine (in memory) and the Redis store.

After each step, both must give the same replies, snapshots, queue positions and deadlines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import hypothesis.strategies as st
import pytest
import redis
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from matcher.engine import Engine
from matcher.redis import RedisStore
from matcher.rules import Rules
from matcher.types import Refused, Request, RequestStatus, Staff
from tests.unit.matcher.machine import PATHS, START_MS, Matching

# Bounds so small that a short run reaches them. With these bounds, stores drop queues and the ids of ended requests. When stores
# say why a member got a request (`Why`), they name only one or two people. With `NARROWER`, stores also refuse requests ("full").
NARROW = Rules(max_queues=2, max_final=2, max_why=2)
NARROWER = Rules(max_queues=1, max_final=3, max_why=1, max_requests=4)


class Both:
    """Behaves like an engine. Makes each call on an engine and on a Redis store, and checks that their replies are equal."""

    def __init__(self, url: str, runner: asyncio.Runner, rules: Rules, fence: int) -> None:
        with redis.Redis.from_url(url) as client:
            client.flushall()
        self.engine = Engine(rules, fence=fence, holding=fence > 0)
        self.store = RedisStore(url, rules=rules, fence=fence)
        self.runner = runner
        if fence:
            self.sweep(START_MS)  # the first step begins the period in which a new matcher matches nobody

    def close(self) -> None:
        self.runner.run(self.store.close())

    def __getattr__(self, name: str) -> Any:
        def both(*args: Any, **options: Any) -> Any:
            expected = answer(lambda: getattr(self.engine, name)(*args, **options))
            found = answer(lambda: self.runner.run(getattr(self.store, name)(*args, **options)))
            assert found == expected, name
            if isinstance(expected, Refused):
                raise expected
            return expected

        return both

    def compare(self, now_ms: int) -> None:
        """Compare the answers of the engine and of the store to every query that reads the state."""
        snapshot = self.snapshot()
        questions: list[tuple[str, tuple[Any, ...]]] = [("next_deadline_ms", ())]
        for request in snapshot.requests:
            questions += [("place", (request, now_ms)), ("request_status", (request,))]
        questions += [("staff_status", (staff,)) for staff in snapshot.staff]
        for path in [*PATHS, ("unheard",), ()]:
            questions += [("estimate", (kind, "shop", "ko", path, now_ms)) for kind in ("user", "callback", "help")]
        questions += [("estimate", ("user", "shop", "ko", PATHS[0], now_ms, priority)) for priority in (-2, 1)]
        questions += [("estimate", ("user", "shop", "ko", path, now_ms, 0, "text")) for path in [*PATHS, ("unheard",)]]

        async def found() -> list[Any]:
            return await asyncio.gather(*(getattr(self.store, name)(*arguments) for name, arguments in questions))

        expected = [getattr(self.engine, name)(*arguments) for name, arguments in questions]
        assert list(zip(questions, self.runner.run(found()), strict=True)) == list(zip(questions, expected, strict=True))


class Said(Refused):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refused) and other.reason == self.reason

    __hash__ = None


def answer(step: Any) -> Any:
    try:
        return step()
    except Refused as refused:
        return Said(refused.reason)


class OnBoth:
    """The base of the state machines below: the address of the Redis server, and a `Both` for the engine and the Redis store."""

    url: ClassVar[str]
    runner: ClassVar[asyncio.Runner]
    bounds: ClassVar[Rules] = Rules()
    fence_before: ClassVar[int] = 0
    engine: Any

    def new_engine(self) -> Any:
        return Both(self.url, self.runner, self.bounds, self.fence_before)

    def close(self) -> None:
        if hasattr(self, "engine"):
            self.engine.close()


class Lockstep(OnBoth, Matching):
    """Does the random steps of the unit tests (`Matching`) on the engine and on the Redis store.

    The oracle of `Matching` checks each result.
    """

    @invariant()
    def both_say_the_same(self) -> None:
        if hasattr(self, "engine"):
            self.engine.compare(self.now)

    def teardown(self) -> None:
        super().teardown()
        self.close()


class LockstepNarrow(Lockstep):
    bounds = NARROW


STAFF = ["a", "B", "é", "김", "s:1"]
REQUESTS = ["q1", "q2", "Q3", "다", "5:x"]
STEPS_FOR_STAFF = ["set_available", "set_available", "set_away", "disconnect", "sign_out", "wrapped_up"]
STEPS_FOR_REQUESTS = [
    "redeem", "cancel", "suspend", "resume", "becomes_call", "becomes_text", "set_aside", "take_back", "entered", "requeue",
    "complete", "release", "unserved",
]  # fmt: skip
some_staff = st.builds(
    Staff,
    id=st.sampled_from(STAFF),
    role=st.sampled_from(["counselor", "professional"]),
    languages=st.sets(st.sampled_from(["ko", "en"]), max_size=2).map(frozenset),
    sites=st.sampled_from([frozenset({"*"}), frozenset({"shop"})]),
    categories=st.sets(st.sampled_from(["lenses", "cameras", "audio", "*"]), max_size=2).map(frozenset),
    texts=st.integers(1, 3),
    calls=st.integers(0, 2),
    texts_in_call=st.booleans(),
)
some_request = st.builds(
    Request,
    id=st.sampled_from(REQUESTS),
    kind=st.sampled_from(["user", "callback", "help"]),
    site=st.sampled_from(["shop", "other"]),
    language=st.sampled_from(["ko", "en"]),
    category_path=st.sampled_from([*PATHS, ()]),
    enqueued_at_ms=st.integers(START_MS - 40_000, START_MS + 40_000),
    priority=st.integers(-1, 2),
    excluded=st.sets(st.sampled_from(STAFF), max_size=2).map(frozenset),
    first=st.booleans(),
    only=st.sampled_from(["", "", *STAFF]),
    medium=st.sampled_from(["text", "call"]),
)


class AnythingGoes(OnBoth, RuleBasedStateMachine):
    """Carries out any steps in any order. The engine and the Redis store must give the same results; nothing else is checked.

    So steps that make no sense occur too. For example, clocks run backwards, fences (numbers of events) are wrong, and names are
    arbitrary.
    """

    bounds = NARROWER

    @initialize(team=st.lists(some_staff, max_size=4))
    def begin(self, team: list[Staff]) -> None:
        self.engine = self.new_engine()
        self.now = START_MS
        self.rings: list[Any] = []
        for staff in team:
            self.do("sign_in", staff)
            self.do("set_available", staff.id)

    def do(self, step: str, *args: Any, **options: Any) -> None:
        try:
            events = getattr(self.engine, step)(*args, **{"now_ms": self.now} | options)
        except Refused:
            return
        self.rings += [event for event in events or [] if hasattr(event, "why")]

    @rule(staff=some_staff)
    def sign_in(self, staff: Staff) -> None:
        self.do("sign_in", staff)

    @rule(step=st.sampled_from(STEPS_FOR_STAFF), staff=st.sampled_from(STAFF))
    def staff_step(self, step: str, staff: str) -> None:
        self.do(step, staff)

    @rule(staff=st.sampled_from(STAFF))
    def sign_out_by_force(self, staff: str) -> None:
        self.do("sign_out", staff, force=True)

    @rule(request=some_request)
    def enqueue(self, request: Request) -> None:
        self.do("enqueue", request)

    @rule(request=some_request, staff=st.sampled_from(STAFF))
    def promise(self, request: Request, staff: str) -> None:
        self.do("promise", replace(request, only=staff))

    @rule(step=st.sampled_from(STEPS_FOR_REQUESTS), request=st.sampled_from(REQUESTS))
    def request_step(self, step: str, request: str) -> None:
        self.do(step, request)

    @rule(
        number=st.integers(0, 4),
        step=st.sampled_from(["accept", "accept", "accept", "decline"]),
        off=st.sampled_from([None, -1, 0]),
    )
    def answer(self, number: int, step: str, off: int | None) -> None:
        if self.rings:
            ring = self.rings[-1 - number % len(self.rings)]
            self.do(step, ring.reservation, fence=None if off is None else ring.fence + off)

    @rule(request=st.sampled_from(REQUESTS), staff=st.sampled_from(STAFF))
    def hand_over(self, request: str, staff: str) -> None:
        self.do("transfer_owner", request, staff)

    @rule(
        statuses=st.lists(
            st.builds(
                RequestStatus,
                request=some_request,
                state=st.sampled_from(["promised", "waiting", "suspended", "reserved", "accepted", "accepted", "completed"]),
                staff=st.sampled_from([None, *STAFF]),
            ),
            max_size=3,
        )
    )
    def restore(self, statuses: list[RequestStatus]) -> None:
        self.do("restore", statuses)

    @rule()
    def end_hold(self) -> None:
        self.do("end_hold")

    @rule(seconds=st.sampled_from([-5, 0.001, 1, 15, 20, 30, 60, 120]), renewing=st.booleans())
    def time_passes(self, seconds: float, renewing: bool) -> None:
        self.now += round(seconds * 1000)
        if renewing:
            self.engine.renew(STAFF[:3], self.now)
        self.do("sweep")

    @invariant()
    def both_say_the_same(self) -> None:
        if hasattr(self, "engine"):
            self.engine.compare(self.now)

    def teardown(self) -> None:
        self.close()


class AfterAnEmptyRestart(AnythingGoes):
    """Redis restarts empty while the store is in use.

    After that, no request rings for `Rules.lease_ms`, and fences (the numbers of events) keep growing.
    """

    fence_before = START_MS * 1000 + 123


@pytest.fixture(autouse=True, scope="module")
def _where(redis_server) -> Iterator[None]:
    with asyncio.Runner() as runner:
        OnBoth.url, OnBoth.runner = redis_server.url, runner
        yield


for machine, examples in ((Lockstep, 20), (LockstepNarrow, 10), (AnythingGoes, 40), (AfterAnEmptyRestart, 15)):
    machine.TestCase.settings = settings(max_examples=examples, stateful_step_count=40, deadline=None)
TestLockstep = Lockstep.TestCase
TestLockstepNarrow = LockstepNarrow.TestCase
TestAnythingGoes = AnythingGoes.TestCase
TestAfterAnEmptyRestart = AfterAnEmptyRestart.TestCase
