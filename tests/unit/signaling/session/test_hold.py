"""Hold by the counselor: whose it is, how long it lasts, and who is told."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed
from signaling.session import events as ev
from tests.unit.signaling.session.test_machine import Call

ON, OFF = ev.Held("jimin", True), ev.Held("jimin", False)


def test_the_owner_holds_and_takes_back_and_both_are_said_to_all() -> None:
    call = Call().active()
    call.give(ON)
    assert call.session.held
    assert [(each.text, each.args, each.audience) for each in call.effects if isinstance(each, ev.Say)] == [
        ("hold.on", {"name": "Jimin"}, "all")
    ]
    assert call.give(ON) == []
    call.give(OFF)
    assert not call.session.held
    assert call.said() == ["hold.off"]


@pytest.mark.parametrize("who", ["u", "han", "stranger"])
def test_nobody_else_may(who: str) -> None:
    call = Call().active().joined("conference")
    with pytest.raises(NotAllowed) as refused:
        call.give(ev.Held(who, True))
    assert refused.value.reason == "not_yours"


def test_a_written_conversation_has_nothing_to_hold() -> None:
    call = Call("text").active()
    with pytest.raises(NotAllowed) as refused:
        call.give(ON)
    assert refused.value.reason == "channel"


def test_it_lasts_while_help_is_sought_and_ends_with_a_mode() -> None:
    call = Call().active()
    call.give(ON)
    call.reading()
    assert call.session.held
    call.give(ev.HelpJoined("han"))
    assert not call.session.held
    with pytest.raises(NotAllowed) as refused:
        call.give(ON)
    assert refused.value.reason == "wrong_state"


def test_a_counselor_whose_line_drops_still_holds_until_given_up() -> None:
    call = Call().active()
    call.give(ON)
    call.give(ev.Disconnected("jimin"))
    assert call.session.held
    call.tick(30)
    assert call.session.owner_lost
    assert not call.session.held


def test_whoever_takes_over_finds_the_user_off_hold() -> None:
    call = Call().active()
    call.give(ON)
    call.give(ev.TransferAsked("jimin", "now", "Suho", "suho"))
    assert call.session.held
    call.accept("suho", call.asked.request)
    assert call.session.owner == "suho"
    assert not call.session.held


@pytest.mark.parametrize("end", [ev.Left("u"), ev.Left("jimin"), ev.EndedBy("operator"), ev.EndedBy("erased")])
def test_the_end_ends_it(end: ev.SessionEvent) -> None:
    call = Call().active()
    call.give(ON)
    call.give(end)
    assert not call.session.held
