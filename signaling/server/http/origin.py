"""Requests that change something must come from our own pages, those of staff from pages for staff."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from signaling.access.identity import COOKIE
from signaling.server.app_keys import SETTINGS

from .errors import Refused

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN = frozenset({"/api/codes"})  # called from partners' pages; checks the site's own origins
_STAFF = frozenset({"/api/sign-in", "/api/sign-out"})


@web.middleware
async def own_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse, as wrong_origin, POST and the like without our own `Origin` (which browsers always send with them). SameSite alone
    would let every other port of a host in, and the users' pages act for staff.

    A cookie of staff makes it a request of staff, whatever else stands beside it; all others are users'."""
    settings = request.app[SETTINGS]
    by_staff = COOKIE in request.cookies or request.path in _STAFF
    allowed = settings.staff_origins if by_staff else frozenset({settings.url})
    ours = request.headers.get("Origin", "") in allowed
    if not ours and request.method not in _SAFE and request.path not in _FOREIGN:
        raise Refused(403, "wrong_origin", "This may only be asked by our own pages.")
    return await handler(request)
