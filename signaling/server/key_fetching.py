"""Fetch the keys that a partner publishes. Only addresses that webhooks may reach are allowed (`signaling/webhooks/reach.py`)."""

from __future__ import annotations

import aiohttp
from aiohttp.abc import AbstractResolver

from signaling.access.key_addresses import WAIT_S, NotFetched
from signaling.webhooks.reach import Reach
from signaling.webhooks.sending import checked_connector

MOST_BYTES = 64 * 1024


class KeyFetcher:
    """Fetches JWK sets that partners publish. `resolver`: resolves host names; None: the system's resolver."""

    def __init__(self, reach: Reach, resolver: AbstractResolver | None = None) -> None:
        self._reach = reach
        self._resolver = resolver

    async def __call__(self, address: str) -> bytes:
        """Fetch this address, and return the body of the response. Raises NotFetched."""
        refused: list[str] = []
        try:
            return await self._body(address, refused)
        except NotFetched:
            raise
        # the library raises exceptions of many classes, and the partner's server can send any response
        except Exception as error:
            raise NotFetched("forbidden_address" if refused else type(error).__name__) from None

    async def _body(self, address: str, refused: list[str]) -> bytes:
        headers = {
            "Accept": "application/jwk-set+json, application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Sangdam/1",
        }
        connector = checked_connector(self._reach, refused, tls=address.startswith("https:"), resolver=self._resolver)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=WAIT_S),
            ) as session,
            session.get(address, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status != 200:  # a redirect is refused, too, because its target has not been checked
                raise NotFetched(str(answer.status))
            body = b""
            while len(body) <= MOST_BYTES and (part := await answer.content.read(MOST_BYTES + 1 - len(body))):
                body += part
            if len(body) > MOST_BYTES:
                raise NotFetched("too_large")
            return body
