"""Check every row of the state table for staff."""

from __future__ import annotations

import pytest

from matcher.types import Refused, StaffChanged


def until(desk, staff):
    return next(event.until_ms for event in desk.events if isinstance(event, StaffChanged) and event.staff == staff)


# --- away, available --------------------------------------------------------------------------------------------------


def test_signed_in_member_starts_away(desk):
    desk.staff("jimin", available=False)
    assert desk.told() == [("jimin", "away", "")]
    desk.ask("q")
    assert desk.request("q") == "waiting"


def test_member_can_go_available_away_and_sign_out(desk):
    desk.staff("jimin", available=False)
    desk.do("set_available", "jimin")
    assert desk.told() == [("jimin", "available", "")]
    desk.do("set_away", "jimin")
    assert desk.told() == [("jimin", "away", "")]
    desk.do("sign_out", "jimin")
    assert desk.told() == [("jimin", "signed_out", "")]


def test_pressing_a_button_twice_changes_nothing(desk):
    desk.staff("jimin")
    assert desk.do("set_available", "jimin") == []
    desk.do("set_away", "jimin")
    assert desk.do("set_away", "jimin") == []


def test_available_member_can_sign_out(desk):
    desk.staff("jimin")
    desk.do("sign_out", "jimin")
    assert desk.state("jimin") == "signed_out"
    desk.ask("q")
    assert desk.request("q") == "waiting"


def test_signing_in_again_renews_the_lease_and_updates_skills(desk):
    desk.staff("jimin", "cameras")
    desk.ask("q", ("audio",))
    assert desk.rings_at("q") == "jimin"  # in the widest tier, because nobody else is there
    desk.decline("q")
    desk.do("sign_in", desk.skills("jimin", "audio", languages=("ko", "en")))
    desk.ask("english", ("audio",), language="en")
    assert desk.rings_at("english") == "jimin"
    assert desk.why().ring == "exact"


def test_new_skills_are_matched_at_once(desk):
    desk.staff("jimin")
    desk.ask("english", language="en")
    desk.do("sign_in", desk.skills("jimin", languages=("en",)))
    assert desk.rings_at("english") == "jimin"


def test_member_gets_only_listed_languages_and_sites(desk):
    desk.staff("jimin", "*")
    desk.ask("english", language="en", ago=3600)
    desk.ask("elsewhere", site="other", ago=3600)
    desk.after(29)
    assert desk.state("jimin") == "available"


def test_member_for_all_sites_and_categories_serves_any(desk):
    desk.staff("jimin", "*", sites=("*",))
    desk.ask("q", ("anything",), site="anywhere")
    assert desk.rings_at("q") == "jimin"
    assert desk.why().ring == "exact"


# --- reserved ---------------------------------------------------------------------------------------------------------


def test_reserved_member_shows_when_the_ring_ends(desk):
    desk.staff("jimin")
    desk.ask("q")
    assert until(desk, "jimin") == desk.now + 20_000


def test_ringing_member_can_only_answer(desk):
    desk.staff("jimin")
    desk.ask("q")
    for step in ("set_available", "set_away", "wrapped_up"):
        with pytest.raises(Refused, match="wrong_state"):
            desk.do(step, "jimin")


