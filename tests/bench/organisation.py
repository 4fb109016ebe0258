"""Measure an organisation of 2,000 staff and 200 sites: lists, search, `sangdam apply`, and the preview of a change of settings.

The bench also measures how soon open pages show a change.

With `BENCH_SHORT=1`, the bench uses a tenth of the people and sites, as a quick check of the bench itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import sqlalchemy as sa

from signaling.records import Records, SessionRecord
from signaling.records import tables as t
from signaling.server.http.bodies import now_ms
from tests.bench.rows import Row, one_by_one, row
from tests.browser.service import Service, running, sangdam
from tests.peers.live_house import Person

SHORT = bool(os.environ.get("BENCH_SHORT"))
STAFF, SITES = (200, 20) if SHORT else (2_000, 200)
ARRIVALS = 2_500
RUNS = 3 if SHORT else 20
PREVIEWS = 2 if SHORT else 6
SEEN_S = 10.0  # Open pages must be told of a change within this many seconds; otherwise the benchmark fails.
COMMAND_S = 30.0  # A command's change must be stored and seen within this many seconds.
LOOK_S = 0.002  # Seconds between two readings of the database.
DAY_MS = 86_400_000
SURNAMES = ("김", "이", "박", "최", "정", "강", "조", "윤", "장", "임")
CLOSED = {"timezone": "Asia/Seoul", "week": {}, "days": {}}  # opening hours of a category that never opens


def wanted() -> str:
    """Return the text of a file that makes `sangdam apply` add all sites and people. Each person works for two sites."""
    chance = random.Random(5)
    parts = [
        f'[sites.site-{n:03}]\nnames = {{ ko = "가게 {n}", en = "Shop {n}" }}\norigins = ["https://shop-{n}.example"]\n'
        f'languages = ["ko", "en"]\n[sites.site-{n:03}.categories.help]\nnames = {{ ko = "문의", en = "Help" }}\n'
        for n in range(SITES)
    ]
    for n in range(STAFF):
        sites = [f"site-{chance.randrange(SITES):03}", f"site-{chance.randrange(SITES):03}"]
        parts.append(
            f'[staff.person-{n:04}]\nname = "{chance.choice(SURNAMES)}하늘 {n}"\nroles = ["counselor"]\n'
            f'languages = ["ko"]\nsites = ["{sites[0]}", "{sites[1]}"]\n'
        )
    return "\n".join(parts)


async def arrivals(service: Service) -> None:
    """Store calls of the last weeks, which Jimin and Suho have served. Some users gave up."""
    records = await Records.open(f"sqlite+aiosqlite:///{service.data_dir / 'records.sqlite'}")
    chance, now = random.Random(7), now_ms()
    values = []
    for number in range(ARRIVALS):
        at = now - chance.randrange(2, 20) * DAY_MS - chance.randrange(8 * 3_600_000)
        gave_up = number % 9 == 8
        record = SessionRecord(
            id=f"past-{number}",
            site="demo-shop",
            category="cameras",
            language="ko",
            channel="voice",
            state="closed",
            started_at=at,
            waiting_at=at,
            active_at=None if gave_up else at + 9_000,
            ended_at=at + 200_000,
            counselor="" if gave_up else chance.choice(["jimin", "suho"]),
        )
        values.append({name: getattr(record, name) for name in SessionRecord.__struct_fields__})
    await records._transaction(lambda connection: connection.execute(sa.insert(t.session), values), writes=True)
    await records.close()


class Browser:
    """The browser of an owner or a counselor, or of a user (without a cookie)."""

    def __init__(self, service: Service, http: aiohttp.ClientSession) -> None:
        self.service, self.http = service, http
        self.origin = service.host("operator")
        self.url = f"http://127.0.0.1:{service.port}"
        self.cookie = ""

    async def ask(self, path: str, body: Any = None, *, host: str = "") -> Any:
        """Send an HTTP request: a POST of `body` or, without `body`, a GET. Return the answer's JSON."""
        headers = {"Origin": host or self.origin} | ({"Cookie": self.cookie} if self.cookie else {})
        method = "GET" if body is None else "POST"
        async with self.http.request(method, self.url + path, json=body, headers=headers) as reply:
            assert reply.status == 200, (path, reply.status, await reply.text())
            if not self.cookie and "Set-Cookie" in reply.headers:
                self.cookie = reply.headers["Set-Cookie"].partition(";")[0]
            return await reply.json()

    async def page_of_user(self) -> Person:
        """Open the page of a new user whose session has not entered the queue yet."""
        # this browser has no cookie, because with the owner's cookie the server would take the user for staff
        stranger = Browser(self.service, self.http)
        code = await stranger.ask(
            "/api/codes", {"site": "demo-shop", "category": "cameras", "language": "ko"}, host=self.service.shop
        )
        made = await stranger.ask(
            "/api/sessions", {"code": code["code"], "channel": "text", "locale": "ko"}, host=self.service.url
        )
        person = Person(await self.http.ws_connect(f"{self.url}/ws", headers={"Origin": self.service.url}, max_msg_size=0))
        person.session_id = made["session"]
        await person.send(type="hello", tab="t", token=made["token"], locale="ko")
        await person.get("welcome")
        await person.until(lambda session: session["opening"]["open"])
        return person

    async def counselor(self, login: str) -> Browser:
        """Sign a counselor in, in a browser of their own."""
        theirs = Browser(self.service, self.http)
        theirs.origin = self.service.host("counselor")
        await theirs.ask("/api/sign-in", {"login": login, "password": f"{login}-demo"})
        return theirs

    async def console(self) -> Person:
        """Open the console of a counselor who has signed in."""
        headers = {"Origin": self.origin, "Cookie": self.cookie}
        person = Person(await self.http.ws_connect(f"{self.url}/ws", headers=headers, max_msg_size=0))
        await person.send(type="hello", tab="t")
        await person.get("welcome")
        return person


