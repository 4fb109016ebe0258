"""Keep what staff see of a user's page with the recording, while the session is recorded."""

from __future__ import annotations

import asyncio
from typing import Final

from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.protocol.client_messages import SendPage
from signaling.recordings import SeenPages, Shown

WRITE_S: Final = 0.5  # seconds between two writes


class KeptPages:
    """Tells `SeenPages` what to keep.

    Recording goes on only while everybody agrees, so `keep` checks at every part whether the session is recorded.
    """

    def __init__(self, files: SeenPages, now: Now) -> None:
        self._files = files
        self._now = now

    def settle(self, entry: Entry) -> bool:
        """Begin or end to keep the page, and keep who sees it. Return whether the page must begin with a new snapshot.

        Staff may have seen the page before everybody agreed to the recording. So nothing is kept before the next snapshot.
        """
        page, session = entry.page, entry.session
        segment = (session.epoch, session.recording.period) if session.recording.on and page.viewers else None
        began = segment is not None and segment != page.kept
        if segment != page.kept:
            if page.kept is not None:
                self._files.end(entry.id, self._now())
            page.kept, page.kept_whole, page.kept_for = segment, False, []
            if segment is not None:
                self._files.begin(entry.id, *segment)
        seen_by = [] if page.client is None or page.refused else sorted(page.viewers)
        if page.kept is not None and seen_by != page.kept_for:
            page.kept_for = seen_by
            self._files.add(entry.id, Shown(at=self._now(), seen_by=seen_by))
        return began

    def keep(self, entry: Entry, part: SendPage | None) -> None:
        """Keep a part that staff have just been shown. None: note that the former batch was broken off.

        Keep nothing before a snapshot of this recording, or while the session is not recorded.
        """
        if not entry.page.kept_whole or not entry.session.recording.on:
            return
        line = Shown(at=self._now(), data="")
        if part is not None:
            line = Shown(at=self._now(), data=part.data, first=part.first, more=part.more)
        self._files.add(entry.id, line)

    async def run(self) -> None:
        """Write to the disk what is kept, every `WRITE_S`. Runs until cancelled."""
        while True:
            await asyncio.sleep(WRITE_S)
            await self._files.write()
