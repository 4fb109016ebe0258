"""The transcript as one HTML file, which has no scripts and loads nothing from elsewhere. Every text is escaped.

A policy in the file itself forbids scripts and requests, in case the code ever fails to escape a text.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from html import escape

from signaling.protocol.session_views import Line

from .board_page import svg
from .conversation import Conversation, PictureOf
from .formatted import formatted

# one transcript file gets at most this many bytes of pictures; mail and phones refuse larger files
MOST_PICTURE_BYTES = 40 * 1024 * 1024
_MIMES = ("image/webp", "image/png", "image/jpeg")
WRITTEN = ("text", "note", "caption")  # kinds of chat lines that have a text
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1rem; margin: 2rem 0 0; border-bottom: 1px solid #8886; }
header p { margin: 0; opacity: 0.75; }
article { margin-top: 0.9rem; break-inside: avoid; }
article :is(p, ul, ol, pre) { margin: 0; overflow-wrap: anywhere; }
article :is(p, pre, blockquote) { white-space: pre-wrap; }
article :is(ul, ol) { padding-inline-start: 1.6rem; } code { border-radius: 0.3rem; background: #8882; padding: 0.1em 0.3em; }
pre code { display: block; padding: 0.5rem; }
blockquote { margin: 0; padding-inline-start: 0.6rem; border-inline-start: 3px solid #8886; opacity: 0.75; }
.who { font-weight: 600; } time { opacity: 0.75; font-size: 0.85rem; }
.staff { border-inline-start: 3px dashed #8250df; padding-inline-start: 0.7rem; }
.board { display: block; width: 100%; margin-top: 0.3rem; border: 1px solid #8886; border-radius: 0.5rem; }
.board text { font-family: system-ui, "Apple SD Gothic Neo", "Noto Sans KR", "Malgun Gothic", sans-serif; white-space: pre; }
img { display: block; max-width: 100%; max-height: 32rem; border-radius: 0.5rem; margin-top: 0.3rem; }
"""


async def page(
    conversation: Conversation, picture_of: PictureOf, most_picture_bytes: int = MOST_PICTURE_BYTES
) -> AsyncIterator[str]:
    """Yield the file in pieces, so that only one picture, or the pictures of one page of the board, are in memory at a time.

    `most_picture_bytes`: all pictures in the file together have at most this many bytes.
    """
    words = conversation.words
    yield _head(conversation)
    inside = Inside(words["picture_missing"], picture_of, most_picture_bytes)
    day, lines = "", conversation.shown()
    for line in lines:
        if conversation.day(line.at) != day:
            day = conversation.day(line.at)
            yield f"<h2>{escape(day)}</h2>\n"
        yield _opening(conversation, line)
        shows = line.kind == "picture" and line.change != "retracted"
        yield await inside.image(line.picture, words["picture"]) if shows else _body(conversation, line)
        yield "</article>\n"
    if not lines:
        yield f"<p>{escape(words['empty'])}</p>\n"
    async for piece in _board(conversation, inside):
        yield piece
    yield "</main>\n</html>\n"


async def _board(conversation: Conversation, inside: Inside) -> AsyncIterator[str]:
    """Yield the pages of the board, and the pictures that were on the board and are on no page any more."""
    words = conversation.words
    if conversation.pages:
        yield f"<h2>{escape(words['drawings'])}</h2>\n"
    shown: set[str] = set()
    for n, drawn in enumerate(conversation.pages, 1):
        addresses = {picture: address for picture in drawn.pictures if (address := await inside.address(picture))}
        shown |= addresses.keys()
        label = words["page"].format(n=n, all=len(conversation.pages))
        # draw in a thread, because drawing a full page takes a second
        yield f"<article>{await asyncio.to_thread(svg, drawn, label, addresses, n)}</article>\n"
    left = [picture for picture in conversation.board if picture not in shown]
    if left:
        yield f"<h2>{escape(words['board'])}</h2>\n"
    for picture in left:
        yield f"<article>{await inside.image(picture, words['board'])}</article>\n"


class Inside:
    """Puts pictures into the transcript's file as long as there is room for them."""

    def __init__(self, missing: str, picture_of: PictureOf, most_bytes: int) -> None:
        self._missing = f"<p>({escape(missing)})</p>"
        self._picture_of = picture_of
        self._left_bytes = most_bytes

    async def image(self, picture: str, label: str) -> str:
        """Return the picture as an element, or a sentence instead of a picture that cannot be shown."""
        address = await self.address(picture)
        return f'<img alt="{escape(label)}" src="{address}">' if address else self._missing

    async def address(self, picture: str) -> str:
        """Return the picture as a `data:` URL. Return "" if the readers may not see it, or if the file would become too large."""
        found = await self._picture_of(picture)
        if found is None or found.mime not in _MIMES or len(found.data) > self._left_bytes:
            return ""
        self._left_bytes -= len(found.data)
        return f"data:{found.mime};base64,{base64.b64encode(found.data).decode()}"


def _head(conversation: Conversation) -> str:
    title, zone = escape(conversation.title), escape(conversation.words["zone"].format(zone=conversation.zone_name))
    language = escape(conversation.language or "en")
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n<style>{_STYLE}</style>\n'
        f'<main>\n<header><h1 dir="auto">{title}</h1><p>{escape(conversation.span)}</p><p>{zone}</p></header>\n'
    )


def _opening(conversation: Conversation, line: Line) -> str:
    staff = line.audience == "staff"
    marks, quote = conversation.marks(line), conversation.quote(line)
    mark = f" · {escape(marks)}" if marks else ""
    replied = f'<blockquote dir="auto">{escape(quote)}</blockquote>' if quote else ""
    begin = '<article class="staff">' if staff else "<article>"
    return (
        f"{begin}"
        f'<span class="who" dir="auto">{escape(conversation.author(line))}</span>{mark} '
        f"<time>{escape(conversation.time(line.at))}</time>{replied}"
    )


def _body(conversation: Conversation, line: Line) -> str:
    """Return what the line says: its text with formatting and links or, if the line has no text, a word in brackets."""
    if line.kind in WRITTEN and line.change != "retracted":
        return formatted(line.text)
    return f'<p dir="auto">{escape(conversation.content(line))}</p>'
