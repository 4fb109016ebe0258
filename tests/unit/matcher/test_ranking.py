"""The tests check to which staff a request is offered and when, the order of the queue, and the reasons given for a choice."""

from __future__ import annotations

from matcher.types import PassedOver


def passed(desk):
    return {each.staff: each.reason for each in desk.why().passed_over}


# --- tiers ------------------------------------------------------------------------------------------------------------


def test_exact_category_is_preferred_to_its_parent(desk):
    desk.staff("general", "cameras")
    desk.after(60)
    desk.staff("lens", "lenses")
    desk.ask("q")
    assert desk.rings_at("q") == "lens"
    assert desk.why().ring == "exact"
    assert passed(desk) == {"general": "category"}


def test_tiers_widen_after_15_and_30_seconds(desk):
    desk.staff("lens", "lenses", available=False)
    desk.staff("general", "cameras", available=False)
    desk.staff("audio", "audio")
    desk.ask("q")
    assert desk.engine.next_deadline_ms() == desk.now + 30_000
    desk.do("set_available", "general")
    assert desk.engine.next_deadline_ms() == desk.now + 15_000
    assert desk.after(14.999) == []
    desk.after(0.001)
    assert desk.rings_at("q") == "general"
    assert desk.why().ring == "parent"
    assert passed(desk) == {"lens": "away", "audio": "category"}
    desk.decline("q")
    assert desk.after(14.999) == []
    desk.after(0.001)
    assert desk.rings_at("q") == "audio"
    assert desk.why().ring == "any"


def test_tier_widens_at_once_when_no_specialist_is_signed_in(desk):
    desk.staff("audio", "audio")
    desk.ask("q")
    assert desk.rings_at("q") == "audio"


def test_tier_widens_when_the_last_specialist_signs_out(desk):
    desk.staff("lens", "lenses", available=False)
    desk.staff("audio", "audio")
    desk.ask("q")
    assert desk.request("q") == "waiting"
    desk.do("sign_out", "lens")
    assert desk.rings_at("q") == "audio"


def test_tier_widens_when_the_only_specialist_declines(desk):
    desk.staff("audio", "audio")
    desk.staff("lens", "lenses")
    desk.ask("q")
    assert desk.rings_at("q") == "lens"
    desk.decline("q")
    assert desk.rings_at("q") == "audio"
    assert passed(desk) == {"lens": "excluded"}


def test_disconnected_specialist_holds_the_tier_until_the_lease_ends(desk_with):
    desk = desk_with(any_after_ms=3_600_000)
    desk.staff("lens", "lenses", available=False)
    desk.staff("audio", "audio")
    desk.do("disconnect", "lens")
    desk.ask("q")
    assert desk.request("q") == "waiting"
    desk.after(30)
    assert desk.rings_at("q") == "audio"


def test_tier_delays_can_be_set(desk_with):
    desk = desk_with(parent_after_ms=1_000, any_after_ms=2_000)
    desk.staff("lens", "lenses", available=False)
    desk.staff("audio", "audio")
    desk.ask("q")
    desk.after(1.999)
    assert desk.request("q") == "waiting"
    desk.after(0.001)
    assert desk.rings_at("q") == "audio"


def test_each_request_has_its_own_tier_delays(desk):
    """A later request whose tiers open sooner (`widens_ms`) is offered to staff of other categories before an earlier request."""
    desk.staff("lens", "lenses", available=False)
    desk.staff("audio", "audio", calls=2)
    desk.ask("patient", widens_ms=(60_000, 120_000))
    desk.ask("hasty", widens_ms=(1_000, 2_000))
    desk.ask("usual")
    desk.after(2)
    assert desk.rings_at("hasty") == "audio"
    desk.decline("hasty")
    desk.after(28)
    assert desk.rings_at("usual") == "audio"
    desk.decline("usual")
    assert desk.rings_at("patient") is None
    desk.after(90)
    assert desk.rings_at("patient") == "audio"


