"""Compare two installations: each table that applying a file would add, change or remove. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .tables import Document

Verb = Literal["add", "change", "remove"]
MARKS: dict[Verb, str] = {"add": "+", "change": "~", "remove": "-"}
_MOST_SHOWN = 60  # characters of a value in the difference


@dataclass(frozen=True)
class Difference:
    """One table that differs. `fields`: key, value before and value after, as shown; None where there is no such key."""

    verb: Verb
    table: str
    fields: tuple[tuple[str, str | None, str | None], ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the lines that show this difference."""
        yield f"{MARKS[self.verb]} {self.table}"
        for key, before, after in self.fields:
            if self.verb == "add":
                yield f"      {key} = {after}"
            else:
                yield f"      {key}: {before or 'none'} → {after or 'none'}"


def differences(before: Document, after: Document) -> tuple[list[Difference], int]:
    """Return the tables that differ, and how many stay as they are."""
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
    """Return every table by its name in the file. Replies have their title in the name."""
    found: dict[str, Document] = {"sign_in": document["sign_in"]}
    found |= {f"organisations.{name}": _keys(table) for name, table in document["organisations"].items()}
    for site, table in document["sites"].items():
        inner = {"categories", "replies"}
        own = {key: value for key, value in table.items() if key not in inner}
        found[f"sites.{site}"] = _keys(own) | {"categories": list(table["categories"])}  # their order shows in the pages
        found |= {f"sites.{site}.categories.{name}": _keys(each) for name, each in table["categories"].items()}
        found |= {f"sites.{site}.replies {_titled(each)}": each for each in table["replies"]}
    found |= {f"staff.{login}": table for login, table in document["staff"].items()}
    return found


def _titled(reply: Document) -> str:
    return f"“{reply['title']}”" + (f" ({reply['language']})" if reply["language"] else "")


def _keys(table: Document, prefix: str = "") -> Document:
    """Return the table with the keys of inner tables written with dots."""
    found: Document = {}
    for key, value in table.items():
        found |= _keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
