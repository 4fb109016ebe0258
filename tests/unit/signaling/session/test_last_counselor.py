"""A returning user's request is first offered to the counselor who served this user last."""

from __future__ import annotations

import pytest

from signaling.session import events as ev
from signaling.session.effects import Enqueue
from tests.unit.signaling.session.call import NOW, Call, S


def returning(call: Call) -> Call:
    call.give(ev.Entered(None, "", "jimin", "Jimin"))
    return call


def enqueued(call: Call) -> list[tuple[str, str, int]]:
    return [(effect.request, effect.only, effect.enqueued_at) for effect in call.effects if isinstance(effect, Enqueue)]


def test_returning_user_waits_briefly_for_their_last_counselor(call: Call) -> None:
    returning(call)
    assert enqueued(call) == [("s-1.u1", "jimin", NOW)]
    call.tick(19)
    assert enqueued(call) == []
    call.tick(1)
    assert call.steps() == [("cancel", "s-1.u1")]
    assert enqueued(call) == [("s-1.u2", "", NOW)]
    assert call.session.preferred_name == ""


@pytest.mark.parametrize("why", ["declined", "expired"])
def test_decline_by_the_last_counselor_opens_the_request_to_all(call: Call, why: str) -> None:
    returning(call).give(ev.RingStarted("s-1.u1", "r1", "jimin", NOW + 20 * S, 5))
    call.give(ev.RingEnded("s-1.u1", "r1", 6, why), 3)
    assert enqueued(call) == [("s-1.u2", "", NOW)]
    call.tick(30)
    assert call.effects == []


def test_late_ring_is_not_cut_short(call: Call) -> None:
    returning(call).give(ev.RingStarted("s-1.u1", "r1", "jimin", NOW + 35 * S, 5), 15)
    call.tick(5)
    assert enqueued(call) == []
    call.fence = 6
    call.accept("jimin")
    assert call.session.owner == "jimin"
    call.tick(60)
    assert enqueued(call) == []


def test_user_disconnected_meanwhile_stays_suspended(call: Call) -> None:
    returning(call).give(ev.Disconnected("u"))
    call.tick(20)
    assert call.steps() == [("cancel", "s-1.u1"), ("suspend", "s-1.u2")]
