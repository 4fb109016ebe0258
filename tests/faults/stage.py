"""A cluster of real processes on loopback, and people in calls whose tones are monitored. Every fault test uses them."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
import uvloop
from redis.asyncio import Redis

from media.api.announcement import WORKERS_KEY, Announcement, announcement_key
from media.api.client import WorkerClient
from signaling.access.identity import COOKIE, token_hash
from signaling.config.secret import media_token
from signaling.config.settings import Settings
from signaling.records import Records, RecordsAway, SignInRecord, StaffRecord
from tests.cluster import SECRET, Cluster, Server, running_cluster
from tests.faults.callers import Caller
from tests.faults.ears import PAIRS, Choir, Ear
from tests.faults.figures import TARGET, Figure
from tests.peers.live_house import Service

HEARS_S = 30.0
LIFE_MS = 3_600_000


@dataclass
class Call:
    user: Caller
    counselor: Caller

    @property
    def people(self) -> tuple[Caller, Caller]:
        return self.user, self.counselor

    @property
    def id(self) -> str:
        return str(self.user.session["id"])

    @property
    def epoch(self) -> int:
        return int(self.user.session["room"]["epoch"])

    def gap(self, since: float, until: float) -> float:
        return max(person.ear.gap(since, until) for person in self.people)

    def hears(self, within_s: float = 0.3) -> bool:
        """Return whether each of the two people heard the other's tone within the last `within_s` seconds."""
        now = asyncio.get_running_loop().time()
        return all(person.ear.times(now - within_s, now) for person in self.people)

    def describe(self) -> str:
        people = [
            f"{person.session['you']}: joined {person.moves}, {len(person.peers)} connections, refused {dict(person.refused)}, "
            f"heard {len(person.ear.at)}"
            for person in self.people
        ]
        return f"epoch {self.epoch}, {'; '.join(people)}; {self.user.session['participants']}"

    @property
    def goes_on(self) -> bool:
        return all(not person.over and person.session["state"] == "active" for person in self.people)


