"""The service limits how often it fetches an OpenID provider's keys and the addresses of the provider's endpoints."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing

import pytest
from aiohttp import web

from signaling.access.oidc.provider import AGAIN_MS, Provider, ProviderAway


async def test_tokens_of_strangers_do_not_become_requests_to_the_provider() -> None:
    """Anybody can send a logout token that names an unknown key.

    Most of these tokens must not cause a request to the provider.
    """
    asked = 0

    async def away(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return web.Response(status=503)

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", away)
    runner = web.AppRunner(app)
    await runner.setup()
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        await web.SockSite(runner, door).start()
        provider = Provider(f"http://127.0.0.1:{door.getsockname()[1]}", "sangdam", "")
        try:
            tries = await asyncio.gather(*(provider.keys(1000, fresh=True) for _ in range(50)), return_exceptions=True)
            assert {type(each) for each in tries} == {ProviderAway}
            assert asked == 1
            with pytest.raises(ProviderAway):
                await provider.keys(1000 + AGAIN_MS)
            assert asked == 2, "the provider gets another chance"
        finally:
            await runner.cleanup()
