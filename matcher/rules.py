"""The rules of matching that can be tuned, with their defaults.

A *tier* says how widely a request is offered: to staff of its category (exact), of a parent category, or of any category. A tier
is named `ring` in the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcher.types import Medium, Request, RequestKind, Ring, Staff, StaffRole

EXACT: Final = 0
PARENT: Final = 1
ANY: Final = 2
RINGS: Final[tuple[Ring, ...]] = ("exact", "parent", "any")

ALL: Final = "*"
MEDIA: Final[tuple[Medium, ...]] = ("text", "call")

SERVED_BY: Final[dict[RequestKind, StaffRole]] = {"user": "counselor", "callback": "counselor", "help": "professional"}
MOST_PRIORITY: Final = 100  # largest priority; the smallest is the negative of this
MOST_WIDENS_MS: Final = 86_400_000
MOST_CAPACITY: Final = 1_000  # Largest `texts` and largest `calls` of a member: sessions of each kind at the same time.
CALL_WEIGHT: Final = 100_000  # A call counts for more than any number of texts when the least loaded member is chosen.


def organisation_of(site: str) -> str:
    """Return the part of a site's name that says to which organisation the site belongs: "acme/" of "acme/shop", "" of "shop"."""
    return site[: site.rfind("/") + 1]


def all_sites_like(site: str) -> str:
    """Return the name that stands for all sites of a site's organisation: "acme/*" for "acme/shop", "*" for "shop"."""
    return organisation_of(site) + ALL


def check_capacity(staff: Staff) -> None:
    """Raise ValueError if a member's capacity is out of bounds."""
    if min(staff.texts, staff.calls) < 0 or staff.texts + staff.calls < 1:
        raise ValueError("capacity is at least one text or one call")
    if max(staff.texts, staff.calls) > MOST_CAPACITY:
        raise ValueError("capacity is too large")


def check_promise(request: Request) -> None:
    """Raise ValueError if a request names no member. Call this for requests for which a place is to be kept free (`promise`)."""
    if not request.only:
        raise ValueError("a promise names its member")


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations (ms) and bounds of matching.

    A request is first offered to staff of its category (tier `exact`). After it has waited `parent_after_ms`, it is also offered
    to staff of a parent category (tier `parent`), and after `any_after_ms` to staff of any category (tier `any`). A request can
    replace these two waiting times (`Request.widens_ms`). If a request names one member (`Request.only`), it is offered in all
    tiers at once. A request is also offered in a wider tier while nobody is signed in who can serve it in a narrower tier.

    `priority_step_ms`: the waiting time that one step of priority is worth. Because priority is worth a fixed time, no request
    waits forever. A request of priority 0 that has waited N × `priority_step_ms` is served before every new request of priority N
    or less. The exceptions are requests that are marked `first`: they are served before all others.
    """

    parent_after_ms: int = 15_000
    any_after_ms: int = 30_000
    priority_step_ms: int = 60_000
    ring_ms: int = 20_000  # A reservation rings at the member for this long (ms); then it expires.
    excluded_ms: int = 60_000  # For this long (ms), a request is not offered to a member who has declined or missed it.
    suspended_ms: int = 60_000  # A request stays suspended for this long after its requester disconnected; then it is cancelled.
    enter_ms: int = 30_000  # Within this time after accepting a request, the member must have entered the session's room.
    lease_ms: int = 30_000  # A member whose presence lease (sign of being connected) is not renewed for this long is signed out.
    wrap_up_ms: int = 120_000  # After this time in the state wrap-up, a member becomes away.
    max_requests: int = 200_000  # At most this many requests are open; further ones are refused as "full".
    max_queues: int = 10_000  # If there are this many queues, those without open requests are removed before another is added.
    max_final: int = 20_000  # This many ids of ended requests are kept: a late message for one gets "wrong_state", not "unknown".
    max_why: int = 8  # A `Why` names at most this many candidates, and at most as many people who were passed over.

    def opens_after_ms(self, request: Request) -> tuple[int, int, int]:
        """Return after how many ms of waiting a request is offered in each tier (exact, parent and any category)."""
        return 0, *(request.widens_ms or (self.parent_after_ms, self.any_after_ms))