class Stage:
    """A cluster with calls.

    `settings`: the servers' settings. `doors`: the servers' addresses. Each new person first tries the next of these addresses.
    `ms`: length of a sound packet.
    """

    def __init__(self, settings: Settings, doors: list[str], records: Records, http: aiohttp.ClientSession, ms: int) -> None:
        self.settings = settings
        self.doors = doors
        self.records = records
        self.http = http
        self.choir = Choir(ms)
        self.calls: list[Call] = []
        self.people: list[Caller] = []

    def gaps(self, since: float) -> list[float]:
        """Return for each person in a call the longest silence since this time, in seconds."""
        now = asyncio.get_running_loop().time()
        return [person.ear.gap(since, now) for call in self.calls for person in call.people]

    def dropped(self) -> int:
        """Return how many calls have ended, for both people or for one of them."""
        return sum(not call.goes_on for call in self.calls)

    def door(self) -> Service:
        nothing: Any = None
        service = Service(self.settings, nothing, _Through(self.http, self.doors))
        service.url = ""
        return service

    def _person(self, hz: int, ear: int, **who: Any) -> Caller:
        turn = len(self.people) % len(self.doors)
        doors = self.doors[turn:] + self.doors[:turn]
        person = Caller(http=self.http, doors=doors, hz=hz, ear=Ear(ear), **who)
        self.people.append(person)
        self.choir.singers.append(person)
        return person

    async def counselor(self, pair: tuple[int, int] = PAIRS[0], *, accepts: bool = True, available: bool = True) -> Caller:
        number, token, now = secrets.token_hex(4), secrets.token_urlsafe(32), time.time_ns() // 1_000_000
        record = StaffRecord(id=f"c-{number}", login=number, name=f"상담원 {number}", role="counselor", languages=["ko"])
        await self.records.save_staff(record)
        sign_in = SignInRecord(token_hash=token_hash(token), staff=record.id, created_at=now, expires_at=now + LIFE_MS)
        await self.records.add_sign_in(sign_in)
        origin = self.settings.staff_url("counselor")
        hello = {"tab": f"t-{number}"}
        person = self._person(pair[1], pair[0], origin=origin, hello=hello, cookie=f"{COOKIE}={token}", accepts=accepts)
        await person.until(lambda: person.seen["welcome"])
        if available:
            await person.ask(type="state", state="available")
        return person

    async def user(self, pair: tuple[int, int] = PAIRS[0], *, channel: str = "voice", enters: bool = True) -> Caller:
        _, token = await self.door().user_session(channel)
        person = self._person(pair[0], pair[1], origin=self.settings.url, hello={"tab": secrets.token_hex(4), "token": token})
        await person.until(lambda: person.session)
        if enters:
            await person.say("enter")
        return person

    async def call(self) -> Call:
        pair = PAIRS[len(self.calls) % len(PAIRS)]
        counselor = await self.counselor(pair)
        user = await self.user(pair)
        call = Call(user, counselor)
        await user.until(lambda: user.session["state"] == "active")
        await counselor.until(lambda: counselor.session.get("state") == "active")
        self.calls.append(call)
        return call

    async def refused_politely(self) -> bool:
        """Return whether the server refuses a new user, gives a reason, and says when to come back.

        The server can refuse the user when the user asks for an identification code, or when the user exchanges this code.
        """
        asked = {"site": "demo-shop", "category": "cameras", "language": "ko"}
        headers = {"Origin": self.settings.shop_url}
        answer = await self.http.post(self.doors[0] + "/api/codes", json=asked, headers=headers)
        if answer.status == 200:
            use = {"code": (await answer.json())["code"], "channel": "text", "locale": "ko"}
            answer = await self.http.post(self.doors[0] + "/api/sessions", json=use, headers={"Origin": self.settings.url})
        return answer.status == 503 and (await answer.json())["reason"] == "unavailable" and "Retry-After" in answer.headers

    async def all_hear(self, seconds: float = HEARS_S) -> None:
        try:
            await until(lambda: all(call.hears() for call in self.calls), seconds, "everybody hears")
        except TimeoutError as error:
            deaf = [call for call in self.calls if not call.hears()]
            raise TimeoutError(f"{error}; {len(deaf)} of {len(self.calls)} calls do not: {deaf[0].describe()}") from None

    async def lines_of(self, call: Call) -> list[str]:
        """Return the texts of the call's chat lines in the database, in order."""
        found = await self.records.lines(call.id, limit=100_000, audience="staff")
        return [line.text for line in found if line.kind == "text"]

    async def reach_records(self, seconds: float) -> None:
        """Wait until this process is connected to PostgreSQL again, after PostgreSQL or its primary has failed."""
        with suppress(RecordsAway):
            await self.records.newest_term()
        async with asyncio.timeout(seconds):
            await self.records.reachable.wait()

    async def forget(self) -> None:
        """Discard the sound and the pongs that people received more than two seconds ago."""
        now = asyncio.get_running_loop().time()
        for person in self.people:
            person.ear.forget(now - 2.0)
            person.pongs = [at for at in person.pongs if at > now - 2.0]

    async def close(self) -> None:
        """Disconnect all people of the stage, and forget their calls."""
        await asyncio.gather(*(person.close() for person in self.people), return_exceptions=True)
        self.people.clear()
        self.calls.clear()
        self.choir.singers.clear()


