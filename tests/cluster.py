"""Run a whole cluster on loopback: servers, media machines, Redis, PostgreSQL, and Debian's haproxy as a balancer.

Tests use this module. A developer runs `make cluster`, which also starts coturn and runs until Ctrl+C. With `--check`, the
command makes calls through the cluster and then ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from signaling.config.settings import Settings
from signaling.records import Records
from signaling.server import demo
from tests.ports import free_port, free_ports
from tests.postgres_server import PostgresServer, running_postgres
from tests.redis_server import RedisServer, running_redis
from tests.turn_server import TurnServer, own_address

SECRET = "a secret of a cluster that lives for minutes"
START_S = 40.0


@dataclass
class Server:
    """A process of the cluster: server, media machine or balancer. `process` is None while the process is down.

    `environment`: variables for this process alone. `code`: the folder of the sources that the process runs. If `code` is None,
    the process runs the sources that contain this file.
    """

    port: int
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    metrics_port: int = 0
    host: str = "127.0.0.1"
    environment: dict[str, str] = field(default_factory=dict)
    code: Path | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            environment = os.environ | {"SANGDAM_SECRET": SECRET} | self.environment
            self.process = subprocess.Popen(self.command, env=environment, cwd=self.code, stdout=log, stderr=subprocess.STDOUT)

    def send(self, what: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(what)

    def end(self, what: signal.Signals, within_s: float = 30.0) -> int:
        assert self.process is not None
        self.process.send_signal(what)
        status = self.process.wait(within_s)
        self.process = None
        return status

    def ready(self) -> dict[str, Any]:
        """Return the JSON that /readyz answers, even with an error status. Return an empty dictionary if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}/readyz", timeout=3) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refusal:
            return dict(json.load(refusal))
        except OSError:
            return {}


@dataclass(frozen=True)
class Place:
    """Where a program of the cluster runs. `host`: the program's IP address. `within`: words before the program's command.

    For example, the words `ip netns exec …` run the program in a network namespace.
    """

    host: str = "127.0.0.1"
    within: tuple[str, ...] = ()


@dataclass
class Cluster:
    """A cluster. `place_of`: returns the `Place` of the server, worker or store with the given name.

    `redis_url` and `database_url`: the URLs that servers and workers use, if they differ from the addresses of `redis` and
    `postgres`. `python` and `code`: the interpreter and the sources of the servers and workers that are added later.
    """

    redis: RedisServer
    postgres: PostgresServer
    folder: Path
    public_port: int
    place_of: Callable[[str], Place] = lambda name: Place()
    redis_url: str = ""
    database_url: str = ""
    python: str = sys.executable
    code: Path | None = None
    servers: list[Server] = field(default_factory=list)
    media: list[Server] = field(default_factory=list)
    balancer: Server | None = None
    turn: TurnServer | None = None

    @property
    def settings(self) -> Settings:
        """Return the cluster's settings. The port is the balancer's, because browsers connect only to the balancer."""
        url = f"http://localhost:{self.public_port}"
        return Settings(public_url=url, port=self.public_port, shop_port=8081, demo=False, data_dir=self.folder)

    def leading(self) -> Server:
        return next(server for server in self.servers if server.process and server.ready().get("state") == "leading")

    def add_server(self) -> Server:
        port, metrics_port, number = free_port(), free_port(), len(self.servers)
        place = self.place_of(f"server-{number}")
        command = [*place.within, self.python, "-m", "signaling.cli.main", "serve", "--port", str(port)]
        command += ["--host", place.host] if place.host != "127.0.0.1" else []
        command += ["--redis", self.redis_url or self.redis.url, "--database", self.database_url or self.postgres.url]
        command += ["--data-dir", str(self.folder / f"server-{number}")]
        command += ["--most-lag-ms", "60000"]  # the server must not refuse people because the machine is busy
        command += ["--public-url", self.settings.url, "--trust-proxy", "--recordings", str(self.folder / "recordings")]
        command += ["--metrics", f"127.0.0.1:{metrics_port}"]
        if self.turn is not None:
            command += ["--turn", self.turn.url, "--turn-secret-file", str(self.turn.secret_file)]
        log = self.folder / f"server-{number}.log"
        self.servers.append(Server(port, command, log, metrics_port=metrics_port, host=place.host, code=self.code))
        self.servers[-1].start()
        return self.servers[-1]

    def add_media(self, workers: int = 1) -> Server:
        port, number = free_ports(workers), len(self.media)
        place = self.place_of(f"media-{number}")
        command = [
            *place.within,
            self.python,
            "-m",
            "signaling.cli.main",
            "media",
            "--redis",
            self.redis_url or self.redis.url,
        ]
        command += ["--workers", str(workers), "--port", str(port), "--udp-port", str(free_ports(workers))]
        command += ["--listen", place.host, *(["--loopback"] if place.host == "127.0.0.1" else ["--address", place.host])]
        command += ["--recordings", str(self.folder / "recordings")]
        self.media.append(Server(port, command, self.folder / f"media-{number}.log", host=place.host, code=self.code))
        self.media[-1].start()
        return self.media[-1]

    def start(self, servers: int, media: int) -> None:
        """Store the demo shop in the database, and start servers and media machines, without waiting until they are ready."""
        asyncio.run(seed(self.database_url or self.postgres.url, self.settings))
        for _ in range(media):
            self.add_media()
        for _ in range(servers):
            self.add_server()

    def add_balancer(self) -> None:
        program = shutil.which("haproxy")
        if program is None:
            raise RuntimeError("A balancer is needed. Install one: sudo apt-get install --no-install-recommends haproxy")
        servers = "\n".join(f"  server s{n} 127.0.0.1:{each.port} check" for n, each in enumerate(self.servers))
        text = (Path(__file__).parent / "haproxy.cfg").read_text().format(port=self.public_port, servers=servers)
        (self.folder / "haproxy.cfg").write_text(text)
        command = [program, "-db", "-f", str(self.folder / "haproxy.cfg")]
        self.balancer = Server(self.public_port, command, self.folder / "haproxy.log")
        self.balancer.start()

    def until_ready(self, seconds: float = START_S) -> None:
        give_up = time.monotonic() + seconds
        while not self._ready():
            if time.monotonic() > give_up:
                raise TimeoutError("\n".join(server.log.read_text()[-2000:] for server in (*self.servers, *self.media)))
            time.sleep(0.1)

    def _ready(self) -> bool:
        said = [server.ready() for server in self.servers if server.process]
        return all(each.get("ok") and not each["missing"] for each in said) and any(e["state"] == "leading" for e in said)

    def close(self) -> None:
        for server in (self.balancer, *self.servers, *self.media):
            if server is not None and server.process is not None:
                server.process.send_signal(signal.SIGCONT)
                server.process.kill()
                server.process.wait()


