"""A real push service on the loopback address.

The tests have the keys of the browsers that receive the pushes, and so can decrypt each push (RFC 8291).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from signaling.push.encryption import to_base64, unbase64
from tests.ports import free_port

WAIT_S = 10.0


class Browser:
    """The keys of one browser. This class shares no code with the code under test, except for base64."""

    def __init__(self, origin: str, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._auth = secrets.token_bytes(16)
        self.endpoint = f"{origin}/to/{name}"

    def subscription(self, language: str = "en") -> dict[str, str]:
        """Return the subscription that the browser's page sends to the server."""
        keys = {"p256dh": to_base64(self._public), "auth": to_base64(self._auth)}
        return {"endpoint": self.endpoint, "language": language} | keys

    def read(self, body: bytes) -> bytes:
        """Decrypt the body of a push (RFC 8188) with this browser's keys. Return the content."""
        salt, theirs, sealed = body[:16], body[21 : 21 + body[20]], body[21 + body[20] :]
        assert len(sealed) <= int.from_bytes(body[16:20]), "one record"
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        info = b"WebPush: info\0" + self._public + theirs
        shared = HKDF(SHA256(), 32, self._auth, info).derive(self._key.exchange(ec.ECDH(), point))
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(shared)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(shared)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert padded[-1:] == b"\x02"
        return padded[:-1]


@dataclass
class Came:
    """One push that the push service has accepted. `said`: the push's decrypted content."""

    name: str
    said: dict[str, Any]
    headers: dict[str, str]
    bytes: int


@dataclass
class PushService:
    """A push service.

    `answers`: name of a browser → HTTP statuses with which the service answers the next pushes to this browser. 0: no answer.
    When no status is left, the service answers 201.
    """

    port: int = field(default_factory=free_port)
    answers: dict[str, list[int]] = field(default_factory=dict)
    retry_after: str = ""
    tries: int = 0
    came: list[Came] = field(default_factory=list)
    browsers: dict[str, Browser] = field(default_factory=dict)
    vapid_key: str = ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def browser(self, name: str) -> Browser:
        return self.browsers.setdefault(name, Browser(self.origin, name))

    async def take(self, request: web.Request) -> web.Response:
        self.tries += 1
        name, body = request.match_info["name"], await request.read()
        waiting = self.answers.get(name, [])
        status = waiting.pop(0) if waiting else 201
        if status == 0:
            await asyncio.Event().wait()
        self._verify(request.headers["Authorization"])
        if status < 300:
            said = json.loads(self.browsers[name].read(body))
            self.came.append(Came(name, said, dict(request.headers), len(body)))
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        if 300 <= status < 400:
            headers["Location"] = f"{self.origin}/to/elsewhere"
        return web.Response(status=status, headers=headers)

    def _verify(self, header: str) -> None:
        """Check the signature in a push's header `Authorization`, as push services do (RFC 8292)."""
        scheme, _, rest = header.partition(" ")
        parts = dict(each.strip().split("=", 1) for each in rest.split(","))
        assert (scheme, parts["k"]) == ("vapid", self.vapid_key or parts["k"])
        point = unbase64(parts["k"])
        key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": to_base64(point[1:33]), "y": to_base64(point[33:])})
        assert jwt.decode(parts["t"], key, algorithms=["ES256"]).claims["aud"] == self.origin

    async def until(self, enough: Callable[[list[Came]], bool]) -> list[Came]:
        """Wait until `enough` returns True for the list of accepted pushes. Return these pushes."""
        async with asyncio.timeout(WAIT_S):
            while not enough(self.came):
                await asyncio.sleep(0.02)
        return self.came

    async def one(self, name: str, kind: str) -> Came:
        """Wait for a push of this kind to this browser, and return the first one."""
        found = await self.until(lambda came: any(each.name == name and each.said["kind"] == kind for each in came))
        return next(each for each in found if each.name == name and each.said["kind"] == kind)

    def kinds(self, name: str) -> list[str]:
        """Return the kinds of all pushes to this browser, in order of arrival."""
        return [each.said["kind"] for each in self.came if each.name == name]


@asynccontextmanager
async def running_push_service() -> AsyncIterator[PushService]:
    service = PushService()
    app = web.Application()
    app.router.add_post("/to/{name}", service.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", service.port).start()
    try:
        yield service
    finally:
        await runner.cleanup()
