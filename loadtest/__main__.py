"""The command `sangdam simulate calls`, which is `python -m loadtest`."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import aiohttp
import click
import msgspec
import uvloop
from rich.console import Console
from rich.live import Live
from rich.table import Table

from media.api.cancellation import keep_cancellations

from . import voice
from .calls import Calls, Plan
from .door import Door, Place, Refused
from .peer import Choir
from .report import Report, Spread, report

DEMO_STAFF = [("jimin", "jimin-demo"), ("suho", "suho-demo")]
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
TIMEOUT = aiohttp.ClientTimeout(total=30)
# The measurements are wrong if this program itself uses more of a core than `BUSY_CPU_PERCENT`, or if the 95th percentile of its
# own lateness (how many ms after the planned time it sends) is more than `BUSY_LATE_MS`.
BUSY_CPU_PERCENT, BUSY_LATE_MS = 70.0, 10.0
REFRESH_S = 0.25  # Seconds between two updates of the progress on a terminal.
UNITS = {
    "waited_ms": ("click → accepted", "ms"),
    "set_up_ms": ("accepted → both hear each other", "ms"),
    "network_ms": ("one way, network and server", "ms"),
    "mouth_to_ear_ms": ("one way, mouth to ear", "ms"),
    "jitter_ms": ("jitter", "ms"),
    "loss_percent": ("packets lost", "%"),
    "concealed_percent": ("sound lost after repair", "%"),
    "mos_estimated": ("MOS, estimated (E-model)", ""),
}
REASONS = {
    "unreachable": "the installation cannot be reached",
    "wrong_credentials": "login or password is wrong",
    "not_a_counselor": "the account does not belong to a counselor",
    "wrong_origin": "the site does not allow that origin, or the URL is not the installation's public URL",
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--calls", "count", default=10, show_default=True, type=click.IntRange(1, 10_000), help="Number of calls.")
@click.option(
    "--at-once", type=click.IntRange(1, 500), default=None, help="Most calls at the same time. [default: number of counselors]"
)
@click.option("--talk", default=10.0, show_default=True, type=click.FloatRange(1, 600), help="Length of each call in seconds.")
@click.option(
    "--patience",
    default=60.0,
    show_default=True,
    type=click.FloatRange(1, 600),
    help="Seconds that a user waits for a counselor.",
)
@click.option("--url", default="http://localhost:8080", show_default=True, help="Public URL of the installation.")
@click.option("--origin", default="http://127.0.0.1:8081", show_default=True, help="An origin that the site allows.")
@click.option("--site", default="demo-shop", show_default=True, help="Id of the site.")
@click.option("--category", default="cameras", show_default=True, help="Id of the category.")
@click.option("--language", default="ko", show_default=True, help="Language of the calls.")
@click.option(
    "--staff",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of counselors: login,password. [default: the demo's counselors]",
)
@click.option(
    "--voice",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="WAV file that callers speak. [default: a synthetic voice]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def main(
    *,
    count: int,
    at_once: int | None,
    talk: float,
    patience: float,
    url: str,
    origin: str,
    site: str,
    category: str,
    language: str,
    staff: Path | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Make real calls to an installation and report set-up time, delay, loss and sound quality.

    Simulated users ask for a call, and simulated counselors accept it. Then users and counselors speak and listen. The calls stay
    in the installation's records. During the run, the counselors' accounts accept no other calls, so use accounts with which
    nobody works.
    """
    keep_cancellations()
    try:
        speech = voice.encoded(voice.from_file(file) if file else voice.made())
    except voice.VoiceError as error:
        raise click.BadParameter(str(error), param_hint="--voice") from None
    accounts = _accounts(staff) if staff else DEMO_STAFF
    plan = Plan(count, at_once or len(accounts), talk, patience)
    place = Place(url.rstrip("/"), origin.rstrip("/"), site, category, language)
    try:
        found, interrupted = uvloop.run(_call(place, plan, accounts, speech))
    except Refused as refused:
        who = f"{refused.login}: " if refused.login else ""
        raise click.ClickException(f"No call was made: {who}{REASONS.get(refused.reason, refused.reason)}.") from None
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(asdict(found))))
    else:
        _print(found)
    sys.exit(130 if interrupted else bool(found.failures))


