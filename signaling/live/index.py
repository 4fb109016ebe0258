"""Indexes of the live sessions, so that frequent look-ups do not have to scan ten thousand sessions."""

from __future__ import annotations

from collections import Counter

from signaling.access.admission import Crowd
from signaling.live.entry import Entry

QueueKey = tuple[str, str, str]  # (site, language, category), which identify a queue of waiting users


class Index:
    """Call `note` after every change of a session, and `forget` when the session leaves the memory.

    - `entries`: all sessions by id; the code that starts and ends sessions changes this dict
    - `waiting`: the waiting sessions in order of arrival
    - `queues`: the waiting sessions by site, language and category
    - `running`: the sessions that are active or in wrap-up
    - `asleep`: the sleeping sessions, the one that has slept longest first
    - `callbacks`: the sessions with a due or scheduled callback
    - `invited`: the sessions that other software has started and whose user has not come yet
    - `over`: the closed sessions that are still in memory, in the order in which they ended
    - `crowd`: site → the number of sessions whose user waits, or has not asked for a counselor yet; without invited sessions
    - `organisations`: the number of organisations that share the limits of this server
    - `_guests`: the hash of a guest's credential, or of the secret in a guest's link → the session and the guest's id
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.waiting: dict[str, Entry] = {}
        self.running: dict[str, Entry] = {}
        self.asleep: dict[str, Entry] = {}
        self.callbacks: dict[str, Entry] = {}
        self.invited: dict[str, Entry] = {}
        self.over: dict[str, Entry] = {}
        self.queues: dict[QueueKey, dict[str, Entry]] = {}
        self.crowd = Crowd()
        self.organisations = 1
        # session → the counter of `crowd` that counts this session, and the session's site
        self._counted: dict[str, tuple[Counter[str], str]] = {}
        self._by_token: dict[str, Entry] = {}
        self._guests: dict[str, tuple[Entry, str]] = {}
        self._by_staff: dict[str, dict[str, Entry]] = {}
        self._staff_in: dict[str, frozenset[str]] = {}

    def note(self, entry: Entry) -> None:
        state = entry.session.state
        self._by_token[entry.token_hash] = entry
        for guest, invitation in entry.session.invitations.items():
            self._guests[invitation.link_hash] = entry, guest
            if invitation.token_hash:
                self._guests[invitation.token_hash] = entry, guest
        if state == "waiting":
            self.waiting[entry.id] = entry
            self.queues.setdefault(_queue_of(entry), {})[entry.id] = entry
        elif self.waiting.pop(entry.id, None) is not None:
            self._leave_queue(entry)
        for states, kept in (
            (("active", "after"), self.running),
            (("callback",), self.callbacks),
            (_OVER, self.over),
            (("asleep",), self.asleep),
            (("asleep", "preparing") if entry.session.invited else (), self.invited),
        ):
            if state in states:
                kept[entry.id] = entry
            else:
                kept.pop(entry.id, None)
        self._count(entry, self._crowd_of(entry))
        self._note_staff(entry)

    def _crowd_of(self, entry: Entry) -> Counter[str] | None:
        session = entry.session
        if session.invited:
            return None
        if session.state == "waiting" or (session.state == "preparing" and session.people[session.user].connected):
            return self.crowd.here
        return self.crowd.unopened if session.state == "preparing" else None

    def _count(self, entry: Entry, where: Counter[str] | None) -> None:
        counts, site = self._counted.pop(entry.id, (None, entry.session.site))
        if counts is not None:
            counts[site] -= 1
            if not counts[site]:
                del counts[site]
        if where is not None:
            where[site] += 1
            self._counted[entry.id] = where, site

    def forget(self, entry: Entry) -> None:
        self._by_token.pop(entry.token_hash, None)
        for invitation in entry.session.invitations.values():
            self._guests.pop(invitation.link_hash, None)
            self._guests.pop(invitation.token_hash, None)
        self.running.pop(entry.id, None)
        self.callbacks.pop(entry.id, None)
        self.asleep.pop(entry.id, None)
        self.invited.pop(entry.id, None)
        self.over.pop(entry.id, None)
        self._count(entry, None)
        if self.waiting.pop(entry.id, None) is not None:
            self._leave_queue(entry)
        self._set_staff(entry, frozenset())

    def change_token(self, entry: Entry, token_hash: str) -> None:
        """Replace the token with which the user opens the session. `token_hash`: the hash of the new token."""
        self._by_token.pop(entry.token_hash, None)
        entry.token_hash = token_hash
        self._by_token[token_hash] = entry

    def by_token(self, token_hash: str) -> Entry | None:
        return self._by_token.get(token_hash)

    def by_guest_link(self, link_hash: str) -> tuple[Entry, str] | None:
        """Return the session to which a guest's link leads, and the guest's id. Return None if the link is unknown."""
        entry, guest = self._guests.get(link_hash, (None, ""))
        return (entry, guest) if entry is not None and entry.session.invitations[guest].link_hash == link_hash else None

    def by_guest_token(self, token_hash: str) -> tuple[Entry, str] | None:
        """Return the session of the guest with this credential, and the guest's id. Return None if the guest is gone."""
        entry, guest = self._guests.get(token_hash, (None, ""))
        if entry is None or entry.session.invitations[guest].token_hash != token_hash:
            return None
        person = entry.session.people.get(guest)
        return (entry, guest) if person is not None and not person.gone else None

    def of_staff(self, staff: str) -> list[Entry]:
        """Return the live sessions in which this member of staff is a participant now."""
        return list(self._by_staff.get(staff, {}).values())

    def staff_ids(self) -> list[str]:
        """Return the ids of all members of staff who are participants of a live session now."""
        return list(self._by_staff)

    def active_of(self, staff: str) -> int:
        return sum(entry.session.state == "active" for entry in self._by_staff.get(staff, {}).values())

    def counts_of(self, staff: str) -> tuple[int, int]:
        """Return the number of text sessions and the number of calls that count against this member's capacity."""
        sessions = [entry.session for entry in self._by_staff.get(staff, {}).values()]
        active = [session for session in sessions if session.state == "active" and not session.aside]
        texts = sum(session.channel == "text" and not session.calling_back() for session in active)
        return texts, len(active) - texts

    def _note_staff(self, entry: Entry) -> None:
        people = entry.session.people
        here = (
            frozenset(person.staff for person in people.values() if person.staff and not person.gone)
            if len(people) > 1
            else _NOBODY
        )
        if here != self._staff_in.get(entry.id, _NOBODY):
            self._set_staff(entry, here)

    def _set_staff(self, entry: Entry, here: frozenset[str]) -> None:
        for staff in self._staff_in.pop(entry.id, _NOBODY) - here:
            theirs = self._by_staff[staff]
            del theirs[entry.id]
            if not theirs:
                del self._by_staff[staff]
        for staff in here:
            self._by_staff.setdefault(staff, {})[entry.id] = entry
        if here:
            self._staff_in[entry.id] = here

    def _leave_queue(self, entry: Entry) -> None:
        key = _queue_of(entry)
        queue = self.queues[key]
        del queue[entry.id]
        if not queue:
            del self.queues[key]


_NOBODY: frozenset[str] = frozenset()
_OVER = ("closed", "message_left")


def _queue_of(entry: Entry) -> QueueKey:
    session = entry.session
    return session.site, session.language, session.category
