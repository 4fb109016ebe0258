"""Times of appointments are within the opening hours, are never offered twice, and are right when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from signaling.records.appointment_plan import CELL_MS, AppointmentPlan, cells, free_times, works_at
from signaling.records.opening_hours import HORIZON_MS, WEEKDAYS, Hours, openings

PLAN = AppointmentPlan(minutes=30, buffer_minutes=15, notice_minutes=0)
ZONES = ["Asia/Seoul", "Europe/Madrid", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


def at(text: str, zone: str = "Asia/Seoul") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def local(moment: int, zone: str) -> str:
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).strftime("%m-%d %H:%M")


def daily(span: str, zone: str = "Asia/Seoul", **days: list[str]) -> Hours:
    named = {name.replace("_", "-")[1:]: found for name, found in days.items()}
    return Hours(timezone=zone, week={day: [span] for day in WEEKDAYS}, days=named)


spans = st.sampled_from(["09:00-18:00", "00:00-24:00", "01:00-03:30", "22:00-24:00", "10:15-11:45"])
plans = st.builds(
    AppointmentPlan,
    minutes=st.sampled_from([15, 30, 45, 60]),
    buffer_minutes=st.sampled_from([0, 15, 30]),
    notice_minutes=st.sampled_from([0, 60]),
)
hours = st.none() | st.builds(daily, spans, st.sampled_from(ZONES))
# The clocks change in the night after each of these days: in Madrid (28 March, 24 October), in New York (7 March, 31 October),
# in Santiago (5 September, at midnight), and on Lord Howe Island (4 April, by half an hour).
days = ("2026-03-28", "2026-10-24", "2026-03-07", "2026-10-31", "2026-09-05", "2026-04-04")
moments = st.sampled_from([at(day, "UTC") for day in days])


@pytest.mark.slow
@given(hours, hours, plans, moments, st.sampled_from(ZONES), st.sets(st.integers(0, 400), max_size=30))
@settings(max_examples=60, deadline=None)
def test_offered_times_are_within_all_hours_and_shown_once(category, own, plan, now, zone, booked):
    taken = {now // CELL_MS + each for each in booked}
    found = free_times(category, own, taken, now, plan, zone)
    shown = [local(each, zone) for each in found]
    assert found == sorted(set(found))
    assert len(shown) == len(set(shown)), "no time of the day is shown twice"
    for moment, text in zip(found, shown, strict=True):
        assert text[-2:] in ("00", "30")
        assert now + plan.notice_minutes * 60_000 <= moment <= now + HORIZON_MS
        assert taken.isdisjoint(cells(moment, plan))
    assert all(works_at(category, own, moment, plan) for moment in found[::10])


@given(plans, plans, moments, st.integers(0, 200), st.integers(0, 200))
def test_appointments_with_cells_apart_leave_the_pause(one, other, now, first, second):
    a, b = sorted((now + first * CELL_MS, now + second * CELL_MS))
    if set(cells(a, one)).isdisjoint(cells(b, other)):
        assert a + (one.minutes + one.buffer_minutes) * 60_000 <= b


def test_booked_times_and_the_pause_after_them_are_not_offered():
    now = at("2026-11-30T08:00")
    taken = set(cells(at("2026-11-30T10:00"), PLAN))
    found = [local(each, "Asia/Seoul")[6:] for each in free_times(daily("09:00-12:00"), None, taken, now, PLAN)][:4]
    assert found == ["09:00", "11:00", "11:30", "09:00"], "09:30 would end without its pause, and 10:30 lies in a pause"


def test_holiday_of_the_category_closes_a_member_with_own_hours():
    now, category = at("2026-11-30T08:00"), daily("09:00-18:00", _2026_11_30=[])
    own = daily("10:00-11:00")
    assert local(free_times(category, own, (), now, PLAN)[0], "Asia/Seoul") == "12-01 10:00"
    assert not works_at(category, own, at("2026-11-30T10:00"), PLAN)
    assert not works_at(category, own, at("2026-12-01T10:45"), PLAN), "it would go on after the member's last hour"


def test_skipped_hour_of_summer_time_has_no_times():
    night = daily("00:00-05:00", "Europe/Berlin")
    found = free_times(night, None, (), at("2026-03-29T00:00", "Europe/Berlin"), PLAN, "Europe/Berlin")
    shown = [local(each, "Europe/Berlin") for each in found if local(each, "Europe/Berlin").startswith("03-29")]
    assert [each[6:] for each in shown] == ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30", "04:00", "04:30"]


def test_day_that_begins_at_one_has_no_times_at_midnight():
    night = daily("00:00-02:00", "America/Santiago")  # on 6 September 2026, the clocks skip the hour after midnight
    found = free_times(night, None, (), at("2026-09-05T12:00", "America/Santiago"), PLAN, "America/Santiago")
    assert [local(each, "America/Santiago") for each in found[:3]] == ["09-06 01:00", "09-06 01:30", "09-07 00:00"]


def test_repeated_hour_of_winter_time_has_its_times_once():
    night = daily("00:00-05:00", "Europe/Berlin")
    found = free_times(night, None, (), at("2026-10-25T00:00", "Europe/Berlin"), PLAN, "Europe/Berlin")
    today = [each for each in found if local(each, "Europe/Berlin").startswith("10-25")]
    assert [local(each, "Europe/Berlin")[6:] for each in today].count("02:30") == 1
    assert datetime.fromtimestamp(today[4] / 1000, UTC).hour == 0, "the first run of the hour, before the clocks change"


def test_asker_reads_full_and_half_hours_of_their_own_clock():
    found = free_times(daily("09:00-12:00"), None, (), at("2026-11-30T08:00"), PLAN, "Asia/Kathmandu")
    assert local(found[0], "Asia/Kathmandu") == "11-30 06:00"  # 09:15 in Seoul


def test_without_any_hours_daytime_of_the_asker_counts():
    found = free_times(None, None, (), at("2026-11-30T03:00", "Europe/Berlin"), PLAN, "Europe/Berlin")
    assert local(found[0], "Europe/Berlin") == "11-30 09:00"
    assert next(openings(daily("09:00-21:00", "Europe/Berlin"), found[0]))[0] == found[0]
