"""Writes `src/messages.ts`, the TypeScript side of `signaling/protocol/messages.py`, so that both ends share one declaration.

python web/messages.py          write
python web/messages.py --check  fail when the written file is stale
"""

from __future__ import annotations

import sys
import types
import typing
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from signaling.protocol import messages  # the line above makes it importable from a bare checkout

TARGET = Path(__file__).parent / "src" / "messages.ts"
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", types.NoneType: "null"}


def typescript(hint: object) -> str:
    """A Python type hint as TypeScript; KeyError for one this project does not use."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return typescript(args[0])
    if origin is typing.Literal:
        return " | ".join(f'"{value}"' for value in args)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(typescript(arg) for arg in args)
    if origin is list:
        inner = typescript(args[0])
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<{typescript(args[0])}, {typescript(args[1])}>"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    raise KeyError(hint)


def interface(struct: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(struct, include_extras=True)
    is_message = issubclass(struct, messages.Message)
    rows = [f'  type: "{struct.__struct_config__.tag}";'] if is_message else []
    for field in msgspec.structs.fields(struct):
        optional = is_message and not field.required
        rows.append(f"  {field.name}{'?' if optional else ''}: {typescript(hints[field.name])};")
    return f"export interface {struct.__name__} {{\n" + "\n".join(rows) + "\n}\n"


def generate() -> str:
    client = typing.get_args(messages.ClientMessage)
    server = typing.get_args(messages.ServerMessage)
    structs = [
        value
        for value in vars(messages).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value not in (msgspec.Struct, messages.Message)
    ]
    parts = ["// Generated from signaling/protocol/messages.py by `make messages`. Do not edit.\n"]
    named = ("Role", "Channel", "Audience", "Mode", "Grade", "SessionState", "HelpState", "StaffState", "Provenance")
    parts += [f"export type {name} = {typescript(getattr(messages, name))};\n" for name in named]
    parts += [interface(struct) for struct in structs]
    parts.append("export type ClientMessage = " + " | ".join(struct.__name__ for struct in client) + ";\n")
    parts.append("export type ServerMessage = " + " | ".join(struct.__name__ for struct in server) + ";\n")
    return "\n".join(parts)


def main() -> None:
    text = generate()
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text() != text:
            sys.exit("web/src/messages.ts is stale: run `make messages`")
        return
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
