"""Tests of queue positions, expected waits and deadlines, and of restoring the queue after a restart."""

from __future__ import annotations

import pytest

from matcher.estimate import Pickups
from matcher.types import Place, Request, RequestStatus


def place(desk, name):
    return desk.engine.place(name, desk.now)


# --- positions --------------------------------------------------------------------------------------------------------


def test_positions_count_from_one_in_order_of_service(desk):
    desk.ask("b", ago=10)
    desk.ask("c", ago=5)
    desk.ask("a", priority=1)
    desk.ask("first", first=True)
    assert [place(desk, name).place for name in ("first", "a", "b", "c")] == [1, 2, 3, 4]


def test_ringing_request_is_next_and_the_others_move_up(desk):
    desk.ask("a", ago=10)
    desk.ask("b")
    desk.staff("jimin")
    assert (place(desk, "a").place, place(desk, "b").place) == (1, 1)
    desk.accept("a")
    assert place(desk, "a") is None


def test_requests_in_other_queues_count_if_they_share_specialists(desk):
    desk.staff("both", "cameras", "audio", available=False)
    desk.ask("cameras", ("cameras",), ago=10)
    desk.ask("audio", ("audio",))
    desk.ask("toys", ("toys",))
    assert (place(desk, "audio").place, place(desk, "toys").place) == (2, 1)


def test_help_and_user_requests_have_separate_positions(desk):
    desk.ask("user", ago=10)
    desk.ask("help", kind="help")
    assert place(desk, "help").place == 1


def test_staffed_means_an_eligible_member_is_signed_in(desk):
    desk.ask("q", ("toys",))
    assert not place(desk, "q").staffed
    desk.staff("english", languages=("en",))
    desk.staff("drhan", role="professional")
    assert not place(desk, "q").staffed
    desk.staff("jimin", "cameras", available=False)
    assert place(desk, "q").staffed


def test_permanently_excluded_member_does_not_count_as_staff(desk):
    desk.staff("jimin")
    desk.ask("q", excluded={"jimin", "somebody_at_home"})
    assert not place(desk, "q").staffed
    desk.staff("suho", available=False)
    assert place(desk, "q").staffed


def test_estimate_needs_no_request_and_changes_nothing(desk):
    desk.staff("jimin", available=False)
    desk.ask("q", ago=10)
    before = desk.engine.snapshot()
    assert desk.engine.estimate("user", "shop", "ko", ("lenses", "cameras"), desk.now) == Place(2, None, None, True)
    assert desk.engine.estimate("user", "shop", "fr", ("lenses", "cameras"), desk.now) == Place(1, None, None, False)
    assert desk.engine.snapshot() == before
    assert len(desk.engine._book.queues.by_key) == 1


# --- expected wait ----------------------------------------------------------------------------------------------------


def busy_day(desk, pickups, seconds_each):
    """Let one counselor accept `pickups` requests, one every `seconds_each` seconds.

    All these requests come before the first one is served, so somebody is always waiting.
    """
    desk.staff("jimin")
    for number in range(pickups):
        desk.ask(f"d{number}")
    for number in range(pickups):
        desk.after(1)
        desk.serve(f"d{number}")
        desk.after(seconds_each - 1)
        desk.do("complete", f"d{number}")
        desk.do("wrapped_up", "jimin")


def test_no_expected_wait_before_five_pickups(desk):
    busy_day(desk, 4, 60)
    desk.ask("q", excluded={"jimin"})
    assert (place(desk, "q").low_s, place(desk, "q").high_s) == (None, None)


def test_expected_wait_is_a_range_around_position_times_pickup_interval(desk):
    busy_day(desk, 12, 60)
    desk.do("set_away", "jimin")
    names = [f"q{number}" for number in range(10)]
    for name in names:
        desk.ask(name)
    places = [place(desk, name) for name in names]
    assert [each.place for each in places] == list(range(1, 11))
    for each in places:
        assert 0 <= each.low_s < each.place * 56 < each.high_s
    assert places[9].low_s > places[3].low_s
    assert places[9].high_s > places[3].high_s


def test_quiet_day_with_fast_pickups_promises_a_short_wait(desk):
    desk.staff("jimin")
    for number in range(6):
        desk.ask(f"d{number}")
        desk.after(3)
        desk.serve(f"d{number}")
        desk.do("release", f"d{number}")
        desk.after(500)
    expected = desk.engine.estimate("user", "shop", "ko", ("lenses", "cameras"), desk.now)
    assert expected.high_s <= 10


def test_expected_range_grows_while_nobody_picks_up():
    pickups = Pickups()
    for minute in range(1, 11):
        pickups.add(minute * 60_000, 0)
    at_once = pickups.range_s(1, 600_000, 600_000)
    later = pickups.range_s(1, 1_800_000, 600_000)
    assert at_once[0] <= 60 <= at_once[1]
    assert later[1] > 2 * at_once[1]


