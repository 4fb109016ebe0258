"""`http.setup` adds routes to an application, and also the deletion of expired data."""

from __future__ import annotations

from .conftest import Desk


async def test_server_runs_retention_once(desk: Desk) -> None:
    assert desk.with_retention == [desk.app]
