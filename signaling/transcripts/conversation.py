"""The conversation from which a transcript is made, and the code that HTML and text transcripts share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from signaling.protocol.own_texts import words_in
from signaling.protocol.session_views import Line
from signaling.protocol.texts import Seen
from signaling.protocol.words import Audience

from .board_document import Page

Form = Literal["html", "text"]
FORMS: dict[Form, str] = {"html": "text/html", "text": "text/plain"}
_QUOTE = Seen(60, cut=True)  # shortens the quote above a reply: at most 60 characters of the quoted line
PictureOf = Callable[[str], Awaitable["Image | None"]]
"""A function that returns the picture with this id, or None when the readers may not see it."""


class Image(NamedTuple):
    """A picture of the conversation. `mime`: image/webp, image/png or image/jpeg."""

    mime: str
    data: bytes


@dataclass(frozen=True)
class Conversation:
    """A conversation as its readers may see it.

    `lines`: the lines that `readers` may read. `board`: ids of the pictures on the board.

    `pages`: the pages of the board, in the newest stored state. `you`: the id of the participant who is shown as “You”, or "".
    `zone`: time zone of the reader. `begun_at`, `ended_at`: Unix ms; `ended_at` None: the conversation still goes on.
    """

    site: str
    lines: Sequence[Line]
    board: Sequence[str]
    readers: Audience
    language: str
    zone: tzinfo
    begun_at: int
    ended_at: int | None
    you: str = ""
    pages: Sequence[Page] = ()

    @cached_property
    def words(self) -> dict[str, str]:
        """Return the words that the transcript itself adds, such as its title, in the readers' language."""
        return words_in(self.language, "transcript")

    @property
    def title(self) -> str:
        """Return the title at the top of the transcript."""
        return self.words["title"].format(site=self.site)

    @property
    def span(self) -> str:
        """Return a text with the times when the conversation began and ended."""
        begin = f"{self.day(self.begun_at)} {self.time(self.begun_at)}"
        if self.ended_at is None:
            return begin
        same_day = self.day(self.ended_at) == self.day(self.begun_at)
        end = self.time(self.ended_at) if same_day else f"{self.day(self.ended_at)} {self.time(self.ended_at)}"
        return self.words["span"].format(begin=begin, end=end)

    @property
    def zone_name(self) -> str:
        """Return the name of the reader's time zone, such as "Asia/Seoul"."""
        return getattr(self.zone, "key", "UTC")

    def shown(self) -> list[Line]:
        """Return the lines that people wrote or said, and the lines that say that an operator joined."""
        allowed = [line for line in self.lines if self.readers == "staff" or line.audience == "all"]
        return [line for line in allowed if _joined(line) or (line.kind != "system" and line.role != "system")]

    @cached_property
    def _by_seq(self) -> dict[int, Line]:
        return {line.seq: line for line in self.shown()}

    def content(self, line: Line) -> str:
        """Return the text of the line. A picture, a file and a retracted line become a word in brackets."""
        words = self.words
        if _joined(line):
            return f"[{words['joined']}]"
        if line.change == "retracted":
            return f"[{words['retracted']}]"
        if line.kind == "picture":
            return f"[{words['picture']}]"
        return f"[{words['file']}: {line.text}, {size_of(line)}]" if line.kind == "file" else line.text

    def quote(self, line: Line) -> str:
        """Return the beginning of the line to which this line replies, or "" when this line is no reply."""
        replied = self._by_seq.get(line.reply_to)
        return _QUOTE(self.content(replied)) if replied is not None else ""

    def marks(self, line: Line) -> str:
        """Return the remarks beside the author: that the line was spoken or edited, or is for staff only."""
        found = [self.words["caption"]] * (line.kind == "caption") + [self.words["edited"]] * (line.change == "edited")
        return ", ".join(found + [self.words["staff_only"]] * (line.audience == "staff"))

    def author(self, line: Line) -> str:
        """Return the author of the line as shown: "You", "Jimin (counselor)", "Mina (interpreter)"."""
        if self.you and line.author == self.you:
            return self.words["you"]
        if _joined(line):
            return f"{line.args.get('name', '')} ({self.words['operator']})"
        label = line.args.get("label", "") if line.role == "guest" else ""
        role = self.words.get(f"label.{label}") or self.words.get(line.role, line.role)
        return f"{line.name} ({role})" if line.name and line.role != "user" else line.name or role

    def day(self, at_ms: int) -> str:
        """Return the date in the reader's zone and language."""
        return self.words["date"].format(self._at(at_ms))

    def time(self, at_ms: int) -> str:
        """Return the time of day in the reader's zone."""
        return f"{self._at(at_ms):%H:%M}"

    def _at(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, self.zone)


def _joined(line: Line) -> bool:
    """Return whether the line says that an operator has joined. From this line on, everybody heard the operator."""
    return line.kind == "system" and line.text == "listening.joined"


def size_of(line: Line) -> str:
    """Return the size of a line's file as the pages write it, such as "1.2 MB"."""
    given = line.args.get("bytes", "")
    size = int(given) if given.isdecimal() else 0
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} KB"


def zone_of(name: str) -> tzinfo:
    """Return the zone with this IANA name, or UTC for an unknown name."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, LookupError):  # no zone has this name, or the name is that of a folder of zones, or a path
        return UTC
