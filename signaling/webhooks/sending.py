"""One try to send a webhook: connect to a checked address, post the message, read the beginning of the response."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from signaling.protocol.texts import Seen

from .reach import Reach

TIMEOUT_S = 15.0
MOST_ANSWER_BYTES = 1024
MOST_RETRY_AFTER_S = 3600
_ANSWER = Seen(MOST_ANSWER_BYTES, lines=True, cut=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a try to post a message.

    `status`: HTTP status of the response, or 0 without a response. `answer`: the beginning of the response's body.
    `retry_after_s`: how many seconds the receiver asks us to wait. `why`: why there is no usable response: "forbidden_address",
    "unknown_host", "unreachable", "timeout", "tls", "malformed", "redirect" or "no_secret"; "" if the response is usable.
    """

    status: int = 0
    why: str = ""
    answer: str = ""
    took_ms: int = 0
    retry_after_s: int = 0

    @property
    def well(self) -> bool:
        """Return whether the receiver has accepted the message: the response's HTTP status is 200 to 299."""
        return 200 <= self.status < 300 and not self.why


class Poster:
    """Posts webhooks' messages. `resolver`: resolves host names; None: the system's resolver."""

    def __init__(self, reach: Reach, resolver: AbstractResolver | None = None) -> None:
        self._reach = reach
        self._resolver = resolver

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> Outcome:
        """Post a message to an endpoint.

        A failure of the receiver or the network is returned as an outcome, and raises nothing.
        """
        begun, refused = time.monotonic(), list[str]()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                found = await self._post(url, headers, body, refused)
        except Exception as error:
            found = Outcome(why="forbidden_address" if refused else why_of(error))
        return replace(found, took_ms=round((time.monotonic() - begun) * 1000))

    async def _post(self, url: str, headers: Mapping[str, str], body: str, refused: list[str]) -> Outcome:
        sent = {"Content-Type": "application/json", "User-Agent": "Sangdam-Webhooks/1", "Accept-Encoding": "identity", **headers}
        async with (
            aiohttp.ClientSession(
                connector=checked_connector(self._reach, refused, tls=url.startswith("https:"), resolver=self._resolver),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as session,
            session.post(url, data=body.encode(), headers=sent, allow_redirects=False) as response,
        ):
            answer = await _beginning(response)
            redirect = "redirect" if 300 <= response.status < 400 else ""  # no redirect is followed
            return Outcome(response.status, redirect, answer, retry_after_s=retry_after_s(response))


def guarded(reach: Reach) -> Callable[[bool], aiohttp.TCPConnector]:
    """Return a function that makes connectors for requests to organisations' own sign-in providers.

    A connector connects only to addresses that `reach` allows. The function's argument: whether the connection is encrypted.
    """
    return lambda tls: checked_connector(reach, [], tls=tls)


def checked_connector(
    reach: Reach, refused: list[str], *, tls: bool, resolver: AbstractResolver | None = None
) -> aiohttp.TCPConnector:
    """Return a connector for one request. The connector opens connections only to addresses that `reach` allows.

    The connector appends the addresses that it refuses to `refused`. No connection is used for a second request.
    """

    def checked(address: tuple[Any, ...]) -> socket.socket:
        """Check an IP address, and make the socket for it. The host name is not resolved again after this check.

        Raises OSError if `reach` does not allow the address.
        """
        family, kind, protocol, _, where = address
        if not reach.allows(str(where[0]), tls=tls):
            refused.append(str(where[0]))
            raise OSError("this server does not connect to this address")
        return socket.socket(family, kind, protocol)

    return aiohttp.TCPConnector(
        resolver=resolver, socket_factory=checked, force_close=True, use_dns_cache=False, ssl=tls_context()
    )


@cache  # reading all certificates of the system blocks the event loop for some 20 ms
def tls_context() -> ssl.SSLContext:
    """Return the TLS context of outgoing connections: TLS 1.2 or newer, and the certificates that the system trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _beginning(response: aiohttp.ClientResponse) -> str:
    found = b""
    while len(found) < MOST_ANSWER_BYTES and (part := await response.content.read(MOST_ANSWER_BYTES - len(found))):
        found += part
    return _ANSWER(found.decode("utf-8", "replace"))


def retry_after_s(response: aiohttp.ClientResponse) -> int:
    """Return how many seconds a response asks us to wait (`Retry-After`), at most an hour.

    Return 0 for a missing header or a date.
    """
    asked = response.headers.get("Retry-After", "")
    return min(int(asked), MOST_RETRY_AFTER_S) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0


def why_of(error: Exception) -> str:
    """Return the word for an error that ended a try, such as "timeout" (see `Outcome.why`)."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "unknown_host"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls"
    return "unreachable" if isinstance(error, aiohttp.ClientConnectionError | OSError) else "malformed"
