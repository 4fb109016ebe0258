"""`make soak`: let calls come and go on a real service for half an hour, then check for leaks.

Light peers make each call. A call has two voices, chat lines, strokes on the board, and a file. In one of every five calls,
nothing else happens. In each of the other four, one of these things happens: the user leaves and returns; a professional joins,
so that the room is mixed; the user's connection to the worker breaks, and the user returns; the call is recorded.

Between calls, after the last media room has closed, the soak reads memory, tasks and file descriptors of server and worker from
their metrics, and the recorder's memory from the kernel. The first third of the time is a warm-up. After the warm-up, these
figures must not grow. A figure's growth is its Theil–Sen slope times the measured time. To be sure, the soak uses the lower end
of the slope's 95 % confidence interval, and fails if this growth exceeds `SLACK`. The database, the recordings and the uploaded
files must grow, because the service keeps them. So the soak only prints how much they grow per call.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import secrets
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pycrdt
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table
from scipy.stats import theilslopes

from media.board.room import Fragmenter
from signaling.config.settings import Settings
from signaling.records import Records
from tests.browser.service import running as running_service
from tests.peers import live_house
from tests.peers.live_house import Person
from tests.peers.live_house import Service as Door
from tests.ports import free_port

TALK_S = 6.0
STROKES = 12
STORIES = ("plain", "reconnect", "conference", "vanish", "recorded")
LINES = 20  # number of chat lines in each call; the soak measures the delay of each line
EMPTY_WITHIN_S = PATIENCE_S = 60.0
BETWEEN_S = 1.0
WARM_UP = 1 / 3
LEAST_SAMPLES = 8
FIGURES = {
    "server: memory, MiB": ("process_resident_memory_bytes", 1 / 2**20),
    "server: tasks": ("sangdam_tasks", 1),
    "server: descriptors": ("process_open_fds", 1),
    "worker: memory, MiB": ("sangdam_media_resident_memory_bytes", 1 / 2**20),
    "worker: tasks": ("sangdam_media_tasks", 1),
    "worker: descriptors": ("sangdam_media_open_fds", 1),
}
SLOWEST_LINE = "slowest line of a call, ms"
RECORDER = "recorder: memory, MiB"
SLACK = {"memory": 0.02, "tasks": 0.0, "descriptors": 0.0, "line": 0.5}
"""Largest growth allowed, as a share of the figure's median. Memory is allowed to grow a little, because an allocator keeps
memory that was freed.
"""


@dataclass
class Soak:
    """A soak run.

    `samples`: name of a figure → (seconds since the start, value). `lines_ms`: delays of the chat lines in the present call.
    """

    door: Door
    metrics_url: str
    pid: int
    lines_ms: list[float] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    calls: int = 0

    async def run(self, seconds: float) -> None:
        began = time.monotonic()
        self.cookies = {login: await self.door.sign_in(login) for login in ("jimin", "drhan")}
        while time.monotonic() - began < seconds:
            await self._call(STORIES[self.calls % len(STORIES)])
            self.calls += 1
            await self._emptied()
            for name, value in (await self._read() | self._of_this_call()).items():
                self.samples.setdefault(name, []).append((time.monotonic() - began, value))
            if self.calls % 20 == 0:
                print(f"  {self.calls} calls in {time.monotonic() - began:.0f} s", flush=True)

    # --- one call -----------------------------------------------------------------------------------------------------

    async def _call(self, story: str) -> None:
        counselor = await self._staff("jimin")
        user = await self.door.user("voice")
        assert (await user.say("enter"))["type"] == "ok"
        ring = await counselor.get("ring")
        assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
        await asyncio.gather(*(self._join(person, hz) for person, hz in ((user, 440), (counselor, 620))))
        people = [user, counselor]
        await self._draw(user)
        await self._send_file(user, counselor)
        self.lines_ms.clear()
        for _ in range(LINES):
            await self._write(user, counselor)
        if story == "recorded":
            await self._agree(*people)
        if story == "conference":
            people.append(await self._professional(counselor))
        if story in ("reconnect", "vanish"):
            if story == "vanish":
                await user.peer.vanish()  # from now on, the worker gets no packet of this peer, so `close` is not noticed
            await user.peer.close()
            await user.close()
            people[0] = user = await self._back(user)
        await asyncio.sleep(TALK_S)
        for person in people:
            assert person.peer.heard, f"{person.session['you']} heard nothing ({story})"
        await self._end(user, counselor, people)

    async def _staff(self, login: str) -> Person:
        return await self.door.staff("", cookie=self.cookies[login])

    async def _join(self, person: Person, hz: int) -> None:
        await person.until(lambda s: s["state"] == "active" and bool(s.get("room")) and s["room"]["media"])
        await person.join_room()
        person.peer.speak(hz)

    async def _back(self, user: Person) -> Person:
        again = await self.door.user_tab(user.session_id, user.token, tab="again")
        await self._join(again, 440)
        return again

    async def _professional(self, counselor: Person) -> Person:
        professional = await self._staff("drhan")
        assert (await counselor.say("help", note="soak"))["type"] == "ok"
        ring = await professional.get("ring")
        assert (await professional.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
        await professional.until(lambda s: s.get("brief") is not None)
        assert (await professional.say("join"))["type"] == "ok"
        assert (await counselor.say("mode", mode="conference"))["type"] == "ok"
        await self._join(professional, 880)
        return professional

    async def _draw(self, person: Person) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while person.peer.doc.readyState != "open":  # no event announces that the data channel is open
                await asyncio.sleep(0.05)
        doc: pycrdt.Doc[Any] = pycrdt.Doc()
        elements = doc.get("elements", type=pycrdt.Map)
        for number in range(STROKES):
            before = doc.get_state()
            elements[f"stroke-{number}"] = pycrdt.Map({"type": "freedraw", "author": person.session["you"], "isDeleted": False})
            update = pycrdt.create_update_message(doc.get_update(before))
            for fragment in Fragmenter().cut(update):
                person.peer.doc.send(fragment)

    async def _write(self, writer: Person, reader: Person) -> None:
        text, began = secrets.token_hex(4), time.monotonic()
        await writer.send(type="line", session=writer.session_id, line=f"c-{text}", text=text)
        await reader.find(lambda m: m["type"] == "line" and m["line"].get("text") == text)
        self.lines_ms.append((time.monotonic() - began) * 1000)

    async def _send_file(self, sender: Person, reader: Person) -> None:
        name = f"{secrets.token_hex(4)}.txt"
        url = f"{self.door.url}/api/sessions/{sender.session_id}/files?line=f-{name}&audience=all"
        own = {"Origin": self.door.settings.url, "Authorization": f"Bearer {sender.token}", "File-Name": name}
        async with self.door.http.post(url, data=b"a file of a soak\n" * 1000, headers=own) as answer:
            assert answer.status == 200, await answer.text()
        await reader.find(lambda m: m["type"] == "line" and m["line"].get("text") == name)

    async def _agree(self, *people: Person) -> None:
        for person in people:
            assert (await person.say("recording", agree=True))["type"] == "ok"
        for person in people:
            await person.until(lambda s: s["recording"]["state"] == "on")

    async def _end(self, user: Person, counselor: Person, people: list[Person]) -> None:
        assert (await user.say("leave"))["type"] == "ok"
        await counselor.state("after")
        for person in people:
            if person is not user:
                await person.say("wrap_up", notes="", outcome="resolved")
        for person in people:
            await person.peer.close()
            await person.close()

    # --- resources ---------------------------------------------------------------------------------------------------

    async def _emptied(self) -> None:
        give_up = time.monotonic() + EMPTY_WITHIN_S
        while True:
            figures = await self._scrape()
            if not figures["sangdam_media_rooms"] and not figures["sangdam_media_peers"] and not figures["sangdam_websockets"]:
                break
            assert time.monotonic() < give_up, "rooms, connections or WebSockets are left behind by calls that are over"
            await asyncio.sleep(BETWEEN_S)
        await asyncio.sleep(BETWEEN_S)

    async def _read(self) -> dict[str, float]:
        figures = await self._scrape()
        return {name: figures[metric] * factor for name, (metric, factor) in FIGURES.items()}

    def _of_this_call(self) -> dict[str, float]:
        found = {SLOWEST_LINE: max(self.lines_ms)}
        if recorders := _recorders(self.pid):
            found[RECORDER] = sum(map(_resident_mib, recorders))
        return found

    async def _scrape(self) -> dict[str, float]:
        """Return, for each metric of the service, the sum of its samples over all labels."""
        async with self.door.http.get(self.metrics_url) as answer:
            text = await answer.text()
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
        return found


def _recorders(pid: int) -> list[int]:
    """Return the ids of the recorder processes among the descendants of a process."""
    found: list[int] = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):  # the process has just ended
            if b"media.recording" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
            found += _recorders(int(child))
    return found


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def _kib(*paths: Path) -> float:
    """Return the size of these files and of all files in these folders, in KiB."""
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1024


async def _let_record(url: str) -> None:
    records = await Records.open(url)
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, recording="ask"))
    await records.close()


@dataclass(frozen=True)
class Verdict:
    """Growth of one figure.

    `grown`: the Theil–Sen slope times the measured time. `at_least`: the same product with the lower end of the slope's
    confidence interval.
    """

    name: str
    first: float
    median: float
    grown: float
    at_least: float
    allowed: float

    @property
    def flat(self) -> bool:
        return self.at_least <= self.allowed


def verdicts(samples: dict[str, list[tuple[float, float]]]) -> list[Verdict]:
    found = []
    for name, taken in samples.items():
        warm = taken[int(len(taken) * WARM_UP) :]
        seconds, values = [second for second, _ in warm], [value for _, value in warm]
        slope = theilslopes(values, seconds)
        median, span = sorted(values)[len(values) // 2], seconds[-1] - seconds[0]
        slack = next(part for kind, part in SLACK.items() if kind in name)
        found.append(Verdict(name, taken[0][1], median, slope.slope * span, slope.low_slope * span, slack * median))
    return found


async def soak(minutes: float) -> bool:
    live_house.WAIT_S = PATIENCE_S  # wait this long for replies, because other programs can keep the machine busy
    metrics = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="sangdam-soak-") as folder:
        async with (
            running_service(Path(folder), "--metrics", metrics, within_s=PATIENCE_S) as service,
            aiohttp.ClientSession() as http,
        ):
            nothing: Any = None
            settings = Settings(port=service.port, shop_port=service.shop_port, demo=True, data_dir=Path(folder))
            assert service.process is not None
            await _let_record(settings.database_url)
            run = Soak(Door(settings, nothing, http), f"http://{metrics}/metrics", service.process.pid)
            kept = {
                "records": [settings.data_dir / f"records.sqlite{end}" for end in ("", "-wal")],
                "recordings": [settings.recordings_dir],
                "files": [settings.files_dir],
            }
            before = {name: _kib(*paths) for name, paths in kept.items()}
            began = time.monotonic()
            await run.run(minutes * 60)
            took_s = time.monotonic() - began
            grown = {name: (_kib(*paths) - before[name]) / run.calls for name, paths in kept.items()}
    own_s = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    count = len(next(iter(run.samples.values())))
    own = 100 * own_s / took_s
    print(f"{run.calls} calls in {took_s / 60:.1f} min; {count} samples; the load itself took {own:.1f} % of a core")
    print("kept of each call: " + ", ".join(f"{name} {kib:.1f} KiB" for name, kib in grown.items()))
    if count < LEAST_SAMPLES:
        print("too few calls to tell: let it run longer")
        return False
    found = verdicts(run.samples)
    table = Table("figure", "first", "median", "grown", "at least", "allowed", "")
    for each in found:
        cells = (f"{value:,.2f}" for value in (each.first, each.median, each.grown, each.at_least, each.allowed))
        table.add_row(each.name, *cells, "flat" if each.flat else "GROWS")
    Console(width=110).print(table)
    return all(each.flat for each in found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak", description="Calls come and go; memory, tasks and descriptors stay.")
    parser.add_argument("minutes", nargs="?", type=float, default=30.0)
    sys.exit(0 if asyncio.run(soak(parser.parse_args().minutes)) else 1)


if __name__ == "__main__":
    main()