def test_pickups_older_than_an_hour_are_ignored():
    pickups = Pickups()
    for minute in range(1, 11):
        pickups.add(minute * 60_000, 0)
    assert pickups.range_s(1, 600_000 + 3_600_000, None) == (None, None)


# --- deadlines --------------------------------------------------------------------------------------------------------


def test_empty_matcher_has_no_deadline(desk):
    assert desk.engine.next_deadline_ms() is None
    desk.ask("q")
    assert desk.engine.next_deadline_ms() is None


def test_next_deadline_is_the_earliest(desk):
    desk.staff("jimin")
    desk.ask("q")
    assert desk.engine.next_deadline_ms() == desk.now + 20_000
    desk.ask("other")
    desk.do("suspend", "other")
    desk.accept("q")
    assert desk.engine.next_deadline_ms() == desk.now + 30_000


def test_late_sweep_handles_everything_overdue(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.ask("other")
    desk.do("suspend", "other")
    desk.now += 3_600_000
    desk.do("sweep")
    assert ("other", "cancelled", "lost") in desk.told()
    assert ("jimin", "signed_out", "lease") in desk.told()
    assert desk.request("q") == "waiting"
    assert desk.do("sweep") == []


# --- restart ----------------------------------------------------------------------------------------------------------


def test_restart_restores_requests_at_their_enqueue_times(desk, desk_with):
    desk.ask("old", ago=600)
    desk.ask("dropped", ago=300)
    desk.do("suspend", "dropped")
    desk.ask("held", ago=100, priority=10)
    desk.staff("jimin")
    desk.serve("held")
    desk.staff("suho")
    assert desk.rings_at("old") == "suho"
    saved = list(desk.engine.snapshot().requests.values())

    anew = desk_with()
    anew.now = desk.now + 2000
    anew.do("restore", saved)
    assert {name: status.state for name, status in anew.engine.snapshot().requests.items()} == {
        "old": "waiting",
        "dropped": "suspended",
        "held": "accepted",
    }
    assert (anew.state("jimin"), anew.load("jimin")) == ("lost", 1)
    assert anew.engine.request_status("old").request.enqueued_at_ms == desk.now - 600_000
    anew.ask("new", ago=1)
    anew.staff("suho")
    assert anew.rings_at("old") == "suho"
    anew.do("sign_in", anew.skills("jimin"))
    assert (anew.state("jimin"), anew.load("jimin")) == ("busy", 1)
    anew.do("complete", "held")
    assert anew.state("jimin") == "wrap_up"
    anew.do("resume", "dropped")
    anew.do("wrapped_up", "jimin")
    assert anew.rings_at("dropped") == "jimin"


def test_owner_who_stays_away_after_a_restart_is_signed_out(desk):
    request = Request("held", "user", "shop", "ko", ("lenses",), desk.now - 1000)
    desk.do("restore", [RequestStatus(request, "accepted", staff="jimin")])
    desk.after(30)
    assert desk.told() == [("jimin", "signed_out", "lease")]
    assert desk.request("held") == "accepted"
    desk.do("requeue", "held")
    assert desk.request("held") == "waiting"


def test_professional_with_handed_over_session_returns_to_it_after_restart(desk):
    request = Request("held", "user", "shop", "ko", ("lenses",), desk.now - 1000)
    desk.do("restore", [RequestStatus(request, "accepted", staff="drhan")])
    desk.do("sign_in", desk.skills("drhan", role="professional"))
    assert desk.engine.staff_status("drhan").role == "professional"
    assert desk.load("drhan") == 1


@pytest.mark.parametrize("state", ["completed", "unserved", "cancelled"])
def test_restart_does_not_restore_final_requests(desk, state):
    request = Request("q", "user", "shop", "ko", ("lenses",), desk.now)
    assert desk.do("restore", [RequestStatus(request, state)]) == []
    assert desk.request("q") is None


def test_restoring_twice_changes_nothing(desk):
    request = Request("q", "user", "shop", "ko", ("lenses",), desk.now)
    desk.do("restore", [RequestStatus(request, "waiting")])
    assert desk.do("restore", [RequestStatus(request, "waiting")]) == []


def test_no_wait_is_promised_while_nobody_is_signed_in(desk):
    desk.staff("jimin")
    for number in range(6):
        desk.ask(f"d{number}")
        desk.serve(f"d{number}")
        desk.do("release", f"d{number}")
    desk.ask("q", language="ko", excluded=["jimin"])
    assert desk.engine.place("q", desk.now) == Place(1, None, None, staffed=False)
    desk.staff("suho")
    desk.decline("q")
    assert desk.engine.place("q", desk.now).high_s is not None
