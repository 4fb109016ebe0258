"""The servers under load: a Sangdam worker, and Debian's Janus and rtpengine, each in one process on one core."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import aiohttp

from media.api import client, wire
from media.transport.udp import local_addresses
from tests.bench.media.leg import LEVEL, MID, OPUS, Leg
from tests.bench.media.ng import NgClient
from tests.peers.conftest import answers
from tests.peers.offer import offer

SERVER_CORE, LOAD_CORE = 0, 1
READY_S = 15.0
HTTP_PORT = 18088
NG_PORT = 18089
RTPENGINE_PORTS = 20000, 30000
"""First and last of the ports on which rtpengine receives media. A room of two people takes four of them."""
JANUS_PLUGINS = ["libjanus_audiobridge.so", "libjanus_videoroom.so"]

OTHER_TRANSPORTS = [f"libjanus_{name}.so" for name in ("mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets")]


def own_address() -> str:
    """Return an address of this machine other than loopback, because Janus does not use loopback for media."""
    return next((each for each in local_addresses(loopback=False) if ":" not in each), "127.0.0.1")


def media_sdp(leg: Leg, direction: str) -> str:
    """Return the SDP of a connection with one voice. Its client begins the DTLS handshake (`a=setup:active`)."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", f"m=audio 9 UDP/TLS/RTP/SAVPF {OPUS}"]
    lines += [
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        f"a={direction}",
        "a=rtcp-mux",
        f"a=rtpmap:{OPUS} opus/48000/2",
        "a=setup:active",
    ]
    lines += [f"a=fmtp:{OPUS} useinbandfec=1;minptime=10", f"a=extmap:{MID} urn:ietf:params:rtp-hdrext:sdes:mid"]
    lines += [f"a=extmap:{LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level", *leg.transport_lines, "a=end-of-candidates"]
    lines += [f"a=ssrc:{leg.ssrc} cname:bench"] if direction != "recvonly" else []
    return "\r\n".join(lines) + "\r\n"


class Person:
    """A person in a room. A person sends on one connection, and receives on the same connection or on others."""

    def __init__(self, speaks: Leg, hears: Leg) -> None:
        self.speaks = speaks
        self.hears = hears

    @property
    def legs(self) -> set[Leg]:
        return {self.speaks, self.hears}


