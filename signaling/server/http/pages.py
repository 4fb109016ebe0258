"""The built pages, the widget and their assets."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from aiohttp import web
from msgspec import Struct

from signaling.config.settings import STAFF_HOSTS
from signaling.config.web_addresses import is_origin
from signaling.protocol.language_tags import accepted
from signaling.protocol.reading import QueryReader
from signaling.protocol.words import Locale
from signaling.records import RecordsAway, Site
from signaling.server.app_keys import COUNTS, RECORDS, SETTINGS

from .bodies import Key, file_inside, read_query
from .compressed import file_response
from .errors import Refused, not_found
from .headers import DEVICES, Device, Opener, page_headers
from .launcher import dressed, is_plain
from .no_panel import Reason, no_panel
from .try_page import page_origins

PAGES = Path(__file__).parents[2] / "pages"
routes = web.RouteTableDef()

# the devices that the operators' page may use: operators who whisper or join need a microphone
_VOICE: Final[tuple[Device, ...]] = ("microphone",)
_STAFF_PAGES = {"counselor": "/console", "professional": "/console", "operator": "/operator"}
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sangdam</title>
<h1>The pages are not built yet</h1>
<p>The service runs, but <code>{name}</code> is missing. Build the pages with <code>make pages</code>
(or install the wheel, which brings them), then load this page again.</p></html>"""


# Headers of the scripts among the assets. A page may start such a script as a worker. The browser applies the policy of the
# script's own response to the worker, so the worker may fetch nothing. The policy has no directive `sandbox`, with which a worker
# would not start. The response also has the pages' embedder policy, without which a framed page could not start the worker.
_WORKER = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
# Our pages may not run WebAssembly, but two workers may: pdf.js decodes scanned pages with it, and MediaPipe finds the person in
# a camera picture. MediaPipe's worker may also fetch its own files.
_WASM_WORKERS: Final = {
    "pdf-worker-": "default-src 'none'; script-src 'wasm-unsafe-eval'; frame-ancestors 'none'",
    "blur-worker-": ("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'"),
}


class PanelQuery(Struct, kw_only=True):
    """The query parameters of the chat panel that the server needs. The page itself reads the remaining parameters."""

    site: Key = ""
    lang: Locale = ""


class WidgetQuery(Struct, kw_only=True):
    """The query of the widget's script.

    `site`: the site whose launcher (the button that opens the chat) is wanted; "" for the standard launcher.
    """

    site: Key = ""


_read_widget: QueryReader[WidgetQuery] = QueryReader(WidgetQuery)
_read_panel: QueryReader[PanelQuery] = QueryReader(PanelQuery)


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """At each host for staff, redirect "/" to the page that these staff use.

    The users' host has no home page, because users come by a link on a partner's page.
    """
    for role, prefix in STAFF_HOSTS.items():
        if request.host.startswith(prefix):
            raise web.HTTPFound(_STAFF_PAGES[role])
    raise not_found()


@routes.get("/panel")
async def panel(request: web.Request) -> web.StreamResponse:
    """Return the page with the chat panel, which only the site's own pages may frame (`frame-ancestors`).

    If the site is unknown, or the request's `Referer` names a page of another origin, return a page that explains why the panel
    does not show.
    """
    try:
        asked = read_query(request, _read_panel)
    except Refused:
        asked = PanelQuery()
    site = await request.app[RECORDS].site(asked.site)
    if site is None or _framed_elsewhere(request, site):
        reason: Reason = "unknown_site" if site is None else "wrong_origin"
        request.app[COUNTS][f"http.{reason}"] += 1
        languages = [asked.lang, *accepted(request.headers.get("Accept-Language", ""))]
        return no_panel(reason, languages, asked.site, _framing_origin(request))
    return _page(
        request, "panel.html", frame_ancestors=page_origins(request.app[SETTINGS], site), opener="same-origin-allow-popups"
    )


@routes.get("/call")
async def call(request: web.Request) -> web.StreamResponse:
    """Return the call page.

    The chat panel opens the call page from a frame in a partner's page and passes the session by postMessage
    (`web/src/room/handoff.ts`). The call page has no opener policy, because most partners' pages have none. With different
    policies, the browser would cut the link between the two windows.
    """
    return _page(request, "call.html", devices=DEVICES, opener="unsafe-none")


@routes.get("/console")
async def console(request: web.Request) -> web.StreamResponse:
    return _page(request, "console.html", devices=DEVICES, frames=True)


