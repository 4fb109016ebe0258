"""A whole service on free ports for tests, and clients that use its HTTP and WebSocket as browsers do."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from media.api.client import WorkerClient
from media.api.wire import AdmitPeer, Admitted
from signaling.config.settings import Settings
from signaling.live.clock import Now
from signaling.mediaworkers.embedded import START_TIMEOUT_S, Worker, Workers
from signaling.mediaworkers.interface import MediaWorkers
from signaling.records import Records
from signaling.server import app as wiring
from signaling.server import app_keys, demo
from tests import PATIENCE_S
from tests.clock import Clock, wake
from tests.peers.client import Peer
from tests.ports import free_port, free_ports

WAIT_S = PATIENCE_S
OFFER_AGAIN_S = 0.3  # seconds between two WebRTC offers while no media worker is available, as in the page
UDP_PORTS = 2
"""Number of UDP ports of the service: one for the media worker, and one for its idle replacement. If a worker dies, the next new
worker takes its port.
"""
RECORDINGS = Path(tempfile.mkdtemp(prefix="sangdam-recordings-"))
atexit.register(shutil.rmtree, RECORDINGS, ignore_errors=True)


@cache
def _seeded() -> Path:
    """Return a data folder with the accounts of the demo. The folder is made once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="sangdam-seeded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    async def seed() -> None:
        settings = Settings(demo=True, data_dir=folder)
        records = await Records.open(settings.database_url)
        await demo.seed(records, settings)
        await records.close()

    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, seed()).result()  # runs in another thread, because this thread runs an event loop already
    return folder


def settings_for(folder: Path) -> Settings:
    for name in ("records.sqlite", "server.key"):
        shutil.copy(_seeded() / name, folder / name)
    return Settings(
        port=free_port(),
        shop_port=free_port(),
        demo=True,
        data_dir=folder,
        udp_port=free_ports(UDP_PORTS),
        workers=1,
        recordings=RECORDINGS,
        most_lag_ms=60_000,  # the server must not refuse people because the machine is busy
    )