async def seed(url: str, settings: Settings) -> None:
    records = await Records.open(url)
    await demo.seed(records, settings)
    await records.close()


@contextmanager
def running_stores(place_of: Callable[[str], Place] = lambda name: Place(), public_port: int = 0) -> Iterator[Cluster]:
    """Start Redis and PostgreSQL. The caller starts the other parts (`Cluster.start`). All parts end when the context ends."""
    with ExitStack() as stack:
        redis, postgres = stack.enter_context(running_redis()), stack.enter_context(running_postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-cluster-")))
        cluster = Cluster(redis, postgres, folder, public_port or free_port(), place_of=place_of)
        stack.callback(cluster.close)
        yield cluster


@contextmanager
def running_cluster(
    *,
    servers: int = 2,
    media: int = 2,
    balancer: bool = False,
    public_port: int = 0,
    turn: bool = False,
    place_of: Callable[[str], Place] = lambda name: Place(),
) -> Iterator[Cluster]:
    with ExitStack() as stack:
        cluster = stack.enter_context(running_stores(place_of, public_port))
        if turn:
            cluster.turn = TurnServer(cluster.folder, own_address())
            stack.enter_context(cluster.turn.running())
        cluster.start(servers, media)
        if balancer:
            cluster.add_balancer()
        cluster.until_ready()
        yield cluster


def main() -> None:
    parser = argparse.ArgumentParser(prog="make cluster ARGS=…", description="A whole cluster on loopback, until Ctrl+C.")
    parser.add_argument("--check", action="store_true", help="call through it, say what was seen, and end")
    checking = parser.parse_args().check
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Starting 2 servers, 2 media machines, Redis, PostgreSQL, coturn, a balancer and the demo shop …", flush=True)
    with running_cluster(balancer=True, public_port=8080, turn=True) as cluster:
        print(f"Shop: {cluster.settings.shop_url}   staff: {cluster.settings.staff_url('counselor')}")
        for name, parts in (("server", cluster.servers), ("media", cluster.media)):
            for part in parts:
                assert part.process is not None
                print(f"  {name:<7} port {part.port}  pid {part.process.pid}  log {part.log}")
        if checking:
            from tests.cluster_check import check

            asyncio.run(check(cluster))
            return
        print("Ctrl+C ends it.", flush=True)
        web.run_app(demo.shop_app(cluster.settings), host="127.0.0.1", port=cluster.settings.shop_port, print=None)
        # the terminal sends Ctrl+C to make and to this process; make then forwards the signal once more, so ignore later signals
        for again in (signal.SIGINT, signal.SIGTERM):
            signal.signal(again, signal.SIG_IGN)
        print()


if __name__ == "__main__":
    main()
