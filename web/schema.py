"""Write the schemas of everything that goes over the network into `docs/`: the HTTP routes and the WebSocket messages.

python web/schema.py          write docs/openapi.json and docs/messages.json
python web/schema.py --check  fail when a written file is out of date

Both files are made from the Python types that the code decodes and encodes. `messages.mjs` makes the pages' TypeScript types from
docs/messages.json.
"""

from __future__ import annotations

import sys
import typing
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# The line above makes these modules importable when the project is not installed.
from signaling.protocol import client_messages, reasons, server_messages, session_views, staff_messages, staff_views, words
from signaling.server.http import openapi

ROOT = Path(__file__).resolve().parent.parent
MODULES = (words, reasons, session_views, staff_views, staff_messages, client_messages, server_messages)
UNIONS = {"ClientMessage": client_messages.ClientMessage, "ServerMessage": server_messages.ServerMessage}
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def structs() -> list[type[msgspec.Struct]]:
    """Return the types of all messages and of all views (the structs inside messages), also of views inside other views."""
    found = [value for module in MODULES for value in vars(module).values() if _is_struct(value)]
    return list(dict.fromkeys(each for each in found if each.__module__ in {module.__name__ for module in MODULES}))


def _is_struct(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, msgspec.Struct) and value is not words.Message


def named_words() -> dict[str, list[str]]:
    """Return name → words of each type that lists its possible words, such as Role or ErrorReason."""
    hints = {**vars(words), **vars(reasons)}
    return {name: list(typing.get_args(hint)) for name, hint in hints.items() if typing.get_origin(hint) is typing.Literal}


def messages() -> dict[str, Any]:
    """Return the JSON Schema of all WebSocket messages. `$defs` has each message, view and named list of words."""
    kinds = structs()
    (*_, client, server), components = msgspec.json.schema_components([*kinds, *UNIONS.values()], ref_template="#/$defs/{name}")
    unions = dict(zip(UNIONS, (client, server), strict=True))
    named = named_words()
    by_words = {frozenset(each): name for name, each in reversed(named.items())}
    sent = {kind.__name__: kind for kind in kinds}
    found = {name: _with_names(_whole(schema, sent.get(name)), by_words) for name, schema in components.items()}
    choices = {name: {"type": "string", "enum": each} for name, each in named.items()}
    whole: dict[str, Any] = openapi.ecma(
        {"$schema": DRAFT, "$defs": {**choices, **found, **{name: _with_names(each, by_words) for name, each in unions.items()}}}
    )
    return whole


def _whole(schema: dict[str, Any], kind: type[msgspec.Struct] | None) -> dict[str, Any]:
    """Return the schema of a struct. All fields of a view are required, because the server leaves none out."""
    if kind is None or issubclass(kind, words.Message):
        return schema
    return schema | {"required": list(schema["properties"])}


def _with_names(value: Any, by_words: dict[frozenset[str], str]) -> Any:
    """Return the schema, in which references to named lists of words replace enumerations of the same words."""
    if isinstance(value, list):
        return [_with_names(each, by_words) for each in value]
    if not isinstance(value, dict):
        return value
    name = by_words.get(frozenset(value["enum"])) if isinstance(value.get("enum"), list) else None
    if name is not None:
        return {"$ref": f"#/$defs/{name}"}
    return {key: _with_names(each, by_words) for key, each in value.items()}


def files() -> dict[Path, bytes]:
    """Return path → content of each file that this command writes."""
    wanted = {"openapi.json": openapi.document(), "messages.json": messages()}
    return {
        ROOT / "docs" / name: msgspec.json.format(msgspec.json.encode(each), indent=1) + b"\n" for name, each in wanted.items()
    }


def main() -> None:
    for path, text in files().items():
        if "--check" not in sys.argv[1:]:
            path.write_bytes(text)
        elif not path.exists() or path.read_bytes() != text:
            sys.exit(f"docs/{path.name} is stale: run `make messages`")


if __name__ == "__main__":
    main()
