"""Fixtures and steps of signing in: a real OpenID provider, and the requests that a browser sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from signaling.access.identity import COOKIE, SIGN_IN_LIFE_MS, token_hash
from signaling.access.oidc.checks import EVERY_MS, Checks
from signaling.records import Organisation, SignInRecord, StaffRecord
from signaling.server.app_keys import OIDC
from signaling.server.http.bodies import now_ms
from tests.oidc_provider import SECRET, running_provider
from tests.ports import free_port
from tests.unit.signaling.access.oidc.test_tokens import KEY
from tests.unit.signaling.server.http.conftest import Desk

HOST = {"Host": "counselor.localhost:8080"}
CALLBACK = "http://counselor.localhost:8080/api/oidc/callback"
HOSTS = ("counselor", "operator", "professional")
STATE_COOKIE = "__Host-sangdam-oidc"


@dataclass
class Provider:
    issuer: str
    http: aiohttp.ClientSession

    async def tell(self, path: str) -> None:
        async with self.http.post(f"{self.issuer}/test/{path}") as answer:
            assert answer.status == 200

    async def send_back(self, address: str, person: str) -> str:
        """Sign in at the provider, as a browser does. Return the address to which the provider sends the browser back."""
        address += f"&login_hint={person}"
        for _ in range(8):
            async with self.http.get(address, allow_redirects=False) as answer:
                assert answer.status in (302, 303), await answer.text()
                target = answer.headers["Location"]
            address = target if urlsplit(target).scheme else self.issuer + target
            if address.startswith(CALLBACK):
                return address
        raise AssertionError("the provider sends the browser round and round")


@pytest.fixture
async def provider(desk: Desk) -> AsyncIterator[Provider]:
    logout = f"http://127.0.0.1:{desk.http.port}/api/oidc/logout"
    async with (
        running_provider(CALLBACK, logout) as issuer,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        yield Provider(issuer, http)


def settings(issuer: str, **changes: Any) -> dict[str, Any]:
    roles = [{"value": "boss", "role": "professional"}, {"value": "desk", "role": "counselor"}]
    given = {"issuer": issuer, "client_id": "sangdam", "client_secret": SECRET, "name": "회사", "roles": roles}
    return {"provider": given | {"languages": ["ko"]} | changes}


async def save(desk: Desk, wanted: dict[str, Any], operator: dict[str, str] | None = None) -> aiohttp.ClientResponse:
    return await desk.post("/api/operator/sign-in-provider", wanted, headers=operator or await desk.cookie_of("ops"))


@pytest.fixture
async def ready(desk: Desk, provider: Provider) -> Desk:
    saved = await save(desk, settings(provider.issuer))
    assert saved.status == 200, await saved.text()
    return desk


async def begin(desk: Desk, organisation: str = "") -> tuple[str, dict[str, str]]:
    begun = await desk.get(f"/api/oidc/begin?organisation={organisation}", headers=HOST, allow_redirects=False)
    assert begun.status == 302
    cookie = begun.cookies.get(STATE_COOKIE)
    return begun.headers["Location"], {"Cookie": f"{STATE_COOKIE}={cookie.value}"} if cookie else {}


async def come_back(desk: Desk, address: str, cookie: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Request this address of the server, as a browser does when the provider redirects it there.

    Return the address to which the server redirects the browser next, and the cookie of the sign-in, if the server sets one.
    """
    path = address.removeprefix("http://counselor.localhost:8080")
    back = await desk.get(path, headers=HOST | cookie, allow_redirects=False)
    assert back.status == 302, await back.text()
    found = back.cookies.get(COOKIE)
    return back.headers["Location"], {"Cookie": f"{COOKIE}={found.value}"} if found else {}


async def sign_in(desk: Desk, provider: Provider, person: str = "nari", organisation: str = "") -> tuple[str, dict[str, str]]:
    address, cookie = await begin(desk, organisation)
    return await come_back(desk, await provider.send_back(address, person), cookie)


async def me(desk: Desk, cookie: dict[str, str]) -> dict[str, Any]:
    return dict(await (await desk.get("/api/me", headers=cookie)).json())


async def look(desk: Desk, later_ms: int = EVERY_MS + 1000) -> None:
    """Let the service ask the provider whether people may stay signed in, as the service does every 30 seconds."""
    await all_checked(Checks(desk.records, desk.app[OIDC], lambda: now_ms() + later_ms))


async def all_checked(checks: Checks) -> None:
    await checks.look()
    await checks.done()


async def owner_of(desk: Desk, organisation: str) -> dict[str, str]:
    """Add an organisation with an owner, and sign the owner in. Return the cookie of this sign-in."""
    await desk.records.save_organisation(Organisation(id=organisation, name=organisation))
    boss = StaffRecord(
        id=f"boss-{organisation}", login=organisation, name="Boss", role="operator", offices=["owner"], organisation=organisation
    )
    await desk.records.save_staff(boss)
    now = now_ms()
    sign_in = SignInRecord(token_hash=token_hash(boss.id), staff=boss.id, created_at=now, expires_at=now + SIGN_IN_LIFE_MS)
    await desk.records.add_sign_in(sign_in)
    return {"Cookie": f"{COOKIE}={boss.id}"}


@asynccontextmanager
async def liar(said: dict[str, Any]) -> AsyncIterator[str]:
    """Run an OpenID provider that gives the ID token `said["token"]` to everybody. Return the provider's URL (its issuer)."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"

    async def describe(_: web.Request) -> web.Response:
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return web.json_response({"issuer": issuer} | {name: f"{issuer}/{name}" for name in names})

    async def keys(_: web.Request) -> web.Response:
        return web.json_response({"keys": [KEY.as_dict(private=False)]})

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "a", "token_type": "Bearer", "id_token": said["token"], "expires_in": 1e308})

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", describe)
    app.router.add_get("/jwks_uri", keys)
    app.router.add_post("/token_endpoint", token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield issuer
    finally:
        await runner.cleanup()
