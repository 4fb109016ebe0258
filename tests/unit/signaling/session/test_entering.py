"""A user enters, waits and is accepted."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed, new_session, next_deadline, receive
from signaling.session import events as ev
from signaling.session.effects import Enqueue
from tests.unit.signaling.session.call import NOW, Call, S


def test_entering_makes_a_request_and_keeps_the_typed_name(call: Call) -> None:
    call.enter()
    assert call.session.state == "waiting"
    assert call.session.people["u"].name == "민아"
    assert call.effects[0] == Enqueue("s-1.u1", "user", "lenses", NOW)


def test_signed_name_is_not_overwritten() -> None:
    call = Call()
    call.session.people["u"].name = "Kim"
    call.enter()
    assert call.session.people["u"].name == "Kim"


def test_user_who_filled_in_no_form_leaves_a_message_but_cannot_enter(call: Call) -> None:
    call.session.form_missing = True
    with pytest.raises(NotAllowed, match="form_needed"):
        call.enter()
    assert (call.session.state, call.session.people["u"].entered) == ("preparing", False)
    call.give(ev.MessageGiven("u"))
    assert call.session.state == "message_left"


def test_session_ends_after_ten_minutes_of_preparing(call: Call) -> None:
    assert next_deadline(call.session) == NOW + 600 * S
    call.tick(599)
    assert call.session.state == "preparing"
    call.tick(1)
    assert (call.session.state, call.session.end_reason) == ("closed", "idle")


def test_session_that_no_page_opens_ends_after_seconds() -> None:
    unopened = new_session(id="s", site="shop", category="lenses", language="ko", channel="text", user="u", name="", now=NOW)
    assert next_deadline(unopened) == NOW + 30 * S
    receive(unopened, ev.Ticked(), NOW + 30 * S)
    assert (unopened.state, unopened.end_reason) == ("closed", "idle")


def test_session_survives_a_minute_without_page_while_preparing(call: Call) -> None:
    call.give(ev.Disconnected("u"), 100)
    assert next_deadline(call.session) == call.now + 60 * S
    call.give(ev.Connected("u"), 50)
    assert next_deadline(call.session) == call.now + 600 * S


def test_closed_hours_allow_a_message_without_a_request(call: Call) -> None:
    call.give(ev.MessageGiven("u"))
    assert call.session.state == "message_left"
    assert call.steps() == []


def test_disconnected_waiting_user_is_suspended_and_resumed(call: Call) -> None:
    call.enter().give(ev.Disconnected("u"))
    assert call.steps() == [("suspend", "s-1.u1")]
    call.give(ev.Connected("u"), 59)
    assert call.steps() == [("resume", "s-1.u1")]
    assert next_deadline(call.session) is None


def test_waiting_user_gone_for_a_minute_is_cancelled(call: Call) -> None:
    call.enter().give(ev.Disconnected("u"))
    call.tick(60)
    assert (call.session.state, call.session.end_reason) == ("closed", "user_lost")
    assert call.steps() == [("cancel", "s-1.u1")]


def test_ring_is_shown_and_ends(call: Call) -> None:
    call.enter().give(ev.RingStarted("s-1.u1", "r-1", "jimin", NOW + 20 * S, 5))
    assert call.session.ringing is not None
    call.give(ev.RingEnded("s-1.u1", "r-1", 6))
    assert call.session.ringing is None


def test_accepting_opens_the_room_at_a_new_epoch(call: Call) -> None:
    call.active()
    assert (call.session.state, call.session.owner, call.session.epoch) == ("active", "jimin", 1)
    assert call.steps() == [("entered", "s-1.u1")]
    assert call.said() == ["joined"]


def test_staff_who_never_enter_lose_the_call(call: Call) -> None:
    call.enter().accept(connected=False)
    assert call.steps() == []
    call.give(ev.RequestMoved("s-1.u1", "waiting", 9), 30)
    assert (call.session.state, call.session.owner) == ("waiting", "")


def test_counselor_who_never_entered_has_not_served_the_user(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.tick(30)
    call.give(ev.Chose("u", "another"))
    call.accept("suho", connected=False)
    call.give(ev.RequestMoved("s-1.u1", "waiting", 9), 30)
    assert (call.session.state, call.session.counselor) == ("waiting", "jimin")
