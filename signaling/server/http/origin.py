"""The origin check: only our own pages may send requests that change something. A few routes are exempt."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from signaling.access.identity import COOKIE
from signaling.server.app_keys import SETTINGS

from .errors import Refused
from .token_routes import PREFIX

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Routes that pages and programs of other origins may call. Partners' pages ask for identification codes; the handler checks that
# the origin belongs to the site. Mail programs call `/unsubscribe`. The sign-in provider calls the logout; the handler checks the
# provider's signature.
_FOREIGN = frozenset({"/api/codes", "/unsubscribe", "/api/oidc/logout"})
_FOREIGN_BELOW = "/api/oidc/logout/"  # an organisation's own sign-in provider calls a route below this path
# requests to these paths count as requests of staff, even without a sign-in cookie
STAFF_PATHS = frozenset({
    "/api/sign-in", "/api/sign-out", "/api/password/reset", "/api/passkeys/sign-in", "/api/passkeys/sign-in/begin",
    "/api/first-start", "/api/first-start/look",
    "/api/password/forgot", "/api/sign-ins/stranger", "/api/account/mail/confirm",
})  # fmt: skip


@web.middleware
async def own_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request that changes something unless its `Origin` is an origin of our own pages (wrong_origin).

    The routes in `_FOREIGN` and below `_FOREIGN_BELOW` are exempt. Requests to `/api/v1` are exempt, too: they come from programs
    with a token, and their cookies are ignored. Browsers always send `Origin` with requests that change something. SameSite
    cookies alone are not enough: pages at other ports of the host could still send such requests, and the users' pages could act
    for staff. A request with a cookie of staff, or to a path of `STAFF_PATHS`, must come from a page of staff. Every other
    request must come from a page of users.
    """
    settings = request.app[SETTINGS]
    by_staff = COOKIE in request.cookies or request.path in STAFF_PATHS
    allowed = settings.staff_origins if by_staff else frozenset({settings.url})
    by_token = request.path.startswith(PREFIX)
    ours = request.headers.get("Origin", "") in allowed
    foreign = request.path in _FOREIGN or request.path.startswith(_FOREIGN_BELOW)
    if not ours and request.method not in _SAFE and not foreign and not by_token:
        raise Refused(403, "wrong_origin", "Only this service's own pages may ask this.")
    return await handler(request)