def test_wider_tier_does_not_cost_the_place_in_the_queue(desk):
    """The earlier request has waited long enough to be offered to staff of other categories.

    A member who has the later request's category serves the earlier request first.
    """
    desk.staff("lens", "lenses", available=False)
    desk.staff("audio", "audio", available=False)
    desk.ask("early", ago=30)
    desk.ask("late", ("audio",), ago=29)
    desk.do("set_available", "audio")
    assert desk.rings_at("early") == "audio"


def test_later_request_of_own_category_goes_first_before_tier_widens(desk):
    desk.staff("lens", "lenses", available=False)
    desk.staff("audio", "audio", available=False)
    desk.ask("early", ago=29)
    desk.ask("late", ("audio",), ago=10)
    desk.do("set_available", "audio")
    assert desk.rings_at("late") == "audio"


# --- the queue --------------------------------------------------------------------------------------------------------


def test_longest_waiting_goes_first_across_queues(desk):
    desk.ask("cameras", ("cameras",), ago=1)
    desk.ask("english", ago=3, language="en")
    desk.ask("lenses", ago=2)
    desk.staff("jimin", "*", languages=("ko", "en"))
    order = []
    for _ in range(3):
        request = next(name for name in ("cameras", "english", "lenses") if desk.rings_at(name))
        order.append(request)
        desk.serve(request)
        desk.do("complete", request)
        desk.do("wrapped_up", "jimin")
    assert order == ["english", "lenses", "cameras"]


def test_equal_requests_are_served_in_order_of_arrival(desk):
    names = [f"q{number}" for number in range(2000)]
    for name in names:
        desk.ask(name)
    desk.staff("jimin")
    served = []
    for name in names:
        assert desk.rings_at(name) == "jimin"
        served.append(name)
        desk.serve(name)
        desk.do("release", name)
    assert served == names


def served_in_turn(desk, *names):
    desk.staff("jimin")
    order = []
    for _ in names:
        order.append(next(name for name in names if desk.rings_at(name)))
        desk.serve(order[-1])
        desk.do("release", order[-1])
    return order


def test_one_priority_step_counts_as_a_minute_of_waiting(desk):
    desk.ask("old", ago=600)
    desk.ask("vip", priority=5)
    desk.ask("waits_a_little_longer_than_that", ago=301)
    desk.ask("and_a_little_less", ago=299)
    desk.ask("later", priority=-1)
    desk.ask("new")
    names = ("old", "vip", "waits_a_little_longer_than_that", "and_a_little_less", "later", "new")
    assert served_in_turn(desk, *names) == [
        "old",
        "waits_a_little_longer_than_that",
        "vip",
        "and_a_little_less",
        "new",
        "later",
    ]


def test_equal_ranks_are_served_in_order_of_arrival(desk):
    desk.ask("urgent", priority=1)
    desk.ask("as_long", ago=60)
    assert served_in_turn(desk, "as_long", "urgent") == ["urgent", "as_long"]


def test_stream_of_urgent_requests_does_not_starve_others(desk_with):
    """Urgent requests come twice as fast as the one counselor can serve them.

    They have a priority of 10, and each level of priority makes up for 10 s of waiting. So an urgent request passes the plain
    request only if it comes at most 100 s later, and the plain request is served in the end.
    """
    desk = desk_with(priority_step_ms=10_000)
    desk.staff("jimin")
    desk.ask("plain")
    # for a minute, the plain request is not offered to this counselor again; meanwhile, the urgent requests begin to come
    desk.decline("plain")
    passed = 0
    for number in range(200):
        desk.ask(f"urgent{number}a", priority=10)
        desk.ask(f"urgent{number}b", priority=10)
        desk.after(2)
        if desk.rings_at("plain"):
            break
        ringing = next(name for name in list(desk.engine.snapshot().requests) if desk.rings_at(name))
        passed += 1
        desk.serve(ringing)
        desk.do("release", ringing)
    assert desk.rings_at("plain") == "jimin"
    assert passed == 100, "two every two seconds, for the hundred seconds that ten steps are worth"


