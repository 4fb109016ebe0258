"""docs/protocol.md is enough to write a client from: it has every message, and every example is real."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from signaling.access import codes
from signaling.protocol.client_messages import ClientMessage
from signaling.protocol.server_messages import ServerMessage
from signaling.protocol.words import Mode
from signaling.server import websocket

TEXT = (Path(__file__).parents[4] / "docs" / "protocol.md").read_text()
DECLARED = {"client": ClientMessage, "server": ServerMessage}
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
    said = set(re.findall(r'Say\("([a-z_.]+)"', sources)) | {f"mode.{mode}" for mode in typing.get_args(Mode)}
    for key in {*websocket.SENTENCES, *codes.SENTENCES, *said}:
        assert f"`{key}`" in TEXT, f"docs/protocol.md does not tell of {key}"


def _structs(hint: object, found: set[type[msgspec.Struct]]) -> set[type[msgspec.Struct]]:
    """Every structure that messages are made of."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint not in found:
        found.add(hint)
        for inner in typing.get_type_hints(hint, include_extras=True).values():
            _structs(inner, found)
    for inner in typing.get_args(hint):
        _structs(inner, found)
    return found


def _values(hint: object) -> set[str]:
    if typing.get_origin(hint) is typing.Literal:
        return set(typing.get_args(hint))
    return set().union(*(_values(inner) for inner in typing.get_args(hint)))


STRUCTS = sorted(_structs(ClientMessage, set()) | _structs(ServerMessage, set()), key=lambda each: each.__name__)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda each: each.__name__)
def test_every_field_and_every_value_is_told(struct: type[msgspec.Struct]) -> None:
    hints = typing.get_type_hints(struct, include_extras=True)
    words = set(hints) | {value for hint in hints.values() for value in _values(hint) if value}
    untold = {word for word in words if not re.search(rf'[`"“.]{re.escape(word)}[`"”:.]', TEXT)}
    assert not untold, f"docs/protocol.md does not tell of {sorted(untold)}"