class Service:
    def __init__(self, settings: Settings, app: web.Application, http: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.app = app
        self.http = http
        self.url = f"http://127.0.0.1:{settings.port}"

    @property
    def live(self) -> Any:
        return self.app[app_keys.LIVE]

    def skip(self, seconds: float) -> None:
        """Move the service's clock forward. The service then does everything that has become due."""
        self.live.now.skip(seconds)
        wake(self.live)

    async def notices_gone(self, person: Person) -> None:
        """Close this person's tab and wait until the service has noticed."""
        holders = self.live.index.entries[person.session_id].holders
        before = len(holders)
        await person.close()
        async with asyncio.timeout(WAIT_S):
            while len(holders) == before:  # no event announces that the service has noticed
                await asyncio.sleep(0.01)

    async def post(self, path: str, body: Any, origin: str | None = None, cookie: str = "") -> tuple[int, Any, str]:
        by_staff = cookie or path in ("/api/sign-in", "/api/sign-out")
        own = self.settings.staff_url("counselor") if by_staff else self.settings.url
        headers = {"Origin": origin or own} | ({"Cookie": cookie} if cookie else {})
        async with self.http.post(self.url + path, json=body, headers=headers) as response:
            text = await response.text()
            set_cookie = response.headers.get("Set-Cookie", "").partition(";")[0]
            return response.status, json.loads(text) if text else None, set_cookie

    async def user_session(
        self, channel: str = "text", language: str = "ko", category: str = "cameras", region: str = ""
    ) -> tuple[str, str]:
        status, code, _ = await self.post(
            "/api/codes", {"site": "demo-shop", "category": category, "language": language}, origin=self.settings.shop_url
        )
        assert status == 200, code
        asked = {"code": code["code"], "channel": channel, "locale": language, "region": region}
        status, made, _ = await self.post("/api/sessions", asked)
        assert status == 200, made
        return made["session"], made["token"]

    async def user(self, channel: str = "text", **place: str) -> Person:
        session, token = await self.user_session(channel, **place)
        return await self.user_tab(session, token)

    async def user_tab(self, session: str, token: str, tab: str = "t-user") -> Person:
        person = Person(await self._socket(self.settings.url))
        person.session_id, person.token = session, token
        await person.send(type="hello", tab=tab, token=token, locale="ko")
        await person.get("welcome")
        return person

    async def sign_in(self, login: str) -> str:
        status, me, cookie = await self.post("/api/sign-in", {"login": login, "password": f"{login}-demo"})
        assert status == 200, me
        return cookie

    async def staff(
        self, login: str, *, available: bool = True, tab: str = "t-staff", cookie: str = "", ready: bool = False
    ) -> Person:
        """Open a console of a member of staff. `ready`: the console says that the member was available before a disconnect."""
        cookie = cookie or await self.sign_in(login)
        person = Person(await self._socket(self.settings.staff_url("counselor"), cookie))
        person.cookie = cookie
        await person.send(type="hello", tab=tab, ready=ready)
        await person.get("welcome")
        if available:
            await person.ask(type="state", state="available")
        return person

    async def _socket(self, origin: str, cookie: str = "") -> aiohttp.ClientWebSocketResponse:
        headers = {"Origin": origin} | ({"Cookie": cookie} if cookie else {})
        return await self.http.ws_connect(self.url + "/ws", headers=headers, max_msg_size=0)


class Person:
    """A person's tab.

    `seen`: all messages that the tab has received. `session`: the newest state of the session among these messages.
    """

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.seen: list[dict[str, Any]] = []
        self.session: dict[str, Any] = {}
        self.session_id = ""
        self.token = ""
        self.cookie = ""
        self._next_id = 0
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for frame in self.ws:
            message = json.loads(frame.data)
            async with self._news:
                self.seen.append(message)
                if message["type"] == "session":
                    self.session = message["session"]
                    self.session_id = self.session["id"]
                elif message["type"] == "waiting":
                    self.session["waiting"] = message["waiting"]
                self._news.notify_all()
        async with self._news:
            self.seen.append({"type": "closed"})
            self._news.notify_all()

    async def send(self, **message: Any) -> None:
        await self.ws.send_str(json.dumps(message))

    async def say(self, kind: str, **rest: Any) -> dict[str, Any]:
        """Send a message about this person's session. Return the reply."""
        return await self.ask(type=kind, session=self.session_id, **rest)

    async def ask(self, **message: Any) -> dict[str, Any]:
        self._next_id += 1
        number = self._next_id
        await self.send(id=number, **message)
        return await self.find(lambda seen: seen.get("id") == number)

    async def find(self, wanted: Callable[[dict[str, Any]], bool], since: int = 0) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((message for message in self.seen[since:] if wanted(message)), None)

        def closed() -> bool:  # after the end of the connection no more messages arrive, because this client does not reconnect
            return bool(self.seen) and self.seen[-1]["type"] == "closed"

        async with self._news:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_S):
                    while found() is None and not closed():
                        await self._news.wait()
            message = found()
            if message is None:
                raise AssertionError(f"not received; seen {[m.get('type') for m in self.seen]}; session {self.session}")
            return message

    async def get(self, kind: str, since: int = 0) -> dict[str, Any]:
        return await self.find(lambda message: message["type"] == kind, since)

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the newest state of the session (`session`) fulfils this condition. Return this state."""
        async with self._news:
            try:
                async with asyncio.timeout(WAIT_S):
                    while not (self.session and wanted(self.session)):
                        await self._news.wait()
            except TimeoutError:
                raise AssertionError(f"never so; session {self.session}") from None
        return self.session

    async def join_room(self, layers: dict[str, int] | None = None) -> Peer:
        """Open this tab's peer connection with a WebRTC offer over the WebSocket. `layers`: as in `Peer`."""
        self.peer = await Peer.join(
            _ByWebSocket(self), self.session_id, self.session["you"], layers=layers, slots=self.session["room"]["most_slots"]
        )
        return self.peer

    async def state(self, state: str) -> dict[str, Any]:
        return await self.until(lambda session: session["state"] == state)

    def lines(self) -> list[dict[str, Any]]:
        return [message["line"] for message in self.seen if message["type"] == "line"]

    def traffic(self) -> str:
        return json.dumps(self.seen, ensure_ascii=False)

    async def close(self) -> None:
        await self.ws.close()
        await self._reader

    @property
    def gone(self) -> bool:
        """Return whether this person's WebSocket has ended."""
        return self._reader.done()

    async def break_off(self) -> None:
        """Cut this person's WebSocket without a closing handshake, as when the network fails."""
        self.ws.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await self._reader


