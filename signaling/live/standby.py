"""Staff who stand by: they were available when they closed their last console, and a push can reach them.

The matcher continues to offer requests to these members. The stand-by ends when the member opens a console, or when their sign-in
ends. The stand-by also ends when the matcher changes the member's state to away or signs the member out, for example after a
missed ring (an alert about a request).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from matcher.types import MatchStore, Refused, StaffChanged, Unavailable
from signaling.access.identity import IDLE_MS, SEEN_MS
from signaling.live.clock import Now
from signaling.live.connections import Hub
from signaling.live.index import Index
from signaling.live.matching import Matching
from signaling.live.pushing import Pushing
from signaling.live.requests import Requests
from signaling.live.staffing import Staffing
from signaling.records import Records, RecordsAway, StaffRecord

LOOK_S = 0.4  # seconds between two checks whether the sign-ins of members who stand by are valid


class StandBy:
    """Keeps members signed in at the matcher while they stand by (have closed the console, and are reached by push)."""

    def __init__(
        self,
        *,
        pushing: Pushing,
        matching: Matching,
        requests: Requests,
        staffing: Staffing,
        records: Records,
        store: MatchStore,
        index: Index,
        hub: Hub,
        now: Now,
    ) -> None:
        self._pushing = pushing
        self._matching = matching
        self._requests = requests
        self._staffing = staffing
        self._records = records
        self._store = store
        self._index = index
        self._hub = hub
        self._now = now
        # member → when the use of their sign-ins was last stored (Unix ms)
        self._seen: dict[str, int] = {}

    async def restore(self) -> None:
        """Sign in, at the matcher, every member who was standing by when the server stopped."""
        if self._pushing.enabled:
            for staff in await self._records.standing_by(self._now(), IDLE_MS):
                if await self._renew(staff):
                    self._staffing.standing_by.add(staff)

    async def keeps(self, staff: StaffRecord) -> bool:
        """Let a member who has closed their last console stand by (stay available), if a push can reach the member.

        Return whether the member stays signed in at the matcher, because they stand by or have opened a console again.
        """
        free = self._staffing.state(staff.id) in ("available", "reserved") and not self._index.of_staff(staff.id)
        if not self._pushing.enabled or not free:
            return False
        try:
            if not await self._records.devices_of_staff(staff.id, self._now(), IDLE_MS):
                return False
            await self._records.stand_by(staff.id, on=True)
        except RecordsAway:
            return False
        if self._hub.of_staff(staff.id):  # the member has opened a console during the query
            await self._end(staff.id)
            return True
        self._staffing.standing_by.add(staff.id)
        for ring in self._matching.rings_of(staff.id):
            self._pushing.rings(staff.id, ring)
        return True

    async def here(self, staff: str) -> None:
        """End the stand-by of a member who has opened a console."""
        if staff in self._staffing.standing_by:
            await self._end(staff)

    async def changed(self, event: StaffChanged) -> None:
        """End the stand-by of a member if the matcher reports that the member is away or signed out.

        If the member is away, send a push that tells them so.
        """
        if event.staff not in self._staffing.standing_by or event.state not in ("away", "signed_out"):
            return
        await self._end(event.staff)
        if event.state == "away":
            self._pushing.away(event.staff)
            await self._requests.call(self._store.disconnect(event.staff, self._now()))

    async def _end(self, staff: str) -> None:
        self._staffing.standing_by.discard(staff)
        self._seen.pop(staff, None)
        with suppress(RecordsAway):  # if this write fails, the member stands by again after a restart of the server
            await self._records.stand_by(staff, on=False)

    async def watch(self) -> None:
        """Within a second, sign out members who stand by and whose sign-in has ended.

        Store that all other members who stand by still use their sign-ins. Runs until cancelled.
        """
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._staffing.standing_by:
                continue
            try:
                await self._look()
            except (RecordsAway, Unavailable):
                continue

    async def _look(self) -> None:
        # make this list before the query, because the result may lack members who are added during the query
        now, members = self._now(), list(self._staffing.standing_by)
        standing = await self._records.standing_by(now, IDLE_MS)
        for staff in members:
            if staff not in self._staffing.standing_by:
                continue
            if staff not in standing:
                await self._end(staff)
                with suppress(Refused):  # the matcher may have forgotten the member already
                    await self._requests.call(self._store.sign_out(staff, now, force=True))
            elif now - self._seen.get(staff, 0) > SEEN_MS:
                self._seen[staff] = now
                await self._records.saw_sign_ins(standing[staff], now)
                await self._renew(staff)

    async def _renew(self, staff: str) -> bool:
        """Give the matcher the skills (languages, sites, capacity …) of a member who stands by.

        At the start of the server, and if the matcher has lost its data, make the member available again. Return False if the
        member does not take requests any more.
        """
        record = await self._records.staff(staff)
        skills = self._staffing.skills(record) if record is not None and record.active else None
        if record is None or skills is None:
            return False
        self._staffing.known[staff] = record
        forgotten = staff in self._staffing.standing_by and await self._store.staff_status(staff) is None
        # after the new sign-in, the matcher reports the member as away; without this line, `changed` would treat that as a missed
        # ring
        if forgotten:
            self._staffing.standing_by.discard(staff)
        await self._requests.call(self._store.sign_in(skills, self._now()))
        if staff not in self._staffing.standing_by:
            with suppress(Refused):  # the matcher refuses `set_available`, for example, while a request rings
                await self._requests.call(self._store.set_available(staff, self._now()))
        await self._requests.settled()
        if forgotten:
            self._staffing.standing_by.add(staff)
        await self._staffing.read(record)
        return True
