"""Write a mail's subject, plain text and HTML. Pure.

The HTML loads no pictures and no style sheets from elsewhere. So a mail program shows the mail at once, and no server learns that
the reader opened the mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from html import escape

from signaling.protocol.texts import Seen
from signaling.records.mail_plan import MailText

from .kinds import MANNERS, Kind
from .words import FRAMES, TEXTS, Frame, language_of

_SUBJECT = Seen(160, cut=True)
_PLACE = re.compile(r"\{([a-z]+)\}")
_ACCENT = "#1f5fbf"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")

_STYLE = (
    "body{margin:0;background:#f3f4f6;color:#1b1f24}"
    "main{max-width:34rem;margin:0 auto;padding:1.5rem 1rem;"
    "font:16px/1.6 system-ui,-apple-system,'Noto Sans',sans-serif}"
    # each language has its own fonts, because a font of another language shows some Chinese characters in a foreign form
    ":lang(ko) main{font-family:system-ui,-apple-system,'Apple SD Gothic Neo','Noto Sans KR',sans-serif}"
    ":lang(ja) main{font-family:system-ui,-apple-system,'Hiragino Sans','Noto Sans JP',sans-serif}"
    ":lang(zh-Hans) main{font-family:system-ui,-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans SC',sans-serif}"
    ".card{background:#fff;border-radius:12px;padding:1.5rem}.card>:last-child{margin-bottom:0}"
    # auto-phrase breaks Japanese lines between phrases, and text-autospace adds space between Chinese or Japanese and Latin
    # letters; mail programs that do not know these two properties ignore them
    ":lang(ko){word-break:keep-all;overflow-wrap:anywhere}:lang(ja){word-break:auto-phrase}body{text-autospace:normal}"
    # a date is broken into two lines only if a line is too short for the whole date
    "h1 .when,:lang(ja) .when,:lang(zh-Hans) .when{display:inline-block}"
    "h1{font-size:1.25rem;line-height:1.4;margin:0 0 .75rem}p{margin:0 0 1rem;white-space:pre-line}"
    "blockquote{margin:0 0 1rem;padding:.75rem 1rem;background:#f3f4f6;border-radius:8px;white-space:pre-wrap}"
    ".small{color:#57606a;font-size:.875rem;margin:.75rem 0 0}.small a{color:#57606a}"
    "@media(prefers-color-scheme:dark){body{background:#111418;color:#e6e9ee}.card{background:#1b2027}"
    "blockquote{background:#262c35}.small,.small a{color:#a3adba}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The content from which the texts of a mail are made.

    - `values`: the values that replace the names in braces
    - `own`: the site's own wording
    - `link`: None, or the link's address and the time (Unix ms) when it expires; the time is None if the link never expires
    - `said`: the texts of staff that the mail quotes, or ""
    - `leave`: the address at which the recipient unsubscribes, or ""
    """

    kind: Kind
    language: str
    site: str
    values: Mapping[str, str]
    zone: tzinfo
    own: MailText = field(default_factory=MailText)
    accent: str = ""
    link: tuple[str, int | None] | None = None
    said: str = ""
    leave: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """The texts of one mail. `subject` is one line."""

    subject: str
    text: str
    html: str


def moment(at_ms: int, language: str, zone: tzinfo) -> str:
    """Return a Unix time in ms as a date and time of day, as people write them in `language`."""
    return FRAMES[language_of(language)]["moment"].format(datetime.fromtimestamp(at_ms / 1000, zone))


def zone_name(zone: tzinfo) -> str:
    """Return the name of a time zone, such as "Asia/Seoul"."""
    return getattr(zone, "key", "UTC")


def letter(about: About) -> Letter:
    """Return the subject, plain text and HTML of a mail with this content."""
    language = language_of(about.language)
    words, frame = TEXTS[language][about.kind], FRAMES[language]
    values = {"site": about.site, **about.values}
    subject = _SUBJECT(_filled(about.own.subject or words["subject"], values))
    text = _filled(about.own.text or words["text"], values)
    until = moment(about.link[1], language, about.zone) if about.link is not None and about.link[1] is not None else ""
    small = _small(about, frame, values, until)
    dates = {each for each in (values.get("when", ""), until) if each}
    return Letter(
        subject, _plain(about, text, words["button"], small, frame["said"]), _html(about, subject, text, small, dates, language)
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Replace names in braces, such as "{site}", by their values.

    Unlike `str.format`, this function never reads attributes of the values.
    """
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def _small(about: About, frame: Frame, values: Mapping[str, str], until: str) -> list[str]:
    """Return the lines of a mail's small print: until when the link works, that it works once, and why the mail was sent."""
    found: list[str] = []
    if until:
        found.append(_filled(frame["until"], {"when": until, "zone": zone_name(about.zone)}))
    if MANNERS[about.kind].opens and about.link is not None:
        found.append(frame["once"])
    found.append(_filled(frame["why"], values) if MANNERS[about.kind].leaves else frame["automatic"])
    return found


def _plain(about: About, text: str, button: str, small: list[str], said: str) -> str:
    parts = [text]
    if about.said:
        parts.append(f"{said}:\n" + "\n".join(f"> {row}" for row in about.said.splitlines()))
    if about.link is not None:
        parts.append(f"{button}:\n{about.link[0]}")
    leave = [f"{FRAMES[language_of(about.language)]['leave']}: {about.leave}"] if about.leave else []
    return "\n\n".join([*parts, "-- \n" + "\n".join([*small, *leave])]) + "\n"


def _html(about: About, subject: str, text: str, small: list[str], dates: set[str], language: str) -> str:
    def shown(words: str) -> str:
        found = escape(words)
        for date in dates:
            found = found.replace(escape(date), f'<span class="when">{escape(date)}</span>')
        return found

    accent = about.accent if _COLOUR.match(about.accent) else _ACCENT
    button = ""
    if about.link is not None:
        style = (
            f"display:inline-block;background:{accent};color:{_ink_on(accent)};"
            "padding:.75rem 1.25rem;border-radius:8px;text-decoration:none;font-weight:600"
        )
        label = escape(TEXTS[language][about.kind]["button"])
        button = f'<p style="margin:0"><a href="{escape(about.link[0])}" style="{style}">{label}</a></p>\n'
    quote = f'<blockquote dir="auto">{escape(about.said)}</blockquote>\n' if about.said else ""
    leave = f' <a href="{escape(about.leave)}">{escape(FRAMES[language]["leave"])}</a>' if about.leave else ""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(subject)}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        f'<div class="card"><h1 dir="auto">{shown(subject)}</h1>\n<p dir="auto">{shown(text)}</p>\n{quote}{button}</div>\n'
        f'<p class="small">{"<br>".join(map(shown, small))}{leave}</p>\n</main></body>\n</html>\n'
    )


def _ink_on(colour: str) -> str:
    """Return black or white, whichever is easier to read on this colour (WCAG 2, relative luminance)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"
