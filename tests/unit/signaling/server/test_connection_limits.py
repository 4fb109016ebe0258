from __future__ import annotations

import pytest

from signaling.server.connection_limits import Connections, Limits, Strangers

LIMITS = Limits(most=6, each_address=3, each_address_served=5, asking_s=10, idle_s=15, idle_trusted_s=300)


def connections() -> Connections[str]:
    return Connections(LIMITS)


def test_missing_headers_are_cut_off() -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.opened("b", "n", now_s=5)
    assert known.overdue(9.9) == []
    assert known.overdue(10) == ["a"]
    assert known.overdue(15) == ["a", "b"]


def test_connection_being_served_has_no_deadline() -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.became("a", "served", 1)
    assert known.overdue(10_000) == []
    assert known.answered() == ["a"]


def test_idle_connection_is_kept_longer_for_a_proxy() -> None:
    known = connections()
    for name, network in (("proxy", ""), ("client", "n")):
        known.opened(name, network, now_s=0)
        known.became(name, "served", 1)
        known.became(name, "idle", 2)
    assert known.overdue(16.9) == []
    assert known.overdue(17) == ["client"]
    assert known.overdue(302) == ["proxy", "client"]


def test_later_request_has_the_same_header_deadline() -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.became("a", "idle", 2)
    known.became("a", "asking", 12)
    assert known.overdue(21.9) == []
    assert known.overdue(22) == ["a"]


def test_address_with_many_idle_connections_loses_the_oldest() -> None:
    known = connections()
    assert [known.opened(name, "n", now_s=0) for name in "abc"] == [None, None, None]
    known.became("b", "idle", 1)
    assert known.opened("d", "n", now_s=2) == "b", "an idle one first"
    known.closed("b")
    assert known.opened("e", "n", now_s=3) == "a"
    known.closed("a")
    assert known.opened("other", "m", now_s=3) is None


def test_connections_per_address_are_limited() -> None:
    known = connections()
    for name in "abcde":
        known.opened(name, "n", now_s=0)
        known.became(name, "served", 0)
    assert known.opened("f", "n", now_s=0) == "f"
    known.closed("f")
    assert known.opened("other", "m", now_s=0) is None


def test_proxy_is_limited_only_by_the_process() -> None:
    known = connections()
    assert [known.opened(f"c{number}", "", now_s=0) for number in range(6)] == [None] * 6


def test_own_server_does_not_count_as_a_stranger() -> None:
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


def test_full_server_drops_from_the_address_with_most_idle_connections() -> None:
    known = connections()
    for name, network in (("a1", "a"), ("b1", "b"), ("b2", "b"), ("b3", "b"), ("c1", "c"), ("d1", "d")):
        known.opened(name, network, now_s=0)
    assert known.opened("e1", "e", now_s=1) == "b1"


def test_newest_connection_is_dropped_if_all_are_being_served() -> None:
    known = connections()
    for number in range(6):
        known.opened(f"c{number}", f"n{number}", now_s=0)
        known.became(f"c{number}", "served", 0)
    assert known.opened("late", "m", now_s=1) == "late"


def test_closed_connection_is_forgotten() -> None:
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
def test_repeated_notice_counts_once(state: str) -> None:
    known = connections()
    known.opened("a", "n", now_s=0)
    known.became("a", state, 1)
    known.became("a", state, 2)
    assert known.opened("b", "n", now_s=2) is None
    assert known.opened("c", "n", now_s=2) is None


def test_websockets_without_a_hello_are_limited() -> None:
    strangers = Strangers(each_address=2, most=3)
    assert [strangers.enter(network) for network in "aaabb"] == [True, True, False, True, False]
    strangers.leave("a")
    assert strangers.enter("b")
    for network in "abb":
        strangers.leave(network)
    assert [strangers.enter("a") for _ in range(3)] == [True, True, False]
