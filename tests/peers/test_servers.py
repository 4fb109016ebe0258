"""Several servers as processes, with real Redis and PostgreSQL.

People use any of the servers while one part after another fails.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from signaling.records import Records
from tests import PATIENCE_S
from tests.cluster import Cluster, Server, running_cluster
from tests.peers.live_house import Person, Service
from tests.peers.test_fleet import until_hears

PLACE = {"site": "demo-shop", "category": "cameras", "language": "ko"}
# longest time in seconds from a leader's death until another server serves people; for the first 1.5 s, the dead leader's lease
# can still be valid
BACK_S = 4.0


class Shared:
    """One cluster for all tests of this file, because a start takes seconds.

    After a failed test the next test gets a new cluster, and the logs of the old cluster are printed.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._cluster: Cluster | None = None

    def cluster(self) -> Cluster:
        if self._cluster is None:
            self._cluster = self._stack.enter_context(running_cluster(servers=2, media=1))
        return self._cluster

    def end(self) -> None:
        self._cluster = None
        self._stack.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    shared = Shared()
    yield shared
    shared.end()


@pytest.fixture
def cluster(shared: Shared, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    failed_before = request.session.testsfailed
    yield shared.cluster()
    if request.session.testsfailed > failed_before:
        for part in (*shared.cluster().servers, *shared.cluster().media):
            print(part.log.name, part.log.read_text()[-4000:], sep="\n")
        shared.end()


@asynccontextmanager
async def doors(cluster: Cluster) -> AsyncIterator[tuple[Service, Service]]:
    """Return a `Service` for each of the two servers, with which tests connect as browsers do. The leader's is first."""
    await asyncio.to_thread(cluster.until_ready)
    leader = await asyncio.to_thread(cluster.leading)
    other = next(server for server in cluster.servers if server is not leader)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())

        def door(server: Server) -> Service:
            nothing: Any = None
            service = Service(cluster.settings, nothing, http)
            service.url = f"http://127.0.0.1:{server.port}"
            return service

        yield door(leader), door(other)


async def at_two_doors(user_door: Service, staff_door: Service) -> tuple[Person, Person]:
    counselor, user = await staff_door.staff("jimin"), await user_door.user("voice")
    assert (await user.say("enter"))["type"] == "ok"
    ring = await counselor.get("ring")
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    for person in (user, counselor):
        await person.until(lambda s: s["state"] == "active" and s["room"]["media"])
    await asyncio.gather(user.join_room(), counselor.join_room())
    user.peer.speak(440)
    counselor.peer.speak(620)
    await asyncio.gather(until_hears(user, 620), until_hears(counselor, 440))
    return user, counselor


async def said(writer: Person, reader: Person, text: str) -> None:
    await writer.send(type="line", session=writer.session_id, line=f"c-{secrets.token_hex(4)}", text=text)
    await reader.find(lambda m: m["type"] == "line" and m["line"].get("text") == text)


async def come_back(door: Service, former: Person) -> Person:
    """Reconnect to this server, again and again, until the server leads. Fail after `BACK_S`.

    While the server does not lead, it forwards the connection to the old leader, which is ending or frozen.
    """
    async with asyncio.timeout(BACK_S):
        while True:
            stays = await decides(door)
            try:
                person = await come_in(door, former)
            except (aiohttp.ClientError, AssertionError):
                await asyncio.sleep(0.2)
                continue
            if stays:
                return person
            while not (person.gone or await decides(door)):
                # wait, as a browser does, because nothing announces that the connection ends or that there is a new leader
                await asyncio.sleep(0.05)


async def come_in(door: Service, former: Person) -> Person:
    if former.cookie:
        return await door.staff("", available=False, cookie=former.cookie, tab="again")
    return await door.user_tab(former.session_id, former.token, tab="again")


async def decides(door: Service) -> bool:
    async with door.http.get(f"{door.url}/readyz") as answer:
        return bool((await answer.json())["state"] == "leading")


async def end(user: Person, counselor: Person) -> None:
    assert (await user.say("leave"))["type"] == "ok"
    await counselor.state("after")
    await counselor.say("wrap_up", notes="", outcome="")
    for person in (user, counselor):
        await person.close()


async def test_people_at_different_servers_can_talk(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, other):
        for user_door, staff_door in ((other, leader), (leader, other), (other, other)):
            user, counselor = await at_two_doors(user_door, staff_door)
            await said(user, counselor, "안녕하세요")
            await said(counselor, user, "네")
            await end(user, counselor)


async def test_code_is_exchanged_once_across_servers(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, other):
        _, code, _ = await other.post("/api/codes", PLACE, origin=cluster.settings.shop_url)
        use = {"code": code["code"], "channel": "text", "locale": "ko"}
        answers = await asyncio.gather(*(door.post("/api/sessions", use) for door in (leader, other, leader, other)))
        assert sorted(status for status, _, _ in answers) == [200, 409, 409, 409]


async def test_sign_in_limits_apply_across_servers(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, other):
        statuses = []
        for number in range(24):
            door = (leader, other)[number % 2]
            body = {"login": "nobody", "password": "wrong"}
            statuses.append((await door.post("/api/sign-in", body))[0])
        single = statuses.index(429)
        assert single < 12, "as few as one server allows"