def test_callbacks_and_live_requests_share_one_queue(desk):
    desk.ask("callback", kind="callback", ago=20)
    desk.ask("user", ago=30)
    desk.ask("help", kind="help", ago=40)
    assert served_in_turn(desk, "callback", "user") == ["user", "callback"]
    assert not desk.rings_at("help")


def test_request_marked_first_goes_before_longer_waits(desk):
    desk.ask("old", ago=600)
    desk.ask("again", first=True)
    desk.staff("jimin")
    assert desk.rings_at("again") == "jimin"


def test_excluded_head_does_not_block_the_queue(desk):
    desk.ask("not_you", ago=60, excluded={"jimin"})
    desk.ask("next", ago=50)
    desk.staff("jimin")
    assert desk.rings_at("next") == "jimin"
    desk.staff("suho")
    assert desk.rings_at("not_you") == "suho"


def test_first_in_queue_gets_the_best_match_of_a_step(desk):
    desk.ask("b", ago=10)
    desk.ask("a", ago=20)
    desk.staff("lens", "lenses", available=False)
    desk.staff("audio1", "audio", available=False)
    desk.do("set_available", "audio1")
    assert (desk.request("a"), desk.request("b")) == ("waiting", "waiting")
    desk.do("sign_out", "lens")
    assert desk.rings_at("a") == "audio1"


# --- staff ------------------------------------------------------------------------------------------------------------


def test_least_loaded_then_longest_idle_member_is_chosen(desk):
    desk.staff("loaded", calls=3)
    desk.ask("first")
    desk.serve("first")
    desk.after(10)
    desk.staff("long")
    desk.after(10)
    desk.staff("short")
    desk.ask("q")
    assert desk.rings_at("q") == "long"
    why = desk.why()
    assert why.candidates == ("long", "short", "loaded")
    assert why.rule == "least load, then longest idle"
    assert why.passed_over == (PassedOver("short", "idle"), PassedOver("loaded", "load"))


def test_idle_time_starts_at_the_end_of_the_last_session(desk):
    desk.staff("a")
    desk.after(1)
    desk.staff("b")
    desk.ask("q")
    desk.serve("q")
    desk.after(5)
    desk.do("complete", "q")
    desk.do("wrapped_up", "a")
    desk.ask("next")
    assert desk.rings_at("next") == "b"


def test_decline_keeps_the_members_idle_time(desk):
    desk.staff("a")
    desk.after(1)
    desk.staff("b")
    desk.ask("q")
    desk.decline("q")
    desk.ask("next")
    assert (desk.rings_at("q"), desk.rings_at("next")) == ("b", "a")


# --- reasons ----------------------------------------------------------------------------------------------------------


def test_every_member_passed_over_is_listed_with_a_reason(desk):
    desk.staff("away", available=False)
    desk.staff("busy")
    desk.ask("first")
    desk.serve("first")
    desk.staff("full", calls=2)
    for name in ("second", "third"):
        desk.ask(name)
        desk.serve(name)
    desk.staff("tidying")
    desk.ask("fourth")
    desk.serve("fourth")
    desk.do("complete", "fourth")
    desk.staff("gone")
    desk.do("disconnect", "gone")
    desk.staff("english", languages=("en",))
    desk.staff("elsewhere", sites=("other",))
    desk.staff("drhan", role="professional")
    desk.staff("jimin")
    desk.ask("q")
    assert desk.rings_at("q") == "jimin"
    assert passed(desk) == {
        "away": "away",
        "busy": "busy",
        "full": "full",
        "tidying": "wrap_up",
        "gone": "lost",
        "english": "language",
        "elsewhere": "site",
    }


def test_list_of_reasons_is_bounded(desk_with):
    desk = desk_with(max_why=3)
    for number in range(20):
        desk.staff(f"s{number:02}")
        desk.now += 1
    desk.ask("q")
    assert desk.why().candidates == ("s00", "s01", "s02")
    assert desk.why().passed_over == (PassedOver("s01", "idle"), PassedOver("s02", "idle"), PassedOver("s03", "idle"))


