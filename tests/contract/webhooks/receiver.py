"""A real receiver of webhooks on the loopback address.

The receiver can die and come back, be slow, refuse messages, and redirect.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from tests.ports import free_port


@dataclass
class Receiver:
    """A receiver.

    `answers`: type of event → HTTP status of the response (200 if the type is missing). `hangs`: whether the receiver accepts no
    message and never responds. `answered`: while this event is not set, the receiver accepts messages but sends no response.
    `seen`: accepted messages, in order of arrival.
    """

    port: int = field(default_factory=free_port)
    secret: str = ""
    answers: dict[str, int] = field(default_factory=dict)
    hangs: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    body: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    seen: list[dict[str, Any]] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    raw: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def __post_init__(self) -> None:
        self.answered.set()

    async def up(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def down(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        self.tries += 1
        body = await request.text()
        if self.hangs:
            await asyncio.Event().wait()
        payload = self._verified(request.headers, body)
        self.raw.append((body, dict(request.headers)))
        status = self.answers.get(payload["type"], 200)
        if status < 300:
            self.ids[request.headers["webhook-id"]] += 1
            self.seen.append(payload | {"id": request.headers["webhook-id"]})
        await self.answered.wait()
        return web.Response(status=status, text=self.body, headers=self.headers)

    def _verified(self, headers: Mapping[str, str], body: str) -> dict[str, Any]:
        """Check the signature of a message, and return the payload.

        Do not check when the message was sent, because a test's clock can be days ahead.
        """
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = Webhook(self.secret).sign(headers["webhook-id"], at, body)
        assert expected in headers["webhook-signature"].split(" ")
        found: dict[str, Any] = json.loads(body)
        return found

    def of(self, session: str) -> list[str]:
        """Return the types of the accepted events of a session, in order of arrival."""
        return [each["type"] for each in self.seen if each["data"].get("session") == session]
