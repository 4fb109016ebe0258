"""Co-browsing in browsers: the counselor sees the user's page, but not the words that must not leave the page."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from aiohttp import web
from aiohttp.typedefs import Handler
from PIL import Image
from playwright.async_api import FloatRect, Frame, Locator, Request, WebSocket, expect

from tests.browser.conftest import Casting
from tests.browser.media import COUNSELOR
from tests.browser.people import Staff, User, eventually
from tests.browser.service import Backstage, Service, sangdam
from tests.web_server import serving

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src {server}; frame-src {server} {other}; connect-src {server};"
    " img-src 'self' {other}; style-src 'self' 'unsafe-inline'; require-trusted-types-for 'script'; trusted-types 'none'"
}
PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>비밀제목 {number}</title>
<style>p {{ font: 20px sans-serif }} .far {{ background: url({other}/far-sheet.png?who=비밀주소) }}</style>
<script src="{server}/widget.js" data-site="demo-shop" data-category="cameras" data-lang="ko"></script></head>
<body><h1>비밀주문 {number}</h1><main data-sangdam-share><p id="open">열린글 {number}</p>
<p id="private" data-sangdam-private>비밀개인</p><p contenteditable>비밀편집</p>
<input id="password" type="password" value="비밀암호"><input autocomplete="cc-number" value="비밀카드"></main>
<p><a id="on" href="/page/2?who=비밀주소">비밀링크</a> <input id="name" value="비밀이름"> <input id="shown" value="보일값"></p>
<p><img src="/own.png"> <img src="{other}/far.png"> <iframe src="{other}/frame"></iframe></p>
<iframe srcdoc="<p>비밀속글</p><input value='비밀속글'>"></iframe>
<p class="far">1</p><p style="background: url({other}/far-own.png)">2</p>
<p style="--far: url({other}/far-named.png?who=비밀주소); background: var(--far)">3</p></body></html>"""
FRAME = '<!doctype html><meta charset="utf-8"><p>비밀액자</p>'
# Goes to another address without a new document, and changes a shadow root 1,000 times in a second.
STORM = """
() => new Promise((done) => {
  const card = document.createElement('x-card');
  card.dataset.sangdamShare = '';
  const text = document.createTextNode('');
  card.attachShadow({ mode: 'open' }).append(text);
  document.body.append(card);
  history.pushState({}, '', '/page/app?who=비밀주소');
  let count = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < 10; n++) text.nodeValue = `그림자 ${++count}`;
    if (count < 1000) return;
    clearInterval(timer);
    done();
  }, 10);
})
"""
TITLE = "비밀제목"
# `NEVER`: texts that never leave the page, whatever the site allows. `SECRETS`: these texts, and texts that leave the page only
# if the site allows it.
NEVER = ("비밀개인", "비밀편집", "비밀암호", "비밀카드", "비밀이름", "비밀액자", "비밀속글")
SECRETS = (*NEVER, "비밀주문", "비밀주소", "비밀링크", "비밀변경")
DOT = "•"


@dataclass
class Shop:
    """A site of the test. `asked`: path and referrer of each HTTP request that has reached this site."""

    origin: str
    asked: list[tuple[str, str]]

    def by_staff(self) -> set[str]:
        """Return the paths that the counselor's browser has asked for.

        Only the user's browser sends a referrer or opens a page of the site.
        """
        return {path for path, referrer in self.asked if not referrer and not path.startswith("/page/")}


@asynccontextmanager
async def shop(server: str) -> AsyncIterator[Shop]:
    """Serve a shop with a strict content security policy and Trusted Types.

    Its pages also load parts from the same server under the name `localhost`, which browsers treat as another origin.
    """
    asked: list[tuple[str, str]] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked.append((request.path, request.headers.get("Referer", "")))
        return await handler(request)

    async def page(request: web.Request) -> web.Response:
        other = f"http://localhost:{request.url.port}"
        headers = {name: value.format(server=server, other=other) for name, value in HEADERS.items()}
        text = PAGE.format(server=server, other=other, number=request.match_info["number"])
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def frame(request: web.Request) -> web.Response:
        return web.Response(text=FRAME, content_type="text/html")

    async def picture(request: web.Request) -> web.Response:
        drawn = io.BytesIO()
        Image.new("RGB", (4, 4), (40, 170, 60)).save(drawn, "PNG")
        return web.Response(body=drawn.getvalue(), content_type="image/png")

    app = web.Application(middlewares=[note])
    app.router.add_get("/page/{number}", page)
    app.router.add_get("/frame", frame)
    app.router.add_get("/{name}.png", picture)
    async with serving(app) as origin:
        yield Shop(origin, asked)


async def allow(service: Service, origin: str, texts: Literal["strict", "open"]) -> None:
    """Allow co-browsing on pages of this origin. Add a webhook, to which the service then announces every event."""
    site = ("--update", "--origin", service.shop, "--origin", origin, "--cobrowse", texts)
    await sangdam(service, "site", "add", "demo-shop", *site)
    await sangdam(service, "webhook", "add", "https://hook.example/")


