"""Check what each step does to a request in each state, also to a request that is held for one member (a reservation)."""

from __future__ import annotations

import pytest

from matcher.types import Refused, ReservationEnded, Reserved, StaffChanged


def reservation_end(desk):
    return next((event.staff, event.state, event.reason) for event in desk.events if isinstance(event, ReservationEnded))


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_request_that_nobody_can_take_waits(desk):
    desk.ask("q")
    assert desk.told() == [("q", "waiting", "")]


def test_waiting_request_is_reserved_at_once_if_somebody_is_idle(desk):
    desk.staff("jimin")
    desk.ask("q")
    assert desk.told() == [("q", "waiting", ""), ("q", "reserved", ""), ("jimin", "reserved", "")]
    rung = next(event for event in desk.events if isinstance(event, Reserved))
    assert rung.expires_at_ms == desk.now + 20_000


def test_waiting_request_is_reserved_when_somebody_becomes_available(desk):
    desk.ask("q")
    desk.staff("jimin")
    assert desk.rings_at("q") == "jimin"


def test_resumed_request_keeps_its_enqueue_time(desk):
    desk.ask("early")
    desk.after(1)
    desk.ask("late")
    desk.do("suspend", "early")
    assert desk.told() == [("early", "suspended", "")]
    assert desk.engine.place("late", desk.now).place == 1
    desk.after(30)
    desk.do("resume", "early")
    desk.staff("jimin")
    assert desk.rings_at("early") == "jimin"


def test_suspended_request_is_cancelled_after_sixty_seconds(desk):
    desk.ask("q")
    desk.do("suspend", "q")
    assert desk.after(59.999) == []
    desk.after(0.001)
    assert desk.told() == [("q", "cancelled", "lost")]
    assert desk.request("q") is None


def test_resumed_request_is_matched_at_once(desk):
    desk.ask("q")
    desk.do("suspend", "q")
    desk.staff("jimin")
    assert desk.state("jimin") == "available"
    desk.do("resume", "q")
    assert desk.rings_at("q") == "jimin"


def test_resumed_request_is_not_cancelled_later(desk):
    desk.ask("q")
    desk.do("suspend", "q")
    desk.do("resume", "q")
    desk.after(61)
    assert desk.request("q") == "waiting"


def test_waiting_request_becomes_unserved(desk):
    desk.ask("q")
    desk.do("unserved", "q", reason="message_left")
    assert desk.told() == [("q", "unserved", "message_left")]


@pytest.mark.parametrize("before", ["waiting", "suspended", "reserved"])
def test_request_can_be_cancelled_in_every_state_before_accepting(desk, before):
    if before == "reserved":
        desk.staff("jimin")
    desk.ask("q")
    if before == "suspended":
        desk.do("suspend", "q")
    assert desk.request("q") == before
    desk.do("cancel", "q", reason="left")
    assert ("q", "cancelled", "left") in desk.told()
    if before == "reserved":
        assert reservation_end(desk) == ("jimin", "cancelled", "left")
        assert desk.state("jimin") == "available"


# --- reserved ---------------------------------------------------------------------------------------------------------