class _ByWebSocket:
    """Stands in for the `WorkerClient` that a light peer expects. The peer calls only its method `admit`.

    `admit` sends the WebRTC offer over the person's WebSocket, as a browser does.
    """

    def __init__(self, person: Person) -> None:
        self.person = person

    async def admit(self, room: str, command: AdmitPeer) -> Admitted:
        async with asyncio.timeout(START_TIMEOUT_S):
            while True:
                answer = await self.person.say("offer", sdp=command.sdp)
                if answer.get("reason") != "no_worker":
                    break
                await asyncio.sleep(OFFER_AGAIN_S)  # like the page, repeat the WebRTC offer while another worker starts
        assert answer["type"] == "answer", answer
        return Admitted(sdp=answer["sdp"])


class _Lent:
    """Takes the place of the shared worker's process, which a service must not end."""

    returncode = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    async def wait(self) -> int:
        return await asyncio.get_running_loop().create_future()


class OneWorker(Workers):
    """One real worker for all services of a test run, because a start takes seconds.

    No service watches this worker, and this worker has no idle replacement.
    """

    _shared: tuple[subprocess.Popen[bytes], str] | None = None

    @classmethod
    def _process(cls) -> tuple[int, str]:
        """Return the worker's process id and socket. Start another worker if a test has ended the worker."""
        if cls._shared is None or cls._shared[0].poll() is not None:
            cls._shared = cls._begin()
        process, path = cls._shared
        return process.pid, path

    @staticmethod
    def _begin() -> tuple[subprocess.Popen[bytes], str]:
        folder = tempfile.mkdtemp(prefix="sangdam-worker-")
        command = [sys.executable, "-m", "media", "--socket", f"{folder}/worker.sock", "--loopback", "--parent", str(os.getpid())]
        command += ["--recordings", str(RECORDINGS)]
        process = subprocess.Popen([*command, "--udp-port", str(free_port())], stdin=subprocess.DEVNULL)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(process.kill)
        return process, f"{folder}/worker.sock"

    async def _fork(self, number: int) -> Worker:
        pid, path = self._process()
        return Worker(number, _Lent(pid), WorkerClient(path))

    async def settle(self) -> None:
        """Do nothing about rooms that this service does not know, because they can belong to another service."""

    async def _succeed(self, number: int, after: Worker | None = None) -> None:
        pass

    async def _stop(self, worker: Worker) -> None:
        worker.state = "dead"
        await worker.client.close()


@asynccontextmanager
async def running(
    settings: Settings, *, supervised: bool = False, workers: MediaWorkers | None = None, now: Now | None = None
) -> AsyncIterator[Service]:
    """Start a service.

    `supervised`: the service has its own workers, which a test is allowed to kill. Otherwise the service uses the shared worker.
    `now`: the service's clock. Without `now`, the service has a clock that `Service.skip` moves.
    """
    workers = workers or (Workers(settings) if supervised else OneWorker(settings))
    runner = web.AppRunner(await wiring.build_app(settings, workers, now or Clock()), access_log=None, shutdown_timeout=1.0)
    async with aiohttp.ClientSession() as http:
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", settings.port, reuse_address=True).start()
            yield Service(settings, runner.app, http)
        finally:
            await runner.cleanup()


async def in_conversation(service: Service, channel: str = "text", **place: str) -> tuple[Person, Person]:
    """Return a user and their counselor in an active session. `place`: as in `Service.user_session`."""
    counselor, user = await service.staff("jimin"), await service.user(channel, **place)
    assert (await user.say("enter"))["type"] == "ok"
    ring = await counselor.get("ring")
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await user.state("active")
    await counselor.state("active")
    return user, counselor