async def timed(name: str, unit: str, count: int, work: Callable[[int], Awaitable[object]]) -> Row:
    """Return a row with the times that `count` single runs of `work` take. `unit`: ms or s."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        await work(number)
        taken.append((time.perf_counter() - began) * (1000 if unit == "ms" else 1))
    return row(name, unit, taken)


async def hours_seen(owner: Browser) -> Row:
    """Measure the time from an owner's request to change opening hours until a user's open page shows the new hours."""
    user = await owner.page_of_user()
    taken = []
    for number in range(RUNS):
        hours = CLOSED if number % 2 == 0 else None
        began = time.perf_counter()
        await owner.ask("/api/operator/sites/demo-shop/categories/cameras/hours", {"hours": hours})
        async with asyncio.timeout(SEEN_S):
            await user.until(lambda session, closed=hours is not None: session["opening"]["open"] is not closed)
        taken.append(time.perf_counter() - began)
    await owner.ask("/api/operator/sites/demo-shop/categories/cameras/hours", {"hours": None})
    await user.close()
    return row("organisation_hours_seen_p95_s", "s", taken)


async def staff_seen(owner: Browser) -> Row:
    """Measure the time from a change of a counselor's sites until the server says `bye` to the counselor's open console.

    After `bye`, a console connects again and loads the new sites.
    """
    jimin = await owner.counselor("jimin")  # one sign-in for all runs, because the server limits how often a login can be tried
    taken = []
    for number in range(max(2, RUNS // 2)):
        console = await jimin.console()
        stored = await owner.ask("/api/settings/staff/jimin")
        settings = stored["settings"] | {"sites": ["*"] if number % 2 else ["demo-shop"]}
        began = time.perf_counter()
        await owner.ask("/api/settings/staff/jimin", {"version": stored["version"], "settings": settings})
        async with asyncio.timeout(SEEN_S):
            await console.get("bye")
        taken.append(time.perf_counter() - began)
        await console.close()
    return row("organisation_staff_seen_p95_s", "s", taken)


async def command_seen(owner: Browser) -> Row:
    """Let `sangdam category hours` store new opening hours. Measure the time from then until an open page shows them."""
    user = await owner.page_of_user()
    taken = []
    for number in range(2 if SHORT else 6):
        closing = number % 2 == 0
        words = ("--timezone", "Asia/Seoul", "--open", "mon=00:00-00:01") if closing else ("--inherit",)
        async with asyncio.timeout(COMMAND_S), asyncio.TaskGroup() as together:
            together.create_task(sangdam(owner.service, "category", "hours", "demo-shop", "cameras", *words))
            stored = together.create_task(hours_stored(owner.service, closing))
            seen = together.create_task(opening_seen(user, not closing))
        taken.append(max(0.0, seen.result() - stored.result()))
    await user.close()
    return row("organisation_command_seen_p95_s", "s", taken)


async def hours_stored(service: Service, own: bool) -> float:
    """Wait until the database has opening hours of this category (`own` is True), or has none (`own` is False).

    Return the reading of `time.perf_counter` at that moment.
    """
    with contextlib.closing(sqlite3.connect(f"file:{service.data_dir / 'records.sqlite'}?mode=ro", uri=True)) as database:
        asked = "SELECT hours IS NOT NULL FROM category WHERE site = 'demo-shop' AND id = 'cameras'"
        while database.execute(asked).fetchone() != (own,):
            await asyncio.sleep(LOOK_S)
    return time.perf_counter()


async def opening_seen(user: Person, opened: bool) -> float:
    """Wait until the user's page shows the category as open (`opened` is True) or closed (`opened` is False).

    Return the reading of `time.perf_counter` at that moment.
    """
    await user.until(lambda session: session["opening"]["open"] is opened)
    return time.perf_counter()


async def measured() -> AsyncIterator[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        async with running(Path(scratch)) as service, aiohttp.ClientSession() as http:
            owner = Browser(service, http)
            await owner.ask("/api/sign-in", {"login": "ops", "password": "ops-demo"})
            file = Path(scratch) / "wanted.toml"
            file.write_text(wanted())
            apply = ("apply", str(file), "--yes")
            yield await timed("organisation_apply_s", "s", 1, lambda _: sangdam(service, *apply))
            yield await timed("organisation_apply_again_s", "s", 2, lambda _: sangdam(service, *apply))
            total = (await owner.ask("/api/settings/staff"))["total"]
            assert total >= STAFF, total
            pages = max(1, total // 50)
            yield await timed(
                "organisation_people_p95_ms", "ms", RUNS, lambda n: owner.ask(f"/api/settings/staff?page={n % pages + 1}")
            )
            yield await timed(
                "organisation_people_search_p95_ms", "ms", RUNS, lambda n: owner.ask(f"/api/settings/staff?q={SURNAMES[n % 10]}")
            )
            yield await timed(
                "organisation_sites_search_p95_ms",
                "ms",
                RUNS,
                lambda n: owner.ask(f"/api/settings/sites?q=shop-{n % 10}&lang=ko"),
            )
            yield await timed(
                "organisation_audit_p95_ms", "ms", RUNS, lambda n: owner.ask(f"/api/operator/audit?page={n % 5 + 1}")
            )
            yield await hours_seen(owner)
            yield await command_seen(owner)
            yield await staff_seen(owner)
            await arrivals(service)
            stored = await owner.ask("/api/settings/staff/jimin")

            async def preview(number: int) -> None:
                settings = stored["settings"] | {"calls": 2 + number}
                found = await owner.ask("/api/settings/preview/staff", {"id": "jimin", "settings": settings})
                assert found["found"] is not None, found
                assert found["arrivals"] >= ARRIVALS * 0.9, found

            yield await timed("organisation_preview_s", "s", PREVIEWS, preview)


def rows() -> Iterator[Row]:
    return one_by_one(measured())
