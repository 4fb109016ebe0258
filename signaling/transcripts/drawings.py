"""The pages of a conversation's board as pictures, for its user."""

from __future__ import annotations

import asyncio

from signaling.protocol.own_texts import words_in
from signaling.records import Records, SessionRecord

from .board_document import pages_of
from .board_page import svg
from .page import MOST_PICTURE_BYTES, Inside
from .reading import pictures_for

_XMLNS = '<svg xmlns="http://www.w3.org/2000/svg" '


async def count_of(records: Records, session_id: str) -> int:
    """Return the number of pages of the session's board that have a shape or a background picture."""
    return len(await asyncio.to_thread(pages_of, await records.board(session_id)))


async def drawing(records: Records, session: SessionRecord, number: int) -> str | None:
    """Return a page of the session's board as an SVG document with its pictures inside.

    Return None when there is no such page. `number`: 1 for the first page.

    Pictures for staff only are left out.
    """
    pages = await asyncio.to_thread(pages_of, await records.board(session.id))
    if not 1 <= number <= len(pages):
        return None
    page, words = pages[number - 1], words_in(session.language, "transcript")
    inside = Inside(words["picture_missing"], pictures_for(records, session.id, "all"), MOST_PICTURE_BYTES)
    addresses = {picture: address for picture in page.pictures if (address := await inside.address(picture))}
    label = words["page"].format(n=number, all=len(pages))
    drawn = await asyncio.to_thread(svg, page, label, addresses)
    return drawn.replace("<svg ", _XMLNS, 1)