@routes.get("/operator")
async def operator(request: web.Request) -> web.StreamResponse:
    return _page(request, "operator.html", devices=_VOICE, frames=True)


_FOR_PARTNERS = {
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@routes.get("/widget.js")
async def widget(request: web.Request) -> web.StreamResponse:
    """Return the widget for partners' pages.

    Pages of any origin may load the widget. Browsers may cache it for five minutes, so a page may get a new
    version up to five minutes late.

    `?site=` names the site whose launcher (the button that opens the chat) the widget shows. For an unknown site, and while the
    database is unavailable, the widget shows the standard launcher.
    """
    path = PAGES / "widget.js"
    try:
        asked = read_query(request, _read_widget)
        site = await request.app[RECORDS].site(asked.site) if asked.site and path.is_file() else None
    except (Refused, RecordsAway):
        site = None
    if site is None or is_plain(site):
        return _file(request, "widget.js", _FOR_PARTNERS)
    response = web.Response(text=dressed(path.read_text("utf-8"), site), content_type="text/javascript", headers=_FOR_PARTNERS)
    response.headers["Vary"] = "Accept-Encoding"
    response.enable_compression()
    return response


@routes.get("/widget-api.js")
async def widget_api(request: web.Request) -> web.StreamResponse:
    """Return the module with the widget's events and functions, which a partner's page may load in addition."""
    return _file(request, "widget-api.js", _FOR_PARTNERS)


@routes.get("/cobrowse.js")
async def cobrowse(request: web.Request) -> web.StreamResponse:
    """Return the script module that shows the user's page to staff. The widget loads it after the user has agreed."""
    return _file(request, "cobrowse.js", _FOR_PARTNERS)


@routes.get("/page-frame")
async def page_frame(request: web.Request) -> web.Response:
    """Return the empty document in which staff see a user's page.

    The document runs no script and submits no form, whatever its content is. From the network, the document may load only
    pictures, styles and fonts of the site's own origins. The document may load nothing from this server: a request that a user's
    page causes would carry the counselor's cookies.
    """
    site = await request.app[RECORDS].site(read_query(request, _read_widget).site)
    if site is None:
        raise not_found()
    own = " ".join(each for each in site.origins if is_origin(each) and each not in request.app[SETTINGS].own_origins)
    policy = (
        f"default-src 'none'; img-src {own} data:; style-src {own} 'unsafe-inline'; font-src {own} data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "same-origin"}
    return web.Response(text="<!doctype html><title></title>", content_type="text/html", headers=headers)


@routes.get("/assets/{path:.+}")
async def asset(request: web.Request) -> web.StreamResponse:
    """Return an asset. Browsers may cache it forever, because its name contains a hash of its content."""
    path = file_inside(PAGES / "assets", request)
    if path is None:
        raise not_found()
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-origin"}
    if path.suffix == ".js":
        headers |= _WORKER
        for name, policy in _WASM_WORKERS.items():
            if path.name.startswith(name):
                headers["Content-Security-Policy"] = policy
    return file_response(PAGES.resolve(), path, request, headers)


def _framed_elsewhere(request: web.Request, site: Site) -> bool:
    """Return whether `Referer` names an origin that is neither the site's nor ours. Without a `Referer`, return False."""
    framing = _framing_origin(request)
    return bool(framing) and framing not in {*site.origins, *request.app[SETTINGS].own_origins}


def _framing_origin(request: web.Request) -> str:
    return "/".join(request.headers.get("Referer", "").split("/")[:3])


def not_built(name: str) -> web.Response:
    """Return a page which says that the file `name` is missing, because the pages were not built (503)."""
    page = _NOT_BUILT.format(name=name)
    return web.Response(text=page, content_type="text/html", status=503, headers={"Retry-After": "5"})


def _page(
    request: web.Request,
    name: str,
    *,
    frame_ancestors: list[str] | None = None,
    devices: Collection[Device] = (),
    opener: Opener = "same-origin",
    frames: bool = False,
) -> web.StreamResponse:
    settings = request.app[SETTINGS]
    headers = page_headers(settings, frame_ancestors=frame_ancestors or [], devices=devices, opener=opener, frames=frames)
    return _file(request, name, headers)


def _file(request: web.Request, name: str, headers: dict[str, str]) -> web.StreamResponse:
    path = PAGES / name
    return file_response(PAGES, path, request, headers) if path.is_file() else not_built(name)
