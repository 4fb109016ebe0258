"""The state tables as data: which step a request allows in which state, and what a member may press in which state."""

from __future__ import annotations

from typing import Literal

from matcher.types import Refused, RequestState, StaffState

RequestStep = Literal["suspend", "resume", "cancel", "unserved", "entered", "requeue", "complete", "release", "transfer"]
StaffStep = Literal["set_available", "set_away", "wrapped_up"]

REQUEST_STEPS: dict[RequestStep, frozenset[RequestState]] = {
    "suspend": frozenset({"waiting", "reserved"}),
    "resume": frozenset({"suspended"}),
    "cancel": frozenset({"waiting", "suspended", "reserved"}),
    "unserved": frozenset({"waiting"}),
    "entered": frozenset({"accepted"}),
    "requeue": frozenset({"accepted"}),
    "complete": frozenset({"accepted"}),
    "release": frozenset({"accepted"}),
    "transfer": frozenset({"accepted"}),
}

# "busy" appears where somebody with room for several sessions may stop or go on taking more; with room for one it is refused.
STAFF_STEPS: dict[StaffStep, frozenset[StaffState]] = {
    "set_available": frozenset({"away", "available", "wrap_up", "busy"}),
    "set_away": frozenset({"away", "available", "wrap_up", "busy"}),
    "wrapped_up": frozenset({"wrap_up"}),
}


def check_request(step: RequestStep, state: RequestState) -> None:
    if state not in REQUEST_STEPS[step]:
        raise Refused("wrong_state")


def check_staff(step: StaffStep, state: StaffState, capacity: int) -> None:
    if state not in STAFF_STEPS[step]:
        raise Refused("wrong_state")
    if state == "busy" and capacity == 1:
        raise Refused("busy")
