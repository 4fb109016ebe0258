"""Follow what other processes change in the database: erased sessions, settings of sites, and cancelled appointments.

An erased session is removed from memory, from folders and from every page.
"""

from __future__ import annotations

import asyncio

from signaling.files import Files
from signaling.live.appointment_desk import AppointmentDesk
from signaling.live.earlier import Earlier
from signaling.live.index import Index
from signaling.live.matching import Matching
from signaling.live.sessions import Sessions
from signaling.live.staff_boards import Boards
from signaling.live.translating import Translating
from signaling.protocol.server_messages import SessionOver
from signaling.recordings import Recordings
from signaling.records import Records
from signaling.session.events import EndedBy

LOOK_S = 0.5  # seconds between two checks of what other processes have erased or changed


class Erasing:
    """Ends erased sessions. Reads from the audit what another process has erased, cancelled or changed."""

    def __init__(
        self,
        *,
        records: Records,
        recordings: Recordings,
        files: Files,
        sessions: Sessions,
        matching: Matching,
        boards: Boards,
        earlier: Earlier,
        translating: Translating,
        desk: AppointmentDesk,
        index: Index,
    ) -> None:
        self._records = records
        self._recordings = recordings
        self._files = files
        self._sessions = sessions
        self._matching = matching
        self._boards = boards
        self._earlier = earlier
        self._translating = translating
        self._desk = desk
        self._index = index
        self._seen = 0  # number of the newest audit entry that was read
        self._done: set[int] = set()  # numbers of audit entries that are carried out, and that the next check skips

    async def start(self) -> None:
        """Remember the newest audit entry. `watch` looks only at later entries, and at the last few before them (`REREAD`)."""
        self._seen = await self._records.newest_audit()

    async def watch(self) -> None:
        """Follow the audit log: when another process has erased, changed or cancelled something, apply this here within a second.

        An example of such a process is `sangdam session erase`. Runs until cancelled.
        """
        await self._cancel_asked(0)
        while True:
            await asyncio.sleep(LOOK_S)
            seen = self._seen
            newest, found = await self._records.news(seen)
            fresh = [each for each in found if each.n not in self._done]
            for each in fresh:
                if each.kind == "erased":
                    await self.erased(each.subject)
            if any(each.kind == "cancel" for each in fresh):
                await self._cancel_asked(seen)
            for site in {each.subject for each in fresh if each.kind == "site"}:
                await self._sessions.site_changed(site)
            self._seen, self._done = newest, {each.n for each in found}

    async def _cancel_asked(self, after: int) -> None:
        for session_id, bookings in (await self._records.asked_to_cancel(after)).items():
            await self._desk.cancel_asked(session_id, bookings)

    async def erased(self, session_id: str) -> None:
        """End a session that was erased from the database, and remove it from every page."""
        entry = self._index.entries.get(session_id)
        await self._recordings.erase(session_id)
        await self._files.erase(session_id)
        self._translating.forget(session_id)
        for changed in self._earlier.forget(session_id):
            self._sessions.show(changed)
            self._matching.renew_briefs(changed)
        if entry is not None:
            await self._sessions.apply(entry, EndedBy("erased"))
            for participant in list(entry.holders):
                if (client := entry.release(participant)) is not None:
                    client.send(SessionOver(session=session_id, reason="erased"))
                    if participant == entry.session.user:
                        client.bye("token")
            self._sessions.forget_if_done(entry)
            self._boards.messages_changed()