def test_reasons_follow_the_members_from_match_to_match(desk_with):
    desk = desk_with(max_why=2)
    for name in ("a", "b"):
        desk.staff(name)
        desk.ask(f"of {name}")
        desk.serve(f"of {name}")
    desk.staff("c", calls=9)

    def reasons(request: str) -> dict[str, str]:
        desk.ask(request)
        found = passed(desk)
        desk.serve(request)
        return found

    assert reasons("1") == {"a": "busy", "b": "busy"}
    desk.do("complete", "of a")
    assert reasons("2") == {"a": "wrap_up", "b": "busy"}
    desk.do("set_away", "a")
    desk.do("disconnect", "b")
    assert reasons("3") == {"a": "away", "b": "lost"}
    desk.do("sign_in", desk.skills("b"))
    assert reasons("4") == {"a": "away", "b": "busy"}
    desk.do("sign_out", "a")
    desk.staff("d", available=False)
    assert reasons("5") == {"b": "busy", "d": "away"}


def test_rule_names_whether_request_or_staff_triggered_the_match(desk):
    desk.ask("q")
    desk.staff("jimin")
    assert desk.why().rule == "first in line, then longest waiting, priority counted as waiting"
    assert desk.why().candidates == ("jimin",)


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_empty_queues_are_dropped_above_the_limit(desk_with):
    desk = desk_with(max_queues=4)
    desk.staff("jimin", "*")
    desk.ask("kept", ("kept",), ago=60, excluded={"jimin"})
    for number in range(20):
        desk.ask(f"q{number}", (f"c{number}",))
        desk.serve(f"q{number}")
        desk.do("release", f"q{number}")
    assert len(desk.engine._book.queues.by_key) <= 4
    assert desk.request("kept") == "waiting"
    desk.staff("suho", "kept")
    assert desk.rings_at("kept") == "suho"


def test_final_requests_remembered_are_bounded(desk_with):
    desk = desk_with(max_final=10)
    for number in range(30):
        desk.ask(f"q{number}")
        desk.do("cancel", f"q{number}")
    assert len(desk.engine._book.final) == 10


# --- requests for a named member --------------------------------------------------------------------------------------


def test_named_request_rings_only_that_member_in_any_tier(desk) -> None:
    desk.staff("near", "lenses")
    desk.staff("asked", "audio")
    desk.ask("q", only="asked")
    assert desk.rings_at("q") == "asked"
    why = desk.why()
    assert (why.ring, why.rule, why.candidates) == ("any", "asked for by name", ("asked",))
    assert [(passed.staff, passed.reason) for passed in why.passed_over] == [("near", "not_asked")]


def test_named_request_waits_without_blocking_others(desk) -> None:
    desk.staff("near", "lenses")
    desk.staff("asked", "lenses")
    desk.ask("busy", only="asked")
    desk.serve("busy")
    desk.ask("q", only="asked", first=True)
    desk.ask("other")
    assert desk.rings_at("other") == "near"
    assert desk.request("q") == "waiting"
    desk.do("release", "busy")
    assert desk.rings_at("q") == "asked"


def test_named_request_is_unserved_if_member_is_out_or_lacks_language(desk) -> None:
    desk.staff("near", "lenses")
    desk.staff("foreign", "lenses", languages=("en",))
    desk.ask("q", only="asked")
    desk.ask("r", only="foreign")
    assert not desk.engine.place("q", desk.now).staffed
    assert not desk.engine.place("r", desk.now).staffed
    desk.staff("asked", "lenses")
    assert desk.rings_at("q") == "asked"


def test_named_request_opens_to_all_if_the_member_disconnects(desk) -> None:
    desk.staff("asked", "lenses")
    desk.staff("near", "lenses")
    desk.ask("q", only="asked")
    desk.serve("q")
    desk.do("requeue", "q")
    assert desk.rings_at("q") == "near"
