"""One scheduler serves all deadlines. Each key has at most one deadline: a new deadline of a key replaces its old one."""

from __future__ import annotations

from signaling.live.scheduler import Scheduler


async def ignore(key: str) -> None:
    raise AssertionError(key)


def test_only_the_newest_time_of_a_key_fires() -> None:
    scheduler = Scheduler(ignore, lambda: 0)
    scheduler.set("a", 100)
    scheduler.set("a", 300)
    scheduler.set("b", 200)
    scheduler.set("c", 50)
    scheduler.set("c", None)
    assert scheduler.take_due(250) == ["b"]
    assert scheduler.take_due(300) == ["a"]
    assert scheduler.take_due(10_000) == []


def test_key_moved_back_and_forth_fires_once() -> None:
    scheduler = Scheduler(ignore, lambda: 0)
    for at in (100, 200, 100):
        scheduler.set("a", at)
    assert scheduler.take_due(500) == ["a"]
