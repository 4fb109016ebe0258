"""The state tables: in which states of a request, or of a member of staff, each step is allowed."""

from __future__ import annotations

from typing import Literal

from matcher.types import Refused, RequestState, StaffState

RequestStep = Literal[
    "redeem", "suspend", "resume", "cancel", "unserved", "becomes_text", "set_aside", "take_back", "entered", "requeue",
    "complete", "release", "transfer",
]  # fmt: skip
StaffStep = Literal["set_available", "set_away", "wrapped_up"]

REQUEST_STEPS: dict[RequestStep, frozenset[RequestState]] = {
    "redeem": frozenset({"promised"}),
    "suspend": frozenset({"waiting", "reserved"}),
    "resume": frozenset({"suspended"}),
    "cancel": frozenset({"promised", "waiting", "suspended", "reserved"}),
    "unserved": frozenset({"waiting"}),
    "becomes_text": frozenset({"accepted"}),
    "set_aside": frozenset({"accepted"}),
    "take_back": frozenset({"accepted"}),
    "entered": frozenset({"accepted"}),
    "requeue": frozenset({"accepted"}),
    "complete": frozenset({"accepted"}),
    "release": frozenset({"accepted"}),
    "transfer": frozenset({"accepted"}),
}

STAFF_STEPS: dict[StaffStep, frozenset[StaffState]] = {
    "set_available": frozenset({"away", "available", "wrap_up", "busy"}),
    "set_away": frozenset({"away", "available", "wrap_up", "busy"}),
    "wrapped_up": frozenset({"wrap_up"}),
}


def check_request(step: RequestStep, state: RequestState) -> None:
    """Raise `Refused("wrong_state")` if `REQUEST_STEPS` forbids this step in this state."""
    if state not in REQUEST_STEPS[step]:
        raise Refused("wrong_state")


def check_staff(step: StaffStep, state: StaffState) -> None:
    """Raise `Refused("wrong_state")` if `STAFF_STEPS` forbids this step in this state."""
    if state not in STAFF_STEPS[step]:
        raise Refused("wrong_state")
