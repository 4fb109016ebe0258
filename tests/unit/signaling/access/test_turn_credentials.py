from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from signaling.access.turn_credentials import TTL_S, Turn, TurnError

SECRET = "north-star-of-the-south"


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    return file


def test_credentials_expire_and_do_not_reveal_the_secret(secret_file: Path) -> None:
    turn = Turn.open(["turn:turn.example:3478"], secret_file)
    assert turn is not None
    server = turn.server("s-1", now_ms=1_790_000_000_000)
    assert server.urls == ["turn:turn.example:3478?transport=udp", "turn:turn.example:3478?transport=tcp"]
    assert server.username == f"{1_790_000_000 + TTL_S}:s-1"
    expected = hmac.new(SECRET.encode(), server.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(server.credential) == expected
    assert SECRET not in repr(turn) + repr(server)


def test_turn_transport_and_tls_are_kept_as_written(secret_file: Path) -> None:
    written = ["turns:turn.example:443?transport=tcp", "turn:[2001:db8::1]:3478?transport=udp", "turns:turn.example"]
    turn = Turn.open(written, secret_file)
    assert turn is not None
    assert list(turn.urls) == written


def test_no_turn_server_gives_no_credentials() -> None:
    assert Turn.open([], None) is None


@pytest.mark.parametrize(
    "server", ["turn.example", "stun:turn.example", "turn:", "turn:a b", "turn:x:99999", "turn:x?transport=ip"]
)
def test_invalid_turn_server_is_named_in_the_error(server: str, secret_file: Path) -> None:
    with pytest.raises(TurnError, match="is not a TURN server"):
        Turn.open([server], secret_file)


def test_turn_server_needs_a_secret_and_vice_versa(secret_file: Path, tmp_path: Path) -> None:
    with pytest.raises(TurnError, match="belong together"):
        Turn.open(["turn:turn.example"], None)
    with pytest.raises(TurnError, match="belong together"):
        Turn.open([], secret_file)
    with pytest.raises(TurnError, match="cannot be read"):
        Turn.open(["turn:turn.example"], tmp_path / "nowhere")
    secret_file.write_text("short")
    with pytest.raises(TurnError, match="shorter than"):
        Turn.open(["turn:turn.example"], secret_file)