async def test_ended_sign_in_closes_consoles_at_every_server(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, other):
        consoles = [await door.staff("suho", available=False) for door in (leader, other)]
        records = await Records.open(cluster.postgres.url)
        await records.remove_sign_ins_of("suho")
        await records.close()
        async with asyncio.timeout(1.5):
            for console in consoles:
                assert (await console.get("bye"))["reason"] == "signed_out"
                await console.get("closed")


async def test_outsider_cannot_act_as_a_server(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, _), aiohttp.ClientSession() as http:
        for headers in ({}, {"X-Sangdam-Node": "guess"}):
            async with http.get(leader.url + "/cluster/leading", headers=headers) as response:
                assert response.status == 404


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_server_failure_or_shutdown_loses_no_line(cluster: Cluster, how: signal.Signals) -> None:
    async with doors(cluster) as (leader, other):
        user, counselor = await at_two_doors(leader, other)
        await said(user, counselor, "하나")
        dying = await asyncio.to_thread(cluster.leading)
        epoch = user.session["room"]["epoch"]
        ending = asyncio.create_task(asyncio.to_thread(dying.end, how))
        began = asyncio.get_running_loop().time()
        back = await asyncio.gather(come_back(other, user), come_back(other, counselor))
        gap_s = asyncio.get_running_loop().time() - began
        await ending
        await asyncio.gather(until_hears_now(user, 620), until_hears_now(counselor, 440))
        for person, before in zip(back, (user, counselor), strict=True):
            await person.until(lambda s: all(p["peer"] == "live" and p["presence"] == "here" for p in s["participants"]))
            assert person.session["room"]["epoch"] == epoch, "the call was not touched"
            person.peer = before.peer
        await said(back[0], back[1], "둘")
        found = await back[1].ask(type="lines", session=user.session_id, after=0)
        assert [line["text"] for line in found["lines"] if line["kind"] == "text"] == ["하나", "둘"]
        await end(*back)
        assert gap_s < BACK_S
        dying.start()
        await asyncio.to_thread(cluster.until_ready)


async def test_calls_survive_death_of_a_forwarding_server(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, other):
        user, counselor = await at_two_doors(other, leader)
        leading = await asyncio.to_thread(cluster.leading)
        dying = next(server for server in cluster.servers if server is not leading)
        await asyncio.to_thread(dying.end, signal.SIGKILL)
        back = await come_back(leader, user)
        await asyncio.gather(until_hears_now(user, 620), until_hears_now(counselor, 440))
        back.peer = user.peer
        await said(back, counselor, "넷")
        await end(back, counselor)
        dying.start()
        await asyncio.to_thread(cluster.until_ready)


async def test_database_outage_loses_no_record(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, other):
        user, counselor = await at_two_doors(other, leader)
        await asyncio.to_thread(cluster.postgres.stop)
        try:
            refused = await user.say("line", line="c-kept", text="다섯")
            assert (refused["type"], refused["reason"]) == ("error", "unavailable"), "not acknowledged, so it is sent again"
            _, code, _ = await other.post("/api/codes", PLACE, origin=cluster.settings.shop_url)
            use = {"code": code.get("code", "refused already"), "channel": "text", "locale": "ko"}
            status, why, _ = await other.post("/api/sessions", use)
            assert "code" not in code or (status, why["reason"]) == (503, "unavailable"), "nobody new is let in"
            await asyncio.gather(until_hears_now(user, 620), until_hears_now(counselor, 440))
            assert (await user.say("leave"))["type"] == "ok"
            assert (await user.say("rate", score=5, words=""))["type"] == "ok"
            await counselor.state("after")
            assert (await counselor.say("wrap_up", notes="끝", outcome=""))["type"] == "ok"
        finally:
            await asyncio.to_thread(cluster.postgres.start)
        records = await Records.open(cluster.postgres.url)
        async with asyncio.timeout(PATIENCE_S):
            while (kept := await records.session(user.session_id)) is None or kept.wrap_up_notes != "끝":
                await asyncio.sleep(0.05)
        assert (kept.state, kept.rating_score) == ("closed", 5)
        await records.close()
        for person in (user, counselor):
            await person.close()
        await asyncio.to_thread(cluster.until_ready)


async def until_hears_now(person: Person, hz: int) -> None:
    assert (await person.peer.listen(0.4)).tones(440, 620, 880) == {hz}


async def test_frozen_server_writes_nothing_when_it_wakes(cluster: Cluster) -> None:
    async with doors(cluster) as (leader, other):
        user, counselor = await at_two_doors(leader, leader)
        sleeping = await asyncio.to_thread(cluster.leading)
        sleeping.send(signal.SIGSTOP)
        again, staff = await asyncio.gather(come_back(other, user), come_back(other, counselor))
        await said(again, staff, "셋")
        again.peer, staff.peer = user.peer, counselor.peer
        assert (await again.say("leave"))["type"] == "ok"
        await staff.state("after")
        sleeping.send(signal.SIGCONT)
        assert sleeping.process is not None
        assert await asyncio.to_thread(sleeping.process.wait, 10) != 0, "it has been overtaken, and ends"
        sleeping.process = None
        assert (await staff.say("wrap_up", notes="끝", outcome=""))["type"] == "ok"
        sleeping.start()
        await asyncio.to_thread(cluster.until_ready)
        late = await leader.user_tab(user.session_id, user.token)
        await late.state("closed")
