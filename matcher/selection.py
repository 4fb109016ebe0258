"""Who gets whom, and why. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest

from matcher.queue import Queues, Ticket
from matcher.roster import SERVES, IdleItem, Member, Roster
from matcher.rules import ANY, EXACT, RINGS, Rules
from matcher.types import PassedOver, PassedReason, Why

REQUEST_CAME = "least load, then longest idle"
STAFF_CAME = "priority, then first in line, then longest waiting"


@dataclass(slots=True)
class Match:
    """`candidates`: idle members of that ring, best first; bounded."""

    ticket: Ticket
    member: Member
    ring: int
    rule: str
    candidates: list[Member]


class Selection:
    def __init__(self, rules: Rules, roster: Roster, queues: Queues) -> None:
        self.rules = rules
        self.roster = roster
        self.queues = queues

    def ring_open(self, ticket: Ticket, ring: int, now_ms: int) -> bool:
        if ring == EXACT or now_ms - ticket.request.enqueued_at_ms >= self.rules.opens_after_ms(ring):
            return True
        return not self._somebody_narrower(ticket, ring)

    def staff_for(self, ticket: Ticket, now_ms: int) -> Match | None:
        """The best idle member in the narrowest open ring that has one."""
        for ring in range(len(RINGS)):
            if not self.ring_open(ticket, ring, now_ms):
                return None
            best = self._idle(ticket, ring)
            if best:
                members = [item[3] for item in best]
                return Match(ticket, members[0], ring, REQUEST_CAME, members)
        return None

    def request_for(self, member: Member, now_ms: int) -> Match | None:
        """The first in line among all that this member may serve now."""
        pool = member.pool
        name = member.staff.id
        found: Ticket | None = None
        found_ring = EXACT
        for language in member.staff.languages:
            for lane in self.queues.lanes.get((pool.kind, language), {}).values():
                ring = pool.rings.get(lane.queue)
                if ring is None:
                    continue
                for ticket in lane.heads():
                    if found is not None and found.rank < ticket.rank:
                        break
                    if self.ring_open(ticket, ring, now_ms) and not (lane.walked and ticket.excludes(name)):
                        found, found_ring = ticket, ring
                        break
        return None if found is None else Match(found, member, found_ring, STAFF_CAME, [member])

    def any_match(self, now_ms: int) -> Match | None:
        """The first in line among all requests for whom somebody is idle."""
        found: Match | None = None
        if not self.roster.idle_count:
            return None
        for lane in self.queues.all_lanes():
            for ticket in lane.heads():
                if found is not None and found.ticket.rank < ticket.rank:
                    break
                match = self.staff_for(ticket, now_ms)
                if match is not None:
                    found = match
                    break
        return found

    def next_opening_ms(self, now_ms: int) -> int | None:
        """When a ring next opens onto somebody idle. Assumes that whatever can be matched at `now_ms` has been."""
        if not self.roster.idle_count:
            return None
        return min(self._openings(now_ms), default=None)

    def staffed(self, ticket: Ticket) -> bool:
        """Is anybody signed in who may ever serve it?"""
        queue = ticket.queue
        return sum(queue.present) > sum(1 for name in ticket.request.excluded if self._ring_in(ticket, name) is not None)

    def why(self, match: Match) -> Why:
        limit = self.rules.max_why
        passed: list[PassedOver] = []
        for member in self._onlookers(match):
            if member is not match.member:
                passed.append(member.passed_over(self._reason(match, member)))
                if len(passed) == limit:
                    break
        names = tuple(member.staff.id for member in match.candidates)
        return Why(RINGS[match.ring], match.rule, names, tuple(passed))

    # --- parts -----------------------------------------------------------------------------------------------------

    def _ring_in(self, ticket: Ticket, name: str) -> int | None:
        member = self.roster.members.get(name)
        return None if member is None else member.pool.rings.get(ticket.queue)

    def _somebody_narrower(self, ticket: Ticket, ring: int) -> bool:
        present = sum(ticket.queue.present[:ring])
        if present and (ticket.blocked or ticket.request.excluded):
            for name in ticket.blocked | ticket.request.excluded:
                at = self._ring_in(ticket, name)
                present -= at is not None and at < ring
        return present > 0

    def _idle(self, ticket: Ticket, ring: int) -> list[IdleItem]:
        limit = self.rules.max_why
        walked = bool(ticket.blocked or ticket.request.excluded)
        found: list[IdleItem] = []
        pools = 0
        for pool in ticket.queue.pools[ring]:
            if not pool.idle:
                continue
            pools += 1
            if walked:
                found += nsmallest(limit, (item for item in pool.idle if not ticket.excludes(item[2])))
            else:
                found += pool.idle.least(limit)
        return found if pools < 2 else nsmallest(limit, found)

    def _openings(self, now_ms: int) -> Iterator[int]:
        for lane in self.queues.all_lanes():
            for ring in range(EXACT + 1, ANY + 1):
                if not any(pool.idle for pool in lane.queue.pools[ring]):
                    continue
                after = self.rules.opens_after_ms(ring)
                item = lane.items.from_key((now_ms - after + 1,))
                if item is not None:
                    yield item[0] + after

    def _onlookers(self, match: Match) -> Iterator[Member]:
        """The other candidates, then those who serve the queue, narrowest ring first, then the rest of their role."""
        yield from match.candidates
        seen = {id(member) for member in match.candidates}
        for pools in match.ticket.queue.pools:
            for pool in pools:
                for member in pool.members.values():
                    if id(member) not in seen:
                        yield member
        for member in self.roster.members.values():
            if SERVES[member.staff.role] == match.ticket.queue.kind and match.ticket.queue not in member.pool.rings:
                yield member

    def _reason(self, match: Match, member: Member) -> PassedReason:
        queue = match.ticket.queue
        ring = member.pool.rings.get(queue)
        if ring is None:
            return "site" if queue.language in member.staff.languages else "language"
        if match.ticket.excludes(member.staff.id):
            return "excluded"
        if member.lost:
            return "lost"
        if member.reservation is not None or len(member.live) >= member.staff.capacity:
            return "full" if member.staff.capacity > 1 else "busy"
        if member.mode != "available":
            return member.mode
        if ring != match.ring:
            return "category"
        return "load" if member.load > match.member.load else "idle"
