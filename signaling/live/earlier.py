"""The earlier sessions of a user, as staff see them in the brief (facts about the user) of the user's present session.

The server reads the earlier sessions when a session is made or restored. The server keeps them in memory only, because a copy in
the database would remain after the earlier session itself was erased. An erased session disappears from the briefs at once. Any
other earlier session disappears when the site's retention time for it has passed.
"""

from __future__ import annotations

from collections.abc import Iterable

from signaling.access.brief import earlier_session
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.protocol.session_views import Brief
from signaling.records import Records
from signaling.records.types import SessionRecord

DAY_MS = 86_400_000


class Earlier:
    def __init__(self, *, records: Records, index: Index) -> None:
        self._records = records
        self._index = index

    async def read(self, found: Iterable[tuple[Entry, SessionRecord]]) -> None:
        """Read the earlier sessions of the users of all these sessions in one query. Raise `RecordsAway`."""
        vouched = [(entry, (record.site, record.user_ref)) for entry, record in found if record.user_ref]
        if not vouched:
            return
        earlier = await self._records.earlier_sessions({user for _, user in vouched})
        if not earlier:
            return
        names = {member.id: member.name for member in await self._records.all_staff()}
        # `names` has the staff of all organisations; an earlier session names only staff of its own site's organisation
        for entry, user in vouched:
            entry.earlier = [
                (earlier_session(each, names, entry.site, entry.session.language), each.ended_at)
                for each in earlier.get(user, [])
                if each.id != entry.id
            ]

    def forget(self, session_id: str) -> list[Entry]:
        """Remove an erased session from the briefs of all sessions. Return the sessions whose briefs have changed."""
        changed = []
        for entry in self._index.entries.values():
            kept = [each for each in entry.earlier if each[0].id != session_id]
            if len(kept) != len(entry.earlier):
                entry.earlier = kept
                changed.append(entry)
        return changed


def brief_for_staff(entry: Entry, now_ms: int) -> Brief:
    """Return the session's brief (facts about the user) with those earlier sessions that the site's retention still allows."""
    kept_from = now_ms - entry.site.retention_days * DAY_MS
    shown = [each for each, ended_at in entry.earlier if ended_at >= kept_from]
    return Brief(fields=entry.brief.fields, trail=entry.brief.trail, earlier_sessions=shown) if shown else entry.brief
