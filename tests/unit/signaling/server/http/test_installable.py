"""The web app manifest, the icons and the service workers of the pages."""

from __future__ import annotations

import pytest

from .conftest import Desk, refused
from .test_pages import policy


@pytest.mark.parametrize(("wanted", "lang", "name"), [("ko-KR", "ko", "상담 콘솔"), ("fr", "en", "Sangdam console")])
async def test_manifest_makes_the_console_installable_in_the_browsers_language(
    desk: Desk, wanted: str, lang: str, name: str
) -> None:
    reply = await desk.http.get("/console.webmanifest", headers={"Accept-Language": wanted})
    said = await reply.json(content_type="application/manifest+json")
    assert (said["lang"], said["name"], said["display"]) == (lang, name, "standalone")
    assert said["start_url"].startswith(said["scope"])
    assert {"192x192", "512x512"} <= {each["sizes"] for each in said["icons"]}
    assert reply.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("worker", ["console", "call"])
async def test_worker_may_reach_this_server_alone_and_is_never_stale(desk: Desk, worker: str) -> None:
    reply = await desk.get(f"/{worker}-worker.js")
    rules = policy(reply.headers["Content-Security-Policy"])
    assert rules == {"default-src": "'none'", "connect-src": "'self'", "frame-ancestors": "'none'"}
    assert reply.headers["Cache-Control"] == "no-cache"
    assert "Service-Worker-Allowed" not in reply.headers, "its own folder is the widest scope"


async def test_icons_are_those_of_the_list_and_no_other_files(desk: Desk) -> None:
    assert (await desk.get("/icons/icon-192.png")).status == 200
    for name in ("icon-999.png", "..%2Fconsole.html", "console.html"):
        assert await refused(await desk.get(f"/icons/{name}")) == (404, "not_found")


async def test_key_is_made_once_and_never_leaves_the_server_whole(desk: Desk) -> None:
    first, second = [await (await desk.get("/api/push/key")).json() for _ in range(2)]
    assert first == second
    assert len(first["key"]) == 87, "a point of P-256, base64url"
    assert "PRIVATE" not in await desk.records.push_key()
