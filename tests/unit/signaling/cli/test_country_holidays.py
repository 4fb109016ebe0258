"""The days on which offices are closed, for each country and year."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from signaling.records.country_holidays import NoHolidays, closed_days, fill
from tests.unit.signaling.cli.commands import a_shop, as_json, done, run

pytestmark = pytest.mark.slow

HOURS = ("--timezone", "Asia/Seoul", "--open", "mon-sun=09:00-18:00")
# The days are from the almanac of the Korea Astronomy and Space Science Institute.
SEOLLAL = {2026: "02-17", 2027: "02-07", 2028: "01-27"}
CHUSEOK = {2026: "09-25", 2027: "09-15", 2028: "10-03"}
SUBSTITUTES = ["2026-03-02", "2026-05-25", "2026-08-17", "2026-10-05", "2027-02-09", "2027-08-16", "2027-10-04", "2027-10-11"]


@pytest.fixture
def shop(folder: Path) -> Path:
    a_shop(folder)
    done(folder, "category", "add", "shop", "cameras", "--name", "ko=카메라")
    return folder


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_seollal_and_chuseok_close_with_the_days_around_them(year: int) -> None:
    days = closed_days("KR", [year])
    for feast in (SEOLLAL[year], CHUSEOK[year]):
        at = days.index(f"{year}-{feast}")
        month, day = feast.split("-")
        assert days[at - 1 : at + 2] == [f"{year}-{month}-{int(day) + offset:02}" for offset in (-1, 0, 1)]


def test_substitute_holidays_close_too() -> None:
    days = closed_days("KR", [2027, 2026])
    assert set(SUBSTITUTES) <= set(days)
    assert {"2026-01-01", "2026-03-01", "2026-05-05", "2026-06-06", "2026-10-09", "2026-12-25"} <= set(days)
    assert days == sorted(days)
    assert {day[:4] for day in days} == {"2026", "2027"}


def test_parts_of_a_country_have_holidays_of_their_own() -> None:
    assert set(closed_days("DE-BY", [2027])) - set(closed_days("DE", [2027])) >= {"2027-01-06", "2027-11-01"}


@pytest.mark.parametrize(
    ("place", "told"),
    [("XX", "“XX”"), ("PUBLIC", "“PUBLIC”"), ("JAN", "“JAN”"), ("DE-ZZ", "BY"), ("", "“”"), ("KR-11", "part"), ("KR-", None)],
)
def test_an_unknown_place_is_refused_with_a_reason(place: str, told: str | None) -> None:
    if told is None:
        assert closed_days(place, [2026])
        return
    with pytest.raises(NoHolidays, match=told):
        closed_days(place, [2026])


def test_what_was_said_of_a_day_stays() -> None:
    said = {"12-25": ["10:00-12:00"], "2026-01-01": ["09:00-10:00"]}
    assert fill(said, ["2026-01-01", "2026-12-25", "2026-03-01"]) == said | {"2026-03-01": []}


def test_holidays_fill_the_closed_days(shop: Path) -> None:
    shown = as_json(shop, "category", "hours", "shop", "cameras", *HOURS, "--holidays", "kr", "--years", "2026,2027")
    assert shown["holidays"] == {day: [] for day in closed_days("KR", [2026, 2027])}


def test_holidays_alone_leave_the_other_hours(shop: Path) -> None:
    before = as_json(shop, "category", "hours", "shop", "cameras", *HOURS, "--holiday", "2028-10-03=10:00-12:00")
    after = as_json(shop, "category", "hours", "shop", "cameras", "--holidays", "KR", "--years", "2028")
    assert (after["week"], after["timezone"]) == (before["week"], before["timezone"])
    assert after["holidays"]["2028-10-03"] == ["10:00-12:00"]
    assert after["holidays"]["2028-01-27"] == []
    again = as_json(shop, "category", "hours", "shop", "cameras", "--holidays", "KR", "--years", "2028")
    assert again["holidays"] == after["holidays"]


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--holidays", "KR"), 2, "--timezone"),
        ((*HOURS, "--years", "2026"), 2, "--holidays"),
        ((*HOURS, "--holidays", "KR", "--years", "soon"), 2, "2026,2027"),
        ((*HOURS, "--holidays", "KR", "--years", "99999"), 2, "2026,2027"),
        ((*HOURS, "--holidays", "KR", "--years", "2026,,2027"), 2, "2026,2027"),
        ((*HOURS, "--holidays", "KR", "--years", ",".join(map(str, range(2026, 2040)))), 2, "At most"),
        ((*HOURS, "--holidays", "Korea", "--years", "2026"), 1, "KR or DE"),
        (("--inherit", "--holidays", "KR"), 2, "--inherit"),
    ],
)
def test_holidays_that_are_not_understood_change_nothing(shop: Path, words: tuple[str, ...], status: int, told: str) -> None:
    result = run(shop, "category", "hours", "shop", "cameras", *words)
    assert result.exit_code == status
    assert told in result.output
    assert as_json(shop, "category", "hours", "shop", "cameras")["hours"] == "always open"


def test_without_the_package_the_command_says_how_to_install_it(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("signaling.records.country_holidays.find_spec", lambda name: None if name == "holidays" else found(name))
    result = run(shop, "category", "hours", "shop", "cameras", *HOURS, "--holidays", "KR")
    assert result.exit_code == 1
    assert "pip install 'sangdam[holidays]'" in result.output
