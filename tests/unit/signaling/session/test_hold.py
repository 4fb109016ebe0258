"""Only the counselor who serves a session may put the user on hold.

The tests also check how long the hold lasts, and to whom the session says that the user is on hold.
"""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed
from signaling.session import events as ev
from signaling.session.effects import Say
from tests.unit.signaling.session.call import Call

ON, OFF = ev.Held("jimin", True), ev.Held("jimin", False)


def test_owner_can_hold_and_resume_and_all_are_told() -> None:
    call = Call().active()
    call.give(ON)
    assert call.session.held
    assert [(each.text, each.args, each.audience) for each in call.effects if isinstance(each, Say)] == [
        ("hold.on", {"name": "Jimin"}, "all")
    ]
    assert call.give(ON) == []
    call.give(OFF)
    assert not call.session.held
    assert call.said() == ["hold.off"]


@pytest.mark.parametrize("who", ["u", "han", "stranger"])
def test_only_the_owner_can_hold(who: str) -> None:
    call = Call().active().joined("conference")
    with pytest.raises(NotAllowed) as refused:
        call.give(ev.Held(who, True))
    assert refused.value.reason == "not_yours"


def test_text_session_cannot_be_held() -> None:
    call = Call("text").active()
    with pytest.raises(NotAllowed) as refused:
        call.give(ON)
    assert refused.value.reason == "channel"


def test_hold_lasts_while_seeking_help_and_ends_with_a_mode() -> None:
    call = Call().active()
    call.give(ON)
    call.reading()
    assert call.session.held
    call.give(ev.HelpJoined("han"))
    assert not call.session.held
    with pytest.raises(NotAllowed) as refused:
        call.give(ON)
    assert refused.value.reason == "wrong_state"


def test_hold_survives_a_brief_counselor_disconnect() -> None:
    call = Call().active()
    call.give(ON)
    call.give(ev.Disconnected("jimin"))
    assert call.session.held
    call.tick(30)
    assert call.session.owner_lost
    assert not call.session.held


def test_takeover_ends_the_hold() -> None:
    call = Call().active()
    call.give(ON)
    call.give(ev.TransferAsked("jimin", "now", "Suho", "suho"))
    assert call.session.held
    call.accept("suho", call.asked.request)
    assert call.session.owner == "suho"
    assert not call.session.held


@pytest.mark.parametrize("end", [ev.Left("u"), ev.Left("jimin"), ev.EndedBy("operator"), ev.EndedBy("erased")])
def test_session_end_ends_the_hold(end: ev.SessionEvent) -> None:
    call = Call().active()
    call.give(ON)
    call.give(end)
    assert not call.session.held
