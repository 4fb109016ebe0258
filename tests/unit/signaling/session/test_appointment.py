"""Appointments.

The tests check that the matcher keeps the booked counselor free shortly before the start, and when an appointment counts as
missed. They also check that the call rings first at the booked counselor and then at everybody.
"""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import Brief, CategoryView, SiteView
from signaling.session import NotAllowed, booking_of, decode_snapshot, encode_snapshot, matrix, next_deadline, views
from signaling.session import events as ev
from signaling.session.appointment import GRACE_MS, LATE_MS
from signaling.session.effects import Enqueue, Note, Reinstate
from signaling.session.model import Callback
from signaling.session.standing import open_requests
from tests.unit.signaling.session.call import NOW, Call, S

HOUR_S = 3600
AT = NOW + HOUR_S * S
LEAD_S = 300
WITH_JIMIN = ev.WithStaff("jimin", "Jimin", "voice", 30, LEAD_S * S)


def booked(call: Call, with_staff: ev.WithStaff | None = WITH_JIMIN, at: int = AT) -> Call:
    call.give(ev.CallbackAsked("u", at, "kim@example.com", with_staff=with_staff))
    return call


def kept(call: Call) -> Call:
    booked(call).tick(HOUR_S - LEAD_S)
    return call


def due(call: Call) -> Call:
    kept(call).tick(LEAD_S)
    return call


def callback(call: Call) -> Callback:
    assert call.session.callback is not None
    return call.session.callback


def enqueued(call: Call) -> list[tuple[str, str, str, bool]]:
    return [(each.step, each.request, each.only, each.first) for each in call.effects if isinstance(each, Enqueue)]


def noted(call: Call) -> list[tuple[str, str, int]]:
    """Return what the last event tells webhooks about the appointment: (change, member, start)."""
    notes = [each.data for each in call.effects if isinstance(each, Note) and each.kind == "appointment"]
    return [(str(each["change"]), str(each["staff"]), int(each["at"])) for each in notes]


@pytest.fixture
def call() -> Call:
    return Call()


def test_place_is_kept_from_the_lead_time_and_rings_at_the_start(call):
    booked(call)
    assert call.session.channel == "voice"
    call.tick(HOUR_S - LEAD_S - 1)
    assert enqueued(call) == []
    call.tick(1)
    assert enqueued(call) == [("promise", "s-1.c1", "jimin", True)]
    [(wanted, _, ringing)] = open_requests(call.session)
    assert (wanted.promised, wanted.only, ringing) == (True, "jimin", None)
    call.tick(LEAD_S)
    assert enqueued(call) == [("redeem", "s-1.c1", "jimin", True)]
    [(wanted, _, _)] = open_requests(call.session)
    assert (wanted.promised, wanted.only, wanted.first, wanted.enqueued_at) == (False, "jimin", True, AT)


def test_clock_that_jumps_over_lead_and_start_keeps_their_order(call):
    booked(call).tick(HOUR_S + 60)
    assert [step for step, *_ in enqueued(call)] == ["promise", "redeem"]


