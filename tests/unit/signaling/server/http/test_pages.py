"""The pages, their security policies, and the demo shop."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from signaling.access.codes import Server, read, server_secret, verify
from signaling.config.settings import Settings
from signaling.server import demo
from signaling.server.http import pages
from signaling.server.http.bodies import now_ms

from .conftest import SHOP, Desk, refused

TRY = "http://operator.localhost:8080"  # the origin of the page on which staff try a site


def policy(header: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


async def test_service_is_healthy(desk: Desk) -> None:
    assert (await desk.get("/healthz")).status == 200


async def test_panel_can_be_framed_only_by_its_site(desk: Desk) -> None:
    panel = await desk.get("/panel?site=demo-shop&category=cameras&lang=ko")
    rules = policy(panel.headers["Content-Security-Policy"])
    assert rules["frame-ancestors"] == f"{SHOP} {TRY}"
    assert "X-Frame-Options" not in panel.headers


async def test_invalid_stored_origin_reaches_no_policy(desk: Desk) -> None:
    site = await desk.records.site("demo-shop")
    assert site is not None
    await desk.records.save_site(replace(site, origins=["https://a.example; script-src *", SHOP, "https://a'b.example"]))
    panel = await desk.get("/panel?site=demo-shop&category=cameras&lang=ko")
    rules = policy(panel.headers["Content-Security-Policy"])
    assert (rules["frame-ancestors"], rules["script-src"]) == (f"{SHOP} {TRY}", "'self'")


@pytest.mark.parametrize(
    ("site", "referer", "status", "words"),
    [
        ("demo-shop", f"{SHOP}/", 200, None),
        ("demo-shop", "https://elsewhere.example/", 403, "이 페이지에서는 상담을 시작할 수 없어요"),
        ("demo-shop", f"{SHOP}.elsewhere.example/", 403, "이 페이지에서는 상담을 시작할 수 없어요"),
        ("other", f"{SHOP}/", 404, "이 사이트는 아직 상담에 연결되어 있지 않아요"),
    ],
)
async def test_panel_framed_elsewhere_explains_why_it_is_missing(
    desk: Desk, site: str, referer: str, status: int, words: str | None
) -> None:
    reply = await desk.get(f"/panel?site={site}&category=cameras&lang=ko", headers={"Referer": referer})
    assert reply.status == status
    if words is not None:
        assert words in await reply.text()
        rules = policy(reply.headers["Content-Security-Policy"])
        assert rules["default-src"] == "'none'"
        assert "frame-ancestors" not in rules


HINTS = [
    ("", "no site is set"),
    ("undefined", "Sangdam.init({site:"),
    ("shoop", 'knows no site "shoop"'),
    ("demo-shop", 'pages of https://elsewhere.example are not allowed for site "demo-shop"'),
    ("demo-shop", "sangdam site add demo-shop --update --origin https://elsewhere.example"),
]


@pytest.mark.parametrize(("site", "words"), HINTS)
async def test_panel_refusal_tells_site_builders_the_fix(desk: Desk, site: str, words: str) -> None:
    page = await (await desk.get(f"/panel?site={site}", headers={"Referer": "https://elsewhere.example/"})).text()
    found = re.search(r'data-hint="([^"]*)"', page)
    assert found is not None
    assert words in html.unescape(found[1])
    assert "\n" not in found[1]


async def test_site_id_from_the_url_is_escaped(desk: Desk) -> None:
    page = await (await desk.get("/panel", params={"site": '"><script>alert(1)</script>\n' + "x" * 500})).text()
    assert "<script>alert" not in page
    assert "x" * 100 not in page


@pytest.mark.parametrize("site", ["demo-shop", "other"])
async def test_panel_works_in_pages_with_an_embedder_policy(desk: Desk, site: str) -> None:
    headers = (await desk.get(f"/panel?site={site}")).headers
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Cross-Origin-Embedder-Policy" not in (await desk.get("/call")).headers


@pytest.mark.parametrize(
    ("path", "opener"),
    [
        ("/console", "same-origin"),
        ("/operator", "same-origin"),
        ("/panel?site=demo-shop", "same-origin-allow-popups"),
        ("/call", "unsafe-none"),
    ],
)
async def test_pages_are_isolated_from_their_openers(desk: Desk, path: str, opener: str) -> None:
    assert (await desk.get(path)).headers["Cross-Origin-Opener-Policy"] == opener


async def test_responses_do_not_reveal_the_server_software(desk: Desk) -> None:
    replies = [await desk.get(path, allow_redirects=False) for path in ("/call", "/api/me", "/nothing", "/widget.js")]
    replies.append(await desk.get("/", headers={"Host": "operator.localhost:8080"}, allow_redirects=False))
    assert replies[-1].status == 302
    for reply in replies:
        assert reply.headers["Server"] == "Sangdam"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Content-Security-Policy"]


ALL_DEVICES = ["camera", "display-capture", "microphone"]


@pytest.mark.parametrize(("path", "devices"), [("/call", ALL_DEVICES), ("/console", ALL_DEVICES), ("/operator", ["microphone"])])
async def test_other_pages_cannot_be_framed(desk: Desk, path: str, devices: list[str]) -> None:
    reply = await desk.get(path)
    rules = policy(reply.headers["Content-Security-Policy"])
    assert rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["img-src"] == "'self' blob: data:"
    assert "ws://counselor.localhost:8080" in rules["connect-src"]
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert re.findall(r"([a-z-]+)=\(self\)", reply.headers["Permissions-Policy"]) == devices


@pytest.mark.parametrize(
    ("host", "page"),
    [("counselor.localhost", "/console"), ("professional.localhost", "/console"), ("operator.localhost", "/operator")],
)
async def test_staff_hosts_redirect_to_their_page(desk: Desk, host: str, page: str) -> None:
    reply = await desk.get("/", headers={"Host": f"{host}:8080"}, allow_redirects=False)
    assert (reply.status, reply.headers["Location"]) == (302, page)


async def test_assets_are_cached_forever(desk: Desk) -> None:
    reply = await desk.get("/assets/a-1234.js")
    assert "immutable" in reply.headers["Cache-Control"]
    assert await reply.text() == "asset " * 100


async def test_only_two_workers_run_webassembly_and_one_of_them_fetches(desk: Desk) -> None:
    rights = {}
    for name in ("a-1234", "pdf-worker-1", "blur-worker-1"):
        (pages.PAGES / "assets" / f"{name}.js").write_text("")
        rules = policy((await desk.get(f"/assets/{name}.js")).headers["Content-Security-Policy"])
        assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
        rights[name] = (rules.get("script-src", ""), rules.get("connect-src", ""))
    assert rights == {
        "a-1234": ("", ""),
        "pdf-worker-1": ("'wasm-unsafe-eval'", ""),
        "blur-worker-1": ("'self' 'wasm-unsafe-eval'", "'self'"),
    }


@pytest.mark.parametrize(
    "path", ["/assets/%2e%2e/panel.html", "/assets/..%2f..%2frecords.sqlite", "/assets/%00", "/assets/", "/assets/x"]
)
async def test_only_assets_are_served_from_the_assets_path(desk: Desk, path: str) -> None:
    assert (await refused(await desk.get(path)))[0] == 404


async def test_widget_can_be_loaded_by_other_sites(desk: Desk) -> None:
    reply = await desk.get("/widget.js")
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age" in reply.headers["Cache-Control"]


async def test_unbuilt_pages_say_how_to_build_them(desk: Desk) -> None:
    (pages.PAGES / "call.html").unlink()
    reply = await desk.get("/call")
    assert reply.status == 503
    assert "make pages" in await reply.text()


# --- the shop ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    built = tmp_path / "shop"
    built.mkdir()
    (built / "index.html").write_text('<script src="__SANGDAM__/widget.js"></script>')
    (tmp_path / "secret.txt").write_text("secret")
    settings = Settings(demo=True, data_dir=tmp_path)
    app = web.Application(client_max_size=4096)
    app.add_routes(demo.Shop(settings, built).routes())
    async with TestClient(TestServer(app)) as client:
        client.settings = settings
        yield client


async def test_demo_shop_knows_the_service_address(shop: TestClient[web.Request, web.Application]) -> None:
    reply = await shop.get("/")
    assert await reply.text() == '<script src="http://localhost:8080/widget.js"></script>'
    assert "script-src 'self' http://localhost:8080" in reply.headers["Content-Security-Policy"]
    for path in ("/nothing.html", "/%2e%2e/secret.txt", "/..%2fsecret.txt"):
        assert (await shop.get(path)).status == 404


async def test_demo_shop_signs_a_code_for_its_signed_in_user(shop: TestClient[web.Request, web.Application]) -> None:
    ours = {"Origin": SHOP}
    asked = json.dumps(
        {"site": "demo-shop", "category": "cameras", "language": "ko", "product": {"id": "m5", "name": "다른 이름"}}
    )
    assert (await shop.post("/sangdam-code", data=asked, headers=ours)).status == 401
    assert (await (await shop.post("/sign-in", json={"name": "민아"}, headers=ours)).json()) == {"name": "민아"}
    assert await (await shop.get("/me")).json() == {"name": "민아"}
    code = (await (await shop.post("/sangdam-code", data=asked, headers=ours)).json())["code"]
    settings: Settings = shop.settings
    server = Server(settings.server_name, server_secret(settings.data_dir))
    verified = verify(read(code), demo.site_of(settings), now_ms(), server)
    assert verified.kind == "partner"
    assert verified.claims.user is not None
    assert verified.claims.user.name == "민아"
    assert verified.claims.product is not None
    assert verified.claims.product.name == "하늘 M5 미러리스 카메라", "by the shop's own list, not by what the page says"
    await shop.post("/sign-out", json={}, headers=ours)
    assert await (await shop.get("/me")).json() == {"name": ""}


@pytest.mark.parametrize("origin", ["", "http://localhost:8080", "https://evil.example"])
async def test_demo_shop_answers_only_its_own_pages(shop: TestClient[web.Request, web.Application], origin: str) -> None:
    for path in ("/sign-in", "/sign-out", "/sangdam-code"):
        assert (await shop.post(path, data="{}", headers={"Origin": origin})).status == 403
    assert (await shop.post("/sign-in", data="nonsense", headers={"Origin": SHOP})).status == 400
