"""Simulated days: the files that a simulation reads, and the reports and plots that it makes."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from matcher.simulation.arrivals import COLUMNS, draw_arrivals, read_arrivals
from matcher.simulation.day import Day
from matcher.simulation.model import AppointmentModel, ModelError, default_model, read_model
from matcher.simulation.plot import through_the_day
from matcher.simulation.report import report
from signaling.cli.main import main

HEAD = ",".join(COLUMNS)


@pytest.mark.slow
def test_simulation_accounts_for_everybody_and_repeats_by_seed() -> None:
    model = default_model()

    def day(seed: int) -> bytes:
        found = report(Day(draw_arrivals(model, np.random.default_rng(seed)), model, seed).run(), model)
        assert sum(queue.offered for queue in found.queues) == found.total.offered
        assert found.total.served <= found.total.offered
        return repr(found).encode()

    assert day(3) == day(3)
    assert day(3) != day(4)


@pytest.mark.slow
def test_matcher_breaks_no_promise_of_an_appointment_under_load() -> None:
    model = msgspec.structs.replace(default_model(), appointments=AppointmentModel(booked_percent=60))
    found = report(Day(draw_arrivals(model, np.random.default_rng(3)), model, 3).run(), model)
    kept = found.appointments
    assert kept is not None
    assert kept.broken == 0
    assert kept.booked == kept.on_time + kept.late + kept.elsewhere + kept.nobody
    assert kept.on_time > 0.5 * kept.booked > 50
    assert found.total.served > 5 * kept.booked, "other users keep the counselors busy"


def test_arrivals_are_read_by_time() -> None:
    rows = [HEAD, "09:00:30,user,shop,ko,cameras/lenses,300,60", "3600,help,shop,en,orders,10,"]
    found = read_arrivals(rows, "day.csv")
    assert found.at_s.tolist() == [3600, 32_430]
    assert found.queues[found.queue[1]] == ("user", "shop", "ko", ("lenses", "cameras"), "call")
    assert found.patience_s.tolist() == [float("inf"), 60]


ONE_COUNSELOR = """
[[staff]]
name = "one"
people = 1
languages = ["ko"]
shifts = ["00:00-24:00"]
answer = { mean_s = 1, kind = "fixed" }
declined_percent = 0
missed_percent = 0
"""


def waits_beside_a_call(more: str) -> list[float]:
    """Return how long each of four text conversations waits for the counselor, in s.

    One text conversation a minute comes, while the counselor is in a call of ten minutes. Each text conversation lasts five
    minutes. `more`: further settings of the counselor.
    """
    texts = [f"10:0{minute}:00,user,shop,ko,orders,300,,text" for minute in range(1, 5)]
    rows = [f"{HEAD},medium", "10:00:00,user,shop,ko,orders,600,,call", *texts]
    arrivals = read_arrivals(rows, "day.csv")
    return Day(arrivals, read_model(ONE_COUNSELOR + more, "one")).run().waited_s[1:].tolist()


def test_simulated_counselor_takes_three_texts_beside_a_call() -> None:
    # The counselor has at most three text conversations at once. The first one ends at 10:06:01. The fourth one, which came at
    # 10:04:00, is accepted at 10:06:02.
    assert waits_beside_a_call("") == [1, 1, 1, 122]


def test_simulated_counselor_can_refuse_texts_during_a_call() -> None:
    first, *_ = waits_beside_a_call("texts_in_call = false")
    assert first > 540


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("09:00,user,shop,ko,cameras,300", "line 3: it has not as many fields"),
        ("09:00,robot,shop,ko,cameras,300,1", "line 3: the kind 'robot'"),
        ("nine,user,shop,ko,cameras,300,1", "line 3: the time 'nine'"),
        ("09:00,user,shop,ko,cameras,-1,1", "line 3: the handle '-1'"),
        ("09:00,user,shop,ko,,1,1", "line 3: site, language and category"),
        ("900:00,user,shop,ko,cameras,1,1", "more than 31 days"),
    ],
)
def test_bad_row_is_reported_with_its_line_number(row: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        read_arrivals([HEAD, "09:00,user,shop,ko,cameras,300,1", row], "day.csv")


NOBODY = '[[staff]]\nname = "idlers"\npeople = 1\nlanguages = ["ko"]\nshifts = ["00:00-24:00"]\ntexts = 0\ncalls = 0'


def test_bad_model_is_reported_in_a_sentence() -> None:
    bad = (("[[staff]", "not TOML"), ("staff = []", "length >= 1"), ("colour = 1", "staff|colour"), (NOBODY, "neither texts nor"))
    for text, told in bad:
        with pytest.raises(ModelError, match=told):
            read_model(text, "mine.toml")


def test_command_simulates_a_file(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(f"{HEAD}\n10:00,user,shop,ko,cameras,60,\n10:00,user,shop,ko,cameras,60,\n")
    found = CliRunner().invoke(main, ["simulate", "matcher", "--arrivals", str(file), "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["total"]["served"] == 2
    file.write_text("time\n")
    refused = CliRunner().invoke(main, ["simulate", "matcher", "--arrivals", str(file)])
    assert refused.exit_code == 1
    assert "line 1: the header lacks kind" in refused.output


@pytest.mark.slow
def test_day_is_drawn_as_a_picture(tmp_path: Path) -> None:
    target = tmp_path / "day.svg"
    done = CliRunner().invoke(main, ["simulate", "matcher", "--plot", str(target)])
    assert done.exit_code == 0, done.output
    drawn = target.read_text("utf-8")
    for words in ("Waits through the day", "Waits by queue", "Erlang-C", "Erlang-A", "shop cameras ko"):
        assert words in drawn


def test_unknown_image_type_is_refused_before_the_simulation_runs(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["simulate", "matcher", "--plot", str(tmp_path / "day.gif")])
    assert done.exit_code == 2
    assert ".svg" in done.output


@pytest.mark.slow
def test_plotted_waits_are_of_served_requests_only() -> None:
    model = default_model()
    outcome = Day(draw_arrivals(model, np.random.default_rng(2)), model, 2).run()
    hours, medians, high = through_the_day(outcome)
    assert (np.diff(hours) > 0).all()
    assert (medians <= high).all()
    at_noon = outcome.served & (outcome.arrivals.at_s // 900 == 48)
    assert medians[hours.tolist().index(12.125)] == pytest.approx(np.median(outcome.waited_s[at_noon]))
