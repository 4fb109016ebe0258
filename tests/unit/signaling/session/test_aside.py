"""A text session whose user is away from the page does not count towards its counselor's capacity."""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import Brief, CategoryView, SiteView
from signaling.session import decode_snapshot, encode_snapshot, matrix, views
from signaling.session import events as ev
from signaling.session.effects import Reinstate
from signaling.session.standing import open_requests
from tests.unit.signaling.session.call import Call

AROUND = views.Surroundings(SiteView(id="s", name="S"), CategoryView(id="c", name="C"), Brief())


def gone_for_a_minute() -> Call:
    call = Call("text").active()
    call.give(ev.Disconnected("u"))
    call.tick(60)
    return call


def presence(call: Call) -> str:
    view = views.session_view(call.session, "jimin", AROUND, matrix.compute(call.session))
    return next(person.presence for person in view.participants if person.role == "user")


def test_user_of_a_text_session_frees_the_place_after_a_minute() -> None:
    call = Call("text").active()
    call.give(ev.Disconnected("u"))
    assert call.tick(59.9) == []
    assert presence(call) == "lost"
    call.tick(0.1)
    assert call.steps() == [("set_aside", "s-1.u1")]
    assert (call.session.state, presence(call)) == ("active", "left_page")


def test_returning_user_gets_the_place_back_at_once() -> None:
    call = gone_for_a_minute()
    call.give(ev.Connected("u"), 13 * 60)
    assert call.steps() == [("take_back", "s-1.u1")]
    assert (call.session.state, call.session.owner, presence(call)) == ("active", "jimin", "here")
    assert call.session.timers == {}


def test_user_who_returns_within_a_minute_keeps_the_place() -> None:
    call = Call("text").active()
    call.give(ev.Disconnected("u"))
    call.give(ev.Connected("u"), 30)
    assert call.tick(60) == []


def test_session_of_a_user_who_stays_away_ends_after_fifteen_minutes() -> None:
    call = gone_for_a_minute()
    call.tick(14 * 60)
    assert (call.session.state, call.session.end_reason, call.session.aside) == ("after", "user_lost", False)
    assert call.steps() == [("complete", "s-1.u1")]


def test_user_of_a_call_keeps_the_place_for_two_minutes() -> None:
    call = Call().active()
    call.give(ev.Disconnected("u"))
    call.tick(60)
    assert call.steps() == []
    call.tick(60)
    assert call.session.state == "after"


def test_absence_survives_a_restart() -> None:
    call = gone_for_a_minute()
    call.session = decode_snapshot(encode_snapshot(call.session))
    effects = call.give(ev.Restored())
    assert [effect.aside for effect in effects if isinstance(effect, Reinstate)] == [True]
    assert [told.aside for told, _, _ in open_requests(call.session)] == [True]
    call.give(ev.Connected("u"))
    assert call.steps() == [("take_back", "s-1.u1")]


def test_colleague_who_takes_over_an_absent_user_has_the_place_free() -> None:
    call = gone_for_a_minute()
    call.give(ev.TransferAsked("jimin", "now", "Suho", "suho"))
    call.accept("suho", call.asked.request)
    assert call.steps()[:2] == [("complete", "s-1.u1"), ("set_aside", call.session.request)]
    call.give(ev.Connected("u"))
    assert call.steps() == [("take_back", call.session.request)]


@pytest.mark.parametrize("end", [ev.Left("jimin"), ev.EndedBy("operator")])
def test_end_without_the_user_forgets_their_absence(end: ev.SessionEvent) -> None:
    call = gone_for_a_minute()
    call.give(end)
    assert not call.session.aside
    assert "aside" not in call.session.timers
