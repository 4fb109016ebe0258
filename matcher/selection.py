"""Chooses a member of staff for a request, or a request for a member of staff, and gives the reasons of the choice.

Choosing changes only a cache (`Demand.obstructed` and `Member.watched_by`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from matcher.pool import IdleItem, Member, Pool
from matcher.queue import Lane, Queue, Queues, Rank, Ticket
from matcher.roster import Roster
from matcher.rules import ANY, EXACT, RINGS, Rules, organisation_of
from matcher.types import PassedOver, PassedReason, Why

REQUEST_CAME = "least load, then longest idle"
BY_NAME = "asked for by name"
STAFF_CAME = "first in line, then longest waiting, priority counted as waiting"
LAST: Rank = (True, 1 << 63, 0)  # a rank that is larger than the rank of every request


@dataclass(slots=True)
class Match:
    """A request and the member who gets it.

    `candidates`: if the member was chosen for the request, the idle members of the tier whom the request does not exclude, best
    first, at most `Rules.max_why`. If the request was chosen for the member, `candidates` has only this member.
    """

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
        """Return whether a tier is open: whether the request is now offered to the staff of this tier.

        The tier `exact` (staff of the request's category) is always open. A wider tier opens when the request has waited long
        enough. It opens at once if the request names one member, or if nobody is signed in who could serve the request in a
        narrower tier.
        """
        if ring == EXACT or now_ms - ticket.item[0] >= ticket.opens_after_ms[ring] or ticket.request.only:
            return True
        present = ticket.queue.narrower[ring]
        return not present or (ticket.excludes_some and present <= self._excluded_narrower(ticket, ring))

    def staff_for(self, ticket: Ticket, now_ms: int) -> Match | None:
        """Match a request with the best idle member, in the narrowest open tier that has an idle member.

        A tier is a circle of staff. It is open if the request is offered to this circle now (`ring_open`). None: no open tier has
        an idle member.
        """
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
        """Match a member with the first request that is offered to this member now. None: there is no such request."""
        rings, obstacles = member.pool.rings, member.obstacles
        found: Ticket | None = None
        found_rank, found_ring = LAST, EXACT
        for medium, front in self.queues.served_by(member.pool.role, member.staff.languages):
            if obstacles[medium] is not None:
                continue
            for item in front:
                if found_rank < item:
                    break
                lane = item[3]
                ring = rings.get(lane.queue)
                if ring is None:
                    continue
                if lane.walked:
                    ticket = self._first_for(member, lane, ring, now_ms)
                    if ticket is not None and ticket.rank < found_rank:
                        found, found_rank, found_ring = ticket, ticket.rank, ring
                elif (
                    ring == EXACT
                    or now_ms - item[1] - lane.head_start_ms >= lane.opens_after_ms[ring]
                    or not lane.queue.narrower[ring]
                ):
                    found, found_rank, found_ring = lane.items.first()[2], item[:3], ring
                    break
        if found is None:
            return None
        return Match(found, member, found_ring, BY_NAME if found.request.only else STAFF_CAME, [member])

    def any_match(self, now_ms: int) -> Match | None:
        """Match the first request for which an idle member is found, in the order of service. None: there is no such request."""
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
        """Return when (ms) a waiting request is next offered in a wider tier in which somebody is idle.

        None: this will not happen. Call this method only after everything that can be matched at `now_ms` has been matched.
        """
        if not self.roster.idle_count:
            return None
        return min(self._openings(now_ms), default=None)

    def staffed(self, ticket: Ticket) -> bool:
        """Return whether any signed-in member can serve the request: at once, or after a longer wait, when a wider tier opens."""
        queue, only = ticket.queue, ticket.request.only
        if only:
            return self._ring_in(ticket, only) is not None and only not in ticket.request.excluded
        return sum(queue.present) > sum(1 for name in ticket.request.excluded if self._ring_in(ticket, name) is not None)

    def why(self, match: Match) -> Why:
        names = tuple([member.staff.id for member in match.candidates])
        return Why(RINGS[match.ring], match.rule, names, tuple(self._passed_over(match)))

    # --- parts -----------------------------------------------------------------------------------------------------

    def _ring_in(self, ticket: Ticket, name: str) -> int | None:
        member = self.roster.members.get(name)
        return None if member is None else member.pool.rings.get(ticket.queue)

    def _excluded_narrower(self, ticket: Ticket, ring: int) -> int:
        rings = [self._ring_in(ticket, name) for name in ticket.blocked | ticket.request.excluded]
        return sum(1 for at in rings if at is not None and at < ring)

    def _first_for(self, member: Member, lane: Lane, ring: int, now_ms: int) -> Ticket | None:
        """Return the first request that this member can get from a lane (a part of a queue) whose requests exclude members.

        None: there is no such request. `ring`: the tier (exact, parent or any category) in which the member serves the lane.
        """
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
        """Return at most `Rules.max_why` members who did not get the request, and why each of them did not.

        The candidates who were not chosen come first. Then come members who serve the queue, those of its own category first (the
        narrowest tier), then other members of the same role and organisation. The function runs for every match, so it is one
        flat loop. When it was a generator, it needed a third of the time of a whole step. In a busy service, most matches use the
        cache `Demand.obstructed` instead of the loop.
        """
        ticket, queue, candidates = match.ticket, match.ticket.queue, match.candidates
        limit, excludes_some, medium = self.rules.max_why, ticket.excludes_some, queue.medium
        passed: list[PassedOver] = []
        if len(candidates) > 1:
            burden = match.member.burden
            passed = [each.passed_over("load" if each.burden > burden else "idle") for each in candidates[1:]]
        if not excludes_some:
            obstructed = queue.obstructed or self._obstructed(queue)
            if obstructed:
                return passed + obstructed[: limit - len(passed)] if passed else obstructed
        for ring, pools in enumerate(queue.pools):
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

    def _obstructed(self, queue: Queue) -> list[PassedOver] | None:
        """Set and return `Demand.obstructed`: why the queue's members can get no request now.

        The list has the reasons of the first `Rules.max_why` members who serve the queue. None: one of these members can get a
        request now, or fewer members serve the queue.
        """
        found: list[PassedOver] = []
        medium, limit = queue.medium, self.rules.max_why
        first = list(islice((member for pools in queue.pools for pool in pools for member in pool.members.values()), limit))
        for member in first:
            obstacle = member.obstacles[medium]
            if obstacle is None:
                return None
            found.append(obstacle)
        if len(found) < limit:
            return None
        for member in first:
            member.watched_by.add(queue)
        queue.obstructed = found
        return found

    def _never(self, ticket: Ticket) -> Iterator[PassedOver]:
        """Yield the members of the queue's role, in the request's organisation, who can never serve the queue."""
        queue = ticket.queue
        organisation = organisation_of(queue.site)
        for pool in self.roster.pools.values():
            if pool.role == queue.role and pool.organisation == organisation and queue not in pool.rings:
                reason = _unlike(pool, queue)
                for member in pool.members.values():
                    yield member.passed_over(reason)


def _unlike(pool: Pool, queue: Queue) -> PassedReason:
    """Return why members with the skills of `pool` can never serve the requests of a queue, although they have the right role."""
    _, languages, sites, _, _ = pool.key
    if queue.language not in languages:
        return "language"
    return "channel" if queue.site in sites or queue.all_sites in sites else "site"
