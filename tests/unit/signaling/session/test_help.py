"""A counselor asks for a professional, who reads the session, joins it and leaves it."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed
from signaling.session import events as ev
from signaling.session.effects import Enqueue, Say
from tests.unit.signaling.session.call import Call


def test_only_the_owner_can_ask_for_help_and_once(call: Call) -> None:
    call.active()
    with pytest.raises(NotAllowed, match="not_yours"):
        call.give(ev.HelpAsked("u"))
    call.help()
    assert call.effects[-1] == Enqueue("s-1.h2", "help", "lenses", call.now, ("jimin",))
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.help()


def test_professional_reads_joins_and_uses_three_modes(call: Call) -> None:
    call.active().reading()
    assert (call.asked.state, call.session.people["han"].reading) == ("catching_up", True)
    with pytest.raises(NotAllowed):
        call.give(ev.PeerOffered("han", "p-9"))
    call.give(ev.HelpJoined("han"))
    assert (call.asked.state, call.asked.mode) == ("joined", "consultation")
    call.give(ev.ModeChanged("jimin", "consultation", hear_user=True))
    assert call.asked.hear_user
    call.give(ev.ModeChanged("han", "whisper", hear_user=True))
    assert (call.asked.mode, call.asked.hear_user) == ("whisper", False)
    with pytest.raises(NotAllowed):
        call.give(ev.HandedOver("jimin"))
    call.give(ev.ModeChanged("jimin", "conference"))
    call.give(ev.HandedOver("jimin"))
    assert (call.session.owner, call.asked.state, call.over()) == ("han", "handed_over", {"jimin": "handed_over"})
    call.give(ev.HelpAsked("han"))
    assert call.asked.state == "asking"


def test_no_staff_line_reaches_the_user(call: Call) -> None:
    call.active()
    for event in (ev.HelpAsked("jimin"), ev.HelpCancelled("jimin")):
        call.give(event)
        assert all(effect.audience == "staff" for effect in call.effects if isinstance(effect, Say))


def test_slow_or_absent_professional_continues_the_search(call: Call) -> None:
    call.active().reading()
    first = call.asked.request
    call.tick(180)
    assert (call.asked.state, call.over()) == ("asking", {"han": "too_slow"})
    assert call.steps() == [("release", first)]
    again = next(effect for effect in call.effects if isinstance(effect, Enqueue))
    assert again.request != first
    assert set(again.excluded) == {"jimin", "han"}


def test_search_continues_if_reading_professional_is_gone_for_30_s(call: Call) -> None:
    call.active().reading().give(ev.Disconnected("han"))
    call.tick(30)
    assert (call.asked.state, call.over()) == ("asking", {"han": "lost"})


def test_professional_leaving_ends_the_help_but_not_the_call(call: Call) -> None:
    call.active().joined("conference").give(ev.Left("han"))
    assert (call.session.state, call.asked.state, call.over()) == ("active", "ended", {"han": "left"})


def test_failed_search_is_announced_and_the_call_continues(call: Call) -> None:
    call.active().help().give(ev.NobodyEligible(call.asked.request))
    assert (call.session.state, call.asked.state) == ("active", "nobody")
    call.help()
    call.tick(90)
    assert call.asked.state == "nobody"


def test_help_can_be_cancelled_until_the_professional_joins(call: Call) -> None:
    call.active().reading().give(ev.HelpCancelled("jimin"))
    assert (call.asked.state, call.over()) == ("cancelled", {"han": "cancelled"})
    call.joined()
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.HelpCancelled("jimin"))


def test_reading_professional_can_take_over_if_the_owner_disconnects(call: Call) -> None:
    call.active().reading().give(ev.Disconnected("jimin"))
    call.tick(30)
    assert call.session.owner_lost
    call.give(ev.HelpJoined("han"))
    assert (call.session.owner, call.session.choices) == ("han", [])