@pytest.mark.parametrize("ahead_s", [HOUR_S // 2, -HOUR_S // 2])
def test_booked_time_follows_a_clock_that_was_set(call, ahead_s):
    booked(call)
    ahead_ms = ahead_s * S
    assert next_deadline(call.session, ahead_ms) == AT - LEAD_S * S + ahead_ms
    call.give(ev.Ticked(ahead_ms), HOUR_S + ahead_s - 1)
    assert callback(call).state == "scheduled"
    call.give(ev.Ticked(ahead_ms), 1)
    assert callback(call).state == "due"


def test_counselor_who_does_not_come_in_time_gives_way_to_anybody(call):
    due(call).tick(GRACE_MS // S)
    assert call.steps() == [("cancel", "s-1.c1")]
    assert enqueued(call) == [("enqueue", "s-1.c2", "", True)]
    assert callback(call).anyone
    assert open_requests(call.session)[0][0].only == ""


def test_counselor_who_declines_gives_way_at_once(call):
    due(call).give(ev.RingStarted("s-1.c1", "r1", "jimin", NOW + (HOUR_S + 20) * S, 5))
    call.give(ev.RingEnded("s-1.c1", "r1", 6, "declined"))
    assert enqueued(call) == [("enqueue", "s-1.c2", "", True)]


def test_appointment_does_not_ring_again_for_the_counselor_who_declined_it(call):
    due(call).give(ev.RingStarted("s-1.c1", "r1", "jimin", NOW + (HOUR_S + 20) * S, 5))
    call.give(ev.RingEnded("s-1.c1", "r1", 6, "declined"))
    assert [each.excluded for each in call.effects if isinstance(each, Enqueue)] == [("jimin",)]
    assert open_requests(call.session)[0][0].excluded == ("jimin",), "nor after the matcher was emptied"
    call.give(ev.AppointmentMoved(AT + 2 * HOUR_S * S, WITH_JIMIN))
    assert not callback(call).declined, "another time is another appointment"


def test_counselor_who_only_missed_the_ring_may_still_come(call):
    due(call).give(ev.RingStarted("s-1.c1", "r1", "jimin", NOW + (HOUR_S + 20) * S, 5))
    call.give(ev.RingEnded("s-1.c1", "r1", 6, "expired"))
    assert [each.excluded for each in call.effects if isinstance(each, Enqueue)] == [()]


@pytest.mark.parametrize(("hidden", "name"), [(True, ""), (False, "Jimin")])
def test_site_that_hides_names_hides_that_of_the_appointment(call, hidden, name):
    booked(call)
    around = views.Surroundings(SiteView(id="s", name="S"), CategoryView(id="c", name="C"), Brief(), names_hidden=hidden)
    view = views.session_view(call.session, "u", around, matrix.compute(call.session))
    assert view.callback is not None
    assert view.callback.staff_name == name
    assert view.callback.minutes == 30


def test_grace_waits_for_a_ring_that_is_going_on(call):
    due(call).give(ev.RingStarted("s-1.c1", "r1", "jimin", AT + GRACE_MS + 10 * S, 5))
    call.tick(GRACE_MS // S)
    assert enqueued(call) == []
    assert call.session.timers["grace"] == AT + GRACE_MS + 10 * S


def test_late_user_is_awaited_for_ten_minutes(call):
    due(call).accept()
    call.tick(LATE_MS // S - 1)
    assert call.session.state == "active"
    call.tick(1)
    assert (call.session.state, callback(call).state, call.session.end_reason) == ("after", "missed", "callback_missed")


def test_counselor_on_the_telephone_is_not_interrupted(call):
    call.give(ev.CallbackAsked("u", AT, "010-1234-5678", with_staff=WITH_JIMIN))
    call.tick(HOUR_S)
    call.accept().tick(LATE_MS // S)
    assert call.session.state == "active"


def test_user_who_came_is_not_missed(call):
    due(call).accept().give(ev.Connected("u"))
    call.give(ev.UserMet("u", "voice"))
    call.tick(LATE_MS // S)
    assert call.session.state == "active"


@pytest.mark.parametrize("begun", [kept, due])
def test_moved_or_cancelled_appointment_gives_its_place_back(call, begun):
    begun(call).give(ev.AppointmentMoved(AT + HOUR_S * S, WITH_JIMIN))
    assert call.steps() == [("cancel", "s-1.c1")]
    assert (callback(call).state, callback(call).kept, callback(call).moved) == ("scheduled", False, 0)
    call.tick(2 * HOUR_S)
    call.give(ev.EndedBy("callback_cancelled"))
    assert [step for step, _ in call.steps()] == ["cancel"]
    assert (call.session.state, callback(call).state) == ("closed", "cancelled")


def test_running_conversation_is_not_cancelled_as_an_appointment(call):
    due(call).accept()
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.EndedBy("callback_cancelled"))


def test_appointment_becomes_a_callback_by_anybody_when_moved_so(call):
    booked(call)
    booked(call, None, AT + S)
    assert (callback(call).staff, callback(call).minutes) == ("", 0)
    assert "lead" not in call.session.timers


def test_kept_appointment_outlasts_a_restart(call):
    kept(call)
    call.session = decode_snapshot(encode_snapshot(call.session))
    call.give(ev.Restored(room_kept=False))
    [wanted] = [each for each in call.effects if isinstance(each, Reinstate)]
    assert (wanted.promised, wanted.only) == (True, "jimin")


def test_each_change_of_an_appointment_is_noted_once(call):
    assert noted(booked(call)) == [("booked", "jimin", AT)]
    later = AT + HOUR_S * S
    assert noted(booked(call, at=later)) == [("moved", "jimin", later)]
    call.give(ev.AppointmentMoved(AT, ev.WithStaff("suho", "Suho", "text", 30, LEAD_S * S)))
    assert noted(call) == [("moved", "suho", AT)]
    call.tick(HOUR_S)
    assert noted(call) == [("due", "suho", AT)]
    call.give(ev.EndedBy("callback_cancelled"))
    assert noted(call) == [("cancelled", "suho", AT)]


def test_callback_by_anybody_is_noted_as_no_appointment(call):
    assert noted(booked(call, None)) == []
    assert noted(booked(call)) == [("booked", "jimin", AT)]
    assert noted(booked(call, None, AT + S)) == [("cancelled", "jimin", AT)]
    call.give(ev.EndedBy("callback_cancelled"))
    assert noted(call) == []


def test_cancellation_leaves_a_booking_that_it_does_not_name(call):
    booked(call)
    seen = booking_of(callback(call))
    booked(call, at=AT + HOUR_S * S)
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.EndedBy("callback_cancelled", seen))
    assert callback(call).state == "scheduled"
    call.give(ev.EndedBy("callback_cancelled", booking_of(callback(call))))
    assert callback(call).state == "cancelled"