class Server(ABC):
    """Async context: starts a server, pins it to its core, and ends it."""

    name: ClassVar[str]
    process: subprocess.Popen[bytes]

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.host = own_address()

    async def __aenter__(self) -> Server:
        try:
            await self.start()
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for person in self.people:
            for leg in person.legs:
                await leg.close()
        await self.stop()
        self._end()

    def _end(self) -> None:
        """End the server's process, if it was started, and remove its folder."""
        process: subprocess.Popen[bytes] | None = getattr(self, "process", None)
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)

    def run(self, *command: str) -> None:
        pinned = ["taskset", "--cpu-list", str(SERVER_CORE), *command]
        self.process = subprocess.Popen(pinned, stdout=(self.folder / "log").open("wb"), stderr=subprocess.STDOUT)

    def cpu_s(self) -> float:
        """Return the processor time that all threads of the server have used since its start, in s."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def memory_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    async def relayed_pair(self, *, keep: int = 0) -> list[Person]:
        """Make a room of two people who hear each other. The server relays their packets unchanged."""

    @abstractmethod
    async def mixed(self, people: int, *, keep: int = 0) -> list[Person]:
        """Make a room in which this many people hear each other. The server mixes their voices."""


class Sangdam(Server):
    name = "Sangdam"

    async def start(self) -> None:
        path = self.folder / "worker.sock"
        self.run(sys.executable, "-m", "media", "--socket", str(path), "--address", self.host, "--parent", str(os.getpid()))
        async with asyncio.timeout(READY_S):
            while not answers(path):  # the worker is ready only when it answers on its socket
                await asyncio.sleep(0.05)
        self.worker = client.WorkerClient(str(path))
        self._rooms = itertools.count()

    async def stop(self) -> None:
        await self.worker.close()

    async def relayed_pair(self, *, keep: int = 0) -> list[Person]:
        return await self._room(2, keep)

    async def mixed(self, people: int, *, keep: int = 0) -> list[Person]:
        return await self._room(people, keep)

    async def _room(self, size: int, keep: int) -> list[Person]:
        room = f"r{next(self._rooms)}"
        await self.worker.open_room(room, wire.OpenRoom(epoch=1))
        found = []
        for name in (names := [f"p{number}" for number in range(size)]):
            leg = Leg(self.host, keep=keep)
            fingerprint = leg.transport_lines[2].split()[-1]
            sdp = offer(leg.ufrag, leg.password, fingerprint)
            admitted = await self.worker.admit(room, wire.AdmitPeer(epoch=1, peer=f"{room}-{name}", participant=name, sdp=sdp))
            await leg.connect(admitted.sdp, offered=True)
            found.append(Person(leg, leg))
        hears = {name: {other: 1.0 for other in names if other != name} for name in names}
        await self.worker.set_matrix(room, wire.SetMatrix(epoch=1, hears=hears))
        self.people += found
        return found


class Janus(Server):
    """Janus with only the two plugins under test, and HTTP on loopback.

    `event_loops = 0` gives each participant a thread. On one core, Janus is faster with this setting. Sessions have no time
    limit, so that idle sessions need no polling.
    """

    name = "Janus"

    async def start(self) -> None:
        executable = shutil.which("janus")
        if executable is None:
            raise FileNotFoundError("Janus is missing: sudo apt-get install --no-install-recommends janus")
        plugins = next(Path("/usr/lib").glob("*/janus/plugins"))
        (self.folder / "plugins").mkdir()
        for name in JANUS_PLUGINS:
            (self.folder / "plugins" / name).symlink_to(plugins / name)
        (self.folder / "janus.jcfg").write_text(
            f"""general: {{ plugins_folder = "{self.folder}/plugins"; debug_level = 2; event_loops = 0; session_timeout = 0; }}
            nat: {{ full_trickle = false; ice_ignore_list = "lo"; }}
            transports: {{ disable = "{",".join(OTHER_TRANSPORTS)}"; }}
            """
        )
        http = f'general: {{ http = true; ip = "127.0.0.1"; port = {HTTP_PORT}; base_path = "/janus"; }}'
        (self.folder / "janus.transport.http.jcfg").write_text(http)
        self.run(executable, "-F", str(self.folder))
        self._http = aiohttp.ClientSession(f"http://127.0.0.1:{HTTP_PORT}")
        self._numbers = itertools.count(1001)
        async with asyncio.timeout(READY_S):
            while not await self._answers():
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        await self._http.close()

    async def _answers(self) -> bool:
        try:
            async with self._http.get("/janus/info") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _post(self, path: str, **message: Any) -> dict[str, Any]:
        async with self._http.post(path, json={"transaction": "t", **message}) as answer:
            found: dict[str, Any] = await answer.json()
            if found["janus"] == "error":
                raise RuntimeError(found["error"])
            return found

    async def _handle(self, plugin: str) -> tuple[int, str]:
        session = (await self._post("/janus", janus="create"))["data"]["id"]
        attached = await self._post(f"/janus/{session}", janus="attach", plugin=f"janus.plugin.{plugin}")
        return session, f"/janus/{session}/{attached['data']['id']}"

    async def _ask(self, handle: tuple[int, str], body: dict[str, Any], sdp: tuple[str, str] | None = None) -> dict[str, Any]:
        """Send the message `body`. Return the event with which Janus answers it, after the `ack`.

        If the message has an SDP offer, the event has the answer.
        """
        session, path = handle
        more = {"jsep": {"type": sdp[0], "sdp": sdp[1]}} if sdp else {}
        found = await self._post(path, janus="message", body=body, **more)
        async with asyncio.timeout(10):
            wants_answer = sdp is not None and sdp[0] == "offer"
            while found["janus"] not in ("event", "success") or (wants_answer and "jsep" not in found):
                async with self._http.get(f"/janus/{session}") as answer:
                    found = await answer.json()
        data = found["plugindata"]["data"]
        if "error" in data:
            raise RuntimeError(data["error"])
        return found

    async def relayed_pair(self, *, keep: int = 0) -> list[Person]:
        room = next(self._numbers)
        owner = await self._handle("videoroom")
        created = {"request": "create", "room": room, "publishers": 6, "audiocodec": "opus", "notify_joining": False}
        await self._ask(owner, created)
        published = []
        for _ in range(2):
            handle, leg = await self._handle("videoroom"), Leg(self.host)
            joined = await self._ask(handle, {"request": "join", "ptype": "publisher", "room": room})
            body = {"request": "publish", "audio": True, "video": False}
            answer = await self._ask(handle, body, ("offer", media_sdp(leg, "sendonly")))
            await leg.connect(answer["jsep"]["sdp"], offered=True)
            published.append((joined["plugindata"]["data"]["id"], leg))
        found = []
        for (_, speaks), (other, _) in zip(published, reversed(published), strict=True):
            handle, hears = await self._handle("videoroom"), Leg(self.host, keep=keep)
            body = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": other}]}
            attached = await self._attached(handle, body)
            await asyncio.gather(
                self._ask(handle, {"request": "start"}, ("answer", media_sdp(hears, "recvonly"))),
                hears.connect(attached["jsep"]["sdp"], offered=False),
            )
            found.append(Person(speaks, hears))
        self.people += found
        return found

    async def _attached(self, handle: tuple[int, str], body: dict[str, Any]) -> dict[str, Any]:
        """Attach a viewer to a feed (Janus's word for a sender's video).

        Retry while Janus does not know the feed, because Janus can notice later than its client that the feed is connected.
        """
        async with asyncio.timeout(READY_S):
            while True:
                try:
                    return await self._ask(handle, body)
                except RuntimeError as error:
                    if "No such feed" not in str(error):
                        raise
                await asyncio.sleep(0.05)

    async def mixed(self, people: int, *, keep: int = 0) -> list[Person]:
        room = next(self._numbers)
        owner = await self._handle("audiobridge")
        await self._ask(owner, {"request": "create", "room": room, "sampling_rate": 48000, "default_prebuffering": 1})
        found = []
        for _ in range(people):
            handle, leg = await self._handle("audiobridge"), Leg(self.host, keep=keep)
            await self._ask(handle, {"request": "join", "room": room, "codec": "opus", "prebuffer": 1})
            body = {"request": "configure", "muted": False}
            answer = await self._ask(handle, body, ("offer", media_sdp(leg, "sendrecv")))
            await leg.connect(answer["jsep"]["sdp"], offered=True)
            found.append(Person(leg, leg))
        self.people += found
        return found


class Rtpengine(Server):
    """rtpengine, which forwards in userspace (`table = -1`) with one thread, because it has one core."""

    name = "rtpengine"

    async def start(self) -> None:
        executable = shutil.which("rtpengine")
        if executable is None:
            raise FileNotFoundError("rtpengine is missing: sudo apt-get install --no-install-recommends rtpengine-daemon")
        least, most = RTPENGINE_PORTS
        self.run(
            executable,
            *("--foreground", "--log-stderr", "--log-level=4", "--config-file=none", "--table=-1", "--num-threads=1"),
            *(f"--interface={self.host}", f"--listen-ng=127.0.0.1:{NG_PORT}", f"--port-min={least}", f"--port-max={most}"),
            *("--timeout=86400", "--silent-timeout=86400", "--offer-timeout=86400"),
        )
        self._ng = NgClient(NG_PORT)
        self._rooms = itertools.count()
        async with asyncio.timeout(READY_S):
            while not await self._answers():
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        self._ng.close()

    async def _answers(self) -> bool:
        try:
            return (await self._ng.ask("ping"))["result"] == "pong"
        except (ConnectionRefusedError, TimeoutError):
            if self.process.poll() is not None:
                raise RuntimeError("rtpengine ended at once; another process may use its port") from None
            return False

    async def relayed_pair(self, *, keep: int = 0) -> list[Person]:
        """Make a room: the first person offers, and the second answers.

        Both people begin the DTLS handshake, so rtpengine is passive on both sides.
        """
        call = {"call_id": f"r{next(self._rooms)}", "from_tag": "first"}
        both = {"transport_protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force", "SDES": "off", "DTLS": "passive"}
        first, second = Leg(self.host, keep=keep), Leg(self.host, keep=keep)
        offer = media_sdp(first, "sendrecv")
        offered = await self._ng.ask("offer", **call, **both, rtcp_mux=["offer", "require"], sdp=offer)
        answer = media_sdp(second, "sendrecv")
        answered = await self._ng.ask("answer", **call, **both, to_tag="second", sdp=answer)
        await asyncio.gather(
            first.connect(str(answered["sdp"]), offered=True),
            second.connect(str(offered["sdp"]), offered=False),
        )
        self.people += (found := [Person(leg, leg) for leg in (first, second)])
        return found

    async def mixed(self, people: int, *, keep: int = 0) -> list[Person]:
        raise NotImplementedError("rtpengine does not mix")
