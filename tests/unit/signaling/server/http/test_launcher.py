"""In the widget's script, the server sets the launcher's corner of the page and the launcher's texts, for each site."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from signaling.records import RecordsAway, Site
from signaling.server.http import launcher, pages

from .conftest import Desk

SOURCES = Path(__file__).parents[5] / "web" / "src" / "widget"
TEXT = 'frame.title = /^ko(?![a-z])/i.test(lang) ? "상담하기" : "Ask a counselor";'
MANY = Site(id="shop", languages=["ko", "en", "ja", "zh-CN", "es"])
SITE = Site(id="shop", corner="left", launcher_texts={"en": 'Ask "us"', "zh-Hans": "咨询我们", "ko-KR": "물어보세요"})


def test_both_places_are_found_in_the_sources_and_in_the_built_script() -> None:
    assert launcher._SIDE.search((SOURCES / "widget.css").read_text())
    assert launcher._TEXT.search((SOURCES / "widget.ts").read_text())
    built = Path(pages.__file__).parents[2] / "pages" / "widget.js"
    if built.is_file():
        dressed = launcher.dressed(built.read_text(), SITE)
        assert "safe-area-inset-left" in dressed
        assert 'Ask \\"us\\"' in dressed


@pytest.mark.parametrize(
    ("language", "text"),
    [("en-GB", 'Ask "us"'), ("zh-CN", "咨询我们"), ("ko", "물어보세요"), ("ja", "Ask a counselor")],
)
def test_launcher_speaks_the_sites_words_in_the_pages_language(language: str, text: str) -> None:
    assert _said(SITE, language) == text


def _said(site: Site, language: str) -> object:
    """Return what the launcher says on a page in this language."""
    node = shutil.which("node") or next(iter(Path(__file__).parents[5].glob(".venv/**/bin/node")), None)
    assert node, "the pages' tools bring Node.js"
    script = launcher.dressed(TEXT, site).replace("frame.title =", "console.log(JSON.stringify(").rstrip(";\n") + "))"
    made = subprocess.run([node, "-e", f"const lang = {json.dumps(language)};{script}"], capture_output=True, check=True)
    return json.loads(made.stdout)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "相談する"),
        ("zh-Hant-TW", "在线咨询"),
        ("es-MX", "Hablar con un asesor"),
        ("ko-KR", "상담하기"),
        ("fr", "Ask a counselor"),
    ],
)
def test_launcher_speaks_the_languages_of_its_site_by_itself(language: str, text: str) -> None:
    assert not launcher.is_plain(MANY)
    assert _said(MANY, language) == text


async def test_script_of_a_site_follows_its_settings(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (pages.PAGES / "widget.js").write_text((SOURCES / "widget.css").read_text() + TEXT)
    site = await desk.records.site("demo-shop")
    assert site is not None
    plain = await (await desk.get("/widget.js")).text()
    assert "Hablar con un asesor" in await (await desk.get("/widget.js?site=demo-shop")).text()
    assert "safe-area-inset-left" not in plain
    await desk.records.save_site(replace(site, corner="left", launcher_texts={"en": "Ask us"}))
    reply = await desk.get("/widget.js?site=demo-shop")
    dressed = await reply.text()
    assert re.search(r"left: calc\(16px \+ env\(safe-area-inset-left\)\)", dressed)
    assert "Ask us" in dressed
    assert (reply.headers["Access-Control-Allow-Origin"], reply.headers["Vary"]) == ("*", "Accept-Encoding")
    assert await (await desk.get("/widget.js?site=..%2f..")).text() == plain

    async def away(site: str) -> Site | None:
        raise RecordsAway(site)

    monkeypatch.setattr(desk.records, "site", away)
    assert await (await desk.get("/widget.js?site=demo-shop")).text() == plain, "partners' pages keep the launcher"
