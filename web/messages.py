"""Write `src/messages/`, the TypeScript side of the messages in `signaling/protocol`, so that both ends share one declaration.

python web/messages.py          write the files
python web/messages.py --check  fail when a written file is out of date
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# The line above makes these modules importable from a bare checkout.
from signaling.protocol import client_messages, reasons, server_messages, session_views, staff_messages, staff_views, words

FOLDER = Path(__file__).parent / "src" / "messages"
MODULES = (
    words,
    reasons,
    session_views,
    staff_views,
    staff_messages,
    client_messages,
    server_messages,
)  # each module imports only modules before it
UNIONS = {"ClientMessage": client_messages, "ServerMessage": server_messages}
MANY = 9  # a union of at least so many words is written with one word in each line
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", types.NoneType: "null"}
HEAD = "// Generated from signaling/protocol{} by `make messages`. Do not edit.\n"


def named_values() -> dict[object, str]:
    """Return the name of each union of words, such as Role or ErrorReason."""
    named = {**vars(words), **vars(reasons)}
    return {hint: name for name, hint in named.items() if typing.get_origin(hint) is typing.Literal}


NAMES = named_values()


def typescript(hint: object) -> str:
    """Return a Python type hint as TypeScript. Raise `KeyError` for a hint that the messages do not use."""
    if hint in PLAIN:
        return PLAIN[hint]
    if hint in NAMES:
        return NAMES[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return typescript(args[0])
    if origin is typing.Literal:
        return literals(hint)
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


def literals(hint: object) -> str:
    """Return the words of a Literal as a union. Long unions have one word a line."""
    values = [f'"{value}"' for value in typing.get_args(hint)]
    return " | ".join(values) if len(values) < MANY else "".join(f"\n  | {value}" for value in values)


def comment(struct: type[msgspec.Struct]) -> str:
    """Return the class's docstring as a JSDoc comment."""
    lines = inspect.cleandoc(struct.__doc__ or "").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def interface(struct: type[msgspec.Struct]) -> str:
    """Return the declaration of one message or view."""
    hints = typing.get_type_hints(struct, include_extras=True)
    is_message = issubclass(struct, words.Message)
    rows = [f'  type: "{struct.__struct_config__.tag}";'] if is_message else []
    for field in msgspec.structs.fields(struct):
        optional = is_message and not field.required
        rows.append(f"  {field.name}{'?' if optional else ''}: {typescript(hints[field.name])};")
    return f"{comment(struct)}export interface {struct.__name__} {{\n" + "\n".join(rows) + "\n}\n"


def union(name: str, hint: object) -> str:
    """Return the declaration of a union of messages."""
    return f"export type {name} =\n" + "\n".join(f"  | {struct.__name__}" for struct in typing.get_args(hint)) + ";\n"


def declarations(module: types.ModuleType) -> dict[str, str]:
    """Return the TypeScript declarations of everything in this module that pages may use, by name."""
    found: dict[str, str] = {}
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == module.__name__:
            found[name] = interface(value)
        elif module in (words, reasons) and typing.get_origin(value) is typing.Literal:
            found[name] = f"export type {name} = {literals(value)};\n".replace("= \n", "=\n")
        elif module is UNIONS.get(name):
            found[name] = union(name, value)
    found.pop("Message", None)
    return found


def file_name(module: types.ModuleType) -> str:
    """Return the name of the module's TypeScript file, without its suffix."""
    return module.__name__.rpartition(".")[2].replace("_", "-")


def generate() -> dict[str, str]:
    """Return the text of every file in the folder, by file name."""
    files: dict[str, str] = {}
    declared: dict[str, str] = {}  # name → file that declares it
    for module in MODULES:
        found = declarations(module)
        own = file_name(module)
        used = set(re.findall(r"\b[A-Z]\w+\b", re.sub(r"/\*\*.*?\*/", "", "".join(found.values()), flags=re.DOTALL)))
        imports = [
            f'import type {{ {", ".join(names)} }} from "./{file}";\n'
            for file in dict.fromkeys(declared.values())
            if (names := sorted(name for name in used - set(found) if declared.get(name) == file))
        ]
        parts = [HEAD.format(f"/{own.replace('-', '_')}.py"), *(["".join(imports)] if imports else []), *found.values()]
        files[f"{own}.ts"] = "\n".join(parts)
        declared |= dict.fromkeys(found, own)
    files["index.ts"] = HEAD.format("") + "\n" + "".join(f'export type * from "./{file_name(module)}";\n' for module in MODULES)
    return files


def main() -> None:
    files = generate()
    if "--check" in sys.argv[1:]:
        written = {path.name: path.read_text() for path in FOLDER.glob("*.ts")}
        if written != files:
            sys.exit("web/src/messages is stale: run `make messages`")
        return
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.ts"):
        path.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
