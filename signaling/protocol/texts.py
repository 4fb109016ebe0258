"""Rules for every text from outside: what it may contain and how it is repaired. Pure.

Every text from a browser, a partner or an administrator passes `Seen`, `Exact`, or a pattern of letters and digits (`is_narrow`).
`reading` finds the rule in the declared type and refuses a type without a rule.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import regex

# at most this many UTF-8 bytes for each visible character, on average over a text; otherwise accents could be stacked without end
BYTES_A_CHARACTER = 8
LEAST_BYTES = 2048  # bytes of UTF-8 that are allowed even in a short text: a name may consist of sixty family emoji

_CONTROLS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # all control characters except tab and line ends
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
_BIDI = "\u202a-\u202e\u2066-\u2069"  # bidi embeddings, overrides and isolates, which can make a text look like another text
_ALONE = "\ud800-\udfff"  # lone surrogates, which UTF-8 cannot encode
_UNWELCOME = re.compile(f"[{_CONTROLS}{_BIDI}]")
_CONTROL = re.compile(f"[{_CONTROLS}]")
_USUAL = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_HALVES = re.compile(f"[{_ALONE}]")
_BAD = re.compile(f"[\r{_CONTROLS}{_BIDI}{_ALONE}\u2028\u2029]")
# Invisible characters that are removed from names. The invisible joiners that emoji and Persian words need stay in names.
_NOTHING_IN_NAMES = re.compile("[\u00ad\u200b\u2060\ufeff]")

# Characters that show nothing: white space, Default_Ignorable_Code_Point (Unicode 16), and the empty Braille cell.
_BLANK = (
    "\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SEEN = re.compile(f"[^{_BLANK}\\x00-\\x1f\\x7f-\\x9f{_ALONE}]")
_CHARACTER = regex.compile(r"\X")  # extended grapheme clusters (UAX #29)


class BadText(ValueError):
    """The text is refused. The exception's text is the end of a sentence whose subject is the field, such as "is empty"."""

    field = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The rule for a text that people read. The rule repairs what readers do not notice, and refuses other faults.

    `most` and `least`: the largest and the smallest number of visible characters (grapheme clusters).
    `lines`: whether line ends stay; otherwise every run of white space becomes one space.
    `cut`: whether a longer text is cut with an ellipsis; otherwise it is refused.
    """

    most: int
    least: int = 0
    lines: bool = False
    cut: bool = False

    def __call__(self, text: str) -> str:
        """Return the repaired text: NFC, without control characters, bidi controls and lone surrogates.

        Return "" when the text has no visible character. Raises BadText when it is too long or too short.
        """
        text = self._repaired(text)
        if len(text) > self.most or len(text) * 4 > self.most_bytes:
            text = self._bounded(text)
        if self.least and count(text) < self.least:
            raise BadText("is empty" if not text else f"has fewer than {self.least} characters")
        return text

    @property
    def most_bytes(self) -> int:
        """Return how many bytes of UTF-8 the text may have at most."""
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
    """The rule for a text that only programs read (a token, a password, an SDP).

    The rule accepts the text unchanged or refuses it.

    `most_bytes`: the largest size in UTF-8.
    """

    most_bytes: int

    def __call__(self, text: str) -> str:
        """Return the text unchanged.

        Raises BadText when the text has control characters other than tab and line ends, has a lone surrogate, or is too long.
        """
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise BadText("is not Unicode") from None
        if len(data) > self.most_bytes:
            raise BadText(f"is longer than {self.most_bytes} bytes")
        # Board messages are long, and most of them are ASCII without control characters. For these, `translate` alone decides.
        # This takes a tenth of the time that the pattern takes.
        if data.translate(None, _USUAL) and _CONTROL.search(text):
            raise BadText("has control characters")
        return text


Rule = Seen | Exact


def count(text: str) -> int:
    """Return the number of visible characters. An emoji of several code points counts as one."""
    return len(text) if text.isascii() else sum(1 for _ in _CHARACTER.finditer(text))


def cut(text: str, most: int, most_bytes: int) -> str:
    """Return at most the first `most` - 1 visible characters and an ellipsis, within `most_bytes` bytes of UTF-8."""
    left = most_bytes - len("…".encode())
    kept: list[str] = []
    for found in _CHARACTER.finditer(text):
        left -= len(found[0].encode())
        if left < 0 or len(kept) == most - 1:
            break
        kept.append(found[0])
    return "".join(kept).rstrip() + "…"


def is_narrow(pattern: str) -> bool:
    r"""Return whether a pattern matches whole texts only and allows nothing that `Seen` would repair.

    The pattern must end with `\Z`, because `$` would allow a line end.
    """
    matches = re.compile(pattern).search
    samples = "\0\t\n\r\x7f\u202e\u3164\ud83d한"
    unfit = any(matches(given) for each in samples for given in (each, f"a{each}", f"{each}a", f"0{each}", f"{each}0"))
    return pattern.startswith("^") and pattern.endswith(r"\Z") and not unfit


def _repaired(text: str) -> str:
    if _BAD.search(text):
        text = _HALVES.sub("\ufffd", _LINE_END.sub("\n", text))
        text = _UNWELCOME.sub("", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
