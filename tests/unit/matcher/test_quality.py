"""The matcher serves users in the order in which they came, and only slightly fewer users than the best assignment would.

Scipy finds the best assignment of all members of staff to all users at once.
"""

from __future__ import annotations

from random import Random

import numpy as np
from scipy.optimize import linear_sum_assignment

from matcher.engine import Engine
from matcher.types import Request, Reserved, Staff

NOW = 1_800_000_000_000
TOPICS = ("cameras", "orders", "toys", "garden")
LANGUAGES = ("ko", "en", "ja")


def team(rng: Random, people: int) -> list[Staff]:
    return [
        Staff(
            f"s{number}",
            "counselor",
            frozenset(rng.sample(LANGUAGES, rng.randint(1, 2))),
            frozenset({"*"}),
            frozenset(rng.sample(TOPICS, rng.randint(1, 3))),
        )
        for number in range(people)
    ]


def line(rng: Random, length: int) -> list[Request]:
    """Return requests of random users who have waited for up to two minutes. The user who has waited longest is first."""
    waits_ms = sorted((rng.randint(0, 120_000) for _ in range(length)), reverse=True)
    return [
        Request(f"q{number}", "user", "shop", rng.choice(LANGUAGES), (rng.choice(TOPICS),), NOW - wait_ms)
        for number, wait_ms in enumerate(waits_ms)
    ]


def fits(staff: Staff, request: Request) -> bool:
    """Return whether the member can serve the request now.

    The member must speak the user's language. Until the user has waited for 30 s, the member must also have the user's category.
    """
    exact = request.category_path[0] in staff.categories
    return request.language in staff.languages and (exact or NOW - request.enqueued_at_ms >= 30_000)


def served(staff: list[Staff], requests: list[Request], rng: Random) -> dict[str, str]:
    """Let all members become free at the same moment, in random order. Return which member each user gets."""
    engine = Engine()
    for request in requests:
        engine.enqueue(request, NOW)
    for member in staff:
        engine.sign_in(member, NOW)
    events = [event for member in rng.sample(staff, len(staff)) for event in engine.set_available(member.id, NOW)]
    return {event.request: event.staff for event in events if isinstance(event, Reserved)}


def test_serving_in_order_costs_little_against_the_optimum() -> None:
    matched, waited, best_matched, best_waited = 0, 0, 0, 0
    for seed in range(60):
        rng = Random(seed)
        staff, requests = team(rng, 12), line(rng, 16)
        found = served(staff, requests, rng)
        possible = np.array([[fits(member, request) for request in requests] for member in staff])
        waits = np.array([NOW - request.enqueued_at_ms for request in requests])
        free = [number for number, member in enumerate(staff) if member.id not in found.values()]
        left = [number for number, request in enumerate(requests) if request.id not in found]
        assert not possible[np.ix_(free, left)].any(), "nobody is idle while somebody waits whom they could serve"
        rows, columns = linear_sum_assignment(possible, maximize=True)
        most = int(possible[rows, columns].sum())
        assert len(found) >= most / 2, "what can be added to no match is at least half of the best"
        rows, columns = linear_sum_assignment(possible * (waits + 1), maximize=True)
        matched, best_matched = matched + len(found), best_matched + most
        waited += sum(int(waits[number]) for number, request in enumerate(requests) if request.id in found)
        best_waited += int((possible * waits)[rows, columns].sum())
    assert matched > 0.93 * best_matched
    assert waited > 0.95 * best_waited


def test_longest_waiting_go_first_when_every_member_fits_every_request() -> None:
    rng = Random(7)
    staff = [Staff(f"s{number}", "counselor", frozenset(LANGUAGES), frozenset({"*"}), frozenset({"*"})) for number in range(6)]
    assert sorted(served(staff, line(rng, 20), rng)) == sorted(f"q{number}" for number in range(6))
