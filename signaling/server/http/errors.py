"""Answer refusals with problem details (RFC 9457): `reason` is a key for programs, and `detail` a sentence for people.

The status is 4xx or 5xx. No traceback reaches a client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from matcher.types import Unavailable
from signaling.access.admission import Crowded
from signaling.access.codes import CodeRefused
from signaling.access.sign_in_refused import SignInRefused
from signaling.config import log
from signaling.files import FileRefused
from signaling.protocol.reasons import CommandReason, CrowdedReason, FieldProblem, HttpReason, RequestReason
from signaling.records import Changed, RecordsAway
from signaling.records.checks import Invalid
from signaling.server.app_keys import COUNTS
from signaling.session.model import NotAllowed

from .image_files import PictureRefused
from .measured import route_of

_log = log.get("signaling.server.http")

_STATUS: dict[HttpReason, int] = {
    "unknown_site": 404,
    "unknown_category": 404,
    "not_offered": 403,
    "wrong_origin": 403,
    "replayed": 409,
    "too_large": 413,
    "picture_too_large": 413,
    "picture_too_costly": 413,
    "trail_too_long": 413,
    "not_a_picture": 415,
    "file_unknown": 415,
    "file_mislabelled": 415,
    "file_has_macros": 415,
    "file_infected": 422,
    "scan_failed": 503,
    "keys_unavailable": 503,
    "wrong_credentials": 401,
    "code_needed": 401,
    "wrong_code": 403,
    "wrong_password": 403,
    "prove_first": 403,
    "link_over": 410,
    "app_exists": 409,
    "passkey_refused": 403,
    "passkey_needed": 401,
    "too_many_passkeys": 409,
    "provider_off": 404,
    "provider_unavailable": 503,
    "no_role": 403,
    "no_role_claim": 403,
    "by_provider": 409,
    "provider_only": 403,
    "too_many_site": 429,
    "too_many_address": 429,
    "too_many_sign_ins": 429,
}
_AWAY = "This is out of reach for a moment; try again in a few seconds."
CROWDED_SENTENCES: dict[CrowdedReason, str] = {
    "full": "Very many people are waiting at the moment; try again in half a minute.",
    "pictures": "Very many pictures are being sent at the moment; try again in a few seconds.",
    "files": "Very many files are being sent at the moment; try again in a few seconds.",
    "overloaded": "Very many people are coming at the moment; try again in a few seconds.",
}
_LIVE: dict[CommandReason, str] = {
    "full": "Too many conversations are going on; try again in a minute.",
    "out_of_hours": "That time is not free; choose another.",
    "ringing": "A counselor is being asked right now.",
    "too_often": "This has been done too often.",
}
_CHANGED = "Somebody else has changed this in the meantime. Nothing was saved; look at their change first."
_NOT_NOW = "That is not possible any more."
_RETRY_AFTER_S = 30  # seconds after which a refused client may try again, unless the refusal gives another time
_AWAY_RETRY_S = 5  # seconds after which a client may try again while the database is unavailable
_BY_STATUS: dict[int, tuple[RequestReason, str]] = {
    404: ("not_found", "There is nothing at this address."),
    405: ("wrong_method", "This address does not take that method."),
    413: ("too_large", "That is more than is taken here."),
}


class Problem(Struct, kw_only=True, omit_defaults=True):
    """The body of a refusal: problem details (RFC 9457), and the additional members `reason` and `message`.

    The HTTP status says the type of the problem. `detail` and `message` are the same sentence, for people. `retry_s`: seconds
    after which to try again.
    `fields`: field of a form → what is wrong with it.
    """

    title: str
    status: int
    detail: str
    reason: HttpReason
    message: str
    retry_s: int | None = None
    fields: dict[str, FieldProblem] = {}


class Refused(Exception):
    """Raised by a handler that refuses a request. `reason`: a key for programs. `sentence`: a sentence for people.

    `retry_s`: seconds after which to try again. Only refusals with the statuses 429 and 503 carry this time.
    """

    def __init__(self, status: int, reason: HttpReason, sentence: str, *, retry_s: int = 30) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.sentence = sentence
        self.retry_s = retry_s


def not_found() -> Refused:
    """Return the refusal for an object that does not exist or that the client may not see."""
    return Refused(404, "not_found", "There is no such thing, or it is not yours to see.")


def answer(value: object, status: int = 200) -> web.Response:
    """Return a msgspec value as a JSON response."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)


