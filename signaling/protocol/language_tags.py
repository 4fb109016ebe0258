"""Language tags (BCP 47): their canonical form, and the offered tag that fits a requested tag best. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")
# the part of a POSIX locale after the language tag: .UTF-8 in ko_KR.UTF-8, @valencia in ca_ES@valencia
_POSIX = re.compile(r"[.@].*", re.DOTALL)
_TRADITIONAL = frozenset({"TW", "HK", "MO"})  # regions that write Chinese in the traditional script (CLDR, likely subtags)
MOST_CHARACTERS = 35
_MOST_ACCEPTED = 20  # at most this many languages of an Accept-Language header are read
_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def canonical(tag: str) -> str:
    """Return the tag as RFC 5646 (2.1.1) writes it, such as "ko-KR" for "KO_kr". Return "" for a text that is no language tag."""
    plain = _POSIX.sub("", tag.strip())
    if len(plain) > MOST_CHARACTERS or not _TAG.fullmatch(plain):
        return ""
    parts = plain.lower().replace("_", "-").split("-")
    written = parts[:1]
    for before, part in pairwise(parts):
        if len(before) == 1 or len(part) not in (2, 4) or not part.isalpha():
            written.append(part)
        else:
            written.append(part.upper() if len(part) == 2 else part.title())
    return "-".join(written)


def lookup(wanted: str, offered: Iterable[str]) -> str | None:
    """Return the offered tag that fits best, unchanged, or None when the language is not offered.

    First the function looks for the tag itself, then for the tag without its last subtags (RFC 4647, 3.4). After that, it takes
    another region of the same language, such as "en-GB" for "en-US". A tag with the same script is preferred.
    """
    tags = [(canonical(tag), tag) for tag in offered]
    asked = canonical(wanted)
    if not asked:
        return None
    for shorter in _truncated(asked):
        for tag, given in tags:
            if tag.lower() == shorter:
                return given
    related = [(tag, given) for tag, given in tags if _language(tag) == _language(asked)]
    same_script = [given for tag, given in related if _script(tag) == _script(asked)]
    return next(iter(same_script or [given for _, given in related]), None)


def _truncated(tag: str) -> Iterator[str]:
    parts = tag.lower().split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()
        if parts and len(parts[-1]) == 1:  # a subtag of one letter has no meaning without the subtags after it
            parts.pop()


def _language(tag: str) -> str:
    return tag.partition("-")[0]


def _script(tag: str) -> str:
    """Return the tag's script. If a Chinese tag names no script, return the usual script of its region. Otherwise return ""."""
    parts = tag.split("-")[1:]
    named = next((part for part in parts if len(part) == 4 and part.isalpha()), "")
    if named or _language(tag) != "zh":
        return named
    return "Hant" if _TRADITIONAL & set(parts) else "Hans"


def accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header (RFC 9110, 12.5.4), the best first. Faulty parts are left out."""
    weighed = []
    for part in header.split(",")[:_MOST_ACCEPTED]:
        tag, _, weight = part.strip().partition(";")
        quality = _QUALITY.fullmatch(weight.strip()) if weight else None
        if (weight and not quality) or not canonical(tag):
            continue
        q = float(quality[1]) if quality else 1.0
        if q > 0:
            weighed.append((-q, canonical(tag)))
    return [tag for _, tag in sorted(weighed, key=lambda each: each[0])]
