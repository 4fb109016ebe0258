"""Saved replies as CSV (RFC 4180): one row for each reply, with its language, title and text. Pure.

A spreadsheet program runs a cell that begins like a formula. So `write` puts an apostrophe in front of such a cell, and `read`
removes it. `write` also puts an apostrophe in front of a cell that already begins with one. So `read` returns exactly the texts
that were written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import NamedTuple

from signaling.protocol.texts import BadText, Seen

COLUMNS = ("language", "title", "text")
TITLE = Seen(80, least=1)
TEXT = Seen(4000, least=1, lines=True)
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "'")


class BadTable(ValueError):
    """The CSV file is refused. The exception's text is a sentence that says what is wrong."""


class Row(NamedTuple):
    """One row of a CSV file: a saved reply."""

    language: str
    title: str
    text: str


def write(rows: Iterable[Row]) -> str:
    """Return the replies as a CSV file. The file begins with a byte-order mark, without which Excel does not read UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def read(data: bytes, language_for: Callable[[str], str | None]) -> list[Row]:
    """Return the rows of a CSV file. Titles and texts are repaired as `Seen` repairs them.

    If two rows have the same language and title, the later row is used. `language_for` returns the site's own tag for a language,
    or None when the site does not offer the language. Raises BadTable.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadTable("The file is not UTF-8. Save it as “CSV UTF-8”.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if [name.strip().lower() for name in next(reader, [])] != list(COLUMNS):
            raise BadTable(f"The first line must be “{','.join(COLUMNS)}”.")
        rows = [_row(cells, reader.line_num, language_for) for cells in reader if any(cells)]
    except csv.Error:
        raise BadTable(f"Line {reader.line_num} is not CSV. Is a quotation mark missing?") from None
    return list({(row.language, row.title): row for row in rows}.values())


def _row(cells: list[str], line: int, language_for: Callable[[str], str | None]) -> Row:
    if len(cells) != len(COLUMNS):
        raise BadTable(f"Line {line} must have {len(COLUMNS)} cells, and has {len(cells)}.")
    said, title, text = map(_bare, cells)
    language = language_for(said.strip()) if said.strip() else ""
    if language is None:
        raise BadTable(f"The site does not offer the language in line {line}.")
    try:
        return Row(language, TITLE(title), TEXT(text))
    except BadText as error:
        raise BadTable(f"The title or the text in line {line} {error}.") from None


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell
