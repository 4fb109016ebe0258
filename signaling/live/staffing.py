"""Tell the matcher which staff are connected, and show each member their state in all their tabs."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from matcher import types as m
from matcher.types import MatchStore
from signaling.access.rights import served_by
from signaling.live.clock import Now
from signaling.live.connections import Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.staff_hours import StaffHours
from signaling.protocol.server_messages import StaffUpdate
from signaling.protocol.staff_views import StaffItem, StaffMe
from signaling.records import FIRST_ORGANISATION, Realm, Site
from signaling.records.types import StaffRecord

MATCHED_ROLES = ("counselor", "professional")


def matched_site(organisation: str, site: str) -> str:
    """Return the name under which the matcher knows a site. `site`: the site's id, or "*" for all sites.

    The matcher tells organisations apart by these names. For a site of the first organisation, the name is the site's id, as it
    was in versions without organisations. So the requests in Redis stay valid after an update.
    """
    return site if organisation == FIRST_ORGANISATION else f"{organisation}/{site}"


def is_forgotten(status: m.StaffStatus | None) -> bool:
    """Return whether the matcher may have lost what it knew about this member of staff. `status`: what the matcher knows now.

    If the matcher has lost its data, and only the member's conversations were restored there, the member's state is "lost".
    """
    return status is None or status.state == "lost"


class _Told(NamedTuple):
    """The last report of the matcher about a member of staff.

    `why`: the reason why the member is away, or "". `until`: the time when the state ends, or None if the state has no time
    limit.
    """

    state: m.StaffState
    why: str = ""
    until: int | None = None
    since: int = 0
    ready: bool = False


_AWAY: Final = _Told("away")


class Staffing:
    """Tells the matcher regularly which staff are present, and sends each member their state when it changes."""

    def __init__(self, *, store: MatchStore, hub: Hub, index: Index, hours: StaffHours, now: Now) -> None:
        self._store = store
        self._hours = hours
        self._hub = hub
        self._index = index
        self._now = now
        # members who are signed in; a disconnected member stays signed in until the matcher signs them out (`Rules.lease_ms`)
        self.known: dict[str, StaffRecord] = {}
        self._told: dict[str, _Told] = {}
        self.standing_by: set[str] = set()  # members who have closed their consoles and whom a push can reach (`standby.py`)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Ask the matcher's store again for its next deadline, because a change in the store may have moved that deadline."""
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
            sites=frozenset(matched_site(record.organisation, site) for site in record.sites),
            categories=frozenset(record.categories),
            texts=record.texts,
            calls=record.calls,
            texts_in_call=record.texts_in_call,
        )

    def changed(self, event: m.StaffChanged) -> None:
        known = self._told.get(event.staff)
        moved = known is None or known.state != event.state or bool(event.reason)
        since = event.at_ms if known is None or moved else known.since
        why = event.reason if event.state == "away" else ""
        # If the matcher signs a member out, for example because a lease ran out, the member's `ready` stays as it was. The next
        # sign-in uses it (`Presence.keep_signed_in`).
        ready = known.ready if known and event.state == "signed_out" else event.ready
        self._told[event.staff] = _Told(event.state, why, event.until_ms, since, ready)
        if moved and event.staff in self.known:
            self._hours.moved(self.known[event.staff], event.state, why, event.at_ms)
        record = self._hub.staff_record(event.staff)
        if record is not None:
            self.show(record)
        elif event.state == "signed_out":
            self._told.pop(event.staff, None)
            self.known.pop(event.staff, None)

    def state(self, staff: str) -> m.StaffState:
        return self._told[staff].state if staff in self._told else "signed_out"

    def is_missing(self, staff: str) -> bool:
        """Return whether the matcher has reported that this member is signed out or has disconnected (`lost`)."""
        return staff in self._told and self._told[staff].state in ("signed_out", "lost")

    def ready(self, staff: str) -> bool:
        """Return whether the member gets requests while they have free capacity. A busy member can have switched this off."""
        return staff in self._told and self._told[staff].ready

    def since(self, staff: str) -> int:
        """Return the time when the member entered their present state, or 0 if that is unknown."""
        return self._told[staff].since if staff in self._told else 0

    def show(self, record: StaffRecord) -> None:
        self._hub.to_staff(record.id, StaffUpdate(me=self.me(record)))

    def me(self, record: StaffRecord) -> StaffMe:
        told = self._told.get(record.id, _AWAY)
        return StaffMe(
            id=record.id,
            name=record.name,
            role=record.role,
            state=told.state,
            languages=list(record.languages),
            categories=list(record.categories),
            why_away=told.why,
            until=told.until,
            ready=told.ready,
            most_texts=record.texts,
            most_calls=record.calls,
            texts_in_call=record.texts_in_call,
        )

    async def read(self, record: StaffRecord) -> None:
        """Read the member's state from the matcher's store, and remember it."""
        status = await self._store.staff_status(record.id)
        if status is not None:
            told = self._told.get(record.id, _AWAY)
            why = told.why if status.state == "away" else ""
            self._told[record.id] = _Told(status.state, why, told.until, status.since_ms, status.ready)
            self._hours.moved(record, status.state, why, self._now())

    def serves(self, record: StaffRecord, site: Site, language: str, category_path: tuple[str, ...]) -> bool:
        """Return whether the matcher could ever offer a user's request of this site, language and category to this member.

        The matcher does not use this method. The server uses this method to show queues, to name suitable staff, and to offer
        appointments.
        """
        return (
            language in record.languages
            and served_by(record).has(site)
            and ("*" in record.categories or bool(set(category_path) & set(record.categories)))
        )

    def colleagues(self, entry: Entry, of: str) -> list[StaffItem]:
        """Return the signed-in counselors, except the member `of`, who speak the session's language and serve its site.

        Available counselors come first. A busy counselor with capacity for this session counts as available.
        """
        realm = Realm(organisation=entry.site.organisation)
        found = [item for item in self.items(realm) if item.id != of and self._may_take_over(self.known[item.id], entry)]
        for item in found:
            if item.state == "busy" and item.ready and self._has_room(item, entry):
                item.state = "available"
        return sorted(found, key=lambda item: (item.state != "available", item.name))

    def mentionable(self, entry: Entry, of: str) -> list[StaffItem]:
        """Return the signed-in counselors and professionals of the session's site who take no part in the session."""
        here = {person.staff for person in entry.session.present()} | {of}
        staff = self.items(Realm(organisation=entry.site.organisation))
        found = [item for item in staff if item.id not in here and self.works_for(self.known[item.id], entry)]
        return sorted(found, key=lambda item: item.name)

    def works_for(self, record: StaffRecord, entry: Entry) -> bool:
        """Return whether this member's role and sites let them read this session's conversation."""
        return record.role in MATCHED_ROLES and served_by(record).has(entry.site)

    def _has_room(self, item: StaffItem, entry: Entry) -> bool:
        """Return whether a colleague has capacity for one more session of this session's medium (text or call).

        The result is only used for display.
        """
        if entry.session.channel != "text":
            return item.calls < item.most_calls
        return item.texts < item.most_texts and (not item.calls or self.known[item.id].texts_in_call)

    def helpers(self, site: Site, language: str, category_path: tuple[str, ...]) -> list[str]:
        """Return the names of counselors at work who serve users of this site, language and category.

        Counselors in the state "available" come first.
        """
        found = [
            (self.state(staff) != "available", record.name)
            for staff, record in self.known.items()
            if record.role == "counselor" and self._at_work(staff) and self.serves(record, site, language, category_path)
        ]
        return [name for _, name in sorted(found)]

    def anyone_at_work(self, site: Site, language: str) -> bool:
        """Return whether a counselor at work speaks the language and serves the site, in any category."""
        return any(
            record.role == "counselor" and language in record.languages and served_by(record).has(site) and self._at_work(staff)
            for staff, record in self.known.items()
        )

    def preferred(self, entry: Entry, staff: str) -> StaffRecord | None:
        """Return this counselor if they are at work and serve the session. Else return None.

        Only such a counselor can be asked before all others.
        """
        record = self.known.get(staff)
        return record if record is not None and self._at_work(staff) and self._may_take_over(record, entry) else None

    def _at_work(self, staff: str) -> bool:
        return self.state(staff) in ("available", "reserved", "busy", "wrap_up")

    def _may_take_over(self, record: StaffRecord, entry: Entry) -> bool:
        here = served_by(record).has(entry.site)
        return record.role == "counselor" and here and entry.session.language in record.languages

    def items(self, realm: Realm | None = None) -> list[StaffItem]:
        """Return the signed-in staff who serve any site of the realm (an organisation, or some of its sites).

        Without a realm, return all signed-in staff of the installation.
        """
        found = []
        for staff, record in self.known.items():
            if realm is not None and not realm.meets(served_by(record)):
                continue
            told = self._told.get(staff, _AWAY)
            texts, calls = self._index.counts_of(staff)
            found.append(
                StaffItem(
                    id=staff,
                    name=record.name,
                    role=record.role,
                    state=told.state,
                    sessions=self._index.active_of(staff),
                    since=told.since,
                    languages=list(record.languages),
                    ready=told.ready,
                    texts=texts,
                    calls=calls,
                    most_texts=record.texts,
                    most_calls=record.calls,
                )
            )
        return sorted(found, key=lambda item: (item.role, item.name))
