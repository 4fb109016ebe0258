"""Compare two installations, and list each table that applying a file would add, change or remove. This module does no I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .tables import PROVIDER, Document

Verb = Literal["add", "change", "remove"]
MARKS: dict[Verb, str] = {"add": "+", "change": "~", "remove": "-"}
_MOST_SHOWN = 60  # the difference shows a value in full if it has at most this many characters


@dataclass(frozen=True)
class Difference:
    """A difference between the present installation and the wanted one. `table`: the table's name, such as "staff.kim".

    `fields`: for each different key, the key, the present value and the new value, as texts to show. A value is None if the table
    does not have the key.
    """

    verb: Verb
    table: str
    fields: tuple[tuple[str, str | None, str | None], ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the lines that show this difference on the terminal."""
        yield f"{MARKS[self.verb]} {self.table}"
        for key, before, after in self.fields:
            if self.verb == "add":
                yield f"      {key} = {after}"
            else:
                yield f"      {key}: {before or 'none'} → {after or 'none'}"


def differences(before: Document, after: Document) -> tuple[list[Difference], int]:
    """Return the tables that differ between two installations, and the number of tables that are equal."""
    was, is_now = _flat(before), _flat(after)
    found = [_one(table, was.get(table), is_now.get(table)) for table in {**is_now, **was}]
    return [each for each in found if each is not None], found.count(None)


def _one(table: str, before: Document | None, after: Document | None) -> Difference | None:
    if after is None:
        return Difference("remove", table)
    if before is None:
        shown = {key: value for key, value in after.items() if value not in ("", [])}
        return Difference("add", table, tuple((key, None, _shown(value)) for key, value in shown.items()))
    differing = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if not differing:
        return None
    fields = tuple(
        (key, _shown(before[key]) if key in before else None, _shown(after[key]) if key in after else None) for key in differing
    )
    return Difference("change", table, fields)


def _flat(document: Document) -> dict[str, Document]:
    """Return all tables of an installation: a table's name in the file → the table. A saved reply's name contains its title."""
    found: dict[str, Document] = {name: document[name] for name in ("sign_in", PROVIDER) if name in document}
    found |= {f"organisations.{name}": _keys(table) for name, table in document["organisations"].items()}
    for site, table in document["sites"].items():
        inner = {"categories", "replies"}
        own = {key: value for key, value in table.items() if key not in inner}
        # a changed order of the categories counts as a difference, because the pages list the categories in that order
        found[f"sites.{site}"] = _keys(own) | {"categories": list(table["categories"])}
        found |= {f"sites.{site}.categories.{name}": _keys(each) for name, each in table["categories"].items()}
        found |= {f"sites.{site}.replies {_titled(each)}": each for each in table["replies"]}
    found |= {f"staff.{login}": table for login, table in document["staff"].items()}
    return found


def _titled(reply: Document) -> str:
    return f"“{reply['title']}”" + (f" ({reply['language']})" if reply["language"] else "")


def _keys(table: Document, prefix: str = "") -> Document:
    """Return the table without inner tables: the key "b" of the inner table "a" becomes "a.b"."""
    found: Document = {}
    for key, value in table.items():
        found |= _keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
