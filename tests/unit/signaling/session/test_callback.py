"""Callbacks. The tests check who may ask for a callback, when the callback rings, and how it ends."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed, decode_snapshot, encode_snapshot, next_deadline
from signaling.session import events as ev
from signaling.session.callback import MOST_MOVES
from signaling.session.effects import Enqueue, Reinstate
from signaling.session.model import Callback
from signaling.session.standing import open_requests
from tests.unit.signaling.session.call import NOW, Call, S

HOUR_S = 3600
AT = NOW + HOUR_S * S


def asked(call: Call, at: int = AT, contact: str = "010-2000-3000") -> Call:
    call.give(ev.CallbackAsked("u", at, contact, "the lens does not fit"))
    return call


def due(call: Call) -> Call:
    asked(call).give(ev.Disconnected("u"))
    call.tick(HOUR_S)
    return call


def calling(call: Call) -> Call:
    return due(call).accept()


def callback(call: Call) -> Callback:
    assert call.session.callback is not None
    return call.session.callback


@pytest.fixture
def call() -> Call:
    return Call()


@pytest.mark.parametrize("begun", [lambda call: call, lambda call: call.enter()])
def test_preparing_or_waiting_user_can_ask_for_a_callback(call, begun):
    begun(call)
    waited = call.session.state == "waiting"
    asked(call)
    assert (call.session.state, callback(call).state) == ("callback", "scheduled")
    assert call.steps() == ([("unserved", "s-1.u1")] if waited else [])
    call.give(ev.Disconnected("u"))
    assert next_deadline(call.session) == AT, "nothing ends it because its user has gone"


@pytest.mark.parametrize("contact", ["", "-1"])
def test_unreachable_user_is_promised_no_callback(call, contact):
    with pytest.raises(NotAllowed, match="no_contact"):
        asked(call, contact=contact)
    assert (call.session.state, call.session.callback) == ("preparing", None)
    call.give(ev.CallbackAsked("u", AT, contact, reachable=True))
    assert callback(call).state == "scheduled", "the site knows the user"


@pytest.mark.parametrize("reachable", [True, False])
def test_moved_callback_keeps_its_contact(call, reachable):
    asked(call).give(ev.CallbackAsked("u", AT + S, reachable=reachable))
    assert (callback(call).contact, callback(call).due_at) == ("010-2000-3000", AT + S)


def test_user_whose_counselor_disconnected_can_ask_for_a_callback(call):
    call.active().give(ev.Disconnected("jimin"))
    call.tick(30)
    asked(call)
    assert call.session.state == "callback"
    assert call.steps() == [("release", "s-1.u1")]
    assert call.over() == {"jimin": "callback"}


@pytest.mark.parametrize("begun", [lambda call: call.active(), lambda call: call.active().give(ev.Left("u"))])
def test_user_in_or_after_a_call_cannot_ask_for_a_callback(call, begun):
    begun(call)
    with pytest.raises(NotAllowed, match="wrong_state"):
        asked(call)


def test_callback_rings_from_its_time_and_not_before(call):
    asked(call)
    call.tick(HOUR_S - 1)
    assert call.effects == []
    call.tick(1)
    assert callback(call).state == "due"
    assert [each for each in call.effects if isinstance(each, Enqueue)] == [Enqueue("s-1.c1", "callback", "lenses", AT)]
    call.tick(13 * 24 * HOUR_S)
    assert callback(call).state == "due", "nobody there: it stays in line"
    call.tick(24 * HOUR_S)
    assert call.steps() == [("cancel", "s-1.c1")]
    assert (call.session.state, callback(call).state, call.session.end_reason) == ("closed", "missed", "unserved")


def test_accepting_counselor_keeps_the_callback_until_they_end_it(call):
    calling(call)
    assert (call.session.state, call.session.owner, callback(call).state) == ("active", "jimin", "calling")
    assert call.steps() == [("entered", "s-1.c1")]
    assert next_deadline(call.session) is None, "the user is not lost: they are called"
    call.give(ev.Left("jimin"))
    assert call.steps() == [("complete", "s-1.c1")]
    assert (call.session.state, callback(call).state) == ("after", "done")
    call.give(ev.WrappedUp("jimin"))
    assert call.session.state == "closed"


def test_callback_becomes_a_normal_call_when_the_user_connects(call):
    calling(call).give(ev.Connected("u"))
    call.give(ev.UserMet("u", "voice"))
    assert callback(call).came
    assert call.said() == ["joined"]
    call.give(ev.Disconnected("u"))
    call.tick(120)
    assert (call.session.state, call.session.end_reason) == ("after", "user_lost")


def test_page_left_open_does_not_count_as_connected(call):
    asked(call)
    call.tick(HOUR_S)
    call.accept().give(ev.Disconnected("u"))
    assert not callback(call).came
    assert next_deadline(call.session) is None


def test_unanswered_callback_is_rescheduled_or_ended(call):
    calling(call).give(ev.CallbackMoved("jimin", AT + HOUR_S * S))
    assert (call.session.state, callback(call).state, callback(call).moved) == ("callback", "scheduled", 1)
    assert call.steps() == [("release", "s-1.c1")]
    assert call.over() == {"jimin": "callback_moved"}
    call.tick(HOUR_S)
    call.accept("suho")
    assert call.session.request == "s-1.c2"
    call.give(ev.CallbackMissed("suho"))
    assert (call.session.state, callback(call).state, call.session.end_reason) == ("after", "missed", "callback_missed")


def test_only_the_counselor_marks_a_callback_as_unanswered(call):
    calling(call)
    for event in (ev.CallbackMissed("u"), ev.CallbackMoved("suho", AT), ev.UserMet("jimin")):
        with pytest.raises(NotAllowed, match="not_yours"):
            call.give(event)
    call.give(ev.UserMet("u"))
    for event in (ev.CallbackMissed("jimin"), ev.CallbackMoved("jimin", AT), ev.UserMet("u")):
        with pytest.raises(NotAllowed, match="wrong_state"):
            call.give(event)


def test_user_can_reschedule_until_the_callback_rings(call):
    asked(call)
    asked(call, AT + 1, "minah@example.com")
    assert (callback(call).due_at, callback(call).contact, callback(call).moved) == (AT + 1, "minah@example.com", 1)
    call.tick(HOUR_S + 1)
    asked(call, AT + 2)
    assert call.steps() == [("cancel", "s-1.c1")]
    call.tick(1)
    call.give(ev.RingStarted("s-1.c2", "r-1", "jimin", call.now + 20_000, 1))
    with pytest.raises(NotAllowed, match="ringing"):
        asked(call, AT + 3)


def test_callback_can_be_rescheduled_a_limited_number_of_times(call):
    for _ in range(MOST_MOVES + 1):
        asked(call)
    with pytest.raises(NotAllowed, match="too_often"):
        asked(call)


def test_user_can_cancel_the_callback(call):
    due(call).give(ev.CallbackCancelled("u"))
    assert call.steps() == [("cancel", "s-1.c1")]
    assert (call.session.state, callback(call).state) == ("closed", "cancelled")
    with pytest.raises(NotAllowed):
        call.give(ev.CallbackCancelled("u"))


def test_operator_can_end_the_callback(call):
    due(call).give(ev.EndedBy("operator"))
    assert call.steps() == [("cancel", "s-1.c1")]
    assert (call.session.state, callback(call).state) == ("closed", "cancelled")


def test_callback_requeues_first_if_the_counselor_disconnects_early(call):
    calling(call).give(ev.Disconnected("jimin"))
    call.tick(30)
    assert call.steps() == [("requeue", "s-1.c1")]
    assert (call.session.state, callback(call).state) == ("callback", "due")
    assert open_requests(call.session)[0][0] == Reinstate("s-1.c1", "callback", "lenses", AT, first=True)


def test_callback_requeues_if_the_counselor_never_enters(call):
    due(call).accept(connected=False)
    call.fence += 1
    call.give(ev.RequestMoved("s-1.c1", "waiting", call.fence))
    assert (call.session.state, callback(call).state) == ("callback", "due")


def test_user_chooses_if_the_counselor_disconnects_later(call):
    calling(call).give(ev.Connected("u"))
    call.give(ev.UserMet("u"))
    call.give(ev.Disconnected("jimin"))
    call.tick(30)
    assert call.session.choices == ["wait", "another", "message"]
    call.give(ev.Chose("u", "another"))
    assert call.session.state == "waiting"
    assert open_requests(call.session)[0][0] == Reinstate("s-1.c1", "callback", "lenses", AT, first=True)
    call.accept("suho")
    assert callback(call).came, "who waits here is not called back once more"


@pytest.mark.parametrize("begun", [asked, due, calling])
def test_callback_survives_a_restart(call, begun):
    begun(call)
    call.session = decode_snapshot(encode_snapshot(call.session))
    call.give(ev.Restored())
    told = [each for each in call.effects if isinstance(each, Reinstate)]
    if begun is asked:
        assert told == []
        assert next_deadline(call.session) == AT
    elif begun is due:
        assert told == [Reinstate("s-1.c1", "callback", "lenses", AT)]
        assert call.session.timers.keys() == {"callback"}
    else:
        assert told == [Reinstate("s-1.c1", "callback", "lenses", AT, "jimin")]
        assert call.session.timers.keys() == {"owner_lost"}


def test_callback_audit_names_no_contact(call):
    calling(call).give(ev.CallbackMissed("jimin"))
    assert "010" not in str(call.effects)
    assert "lens does" not in str(call.effects)