def test_reserved_request_can_be_accepted(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.accept("q")
    assert reservation_end(desk) == ("jimin", "accepted", "")
    assert desk.told() == [("q", "accepted", ""), ("jimin", "busy", "")]


def test_declined_request_goes_to_the_next_member_for_a_minute(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.decline("q", "lunch")
    assert reservation_end(desk) == ("jimin", "declined", "lunch")
    assert desk.state("jimin") == "available"
    assert desk.request("q") == "waiting"
    desk.staff("suho")
    assert desk.rings_at("q") == "suho"


def test_decliner_is_asked_again_after_a_minute_if_alone(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.decline("q")
    assert desk.after(59.999) == []
    assert desk.engine.next_deadline_ms() == desk.now + 1
    desk.after(0.001)
    assert desk.rings_at("q") == "jimin"


def test_decliner_gets_the_next_request_in_the_same_step(desk):
    desk.staff("jimin")
    desk.ask("first")
    desk.ask("second")
    desk.decline("first")
    assert desk.rings_at("second") == "jimin"


def test_declined_request_keeps_its_place(desk):
    desk.staff("jimin")
    desk.ask("first")
    desk.after(1)
    desk.ask("second")
    desk.decline("first")
    assert desk.rings_at("second") == "jimin"
    desk.after(1)
    desk.ask("third")
    desk.staff("suho")
    assert desk.rings_at("first") == "suho"


def test_expired_ring_moves_on_and_sets_the_member_away_with_reason(desk):
    desk.staff("jimin")
    desk.ask("q")
    assert desk.after(19.999) == []
    desk.staff("suho")
    desk.after(0.001)
    assert reservation_end(desk) == ("jimin", "expired", "missed")
    assert ("jimin", "away", "missed") in desk.told()
    assert desk.rings_at("q") == "suho"


def test_returning_member_is_not_offered_the_request_they_missed(desk):
    desk.staff("jimin")
    desk.ask("missed")
    desk.after(20)
    desk.ask("other")
    desk.do("set_available", "jimin")
    assert desk.rings_at("other") == "jimin"
    assert desk.request("missed") == "waiting"


def test_suspending_a_reserved_request_frees_the_member(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.ask("next")
    desk.do("suspend", "q")
    assert reservation_end(desk) == ("jimin", "cancelled", "suspended")
    assert desk.request("q") == "suspended"
    assert desk.rings_at("next") == "jimin"


# --- accepted ---------------------------------------------------------------------------------------------------------


def test_accepted_request_can_be_completed(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("complete", "q")
    assert ("q", "completed", "") in desk.told()
    assert desk.state("jimin") == "wrap_up"


def test_request_requeues_first_if_the_member_never_enters(desk):
    desk.staff("jimin")
    desk.ask("q", ago=5)
    desk.accept("q")
    desk.ask("older", ago=600)
    assert desk.after(29.999) == []
    desk.after(0.001)
    assert ("q", "waiting", "never_entered") in desk.told()
    assert ("jimin", "wrap_up", "never_entered") in desk.told()
    status = desk.engine.request_status("q")
    assert status.request.first
    assert status.request.enqueued_at_ms == desk.now - 35_000
    desk.staff("suho")
    assert desk.rings_at("q") == "suho"


def test_member_who_never_entered_is_not_asked_for_a_minute(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.accept("q")
    desk.after(30)
    desk.do("set_available", "jimin")
    assert desk.state("jimin") == "available"
    desk.after(60)
    assert desk.rings_at("q") == "jimin"


def test_request_stays_accepted_if_the_member_enters_in_time(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("entered", "q")
    desk.after(31)
    assert desk.request("q") == "accepted"


def test_request_requeues_first_without_the_owner_it_lost(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("disconnect", "jimin")
    desk.after(30)
    assert ("jimin", "signed_out", "lease") in desk.told()
    assert desk.request("q") == "accepted"
    desk.ask("older", ago=600)
    desk.do("requeue", "q")
    assert desk.told()[-1] == ("q", "waiting", "owner_lost")
    desk.staff("jimin")
    assert desk.rings_at("older") == "jimin"
    desk.staff("suho")
    assert desk.rings_at("q") == "suho"


def test_requeue_sends_a_connected_owner_to_wrap_up(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("requeue", "q")
    assert desk.state("jimin") == "wrap_up"
    assert desk.request("q") == "waiting"


def test_request_marked_first_goes_before_any_priority(desk):
    desk.ask("urgent", priority=100)
    desk.ask("first", first=True)
    desk.staff("jimin")
    assert desk.rings_at("first") == "jimin"


def test_priorities_are_bounded(desk):
    with pytest.raises(ValueError, match="priority"):
        desk.ask("q", priority=101)
    assert desk.request("q") is None


# --- final and refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["complete", "cancel", "unserved"])
def test_final_request_stays_final(desk, end):
    if end == "complete":
        desk.staff("jimin")
    desk.ask("q")
    if end == "complete":
        desk.serve("q")
    desk.do(end, "q")
    for step in ("cancel", "suspend", "resume", "entered", "requeue", "complete", "release", "unserved"):
        with pytest.raises(Refused, match="wrong_state"):
            desk.do(step, "q")
    with pytest.raises(Refused, match="duplicate"):
        desk.ask("q")


REFUSED = {
    "waiting": ["resume", "entered", "requeue", "complete", "release"],
    "suspended": ["suspend", "entered", "requeue", "complete", "release", "unserved"],
    "reserved": ["resume", "entered", "requeue", "complete", "release", "unserved"],
    "accepted": ["suspend", "resume", "cancel", "unserved"],
}


@pytest.mark.parametrize(("state", "step"), [(state, step) for state, steps in REFUSED.items() for step in steps])
def test_transition_outside_the_table_is_refused_and_changes_nothing(desk, state, step):
    if state in ("reserved", "accepted"):
        desk.staff("jimin")
    desk.ask("q")
    if state == "suspended":
        desk.do("suspend", "q")
    if state == "accepted":
        desk.accept("q")
    before = desk.engine.snapshot()
    assert before.requests["q"].state == state
    with pytest.raises(Refused, match="wrong_state"):
        desk.do(step, "q")
    assert desk.engine.snapshot() == before


def test_unknown_names_are_refused(desk):
    for step in ("cancel", "suspend", "resume", "entered", "requeue", "complete", "release", "unserved", "set_available",
                 "set_away", "wrapped_up", "disconnect", "sign_out"):  # fmt: skip
        with pytest.raises(Refused, match="unknown"):
            desk.do(step, "nobody")
    with pytest.raises(Refused, match="not_pending"):
        desk.do("accept", "r1")
    assert desk.engine.place("nobody", desk.now) is None


def test_second_request_with_the_same_id_is_refused(desk):
    desk.ask("q")
    with pytest.raises(Refused, match="duplicate"):
        desk.ask("q")


def test_open_requests_are_bounded(desk_with):
    desk = desk_with(max_requests=2)
    desk.ask("a")
    desk.ask("b")
    with pytest.raises(Refused, match="full"):
        desk.ask("c")
    desk.do("cancel", "a")
    desk.ask("c")
    assert desk.request("c") == "waiting"


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_answer_after_the_ring_ended_is_refused_even_before_the_sweep(desk, answer):
    desk.staff("jimin")
    desk.ask("q")
    reservation = desk.reservation("q")
    desk.now += 20_000
    with pytest.raises(Refused, match="not_pending"):
        desk.do(answer, reservation)


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_repeated_answer_is_refused(desk, answer):
    desk.staff("jimin")
    desk.ask("q")
    reservation = desk.reservation("q")
    desk.do(answer, reservation)
    before = desk.engine.snapshot()
    with pytest.raises(Refused, match="not_pending"):
        desk.do(answer, reservation)
    assert desk.engine.snapshot() == before


def test_stale_fence_changes_nothing(desk):
    desk.staff("jimin")
    desk.ask("q")
    rung = next(event for event in desk.events if isinstance(event, Reserved))
    with pytest.raises(Refused, match="stale_fence"):
        desk.engine.accept(rung.reservation, desk.now, rung.fence - 1)
    with pytest.raises(Refused, match="stale_fence"):
        desk.engine.decline(rung.reservation, desk.now, fence=rung.fence - 1)
    assert desk.rings_at("q") == "jimin"
    desk.engine.accept(rung.reservation, desk.now, rung.fence)
    assert desk.request("q") == "accepted"


def test_fences_grow_with_every_event_and_follow_the_clock_in_microseconds(desk):
    desk.staff("jimin")
    desk.ask("q")
    fences = [event.fence for event in desk.events]
    assert fences == sorted(set(fences))
    assert fences[0] >= desk.now * 1000
    desk.now -= 60_000  # somebody sets the clock back
    desk.decline("q")
    assert desk.events[0].fence > fences[-1]
    assert all(isinstance(event.at_ms, int) and event.at_ms >= desk.now + 60_000 for event in desk.events)


def test_request_dated_in_the_future_waits_from_now(desk):
    desk.ask("q", ago=-3600)
    assert desk.engine.request_status("q").request.enqueued_at_ms == desk.now


# --- hand-over and release --------------------------------------------------------------------------------------------


def hand_over_ready(desk):
    desk.staff("jimin")
    desk.staff("drhan", role="professional")
    desk.ask("q")
    desk.serve("q")
    desk.ask("help", kind="help", excluded={"jimin"})
    desk.serve("help")


def test_handover_moves_the_session_and_its_load(desk):
    hand_over_ready(desk)
    desk.do("transfer_owner", "q", "drhan")
    assert desk.engine.request_status("q").staff == "drhan"
    assert desk.state("jimin") == "wrap_up"
    assert desk.load("drhan") == 2
    desk.do("release", "help")
    assert (desk.load("drhan"), desk.state("drhan")) == (1, "busy")
    desk.do("complete", "q")
    assert desk.state("drhan") == "wrap_up"


def test_handover_works_after_the_counselor_was_signed_out(desk):
    hand_over_ready(desk)
    desk.do("disconnect", "jimin")
    desk.after(30)
    desk.do("transfer_owner", "q", "drhan")
    desk.staff("jimin", available=False)
    assert (desk.load("drhan"), desk.load("jimin")) == (2, 0)


def test_handover_to_a_disconnected_or_unknown_member_is_refused(desk):
    hand_over_ready(desk)
    with pytest.raises(Refused, match="unknown"):
        desk.do("transfer_owner", "q", "nobody")
    desk.do("disconnect", "drhan")
    with pytest.raises(Refused, match="wrong_state"):
        desk.do("transfer_owner", "q", "drhan")
    assert desk.do("transfer_owner", "q", "jimin") == []


def test_release_frees_without_wrap_up_and_matches_at_once(desk):
    desk.staff("drhan", role="professional")
    desk.ask("help", kind="help")
    desk.serve("help")
    desk.ask("next", kind="help")
    desk.do("release", "help")
    assert ("help", "completed", "released") in desk.told()
    assert desk.rings_at("next") == "drhan"


def test_professionals_get_only_help_and_counselors_only_user_requests(desk):
    desk.staff("drhan", role="professional")
    desk.ask("user")
    assert desk.request("user") == "waiting"
    desk.staff("jimin")
    assert desk.rings_at("user") == "jimin"
    desk.ask("help", kind="help", excluded={"jimin"})
    assert desk.rings_at("help") == "drhan"
    assert not [event for event in desk.events if isinstance(event, StaffChanged) and event.staff == "jimin"]
