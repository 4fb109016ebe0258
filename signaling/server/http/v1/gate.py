"""The gate of the API: tokens, rate limits and entity tags of every request to `/api/v1`."""

from __future__ import annotations

import hashlib

from aiohttp import web
from aiohttp.typedefs import Handler

from signaling.access.api_tokens import Holder, holder_of
from signaling.access.rate_limits import Buckets, network_of
from signaling.server.app_keys import RECORDS
from signaling.server.http.bodies import address_of, bearer, now_ms
from signaling.server.http.errors import Refused
from signaling.server.http.token_routes import HOLDER, PREFIX

AT_ONCE = 300  # a token may make a burst of at most this many requests
FULL_AGAIN_S = 60  # seconds in which a token that has used up its requests regains all of them, at an even rate
BY_TOKEN: web.AppKey[Buckets] = web.AppKey("api_by_token", Buckets)
WRONG_TOKENS: web.AppKey[Buckets] = web.AppKey("api_wrong_tokens", Buckets)


def setup(app: web.Application) -> None:
    """Add the middlewares of the API.

    Call this function after adding the middleware that turns exceptions into refusals. Then that middleware also handles the
    exceptions of the API's middlewares.
    """
    app[BY_TOKEN] = Buckets(burst=AT_ONCE, per_minute=AT_ONCE * 60 / FULL_AGAIN_S)
    app[WRONG_TOKENS] = Buckets(burst=60, per_minute=60)
    app.middlewares.extend((with_token, tagged))
    app.on_response_prepare.append(_tell)


@web.middleware
async def with_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request to the API pass only if it has a valid token that has not been used for too many requests lately.

    Requests to other paths pass without a token. Raises Refused with the reason bad_token or too_often.
    """
    if request.path.startswith(PREFIX):
        request[HOLDER] = await _holder(request)
    return await handler(request)


async def _holder(request: web.Request) -> Holder:
    now, buckets = now_ms(), request.app[BY_TOKEN]
    holder = await holder_of(request.app[RECORDS], bearer(request), now)
    if holder is None:
        if not request.app[WRONG_TOKENS].take(network_of(address_of(request)), now):
            raise Refused(429, "too_often", "Too many wrong tokens came from your address. Try again in a minute.", retry_s=60)
        raise Refused(401, "bad_token", "This needs a valid API token, as in “Authorization: Bearer sgd_…”.")
    if not buckets.take(holder.token.id, now):
        request[HOLDER] = holder  # so that `_tell` can put the token's limits into the headers of this refusal, too
        raise Refused(
            429,
            "too_often",
            f"A token may make {AT_ONCE} requests at once, and regains {AT_ONCE // FULL_AGAIN_S} a second.",
            retry_s=1,
        )
    return holder


async def require_same_rights(request: web.Request) -> None:
    """Raise Refused(bad_token) when the request's token has ended, or has lost a right since the request began."""
    holder = await holder_of(request.app[RECORDS], bearer(request), now_ms())
    if holder is None or not request[HOLDER].rights <= holder.rights:
        raise Refused(401, "bad_token", "The token has ended, or has lost a right.")


async def _tell(request: web.Request, response: web.StreamResponse) -> None:
    """Put the token's limits into the response's headers (draft-ietf-httpapi-ratelimit-headers).

    `RateLimit-Policy` and `RateLimit` are the headers of the present draft. The other three headers are older, and many clients
    know only those three. The draft does not prescribe an algorithm. This server uses a token bucket: the quota is the bucket's
    capacity, and the window is the time in which an empty bucket becomes full.

    To a response with 401, add the header that says how to present a token (RFC 6750).
    """
    if not request.path.startswith(PREFIX):
        return
    if response.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="sangdam", error="invalid_token"'
    if HOLDER in request:
        left, full_s = request.app[BY_TOKEN].left(request[HOLDER].token.id, now_ms())
        response.headers["RateLimit-Policy"] = f'"token";q={AT_ONCE};w={FULL_AGAIN_S}'
        response.headers["RateLimit"] = f'"token";r={left};t={full_s}'
        response.headers["RateLimit-Limit"] = str(AT_ONCE)
        response.headers["RateLimit-Remaining"] = str(left)
        response.headers["RateLimit-Reset"] = str(full_s)


@web.middleware
async def tagged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each successful response to GET or HEAD an entity tag, unless its body is sent in pieces.

    Answer 304 if the client already has the same response (RFC 9110, 13.1.2).
    """
    response = await handler(request)
    reads = request.method in ("GET", "HEAD") and request.path.startswith(PREFIX)
    if not (reads and isinstance(response, web.Response) and response.status == 200 and isinstance(response.body, bytes)):
        return response
    response.headers.setdefault("ETag", tag_of(response.body))
    if names(request.headers.get("If-None-Match", ""), response.headers["ETag"]):
        return web.Response(status=304, headers={"ETag": response.headers["ETag"]})
    return response


def require_unchanged(request: web.Request, now: bytes) -> None:
    """Check by the entity tag in `If-Match` that nobody has changed the resource since the client read it (RFC 9110, 13.1.1).

    `now`: the body that GET would return now. Raises Refused(precondition_needed) without an entity tag, and
    Refused(changed_meanwhile) when the resource has changed.
    """
    given = request.headers.get("If-Match", "")
    if not given:
        raise Refused(428, "precondition_needed", "Send the ETag of what you have read in If-Match, or “*” to overwrite.")
    if not names(given, tag_of(now)):
        raise Refused(412, "changed_meanwhile", "This has changed since you read it. Read it again.")


def tag_of(body: bytes) -> str:
    """Return the entity tag of a response with this body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def names(header: str, tag: str) -> bool:
    """Return whether the value of `If-Match` or `If-None-Match` contains this entity tag, or is "*".

    The prefix `W/` of a tag is ignored.
    """
    given = [each.strip().removeprefix("W/") for each in header.split(",")]
    return tag in given or header.strip() == "*"
