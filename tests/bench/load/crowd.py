"""The load generator: one process plays all users and consoles.

The process takes commands as lines of JSON and answers in JSON. {"do": "arrive", "users": 1000, "at_once": 40} calls
`Crowd.arrive`. Every public method of `Crowd` is a command.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import numpy as np
import uvloop

from tests.bench.load.person import PING_S, SLICES, Console, Seen, Tab, User, spread
from tests.bench.load.seed import Seeded

GIVE_UP_S = 150.0


class Crowd:
    def __init__(self, port: int, core: int, seeded: Seeded) -> None:
        os.sched_setaffinity(0, {core})
        self.port, self.seeded = port, seeded
        self.origin, self.staff_origin = f"http://localhost:{port}", f"http://counselor.localhost:{port}"
        self.users: list[User] = []
        self.consoles: list[Console] = []
        self.seen = Seen()
        self._since = (monotonic(), time.process_time())
        self._made = 0
        self._arriving: asyncio.Task[Any] | None = None
        self._pinging = asyncio.create_task(self._ping())
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    # --- commands ----------------------------------------------------------------------------------------------------

    async def arrive(self, users: int, at_once: int = 40) -> dict[str, Any]:
        """Add this many users to the queue. At most `at_once` of them connect at the same time."""
        began, refused = monotonic(), Counter[str]()
        gate = asyncio.Semaphore(at_once)

        async def one() -> None:
            async with gate:
                while (user := await self._user(refused)) is None:
                    await asyncio.sleep(1)
                await self._until(lambda: user.place > 0 or user.state == "active")

        await asyncio.gather(*(one() for _ in range(users)))
        return {"seconds": monotonic() - began, "refused": dict(refused)}

    async def consoles_come(self, consoles: int, working: int) -> dict[str, Any]:
        began, first = monotonic(), len(self.consoles)
        for number in range(first, first + consoles):
            cookie = f"__Host-sangdam={self.seeded.cookies[number]}"
            headers = {"Host": f"counselor.localhost:{self.port}", "Origin": self.staff_origin, "Cookie": cookie}
            headers["X-Forwarded-For"] = _address(1_000_000 + number)
            console = Console(self.port, self.seen, headers, number, works=number < working)
            self.consoles.append(console)
            console.open()
            if number % 20 == 0:
                await asyncio.sleep(0.05)
        await self._until(lambda: all(each.here for each in self.consoles))
        return {"seconds": monotonic() - began}

    async def look(self) -> dict[str, Any]:
        """Return the figures gathered since the last call of `look`, and how many people are connected, wait, and were served."""
        seen, self.seen = self.seen, Seen()
        for tab in self._tabs():
            tab.seen = self.seen
        (wall, cpu), self._since = self._since, (monotonic(), time.process_time())
        seconds = self._since[0] - wall
        return {
            "seconds": seconds,
            "cpu_percent": 100 * (self._since[1] - cpu) / seconds,
            "messages": dict(seen.messages),
            "kib": seen.bytes // 1024,
            "places": seen.places,
            "ping_ms": spread(seen.pings_ms),
            "line_ms": spread(seen.lines_ms),
            "byes": dict(seen.byes),
            "gone": {str(status): count for status, count in seen.gone.items()},
            "here": sum(tab.here for tab in self._tabs()),
            "people": len(self._tabs()),
            "waiting": sum(user.state == "waiting" for user in self.users),
            "served": sum(console.served for console in self.consoles),
        }

    async def cut(self) -> dict[str, Any]:
        """Break all connections at the same moment.

        Return the seconds until half of the tabs, 99 % of them, and all of them are connected again.
        """
        began, tabs = monotonic(), self._tabs()
        for tab in tabs:
            tab.cut()
        await asyncio.sleep(0)
        await self._until(lambda: all(tab.here for tab in tabs if tab.wanted))
        back = np.array([tab.back_at_s - began for tab in tabs])
        return {"all_s": float(back.max()), "half_s": float(np.median(back)), "p99_s": float(np.percentile(back, 99))}

    async def storm(self, per_s: float, seconds: float) -> dict[str, Any]:
        """Create new users at a fixed rate, even while the server refuses users. A refused user does not try again."""
        refused: Counter[str] = Counter()
        took: list[float] = []
        waits: list[float] = []
        began, coming = monotonic(), []

        async def one() -> bool:
            at = monotonic()
            user = await self._user(refused, waits)
            if user is None:
                took.append((monotonic() - at) * 1000)
            return user is not None

        for number in range(int(per_s * seconds)):
            await asyncio.sleep(max(0.0, began + number / per_s - monotonic()))
            coming.append(asyncio.create_task(one()))
        taken = sum(await asyncio.gather(*coming))
        spent = monotonic() - began
        return {"asked": len(coming), "taken": taken, "seconds": spent, "refused": dict(refused), "refusal_ms": spread(took),
                "retry_after_s": spread(waits)}  # fmt: skip

    # --- parts -------------------------------------------------------------------------------------------------------

    def _tabs(self) -> list[Tab]:
        """Return the tabs that are connected or reconnecting. Drop users who have been served."""
        self.users = [user for user in self.users if user.wanted]
        return [*self.users, *self.consoles]

    async def _user(self, refused: Counter[str], waits: list[float] | None = None) -> User | None:
        """Return a new user with a session. If the server refuses the user, count the reason in `refused` and return None."""
        number, self._made = self._made, self._made + 1
        headers = {"X-Forwarded-For": _address(number), "Origin": self.origin}
        body = {"code": self.seeded.code(number, f"localhost:{self.port}"), "channel": "text", "locale": "en"}
        try:
            async with self.http.post(f"http://127.0.0.1:{self.port}/api/sessions", json=body, headers=headers) as answer:
                made = await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            refused[type(error).__name__] += 1
            return None
        if answer.status != 200:
            refused[f"{answer.status} {made['reason']}"] += 1
            if waits is not None:
                waits.append(float(answer.headers.get("Retry-After", "nan")))
            return None
        user = User(self.port, self.seen, headers | {"Host": f"localhost:{self.port}"}, made["session"], made["token"])
        self.users.append(user)
        user.open()
        return user

    async def _until(self, so: Any) -> None:
        async with asyncio.timeout(GIVE_UP_S):
            while not so():
                await asyncio.sleep(0.05)

    async def _ping(self) -> None:
        """Send a ping from every tab every 5 s. Different tabs send at different moments of these 5 s."""
        number = 0
        while True:
            await asyncio.sleep(PING_S / SLICES)
            number += 1
            now = monotonic()
            for tab in self._tabs():
                if tab.slot == number % SLICES:
                    tab.tick(now)


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


async def run(port: int, core: int, seeded: Seeded) -> None:
    crowd = Crowd(port, core, seeded)
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        try:
            answer = await getattr(crowd, command.pop("do"))(**command)
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    await crowd.http.close()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(int(sys.argv[1]), int(sys.argv[2]), Seeded(**json.loads(Path(sys.argv[3]).read_text()))))
