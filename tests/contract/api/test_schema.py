"""`/api/v1` answers as its OpenAPI document says, whatever a client sends. Schemathesis makes the requests.

The real application runs on a loopback address. No media worker runs.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import argon2
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, seed, settings
from msgspec.structs import replace
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from signaling.access import identity, rate_limits
from signaling.access.api_tokens import RIGHTS, new_record, new_token
from signaling.config.settings import Settings
from signaling.records import SessionRecord
from signaling.server.app import build_app
from signaling.server.app_keys import COUNTS, RECORDS
from signaling.server.http.bodies import now_ms
from signaling.server.http.openapi import document
from signaling.server.http.token_routes import PREFIX, TOKEN_ROUTES
from tests.fuzz.http import NoWorkers

CASES = 25  # requests to each route, which takes about ten seconds in all
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
SESSION = "s-schema"
KNOWN = {"id": SESSION, "site": "demo-shop", "category": "cameras"}


class Server:
    """The application in a thread of its own, because Schemathesis sends its requests without an event loop."""

    def __init__(self, folder: Path) -> None:
        self.token = new_token()
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(60)

    async def _open(self) -> None:
        self.app = await build_app(Settings(demo=True, data_dir=self._folder, most_lag_ms=60_000), NoWorkers())
        self._runner = web.AppRunner(self.app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        records, now = self.app[RECORDS], now_ms()
        await records.add_api_token(
            new_record(self.token, organisation="main", name="S", rights=RIGHTS, sites=["*"], maker=None, days=1, now=now)
        )
        session = SessionRecord(id=SESSION, site="demo-shop", category="cameras", language="ko", channel="text", state="closed")
        await records.create_session(replace(session, started_at=now, ended_at=now))

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        patch.setattr(rate_limits.Buckets, "take", lambda *_: True)  # the test is about the code behind the limits
        running = Server(tmp_path_factory.mktemp("api"))
        yield running
        running.close()


def _document() -> dict[str, Any]:
    whole = document()
    return whole | {"paths": {path: each for path, each in whole["paths"].items() if path.startswith(PREFIX)}}


OPERATIONS = {
    f"{each.ok().method.upper()} {each.ok().path}": each.ok()
    for each in schemathesis.openapi.from_dict(_document()).get_all_operations()
    if isinstance(each, Ok)
}


def test_document_has_every_route_of_the_api() -> None:
    assert set(OPERATIONS) == set(TOKEN_ROUTES)


@pytest.mark.parametrize("route", sorted(OPERATIONS))
def test_route_answers_as_the_document_says(server: Server, route: str) -> None:
    @seed(0)
    @settings(max_examples=CASES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[route].as_strategy())
    def check(case: schemathesis.Case[Any]) -> None:
        for name, value in KNOWN.items():
            if len(str((case.path_parameters or {}).get(name, ""))) % 2:  # half of the time, a thing that exists
                case.path_parameters[name] = value
        response = case.call(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"})
        case.validate_response(response, checks=list(CHECKS))

    check()
    assert server.app[COUNTS]["http.internal"] == 0
