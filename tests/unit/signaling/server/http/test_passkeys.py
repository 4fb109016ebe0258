"""Passkeys, made and used by an authenticator in software."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signaling.access.identity import COOKIE
from signaling.records import SignInRules

from .conftest import STAFF_ORIGIN, Desk, refused

HOST = "counselor.localhost"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64  # flags of authenticator data (WebAuthn, 6.1)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """A passkey in software. Tests change its fields to make it misbehave."""

    host: str = HOST
    origin: str = STAFF_ORIGIN
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    handle: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = b"a passkey of sixteen"

    def _data(self, *, attested: bool = False) -> bytes:
        data = hashlib.sha256(self.host.encode()).digest()
        data += bytes([self.flags | (ATTESTED if attested else 0)]) + self.counter.to_bytes(4, "big")
        if attested:
            point = self.key.public_key().public_numbers()
            cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
            data += bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        return data

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def create(self, options: dict[str, Any]) -> str:
        self.handle = options["user"]["id"]
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(attested=True)})
        client = self._client("webauthn.create", options["challenge"])
        return self._json({"attestationObject": b64(attestation), "clientDataJSON": b64(client)})

    def get(self, options: dict[str, Any]) -> str:
        data, client = self._data(), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {"authenticatorData": data, "clientDataJSON": client, "signature": signature}
        return self._json({name: b64(value) for name, value in answer.items()} | {"userHandle": self.handle})

    def _json(self, response: dict[str, str]) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response})


async def post(desk: Desk, path: str, body: Any = None, cookie: dict[str, str] | None = None) -> Any:
    return await desk.post(path, body if body is not None else {}, headers=cookie or {})


async def added(desk: Desk, login: str, passkey: Authenticator, name: str = "전화기") -> dict[str, str]:
    """Add a passkey to this account. Return the cookie of the sign-in that added the passkey."""
    cookie = await desk.cookie_of(login)
    begun = await (await post(desk, "/api/passkeys/begin", cookie=cookie)).json()
    body = {"ticket": begun["ticket"], "credential": passkey.create(begun["options"]), "name": name}
    reply = await post(desk, "/api/passkeys", body, cookie)
    assert reply.status == 200, await reply.text()
    return cookie


async def sign_in(desk: Desk, passkey: Authenticator) -> Any:
    begun = await (await post(desk, "/api/passkeys/sign-in/begin")).json()
    return await post(desk, "/api/passkeys/sign-in", {"ticket": begun["ticket"], "credential": passkey.get(begun["options"])})


async def test_passkey_signs_its_owner_in_without_a_name(desk: Desk) -> None:
    passkey = Authenticator()
    await added(desk, "jimin", passkey)
    signed_in = await sign_in(desk, passkey)
    assert (await signed_in.json())["name"] == "Jimin"
    cookie = {"Cookie": f"{COOKIE}={signed_in.cookies[COOKIE].value}"}
    [item] = (await (await desk.get("/api/second-factors", headers=cookie)).json())["passkeys"]
    assert (item["name"], item["host"]) == ("전화기", HOST)
    assert item["used_at"] >= item["created_at"]


async def test_passkey_can_be_renamed_and_removed_by_its_owner_alone(desk: Desk) -> None:
    passkey = Authenticator()
    cookie = await added(desk, "jimin", passkey)
    [item] = (await (await desk.get("/api/second-factors", headers=cookie)).json())["passkeys"]
    suho = await desk.cookie_of("suho")
    for path, body in ((f"/api/passkeys/{item['id']}/name", {"name": "x"}), (f"/api/passkeys/{item['id']}/remove", {})):
        assert await refused(await post(desk, path, body, suho)) == (404, "not_found")
    assert (await post(desk, f"/api/passkeys/{item['id']}/name", {"name": "열쇠"}, cookie)).status == 200
    [item] = (await (await desk.get("/api/second-factors", headers=cookie)).json())["passkeys"]
    assert item["name"] == "열쇠"
    assert (await post(desk, f"/api/passkeys/{item['id']}/remove", {}, cookie)).status == 200
    assert await refused(await sign_in(desk, passkey)) == (403, "passkey_refused")


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://operator.localhost:8080"},
        {"host": "localhost"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"handle": b64(b"somebody else")},
        {"id": b"a passkey never seen"},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"counter": 3},
    ],
)
async def test_forged_or_unlocked_passkey_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    passkey = Authenticator(counter=3)
    await added(desk, "jimin", passkey)
    passkey.counter = 4
    for name, value in change.items():
        setattr(passkey, name, value)
    assert await refused(await sign_in(desk, passkey)) == (403, "passkey_refused")


@pytest.mark.parametrize("change", [{"origin": "http://evil.example"}, {"host": "localhost"}, {"flags": PRESENT}])
async def test_passkey_made_elsewhere_is_not_stored(desk: Desk, change: dict[str, Any]) -> None:
    passkey = Authenticator(**change)
    cookie = await desk.cookie_of("jimin")
    begun = await (await post(desk, "/api/passkeys/begin", cookie=cookie)).json()
    body = {"ticket": begun["ticket"], "credential": passkey.create(begun["options"]), "name": "x"}
    assert await refused(await post(desk, "/api/passkeys", body, cookie)) == (403, "passkey_refused")


async def test_challenge_is_used_once_and_for_its_purpose(desk: Desk) -> None:
    passkey = Authenticator()
    cookie = await added(desk, "jimin", passkey)
    begun = await (await post(desk, "/api/passkeys/sign-in/begin")).json()
    body = {"ticket": begun["ticket"], "credential": passkey.get(begun["options"])}
    assert (await post(desk, "/api/passkeys/sign-in", body)).status == 200
    assert await refused(await post(desk, "/api/passkeys/sign-in", body)) == (403, "passkey_refused")
    adding = await (await post(desk, "/api/passkeys/begin", cookie=cookie)).json()
    wrong = {"ticket": adding["ticket"], "credential": passkey.get(adding["options"])}
    assert await refused(await post(desk, "/api/passkeys/sign-in", wrong)) == (403, "passkey_refused")
    suhos = await desk.cookie_of("suho")
    other = Authenticator(id=b"another passkey 0000")
    stolen = {"ticket": adding["ticket"], "credential": other.create(adding["options"]), "name": "x"}
    assert await refused(await post(desk, "/api/passkeys", stolen, suhos)) == (403, "passkey_refused")


@pytest.mark.parametrize("credential", ["", "{}", "[]", "x" * 16_000, '{"id": 1}', "[" * 5000, '{"rawId": "AA", "response": {}}'])
async def test_nonsense_is_refused_with_a_reason(desk: Desk, credential: str) -> None:
    begun = await (await post(desk, "/api/passkeys/sign-in/begin")).json()
    reply = await post(desk, "/api/passkeys/sign-in", {"ticket": begun["ticket"], "credential": credential})
    assert await refused(reply) == (403, "passkey_refused")


async def test_passkey_is_enough_where_a_second_factor_is_required(desk: Desk) -> None:
    passkey = Authenticator()
    await added(desk, "jimin", passkey)
    await desk.records.save_sign_in_rules(SignInRules(second_factor="required"))
    by_password = await desk.post("/api/sign-in", {"login": "jimin", "password": "jimin-demo"})
    assert await refused(by_password) == (401, "passkey_needed")
    assert not (await (await sign_in(desk, passkey)).json())["must_set_up"]
    await added(desk, "suho", Authenticator(id=b"suho's own passkey 0"))
    begun = await desk.post("/api/sign-in", {"login": "suho", "password": "suho-demo"})
    assert await refused(begun) == (401, "passkey_needed")
