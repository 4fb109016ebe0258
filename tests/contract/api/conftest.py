"""The real application on a loopback address, with an API token. No media worker runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import argon2
import pytest
from aiohttp import web
from msgspec.structs import replace

from signaling.access import identity, rate_limits
from signaling.access.api_tokens import RIGHTS, new_record, new_token
from signaling.config.settings import Settings
from signaling.records import SessionRecord
from signaling.records.appointment_plan import AppointmentPlan
from signaling.server.app import build_app
from signaling.server.app_keys import CODES, RECORDS
from signaling.server.http.bodies import now_ms
from tests.fuzz.http import NoWorkers

SESSION = "s-schema"
USER = "customer-7"


class Server:
    """The application, in a thread of its own because Schemathesis sends its requests without an event loop."""

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
        site = await records.site("demo-shop")
        assert site is not None
        await records.save_site(replace(site, appointments=AppointmentPlan(minutes=30, buffer_minutes=15)))
        session = SessionRecord(id=SESSION, site="demo-shop", category="cameras", language="ko", channel="text", state="closed")
        user_ref = self.app[CODES].user_ref("demo-shop", USER)
        await records.create_session(replace(session, started_at=now, ended_at=now, user_ref=user_ref))

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        # the rate limits refuse nothing, because the tests check the code behind them
        patch.setattr(rate_limits.Buckets, "take", lambda *_: True)
        running = Server(tmp_path_factory.mktemp("api"))
        yield running
        running.close()
