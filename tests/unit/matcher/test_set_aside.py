"""A request whose user has left the page is set aside: it does not count towards its counselor's capacity."""

from __future__ import annotations

import pytest

from matcher.types import Refused


def test_user_who_left_frees_their_place_and_gets_it_back(desk):
    desk.staff("jimin", texts=1)
    desk.text("a")
    desk.serve("a")
    desk.text("b")
    desk.do("set_aside", "a")
    assert (desk.rings_at("b"), desk.request("a")) == ("jimin", "accepted")
    desk.serve("b")
    assert desk.do("take_back", "a") == []
    status = desk.engine.staff_status("jimin")
    assert (status.texts, status.load) == (2, 2)
    desk.text("c")
    desk.do("complete", "b")
    assert desk.request("c") == "waiting"
    desk.do("complete", "a")
    desk.do("wrapped_up", "jimin")
    assert desk.rings_at("c") == "jimin"


def test_member_whose_only_user_left_is_available(desk):
    desk.staff("jimin")
    desk.text("a")
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
    desk.text("a")
    desk.serve("a")
    desk.do("set_aside", "a")
    desk.do("complete", "a")
    assert desk.told() == [("a", "completed", "")]
    assert desk.state("jimin") == "available"


def test_user_who_left_stays_set_aside_while_their_counselor_is_signed_out(desk):
    desk.staff("jimin")
    desk.text("a")
    desk.serve("a")
    desk.do("sign_out", "jimin", force=True)
    desk.do("set_aside", "a")
    desk.staff("jimin")
    assert (desk.state("jimin"), desk.load("jimin")) == ("available", 0)


def test_user_who_left_stays_set_aside_after_a_hand_over(desk):
    desk.staff("jimin")
    desk.text("a")
    desk.serve("a")
    desk.staff("suho")
    desk.do("set_aside", "a")
    desk.do("transfer_owner", "a", "suho")
    assert (desk.load("suho"), desk.state("jimin")) == (0, "available")
    desk.do("take_back", "a")
    assert desk.load("suho") == 1


def test_requeued_request_takes_a_place_again(desk):
    desk.staff("jimin")
    desk.text("a")
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
    desk.text("a")
    for step in ("set_aside", "take_back"):
        with pytest.raises(Refused, match="wrong_state"):
            desk.do(step, "a")
