"""Operators set the thresholds of the wallboard."""

from __future__ import annotations

import pytest

from signaling.records import Change, Threshold

from .conftest import Desk, refused

URL = "/api/operator/thresholds"


def one(figure: str, amber: float, red: float) -> dict[str, object]:
    return {"figure": figure, "amber": amber, "red": red}


async def test_new_thresholds_are_stored_shown_and_audited(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    reply = await desk.post(URL, {"thresholds": [one("waiting", 5, 12), one("level", 90, 75.5)]}, headers=ops)
    assert reply.status == 200
    stored = sorted(await desk.records.thresholds(), key=lambda each: each.figure)
    assert stored == [Threshold(figure="level", amber=90, red=75.5), Threshold(figure="waiting", amber=5, red=12)]
    assert desk.live.new_thresholds == 1
    [entry] = [each for each in (await desk.records.audits())[0] if each.action == "thresholds.save"]
    assert entry.change == Change(before={"waiting": None, "level": None}, after={"waiting": [5.0, 12.0], "level": [90.0, 75.5]})


@pytest.mark.parametrize(
    ("thresholds", "reason"),
    [
        ([one("waiting", 8, 3)], "bad_thresholds"),
        ([one("level", 60, 80)], "bad_thresholds"),
        ([one("left", 1, 2), one("left", 3, 4)], "bad_thresholds"),
        ([one("mood", 1, 2)], "bad_request"),
        ([one("left", -1, 2)], "bad_request"),
        ([{"figure": "left", "amber": 1}], "bad_request"),
    ],
)
async def test_invalid_thresholds_change_nothing(desk: Desk, thresholds: list[object], reason: str) -> None:
    ops = await desk.cookie_of("ops")
    assert await refused(await desk.post(URL, {"thresholds": thresholds}, headers=ops)) == (400, reason)
    assert await desk.records.thresholds() == []


async def test_only_operators_set_thresholds(desk: Desk) -> None:
    jimin = await desk.cookie_of("jimin")
    assert await refused(await desk.post(URL, {"thresholds": []}, headers=jimin)) == (403, "not_allowed")
