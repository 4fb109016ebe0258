"""A program that holds an API token with all rights, for tests of the API against a running service."""

from __future__ import annotations

from typing import Any

from signaling.access.api_tokens import RIGHTS, new_record, new_token
from signaling.server import app_keys
from tests.peers.live_house import Service


class Software:
    def __init__(self, service: Service) -> None:
        self.service, self.token = service, new_token()

    async def ready(self) -> Software:
        now = self.service.live.now()
        record = new_record(self.token, organisation="main", name="CRM", rights=RIGHTS, sites=["*"], maker=None, days=1, now=now)
        await self.service.app[app_keys.RECORDS].add_api_token(record)
        return self

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Make an HTTP request. Return status and answer.

        A PUT overwrites what is stored, whatever its version is. `key`: the idempotency key, or "".
        """
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        headers |= {"If-Match": "*"} if method == "PUT" else {}
        async with self.service.http.request(method, f"{self.service.url}/api/v1/{path}", json=body, headers=headers) as reply:
            return reply.status, await reply.json()
