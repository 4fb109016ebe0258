"""In a cluster, only the leading server executes the matcher's steps."""

from __future__ import annotations

import inspect
from typing import Any, cast

import pytest

from matcher.memory import MemoryStore
from matcher.types import MatchStore, Unavailable
from signaling.cluster.checked_store import CheckedStore
from signaling.cluster.node import Node

STEPS = [name for name, _ in inspect.getmembers(MatchStore, inspect.iscoroutinefunction) if not name.startswith("_")]


class FormerLeader:
    async def check(self) -> None:
        raise Unavailable("Another server decides now.")


class PresentLeader:
    async def check(self) -> None:
        pass


class Untouched:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} reached the store")


@pytest.mark.parametrize("name", STEPS)
def test_every_step_takes_what_the_store_takes(name: str) -> None:
    def shape(of: type) -> list[tuple[str, Any, Any]]:
        parameters = inspect.signature(getattr(of, name)).parameters.values()
        return [(each.name, each.kind, each.default) for each in parameters]

    assert shape(CheckedStore) == shape(MatchStore)


@pytest.mark.parametrize("name", STEPS)
async def test_no_step_of_a_former_leader_reaches_the_store(name: str) -> None:
    store = CheckedStore(cast(MatchStore, Untouched()), cast(Node, FormerLeader()))
    step = getattr(store, name)
    needed = [each for each in inspect.signature(step).parameters.values() if each.default is each.empty]
    with pytest.raises(Unavailable):
        await step(*(None for _ in needed))


async def test_steps_of_the_leader_are_made() -> None:
    memory = MemoryStore()
    store = CheckedStore(memory, cast(Node, PresentLeader()))
    await store.remember(7)
    assert await store.snapshot() == await memory.snapshot()
    assert (await store.snapshot()).fence == 7