class _Through:
    """HTTP through a balancer: if a server does not answer or is unavailable, the next server gets the HTTP request.

    Each request comes from another client address, so that no rate limit refuses it.
    """

    def __init__(self, http: aiohttp.ClientSession, doors: list[str]) -> None:
        self._http = http
        self._doors = doors

    @asynccontextmanager
    async def post(self, path: str, *, json: Any, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = headers | {"X-Forwarded-For": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}
        for door in self._doors:
            try:
                async with self._http.post(door + path, json=json, headers=headers) as response:
                    if response.status == 503 and door is not self._doors[-1]:
                        continue
                    yield response
                    return
            except aiohttp.ClientConnectorError:
                continue
        raise ConnectionError("no server answers")


@asynccontextmanager
async def stage(cluster: Cluster, *, calls: int = 0, ms: int = 20) -> AsyncIterator[Stage]:
    doors = [server.url for server in cluster.servers]
    async with staged(cluster.settings, doors, cluster.database_url or cluster.postgres.url, calls=calls, ms=ms) as made:
        yield made


@asynccontextmanager
async def staged(settings: Settings, doors: list[str], records_url: str, *, calls: int, ms: int) -> AsyncIterator[Stage]:
    records = await Records.open(records_url)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        made = Stage(settings, doors, records, http, ms)
        singing = asyncio.create_task(made.choir.run())
        try:
            for _ in range(calls):
                await made.call()
            if calls:
                await made.all_hear()
            yield made
        finally:
            singing.cancel()
            print(f"  the load itself was late by at most {made.choir.late_s:.2f} s", flush=True)
            await made.close()
            await records.close()


def on_cluster(
    measure: Callable[[Cluster], Awaitable[list[Figure]]],
    *,
    servers: int = 2,
    media: int = 2,
    start: Callable[[int, int], AbstractContextManager[Cluster]] = lambda servers, media: running_cluster(
        servers=servers, media=media
    ),
) -> list[Figure]:
    """Start a cluster, run `measure` on it, and return the figures. Copy the logs of all parts to build/."""
    TARGET.parent.mkdir(exist_ok=True)
    with start(servers, media) as cluster:
        try:
            return uvloop.run(_measured(measure, cluster))
        except BaseException:
            print(uvloop.run(_counts(cluster)), flush=True)
            raise
        finally:
            for part in (*cluster.servers, *cluster.media):
                shutil.copy(part.log, TARGET.parent / f"faults-{part.log.name}")


async def _measured(measure: Callable[[Cluster], Awaitable[list[Figure]]], cluster: Cluster) -> list[Figure]:
    return await measure(cluster)


async def until(so: Callable[[], object], seconds: float, what: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not so():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise TimeoutError(f"not within {seconds:g} s: {what}") from None


def worker_at(udp_port: int) -> int:
    """Return the id of the process to which this UDP port is bound."""
    found = subprocess.run(["ss", "-Hulnp", f"sport = :{udp_port}"], capture_output=True, text=True, check=True).stdout
    return int(found.partition("pid=")[2].partition(",")[0])


async def live_workers(cluster: Cluster, count: int, seconds: float = 40.0) -> None:
    """Wait until exactly this many workers are announced in Redis and accept connections."""
    async with asyncio.timeout(seconds):
        while len(await answering(cluster)) != count:
            await asyncio.sleep(0.1)


async def answering(cluster: Cluster) -> list[str]:
    """Return the addresses of announced workers that accept connections."""
    async with Redis.from_url(cluster.redis.url) as client:
        names = [name.decode() for name in await client.smembers(WORKERS_KEY)]
        said = await client.mget([announcement_key(name) for name in names]) if names else []
    found = []
    for url in [msgspec.json.decode(each, type=Announcement).url for each in said if each]:
        with suppress(OSError):
            host, _, port = url.removeprefix("http://").rpartition(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            found.append(url)
    return found


async def _counts(cluster: Cluster) -> dict[str, Any]:
    """Return the counters of each worker, such as dropped packets by reason."""
    counts = {}
    for url in await answering(cluster):
        async with WorkerClient(url, media_token(SECRET.encode())) as worker:
            counts[url] = await worker.stats()
    return counts


async def revive(cluster: Cluster) -> None:
    """Start each server again that has ended by itself, as its supervisor would."""
    for server in cluster.servers:
        if server.process is None or server.process.poll() is not None:
            server.process = None
            server.start()
    await asyncio.to_thread(cluster.until_ready)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def leading(cluster: Cluster) -> Server:
    return await asyncio.to_thread(cluster.leading)
