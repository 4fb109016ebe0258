"""JSON as a stranger may send it: what parsers read differently, or can be hurt by, is refused. Pure.

msgspec keeps the last of two members with one name, skips a member that it does not know without looking into it, and recurses
as deep as the text says. Two programs could so read two things from one text (RFC 8259, 4; RFC 7493). `check` looks at the whole
text before anything is made of it.
"""

from __future__ import annotations

import json
import re
from typing import Any

MOST_DEPTH = 32  # nested arrays and objects; ours need five
_SPACE = " \t\r\n"
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1  # what a database column and msgspec's own integers hold
_LONGEST_NUMBER = 400  # characters; the longest float that means anything has about 325

_PIECES = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)  # never backtracks: each character is looked at once
_PAIR = r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPES = re.compile(rf"\\(?:{_PAIR}|(?P<alone>u[dD][89a-fA-F][0-9a-fA-F]{{2}})|.)", re.DOTALL)
_REPLACEMENT = "\\ufffd"


class NotStrict(ValueError):
    """The text is refused; it reads as the end of a sentence that begins with the name of what was read."""


def check(data: str | bytes) -> str:
    """Return the text. NotStrict: it is not UTF-8, not JSON, nested deeper than 32, names a member twice, or has a number beyond
    64 bits (an integer) or beyond a double (any other)."""
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
    r"""Return the text with U+FFFD for each half of a surrogate pair that stands alone, as `String.toWellFormed` does.

    A page that cuts a text in the middle of an emoji sends such a half, as the escape `\ud83d`."""
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
    raise NotStrict("is not JSON")  # NaN and the infinities, which Python's reader takes


# The decoder's own scanner: its `decode` looks for white space with two expressions, longer than a line takes.
_decoder: Any = json.JSONDecoder(object_pairs_hook=_members, parse_int=_whole, parse_float=_real, parse_constant=_constant)
_scan = _decoder.scan_once
