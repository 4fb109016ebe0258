"""The server limits how many users it lets in at once.

The tests check who is let in now, who queues, and when refused users should try again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.access.admission import JITTER, LONGEST_RETRY_S, Admission, Crowd, Crowded, Gate
from signaling.config.settings import Bounds
from signaling.config.shares import Sites, has_place
from tests import PATIENCE_S


class Door:
    """A gate that people enter and leave. `inside`: names of the people who have entered, in the order of admission."""

    def __init__(self, at_once: int = 1, longest_s: float = 0.1) -> None:
        self.now_s = 0.0
        self.gate = Gate(at_once, longest_s, lambda: self.now_s)
        self.inside: list[str] = []
        self._out: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def comes(self, name: str, *, urgent: bool = False) -> None:
        self._out[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, urgent=urgent))
        await asyncio.sleep(0)

    async def _visit(self, name: str, *, urgent: bool) -> None:
        async with self.gate.turn(urgent=urgent):
            self.inside.append(name)
            await self._out[name].wait()

    async def goes(self, name: str, after_s: float = 0.01) -> None:
        self.now_s += after_s
        self._out[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)


async def test_limited_number_enters_and_others_queue_in_order() -> None:
    door = Door(at_once=2, longest_s=1.0)
    for name in "abcd":
        await door.comes(name)
    assert door.inside == ["a", "b"]
    await door.goes("b")
    await door.goes("a")
    assert door.inside == ["a", "b", "c", "d"]


async def test_user_in_a_session_goes_first_and_is_never_refused() -> None:
    door = Door(longest_s=0.0)
    await door.comes("first")
    await door.comes("waits")
    with pytest.raises(Crowded):
        async with door.gate.turn():
            pass
    for name in ("live", "live too"):
        await door.comes(name, urgent=True)
    for name in ("first", "live", "live too"):
        await door.goes(name)
    assert door.inside == ["first", "live", "live too", "waits"]


async def test_return_times_are_spaced_by_the_service_rate() -> None:
    door = Door(longest_s=0.0)
    names = [f"n{number}" for number in range(60)]
    await door.comes("n0")
    for name in names[1:]:
        await door.comes(name, urgent=True)
    for name in names[:-1]:
        await door.goes(name, after_s=0.2)
    await door.comes("last in line", urgent=True)
    retries = []
    for _ in range(30):
        with pytest.raises(Crowded) as refused:
            async with door.gate.turn():
                pass
        retries.append(refused.value.retry_s)
    steps = [after - before for before, after in pairwise(retries[10:])]
    assert all(step == pytest.approx(0.19 / JITTER, abs=0.02) for step in steps), steps
    for _ in range(500):
        with pytest.raises(Crowded) as refused:
            async with door.gate.turn():
                pass
        assert 1.0 <= refused.value.retry_s <= LONGEST_RETRY_S


async def test_brief_stall_does_not_give_long_return_times() -> None:
    door = Door(longest_s=0.0)
    names = [f"n{number}" for number in range(200)]
    await door.comes("n0")
    for name in names[1:]:
        await door.comes(name, urgent=True)
    for number, name in enumerate(names[:100]):
        await door.goes(name, after_s=2.0 if number == 90 else 0.002)
    with pytest.raises(Crowded) as refused:
        async with door.gate.turn():
            pass
    assert refused.value.retry_s < 2.0


async def test_leaving_the_queue_takes_nobody_elses_place() -> None:
    door = Door(longest_s=1.0)
    first = door.gate.turn()
    await first.__aenter__()
    for name in "bcd":
        await door.comes(name)
    door.tasks["b"].cancel()
    await asyncio.gather(door.tasks["b"], return_exceptions=True)
    await first.__aexit__(None, None, None)
    door.tasks["c"].cancel()  # the gate has given c the next turn, but the task of c has not run since then
    await asyncio.gather(door.tasks["c"], return_exceptions=True)
    await asyncio.sleep(0)
    assert door.inside == ["d"]
    await door.goes("d")
    await door.comes("e")
    assert door.inside == ["d", "e"]


async def test_who_waits_longer_than_expected_is_told_when_to_return() -> None:
    """When people have waited for `patience_s`, the gate refuses them, except users who are in a session (`urgent`)."""
    gate = Gate(at_once=1, longest_s=100.0, patience_s=0.05)
    inside: list[str] = []

    async def visit(name: str, *, urgent: bool) -> None:
        async with gate.turn(urgent=urgent):
            inside.append(name)

    async with gate.turn():
        urgent = asyncio.create_task(visit("urgent", urgent=True))
        for _ in range(2):
            with pytest.raises(Crowded) as refused:
                await visit("other", urgent=False)
            assert refused.value.retry_s >= 1.0
    await urgent
    await visit("later", urgent=False)
    assert inside == ["urgent", "later"]


def test_nobody_new_enters_while_full_or_overloaded() -> None:
    admission = Admission(Bounds(most_waiting=10, most_lag_ms=100))
    admission.check(Crowd(Counter(shop=9)), "shop")
    with pytest.raises(Crowded) as refused:
        admission.check(Crowd(Counter(shop=10)), "shop")
    assert refused.value.reason == "full"
    admission.lag_ms = 101
    with pytest.raises(Crowded) as refused:
        admission.check(Crowd(), "shop")
    assert refused.value.reason == "overloaded"
    assert 1 <= refused.value.retry_s <= LONGEST_RETRY_S * 1.3


def test_unopened_session_takes_no_place() -> None:
    admission = Admission(Bounds(most_waiting=10))
    admission.check(Crowd(unopened=Counter(shop=999)), "shop")
    with pytest.raises(Crowded):
        # sessions without a connected page do not count as waiting, but take memory, so their number has a limit of its own
        admission.check(Crowd(unopened=Counter(shop=1000)), "shop")


@given(st.integers(1, 60), st.integers(1, 9), st.lists(st.integers(0, 8), max_size=200))
def test_each_site_has_a_share_within_the_total(most: int, sites: int, arrivals: list[int]) -> None:
    counts: Counter[str] = Counter()
    for arrival in arrivals:
        site = f"site-{arrival % sites}"
        if has_place(counts, site, most, sites):
            counts[site] += 1
        else:
            assert counts[site] >= most // (2 * sites), "refused with its own share unused"
    assert counts.total() <= most
    for site in [f"site-{number}" for number in range(sites)]:
        while has_place(counts, site, most, sites):
            counts[site] += 1
    assert counts.total() == most, "nothing is left unused"


def test_one_of_many_sharers_leaves_places_to_those_who_have_none() -> None:
    """Thirty organisations share twenty places (a place is for one user), so there is less than one place for each organisation.

    If one organisation has many users, it must leave some places to organisations that have none.
    """
    counts: Counter[str] = Counter()
    while has_place(counts, "flood", 20, 30):
        counts["flood"] += 1
    assert counts["flood"] == 10
    for number in range(10):
        assert has_place(counts, f"other-{number}", 20, 30)
        counts[f"other-{number}"] += 1
    assert not any(has_place(counts, sharer, 20, 30) for sharer in ("flood", "other-0", "late"))


@pytest.mark.slow
@given(st.integers(1, 400), st.integers(1, 60), st.lists(st.integers(0, 59), max_size=200))
def test_organisation_with_many_sites_takes_no_share_of_another(most: int, many: int, arrivals: list[int]) -> None:
    sites = Sites({"shop": "small"} | {f"site-{number}": "large" for number in range(many)})
    counts: Counter[str] = Counter()
    for number in [*arrivals, *range(many)]:
        while sites.have_place(counts, f"site-{number % many}", most):
            counts[f"site-{number % many}"] += 1
    while sites.have_place(counts, "shop", most):
        counts["shop"] += 1
    assert counts["shop"] >= most // 4
    assert counts.total() <= most


def test_new_site_has_a_place_before_it_is_counted() -> None:
    sites, counts = Sites({"old": "one"}), Counter[str]()
    while sites.have_place(counts, "old", 100):
        counts["old"] += 1
    assert counts["old"] == 100
    assert sites.have_place(counts, "new", 100)


async def test_event_loop_delay_is_noticed_and_forgotten() -> None:
    admission = Admission(Bounds(most_lag_ms=50))
    watching = asyncio.create_task(admission.watch())
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.01)
    held_until = loop.time() + 1.0
    while loop.time() < held_until:
        pass
    await asyncio.sleep(0.06)
    noticed = admission.lag_ms
    assert noticed > admission.bounds.most_lag_ms
    async with asyncio.timeout(PATIENCE_S):
        while admission.lag_ms > noticed / 4:
            await asyncio.sleep(0.05)
    watching.cancel()
