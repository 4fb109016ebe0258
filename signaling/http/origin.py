"""Requests that change something must come from our own pages."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from ..keys import SETTINGS
from .errors import Refused

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN = frozenset({"/api/codes"})  # called from partners' pages; checks the site's own origins


@web.middleware
async def own_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refused wrong_origin: POST and the like without our own `Origin` (which browsers always send with them). SameSite alone
    would let every other port of a host in."""
    ours = request.headers.get("Origin", "") in request.app[SETTINGS].own_origins
    if not ours and request.method not in _SAFE and request.path not in _FOREIGN:
        raise Refused(403, "wrong_origin", "This may only be asked by our own pages.")
    return await handler(request)
