"""Record what staff see of a user's page, while the session is recorded."""

from __future__ import annotations

import asyncio
from typing import Final

from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.protocol.client_messages import SendPage
from signaling.recordings import SeenPages, Shown

WRITE_S: Final = 0.5  # seconds between two writes of the recorded parts to the disk


class KeptPages:
    """Passes to `SeenPages` those parts of the user's page that must be recorded.

    A session is recorded only while everybody agrees. So `keep` checks for each part whether the session is recorded now.
    """

    def __init__(self, files: SeenPages, now: Now) -> None:
        self._files = files
        self._now = now

    def settle(self, entry: Entry) -> bool:
        """Start or stop recording the page, and note in the recording which staff see the page now.

        Return whether the browser must now send the whole page again (a snapshot). Staff may have seen the page before everybody
        agreed to the recording. So nothing is recorded before the next snapshot.
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
        """Record a part of the page that staff have just seen.

        If `part` is None, record that the present change of the page will not be completed. Record nothing before the first
        snapshot of this recording segment, and nothing while the session is not recorded.
        """
        if not entry.page.kept_whole or not entry.session.recording.on:
            return
        line = Shown(at=self._now(), data="")
        if part is not None:
            line = Shown(at=self._now(), data=part.data, first=part.first, more=part.more)
        self._files.add(entry.id, line)

    async def run(self) -> None:
        """Every `WRITE_S`, write the recorded parts to the disk. Runs until cancelled."""
        while True:
            await asyncio.sleep(WRITE_S)
            await self._files.write()
