from __future__ import annotations

import pytest

from signaling.server.connection_limits import Connections, Limits, Strangers

LIMITS = Limits(most=6, each_address=3, each_address_served=5, asking_s=10, idle_s=15, idle_trusted_s=300)


def connections() -> Connections[str]:
    return Connections(LIMITS)


def test_headers_that_do_not_come_are_not_waited_for() -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.opened("b", "n", now_s=5)
    assert known.overdue(9.9) == []
    assert known.overdue(10) == ["a"]
    assert known.overdue(15) == ["a", "b"]


def test_one_that_is_served_has_no_deadline() -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.became("a", "served", 1)
    assert known.overdue(10_000) == []
    assert known.served() == ["a"]


def test_between_requests_it_is_kept_for_a_while_and_longer_for_a_proxy() -> None:
    known = connections()
    for name, network in (("proxy", ""), ("client", "n")):
        known.opened(name, network, now_s=0)
        known.became(name, "served", 1)
        known.became(name, "idle", 2)
    assert known.overdue(16.9) == []
    assert known.overdue(17) == ["client"]
    assert known.overdue(302) == ["proxy", "client"]


def test_a_further_request_has_the_deadline_of_the_first() -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.became("a", "idle", 2)
    known.became("a", "asking", 12)
    assert known.overdue(21.9) == []
    assert known.overdue(22) == ["a"]


def test_an_address_that_asks_nothing_with_many_loses_its_oldest() -> None:
    known = connections()
    assert [known.opened(name, "n", now_s=0) for name in "abc"] == [None, None, None]
    known.became("b", "idle", 1)
    assert known.opened("d", "n", now_s=2) == "b", "an idle one first"
    known.closed("b")
    assert known.opened("e", "n", now_s=3) == "a"
    known.closed("a")
    assert known.opened("other", "m", now_s=3) is None


def test_an_address_has_so_many_and_no_more() -> None:
    known = connections()
    for name in "abcde":
        known.opened(name, "n", now_s=0)
        known.became(name, "served", 0)
    assert known.opened("f", "n", now_s=0) == "f"
    known.closed("f")
    assert known.opened("other", "m", now_s=0) is None


def test_a_proxy_may_have_as_many_as_the_process() -> None:
    known = connections()
    assert [known.opened(f"c{number}", "", now_s=0) for number in range(6)] == [None] * 6


def test_a_server_of_ours_stops_counting_as_a_stranger() -> None:
    known = connections()
    for name in "abc":
        known.opened(name, "n", now_s=0)
    known.trust("a")
    known.trust("a")
    assert known.opened("d", "n", now_s=0) is None
    assert known.opened("e", "n", now_s=0) == "b"
    for name in "abcde":
        known.closed(name)
    assert len(known) == 0


def test_in_need_the_address_with_most_that_ask_nothing_gives_way() -> None:
    known = connections()
    for name, network in (("a1", "a"), ("b1", "b"), ("b2", "b"), ("b3", "b"), ("c1", "c"), ("d1", "d")):
        known.opened(name, network, now_s=0)
    assert known.opened("e1", "e", now_s=1) == "b1"


def test_who_comes_last_goes_when_everybody_is_served() -> None:
    known = connections()
    for number in range(6):
        known.opened(f"c{number}", f"n{number}", now_s=0)
        known.became(f"c{number}", "served", 0)
    assert known.opened("late", "m", now_s=1) == "late"


def test_what_is_closed_is_forgotten() -> None:
    known = connections()
    for state in ("asking", "idle", "served"):
        known.opened("a", "n", now_s=0)
        known.became("a", state, 1)
        known.closed("a")
        known.closed("a")
        known.became("a", "idle", 2)
        assert len(known) == 0
        assert known.overdue(1000) == []
        assert known.state_of("a") is None


@pytest.mark.parametrize("state", ["asking", "idle", "served"])
def test_saying_it_twice_counts_once(state: str) -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.became("a", state, 1)
    known.became("a", state, 2)
    assert known.opened("b", "n", now_s=2) is None
    assert known.opened("c", "n", now_s=2) is None


def test_sockets_without_a_hello_are_so_many_and_no_more() -> None:
    strangers = Strangers(each_address=2, most=3)
    assert [strangers.enter(network) for network in "aaabb"] == [True, True, False, True, False]
    strangers.leave("a")
    assert strangers.enter("b")
    for network in "abb":
        strangers.leave(network)
    assert [strangers.enter("a") for _ in range(3)] == [True, True, False]
