"""Links in a text: http, https, mailto and tel, nothing else.

The rules are the same as in the pages (`room/writing/links.ts`).
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

import ada_url
import regex
from linkify_it import LinkifyIt

MOST_LINKS = 100  # one row of text has at most this many links; further addresses stay plain text
LONGEST = 2048  # an address has at most this many characters; a longer address stays plain text

_PHONE = re.compile(r"\+?[0-9][0-9().-]{1,30}[0-9]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # direction marks, which could reorder an address
_HANGUL_TLD = re.compile(r"((?:https?://)?[^/?#]*\.[a-z]{2,}(?::[0-9]+)?)[가-힣]+", re.IGNORECASE)
_PARTICLE = re.compile(
    r"([\x21-\x7e]+[A-Za-z0-9/_=&%#-])(?:은|는|이|가|을|를|의|에|도|만|로|으로|와|과|랑|이랑|에서|에서는|에는|에도|까지|부터|보다|요|이요"
    r"|나|이나|고|이고|인데|예요|에요|이에요|입니다)"
)
_WEB = re.compile(r"https?:", re.IGNORECASE)
_HOST = re.compile(r"((?:https?://)?)([^/?#]*)", re.IGNORECASE)
_ONE_SCRIPT = [
    regex.compile(one)
    for one in (
        r"[a-zA-Z0-9-]*",
        "(?i:[a-z0-9\u00df-\u00f6\u00f8-\u00ff-]*)",
        r"[\p{Script=Hangul}0-9-]*",
        r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー0-9-]*",
    )
]
_CYRILLIC = regex.compile(r"[\p{Script=Cyrillic}0-9.-]*")


class Link(NamedTuple):
    """A link. `text`: the address as the reader sees it.

    The host in `text` is in punycode if letters of another script could deceive the reader.
    """

    href: str
    text: str


class _Finder(LinkifyIt):  # type: ignore[misc]  # the package has no types
    """Finds addresses. A Korean particle may follow a host without a space: "naver.com에서"."""

    def __init__(self) -> None:
        super().__init__()
        self.add("ftp:", None).add("//", None).add("tel:", {"validate": self._tel})

    def _on_compile(self) -> None:
        end = self.re["src_host_terminator"]
        for name, pattern in self.re.items():
            self.re[name] = pattern.replace(end, f"(?:{end}|(?=[가-힣]))")

    def _tel(self, text: str, at: int) -> int:
        found = _PHONE.match(text, at)
        return len(found[0]) if found else 0


_finder = _Finder()


def links(text: str) -> list[str | Link]:
    """Split a text into links and the plain text between them, in order."""
    pieces: list[str | Link] = []
    begin = 0
    for match in (_finder.match(text) or [])[:MOST_LINKS]:
        raw = _without_tail(match.raw)
        link = _link_to(raw, match.schema) if len(raw) <= LONGEST else None
        if link is None:
            continue
        pieces += [text[begin : match.index], link]
        begin = match.index + len(raw)
    pieces.append(text[begin:])
    return [piece for piece in pieces if piece != ""]


def _without_tail(raw: str) -> str:
    """Remove from the end of an address what belongs to the sentence: marks of emphasis, and Korean particles."""
    bare = raw.rstrip("*_~")
    found = _HANGUL_TLD.fullmatch(bare) or _PARTICLE.fullmatch(bare)
    return found[1] if found else bare


def _link_to(raw: str, schema: str) -> Link | None:
    if schema == "tel:":
        return Link(raw.lower(), raw)
    if schema == "mailto:":
        mail = re.sub("^mailto:", "", raw, flags=re.IGNORECASE)
        return Link("mailto:" + quote(mail, safe="!~*'()").replace("%40", "@", 1), _BIDI.sub("", raw))
    return _web_link(raw)


def _web_link(raw: str) -> Link | None:
    try:
        url = ada_url.URL(raw if _WEB.match(raw) else f"https://{raw}")
    except ValueError:
        return None
    if url.protocol not in ("http:", "https:") or url.username or url.password:
        return None
    found = _HOST.match(raw)
    before, host = (found[1], found[2]) if found else ("", "")
    plain = is_plain_host(re.sub(":[0-9]+$", "", host))
    shown = raw if plain else before + url.host + raw[len(before) + len(host) :]
    return Link(url.href, _BIDI.sub("", shown))


def is_plain_host(host: str) -> bool:
    """Return whether a host cannot deceive readers.

    In such a host, no label mixes scripts, and Cyrillic appears only if the whole host is Cyrillic.
    """
    if _CYRILLIC.fullmatch(host):
        return True
    return all(any(script.fullmatch(label) for script in _ONE_SCRIPT) for label in host.split("."))
