"""Manifest, icons and service workers. With these, counselors can install their page (console), and pages can notify people."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from signaling.protocol.language_tags import accepted
from signaling.protocol.own_texts import nearest, words_in

from . import pages
from .bodies import path_id
from .compressed import file_response
from .errors import not_found

routes = web.RouteTableDef()

ICONS: Final = ("icon-192.png", "icon-512.png", "icon-maskable-512.png", "badge-96.png")
# The Content-Security-Policy of service workers: a worker may fetch only from this server. Browsers take the policy from the
# response with the worker's script.
_POLICY = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"


@routes.get("/console.webmanifest")
async def manifest(request: web.Request) -> web.Response:
    """Return the manifest of the console, in the browser's language."""
    language = nearest(*accepted(request.headers.get("Accept-Language", "")))
    words = words_in(language, "app")
    said: dict[str, Any] = {
        "id": "/console",
        "start_url": "/console",
        "scope": "/console",
        "display": "standalone",
        "lang": language,
        "name": words["name"],
        "short_name": "Sangdam",
        "description": words["description"],
        "theme_color": "#1d5bc9",
        "background_color": "#f6f7f9",
        "icons": [
            {"src": "/icons/icon-192.png", "sizes": "192x192", "type": "image/png"},
            {"src": "/icons/icon-512.png", "sizes": "512x512", "type": "image/png"},
            {"src": "/icons/icon-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }
    return web.Response(
        body=msgspec.json.encode(said),
        content_type="application/manifest+json",
        headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"},
    )


@routes.get("/icons/{name}")
async def icon(request: web.Request) -> web.StreamResponse:
    """Return an icon of the installed console or of a notification."""
    name = path_id(request, "name")
    path = pages.PAGES / "icons" / name
    if name not in ICONS or not path.is_file():
        raise not_found()
    return file_response(pages.PAGES.resolve(), path.resolve(), request, {"Cache-Control": "public, max-age=86400"})


@routes.get("/console-worker.js")
async def console_worker(request: web.Request) -> web.StreamResponse:
    """Return the console's service worker.

    The worker caches the console's page, scripts and styles, and no data of conversations.
    """
    return _worker(request, "console-worker.js")


@routes.get("/call-worker.js")
async def call_worker(request: web.Request) -> web.StreamResponse:
    """Return the call page's service worker, which only shows notifications."""
    return _worker(request, "call-worker.js")


def _worker(request: web.Request, name: str) -> web.StreamResponse:
    path = pages.PAGES / name
    if not path.is_file():
        return pages.not_built(name)
    return file_response(pages.PAGES, path, request, {"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY})