def _accounts(file: Path) -> list[tuple[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines) if row]
    if not rows or any(len(row) != 2 or not all(row) for row in rows):
        raise click.BadParameter("Each line must have a login and a password: jimin,secret", param_hint="--staff")
    return [(login, password) for login, password in rows]


async def _call(place: Place, plan: Plan, accounts: list[tuple[str, str]], speech: voice.Voice) -> tuple[Report, bool]:
    """Make the calls. Return the report, and whether a signal ended the calls early."""
    began, cpu, interrupted = time.monotonic(), time.process_time(), False
    if (task := asyncio.current_task()) is not None:
        # handlers are set explicitly, because a shell starts background jobs with SIGINT ignored
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    # each request has a header with its own cookie, so the client stores no cookies
    jar, connector = aiohttp.DummyCookieJar(), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=jar, connector=connector) as http, Choir(speech) as choir:
        calls = Calls(Door(place, http), choir, plan)
        try:
            async with _shown(calls, plan):
                await calls.run(accounts)
        except asyncio.CancelledError:
            interrupted = True
        seconds = time.monotonic() - began
        own = 100 * (time.process_time() - cpu) / seconds
        found = report(
            calls.outcomes,
            staff_lost=calls.staff_lost,
            declined_rings=calls.declined_rings,
            seconds=seconds,
            own_cpu_percent=own,
            late_ms=choir.late_ms,
        )
        return found, interrupted


@contextlib.asynccontextmanager
async def _shown(calls: Calls, plan: Plan) -> AsyncIterator[None]:
    """Show the progress on standard error, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return

    def line() -> str:
        stages = calls.stages
        parts = [f"{stages['waiting']} waiting", f"{stages['talking']} talking", f"{stages['held']} held"]
        parts += [f"[red]{stages['failed']} failed[/]"] if stages["failed"] else []
        return f"{stages['held'] + stages['failed']} of {plan.calls} calls: " + ", ".join(parts)

    with Live(line(), console=console, auto_refresh=False, transient=True) as live:

        async def refresh() -> None:
            while True:
                live.update(line(), refresh=True)
                await asyncio.sleep(REFRESH_S)

        task = asyncio.create_task(refresh())
        try:
            yield
        finally:
            task.cancel()


def _print(found: Report) -> None:
    console = Console(highlight=False)
    table = Table(title=f"{found.held} of {found.calls} calls were held, in {found.seconds:.0f} s")
    for number, head in enumerate(("", "p50", "p95", "worst", "")):
        table.add_column(head, justify="right" if 0 < number < 4 else "left")
    for name, (words, unit) in UNITS.items():
        spread: Spread | None = getattr(found, name)
        cells = ("–", "–", "–") if spread is None else tuple(f"{each:.2f}" for each in (spread.p50, spread.p95, spread.worst))
        table.add_row(words, *cells, unit)
    console.print(table)
    for reason, times in found.failures.items():
        console.print(f"[red]{times} failed[/]: {reason}")
    for reason, times in found.staff_lost.items():
        console.print(f"[red]{times} counselors stopped early[/]: {reason}")
    if found.declined_rings:
        console.print(f"The counselors declined {found.declined_rings} rings of other users.")
    own = f"This program used {found.own_cpu_percent:.0f} % of a core, and was {found.own_lateness_p95_ms:.1f} ms late (p95)"
    if found.own_cpu_percent > BUSY_CPU_PERCENT or found.own_lateness_p95_ms > BUSY_LATE_MS:
        console.print(f"[yellow]{own}. That distorts the figures: use another machine, or fewer calls at once.[/]")
    else:
        console.print(f"{own}.")


if __name__ == "__main__":
    main(prog_name="sangdam simulate calls")
