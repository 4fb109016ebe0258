"""Simulated days against theory, and what goes in and comes out of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from matcher.simulation.arrivals import COLUMNS, draw_arrivals, read_arrivals
from matcher.simulation.day import Day
from matcher.simulation.erlang import predict
from matcher.simulation.model import Model, ModelError, QueueModel, Spread, StaffModel, default_model, read_model
from matcher.simulation.report import report
from signaling.cli import main

AT_ONCE = Spread(0, "fixed")
HEAD = ",".join(COLUMNS)


def one_pool(per_hour: float, people: int, patience: Spread | None) -> Model:
    """Exponential everything and nobody declines: as theory has it."""
    queue = QueueModel("shop", "ko", ["cameras"], [per_hour] * 24, Spread(300, "exponential"), patience)
    staff = StaffModel(
        "pool", people, ["ko"], ["00:00-00:00"], answer=AT_ONCE, wrap_up=AT_ONCE, declined_percent=0, missed_percent=0
    )
    return Model([staff], [queue])


@pytest.mark.parametrize("patience_s", [None, 120.0])
def test_long_runs_agree_with_erlang(patience_s: float | None) -> None:
    """Five erlang on seven people, twelve days from an empty start."""
    model = one_pool(60, 7, None if patience_s is None else Spread(patience_s, "exponential"))
    days = [Day(draw_arrivals(model, np.random.default_rng(seed)), model, seed, tell_every_s=0).run() for seed in range(12)]
    theory = predict(60 / 3600, 300, 7, patience_s or float("inf"))
    waits = np.concatenate([day.waited_s[day.served] for day in days])
    came = sum(len(day.served) for day in days)
    busy = sum(day.state_s["pool"]["busy"] for day in days) / sum(sum(day.state_s["pool"].values()) for day in days)
    assert waits.mean() == pytest.approx(theory.asa_s, rel=0.12)
    assert (waits <= 20).sum() / came == pytest.approx(theory.level, abs=0.03)
    assert sum(day.gave_up.sum() for day in days) / came == pytest.approx(theory.gives_up, abs=0.012)
    assert busy == pytest.approx(theory.occupancy, abs=0.02)


def test_everybody_is_accounted_for_and_a_seed_is_a_day() -> None:
    model = default_model()

    def day(seed: int) -> bytes:
        found = report(Day(draw_arrivals(model, np.random.default_rng(seed)), model, seed).run(), model)
        assert sum(queue.offered for queue in found.queues) == found.total.offered
        assert found.total.served <= found.total.offered
        return repr(found).encode()

    assert day(3) == day(3)
    assert day(3) != day(4)


def test_arrivals_are_read_by_time() -> None:
    rows = [HEAD, "09:00:30,user,shop,ko,cameras/lenses,300,60", "3600,help,shop,en,orders,10,"]
    found = read_arrivals(rows, "day.csv")
    assert found.at_s.tolist() == [3600, 32_430]
    assert found.queues[found.queue[1]] == ("user", "shop", "ko", ("lenses", "cameras"))
    assert found.patience_s.tolist() == [float("inf"), 60]


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
def test_a_bad_row_is_named_by_its_line(row: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        read_arrivals([HEAD, "09:00,user,shop,ko,cameras,300,1", row], "day.csv")


def test_a_bad_model_is_told_in_a_sentence() -> None:
    for text, told in (("[[staff]", "not TOML"), ("staff = []", "length >= 1"), ("colour = 1", "staff|colour")):
        with pytest.raises(ModelError, match=told):
            read_model(text, "mine.toml")


def test_the_command_simulates_a_file(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(f"{HEAD}\n10:00,user,shop,ko,cameras,60,\n10:00,user,shop,ko,cameras,60,\n")
    found = CliRunner().invoke(main, ["simulate", "matcher", "--arrivals", str(file), "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["total"]["served"] == 2
    file.write_text("time\n")
    refused = CliRunner().invoke(main, ["simulate", "matcher", "--arrivals", str(file)])
    assert refused.exit_code == 1
    assert "line 1: the header lacks kind" in refused.output
