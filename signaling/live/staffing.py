"""Staff at work: their presence and state at the matcher, shown in all their tabs."""

from __future__ import annotations

import asyncio

from matcher import types as m
from matcher.types import MatchStore
from signaling.live.clock import Now
from signaling.live.connections import Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.protocol.server_messages import StaffUpdate
from signaling.protocol.staff_views import StaffItem, StaffMe
from signaling.records.types import StaffRecord

RENEW_S = 10.0  # a third of the presence lease
MATCHED_ROLES = ("counselor", "professional")


class Staffing:
    """Staff at work: their presence and state at the matcher, and what each was last told of it."""

    def __init__(self, *, store: MatchStore, hub: Hub, index: Index, now: Now) -> None:
        self._store = store
        self._hub = hub
        self._index = index
        self._now = now
        self.known: dict[str, StaffRecord] = {}  # signed in, lost ones until their lease has run out
        self._told: dict[str, tuple[m.StaffState, str, int | None, int]] = {}  # state, why away, until, since
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """The store has stepped: its next deadline may be another."""
        self._wake.set()

    async def woken(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def skills(self, record: StaffRecord) -> m.Staff | None:
        if record.role != "counselor" and record.role != "professional":
            return None
        return m.Staff(
            id=record.id,
            role=record.role,
            languages=frozenset(record.languages),
            sites=frozenset(record.sites),
            categories=frozenset(record.categories),
            capacity=max(1, record.capacity),
        )

    def changed(self, event: m.StaffChanged) -> None:
        self._told[event.staff] = (event.state, event.reason if event.state == "away" else "", event.until_ms, event.at_ms)
        record = self._hub.staff_record(event.staff)
        if record is not None:
            self.show(record)
        elif event.state == "signed_out":
            self._told.pop(event.staff, None)
            self.known.pop(event.staff, None)

    def state(self, staff: str) -> m.StaffState:
        return self._told[staff][0] if staff in self._told else "signed_out"

    def since(self, staff: str) -> int:
        """Since when they have been in their state, as far as it is known."""
        return self._told[staff][3] if staff in self._told else 0

    def show(self, record: StaffRecord) -> None:
        self._hub.to_staff(record.id, StaffUpdate(me=self.me(record)))

    def me(self, record: StaffRecord) -> StaffMe:
        state, why, until, _ = self._told.get(record.id, ("away", "", None, 0))
        return StaffMe(
            id=record.id,
            name=record.name,
            role=record.role,
            state=state,
            languages=list(record.languages),
            categories=list(record.categories),
            why_away=why,
            until=until,
        )

    async def read(self, record: StaffRecord) -> None:
        """Takes the state over from the store when no event has told it yet."""
        status = await self._store.staff_status(record.id)
        if status is not None:
            _, why, until, _ = self._told.get(record.id, ("away", "", None, 0))
            self._told[record.id] = (status.state, why if status.state == "away" else "", until, status.since_ms)

    def serves(self, record: StaffRecord, site: str, language: str, category_path: tuple[str, ...]) -> bool:
        """Would this member ever be asked for such a request? (The matcher's rule for skills, for showing queues only.)"""
        return (
            language in record.languages
            and ("*" in record.sites or site in record.sites)
            and ("*" in record.categories or bool(set(category_path) & set(record.categories)))
        )

    def colleagues(self, entry: Entry, of: str) -> list[StaffItem]:
        """Counselors signed in who speak the session's language and serve its site, those who are free first."""
        found = [item for item in self.items() if item.id != of and self._may_take_over(self.known[item.id], entry)]
        for item in found:
            if item.state == "busy" and item.sessions < self.known[item.id].capacity:
                item.state = "available"
        return sorted(found, key=lambda item: (item.state != "available", item.name))

    def preferred(self, entry: Entry, staff: str) -> StaffRecord | None:
        """The counselor of that id, if waiting a moment for them makes sense: at work, in the session's language and site."""
        record = self.known.get(staff)
        at_work = self.state(staff) in ("available", "reserved", "busy", "wrap_up")
        return record if record is not None and at_work and self._may_take_over(record, entry) else None

    def _may_take_over(self, record: StaffRecord, entry: Entry) -> bool:
        here = "*" in record.sites or entry.site.id in record.sites
        return record.role == "counselor" and here and entry.session.language in record.languages

    def items(self) -> list[StaffItem]:
        found = []
        for staff, record in self.known.items():
            state, _, _, since = self._told.get(staff, ("away", "", None, 0))
            found.append(
                StaffItem(
                    id=staff,
                    name=record.name,
                    role=record.role,
                    state=state,
                    sessions=self._index.active_of(staff),
                    since=since,
                    languages=list(record.languages),
                )
            )
        return sorted(found, key=lambda item: (item.role, item.name))

    async def keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            await self._store.renew(self._hub.staff_ids(), self._now())
