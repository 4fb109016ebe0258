"""The server builds the view of a session only for people who get it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from signaling.live.connections import Client
from signaling.live.sessions import Sessions


@pytest.mark.parametrize("here", [False, True])
async def test_no_view_is_built_while_nobody_gets_it(here: bool) -> None:
    """A user who has just connected gets the first view later, when their place in the queue is known."""
    sessions = cast(Any, object.__new__(Sessions))
    sessions.surroundings = lambda _: pytest.fail("a view was built")
    holders = {"user": Client(tab="t")} if here else {}
    entry = SimpleNamespace(lock=asyncio.Lock(), holders=holders, session=SimpleNamespace(anyone=lambda _: object()))
    sessions.show(entry)
    assert not entry.refresh_due
