"""Idempotency keys: a POST that is repeated with the same `Idempotency-Key` is carried out once.

For a day, the server sends the first response to all repetitions. See draft-ietf-httpapi-idempotency-key-header. The server
remembers only responses with status 200, and at most the newest 1,000 responses for each token. After a refusal or a fault, a
client can try again with the same key. Remembered responses are encrypted, because they can contain identification codes. When a
session is erased, the remembered responses about this session are erased, too. Then a repetition is refused.

While the server carries out the first request, the database keeps the key locked for this request. The server renews this lock
(`Claim`) three times a minute. If the database is unavailable for 40 seconds or more, the lock can end, and a repetition is
carried out, too. Then the first request is still answered, but the server remembers only the response to the repetition. A
repetition is also carried out if it arrives a minute or more after a response that could not be stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web
from aiohttp.typedefs import Handler

from signaling.config.seal import Unsealable
from signaling.records import Records, RecordsAway
from signaling.records.api_answers import STALE_MS, Claim
from signaling.server.app_keys import RECORDS, SEAL
from signaling.server.http.allowed import asker_of
from signaling.server.http.bodies import BODY, MOST_JSON_BYTES, now_ms, read_bytes
from signaling.server.http.errors import Refused
from signaling.server.http.measured import NO_ROUTE, route_of
from signaling.server.http.token_routes import HOLDER, PREFIX

# id of the session that the response to the request is about; a handler sets it if the response has personal data
ABOUT: web.RequestKey[str] = web.RequestKey("about", str)
_KEY = re.compile(r"[!-~]{1,255}")  # an Idempotency-Key: visible ASCII
_RENEW_S = STALE_MS / 3000  # seconds after which the server renews the lock of a key whose request it still carries out


@web.middleware
async def once(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out a POST with an `Idempotency-Key` once, and send the first response to its repetitions.

    Raises Refused with the reason not_allowed, bad_request, key_reused or in_progress.
    """
    key = request.headers.get("Idempotency-Key", "")
    if request.method != "POST" or not request.path.startswith(PREFIX) or not key:
        return await handler(request)
    if route_of(request) == NO_ROUTE:
        return await handler(request)
    await asker_of(request)  # the token might have lost the right for this request since the first response was stored
    if not _KEY.fullmatch(key):
        raise Refused(400, "bad_request", "“Idempotency-Key” has 1 to 255 visible ASCII characters.")
    body = await read_bytes(request, MOST_JSON_BYTES)
    request[BODY] = body
    records, token = request.app[RECORDS], request[HOLDER].token.id
    digest = hashlib.sha256(b"\n".join((request.path_qs.encode(), body))).hexdigest()
    claim = Claim(token, key, secrets.token_urlsafe(9))
    known = await records.claim_answer(claim, digest, now_ms())
    if known is not None:
        return _again(request, known.digest == digest, known.status, known.body, f"{token} {key}")
    done = False
    try:
        async with _renewing(records, claim):
            response = await handler(request)
        if isinstance(response, web.Response) and response.status == 200 and isinstance(response.body, bytes):
            sealed = request.app[SEAL].close(response.body.decode(), f"{token} {key}")
            done = True
            with suppress(RecordsAway):  # the client gets the response even if it cannot be stored
                await records.keep_answer(claim, response.status, sealed, now_ms(), session=request.get(ABOUT, ""))
        return response
    finally:
        if not done:
            await records.forget_answer(claim)


@asynccontextmanager
async def _renewing(records: Records, claim: Claim) -> AsyncIterator[None]:
    """Renew the lock (`claim`) of a request's key until the block ends. Until then, no repetition of the request begins."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            with suppress(RecordsAway):
                await records.renew_claim(claim, now_ms())

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


def _again(request: web.Request, same: bool, status: int, sealed: str, about: str) -> web.Response:
    """Return the remembered response to the first request with this key.

    `same`: whether both requests have the same path, query and body. `status`: 0 while the first request is being handled.
    `sealed`: the response's body, which can be decrypted only with the same `about`. Raises Refused with the reason key_reused or
    in_progress.
    """
    if not same:
        raise Refused(422, "key_reused", "Another request had this Idempotency-Key. Take a new key for each request.")
    if status == 0:
        raise Refused(409, "in_progress", "The first request with this Idempotency-Key is still being answered.")
    try:
        body = request.app[SEAL].open(sealed, about)
    except Unsealable:
        raise Refused(409, "in_progress", "The answer to the first request with this key cannot be read any more.") from None
    return web.Response(text=body, content_type="application/json", status=status, headers={"Idempotency-Replayed": "true"})
