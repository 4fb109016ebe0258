"""The origin check: only our own pages may send requests that change something. Staff's requests must come from staff's pages."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from signaling.access.identity import COOKIE
from signaling.server.app_keys import SETTINGS

from .errors import Refused
from .token_routes import PREFIX

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Routes that requests of other origins may use. Partners' pages call the first; its handler checks the site's origins. Mail
# programs call the second. The sign-in provider calls the third; its handler checks the provider's signature.
_FOREIGN = frozenset({"/api/codes", "/unsubscribe", "/api/oidc/logout"})
# routes that count as requests of staff although the sender may have no sign-in cookie yet
STAFF_PATHS = frozenset({
    "/api/sign-in", "/api/sign-out", "/api/password/reset", "/api/passkeys/sign-in", "/api/passkeys/sign-in/begin",
    "/api/first-start", "/api/first-start/look",
    "/api/password/forgot", "/api/sign-ins/stranger", "/api/account/mail/confirm",
})  # fmt: skip  # a list of names


@web.middleware
async def own_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request that changes something unless its `Origin` is one of ours (wrong_origin).

    Requests with an API token are let through: they come from programs, and their cookies are ignored.

    Browsers always send `Origin` with such requests. SameSite cookies alone would allow every other port of the host, and would
    let the users' pages act for staff. A request with a cookie of staff counts as a request of staff, any other as a user's.
    """
    settings = request.app[SETTINGS]
    by_staff = COOKIE in request.cookies or request.path in STAFF_PATHS
    allowed = settings.staff_origins if by_staff else frozenset({settings.url})
    by_token = request.path.startswith(PREFIX)
    ours = request.headers.get("Origin", "") in allowed
    if not ours and request.method not in _SAFE and request.path not in _FOREIGN and not by_token:
        raise Refused(403, "wrong_origin", "Only this service's own pages may ask this.")
    return await handler(request)
