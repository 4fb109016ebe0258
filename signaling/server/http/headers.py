"""Security headers, and the Content-Security-Policy of each page."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from signaling.config.settings import Settings
from signaling.config.web_addresses import is_origin
from signaling.server.app_keys import SETTINGS

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# What is no page runs and frames nothing, should a browser ever show it as one.
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'; sandbox"
# A page under Cross-Origin-Embedder-Policy frames only documents that allow it and that embed others on the same terms; ours
# embed nothing foreign (HTML, "check a navigation response's adherence to its embedder policy").
FRAMED_ANYWHERE = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "cross-origin"}
_DEVICES = ("camera", "display-capture", "microphone")
Opener = Literal["same-origin", "same-origin-allow-popups", "unsafe-none"]
_NEVER = ("accelerometer", "geolocation", "gyroscope", "payment", "usb")


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as error:  # a redirect
        _secure(request, error.headers)
        raise
    if not response.prepared:  # else a WebSocket: its headers are gone already
        _secure(request, response.headers)
    return response


def _secure(request: web.Request, headers: MutableMapping[str, str]) -> None:
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", _NO_PAGE)
    if request.path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    if request.app[SETTINGS].url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def page_headers(
    settings: Settings, *, frame_ancestors: list[str], devices: bool, opener: Opener = "same-origin"
) -> dict[str, str]:
    """For one HTML page. `frame_ancestors`: origins that may frame it (what is none, from an older version's records, would be a
    directive of its own and is left out); `devices`: it may use camera, microphone and screen; `opener`: whether it keeps a
    handle on the window that opened it, or on those that it opens."""
    frame_ancestors = [each for each in frame_ancestors if is_origin(each)]
    sockets = " ".join(sorted(origin.replace("http", "ws", 1) for origin in settings.own_origins))
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "connect-src": f"'self' {sockets}",  # 'self' covers WebSockets in recent browsers only
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(frame_ancestors) or "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Permissions-Policy": ", ".join(
            [f"{name}=({'self' if devices else ''})" for name in _DEVICES] + [f"{name}=()" for name in _NEVER]
        ),
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": opener,
    }
    headers |= FRAMED_ANYWHERE if frame_ancestors else {"X-Frame-Options": "DENY"}
    return headers
