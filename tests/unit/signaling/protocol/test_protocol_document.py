"""docs/protocol.md is enough to write a client from: it describes every message, and every example can be decoded."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from signaling.protocol.client_messages import ClientMessage
from signaling.protocol.reasons import (
    ApiReason,
    ByeReason,
    CodeReason,
    CrowdedReason,
    EndReason,
    ErrorReason,
    FileReason,
    InviteReason,
    MailReason,
    OverReason,
    PeerEndReason,
    PictureReason,
    RequestReason,
    SignInReason,
    UndoReason,
)
from signaling.protocol.server_messages import ServerMessage
from signaling.protocol.words import Mode

ROOT = Path(__file__).parents[4]
TEXT = (ROOT / "docs" / "protocol.md").read_text()
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


def test_every_key_of_a_system_line_is_documented() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "signaling").rglob("*.py"))
    said = set(re.findall(r'Say\("([a-z_.]+)"', sources)) | {f"mode.{mode}" for mode in typing.get_args(Mode)}
    for key in said:
        assert f"`{key}`" in TEXT, f"docs/protocol.md does not tell of {key}"


def _after(opening: str, ending: str) -> str:
    """Return the part of the document between these two texts. Both texts must occur."""
    return TEXT.split(opening, 1)[1].split(ending, 1)[0]


def _words(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


_HTTP = _after("Other reasons:", ", and those")
_TABLE = _after("Reasons of an `error`:", "`bye` is the last message")
_PEER_END = _after("ended the connection of that answer, and why:\n", "If a connection was ended on purpose")
_END, _OVER = _after("`end_reason` is ", "`session_over` says"), _after("`session_over` says that the session has ended", "```")

DOCUMENTED = [
    (_words(_after("Reasons a code is refused: ", "\n\n")), {CodeReason}),
    (_words(_after("`#invite=`", "\n").rpartition("Refused")[2]), {InviteReason}),
    (
        _words(_HTTP),
        {RequestReason, UndoReason, ApiReason, SignInReason, PictureReason, FileReason, MailReason, CrowdedReason},
    ),
    ({word for row in re.findall(r"^\| (`.*?) \|", _TABLE, re.MULTILINE) for word in _words(row)}, {ErrorReason}),
    (
        set(re.findall(r"^- `([a-z_]+)`", _after("`bye` is the last message", "**The end of a sign-in or token"), re.MULTILINE)),
        {ByeReason},
    ),
    (_words(_PEER_END), {PeerEndReason}),
    (_words(_END), {EndReason}),
    (_words(_OVER) - {"end_reason"} | _words(_END), {OverReason}),
]


@pytest.mark.parametrize(("documented", "declared"), DOCUMENTED)
def test_documented_reasons_are_the_declared_ones(documented: set[str], declared: set[object]) -> None:
    assert documented == set().union(*map(typing.get_args, declared))


def _structs(hint: object, found: set[type[msgspec.Struct]]) -> set[type[msgspec.Struct]]:
    """Return `found` and every structure that this type hint contains."""
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
