"""Small partner pages with hostile scripts, each modelled on a kind of real page, and a server for them.

Each kind NAME has three pages, /NAME/1 to /NAME/3, with the titles "NAME 1" to "NAME 3". A click on `#on` goes to the next page.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.web_server import serving

SNIPPET = '<script src="{server}/widget.js" data-site="demo-shop" data-category="cameras" data-lang="ko"></script>'
LINK = '<a id="on" href="/{name}/{following}">Go on</a>'

# Visits pages as Turbo and Turbolinks do: fetches the page, replaces the body, and runs the scripts in it.
SWAPS_BODY = """<script>
addEventListener("click", async (event) => {
  const link = event.target.closest("#on");
  if (!link) return;
  event.preventDefault();
  const next = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
  history.pushState({}, "", link.href);
  document.documentElement.replaceChild(document.adoptNode(next.body), document.body);
  document.title = next.title;
  for (const old of document.body.querySelectorAll("script")) {
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
});
</script>"""
# Replaces the page's document, like frameworks that render the whole document anew.
SWAPS_ALL = (
    SWAPS_BODY.replace(
        "document.documentElement.replaceChild(document.adoptNode(next.body), document.body);",
        "const { title } = next; document.documentElement.replaceWith(document.adoptNode(next.documentElement));",
    )
    .replace("document.title = next.title;", "document.title = title;")
    .replace("document.body.query", "document.query")
)
# A client-side router: the address changes immediately, and the title changes when the page has loaded.
ROUTES = """<script>
let at = 1;
addEventListener("click", (event) => {
  if (event.target.id !== "on") return;
  event.preventDefault();
  at += 1;
  %s
  setTimeout(() => { document.title = "{name} " + at; }, 120);
});
</script>"""
PUSHES = ROUTES % 'history.pushState({}, "", "/{name}/" + at);'
HASHES = ROUTES % 'location.hash = "#/page/" + at;'

# The changes that Prototype 1.6 makes to JavaScript's built-in objects, written in Prototype's style.
PROTOTYPE = """<script>
Object.toJSON = (object) => {
  if (typeof object == "number" || typeof object == "boolean") return String(object);
  if (object === null || object === undefined) return "null";
  if (object.toJSON) return object.toJSON();
  return "{" + Object.keys(object).map((key) => key.toJSON() + ": " + Object.toJSON(object[key])).join(", ") + "}";
};
String.prototype.inspect = function () { return '"' + this.replace(/"/g, '\\\\"') + '"'; };
String.prototype.toJSON = function () { return this.inspect(true); };
String.prototype.toArray = function () { return this.split(""); };
Number.prototype.toJSON = function () { return isFinite(this) ? this.toString() : "null"; };
Date.prototype.toJSON = function () { return '"' + this.getTime() + '"'; };
Array.from = window.$A = (iterable) => {
  if (!iterable) return [];
  if (iterable.toArray) return iterable.toArray();
  const results = new Array(iterable.length);
  for (let i = 0; i < iterable.length; i++) results[i] = iterable[i];
  return results;
};
Array.prototype.toArray = function () { return [].concat(this); };
Array.prototype.each = function (iterator) { for (let i = 0; i < this.length; i++) iterator(this[i], i); return this; };
Array.prototype.map = Array.prototype.collect = function (iterator, context) {
  const results = [];
  this.each((value, index) => results.push(iterator.call(context, value, index)));
  return results;
};
Array.prototype.find = Array.prototype.detect = function (iterator) {
  let result;
  for (let i = 0; i < this.length && result === undefined; i++) if (iterator(this[i], i)) result = this[i];
  return result;
};
Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
Array.prototype.toJSON = function () { return "[" + this.map(Object.toJSON).join(", ") + "]"; };
</script>"""
TO_JSON = """<script>
for (const kind of [Object, Array, String, Number, Boolean, Date]) kind.prototype.toJSON = () => "mine";
</script>"""
NAMES = ("title", "body", "hidden", "head", "documentElement", "currentScript", "createElement", "querySelector", "cookie")
NAMED_FORMS = (
    "".join(f'<form name="{name}"><input name="dataset"><input name="closest"></form>' for name in NAMES)
    + '<img name="querySelectorAll" alt=""><p id="Sangdam">Sangdam</p><p id="sangdam">sangdam</p>'
)
# Tag managers copy a script element and leave out attributes that they do not know.
TAG_MANAGER = """<script>
const tag = document.createElement("script");
tag.src = "{server}/widget.js";
tag.onload = () => Sangdam.init({{ site: "demo-shop", category: "cameras", lang: "ko", accent: "#0b6e4f" }});
document.head.append(tag);
</script>"""
IMPORTED = """<script type="module">
await import("{server}/widget.js");
Sangdam.init({{ site: "demo-shop", category: "cameras", lang: "ko" }});
</script>"""


@dataclass(frozen=True)
class Unkind:
    """A kind of page. `headers`, `head`, `body` and `snippet` can contain {server}, the counselling server's origin."""

    name: str
    headers: dict[str, str] = field(default_factory=dict)
    head: str = ""
    body: str = ""
    snippet: str = SNIPPET
    snippet_in_body: bool = False

    def page(self, number: int, server: str) -> str:
        snippet = self.snippet.format(server=server)
        link = LINK.format(name=self.name, following=number + 1)
        inside, outside = (snippet, "") if self.snippet_in_body else ("", snippet)
        head = self.head.replace("{name}", self.name)
        return (
            '<!doctype html><html lang="ko"><head><meta charset="utf-8">'
            f"<title>{self.name} {number}</title>{head}{outside}</head>"
            f"<body>{self.body}<h1>{self.name} {number}</h1><p>{link}</p>{inside}</body></html>"
        )


CSP = "default-src 'none'; script-src {server}; frame-src {server}; connect-src {server}"
PAGES = [
    Unkind("body_swapped", head=SWAPS_BODY),
    Unkind("body_swapped_with_the_snippet", head=SWAPS_BODY, snippet_in_body=True),
    Unkind("all_swapped", head=SWAPS_ALL),
    Unkind("pushed", head=PUSHES),
    Unkind("hashed", head=HASHES),
    Unkind("prototype", head=PROTOTYPE),
    Unkind("to_json", head=TO_JSON),
    Unkind("named_forms", body=NAMED_FORMS, snippet_in_body=True),
    Unkind("csp", {"Content-Security-Policy": CSP}),
    Unkind("trusted_types", {"Content-Security-Policy": "require-trusted-types-for 'script'; trusted-types 'none'"}),
    Unkind("coep_require_corp", {"Cross-Origin-Embedder-Policy": "require-corp"}),
    Unkind("coep_credentialless", {"Cross-Origin-Embedder-Policy": "credentialless"}),
    Unkind("isolated", {"Cross-Origin-Embedder-Policy": "credentialless", "Cross-Origin-Opener-Policy": "same-origin"}),
    Unkind("no_referrer", {"Referrer-Policy": "no-referrer"}),
    Unkind("dark", head="<style>:root { color-scheme: dark } * { color: #111 !important; background: #111 !important }</style>"),
    Unkind("tag_manager", snippet=TAG_MANAGER),
    Unkind("twice", snippet=SNIPPET + SNIPPET),
    Unkind("module", snippet=SNIPPET.replace("<script", '<script type="module"')),
    Unkind("imported", snippet=IMPORTED),
]


@asynccontextmanager
async def unkind_server(server: str) -> AsyncIterator[str]:
    """Serve the hostile partner pages of this file. Yield the origin of these pages."""
    by_name = {page.name: page for page in PAGES}

    async def answer(request: web.Request) -> web.Response:
        found = re.fullmatch(r"/(\w+)/(\d)", request.path)
        if found is None or found[1] not in by_name:
            raise web.HTTPNotFound
        page = by_name[found[1]]
        headers = {name: value.format(server=server) for name, value in page.headers.items()}
        return web.Response(text=page.page(int(found[2]), server), content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with serving(app) as origin:
        yield origin
