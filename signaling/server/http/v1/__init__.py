"""The API for other software: `/api/v1`, by a token. Its handlers are thin; those of the pages do the work."""

from __future__ import annotations

from aiohttp import web

from . import conversations, desk, gate, idempotency, people, sessions, settings, whoami

PARTS = (whoami, sessions, people, conversations, settings, desk)


def setup(app: web.Application) -> None:
    """Add the routes and the check of tokens."""
    gate.setup(app)
    app.middlewares.append(idempotency.once)
    for part in PARTS:
        app.add_routes(part.routes)
