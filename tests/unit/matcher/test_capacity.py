"""A member of staff has only a limited number of text conversations and calls at the same time."""

from __future__ import annotations

import pytest

from matcher.types import Refused

# --- capacity -----------------------------------------------------------------------------------------------------------


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


def test_three_texts_fit_beside_a_call(desk):
    desk.staff("jimin")
    desk.ask("call")
    desk.serve("call")
    for name in ("a", "b", "c"):
        desk.text(name)
        desk.serve(name)
    desk.text("d")
    desk.ask("second call")
    assert (desk.request("d"), desk.request("second call")) == ("waiting", "waiting")
    status = desk.engine.staff_status("jimin")
    assert (status.texts, status.calls, status.load) == (3, 1, 4)
    desk.do("complete", "b")
    assert desk.rings_at("d") == "jimin"


def test_call_rings_beside_full_texts_even_if_texts_came_first(desk):
    desk.staff("jimin", texts=1)
    desk.text("a")
    desk.serve("a")
    desk.text("b")
    desk.ask("call")
    assert (desk.request("b"), desk.rings_at("call")) == ("waiting", "jimin")


def test_member_can_refuse_new_texts_during_a_call(desk):
    desk.staff("jimin", texts_in_call=False)
    desk.ask("call")
    desk.serve("call")
    desk.text("a")
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
        desk.text(name)
        desk.serve(name)
    assert desk.load("suho") == 2
    desk.do("complete", "call")
    desk.do("wrapped_up", "jimin")
    desk.text("c")
    assert desk.rings_at("c") == "jimin"


def test_wider_tier_opens_at_once_if_specialists_take_no_texts(desk):
    desk.staff("lenses", "lenses", texts=0)
    desk.staff("audio", "audio")
    desk.text("a")
    assert desk.rings_at("a") == "audio"
    assert {passed.staff: passed.reason for passed in desk.why().passed_over} == {"lenses": "channel"}


def test_reasons_name_full_texts_and_texts_refused_during_a_call(desk):
    desk.staff("full", texts=2)
    for name in ("a", "b"):
        desk.text(name)
        desk.serve(name)
    desk.staff("calls", texts_in_call=False)
    desk.ask("call", only="calls")
    desk.serve("call")
    desk.staff("free")
    desk.text("c")
    assert {passed.staff: passed.reason for passed in desk.why().passed_over} == {"full": "full", "calls": "in_call"}


def test_text_that_becomes_a_call_takes_the_place_of_a_call(desk):
    desk.staff("jimin", texts=1)
    desk.text("a")
    desk.serve("a")
    desk.do("becomes_call", "a")
    desk.text("b")
    assert desk.rings_at("b") == "jimin"
    desk.decline("b")
    desk.ask("call")
    assert desk.request("call") == "waiting"


def test_call_that_becomes_a_text_makes_room_for_a_call(desk):
    desk.staff("jimin", texts=1)
    desk.ask("a")
    desk.serve("a")
    desk.ask("b")
    desk.do("becomes_text", "a")
    assert desk.rings_at("b") == "jimin"
    desk.serve("b")
    desk.text("c")
    assert desk.request("c") == "waiting", "the only text is the former call"


def test_waiting_call_does_not_become_a_text(desk):
    desk.staff("jimin", available=False)
    desk.ask("a")
    with pytest.raises(Refused, match="wrong_state"):
        desk.do("becomes_text", "a")


def test_waiting_text_that_becomes_a_call_keeps_its_time(desk):
    desk.staff("jimin", available=False)
    desk.ask("early", ago=30)
    desk.text("a", ago=20)
    desk.ask("late", ago=10)
    desk.do("becomes_call", "a")
    assert desk.engine.place("a", desk.now).place == 2
    assert desk.engine.place("late", desk.now).place == 3


def test_ring_ends_if_it_becomes_a_call_for_a_member_in_a_call(desk):
    desk.staff("jimin")
    desk.ask("call")
    desk.serve("call")
    desk.text("a")
    desk.do("becomes_call", "a")
    assert ("a", "waiting", "channel") in desk.told()
    desk.staff("suho")
    assert desk.rings_at("a") == "suho"


def test_ring_goes_on_if_its_member_has_room_for_the_call(desk):
    desk.staff("jimin")
    desk.text("a")
    desk.do("becomes_call", "a")
    assert (desk.told(), desk.rings_at("a")) == ([], "jimin")


def test_texts_and_calls_wait_apart(desk):
    desk.staff("jimin", available=False)
    for number in range(3):
        desk.ask(f"call {number}")
    desk.text("a")
    assert desk.engine.place("a", desk.now).place == 1
    told = desk.engine.estimate("user", "shop", "ko", ("lenses", "cameras"), desk.now, medium="text")
    assert (told.place, told.staffed) == (2, True)


def test_what_is_held_while_signed_out_can_become_a_call(desk):
    desk.staff("jimin", texts=1)
    desk.text("a")
    desk.serve("a")
    desk.do("sign_out", "jimin", force=True)
    desk.do("becomes_call", "a")
    desk.staff("jimin", texts=1)
    status = desk.engine.staff_status("jimin")
    assert (status.texts, status.calls) == (0, 1)
