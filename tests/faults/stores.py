"""Redis and PostgreSQL stop, freeze, or restart empty, while calls go on and users wait."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

from tests.cluster import Cluster
from tests.faults.callers import Caller, Refused
from tests.faults.figures import Figure, figure
from tests.faults.stage import Call, Stage, on_cluster, stage, until
from tests.faults.workers import Writers

CALLS = 3
WAITING = 5
RESTARTS = 4
AWAY_S = 30.0
TIMES_AWAY = 2


async def available(counselor: Caller, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            with suppress(Refused, ConnectionError, TimeoutError):
                await counselor.ask(type="state", state="available")
                return
            await asyncio.sleep(0.2)


async def waiting_users(here: Stage, count: int) -> list[Caller]:
    users = [await here.user() for _ in range(count)]
    for user in users:
        await user.until(lambda one=user: one.session["state"] == "waiting")
    return users


async def served(here: Stage, waiting: list[Caller]) -> tuple[int, int]:
    """Sign in one counselor for each waiting user, and let these users be served.

    Return the number of users who were not served, and the number of double matches.

    A match is double if a served session does not have exactly one counselor, if two counselors have the same session, or if one
    counselor was offered two sessions.
    """
    counselors = [await here.counselor(available=False) for _ in waiting]
    for counselor in counselors:
        await available(counselor)
    with suppress(TimeoutError):
        await until(lambda: all(user.session["state"] == "active" for user in waiting), 30.0, "all are served")
    active = [user for user in waiting if user.session["state"] == "active"]
    await asyncio.sleep(0.5)
    with_two = sum(sum(p["role"] == "counselor" for p in user.session["participants"]) != 1 for user in active)
    taken = [counselor.session["id"] for counselor in counselors if counselor.session.get("state") == "active"]
    rung = sum(len({ring["session"] for ring in counselor.rings}) > 1 for counselor in counselors)
    twice = with_two + len(taken) - len(set(taken)) + rung
    for user in active:
        await user.say("leave")
    for counselor in counselors:
        await counselor.close()
    return len(waiting) - len(active), twice


async def untouched(here: Stage, calls: list[Call], began: float, epochs: list[int]) -> tuple[list[float], int]:
    now = asyncio.get_running_loop().time()
    moved = sum(call.epoch != epoch or not call.goes_on for call, epoch in zip(calls, epochs, strict=True))
    return [person.ear.gap(began - 0.5, now) for call in calls for person in call.people], moved


async def redis_restarts(cluster: Cluster) -> list[Figure]:
    lost, twice, moved, gaps = [], [], [], []
    async with stage(cluster, calls=CALLS) as here:
        calls = list(here.calls)
        for _ in range(RESTARTS):
            waiting = await waiting_users(here, WAITING)
            await here.forget()
            epochs, began = [call.epoch for call in calls], asyncio.get_running_loop().time()
            await asyncio.to_thread(cluster.redis.restart)
            not_served, double = await served(here, waiting)
            lost.append(float(not_served))
            twice.append(float(double))
            heard, touched = await untouched(here, calls, began, epochs)
            gaps += heard
            moved.append(float(touched))
    return [
        figure("redis_restart_lost_requests", "", lost),
        figure("redis_restart_double_matches", "", twice),
        figure("redis_restart_moved_rooms", "rooms", moved),
        figure("redis_restart_audio_gap_s", "s", gaps),
    ]


async def redis_stops(cluster: Cluster) -> list[Figure]:
    async with stage(cluster, calls=CALLS) as here:
        calls = list(here.calls)
        waiting = await waiting_users(here, 2)
        await here.forget()
        epochs, began = [call.epoch for call in calls], asyncio.get_running_loop().time()
        async with Writers(calls[0]) as writers:
            assert cluster.redis.process is not None
            cluster.redis.process.send_signal(signal.SIGSTOP)
            try:
                await asyncio.sleep(AWAY_S)
                in_time = len(await here.lines_of(calls[0]))
            finally:
                cluster.redis.process.send_signal(signal.SIGCONT)
            not_served, double = await served(here, waiting)
        gaps, moved = await untouched(here, calls, began, epochs)
        lost = await writers.lost_lines(here)
        assert in_time > AWAY_S, "lines went on while Redis was away"
    return [
        figure("redis_stop_lost_requests", "", [float(not_served)]),
        figure("redis_stop_double_matches", "", [float(double)]),
        figure("redis_stop_moved_rooms", "rooms", [float(moved)]),
        figure("redis_stop_lost_lines", "lines", [float(lost)]),
        figure("redis_stop_audio_gap_s", "s", gaps),
    ]


async def _without_postgres(cluster: Cluster, here: Stage, away: Callable[[], None], back: Callable[[], None]) -> list[float]:
    """Make PostgreSQL unavailable for half a minute: `away` stops it, and `back` makes it available again.

    Return three numbers: how many lines, strokes and other facts were not stored correctly; how many calls were dropped; and the
    longest sound gap in s. If a new user was not refused politely, the second number is one larger. During the half minute,
    people talk, write, draw, enter the queue, are matched, leave and rate.
    """
    staying, leaving = await here.call(), await here.call()
    await here.all_hear()
    late = await here.user(enters=False)
    counselor = await here.counselor()
    await here.forget()
    epochs, began = [staying.epoch], asyncio.get_running_loop().time()
    async with Writers(staying) as writers:
        await asyncio.sleep(1.0)
        await asyncio.to_thread(away)
        try:
            await late.say("enter")
            await late.until(lambda: late.session["state"] == "active")
            await leaving.user.say("leave")
            await leaving.user.say("rate", score=4, words="")
            await leaving.counselor.until(lambda: leaving.counselor.session["state"] == "after")
            await leaving.counselor.ask(type="wrap_up", session=leaving.id, notes="기록", outcome="solved")
            refused = await here.refused_politely()
            await asyncio.sleep(max(0.0, began + AWAY_S - asyncio.get_running_loop().time()))
        finally:
            await asyncio.to_thread(back)
        await asyncio.sleep(3.0)
    matched = Call(late, counselor)
    lost = await writers.lost_lines(here) + await writers.lost_strokes() + await _missing(here, staying, leaving, matched)
    gaps, moved = await untouched(here, [staying], began, epochs)
    dropped = moved + (not matched.goes_on) + (not refused)
    for call in (staying, matched):
        await call.user.say("leave")
    await here.close()
    return [float(lost), float(dropped), max(gaps)]


async def _missing(here: Stage, staying: Call, leaving: Call, matched: Call) -> int:
    """Return how many of the checked facts are missing in the database, wrong, or stored twice.

    These facts are from the half minute without PostgreSQL.
    """
    wrong = []
    over = await here.records.session(leaving.id)
    wrong.append(over is None or over.state != "closed" or over.rating_score != 4 or over.wrap_up_notes != "기록")
    active = await here.records.session(matched.id)
    wrong.append(active is None or active.state != "active" or active.counselor != matched.counselor.session["you"])
    for call, kinds in ((matched, ("reserved", "ring_accepted")), (leaving, ("reserved", "ring_accepted"))):
        noted = [event.kind for event in await here.records.events(call.id)]
        wrong += [noted.count(kind) != 1 for kind in kinds]
    lines = [line.text for line in await here.records.lines(matched.id, audience="staff") if line.kind == "system"]
    wrong.append(not lines or len(lines) != len(set(lines)))
    return sum(wrong)


async def postgres_down(cluster: Cluster) -> list[Figure]:
    postgres = cluster.postgres
    async with stage(cluster) as here:
        runs = []
        for _ in range(TIMES_AWAY):
            runs.append(await _without_postgres(cluster, here, postgres.stop, postgres.start))
            runs.append(await _without_postgres(cluster, here, postgres.freeze, postgres.thaw))
    lost, dropped, gaps = zip(*runs, strict=True)
    return [
        figure("postgres_down_lost_records", "", list(lost)),
        figure("postgres_down_dropped_calls", "calls", list(dropped)),
        figure("postgres_down_audio_gap_s", "s", list(gaps)),
    ]


def redis_restart_rows() -> list[Figure]:
    return on_cluster(redis_restarts)


def redis_stop_rows() -> list[Figure]:
    return on_cluster(redis_stops)


def postgres_rows() -> list[Figure]:
    return on_cluster(postgres_down)