def refusal(status: int, reason: HttpReason, sentence: str, retry_s: int = _RETRY_AFTER_S) -> web.Response:
    """Return the response for a refusal, without counting the refusal in `COUNTS`.

    `retry_s`: seconds after which to try again. Only refusals with the statuses 429 and 503 carry this time. The body repeats the
    header `Retry-After`, because a browser hides this header from pages of other origins.
    """
    if status not in (429, 503):
        return _problem(status, reason, sentence)
    response = _problem(status, reason, sentence, retry_s)
    response.headers["Retry-After"] = str(retry_s)
    return response


def _problem(
    status: int,
    reason: HttpReason,
    sentence: str,
    retry_s: int | None = None,
    fields: Mapping[str, FieldProblem] | None = None,
) -> web.Response:
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=sentence,
        reason=reason,
        message=sentence,
        retry_s=retry_s,
        fields=dict(fields or {}),
    )
    return web.Response(body=msgspec.json.encode(body), content_type="application/problem+json", status=status)


def _refusal(request: web.Request, status: int, reason: HttpReason, sentence: str, retry_s: int = _RETRY_AFTER_S) -> web.Response:
    """Count and return a refusal."""
    request.app[COUNTS][f"http.{reason}"] += 1
    return refusal(status, reason, sentence, retry_s)


def refusal_of(request: web.Request, error: CodeRefused | SignInRefused | PictureRefused | FileRefused | Crowded) -> web.Response:
    """Return the response that refuses a code, a sign-in, a picture or a file, or any request to a crowded server."""
    if isinstance(error, Crowded):
        return _refusal(request, 503, error.reason, CROWDED_SENTENCES[error.reason], ceil(error.retry_s))
    return _refusal(request, _STATUS.get(error.reason, 400), error.reason, error.sentence)


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn exceptions into refusals, and count the refusals by reason in `COUNTS`."""
    try:
        return await handler(request)
    except Refused as error:
        return _refusal(request, error.status, error.reason, error.sentence, error.retry_s)
    except (CodeRefused, SignInRefused, PictureRefused, FileRefused, Crowded) as error:
        return refusal_of(request, error)
    except (RecordsAway, Unavailable):
        return _refusal(request, 503, "unavailable", _AWAY, _AWAY_RETRY_S)
    except Invalid as error:
        request.app[COUNTS]["http.invalid"] += 1
        return _problem(422, "invalid", f"Not saved: {error}.", fields=error.problems)
    except Changed:
        return _refusal(request, 409, "changed_meanwhile", _CHANGED)
    except NotAllowed as error:
        return _refusal(request, 503 if error.reason == "full" else 409, error.reason, _LIVE.get(error.reason, _NOT_NOW))
    except web.HTTPException as error:
        if error.status not in _BY_STATUS:
            raise
        refused = _refusal(request, error.status, *_BY_STATUS[error.status])
        if "Allow" in error.headers:
            refused.headers["Allow"] = error.headers["Allow"]
        return refused
    except web.RequestPayloadError:
        return _refusal(request, 400, "bad_request", "The body is not what its headers say.")
    except ConnectionError:
        # the client is still connected, so another connection has failed, such as the server's connection to the database
        if request.transport is not None:
            return _fault(request)
        request.app[COUNTS]["http.cut"] += 1
        return web.Response(status=400)  # the client has disconnected
    except asyncio.CancelledError:
        if request.transport is None:  # the client has disconnected, so aiohttp cancels the handler
            request.app[COUNTS]["http.cut"] += 1
        raise
    except Exception:
        return _fault(request)


def _fault(request: web.Request) -> web.Response:
    """Log a fault of the server with its traceback, and return the response."""
    request.app[COUNTS]["http.internal"] += 1
    _log.exception("request_failed", method=request.method, route=route_of(request))
    return refusal(500, "internal", "Something went wrong here; try again.")
