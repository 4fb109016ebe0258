"""The one door for text: what a text from outside may hold, and what is made of it. Pure.

Every text that a stranger, a browser, a partner or an administrator gives passes `Seen` or `Exact` here, or a pattern of letters
and digits (`is_narrow`). `reading` finds the rule in the declared type and refuses to read a type that has none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import regex

BYTES_A_CHARACTER = 8  # most UTF-8 bytes a visible character, on average; stacked accents would else have no end
LEAST_BYTES = 2048  # but a short text may have so many: sixty families of emoji are a name, too

_CONTROLS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # all but tab and line ends
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
_BIDI = "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides, isolates: they make a text read as another
_ALONE = "\ud800-\udfff"  # halves of surrogate pairs: no UTF-8 for them
_UNWELCOME = re.compile(f"[{_CONTROLS}{_BIDI}]")
_CONTROL = re.compile(f"[{_CONTROLS}]")
_USUAL = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_HALVES = re.compile(f"[{_ALONE}]")
_BAD = re.compile(f"[\r{_CONTROLS}{_BIDI}{_ALONE}\u2028\u2029]")
_NOTHING_IN_NAMES = re.compile("[\u00ad\u200b\u2060\ufeff]")  # invisible, and join nothing; joiners of emoji and Persian stay

# Blank on the screen, or nothing at all: white space, Default_Ignorable_Code_Point (Unicode 16), and the empty Braille cell.
_BLANK = (
    "\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SEEN = re.compile(f"[^{_BLANK}\\x00-\\x1f\\x7f-\\x9f{_ALONE}]")
_CHARACTER = regex.compile(r"\X")  # extended grapheme clusters (UAX #29)


class BadText(ValueError):
    """The text is refused; it reads as the end of a sentence that begins with the name of the field."""

    field = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A text that a person reads: repaired where that changes nothing for them, refused where it would.

    most, least: visible characters (grapheme clusters). `lines`: line ends stay, else all white space becomes one space.
    `cut`: a longer text is cut with an ellipsis, else refused.
    """

    most: int
    least: int = 0
    lines: bool = False
    cut: bool = False

    def __call__(self, text: str) -> str:
        """Return the text as it is kept and shown: NFC, without controls, bidi controls and halves of emoji; "" when nothing of
        it can be seen. BadText: it is too long or too short."""
        text = self._repaired(text)
        if len(text) > self.most or len(text) * 4 > self.most_bytes:
            text = self._bounded(text)
        if self.least and count(text) < self.least:
            raise BadText("is empty" if not text else f"has fewer than {self.least} characters")
        return text

    @property
    def most_bytes(self) -> int:
        """In UTF-8, as a store keeps it."""
        return max(self.most * BYTES_A_CHARACTER, LEAST_BYTES)

    def _repaired(self, text: str) -> str:
        if not (text.isascii() and text.isprintable()):
            text = _repaired(text)
        if not self.lines:
            text = " ".join(_NOTHING_IN_NAMES.sub("", text).split())
        return text if _SEEN.search(text) else ""

    def _bounded(self, text: str) -> str:
        if count(text) <= self.most and len(text.encode()) <= self.most_bytes:
            return text
        if not self.cut:
            raise BadText(f"is longer than {self.most} characters")
        return cut(text, self.most, self.most_bytes)


@dataclass(frozen=True, slots=True)
class Exact:
    """A text that only programs read (a token, a password, an SDP): taken as it is, or refused.

    most_bytes: in UTF-8."""

    most_bytes: int

    def __call__(self, text: str) -> str:
        """BadText: it has controls (all but tab and line ends), half an emoji, or is too long."""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise BadText("is not Unicode") from None
        if len(data) > self.most_bytes:
            raise BadText(f"is longer than {self.most_bytes} bytes")
        if data.translate(None, _USUAL) and _CONTROL.search(text):  # the first alone is ten times as fast: boards are long
            raise BadText("has control characters")
        return text


Rule = Seen | Exact


def count(text: str) -> int:
    """How many characters a person sees: an emoji of several code points is one."""
    return len(text) if text.isascii() else sum(1 for _ in _CHARACTER.finditer(text))


def cut(text: str, most: int, most_bytes: int) -> str:
    """Return the first `most` - 1 visible characters and an ellipsis, in no more than `most_bytes` bytes of UTF-8."""
    left = most_bytes - len("…".encode())
    kept: list[str] = []
    for found in _CHARACTER.finditer(text):
        left -= len(found[0].encode())
        if left < 0 or len(kept) == most - 1:
            break
        kept.append(found[0])
    return "".join(kept).rstrip() + "…"


def is_narrow(pattern: str) -> bool:
    """Whether a pattern describes the whole text, and lets through nothing that `Seen` would repair. (`$` would let a line end
    through.)"""
    matches = re.compile(pattern).search
    samples = "\0\t\n\r\x7f\u202e\u3164\ud83d한"
    unfit = any(matches(given) for each in samples for given in (each, f"a{each}", f"{each}a", f"0{each}", f"{each}0"))
    return pattern.startswith("^") and pattern.endswith(r"\Z") and not unfit


def _repaired(text: str) -> str:
    if _BAD.search(text):
        text = _HALVES.sub("\ufffd", _LINE_END.sub("\n", text))
        text = _UNWELCOME.sub("", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
