"""The end of a session: the counselor's work after it (wrap-up), the user's rating, and erasure."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed, next_deadline
from signaling.session import events as ev
from tests.unit.signaling.session.call import Call, S


@pytest.mark.parametrize("who", ["u", "jimin"])
def test_either_side_can_end_and_user_can_rate_for_a_day(call: Call, who: str) -> None:
    call.active().give(ev.Left(who))
    assert (call.session.state, next_deadline(call.session)) == ("after", call.now + 120 * S)
    call.give(ev.WrappedUp("jimin"), 60)
    assert (call.session.state, call.over()) == ("closed", {"jimin": "wrapped_up"})
    call.give(ev.Rated("u"), 23 * 3600)
    assert call.session.rated
    with pytest.raises(NotAllowed, match="too_late"):
        call.give(ev.Rated("u"), 2 * 3600)


def test_wrap_up_times_out(call: Call) -> None:
    call.active().give(ev.Left("u"))
    call.tick(120)
    assert call.session.state == "closed"


def test_joined_professional_gets_wrap_up(call: Call) -> None:
    call.active().joined("conference").give(ev.Left("u"))
    assert ("complete", call.asked.request) in call.steps()
    call.give(ev.WrappedUp("han"))
    assert (call.session.state, call.over()) == ("after", {"han": "wrapped_up"})


def test_operator_can_end_and_erase_a_session(call: Call) -> None:
    call.active().give(ev.EndedBy("operator"))
    assert (call.session.state, call.session.end_reason) == ("after", "operator")
    call.give(ev.EndedBy("erased"))
    assert call.session.state == "closed"
