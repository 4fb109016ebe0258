"""Read a conversation from the database, as its readers may see it."""

from __future__ import annotations

import asyncio
from datetime import tzinfo

from signaling.protocol.session_views import Line
from signaling.protocol.words import Audience
from signaling.records import Records, SessionRecord

from .board_document import pages_of
from .conversation import Conversation, Image, PictureOf

_AT_ONCE = 500
MOST_LINES = 20_000  # at most this many lines of one conversation are read


async def conversation_of(
    records: Records, session: SessionRecord, readers: Audience, language: str, zone: tzinfo, you: str = ""
) -> Conversation:
    """Return the conversation.

    `language`: the language of the transcript; "" for the session's language. `you`: the id of the participant who is shown as
    “You”, or "".
    """
    language = language or session.language
    site = await records.site(session.site)
    return Conversation(
        site=site.name(language) if site else session.site,
        lines=await _lines(records, session.id, readers),
        board=await records.board_pictures(session.id, readers),
        readers=readers,
        language=language,
        zone=zone,
        begun_at=session.started_at,
        ended_at=session.ended_at,
        you=you,
        pages=await asyncio.to_thread(pages_of, await records.board(session.id)),
    )


async def _lines(records: Records, session_id: str, readers: Audience) -> list[Line]:
    found: list[Line] = []
    while page := await records.lines(session_id, found[-1].seq if found else 0, _AT_ONCE, readers):
        found += page
        if len(found) >= MOST_LINES:
            break
    return found


def pictures_for(records: Records, session_id: str, readers: Audience) -> PictureOf:
    """Return a function that finds pictures of this conversation.

    The returned function finds pictures for staff only if the readers are staff.
    """

    async def picture_of(picture_id: str) -> Image | None:
        found = await records.picture(picture_id)
        if found is None or found.session != session_id or (readers == "all" and found.audience != "all"):
            return None
        return Image(found.mime, found.data)

    return picture_of
