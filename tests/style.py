"""Check the prose of Python files. `make lint` runs this tool on the folders that follow the rules of CONTRIBUTING.md.

    python tests/style.py FOLDER …

The tool reports four faults:

- a docstring that opens without a subject
- an archaic word in a docstring or comment
- a test name of over 70 characters
- a function or class that has no docstring although another package imports it

Ruff checks the form of docstrings (rules D205, D400, D401, D403).
"""

from __future__ import annotations

import ast
import gc
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MOST_CHARACTERS: Final = 70  # longest name of a test, in characters
OPENING: Final = re.compile(r"(Who|Whom|Whose|What|Whoever|Whether|Of (those|what|a|the)|So (long|much|many|far)|How)\b")
ARCHAISM: Final = re.compile(r"\b(shall|for want of|therein|thereof|whereof|for ever|themself|so that none is)\b", re.IGNORECASE)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def faults(source: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line number, sentence) for each fault in a file. `tree`: the parsed source."""
    for node in (tree, *_statements(tree)):
        if not isinstance(node, Documented):
            continue
        name = getattr(node, "name", "")
        if name.startswith("test_") and len(name) > MOST_CHARACTERS:
            yield getattr(node, "lineno", 1), f"a test's name has {len(name)} characters ({MOST_CHARACTERS} at most): {name}"
        text = ast.get_docstring(node)
        if text is None:
            continue
        line = node.body[0].lineno
        if (found := OPENING.match(text)) and not (found[0] == "Whether" and _is_property(node)):
            yield line, f"a docstring opens with {found[0]!r}: name the actor, or start with a verb"
        if found := ARCHAISM.search(text):
            yield line, f"archaic in a docstring: {found[0]!r}"
    if not ARCHAISM.search(source):
        return  # without this shortcut, tokenizing would take longer than all other checks
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (found := ARCHAISM.search(token.string)):
            yield token.start[0], f"archaic in a comment: {found[0]!r}"


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement inside a module or statement, at any depth. Expressions are left out: they hold no docstring."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for each in getattr(node, block, ()):
            yield each
            yield from _statements(each)


def _is_property(node: Documented) -> bool:
    """Return whether the function is a property. A property's docstring is allowed to open with "Whether"."""
    return any("property" in ast.unparse(each) for each in getattr(node, "decorator_list", []))


def undocumented(trees: dict[str, ast.Module]) -> Iterator[tuple[str, int, str]]:
    """Yield (module, line number, sentence) for each function and class that another package imports and that has no docstring.

    `trees`: dotted module name → parsed source.
    """
    public = {
        (module, node.name): node
        for module, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for importer, tree in trees.items():
        for node in _statements(tree):
            if not isinstance(node, ast.ImportFrom) or node.level or node.module is None:
                continue
            for name in node.names:
                found = public.get((node.module, name.name))
                if found and not ast.get_docstring(found) and _package(node.module) != _package(importer):
                    del public[node.module, name.name]
                    yield node.module, found.lineno, f"{name.name} has no docstring, and {importer} imports it"


def _package(module: str) -> list[str]:
    """Return the package that a module belongs to. Each folder of `signaling` and of `media` counts as a package."""
    parts = module.split(".")
    return parts[: 2 if parts[0] in ("signaling", "media") else 1]


def main(folders: list[str]) -> int:
    """Print all faults of the Python files in these folders. Return 1 if there is a fault, else 0."""
    sources = {path: path.read_text(encoding="utf-8") for folder in folders for path in sorted(Path(folder).rglob("*.py"))}
    gc.disable()  # garbage collection would only cost time: the trees have millions of nodes, and all of them stay in use
    trees = {path: ast.parse(source) for path, source in sources.items()}
    found = [(path, line, sentence) for path, source in sources.items() for line, sentence in faults(source, trees[path])]
    paths = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in sources if path.parts[0] != "tests"}
    of_modules = undocumented({module: trees[path] for module, path in paths.items()})
    found += [(paths[module], line, sentence) for module, line, sentence in of_modules]
    for path, line, sentence in found:
        print(f"{path}:{line}: {sentence}")
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
