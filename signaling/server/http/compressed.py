"""Serve the compressed copies that `web/build.mjs` makes of the pages.

The copies are in separate folders (`pages/compressed/br/call.html`). If the copies were next to the originals (`call.html.br`),
aiohttp would choose a copy by itself. It would then send Brotli even to a client that refuses Brotli (`br;q=0`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

FOLDER: Final = "compressed"
ENCODINGS: Final = ("br", "gzip")  # our encodings; the encoding with the smaller files comes first
_IDENTITY: Final = "identity"


def accepted(header: str) -> list[str]:
    """Return the encodings for a client, the best first, by the header `Accept-Encoding` (RFC 9110, 12.5.3).

    An encoding is left out if its weight is lower than the weight of `identity`. If two encodings have the same weight, the
    encoding with smaller files comes first. Malformed elements of the header are ignored.
    """
    weights = dict(_weights(header))
    others = weights.get("*", 0.0)
    plain = weights.get(_IDENTITY, 0.0)
    if "gzip" not in weights and "x-gzip" in weights:  # x-gzip is an alias of gzip (RFC 9110, 8.4.1.3)
        weights["gzip"] = weights["x-gzip"]
    liked = [(weights.get(name, others), name) for name in ENCODINGS]
    return [name for weight, name in sorted(liked, key=lambda each: -each[0]) if weight > 0 and weight >= plain]


def file_response(root: Path, path: Path, request: web.Request, headers: dict[str, str]) -> web.FileResponse:
    """Return `path`, a file in `root`, in the best encoding that the client accepts and the build has made."""
    headers = headers | {hdrs.VARY: hdrs.ACCEPT_ENCODING}
    for encoding in accepted(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, []))):
        copy = root / FOLDER / encoding / path.relative_to(root)
        if copy.is_file():
            return web.FileResponse(copy, headers=headers | {hdrs.CONTENT_ENCODING: encoding})
    return web.FileResponse(path, headers=headers)


def _weights(header: str) -> Iterable[tuple[str, float]]:
    for element in header.lower().split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                weight = _quality(value.strip())
        if name and 0.0 <= weight <= 1.0:
            yield name, weight


def _quality(text: str) -> float:
    """Return the weight that the text stands for, from 0 to 1.

    Return -1 for a text that is not a weight, such as "nan", "1e-1" or "+1".
    """
    digits = text.replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() else -1.0