class Pages:
    """Reads WebSocket messages with parts of a user's page, and keeps all their content, decompressed."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts = ""

    def take(self, frame: str) -> None:
        self.texts.append(frame)
        message = json.loads(frame)
        if message["type"] != "page":
            return
        self._parts = self._parts + message["data"] if message["data"] else ""
        if self._parts and not message.get("more"):
            self.texts.append(zlib.decompress(base64.b64decode(self._parts), wbits=-15).decode())
            self._parts = ""

    def has(self, word: str) -> bool:
        escaped = json.dumps(word)[1:-1]
        return any(word in text or escaped in text for text in self.texts)


class Sent(Pages):
    """Everything that the user's browser has sent to the service over WebSockets, and in addresses and bodies of requests."""

    def __init__(self, user: User) -> None:
        super().__init__()
        self.requests: list[str] = []
        self._server = user.service.url
        user.context.on("page", lambda page: page.on("websocket", self._watch))
        user.context.on("request", self._note)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.take(str(frame)))

    def _note(self, request: Request) -> None:
        if request.url.startswith(self._server):
            self.requests += [unquote(request.url), (request.post_data_buffer or b"").decode("utf-8", "replace")]


async def page_frame(counselor: Staff) -> Frame:
    frame = await (await counselor.get("page-view").locator("iframe").element_handle()).content_frame()
    assert frame is not None
    return frame


async def points_and_frames(counselor: Staff, user: User) -> FloatRect:
    """Point at the middle of the shown page, and draw a frame around the element near the top of the page.

    Return where the counselor's console shows the user's page: position and size.
    """
    box = await counselor.get("page-surface").bounding_box()
    assert box is not None
    await counselor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await expect(own(user, "pointer")).to_contain_text("Jimin")
    await counselor.get("page-tool-frame").click()
    await counselor.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 40)
    await expect(own(user, "frame")).to_have_count(1)
    return box


async def test_counselor_sees_the_page_without_its_secrets(backstage: Backstage, casting: Casting) -> None:
    service = await backstage.enter()
    async with shop(service.url) as site, casting(service) as cast:
        origin = site.origin
        await allow(service, origin, "strict")
        counselor, user = await cast.counselor(), await cast.user()
        sent = Sent(user)
        await user.context.add_init_script(OPEN_ROOTS)
        user.shop = await user.context.new_page()
        await user.shop.goto(f"{origin}/page/1")
        panel = await user.open_panel()
        await panel.get_by_test_id("panel-text").click()
        await counselor.accept()

        ask = counselor.get("page-ask")
        await counselor.page.set_viewport_size({"width": 390, "height": 844})
        await expect(ask).to_be_enabled()
        await ask.click()
        await expect(panel.get_by_test_id("cobrowse-asked")).to_contain_text("Jimin")
        assert not sent.has("열린글")
        await panel.get_by_test_id("cobrowse-yes").click()
        frame = await page_frame(counselor)
        await expect(frame.locator("#open")).to_have_text("열린글 1")
        # on a phone, the console shows only one of its parts; now this must be the user's page
        await expect(frame.locator("#open")).to_be_visible()
        await counselor.get("work-back").click()
        await expect(counselor.get("page-view")).to_be_hidden()
        await expect(counselor.get("tab-work")).to_contain_text("페이지")
        await counselor.get("tab-work").click()
        await expect(counselor.get("page-view")).to_be_visible()
        await counselor.page.set_viewport_size({"width": 1280, "height": 720})
        await expect(frame.locator("h1")).to_have_text("•••• •")
        await expect(frame.locator("#private")).to_have_text(DOT * 4)
        await expect(frame.locator("#name")).to_have_value(DOT * 4)
        await expect(frame.locator("#password")).to_have_value("")
        await expect(frame.locator("iframe")).to_have_count(0)
        await expect(panel.get_by_test_id("cobrowse-on")).to_contain_text("Jimin 님이 지금 페이지를 보고 있어요")

        await user.shop.evaluate("document.querySelector('#open').textContent = '새 글'")
        await expect(frame.locator("#open")).to_have_text("새 글")
        await user.shop.evaluate("document.querySelector('h1').textContent = '비밀변경'")
        await user.shop.locator("#name").press_sequentially("비밀이름")
        await user.shop.locator("#password").fill("비밀암호")
        await expect(own(user, "field")).to_be_hidden()
        await user.shop.locator("#shown").focus()
        assert not sent.has("보일값")
        await own(user, "field").click()
        await expect(frame.locator("#shown")).to_have_value("보일값")
        assert site.by_staff() == {"/own.png"}, "the counselor's browser loads the site's own pictures, and nothing else"

        await user.shop.locator("#on").click()
        await user.find_panel()
        await expect(frame.locator("#open")).to_have_text("열린글 2")
        await expect(counselor.get("page-address")).to_have_text(f"{origin}/page/2")

        await user.shop.evaluate(STORM)
        await expect(frame.locator("x-card")).to_have_text("그림자 1000")
        await expect(counselor.get("page-address")).to_have_text(f"{origin}/page/app")

        await expect(own(user, "pointer")).to_have_count(0)
        box = await points_and_frames(counselor, user)
        await counselor.get("page-tool-line").click()
        await counselor.page.mouse.move(box["x"] + 40, box["y"] + 40)
        await counselor.page.mouse.down()
        await counselor.page.mouse.move(box["x"] + 140, box["y"] + 90, steps=8)
        await counselor.page.mouse.up()
        await expect(own(user, "layer").locator("polyline").first).to_be_attached()
        await counselor.get("page-tool-link").click()
        link = await frame.locator("#on").bounding_box()
        assert link is not None
        await counselor.page.mouse.click(link["x"] + 5, link["y"] + 5)
        await expect(own(user, "link")).to_contain_text(f"{origin.partition('//')[2]}/page/2")
        await own(user, "link").get_by_role("button").first.click()
        await expect(own(user, "link")).to_be_hidden()
        await own(user, "stop").click()
        await expect(own(user, "stop")).to_have_count(0)
        await expect(counselor.get("page-view")).to_be_hidden()
        await counselor.reads("페이지 보기가 끝났어요")
        await user.shop.evaluate("document.querySelector('#open').textContent = '그 뒤'")
        await user.shop.wait_for_timeout(300)
        assert not sent.has("그 뒤")

        assert sent.has("열린글")
        assert not sent.has(TITLE)
        assert any(TITLE in each for each in sent.requests), "the user shared the title when the conversation began"
        found = [file.read_bytes() for file in service.data_dir.rglob("*") if file.is_file()]
        assert any(b"session.accepted" in each for each in found), "messages to webhooks are among the records"
        for secret in SECRETS:
            assert not sent.has(secret), secret
            assert not any(secret in each for each in sent.requests), secret
            assert not counselor.traffic.contains(secret), secret
            assert not any(secret.encode() in each for each in found), secret
    backstage.leave(service)


