"""`sangdam simulate`: simulate a day on the real matching engine with a virtual clock, or make real calls."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from matcher.simulation.arrivals import draw_arrivals, read_arrivals
from matcher.simulation.day import Day
from matcher.simulation.model import ModelError, default_model, default_model_text, read_model
from matcher.simulation.plot import SUFFIXES, draw
from matcher.simulation.report import Figures, Report, report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def simulate() -> None:
    """Simulate a day of matching, or make real calls."""


@simulate.command("calls", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def calls(arguments: tuple[str, ...]) -> None:
    """Make real calls to an installation and report their quality."""
    os.execv(sys.executable, [sys.executable, "-m", "loadtest", *arguments])  # noqa: S606 - our own program


@simulate.command("matcher")
@click.option("--model", "model_file", type=_FILE, help="Staff and arrivals as TOML. [default: a built-in day]")
@click.option(
    "--arrivals", "arrivals_file", type=_FILE, help="Arrivals as CSV: time,kind,site,language,category,handle,patience."
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Seed of the random numbers.")
@click.option(
    "--within",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds of waiting within which an answer counts for the service level.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--plot", "plot_file", type=click.Path(dir_okay=False, path_type=Path), help="Draw the day into a .svg, .png or .pdf file."
)
@click.option("--show-model", is_flag=True, help="Print the built-in model, as a template for --model.")
def matcher(
    *,
    model_file: Path | None,
    arrivals_file: Path | None,
    seed: int,
    within: float,
    as_json: bool,
    plot_file: Path | None,
    show_model: bool,
) -> None:
    """Simulate a day of users and staff: waits, service level, abandonment, and the predictions of queueing theory."""
    if show_model:
        click.echo(default_model_text())
        return
    if plot_file is not None:
        _check_plot(plot_file)
    try:
        model = read_model(model_file.read_text("utf-8"), model_file.name) if model_file else default_model()
        if arrivals_file:
            with arrivals_file.open(encoding="utf-8", newline="") as lines:
                arrivals = read_arrivals(lines, arrivals_file.name)
        else:
            arrivals = draw_arrivals(model, np.random.default_rng([seed, 0]))
    except (ModelError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    if not len(arrivals):
        raise click.ClickException("There are no arrivals on this day.")
    outcome = Day(arrivals, model, seed).run()
    found = report(outcome, model, within)
    if plot_file is not None:
        try:
            draw(outcome, model, found, plot_file)
        except OSError as error:
            raise click.ClickException(f"{plot_file} cannot be written: {error.strerror}") from error
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
    else:
        _print(found)


def _check_plot(target: Path) -> None:
    """Raise BadParameter or ClickException if the plot cannot be drawn, so that a long simulation does not run for nothing."""
    if target.suffix not in SUFFIXES:
        raise click.BadParameter(f"The name of the file must end in {', '.join(SUFFIXES)}.", param_hint="--plot")
    if find_spec("matplotlib") is None:
        raise click.ClickException("Drawing needs matplotlib. Install it: pip install 'sangdam[plot]'")


def _print(found: Report) -> None:
    console = Console()
    table = Table(title="A simulated day")
    heads = ("queue", "came", "served", "mean s", "p50 s", "p80 s", "p95 s", f"within {found.within_s:g} s", "gave up")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    for figures in found.queues:
        table.add_row(*_cells(figures))
    table.add_section()
    table.add_row(*_cells(found.total))
    if found.theory is not None:
        theory = found.theory
        levels = (theory.erlang_c_level_percent, theory.erlang_a_level_percent)
        table.add_row("Erlang-C", "", "", _number(theory.erlang_c_asa_s), "", "", "", f"{levels[0]:.1f} %", "")
        gone = f"{theory.erlang_a_abandoned_percent:.1f} %"
        table.add_row("Erlang-A", "", "", _number(theory.erlang_a_asa_s), "", "", "", f"{levels[1]:.1f} %", gone)
    console.print(table)
    for name, percent in found.occupancy_percent.items():
        console.print(f"{name}: occupied {_number(percent)} % of the time on duty")
    if (kept := found.appointments) is not None:
        console.print(
            f"Appointments: {kept.booked}; {kept.on_time} rang at the start, {kept.late} later, {kept.elsewhere} at a colleague,"
            f" {kept.nobody} at nobody. Promises broken by the matcher: {kept.broken}"
        )
    console.print(f"Waits within the range shown at the start: {_number(found.wait_promise_kept_percent)} %")


def _cells(figures: Figures) -> list[str]:
    waits = (figures.asa_s, figures.p50_s, figures.p80_s, figures.p95_s)
    shares = (f"{figures.service_level_percent:.1f} %", f"{figures.abandoned_percent:.1f} %")
    return [figures.name, str(figures.offered), str(figures.served), *map(_number, waits), *shares]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
