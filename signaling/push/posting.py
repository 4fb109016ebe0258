"""One try to send a push: post a body to a push service.

Connections are reused, so that a push about a ring (somebody is waiting for this member of staff) is not delayed by a TLS
handshake.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from signaling.webhooks.reach import Reach
from signaling.webhooks.sending import Outcome, retry_after_s, tls_context, why_of

TIMEOUT_S = 10.0
PLACES_A_HOST = 8
_KEPT_S = 30.0  # seconds for which an idle connection to a push service stays open


class Poster:
    """Posts bodies to push services. `resolver`: resolves host names; None: the system's resolver."""

    def __init__(self, reach: Reach, resolver: AbstractResolver | None = None) -> None:
        self._reach = reach
        self._resolver = resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}  # the HTTP sessions: True → with TLS, False → without TLS

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post a body to a push service.

        A failure of the service or the network is returned as an outcome, and raises nothing.
        """
        begun = time.monotonic()
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._session(tls=url.startswith("https:")).post(
                    url, data=body, headers=dict(headers), allow_redirects=False
                ) as response,
            ):
                redirect = "redirect" if 300 <= response.status < 400 else ""  # no redirect is followed
                found = Outcome(response.status, redirect, retry_after_s=retry_after_s(response))
        except Exception as error:
            found = Outcome(why="forbidden_address" if _Forbidden.caused(error) else why_of(error))
        return replace(found, took_ms=round((time.monotonic() - begun) * 1000))

    async def close(self) -> None:
        """Close all connections to push services."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _session(self, *, tls: bool) -> aiohttp.ClientSession:
        if tls not in self._sessions:
            self._sessions[tls] = aiohttp.ClientSession(
                connector=self._connector(tls=tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": "Sangdam-Push/1", "Accept-Encoding": "identity"},
            )
        return self._sessions[tls]

    def _connector(self, *, tls: bool) -> aiohttp.TCPConnector:
        def checked(address: tuple[Any, ...]) -> socket.socket:
            """Check an IP address, and make the socket for it. The host name is not resolved again after this check.

            Raises _Forbidden if this server must not send pushes to the address.
            """
            family, kind, protocol, _, where = address
            if not self._reach.allows(str(where[0]), tls=tls):
                raise _Forbidden("pushes do not go to this address")
            return socket.socket(family, kind, protocol)

        return aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=checked,
            # PLACES_A_HOST connections to one push service are for pushes about waiting people, and as many for other pushes
            limit_per_host=2 * PLACES_A_HOST,
            keepalive_timeout=_KEPT_S,
            use_dns_cache=False,
            ssl=tls_context(),
        )


class _Forbidden(OSError):
    """The push service has an IP address to which this server must not connect."""

    @classmethod
    def caused(cls, error: BaseException) -> bool:
        """Return whether `error` comes from a `_Forbidden`. aiohttp wraps the errors of connections in errors of its own."""
        found: list[BaseException | None] = [error, error.__cause__, error.__context__, getattr(error, "os_error", None)]
        return any(isinstance(each, cls) for each in found)
