"""The API for other software: `/api/v1`, with a token. The API's handlers call the same code as the handlers for the pages."""

from __future__ import annotations

from aiohttp import web

from . import appointments, conversations, desk, gate, idempotency, people, sessions, settings, whoami

PARTS = (whoami, sessions, people, conversations, appointments, settings, desk)


def setup(app: web.Application) -> None:
    """Add the routes of the API, and the check of their tokens."""
    gate.setup(app)
    app.middlewares.append(idempotency.once)
    for part in PARTS:
        app.add_routes(part.routes)
