"""Make a few calls that last through the whole load bench, in a separate process.

User and counselor each send a tone, and record every silence that they hear. The counselor also writes chat lines, and the bench
measures how long each line takes to reach the user.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, cast

import aiohttp
import uvloop

from media.api.client import WorkerClient
from tests.bench.load.person import spread
from tests.bench.load.seed import CALLS, CATEGORIES, Seeded
from tests.peers.client import Peer
from tests.peers.listened import Listened
from tests.peers.live_house import Person
from tests.peers.live_house import _ByWebSocket as ByWebSocket

LINE_EVERY_S = 0.5
LAG_EVERY_S = 0.01
USER_HZ, COUNSELOR_HZ = 440, 700
KEPT = 25  # number of the newest packets that an `Ear` keeps: half a second of sound


class Ear(Peer):
    """A listener that records gaps in the sound.

    `gap_ms`: the longest time between two successive packets of sound since the last call of `look`.
    """

    last_s = 0.0
    gap_ms = 0.0

    def _rtp(self, data: bytes, came: float) -> None:
        super()._rtp(data, came)
        if self.heard:
            now = monotonic()
            if self.last_s:
                self.gap_ms = max(self.gap_ms, (now - self.last_s) * 1000)
            self.last_s = now
            del self.heard[:-KEPT], self.heard_headers[:-KEPT]

    def tones(self) -> set[int]:
        """Return which of the two tones are in the last half second of sound."""
        return Listened(self.heard[-KEPT:]).tones(USER_HZ, COUNSELOR_HZ)

    def longest_ms(self) -> float:
        """Return the longest gap in ms since this method last ran, even if it has not ended yet. Forget gaps that have ended."""
        now = monotonic()
        gap, self.gap_ms = max(self.gap_ms, (now - self.last_s) * 1000), 0.0
        return gap


class Calls:
    def __init__(self, port: int, core: int, seeded: Seeded) -> None:
        os.sched_setaffinity(0, {core})
        self.port, self.seeded = port, seeded
        self.http = aiohttp.ClientSession()
        self.people: list[Person] = []
        self.ears: list[Ear] = []
        self.lines_ms: list[float] = []
        self.lag_ms = 0.0
        self._tasks = [asyncio.create_task(self._watch_lag())]

    async def begin(self) -> dict[str, Any]:
        for cookie in self.seeded.callers:
            await self._call(cookie)
        return {"calls": len(self.seeded.callers)}

    async def look(self) -> dict[str, Any]:
        """Return the figures gathered since the last call of `look`.

        `own_lag_ms`: the largest delay with which this process woke up. All other delays in the result include this delay.
        """
        lines, self.lines_ms = self.lines_ms, []
        lag, self.lag_ms = self.lag_ms, 0.0
        closed = sum(any(message["type"] == "closed" for message in person.seen) for person in self.people)
        states = [person.session["state"] for person in self.people]
        return {
            "gap_ms": [round(ear.longest_ms(), 1) for ear in self.ears],
            "tones": [sorted(ear.tones()) for ear in self.ears],
            "line_ms": spread(lines),
            "own_lag_ms": round(lag, 1),
            "closed": closed,
            "states": sorted(set(states)),
        }

    async def _call(self, cookie: str) -> None:
        counselor = await self._tab(f"counselor.localhost:{self.port}", {"Cookie": f"__Host-sangdam={cookie}"}, tab="t-c")
        await counselor.ask(type="state", state="available")
        code = self.seeded.code_of(CALLS, CATEGORIES[0], f"localhost:{self.port}")
        body = {"code": code, "channel": "voice", "locale": "en"}
        own = {"Origin": f"http://localhost:{self.port}", "X-Forwarded-For": "10.255.0.1"}
        async with self.http.post(f"http://127.0.0.1:{self.port}/api/sessions", json=body, headers=own) as answer:
            made = await answer.json()
        user = await self._tab(f"localhost:{self.port}", {}, tab="t-u", token=made["token"])
        user.session_id = made["session"]
        await user.say("enter")
        ring = await counselor.get("ring")
        assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
        for person, hz in ((user, USER_HZ), (counselor, COUNSELOR_HZ)):
            await person.state("active")
            ear = await Ear.join(cast(WorkerClient, ByWebSocket(person)), person.session_id, person.session["you"])
            ear.speak(hz)
            self.people.append(person)
            self.ears.append(ear)
        self._tasks += [asyncio.create_task(self._write(counselor, user)), asyncio.create_task(self._ping(counselor, user))]

    async def _tab(self, host: str, headers: dict[str, str], **hello: str) -> Person:
        own = {"Origin": f"http://{host}", "Host": host, **headers}
        person = Person(await self.http.ws_connect(f"http://127.0.0.1:{self.port}/ws", headers=own, max_msg_size=0))
        await person.send(type="hello", **hello)
        await person.get("welcome")
        return person

    async def _write(self, counselor: Person, user: Person) -> None:
        number = 0
        while True:
            number += 1
            said, seen = monotonic(), len(user.seen)
            text = f"line {number}"
            await counselor.send(type="line", session=user.session_id, line=f"c-{number}", text=text)
            # for a chat line that does not arrive in time, the time waited for it is recorded as its delay
            with suppress(AssertionError):
                await user.find(_line_of(text), since=seen)
            self.lines_ms.append((monotonic() - said) * 1000)
            await asyncio.sleep(LINE_EVERY_S)

    async def _ping(self, *people: Person) -> None:
        while True:
            await asyncio.sleep(5)
            for person in people:
                await person.send(type="ping")

    async def _watch_lag(self) -> None:
        while True:
            at = monotonic()
            await asyncio.sleep(LAG_EVERY_S)
            self.lag_ms = max(self.lag_ms, (monotonic() - at - LAG_EVERY_S) * 1000)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for ear in self.ears:
            await ear.close()
        await self.http.close()


def _line_of(text: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message["type"] == "line" and message["line"]["text"] == text


async def run(port: int, core: int, seeded: Seeded) -> None:
    calls = Calls(port, core, seeded)
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            answer = await getattr(calls, json.loads(line)["do"])()
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    await calls.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(int(sys.argv[1]), int(sys.argv[2]), Seeded(**json.loads(Path(sys.argv[3]).read_text()))))
