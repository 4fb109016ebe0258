"""The tests compare the preview of a change with days that the real matcher has simulated after this change."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from matcher.simulation.arrivals import Arrivals, draw_arrivals
from matcher.simulation.day import NOBODY, START_MS, Day, Outcome
from matcher.simulation.model import DAY_S, Model, QueueModel, Spread, StaffModel
from matcher.simulation.preview import preview
from matcher.simulation.report import ON_DUTY, WORKING
from matcher.simulation.work import Preview
from signaling.preview import Change, past_of, work_of
from signaling.records import Category, Site, StaffRecord
from signaling.records.arrivals import PastEvent, PastSession
from signaling.records.opening_hours import WEEKDAYS, Hours

pytestmark = pytest.mark.slow

DAYS = 5
SITE = Site(
    id="shop",
    languages=["ko"],
    categories={
        "cameras": Category(id="cameras"),
        "orders": Category(id="orders"),
        "lenses": Category(id="lenses", parent="cameras"),
    },
)
SHIFTS = {"early": "09:00-17:00", "late": "12:00-20:00"}


def member(name: str, **fields: object) -> StaffRecord:
    return msgspec.structs.replace(
        StaffRecord(id=name, login=name, name=name, role="counselor", languages=["ko"], categories=["orders"], calls=1), **fields
    )


STAFF = {
    each.id: each
    for each in (
        *(member(f"orders-{shift}-{n}") for shift in SHIFTS for n in range(3)),
        *(member(f"cameras-{shift}-{n}", categories=["cameras"]) for shift in SHIFTS for n in range(2)),
    )
}


def world(staff: dict[str, StaffRecord]) -> Model:
    """Return the model of the days that count as real in these tests.

    A preview does not know this model: it must estimate the shifts and the users' patience.
    """
    groups = [
        StaffModel(
            name=each.id,
            people=1,
            languages=each.languages,
            shifts=[SHIFTS[each.id.split("-")[1]]],
            categories=tuple(each.categories),
            texts=each.texts,
            calls=each.calls,
            answer=Spread(6, "lognormal", 0.5),
            wrap_up=Spread(40, "lognormal", 0.6),
            declined_percent=0,
            missed_percent=0,
        )
        for each in staff.values()
        if each.active
    ]
    rates = [0] * 9 + [26] * 11 + [0] * 4
    waits = Spread(150, "exponential")
    queues = [
        QueueModel(site="shop", language="ko", category=["orders"], per_hour=rates, handle=Spread(400), patience=waits),
        QueueModel(
            site="shop",
            language="ko",
            category=["lenses", "cameras"],
            per_hour=[rate / 2 for rate in rates],
            handle=Spread(500),
            patience=waits,
        ),
    ]
    return Model(groups, queues)


@dataclass
class Lived:
    outcome: Outcome
    model: Model

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """Return median wait, 90th percentile of waits, share of users who gave up, and occupancy."""
        found = self.outcome
        waits = found.waited_s[found.served]
        p50, p90 = np.percentile(waits, (50, 90))
        states = found.state_s.values()
        on_duty = sum(each.get(state, 0) for each in states for state in ON_DUTY)
        working = sum(each.get(state, 0) for each in states for state in WORKING)
        return float(p50), float(p90), 100 * float((~found.served).mean()), 100 * working / on_duty


def lived(staff: dict[str, StaffRecord], seed: int) -> Lived:
    """Simulate some days with the real matcher, and return the outcome."""
    model = world(staff)
    days = [draw_arrivals(model, np.random.default_rng([seed, day])) for day in range(DAYS)]
    arrivals = Arrivals(
        days[0].queues,
        np.concatenate([day.at_s + number * DAY_S for number, day in enumerate(days)]),
        np.concatenate([day.queue for day in days]),
        np.concatenate([day.handle_s for day in days]),
        np.concatenate([day.patience_s for day in days]),
    )
    return Lived(Day(arrivals, model, seed, tell_every_s=0).run(), model)


def recorded(life: Lived) -> list[PastSession]:
    """Return the sessions that the database contains after the simulated days (`life`).

    The database contains neither the shifts of staff nor the patience of users.
    """
    found = []
    outcome = life.outcome
    for index, at_s in enumerate(outcome.arrivals.at_s):
        at = START_MS + int(at_s * 1000)
        over = at + int(outcome.waited_s[index] * 1000)
        path = outcome.arrivals.queues[outcome.arrivals.queue[index]][3]
        served = bool(outcome.served[index])
        by = life.model.staff[outcome.by[index]].name if outcome.by[index] != NOBODY else ""
        end = over + int(outcome.arrivals.handle_s[index] * 1000)
        events = [
            PastEvent("reserved", over - 6000, {"staff": by, "why": {"candidates": [by], "passed_over": []}}),
            PastEvent("active", over, {}),
            PastEvent("after", end, {}),
            PastEvent("closed", end + 40_000, {}),
        ]
        found.append(
            PastSession(
                id=f"s-{index}",
                site="shop",
                category=path[0],
                language="ko",
                channel="voice",
                state="closed",
                started_at=at,
                waiting_at=at,
                active_at=over if served else None,
                ended_at=end if served else over,
                counselor=by,
                events=events if served else [PastEvent("closed", over, {})],
            )
        )
    return found


def previewed(sessions: list[PastSession], **changed: object) -> Preview:
    change = Change(sites={"shop": SITE}, staff=STAFF, counted=frozenset({"shop"}))
    return preview(work_of(past_of(sessions), msgspec.structs.replace(change, **changed)))


@pytest.fixture(scope="module")
def sessions() -> list[PastSession]:
    return recorded(lived(STAFF, seed=1))


CHANGES = {
    "somebody leaves": member("orders-late-0", active=False),
    "somebody learns orders": member("cameras-early-0", categories=["cameras", "orders"]),
    "somebody new comes": member("new-late-0"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_preview_agrees_with_the_days_that_it_predicts(what: str, sessions: list[PastSession]) -> None:
    changed = CHANGES[what]
    found = previewed(sessions, member=changed)
    truth = [lived(STAFF | {changed.id: changed}, seed).figures for seed in (2, 3, 4)]
    p50, p90, given_up, occupancy = np.mean(truth, axis=0)
    assert found.sure == "good"
    assert found.after.p50_s == pytest.approx(p50, abs=4)
    assert found.after.p90_s == pytest.approx(p90, rel=0.25)
    assert found.after.given_up_percent == pytest.approx(given_up, abs=3)
    assert found.after.occupancy_percent == pytest.approx(occupancy, abs=6)
    gain = found.before.given_up_percent - found.after.given_up_percent
    assert {"somebody leaves": gain < -1, "somebody new comes": gain > 1}.get(what, abs(gain) < 3)


EXPERTS = {
    each.id: each
    for each in (*(member(f"experts-{shift}-{n}", role="professional", categories=["*"]) for shift in SHIFTS for n in range(2)),)
}


def helped(experts: dict[str, StaffRecord], seed: int) -> Lived:
    """Simulate some days on which counselors request help, and professionals answer."""
    users = world(experts)
    rates = [0] * 9 + [14] * 11 + [0] * 4
    queue = QueueModel(
        kind="help",
        site="shop",
        language="ko",
        category=["orders"],
        per_hour=rates,
        handle=Spread(420),
        patience=Spread(200, "exponential"),
    )
    model = Model([msgspec.structs.replace(group, role="professional") for group in users.staff], [queue])
    days = [draw_arrivals(model, np.random.default_rng([seed, day])) for day in range(DAYS)]
    arrivals = Arrivals(
        days[0].queues,
        np.concatenate([day.at_s + number * DAY_S for number, day in enumerate(days)]),
        np.concatenate([day.queue for day in days]),
        np.concatenate([day.handle_s for day in days]),
        np.concatenate([day.patience_s for day in days]),
    )
    return Lived(Day(arrivals, model, seed, tell_every_s=0).run(), model)


def recorded_help(life: Lived) -> list[PastSession]:
    """Return the sessions of these days as the database contains them.

    Each request for help belongs to a long conversation.
    """
    found = []
    for session in recorded(life):
        served = session.active_at is not None
        over = (session.active_at or session.ended_at or 0), session.ended_at or 0
        rang = [event for event in session.events if event.kind == "reserved"]
        told = [PastEvent("help", session.started_at, {"state": "asking", "category": "orders"}), *rang]
        told += [PastEvent("help", over[0], {"state": "catching_up", "professional": session.counselor})] if served else []
        told += [PastEvent("help", over[1], {"state": "ended" if served else "cancelled"})]
        begun = session.started_at - 60_000
        found.append(
            msgspec.structs.replace(
                session,
                started_at=begun,
                waiting_at=begun,
                active_at=begun + 1000,
                ended_at=over[1] + 60_000,
                counselor="somebody",
                events=told,
            )
        )
    return found


@pytest.mark.parametrize("what", ["leaves", "comes"])
def test_preview_of_a_professional_agrees_with_the_days_of_help(what: str) -> None:
    sessions = recorded_help(helped(EXPERTS, seed=1))
    one = EXPERTS["experts-late-0"]
    changed = {"leaves": msgspec.structs.replace(one, active=False), "comes": msgspec.structs.replace(one, id="experts-late-9")}[
        what
    ]
    change = Change(sites={"shop": SITE}, staff=STAFF | EXPERTS, counted=frozenset({"shop"}), member=changed)
    assert change.kind == "help"
    found = preview(work_of(past_of(sessions), change))
    assert (found.really.came, found.arrivals) == (len(sessions), len(sessions)), "requests for help count, and not users"
    truth = [helped(EXPERTS | {changed.id: changed}, seed).figures for seed in (2, 3, 4)]
    p50, p90, given_up, occupancy = np.mean(truth, axis=0)
    assert found.after.p50_s == pytest.approx(p50, abs=6)
    assert found.after.p90_s == pytest.approx(p90, rel=0.3)
    assert found.after.given_up_percent == pytest.approx(given_up, abs=4)
    assert found.after.occupancy_percent == pytest.approx(occupancy, abs=8)
    gain = found.before.given_up_percent - found.after.given_up_percent
    assert gain < -1 if what == "leaves" else gain > 0


def test_help_that_nobody_gave_and_help_that_went_on_to_the_end_are_told() -> None:
    base = PastSession(
        id="s", site="shop", category="orders", language="ko", channel="text", state="closed", started_at=0, waiting_at=0,
        active_at=1000, ended_at=900_000, counselor="orders-early-0", events=[],
    )  # fmt: skip
    events = [
        PastEvent("help", 10_000, {"state": "asking", "category": "lenses"}),
        PastEvent("help", 70_000, {"state": "nobody"}),
        PastEvent("help", 100_000, {"state": "asking", "category": "orders"}),
        PastEvent("help", 130_000, {"state": "catching_up", "professional": "dr"}),
        PastEvent("help", 140_000, {"state": "joined"}),
    ]
    past = past_of([msgspec.structs.replace(base, events=events)])
    rows = [(each.at, each.category, each.waited_s, each.talked_s, each.medium) for each in past.asked]
    assert rows == [(10_000, "lenses", 60, None, "text"), (100_000, "orders", 30, 770, "text")]
    [(begin, end)] = past.at_work["dr"]
    assert begin < 130_000 < 900_000 < end


def test_preview_of_no_change_is_the_records_own_day(sessions: list[PastSession]) -> None:
    found = previewed(sessions)
    assert found.before == found.after
    assert found.before.p50_s == pytest.approx(found.really.p50_s, abs=4)
    assert found.before.p90_s == pytest.approx(found.really.p90_s, rel=0.25)
    assert found.before.given_up_percent == pytest.approx(found.really.given_up_percent, abs=3)
    assert (found.arrivals, found.days) == (len(sessions), DAYS)


def test_priority_helps_its_category_and_shorter_hours_send_users_away(sessions: list[PastSession]) -> None:
    def of_orders(priority: int) -> float:
        site = msgspec.structs.replace(
            SITE, categories=SITE.categories | {"orders": Category(id="orders", priority=priority, widens_s=(0, 0))}
        )
        found = previewed(sessions, site=site)
        return found.after.p90_s or 0

    assert of_orders(50) != of_orders(0)
    morning = Hours(timezone="UTC", week={day: ["09:00-12:00"] for day in WEEKDAYS})
    site = msgspec.structs.replace(SITE, categories=SITE.categories | {"orders": Category(id="orders", hours=morning)})
    found = previewed(sessions, site=site)
    assert found.after.came < found.before.came * 0.6
    assert found.after.occupancy_percent < found.before.occupancy_percent


def test_figures_are_of_the_askers_sites_only(sessions: list[PastSession]) -> None:
    other = [msgspec.structs.replace(each, id=f"o-{each.id}", site="other") for each in sessions[::4]]
    sites = {"shop": SITE, "other": msgspec.structs.replace(SITE, id="other")}
    change = Change(sites=sites, staff=STAFF, counted=frozenset({"other"}), member=CHANGES["somebody leaves"])
    found = preview(work_of(past_of([*sessions[:1000], *other]), change))
    assert found.arrivals == len(other)
    assert found.really.came == found.before.came == len(other)


def test_callback_counts_from_its_call_and_a_sleeping_text_until_it_sleeps() -> None:
    base = PastSession(
        id="s", site="shop", category="orders", language="ko", channel="text", state="after", started_at=0, waiting_at=10_000,
        active_at=900_000, ended_at=86_400_000, counselor="orders-early-0", events=[],
    )  # fmt: skip
    called = msgspec.structs.replace(base, channel="voice", ended_at=1_000_000, events=[PastEvent("callback", 20_000, {})])
    [came] = past_of([called]).came
    assert (came.at, came.waited_s, came.talked_s, came.medium) == (900_000, 0, 100, "call")
    [came] = past_of([msgspec.structs.replace(base, events=[PastEvent("asleep", 1_500_000, {})])]).came
    assert (came.waited_s, came.talked_s, came.medium) == (890, 600, "text")
    assert past_of([msgspec.structs.replace(base, ended_at=None)]).came == []
    [left] = past_of([msgspec.structs.replace(base, active_at=None, state="message_left", waiting_at=None, ended_at=None)]).came
    assert (left.at, left.waited_s, left.talked_s) == (0, 0, None)


def test_somebody_is_at_work_between_signs_that_lie_close_together() -> None:
    def rang(at_min: int, staff: str, passed: str = "") -> PastSession:
        why = {"candidates": [], "passed_over": [{"staff": passed, "reason": "busy"}, {"staff": "gone", "reason": "away"}]}
        at = at_min * 60_000
        return PastSession(
            id=str(at), site="shop", category="orders", language="ko", channel="voice", state="closed", started_at=at,
            waiting_at=at, active_at=at + 5000, ended_at=at + 60_000, counselor=staff,
            events=[PastEvent("reserved", at, {"staff": staff, "why": why})],
        )  # fmt: skip

    past = past_of([rang(600, "a", "b"), rang(610, "a"), rang(630, "b"), rang(900, "a")])
    assert "gone" not in past.at_work
    [morning, noon] = past.at_work["a"]
    assert morning[0] == 590 * 60_000
    assert 620 * 60_000 < morning[1] < 625 * 60_000
    assert noon[0] == 890 * 60_000
    assert len(past.at_work["b"]) == 1
