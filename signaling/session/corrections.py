"""Corrections: check who may edit or retract a chat line, and return the corrected line."""

from __future__ import annotations

from msgspec.structs import replace

from signaling.protocol.session_views import Former, Line

from .model import NotAllowed

CHANGE_MS = 300_000  # an author may edit or retract a chat line for this many milliseconds after sending it
MOST_EDITS = 20  # at most this many edits of one chat line; further edits are refused
MOST_FORMER = 30_000  # at most this many characters in all earlier texts of one chat line together; staff get them with the line


def edited(line: Line, author: str, text: str, now: int) -> Line | None:
    """Return the line with its new text, or None when the line already has that text.

    Raises NotAllowed if `author` did not write the line, the text is empty, the line cannot be edited, too much time has passed,
    or the line has been edited too often.
    """
    _require_author(line, author)
    if line.kind in ("picture", "file", "caption") or line.change == "retracted":
        raise NotAllowed("wrong_state")
    if not text.strip():
        raise NotAllowed("empty")
    if text == line.text:
        return None
    _require_in_time(line, now)
    return _with_text(line, text, now)


def answered_again(line: Line, text: str, now: int) -> Line | None:
    """Return the answer to a message that a user left, with the answer's new text. Return None when `line` already has that text.

    The author may replace the earlier text at any time, because no mail has told the user of that text yet. Raises NotAllowed if
    the line has been edited too often.
    """
    return None if text == line.text else _with_text(line, text, now)


def retracted(line: Line, author: str, now: int) -> Line | None:
    """Return the line without its text or picture, or None when the line is already retracted.

    Raises NotAllowed if `author` did not write the line, or too much time has passed.
    """
    _require_author(line, author)
    if line.change == "retracted":
        return None
    _require_in_time(line, now)
    return replace(line, text="", picture="", change="retracted", changed_at=now, former=_kept(line, now))


def _with_text(line: Line, text: str, now: int) -> Line:
    former = _kept(line, now)
    if len(line.former) >= MOST_EDITS or sum(len(each.text) for each in former) > MOST_FORMER:
        raise NotAllowed("too_often")
    return replace(line, text=text, change="edited", changed_at=now, former=former)


def _require_author(line: Line, author: str) -> None:
    if line.kind == "system" or line.author != author:
        raise NotAllowed("not_yours")


def _require_in_time(line: Line, now: int) -> None:
    if now - line.at > CHANGE_MS:
        raise NotAllowed("too_late")


def _kept(line: Line, now: int) -> list[Former]:
    return [*line.former, Former(until=now, text=line.text, picture=line.picture)]
