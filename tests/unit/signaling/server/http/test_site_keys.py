"""Signing keys of a site are added and retired in the browser and by the API.

Users exchange identification codes that are signed with these keys.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey
from msgspec.structs import replace

from signaling.records import SiteKey
from signaling.server.http.bodies import now_ms
from tests.unit.signaling.access.test_signing_keys import jwk, pem
from tests.web_server import serving

from .conftest import Desk, refused
from .test_api import Api

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

KEYS = "/api/settings/sites/demo-shop/keys"
ED, EC = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")


def code(desk: Desk, kid: str, key: Any = ED, alg: str = "EdDSA") -> str:
    now = now_ms() // 1000
    claims = {"site": "demo-shop", "category": "cameras", "language": "ko", "server": desk.settings.server_name}
    claims |= {"jti": secrets.token_urlsafe(16), "iat": now, "exp": now + 300, "user": {"id": "customer-7", "name": "민아"}}
    return jws.serialize_compact({"alg": alg, "kid": kid}, json.dumps(claims).encode(), key, algorithms=[alg])


async def exchanged(desk: Desk, text: str) -> str:
    """Exchange an identification code. If it is accepted, return the user's name and its provenance in the new brief.

    If it is refused, return the reason.
    """
    reply = await desk.post("/api/sessions", {"code": text, "channel": "text"})
    if reply.status != 200:
        return (await refused(reply))[1]
    [name] = [each for each in desk.live.made_briefs[-1].fields if each.name == "user_name"]
    return f"{name.value} {name.provenance}"


async def added(desk: Desk, status: int = 200, **key: str) -> Any:
    reply = await desk.post(KEYS, key, headers=await desk.cookie_of("ops"))
    assert reply.status == status, await reply.text()
    return await reply.json()


@asynccontextmanager
async def publishing(keys: dict[str, Any]) -> AsyncIterator[str]:
    async def give(_: web.Request) -> web.Response:
        await asyncio.sleep(0)
        return web.json_response({"keys": [jwk(key, kid=kid) for kid, key in keys.items()]})

    app = web.Application()
    app.add_routes([web.get("/jwks", give)])
    async with serving(app) as origin:
        yield f"{origin}/jwks"


async def test_user_of_a_public_key_is_signed_and_the_retired_key_counts_no_more(desk: Desk) -> None:
    made = await added(desk, kid="ed", public=pem(ED))
    assert (made["kind"], made["secret"]) == ("EdDSA", "")
    assert await exchanged(desk, code(desk, "ed")) == "민아 signed"
    assert await exchanged(desk, code(desk, "ed", EC, "ES256")) == "wrong_algorithm"
    listed = await (await desk.get(KEYS, headers=await desk.cookie_of("ops"))).json()
    assert [(each["kid"], each["kind"]) for each in listed["items"]] == [("shop-1", "HS256"), ("ed", "EdDSA")]
    assert "secret" not in str(listed)
    assert (await desk.post(f"{KEYS}/ed/remove", {}, headers=await desk.cookie_of("ops"))).status == 200
    assert await exchanged(desk, code(desk, "ed")) == "bad_signature"


async def test_keys_of_an_address_are_chosen_by_their_id(desk: Desk) -> None:
    async with publishing({"a": ED, "b": EC}) as address:
        made = await added(desk, kid="jwks", address=address)
        assert (made["kind"], made["keys"], made["secret"]) == ("address", 2, "")
        assert await exchanged(desk, code(desk, "a")) == "민아 signed"
        assert await exchanged(desk, code(desk, "b", EC, "ES256")) == "민아 signed"
        assert await exchanged(desk, code(desk, "b")) == "wrong_algorithm"
        assert await exchanged(desk, code(desk, "jwks")) == "bad_signature"


async def test_code_waits_for_keys_that_are_not_known_yet(desk: Desk) -> None:
    async with publishing({"a": ED}) as address:
        site = await desk.records.site("demo-shop")
        assert site is not None
        await desk.records.save_site(replace(site, keys=[SiteKey(kid="jwks", address=address)]))
        assert await exchanged(desk, code(desk, "a")) == "민아 signed"


@pytest.mark.parametrize(
    ("key", "problems"),
    [
        ({"kid": "shop-1", "public": pem(ED)}, {"kid": "taken"}),
        ({"kid": "server"}, {"kid": "taken"}),
        ({"kid": "k", "public": "x"}, {"public": "bad_key"}),
        ({"kid": "k", "public": ED.as_pem(private=True).decode()}, {"public": "private_key"}),
        ({"kid": "k", "public": pem(ED), "address": "https://shop.example/jwks"}, {"address": "one_kind"}),
        ({"kid": "k", "address": "ftp://shop.example/jwks"}, {"address": "bad_address"}),
        ({"kid": "k", "address": "https://10.0.0.1/jwks"}, {"address": "private_address"}),
        ({"kid": "k", "address": "http://127.0.0.1:1/jwks"}, {"address": "no_keys"}),
    ],
)
async def test_wrong_key_is_refused_with_its_field(desk: Desk, key: dict[str, str], problems: dict[str, str]) -> None:
    assert (await added(desk, 422, **key))["fields"] == problems
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert [each.kid for each in site.keys] == ["shop-1"]


async def test_third_key_is_refused(desk: Desk) -> None:
    await added(desk, kid="second")
    assert (await added(desk, 422, kid="third", public=pem(EC)))["fields"] == {"kid": "too_many"}


async def test_software_changes_keys_by_the_api(desk: Desk) -> None:
    api, path = await Api.holding(desk, "keys.write"), "/api/v1/sites/demo-shop/keys"
    made = await (await api.ask("POST", path, {"kid": "ec", "public": json.dumps(jwk(EC))})).json()
    assert (made["kind"], json.loads(made["public"])) == ("ES256", jwk(EC))
    assert await exchanged(desk, code(desk, "ec", EC, "ES256")) == "민아 signed"
    assert [each["kid"] for each in (await api.read(path))["items"]] == ["shop-1", "ec"]
    assert (await api.ask("DELETE", f"{path}/ec")).status == 200
    assert await refused(await api.ask("DELETE", f"{path}/ec")) == (404, "not_found")
    audit = await (await desk.get("/api/operator/audit", headers=await desk.cookie_of("ops"))).json()
    said = [(each["action"], each["detail"]) for each in audit["items"] if each["action"].startswith("site.key")]
    assert said == [("site.key_remove", "ec"), ("site.key_add", "ec")]
