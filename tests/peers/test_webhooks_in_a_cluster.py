"""Webhooks of a cluster. While deliveries are under way, the cluster's leader is killed, and so is the receiver."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from signaling.webhooks.sender import PLACES
from tests.cluster import Cluster, running_cluster
from tests.contract.webhooks.receiver import Receiver
from tests.peers.live_house import Service
from tests.peers.test_servers import come_back, doors

# Longest wait for a delivery, in seconds. If the leader is killed while it sends an event, the event is sent again 25 s after the
# first try began. After a failed delivery, an event is sent again after 5 s.
WITHIN_S = 60.0


async def until(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(what()) from None


async def subscribed(door: Service, receiver: Receiver) -> None:
    """Let the organisation's owner add a webhook for the events that a session has begun and has ended."""
    cookie = await door.sign_in("ops")
    body = {"url": receiver.url, "events": ["session.started", "session.ended"], "sites": None}
    operator = door.settings.staff_url("operator")
    status, made, _ = await door.post("/api/settings/webhooks", body, origin=operator, cookie=cookie)
    assert status == 200, made
    receiver.secret = made["secret"]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("SANGDAM_WEBHOOK_ALLOW", "127.0.0.0/8")
    with running_cluster(servers=2, media=1) as cluster:
        yield cluster


async def test_no_event_is_lost_when_leader_and_receiver_are_killed(cluster: Cluster) -> None:
    receiver = Receiver()
    await receiver.up()
    async with doors(cluster) as (leader_door, other_door):
        await subscribed(leader_door, receiver)
        users = [await other_door.user() for _ in range(PLACES + 2)]
        receiver.answered.clear()  # from now on, the receiver reads events but does not answer the leader
        for user in users:
            await user.say("enter")
        await until(lambda: len(receiver.seen) == PLACES, lambda: receiver.seen)
        under_way = set(receiver.ids)

        leader = await asyncio.to_thread(cluster.leading)
        await asyncio.to_thread(leader.end, signal.SIGKILL)
        await receiver.down()
        users = [await come_back(other_door, user) for user in users]
        for user in users:
            await user.say("leave")
        await asyncio.sleep(2.0)  # meanwhile the new leader tries to deliver the events, and fails because the receiver is down
        receiver.answered.set()
        await receiver.up()

        sessions = [user.session_id for user in users]
        events = {(kind, session) for session in sessions for kind in ("session.started", "session.ended")}
        await until(lambda: events <= {(e["type"], e["data"]["session"]) for e in receiver.seen}, lambda: receiver.seen)
        await asyncio.sleep(1.0)  # if an event were delivered twice, the second one would arrive now
    await receiver.down()
    ids = defaultdict(set)
    for event in receiver.seen:
        ids[event["type"], event["data"]["session"]].add(event["id"])
    assert {each: len(found) for each, found in ids.items() if len(found) != 1} == {}, "an event keeps its id"
    again = {event for event, times in receiver.ids.items() if times > 1}
    assert again <= under_way, "only what the leader did not know to have arrived comes again, under its id"
    for session in sessions:
        assert list(dict.fromkeys(receiver.of(session))) == ["session.started", "session.ended"]
