"""Collect all problems of a file for `sangdam apply`. Each problem names its table and key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from signaling.config.kinds import nearest
from signaling.protocol.reading import Reader, Unreadable
from signaling.records.checks import SENTENCES, Invalid

T = TypeVar("T")
_AT = re.compile(r"(?P<says>.*) - at `(?:key in )?\$\.?(?P<where>.*)`\.", re.DOTALL)
_RULE = re.compile(r"“(?P<where>[^”]*)” (?P<says>.*)\.", re.DOTALL)
_CATEGORY = re.compile(r"categories(?:\[(?P<number>[0-9]+)\]|\.(?P<id>[A-Za-z0-9_.-]+))\.(?P<key>[^.]+)\Z")


class BadFile(ValueError):
    """The file of `sangdam apply` is refused. The exception's text has a line for each problem."""


class Problems:
    """Collects the problems of a file of `sangdam apply`."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, table: str, key: str, says: str) -> None:
        """Record a problem of a key in a table of the file. `key`: "" for a problem of the whole table."""
        where = f"[{table}]" + (f" {key}" if key else "")
        line = f"{where}: {says.removesuffix('.')}."
        line = "".join(
            each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line
        )  # control characters from the file must not reach the terminal
        if line not in self.found:
            self.found.append(line)

    def add_invalid(self, table: str, error: Invalid) -> None:
        """Record the problems that a check of settings has found in a table.

        The pages and the other commands use the same checks of settings.
        """
        for field, problem in error.problems.items():
            self._placed(table, field, SENTENCES[problem], [])

    def read(self, table: str, given: Mapping[str, Any], reader: Reader[T], categories: Iterable[str] = ()) -> T | None:
        """Return a table of the file as the reader's type. If the table has a problem, record the problem and return None.

        `categories`: the ids of the site's categories, in the order in which `given` lists them.
        """
        try:
            return reader(msgspec.json.encode(given))
        except (Unreadable, TypeError, OverflowError) as error:
            says, where = str(error), ""
            if match := _AT.fullmatch(says) or _RULE.fullmatch(says):
                says, where = match["says"], match["where"]
            self._placed(table, where, says[:1].lower() + says[1:], list(categories))
            return None

    def known_keys(self, table: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
        """Record a problem for each key that is not in `known`, and name the most similar known key."""
        names = list(known)
        for key in given:
            if key not in names:
                near = nearest(key, names)
                self.add(table, key, "there is no such key" + (f"; did you mean “{near}”?" if near else ""))

    def table(self, table: str, given: Any) -> dict[str, Any]:
        """Return `given` if it is a table. Otherwise record a problem and return an empty table."""
        if isinstance(given, dict):
            return given
        self.add(table, "", "must be a table")
        return {}

    def done(self) -> None:
        """Raise BadFile with all recorded problems, if there are any."""
        if self.found:
            raise BadFile("\n".join(self.found))

    def _placed(self, table: str, where: str, says: str, categories: list[str]) -> None:
        """Record a problem at the place `where`, such as "categories[2].names".

        A problem inside a category is recorded for the category's table, not for the site's table.
        """
        match = _CATEGORY.match(where)
        if match is None:
            self.add(table, where.removesuffix("[...]"), says)
            return
        name = match["id"] or categories[int(match["number"])]
        self.add(f"{table}.categories.{name}", match["key"].removesuffix("[...]"), says)
