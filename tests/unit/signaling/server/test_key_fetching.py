"""A partner's keys are fetched from a real server on the loopback address.

The service limits the time and the size of a response, follows no redirects, and connects only to allowed addresses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from aiohttp import web

from signaling.access.key_addresses import NotFetched
from signaling.server.key_fetching import MOST_BYTES, KeyFetcher
from signaling.webhooks.reach import Reach
from tests.web_server import serving

HERE = Reach([ip_network("127.0.0.0/8")])


@asynccontextmanager
async def partner(status: int = 200, body: bytes = b"{}", **headers: str) -> AsyncIterator[str]:
    async def give(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers=headers)

    app = web.Application()
    app.add_routes([web.get("/jwks", give)])
    async with serving(app) as origin:
        yield f"{origin}/jwks"


async def why(address: str, reach: Reach = HERE) -> str:
    with pytest.raises(NotFetched) as caught:
        await KeyFetcher(reach)(address)
    return str(caught.value)


async def test_body_is_fetched_up_to_its_bound() -> None:
    async with partner(body=b"x" * MOST_BYTES) as address:
        assert await KeyFetcher(HERE)(address) == b"x" * MOST_BYTES
    async with partner(body=b"x" * (MOST_BYTES + 1)) as address:
        assert await why(address) == "too_large"


async def test_private_address_is_not_asked() -> None:
    async with partner() as address:
        assert await why(address, Reach()) == "forbidden_address"
        assert await why(address.replace("127.0.0.1", "localhost"), Reach([ip_network("10.0.0.0/8")])) == "forbidden_address"


async def test_redirects_and_refusals_are_not_followed() -> None:
    async with partner() as good, partner(302, Location=good) as moved, partner(500) as broken:
        assert (await why(moved), await why(broken)) == ("302", "500")


async def test_address_that_is_away_is_named_by_its_kind() -> None:
    async with partner() as address:
        pass
    assert await why(address) == "ClientConnectorError"
