"""Security headers, and the Content-Security-Policy of each page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, MutableMapping
from typing import Final, Literal, get_args

from aiohttp import web, web_response
from aiohttp.typedefs import Handler

from signaling.config.settings import Settings
from signaling.config.web_addresses import is_origin
from signaling.server.app_keys import SETTINGS

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# The policy of responses that are not pages. If a browser shows such a response as a page, this page can run no script, load
# nothing and frame nothing.
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'; sandbox"
# Headers of our pages that partners show in frames. A partner's page with a Cross-Origin-Embedder-Policy may frame only documents
# that have these headers. See the HTML standard, "check a navigation response's adherence to its embedder policy". Our pages can
# have these headers because they embed nothing from other origins.
FRAMED_ANYWHERE = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "cross-origin"}
Device = Literal["camera", "display-capture", "microphone"]
DEVICES: Final[tuple[Device, ...]] = get_args(Device)
Opener = Literal["same-origin", "same-origin-allow-popups", "unsafe-none"]
_NEVER = ("accelerometer", "geolocation", "gyroscope", "payment", "usb")


def hide_versions() -> None:
    """Leave the versions of aiohttp and Python out of every `Server` header. aiohttp has no setting for this.

    So this function changes a constant of aiohttp.
    """
    web_response.SERVER_SOFTWARE = "Sangdam"  # type: ignore[attr-defined]  # aiohttp does not list this name in __all__


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the security headers to every response."""
    try:
        response = await handler(request)
    except web.HTTPException as error:  # a response that aiohttp raises as an exception, such as a redirect
        secure(request, error.headers)
        raise
    if not response.prepared:  # the headers of a WebSocket's response are already sent
        secure(request, response.headers)
    return response


def secure(request: web.Request, headers: MutableMapping[str, str]) -> None:
    """Add the security headers to a response. A handler that itself starts to send its response must call this function first."""
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", _NO_PAGE)
    if request.path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    if request.app[SETTINGS].url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def sha256_source(text: str) -> str:
    """Return the source expression that allows exactly this inline script or style sheet in a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def page_headers(
    settings: Settings,
    *,
    frame_ancestors: list[str],
    devices: Collection[Device],
    opener: Opener = "same-origin",
    frames: bool = False,
) -> dict[str, str]:
    """Return the headers of one HTML page.

    - `frame_ancestors`: origins that may frame the page. Older versions might have stored a text that is not an origin. Such a
      text is left out, because it could add a directive to the policy.
    - `devices`: the devices that the page may use.
    - `opener`: the page's Cross-Origin-Opener-Policy, which decides whether the page stays connected to its opener and to the
      windows that it opens.
    - `frames`: whether the page may frame pages of ours.
    """
    frame_ancestors = [each for each in frame_ancestors if is_origin(each)]
    sockets = " ".join(sorted(origin.replace("http", "ws", 1) for origin in settings.own_origins))
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "connect-src": f"'self' {sockets}",  # only in recent browsers does 'self' include WebSockets
        "worker-src": "'self'",
        **({"frame-src": "'self'"} if frames else {}),
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(frame_ancestors) or "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Permissions-Policy": ", ".join(
            [f"{name}=({'self' if name in devices else ''})" for name in DEVICES] + [f"{name}=()" for name in _NEVER]
        ),
        "Cache-Control": "no-cache",
        "Cross-Origin-Opener-Policy": opener,
    }
    headers |= FRAMED_ANYWHERE if frame_ancestors else {"X-Frame-Options": "DENY"}
    return headers
