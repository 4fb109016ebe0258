"""Change a live session's brief, the facts about the user: add a picture of the product, the visited page, or a mail address."""

from __future__ import annotations

from signaling.access.brief import Supplement, walked, with_field
from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.mailing import Mailing, address_for
from signaling.live.sessions import Sessions
from signaling.session.model import NotAllowed


class Briefs:
    """Changes, saves and shows the briefs (the facts about the users) of live sessions."""

    def __init__(self, *, sessions: Sessions, mailing: Mailing, index: Index, now: Now) -> None:
        self._sessions = sessions
        self._mailing = mailing
        self._index = index
        self._now = now

    async def set_product_picture(self, session_id: str, picture_id: str) -> None:
        """Put this picture of the product into the session's brief (the facts about the user), and show it to staff.

        Raise `NotAllowed` when the session is not live.
        """
        entry = self._index.entries.get(session_id)
        if entry is None:
            raise NotAllowed("unknown")
        entry.brief = with_field(entry.brief, "product_picture", picture_id, "claimed")
        await self._sessions.save_brief(entry)

    async def walked(self, session_id: str, seen: Supplement) -> None:
        """Show staff which page of the site the user visits now.

        Raise NotAllowed if the session is unknown or its conversation is over.
        """
        entry = self._index.entries.get(session_id)
        if entry is None or entry.session.state in ("after", "closed", "message_left"):
            raise NotAllowed("wrong_state")
        brief = walked(entry.brief, seen, entry.site, self._now())
        if brief != entry.brief:
            entry.brief = brief
            await self._sessions.save_brief(entry)

    async def give_contact(self, entry: Entry, address: str) -> None:
        """Put the mail address that the user has given into the brief (the facts about the user).

        If the partner has signed a mail address or telephone number of the user, this contact stays in the brief.
        """
        former = address_for(entry)
        entry.brief = with_field(entry.brief, "user_contact", address, "typed")
        if former and former != address_for(entry):
            await self._mailing.leave(entry, former)
        await self._sessions.save_brief(entry)