def test_disconnecting_while_ringing_passes_the_ring_on(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.staff("suho")
    desk.do("disconnect", "jimin")
    assert ("jimin", "lost", "") in desk.told()
    assert desk.rings_at("q") == "suho"


def test_signing_out_while_ringing_passes_the_ring_on(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.do("sign_out", "jimin")
    assert desk.request("q") == "waiting"
    assert desk.state("jimin") == "signed_out"


# --- busy, wrap-up ----------------------------------------------------------------------------------------------------


def test_busy_member_can_neither_sign_out_nor_wrap_up(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    with pytest.raises(Refused, match="busy"):
        desk.do("sign_out", "jimin")
    with pytest.raises(Refused, match="wrong_state"):
        desk.do("wrapped_up", "jimin")


def test_operator_signs_out_busy_member_and_request_awaits_a_decision(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("sign_out", "jimin", force=True)
    assert desk.told() == [("jimin", "signed_out", "forced")]
    assert desk.request("q") == "accepted"
    desk.do("complete", "q")
    assert desk.request("q") is None
    desk.staff("jimin", available=False)
    assert desk.load("jimin") == 0


def test_wrap_up_times_out_to_away(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("complete", "q")
    assert until(desk, "jimin") == desk.now + 120_000
    desk.after(119.999)
    assert desk.state("jimin") == "wrap_up"
    desk.after(0.001)
    assert desk.told() == [("jimin", "away", "wrap_up")]


@pytest.mark.parametrize(("available", "state"), [(True, "available"), (False, "away")])
def test_finishing_wrap_up_leads_to_available_or_away(desk, available, state):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("complete", "q")
    desk.do("wrapped_up", "jimin", available=available)
    assert desk.state("jimin") == state
    with pytest.raises(Refused, match="wrong_state"):
        desk.do("wrapped_up", "jimin")
    desk.after(120)
    assert desk.state("jimin") == state


def test_finishing_wrap_up_takes_the_next_request_in_the_same_step(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.ask("next")
    desk.do("complete", "q")
    assert desk.request("next") == "waiting"
    desk.do("wrapped_up", "jimin")
    assert desk.rings_at("next") == "jimin"


@pytest.mark.parametrize(("step", "state"), [("set_available", "available"), ("set_away", "away"), ("sign_out", "signed_out")])
def test_member_can_leave_wrap_up_early(desk, step, state):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("complete", "q")
    desk.do(step, "jimin")
    assert desk.state("jimin") == state


# --- disconnected -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("former", ["away", "available", "busy", "wrap_up"])
def test_reconnected_member_returns_to_the_former_state(desk, former):
    desk.staff("jimin", available=former != "away")
    if former in ("busy", "wrap_up"):
        desk.ask("q")
        desk.serve("q")
    if former == "wrap_up":
        desk.do("complete", "q")
    desk.do("disconnect", "jimin")
    assert desk.told() == [("jimin", "lost", "")]
    assert until(desk, "jimin") == desk.now + 30_000
    desk.after(29.999)
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.told() == [("jimin", former, "")]


def test_member_disconnected_while_ringing_returns_available(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.do("disconnect", "jimin")
    desk.do("cancel", "q")
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.state("jimin") == "available"


def test_returning_member_takes_the_next_request_in_the_same_step(desk):
    desk.staff("jimin")
    desk.do("disconnect", "jimin")
    desk.ask("q")
    assert desk.request("q") == "waiting"
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.rings_at("q") == "jimin"


def test_disconnected_member_is_signed_out_after_thirty_seconds(desk):
    desk.staff("jimin")
    desk.do("disconnect", "jimin")
    assert desk.engine.next_deadline_ms() == desk.now + 30_000
    desk.do("renew", ["jimin"])  # a connection that has closed sends a late renewal
    desk.after(29.999)
    assert desk.state("jimin") == "lost"
    desk.after(0.001)
    assert desk.told() == [("jimin", "signed_out", "lease")]


def test_disconnected_member_cannot_change_state(desk):
    desk.staff("jimin")
    desk.do("disconnect", "jimin")
    for step in ("set_available", "set_away", "wrapped_up"):
        with pytest.raises(Refused, match="wrong_state"):
            desk.do(step, "jimin")
    assert desk.do("disconnect", "jimin") == []


def test_disconnected_busy_member_keeps_the_load_until_the_lease_ends(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("disconnect", "jimin")
    assert (desk.state("jimin"), desk.load("jimin")) == ("lost", 1)
    desk.after(30)
    assert desk.told() == [("jimin", "signed_out", "lease")]
    assert desk.request("q") == "accepted"
    desk.staff("jimin", available=False)
    assert (desk.state("jimin"), desk.load("jimin")) == ("busy", 1)


def test_unrenewed_lease_ends(desk):
    desk.staff("jimin")
    desk.after(20, renewing=False)
    desk.do("renew", ["jimin", "nobody"])
    desk.after(29.999, renewing=False)
    assert desk.state("jimin") == "available"
    desk.after(0.001, renewing=False)
    assert desk.told() == [("jimin", "lost", ""), ("jimin", "signed_out", "lease")]


def test_wrap_up_ending_while_disconnected_returns_to_away(desk_with):
    desk = desk_with(wrap_up_ms=10_000)
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("complete", "q")
    desk.do("disconnect", "jimin")
    assert desk.after(10) == []
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.told() == [("jimin", "away", "")]


def test_member_who_never_entered_stays_disconnected_until_lease_ends(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.accept("q")
    desk.after(1)
    desk.do("disconnect", "jimin")
    desk.after(29)
    assert ("q", "waiting", "never_entered") in desk.told()
    assert (desk.state("jimin"), desk.load("jimin")) == ("lost", 0)


# --- capacity ---------------------------------------------------------------------------------------------------------


def test_member_with_capacity_three_rings_once_at_a_time(desk):
    desk.staff("jimin", calls=3)
    for name in ("a", "b", "c", "d"):
        desk.ask(name)
    assert [desk.request(name) for name in "abcd"] == ["reserved", "waiting", "waiting", "waiting"]
    desk.accept("a")
    assert desk.rings_at("b") == "jimin"
    desk.accept("b")
    desk.accept("c")
    assert (desk.request("d"), desk.load("jimin"), desk.state("jimin")) == ("waiting", 3, "busy")


def test_load_counts_reservations_and_live_sessions(desk):
    desk.staff("jimin", calls=2)
    desk.ask("a")
    assert desk.load("jimin") == 1
    desk.accept("a")
    desk.ask("b")
    assert (desk.load("jimin"), desk.state("jimin")) == (2, "reserved")


def test_only_the_last_of_two_sessions_leads_to_wrap_up(desk):
    desk.staff("jimin", calls=2)
    for name in ("a", "b"):
        desk.ask(name)
        desk.serve(name)
    desk.ask("c")
    desk.do("complete", "a")
    assert desk.rings_at("c") == "jimin"
    desk.decline("c")
    desk.do("complete", "b")
    assert desk.state("jimin") == "wrap_up"


def test_busy_member_with_capacity_can_pause_and_resume_rings(desk):
    desk.staff("jimin", calls=2)
    desk.ask("a")
    desk.serve("a")
    desk.do("set_away", "jimin")
    desk.ask("b")
    assert (desk.request("b"), desk.state("jimin")) == ("waiting", "busy")
    desk.do("set_available", "jimin")
    assert desk.rings_at("b") == "jimin"


def test_choice_of_a_busy_member_is_told_and_keeps_their_time(desk):
    desk.staff("jimin", calls=2)
    desk.ask("a")
    desk.serve("a")
    since = desk.engine.staff_status("jimin").since_ms
    desk.after(5)
    (told,) = desk.do("set_away", "jimin")
    assert (told.state, told.ready) == ("busy", False)
    status = desk.engine.staff_status("jimin")
    assert (status.since_ms, status.ready) == (since, False)
    assert desk.do("set_away", "jimin") == []


def test_missed_ring_stops_further_rings_while_busy(desk):
    desk.staff("jimin", calls=2)
    desk.ask("a")
    desk.serve("a")
    desk.ask("b")
    desk.after(20)
    assert ("jimin", "busy", "missed") in desk.told()
    desk.ask("c")
    assert desk.request("c") == "waiting"


@pytest.mark.parametrize(("texts", "calls"), [(0, 0), (-1, 2), (1001, 1)])
def test_capacity_out_of_bounds_raises(desk, texts, calls):
    with pytest.raises(ValueError, match="capacity"):
        desk.staff("jimin", texts=texts, calls=calls)


# --- texts and calls ----------------------------------------------------------------------------------------------------


def text(desk, name, **more):
    desk.ask(name, medium="text", **more)


def test_three_texts_fit_beside_a_call(desk):
    desk.staff("jimin")
    desk.ask("call")
    desk.serve("call")
    for name in ("a", "b", "c"):
        text(desk, name)
        desk.serve(name)
    text(desk, "d")
    desk.ask("second call")
    assert (desk.request("d"), desk.request("second call")) == ("waiting", "waiting")
    status = desk.engine.staff_status("jimin")
    assert (status.texts, status.calls, status.load) == (3, 1, 4)
    desk.do("complete", "b")
    assert desk.rings_at("d") == "jimin"


def test_call_rings_beside_full_texts_even_if_texts_came_first(desk):
    desk.staff("jimin", texts=1)
    text(desk, "a")
    desk.serve("a")
    text(desk, "b")
    desk.ask("call")
    assert (desk.request("b"), desk.rings_at("call")) == ("waiting", "jimin")


def test_member_can_refuse_new_texts_during_a_call(desk):
    desk.staff("jimin", texts_in_call=False)
    desk.ask("call")
    desk.serve("call")
    text(desk, "a")
    assert desk.request("a") == "waiting"
    desk.do("complete", "call")
    desk.do("wrapped_up", "jimin")
    assert desk.rings_at("a") == "jimin"


def test_text_goes_to_who_is_in_no_call_before_who_has_fewer_texts(desk):
    desk.staff("jimin")
    desk.ask("call")
    desk.serve("call")
    desk.staff("suho")
    for name in ("a", "b"):
        text(desk, name)
        desk.serve(name)
    assert desk.load("suho") == 2
    desk.do("complete", "call")
    desk.do("wrapped_up", "jimin")
    text(desk, "c")
    assert desk.rings_at("c") == "jimin"


def test_wider_tier_opens_at_once_if_specialists_take_no_texts(desk):
    desk.staff("lenses", "lenses", texts=0)
    desk.staff("audio", "audio")
    text(desk, "a")
    assert desk.rings_at("a") == "audio"
    assert {passed.staff: passed.reason for passed in desk.why().passed_over} == {"lenses": "channel"}


def test_reasons_name_full_texts_and_texts_refused_during_a_call(desk):
    desk.staff("full", texts=2)
    for name in ("a", "b"):
        text(desk, name)
        desk.serve(name)
    desk.staff("calls", texts_in_call=False)
    desk.ask("call", only="calls")
    desk.serve("call")
    desk.staff("free")
    text(desk, "c")
    assert {passed.staff: passed.reason for passed in desk.why().passed_over} == {"full": "full", "calls": "in_call"}


def test_text_that_becomes_a_call_takes_the_place_of_a_call(desk):
    desk.staff("jimin", texts=1)
    text(desk, "a")
    desk.serve("a")
    desk.do("becomes_call", "a")
    text(desk, "b")
    assert desk.rings_at("b") == "jimin"
    desk.decline("b")
    desk.ask("call")
    assert desk.request("call") == "waiting"


def test_waiting_text_that_becomes_a_call_keeps_its_time(desk):
    desk.staff("jimin", available=False)
    desk.ask("early", ago=30)
    text(desk, "a", ago=20)
    desk.ask("late", ago=10)
    desk.do("becomes_call", "a")
    assert desk.engine.place("a", desk.now).place == 2
    assert desk.engine.place("late", desk.now).place == 3


def test_ring_ends_if_it_becomes_a_call_for_a_member_in_a_call(desk):
    desk.staff("jimin")
    desk.ask("call")
    desk.serve("call")
    text(desk, "a")
    desk.do("becomes_call", "a")
    assert ("a", "waiting", "channel") in desk.told()
    desk.staff("suho")
    assert desk.rings_at("a") == "suho"


def test_ring_goes_on_if_its_member_has_room_for_the_call(desk):
    desk.staff("jimin")
    text(desk, "a")
    desk.do("becomes_call", "a")
    assert (desk.told(), desk.rings_at("a")) == ([], "jimin")


def test_texts_and_calls_wait_apart(desk):
    desk.staff("jimin", available=False)
    for number in range(3):
        desk.ask(f"call {number}")
    text(desk, "a")
    assert desk.engine.place("a", desk.now).place == 1
    told = desk.engine.estimate("user", "shop", "ko", ("lenses", "cameras"), desk.now, medium="text")
    assert (told.place, told.staffed) == (2, True)


def test_what_is_held_while_signed_out_can_become_a_call(desk):
    desk.staff("jimin", texts=1)
    text(desk, "a")
    desk.serve("a")
    desk.do("sign_out", "jimin", force=True)
    desk.do("becomes_call", "a")
    desk.staff("jimin", texts=1)
    status = desk.engine.staff_status("jimin")
    assert (status.texts, status.calls) == (0, 1)


# --- users who left the page ----------------------------------------------------------------------------------------------


def test_user_who_left_frees_their_place_and_gets_it_back(desk):
    desk.staff("jimin", texts=1)
    text(desk, "a")
    desk.serve("a")
    text(desk, "b")
    desk.do("set_aside", "a")
    assert (desk.rings_at("b"), desk.request("a")) == ("jimin", "accepted")
    desk.serve("b")
    assert desk.do("take_back", "a") == []
    status = desk.engine.staff_status("jimin")
    assert (status.texts, status.load) == (2, 2)
    text(desk, "c")
    desk.do("complete", "b")
    assert desk.request("c") == "waiting"
    desk.do("complete", "a")
    desk.do("wrapped_up", "jimin")
    assert desk.rings_at("c") == "jimin"


def test_member_whose_only_user_left_is_available(desk):
    desk.staff("jimin")
    text(desk, "a")
    desk.serve("a")
    desk.do("set_aside", "a")
    assert desk.told() == [("jimin", "available", "")]
    assert desk.do("set_aside", "a") == []
    with pytest.raises(Refused, match="busy"):
        desk.do("sign_out", "jimin")
    desk.do("take_back", "a")
    assert desk.told() == [("jimin", "busy", "")]


def test_end_without_the_user_leads_to_no_wrap_up(desk):
    desk.staff("jimin")
    text(desk, "a")
    desk.serve("a")
    desk.do("set_aside", "a")
    desk.do("complete", "a")
    assert desk.told() == [("a", "completed", "")]
    assert desk.state("jimin") == "available"


def test_user_who_left_stays_set_aside_while_their_counselor_is_signed_out(desk):
    desk.staff("jimin")
    text(desk, "a")
    desk.serve("a")
    desk.do("sign_out", "jimin", force=True)
    desk.do("set_aside", "a")
    desk.staff("jimin")
    assert (desk.state("jimin"), desk.load("jimin")) == ("available", 0)


def test_user_who_left_stays_set_aside_after_a_hand_over(desk):
    desk.staff("jimin")
    text(desk, "a")
    desk.serve("a")
    desk.staff("suho")
    desk.do("set_aside", "a")
    desk.do("transfer_owner", "a", "suho")
    assert (desk.load("suho"), desk.state("jimin")) == (0, "available")
    desk.do("take_back", "a")
    assert desk.load("suho") == 1


def test_requeued_request_takes_a_place_again(desk):
    desk.staff("jimin")
    text(desk, "a")
    desk.serve("a")
    desk.do("set_aside", "a")
    desk.staff("suho")
    desk.do("requeue", "a")
    desk.serve("a")
    assert desk.load("suho") == 1


@pytest.mark.parametrize("state", ["waiting", "reserved"])
def test_only_an_accepted_request_can_be_set_aside(desk, state):
    if state == "reserved":
        desk.staff("jimin")
    text(desk, "a")
    for step in ("set_aside", "take_back"):
        with pytest.raises(Refused, match="wrong_state"):
            desk.do(step, "a")
