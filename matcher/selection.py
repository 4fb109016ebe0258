"""The choice of staff for a request and of a request for staff, with its reasons. This module changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from matcher.pool import IdleItem, Member, Pool
from matcher.queue import FrontItem, Lane, Queue, Queues, Ticket
from matcher.roster import Roster
from matcher.rules import ALL, ANY, EXACT, RINGS, Rules
from matcher.types import PassedOver, PassedReason, Why

REQUEST_CAME = "least load, then longest idle"
BY_NAME = "asked for by name"
STAFF_CAME = "first in line, then longest waiting, priority counted as waiting"


@dataclass(slots=True)
class Match:
    """A request and the member who gets it. `candidates`: the tier's idle members, best first, at most `Rules.max_why`."""

    ticket: Ticket
    member: Member
    ring: int
    rule: str
    candidates: list[Member]


class Selection:
    """Finds the matches that are possible now. The ledger then makes the reservations."""

    def __init__(self, rules: Rules, roster: Roster, queues: Queues) -> None:
        self.rules = rules
        self.roster = roster
        self.queues = queues

    def ring_open(self, ticket: Ticket, ring: int, now_ms: int) -> bool:
        """Return whether a tier is open for a request.

        The exact tier always is. A wider tier opens when the request has waited long enough. It opens at once if the request
        names one member, or if nobody who could serve the request in a narrower tier is signed in.
        """
        if ring == EXACT or now_ms - ticket.item[0] >= ticket.opens_after_ms[ring] or ticket.request.only:
            return True
        present = ticket.queue.narrower[ring]
        return not present or (ticket.excludes_some and present <= self._excluded_narrower(ticket, ring))

    def staff_for(self, ticket: Ticket, now_ms: int) -> Match | None:
        """Match a request with the best idle member, in the narrowest open tier that has one."""
        for ring in range(len(RINGS)):
            if not self.ring_open(ticket, ring, now_ms):
                return None
            best = self._idle(ticket, ring)
            if best:
                members = [item[3] for item in best]
                rule = BY_NAME if ticket.request.only else REQUEST_CAME
                return Match(ticket, members[0], ring, rule, members)
        return None

    def request_for(self, member: Member, now_ms: int) -> Match | None:
        """Match a member with the first request that they may serve now."""
        rings = member.pool.rings
        found: Ticket | None = None
        found_ring = EXACT
        for front in self._fronts_for(member):
            for item in front:
                if found is not None and found.rank < item[:3]:
                    break
                lane = item[3]
                ring = rings.get(lane.queue)
                if ring is None:
                    continue
                ticket: Ticket | None = None
                if lane.walked:
                    ticket = self._first_for(member, lane, ring, now_ms)
                elif (
                    ring == EXACT
                    or now_ms - item[1] - lane.head_start_ms >= lane.opens_after_ms[ring]
                    or not lane.queue.narrower[ring]
                ):
                    ticket = lane.items.first()[2]
                if ticket is not None and (found is None or ticket.rank < found.rank):
                    found, found_ring = ticket, ring
        if found is None:
            return None
        return Match(found, member, found_ring, BY_NAME if found.request.only else STAFF_CAME, [member])

    def any_match(self, now_ms: int) -> Match | None:
        """Match the first of all waiting requests for which somebody is idle."""
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
        """Return when (ms) a tier with an idle member next opens for any waiting request. None: no such tier will open.

        Call it only after everything that can be matched at `now_ms` has been matched.
        """
        if not self.roster.idle_count:
            return None
        return min(self._openings(now_ms), default=None)

    def staffed(self, ticket: Ticket) -> bool:
        """Return whether a member who may serve the request in any tier is signed in."""
        queue, only = ticket.queue, ticket.request.only
        if only:
            return self._ring_in(ticket, only) is not None and only not in ticket.request.excluded
        return sum(queue.present) > sum(1 for name in ticket.request.excluded if self._ring_in(ticket, name) is not None)

    def why(self, match: Match) -> Why:
        names = tuple([member.staff.id for member in match.candidates])
        return Why(RINGS[match.ring], match.rule, names, tuple(self._passed_over(match)))

    # --- parts -----------------------------------------------------------------------------------------------------

    def _fronts_for(self, member: Member) -> list[list[FrontItem]]:
        """Return the fronts (`Queues.fronts`) in which this member could find a request: of their languages and idle media."""
        fronts, role, found = self.queues.fronts, member.pool.role, []
        for medium, obstacle in member.obstacles.items():
            if obstacle is None:
                for language in member.staff.languages:
                    front = fronts.get((role, language, medium))
                    if front:
                        found.append(front)
        return found

    def _ring_in(self, ticket: Ticket, name: str) -> int | None:
        member = self.roster.members.get(name)
        return None if member is None else member.pool.rings.get(ticket.queue)

    def _excluded_narrower(self, ticket: Ticket, ring: int) -> int:
        rings = [self._ring_in(ticket, name) for name in ticket.blocked | ticket.request.excluded]
        return sum(1 for at in rings if at is not None and at < ring)

    def _first_for(self, member: Member, lane: Lane, ring: int, now_ms: int) -> Ticket | None:
        """Return the first request of a walked lane that this member may get. `ring`: the tier in which they serve the lane."""
        for ticket in lane.heads():
            if self.ring_open(ticket, ring, now_ms) and not ticket.excludes(member.staff.id):
                return ticket
        return None

    def _idle(self, ticket: Ticket, ring: int) -> list[IdleItem]:
        limit, medium = self.rules.max_why, ticket.queue.medium
        found: list[IdleItem] = []
        pools = 0
        for pool in ticket.queue.pools[ring]:
            idle = pool.idle[medium]
            if not idle:
                continue
            pools += 1
            if ticket.excludes_some:
                found += nsmallest(limit, (item for item in idle if not ticket.excludes(item[2])))
            else:
                found += idle.least(limit)
        return found if pools < 2 else nsmallest(limit, found)

    def _openings(self, now_ms: int) -> Iterator[int]:
        for lane in self.queues.all_lanes():
            for ring in range(EXACT + 1, ANY + 1):
                if not any(pool.idle[lane.queue.medium] for pool in lane.queue.pools[ring]):
                    continue
                after = lane.opens_after_ms[ring]
                item = lane.items.from_key((now_ms - after + 1,))
                if item is not None:
                    yield item[0] + after

    def _passed_over(self, match: Match) -> list[PassedOver]:
        """Return members who did not get the request, and why each did not. At most `Rules.max_why` members.

        The other candidates come first. Then come members who serve the queue (narrowest tier first), then the rest of the
        role. The function is one flat loop because it runs for every match: as a generator it took a third of the step.
        """
        ticket, chosen, candidates = match.ticket, match.member, match.candidates
        limit, excludes_some, medium = self.rules.max_why, ticket.excludes_some, ticket.queue.medium
        burden = chosen.burden
        passed = [each.passed_over("load" if each.burden > burden else "idle") for each in candidates[1:]]
        for ring, pools in enumerate(ticket.queue.pools):
            for pool in pools:
                for member in pool.members.values():
                    if len(passed) >= limit:
                        return passed
                    if member in candidates:
                        continue
                    if excludes_some and ticket.excludes(member.staff.id):
                        passed.append(member.passed_over("not_asked" if ticket.request.only else "excluded"))
                    else:
                        passed.append(
                            member.obstacles[medium] or member.passed_over("category" if ring != match.ring else "idle")
                        )
        passed += islice(self._never(ticket), limit - len(passed))
        return passed

    def _never(self, ticket: Ticket) -> Iterator[PassedOver]:
        """Yield the members of the role who cannot serve the queue in any tier."""
        queue = ticket.queue
        for pool in self.roster.pools.values():
            if pool.role == queue.role and queue not in pool.rings:
                reason = _unlike(pool, queue)
                for member in pool.members.values():
                    yield member.passed_over(reason)


def _unlike(pool: Pool, queue: Queue) -> PassedReason:
    """Return the reason why a pool of the right role serves a queue in no tier."""
    _, languages, sites, _, _ = pool.key
    if queue.language not in languages:
        return "language"
    return "channel" if queue.site in sites or ALL in sites else "site"