async def test_firefox_shows_an_open_page_to_firefox(backstage: Backstage, casting: Casting) -> None:
    service = await backstage.enter()
    async with shop(service.url) as site, casting(service) as cast:
        await allow(service, site.origin, "open")
        counselor = await cast._person(Staff, COUNSELOR, "firefox")
        await counselor.context.add_init_script(KEEP_MESSAGES)
        await counselor.sign_in("jimin", "counselor")
        user = await cast.user("firefox")
        await user.context.add_init_script(OPEN_ROOTS)
        user.shop = await user.context.new_page()
        await user.shop.goto(f"{site.origin}/page/1")
        panel = await user.open_panel()
        await panel.get_by_test_id("panel-text").click()
        await counselor.accept()
        await counselor.get("page-ask").click()
        await panel.get_by_test_id("cobrowse-yes").click()

        await sees_in_page(counselor, "#open", "열린글 1")
        await sees_in_page(counselor, "h1", "비밀주문 1")
        await sees_in_page(counselor, "#private", DOT * 4)
        await sees_in_page(counselor, "#name", DOT * 4)
        await user.shop.evaluate("document.querySelector('#open').textContent = '새 글'")
        await sees_in_page(counselor, "#open", "새 글")
        await user.shop.locator("#shown").click()
        await own(user, "field").click()
        await sees_in_page(counselor, "#shown", "보일값")

        await points_and_frames(counselor, user)
        await user.shop.locator("#on").click()
        await user.find_panel()
        await sees_in_page(counselor, "#open", "열린글 2")

        got = Pages()
        for message in await counselor.page.evaluate("window.kept"):
            got.take(message)
        assert got.has("비밀주문")
        for secret in NEVER:
            assert not got.has(secret), secret
        assert site.by_staff() == {"/own.png"}
        assert all("blocked" in each and "/far" in each for each in counselor.problems), counselor.problems
        counselor.problems.clear()  # Firefox reports each picture of another origin that the counselor's page blocks
        await counselor.get("page-stop").click()
        await expect(own(user, "stop")).to_have_count(0)
        await expect(counselor.get("page-view")).to_be_hidden()
    backstage.leave(service)


# Playwright does not report what arrives over Firefox's WebSockets. So the page itself records the messages.
KEEP_MESSAGES = """
window.kept = [];
window.WebSocket = class extends WebSocket {
  constructor(...how) {
    super(...how);
    this.addEventListener('message', ({ data }) => window.kept.push(String(data)));
  }
};
"""
# In a frame that is not allowed to run scripts, Firefox does not run a test's script either. So the surrounding page reads the
# frame.
IN_PAGE = """
(selector) => {
  const found = document.querySelector('[data-testid=page-view] iframe')?.contentDocument?.querySelector(selector);
  return found?.value ?? found?.textContent ?? '';
}
"""


async def sees_in_page(counselor: Staff, selector: str, text: str) -> None:
    await eventually(lambda: counselor.page.evaluate(IN_PAGE, selector), text, f"the counselor should see {selector}")


# The co-browsing script puts its elements into a closed shadow root, which no locator enters. `OPEN_ROOTS` makes every root open.
OPEN_ROOTS = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (init) { return attach.call(this, { ...init, mode: 'open' }); };
"""


def own(user: User, name: str) -> Locator:
    """Return an element of this name that the co-browsing script has put on the page."""
    return user.shop.locator(f"[data-sangdam-own] .{name}")
