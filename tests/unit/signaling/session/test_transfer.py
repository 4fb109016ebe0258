"""The counselor who serves a session transfers the user to a colleague."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed
from signaling.session import events as ev
from signaling.session.effects import Enqueue
from tests.unit.signaling.session.call import NOW, Call, S


def transfer(call: Call, how: str = "now", staff: str = "suho", category: str = "") -> Call:
    call.active().give(ev.TransferAsked("jimin", how, "Suho", staff, category, "battery"))
    return call


def test_transfer_requests_one_member_first_at_the_users_time(call: Call) -> None:
    transfer(call)
    asked = next(effect for effect in call.effects if isinstance(effect, Enqueue))
    assert asked == Enqueue("s-1.t2", "user", "lenses", NOW, ("jimin",), "suho", first=True)
    assert call.session.owner == "jimin"


def test_immediate_takeover_moves_ownership_and_starts_wrap_up(call: Call) -> None:
    transfer(call).accept("suho", "s-1.t2")
    assert (call.session.owner, call.session.people["suho"].role) == ("suho", "counselor")
    assert call.steps() == [("complete", "s-1.u1"), ("entered", "s-1.t2")]
    assert call.over() == {"jimin": "handed_over"}
    assert call.session.request == "s-1.t2"
    call.give(ev.Left("u"))
    assert ("complete", "s-1.t2") in call.steps()


@pytest.mark.parametrize("why", ["declined", "expired"])
def test_failed_transfer_keeps_the_owner_and_gives_a_reason(call: Call, why: str) -> None:
    transfer(call)
    call.give(ev.RingStarted("s-1.t2", "r1", "suho", NOW + 20 * S, 5))
    call.give(ev.RingEnded("s-1.t2", "r1", 6, why))
    assert (call.asked.state, call.asked.why) == ("nobody", why)
    assert call.steps() == [("unserved", "s-1.t2")]
    assert call.session.owner == "jimin"


def test_transfer_to_a_topic_without_staff_returns_the_user(call: Call) -> None:
    transfer(call, staff="", category="cameras")
    call.give(ev.RingStarted("s-1.t2", "r1", "suho", NOW + 20 * S, 5))
    call.give(ev.RingEnded("s-1.t2", "r1", 6, "declined"))
    assert call.asked.state == "asking"  # the search goes on with the next member of staff
    call.tick(90)
    assert call.asked.state == "nobody"


def test_consulted_colleague_can_take_over_from_any_mode(call: Call) -> None:
    transfer(call, "consult").accept("suho", "s-1.t2")
    assert call.asked.state == "catching_up"
    assert call.session.people["suho"].role == "counselor", "a colleague, to staff and user alike"
    call.give(ev.HelpJoined("suho"))
    assert call.asked.mode == "consultation"
    call.give(ev.HandedOver("jimin"))
    assert (call.session.owner, call.session.people["suho"].role) == ("suho", "counselor")
    assert call.steps() == [("complete", "s-1.u1")]


def test_colleague_leaving_while_reading_changes_nothing_for_the_user(call: Call) -> None:
    transfer(call, "consult").accept("suho", "s-1.t2")
    call.give(ev.Left("suho"))
    assert (call.asked.state, call.asked.why) == ("nobody", "declined")
    assert call.steps() == [("release", "s-1.t2")]
    assert call.session.owner == "jimin"


def test_only_the_owner_can_transfer_and_once_at_a_time(call: Call) -> None:
    transfer(call)
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.TransferAsked("jimin", "now", "Suho", "suho"))
    with pytest.raises(NotAllowed, match="not_yours"):
        call.give(ev.TransferAsked("u", "now", "Suho", "suho"))
    call.give(ev.HelpCancelled("jimin"))
    assert call.steps() == [("cancel", "s-1.t2")]
    with pytest.raises(NotAllowed, match="unknown"):
        call.give(ev.TransferAsked("jimin", "now", "Jimin", "jimin"))
