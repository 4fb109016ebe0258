"""What may be tuned in matching, with the defaults of the design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcher.types import Request, RequestKind, Ring, StaffRole

EXACT: Final = 0
PARENT: Final = 1
ANY: Final = 2
RINGS: Final[tuple[Ring, ...]] = ("exact", "parent", "any")

ALL: Final = "*"

SERVED_BY: Final[dict[RequestKind, StaffRole]] = {"user": "counselor", "callback": "counselor", "help": "professional"}
MOST_PRIORITY: Final = 100  # to either side of 0
MOST_WIDENS_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations in milliseconds. A ring opens for a request when it has waited this long, or at once when nobody who could
    serve it in a narrower ring is signed in.

    `priority_step_ms`: one step of priority counts as so much waiting. So nobody starves: once a request has waited as many steps
    longer as the highest priority in use is above its own, nobody who comes later is served before it."""

    parent_after_ms: int = 15_000
    any_after_ms: int = 30_000
    priority_step_ms: int = 60_000
    ring_ms: int = 20_000
    excluded_ms: int = 60_000
    suspended_ms: int = 60_000
    enter_ms: int = 30_000
    lease_ms: int = 30_000
    wrap_up_ms: int = 120_000
    max_requests: int = 200_000  # open ones; more are refused as "full"
    max_queues: int = 10_000  # when reached, those that nobody waits in are forgotten
    max_final: int = 20_000  # ids remembered after their end, so that late messages are told apart from unknown ones
    max_why: int = 8  # candidates, and people passed over, named in one Why

    def opens_after_ms(self, request: Request) -> tuple[int, int, int]:
        """By ring."""
        return 0, *(request.widens_ms or (self.parent_after_ms, self.any_after_ms))
