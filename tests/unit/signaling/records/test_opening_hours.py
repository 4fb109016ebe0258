"""The opening hours of a category follow the clock of the category's own time zone."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.records import Category, Site
from signaling.records.opening_hours import BadHours, Hours, callback_times, check, is_open, may_call_back, next_opening, openings

SEOUL = "Asia/Seoul"
OFFICE = Hours(
    timezone=SEOUL,
    week={day: ["09:00-12:00", "13:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    days={"2026-12-24": ["09:00-12:00"], "12-25": [], "2027-12-25": ["10:00-11:00"]},
)


def at(text: str, zone: str = SEOUL) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def opens(text: str, hours: Hours = OFFICE) -> str:
    found = next_opening(hours, at(text, hours.timezone))
    return "" if found is None else f"{datetime.fromtimestamp(found / 1000, ZoneInfo(hours.timezone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-11-24 08:59", "2026-11-24 09:00"),
        ("2026-11-24 09:00", ""),  # the category is open
        ("2026-11-24 11:59", ""),
        ("2026-11-24 12:00", "2026-11-24 13:00"),  # lunch break
        ("2026-11-24 18:00", "2026-11-25 09:00"),
        ("2026-11-27 20:00", "2026-11-30 09:00"),  # Closed over the weekend.
        # The category is closed after a short day, on a yearly holiday, and over a weekend.
        ("2026-12-24 14:00", "2026-12-28 09:00"),
        ("2027-12-24 18:00", "2027-12-25 10:00"),  # Hours for a date of one year take precedence over those for every year.
    ],
)
def test_next_opening_is_found(now: str, opening: str) -> None:
    assert opens(now) == opening
    assert is_open(OFFICE, at(now)) == (opening == "")


def test_hours_across_midnight_are_one_opening() -> None:
    night = Hours(timezone=SEOUL, week={"fri": ["22:00-24:00"], "sat": ["00:00-02:00"]})
    assert next(openings(night, at("2026-11-28 01:00"))) == (at("2026-11-27 22:00"), at("2026-11-28 02:00"))
    assert is_open(night, at("2026-11-28 01:59"))
    assert not is_open(night, at("2026-11-28 02:00"))


def test_hours_around_the_clock_are_always_open() -> None:
    always = Hours(timezone=SEOUL, week={day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
    assert is_open(always, at("2026-11-28 00:00"))
    assert next_opening(always, at("2026-11-28 00:00")) is None


def test_local_opening_time_survives_clock_changes() -> None:
    berlin = Hours(timezone="Europe/Berlin", week={"sun": ["09:00-10:00"]})
    assert opens("2026-10-24 12:00", berlin) == "2026-10-25 09:00"  # in Berlin, 25 October 2026 has 25 hours
    sundays = [begin for begin, _ in islice(openings(berlin, at("2026-10-17 12:00", "Europe/Berlin")), 2)]
    assert sundays[1] - sundays[0] == (7 * 24 + 1) * 3_600_000
    # on the day when summer time begins, clocks go from 02:00 to 03:00, so no clock shows 02:30
    skipped = Hours(timezone="Europe/Berlin", week={"sun": ["02:30-04:00"]})
    assert is_open(skipped, at("2027-03-28 03:45", "Europe/Berlin"))


def test_category_that_never_opens_has_no_next_opening() -> None:
    assert next_opening(Hours(timezone=SEOUL), at("2026-11-24 09:00")) is None
    assert not is_open(Hours(timezone=SEOUL), at("2026-11-24 09:00"))


def test_categories_inherit_hours_and_are_open_without_any() -> None:
    site = Site(
        id="shop",
        categories={
            "cameras": Category(id="cameras", hours=OFFICE),
            "lenses": Category(id="lenses", parent="cameras"),
            "film": Category(id="film", parent="lenses", hours=Hours(timezone=SEOUL, week={"sat": ["10:00-11:00"]})),
            "audio": Category(id="audio"),
        },
    )
    assert site.hours_of("lenses") == OFFICE
    assert site.hours_of("film") != OFFICE
    assert site.hours_of("audio") is None
    assert is_open(site.hours_of("audio"), at("2026-11-29 03:00"))


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (Hours(timezone="Asia/Soul"), "no time zone"),
        (Hours(timezone="../etc"), "no time zone"),
        (Hours(timezone="Asia"), "no time zone"),
        (Hours(timezone=SEOUL, week={"mon": ["18:00-09:00"]}), "ends before"),
        (Hours(timezone=SEOUL, week={"mon": ["09:00-12:00", "11:00-13:00"]}), "overlap"),
        (Hours(timezone=SEOUL, days={"2026-02-29": []}), "no such day"),
        (Hours(timezone=SEOUL, days={"13-01": []}), "no such day"),
    ],
)
def test_invalid_hours_are_refused_with_a_sentence(hours: Hours, sentence: str) -> None:
    with pytest.raises(BadHours, match=sentence):
        check(hours)


def test_february_29_can_be_a_yearly_holiday() -> None:
    check(Hours(timezone=SEOUL, days={"02-29": []}))


@given(now=st.integers(min_value=at("2026-01-01 00:00"), max_value=at("2028-01-01 00:00")))
def test_category_is_open_from_the_next_opening_and_not_before(now: int) -> None:
    found = next_opening(OFFICE, now)
    if found is None:
        assert is_open(OFFICE, now)
    else:
        assert not is_open(OFFICE, now)
        assert is_open(OFFICE, found)
        assert not is_open(OFFICE, found - 1)


def in_seoul(moments: list[int]) -> list[str]:
    return [f"{datetime.fromtimestamp(moment / 1000, ZoneInfo(SEOUL)):%m-%d %H:%M}" for moment in moments]


def test_callbacks_are_offered_later_and_within_hours() -> None:
    lunch = Hours(timezone=SEOUL, week={"wed": ["09:00-12:00", "13:00-14:30"], "thu": ["10:00-11:00"]}, days={"11-26": []})
    offered = in_seoul(callback_times(lunch, at("2026-11-25 10:55")))
    assert offered == ["11-25 11:30", "11-25 13:00", "11-25 13:30", "11-25 14:00", *offered[4:]]
    assert offered[4] == "12-02 09:00", "not on the holiday"
    assert all(may_call_back(lunch, moment, at("2026-11-25 10:55")) for moment in callback_times(lunch, at("2026-11-25 10:55")))


def test_callback_offers_are_few_times_on_four_days() -> None:
    offered = in_seoul(callback_times(OFFICE, at("2026-11-25 06:00")))
    days = {moment[:5] for moment in offered}
    assert len(days) == 4
    assert all(sum(moment.startswith(day) for moment in offered) <= 8 for day in days)


def test_always_open_category_offers_callbacks_in_user_daytime() -> None:
    offered = callback_times(None, at("2026-11-25 23:00"), SEOUL)
    assert all("09:00" <= moment[6:] <= "20:30" for moment in in_seoul(offered))
    assert callback_times(None, at("2026-11-25 23:00"), "../etc")
    assert may_call_back(None, at("2026-11-26 03:00"), at("2026-11-25 23:00")), "who wants to may"


@pytest.mark.parametrize(
    "zone", ["Asia/Kathmandu", "Australia/Eucla", "Pacific/Chatham", "Asia/Kolkata", "Australia/Lord_Howe", SEOUL]
)
@pytest.mark.parametrize("hours", ["none", "in the zone", "elsewhere"])
def test_callbacks_are_on_the_local_half_hour(zone: str, hours: str) -> None:
    week = {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    given = {"none": None, "in the zone": Hours(timezone=zone, week=week), "elsewhere": OFFICE}[hours]
    asked_in = zone if hours != "in the zone" else ""
    # soon after the second moment, summer time ends on the Chatham Islands and on Lord Howe Island
    for now in ("2026-11-25 10:55", "2026-04-04 10:55"):
        offered = callback_times(given, at(now), asked_in)
        assert offered
        assert {f"{datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)):%M}" for moment in offered} <= {"00", "30"}
        assert all(may_call_back(given, moment, at(now)) for moment in offered)


def test_callback_time_outside_hours_or_range_is_refused() -> None:
    now = at("2026-11-25 10:00")
    for moment in ("2026-11-25 09:59", "2026-11-25 23:00", "2026-12-25 10:00"):
        assert not may_call_back(OFFICE, at(moment), now)
