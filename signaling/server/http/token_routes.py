"""The routes of the API for other software: which right of a token and which action of the table of rights each is."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from signaling.access.api_tokens import Holder
from signaling.protocol.words import Action, TokenRight

PREFIX: Final = "/api/v1/"
HOLDER: Final[web.RequestKey[Holder]] = web.RequestKey("holder", Holder)  # who makes this request, by a token

TOKEN_ROUTES: Final[dict[str, tuple[TokenRight | None, Action]]] = {
    "GET /api/v1/token": (None, "sites.list"),
}
"""Route → (right, action). Every token may use a route without a right."""
