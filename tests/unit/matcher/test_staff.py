"""Check in which states connected staff can take which steps."""

from __future__ import annotations

import pytest

from matcher.types import Refused

# --- away, available ----------------------------------------------------------------------------------------------------


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
    assert desk.rings_at("q") == "jimin"  # no staff for "audio" are signed in, so the request rings immediately for anybody
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


# --- reserved -----------------------------------------------------------------------------------------------------------


def test_reserved_member_shows_when_the_ring_ends(desk):
    desk.staff("jimin")
    desk.ask("q")
    assert desk.until("jimin") == desk.now + 20_000


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


# --- busy, wrap-up ------------------------------------------------------------------------------------------------------


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
    assert desk.until("jimin") == desk.now + 120_000
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
