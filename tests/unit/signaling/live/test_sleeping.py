"""If too many conversations sleep, the server closes some that belong to the organisation with the most sleeping conversations.

The server first closes those that have slept longest.
"""

from __future__ import annotations

from signaling.live.sleeping import too_many


def test_nothing_closes_while_there_is_room() -> None:
    assert too_many(["a", "b", "a"], 3) == []


def test_only_organisation_loses_those_that_slept_longest() -> None:
    assert too_many(["a"] * 5, 3) == [0, 1]


def test_organisation_with_few_conversations_keeps_its_oldest() -> None:
    asleep = ["small", *["large"] * 6, "small"]
    assert too_many(asleep, 5) == [1, 2, 3]


def test_two_large_organisations_lose_by_turns() -> None:
    found = too_many(["a", "b"] * 4 + ["c"], 5)
    assert sorted(found) == [0, 1, 2, 3], "c keeps its only one"
