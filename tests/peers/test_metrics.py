"""Metrics of a real call, for operators and Prometheus. The metrics change with the call, and do not name anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from signaling.access.turn_credentials import Turn
from signaling.server.app import serve
from signaling.server.metrics import metrics_app
from tests import PATIENCE_S
from tests.peers.live_house import OneWorker, Person, Service, in_conversation, running, settings_for
from tests.peers.reporting import reports_back
from tests.ports import free_port

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def told(service: Service) -> str:
    async with TestClient(TestServer(metrics_app(service.app))) as http:
        answer = await http.get("/metrics")
        assert answer.status == 200
        return await answer.text()


async def scraped(service: Service) -> Figures:
    families = text_string_to_metric_families(await told(service))
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def of(figures: Figures, name: str, **labels: str) -> float:
    """Return the sum of all samples of this metric that have the given labels."""
    found = [value for (each, given), value in figures.items() if each == name and set(labels.items()) <= given]
    assert found, f"nothing is told of {name} {labels}"
    return sum(found)


async def calling(service: Service) -> tuple[Person, Person]:
    user, counselor = await in_conversation(service, "voice")
    for person, hz in ((user, 440), (counselor, 620)):
        await person.until(lambda s: s["room"]["media"])
        await person.join_room()
        person.peer.speak(hz)
    return user, counselor


async def test_metrics_follow_a_call_and_name_nobody(service: Service) -> None:
    first = await scraped(service)
    user, _ = await calling(service)
    reporting = asyncio.create_task(reports_back(user.peer, 10))
    moving = {
        "sangdam_media_stream_packets_total": {"direction": "up", "kind": "audio"},
        "sangdam_media_stream_bytes_total": {"direction": "down", "kind": "audio"},
        "sangdam_media_datagrams_total": {"direction": "in"},
        "sangdam_media_tick_late_seconds_count": {},
        "sangdam_media_up_jitter_seconds_count": {},
        "sangdam_media_down_loss_ratio_count": {},
        "sangdam_media_round_trip_seconds_count": {},
        "sangdam_media_cpu_seconds_total": {},
        "sangdam_statement_duration_seconds_count": {"kind": "write"},
        "sangdam_event_loop_lag_seconds_count": {},
    }

    def standing(now: Figures) -> list[str]:
        return [name for name, labels in moving.items() if _or_zero(now, name, labels) <= _or_zero(first, name, labels)]

    async with asyncio.timeout(PATIENCE_S):
        while standing(now := await scraped(service)):
            await asyncio.sleep(0.3)  # the worker updates these metrics once a second
    reporting.cancel()
    assert of(now, "sangdam_sessions", state="active") == 1
    assert of(now, "sangdam_websockets", kind="user") == 1
    assert of(now, "sangdam_staff", state="busy") == 1
    assert of(now, "sangdam_media_rooms") >= 1
    assert of(now, "sangdam_wait_seconds_count", kind="user") == 1
    assert of(now, "sangdam_rings_total", kind="user", outcome="accepted") == 1
    assert of(now, "sangdam_media_up") == 1
    words = " ".join(f"{name} {sorted(labels)}" for name, labels in now)
    private = (user.session_id, user.session["you"], "jimin", *(p["name"] for p in user.session["participants"] if p["name"]))
    assert not [word for word in private if word in words]


def _or_zero(figures: Figures, name: str, labels: dict[str, str]) -> float:
    return sum(value for (each, given), value in figures.items() if each == name and set(labels.items()) <= given)


async def test_metrics_have_their_own_address(tmp_path: Path) -> None:
    settings = replace(settings_for(tmp_path), metrics=("127.0.0.1", free_port()))
    ready = asyncio.Event()
    serving = asyncio.create_task(serve(settings, ready.set, OneWorker(settings)))
    async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as http:
        await ready.wait()
        async with http.get(f"http://127.0.0.1:{settings.metrics[1]}/metrics") as inside:
            assert "sangdam_media_up" in await inside.text()
        async with http.get(f"http://127.0.0.1:{settings.port}/metrics") as outside:
            assert outside.status == 404
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_mix_metrics_still_count_closed_rooms(service: Service) -> None:
    user, counselor = await calling(service)
    professional = await service.staff("drhan")
    assert (await counselor.say("help", note="?"))["type"] == "ok"
    ring = await professional.get("ring")
    assert (await professional.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await professional.until(lambda s: s.get("brief") is not None)
    assert (await professional.say("join"))["type"] == "ok"
    assert (await counselor.say("mode", mode="conference"))["type"] == "ok"
    await professional.until(lambda s: s["room"]["media"])
    await professional.join_room()
    before = await scraped(service)
    async with asyncio.timeout(PATIENCE_S):
        while of(now := await scraped(service), "sangdam_media_encodes_total") < 50 + _or_zero(
            before, "sangdam_media_encodes_total", {}
        ):
            await asyncio.sleep(0.3)
    assert of(now, "sangdam_media_voice_frames_total", origin="decoded") > 0
    assert (await user.say("leave"))["type"] == "ok"
    async with asyncio.timeout(PATIENCE_S):
        while service.live.workers.place(user.session_id) is None or service.live.index.entries[user.session_id].room.opened:
            await asyncio.sleep(0.05)
    after = await scraped(service)
    assert of(after, "sangdam_media_encodes_total") >= of(now, "sangdam_media_encodes_total")


async def test_operator_sees_how_everybody_is_connected(service: Service) -> None:
    user, counselor = await calling(service)
    reporting = asyncio.create_task(reports_back(user.peer, 10))
    operator = await watching(service)
    assert (await operator.ask(type="watch", session=user.session_id))["type"] == "ok"

    def known(message: dict[str, object]) -> bool:
        if message["type"] != "call_quality":
            return False
        people = {person["role"]: person for person in message["people"]}
        down = people["user"].get("down", [])
        return bool(
            down and down[0].get("lost_percent") and people["counselor"].get("up") and people["user"].get("rtt_ms") is not None
        )

    found = await operator.find(known)
    reporting.cancel()
    user_told, counselor_told = (next(p for p in found["people"] if p["role"] == role) for role in ("user", "counselor"))
    assert user_told["path"] == "direct"
    assert user_told["grade"] == "poor", "one packet in ten is lost on the way to them"
    assert 8 < user_told["down"][0]["lost_percent"] < 12
    assert user_told["down"][0]["jitter_ms"] == 20
    assert counselor_told["up"][0]["kind"] == "audio"
    assert counselor_told["up"][0]["bps"] > 5000
    board = await operator.find(lambda m: m["type"] == "wallboard" and any(s.get("quality") == "poor" for s in m["sessions"]))
    assert [session["id"] for session in board["sessions"]] == [user.session_id]
    assert "call_quality" not in user.traffic() + counselor.traffic()
    service.live.calls.turn = Turn(("turn:127.0.0.1:3478?transport=udp",), b"")
    relayed = {"path": "relay"}.items()  # these peers send from 127.0.0.1, which now is the TURN server's address
    await operator.find(lambda m: m["type"] == "call_quality" and all(relayed <= p.items() for p in m["people"]))


async def test_only_operators_can_watch(service: Service) -> None:
    user, counselor = await in_conversation(service)
    for person in (user, counselor):
        answer = await person.ask(type="watch", session=user.session_id)
        assert (answer["type"], answer["reason"]) == ("error", "not_yours")


async def watching(service: Service) -> Person:
    cookie = await service.sign_in("ops")
    return await service.staff("", available=False, cookie=cookie)
