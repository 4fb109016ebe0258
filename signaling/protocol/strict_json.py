"""Refuse JSON that two parsers could read differently, and JSON that can harm a parser. Pure.

msgspec keeps the last of two members with the same name, and skips unknown members without checking them. So two programs could
read different values from one text (RFC 8259, 4; RFC 7493). msgspec also recurses as deep as the text is nested. `check` examines
the whole text before it is decoded.
"""

from __future__ import annotations

import json
import re
from typing import Any

MOST_DEPTH = 32  # arrays and objects are nested in at most this many levels; our messages need five
_SPACE = " \t\r\n"
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1  # smallest and largest integer that a database column and msgspec can hold
_LONGEST_NUMBER = 400  # a number has at most this many characters; a meaningful float has at most about 325

_PIECES = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)  # this pattern never backtracks, so its time is linear
_PAIR = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPES = re.compile(rf"\\(?:{_PAIR}|(?P<alone>u[dD][89a-fA-F][0-9a-fA-F]{{2}})|.)", re.DOTALL)
_REPLACEMENT = "\\ufffd"


class NotStrict(ValueError):
    """The JSON is refused. The exception's text is the end of a sentence whose subject is the input, such as "is not UTF-8"."""


def check(data: str | bytes) -> str:
    """Return the text if it is strict JSON.

    Raises NotStrict when the text is not UTF-8 or not JSON, is nested deeper than `MOST_DEPTH`, or names a member twice. Raises
    NotStrict also for an integer of more than 64 bits, and for another number that is too large for a double.
    """
    try:
        text = data if isinstance(data, str) else str(data, "utf-8")
    except UnicodeDecodeError:
        raise NotStrict("is not UTF-8") from None
    if text.count("[") + text.count("{") > MOST_DEPTH and _too_deep(text):
        raise NotStrict(f"is nested deeper than {MOST_DEPTH}")
    stripped = text.lstrip(_SPACE)
    try:
        _, end = _scan(stripped, 0)
    except NotStrict:
        raise
    except (StopIteration, ValueError, RecursionError):
        raise NotStrict("is not JSON") from None
    if end < len(stripped) and stripped[end:].strip(_SPACE):
        raise NotStrict("is not JSON")
    return text


def well_formed(text: str) -> str:
    r"""Return the text with U+FFFD for each lone surrogate, as `String.toWellFormed` does.

    A page that cuts a text in the middle of an emoji sends a lone surrogate, as the escape `\ud83d`.
    """
    return _ESCAPES.sub(lambda found: _REPLACEMENT if found["alone"] else found[0], text)


def _too_deep(text: str) -> bool:
    depth = 0
    for piece in _PIECES.finditer(text):
        first = text[piece.start()]
        if first in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                return True
        elif first != '"':
            depth -= 1
    return False


def _members(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len(dict(pairs)) < len(pairs):
        raise NotStrict("names a member twice")


def _whole(digits: str) -> int:
    if len(digits) > 18 and (len(digits) > 20 or not _LEAST <= int(digits) <= _MOST):
        raise NotStrict("has an integer beyond 64 bits")
    return 0


def _real(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER or float(digits) in (float("inf"), float("-inf")):
        raise NotStrict("has a number beyond 64 bits")
    return 0.0


def _constant(name: str) -> None:
    raise NotStrict("is not JSON")  # NaN or an infinity, which Python's parser accepts


# The inner scanner of the decoder. `decode` would also search for white space, which takes longer than scanning a chat line.
_decoder: Any = json.JSONDecoder(object_pairs_hook=_members, parse_int=_whole, parse_float=_real, parse_constant=_constant)
_scan = _decoder.scan_once
