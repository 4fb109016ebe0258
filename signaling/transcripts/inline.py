"""Bold, italic, code and links within one row of a chat line's text, by the same rules as the pages (`room/writing/inline.ts`).

Line breaks divide the text into rows. Splitting a row into pieces takes time in proportion to the row's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import regex

from .links import links

_RUN = re.compile(r"\*+|_+")
_MARKS = frozenset({"_", "*", "**", "***"})
_WORDY = regex.compile(r"[\p{L}\p{N}]")
_ASCII_WORD = re.compile("[A-Za-z0-9]")
_BEFORE_ITALIC = frozenset("([{\"'“‘「『")


class Span(NamedTuple):
    """A link, code or emphasis within a row of text. `href`: the address to which a link leads; "" for other kinds."""

    kind: Literal["link", "code", "strong", "em"]
    of: list[str | Span]
    href: str = ""


Inline = str | Span


@dataclass
class _Open:
    """An emphasis whose closing marks have not been read yet.

    `run`: the marks (such as "**") that opened the emphasis. `of`: the pieces of the text that were read after these marks.
    `wordy`: whether the emphasis contains a letter or a digit. Otherwise its marks belong to an emoticon such as *^^*.
    """

    run: str
    of: list[Inline] = field(default_factory=list)
    wordy: bool = False


def inline(row: str) -> list[Inline]:
    """Split one row of text into pieces: plain text, links, code and emphasis."""
    pieces: list[Inline] = []
    for piece in _code_spans(row):
        if isinstance(piece, Span):
            pieces.append(piece)
        else:
            pieces += [each if isinstance(each, str) else Span("link", [each.text], each.href) for each in links(piece)]
    return _emphasized(pieces)


def _code_spans(row: str) -> list[Inline]:
    parts = row.split("`")
    pieces: list[Inline] = []
    for i, part in enumerate(parts):
        closed = i % 2 == 1 and i < len(parts) - 1
        if closed:
            pieces.append(Span("code", [part]) if part else "``")
        else:
            pieces.append(f"`{part}" if i % 2 == 1 else part)
    return [piece for piece in pieces if piece != ""]


def _may_open(run: str, before: str, after: str) -> bool:
    """Return whether a run of emphasis marks, such as "**", can open emphasis.

    `before`, `after`: the characters on either side; "" at an end of the row.
    """
    if after == "" or after.isspace():
        return False
    if before == "":
        return True
    if run == "_":
        return before.isspace() or before in _BEFORE_ITALIC
    return not (_WORDY if run == "*" else _ASCII_WORD).match(before)  # 가로*세로*높이 is a multiplication, not emphasis


def _may_close(before: str, after: str) -> bool:
    """Return whether a run of emphasis marks, such as "**", can close emphasis.

    A Korean letter may follow the marks, because Korean particles follow a word without a space.
    """
    return before != "" and not before.isspace() and (after == "" or not _ASCII_WORD.match(after))


def _emphasized(pieces: list[Inline]) -> list[Inline]:
    stack = [_Open("")]
    for i, piece in enumerate(pieces):
        if isinstance(piece, Span):
            _add(stack, piece)
            continue
        begin = 0
        for found in _RUN.finditer(piece):
            run, at, end = found[0], found.start(), found.end()
            if run not in _MARKS:
                continue
            before = piece[at - 1] if at else "a" if i > 0 else ""  # a link or code before emphasis marks counts as a letter
            after = piece[end] if end < len(piece) else "가" if i < len(pieces) - 1 else ""
            opened = next((n for n, each in enumerate(stack) if each.run == run), 0)
            closes = opened > 0 and _may_close(before, after)
            if not closes and (opened > 0 or not _may_open(run, before, after)):
                continue
            _add(stack, piece[begin:at])
            begin = end
            if closes:
                _close(stack, opened)
            else:
                stack.append(_Open(run))
        _add(stack, piece[begin:])
    while len(stack) > 1:
        _unopen(stack)
    return stack[0].of


def _add(stack: list[_Open], piece: Inline) -> None:
    top = stack[-1]
    if piece == "":
        return
    if isinstance(piece, str) and top.of and isinstance(top.of[-1], str):
        top.of[-1] += piece
    else:
        top.of.append(piece)
    top.wordy = top.wordy or isinstance(piece, Span) or _WORDY.search(piece) is not None


def _close(stack: list[_Open], at: int) -> None:
    """Close the emphasis at index `at` of the stack.

    Emphasis marks that were opened after this emphasis and never closed become plain text.
    """
    while len(stack) > at + 1:
        _unopen(stack)
    done = stack.pop()
    if not done.wordy:
        for piece in (done.run, *done.of, done.run):
            _add(stack, piece)
    elif done.run == "***":
        _add(stack, Span("strong", [Span("em", done.of)]))
    else:
        _add(stack, Span("strong" if done.run == "**" else "em", done.of))


def _unopen(stack: list[_Open]) -> None:
    left = stack.pop()
    for piece in (left.run, *left.of):
        _add(stack, piece)
