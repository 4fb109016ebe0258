"""docs/protocol.md is enough to write a client from: it has every message, and every example is real."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from signaling.access import codes
from signaling.protocol import messages
from signaling.server import websocket

TEXT = (Path(__file__).parents[4] / "docs" / "protocol.md").read_text()
DECLARED = {"client": messages.ClientMessage, "server": messages.ServerMessage}
EXAMPLES = [
    (side, line)
    for side, block in re.findall(r"```json (client|server)\n(.*?)```", TEXT, re.DOTALL)
    for line in block.strip().splitlines()
]


@pytest.mark.parametrize(("side", "line"), EXAMPLES)
def test_every_documented_example_is_a_message(side: str, line: str) -> None:
    msgspec.json.decode(line, type=DECLARED[side])


@pytest.mark.parametrize("side", DECLARED)
def test_every_message_has_a_documented_example(side: str) -> None:
    shown = {msgspec.json.decode(line)["type"] for where, line in EXAMPLES if where == side}
    declared = {struct.__struct_config__.tag for struct in typing.get_args(DECLARED[side])}
    assert declared - shown == set()


def test_every_reason_and_key_is_documented() -> None:
    sources = "".join(path.read_text() for path in (Path(__file__).parents[4] / "signaling").rglob("*.py"))
    said = set(re.findall(r'Say\("([a-z_.]+)"', sources)) | {f"mode.{mode}" for mode in typing.get_args(messages.Mode)}
    for key in {*websocket.SENTENCES, *codes.SENTENCES, *said}:
        assert f"`{key}`" in TEXT, f"docs/protocol.md does not tell of {key}"
