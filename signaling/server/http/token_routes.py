"""The routes of the API for other software.

For each route, this table says which right the token needs, and which action of the table of rights the route carries out.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from signaling.access.api_tokens import Holder
from signaling.protocol.words import Action, TokenRight

PREFIX: Final = "/api/v1/"
# under this key, a request's handler finds the software that sent the request, with the software's API token
HOLDER: Final[web.RequestKey[Holder]] = web.RequestKey("holder", Holder)

TOKEN_ROUTES: Final[dict[str, tuple[TokenRight | None, Action]]] = {
    "GET /api/v1/token": (None, "sites.list"),
    "GET /api/v1/sessions": ("sessions.read", "past.read"),
    "GET /api/v1/sessions/{id}": ("sessions.read", "past.read"),
    "GET /api/v1/sessions/{id}/transcript": ("sessions.export", "past.read"),
    "DELETE /api/v1/sessions/{id}": ("sessions.erase", "past.erase"),
    "POST /api/v1/people/find": ("sessions.read", "past.read"),
    "POST /api/v1/people/export": ("sessions.export", "past.read"),
    "POST /api/v1/people/erase": ("sessions.erase", "past.erase"),
    "POST /api/v1/sites/{site}/codes": ("codes.make", "keys.change"),
    "GET /api/v1/sites/{site}/keys": ("keys.write", "keys.change"),
    "POST /api/v1/sites/{site}/keys": ("keys.write", "keys.change"),
    "DELETE /api/v1/sites/{site}/keys/{key}": ("keys.write", "keys.change"),
    "POST /api/v1/conversations": ("conversations.start", "keys.change"),
    "PUT /api/v1/callbacks/{id}": ("messages.mark", "messages.manage"),
    "GET /api/v1/callbacks": ("messages.read", "messages.manage"),
    "GET /api/v1/appointments": ("appointments.read", "appointments.manage"),
    "POST /api/v1/appointments": ("appointments.book", "keys.change"),
    "GET /api/v1/appointments/{id}": ("appointments.read", "appointments.manage"),
    "GET /api/v1/appointments/{id}/times": ("appointments.read", "appointments.manage"),
    "POST /api/v1/appointments/{id}/move": ("appointments.change", "appointments.manage"),
    "POST /api/v1/appointments/{id}/cancel": ("appointments.change", "appointments.manage"),
    "GET /api/v1/sites/{site}/times": ("appointments.read", "appointments.manage"),
    "GET /api/v1/messages": ("messages.read", "messages.manage"),
    "PUT /api/v1/messages/{id}": ("messages.mark", "messages.manage"),
    "GET /api/v1/live": ("live.read", "live.watch"),
    "GET /api/v1/reports": ("reports.read", "reports.read"),
    "GET /api/v1/reports/staff": ("reports.read", "reports.read"),
    "GET /api/v1/sites": ("settings.read", "sites.change"),
    "GET /api/v1/sites/{site}": ("settings.read", "sites.change"),
    "PUT /api/v1/sites/{site}": ("settings.write", "sites.change"),
    "GET /api/v1/sites/{site}/categories": ("settings.read", "sites.change"),
    "GET /api/v1/sites/{site}/categories/{category}/hours": ("settings.read", "hours.change"),
    "PUT /api/v1/sites/{site}/categories/{category}/hours": ("settings.write", "hours.change"),
    "GET /api/v1/hours": ("settings.read", "hours.change"),
    "GET /api/v1/staff": ("settings.read", "people.change"),
    "GET /api/v1/staff/{id}": ("settings.read", "people.change"),
}
"""Route → (right that the token needs, action of the table of rights). If the right is None, every token may use the route."""
