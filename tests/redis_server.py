"""Run Debian's Redis for tests, in a separate process, on a Unix socket or a free port, without persistence.

This module also runs a master with a replica and Sentinels, and a Redis Cluster.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.ports import free_port

START_S = 10.0


def cluster_info(client: redis.Redis) -> dict[str, str]:
    return dict(line.split(":", 1) for line in client.execute_command("CLUSTER", "INFO").decode().splitlines())


class RedisServer:
    """A Redis server. `url` is its address. `restart` starts the server again at the same address, without its data.

    `host`: the address to bind; "" for a Unix socket. `within`: words before the server's command, for example to run it in a
    network namespace.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        cluster: bool = False,
        slots: tuple[int, int] = (0, 16383),
        host: str = "",
        within: tuple[str, ...] = (),
    ) -> None:
        self.options = options
        self.host = host or ("127.0.0.1" if cluster else "")
        self.within = within
        self.cluster = cluster
        self.slots = slots
        self.folder = folder
        self.port = free_port() if self.host else 0  # the bus of Redis Cluster needs TCP and cannot use a Unix socket
        self.bus_port = free_port()
        self.url = f"redis://{self.host}:{self.port}" if self.host else f"unix://{folder / 'redis.sock'}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("These tests need a Redis. Install it: sudo apt-get install --no-install-recommends redis-server")
        options = [
            *self.options,
            "--port",
            str(self.port),
            "--bind",
            self.host or "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.folder),
        ]
        if self.cluster:
            options += ["--cluster-enabled", "yes", "--cluster-port", str(self.bus_port), "--cluster-require-full-coverage", "no"]
        elif not self.host:
            options += ["--unixsocket", str(self.folder / "redis.sock")]
        elif self.host != "127.0.0.1":
            options += ["--protected-mode", "no"]
        self.process = subprocess.Popen([*self.within, program, *options], stdout=subprocess.DEVNULL)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + START_S
        with redis.Redis.from_url(self.url) as client:
            while not self._answers(client):
                assert time.monotonic() < give_up, "redis-server does not answer"
                time.sleep(0.02)

    def _answers(self, client: redis.Redis) -> bool:
        try:
            if not self.cluster:
                return bool(client.ping())
            state = cluster_info(client)
            if state["cluster_slots_assigned"] == "0":
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", *self.slots)
            return state["cluster_state"] == "ok"
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def down(self) -> Iterator[None]:
        """Stop the server while the context lasts. Afterwards the server starts again, even if the test fails."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def restart(self) -> None:
        self.kill()
        self.start()


@contextmanager
def running_redis(*options: str, cluster: bool = False, host: str = "", within: tuple[str, ...] = ()) -> Iterator[RedisServer]:
    # the path must be short, because the path of a Unix socket has at most 108 bytes
    with tempfile.TemporaryDirectory(prefix="sangdam-redis-") as folder:
        server = RedisServer(Path(folder), *options, cluster=cluster, host=host, within=within)
        try:
            server.start()
            yield server
        finally:
            server.kill()


MASTER = "sangdam"
DOWN_MS = 500  # milliseconds without an answer after which the Sentinels count the master as down


@dataclass
class Watched:
    """A master, its replica, and three Sentinels that watch both. `url` names the Sentinels."""

    master: RedisServer
    replica: RedisServer
    url: str


@contextmanager
def running_sentinels() -> Iterator[Watched]:
    """Start a master, a replica and three Sentinels, and wait until the Sentinels know the replica and each other."""
    with ExitStack() as stack:
        master = stack.enter_context(running_redis("--repl-diskless-sync-delay", "0", host="127.0.0.1"))
        replica = stack.enter_context(running_redis("--replicaof", "127.0.0.1", str(master.port), host="127.0.0.1"))
        with redis.Redis(port=replica.port) as client:
            _wait(lambda: client.info("replication")["master_link_status"] == "up", "the replica does not get its data")
        ports = [stack.enter_context(_sentinel(master)) for _ in range(3)]
        for port in ports:
            with redis.Redis(port=port) as client:
                _wait(lambda c=client: _knows_all(c), "the Sentinels do not find each other")
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        yield Watched(master, replica, f"redis+sentinel://{hosts}/{MASTER}")


@contextmanager
def _sentinel(master: RedisServer) -> Iterator[int]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sangdam-sentinel-") as folder:
        lines = [
            f"port {port}",
            "bind 127.0.0.1",
            f"sentinel monitor {MASTER} 127.0.0.1 {master.port} 2",
            f"sentinel down-after-milliseconds {MASTER} {DOWN_MS}",
            f"sentinel failover-timeout {MASTER} 5000",
        ]
        settings = Path(folder) / "sentinel.conf"  # the Sentinel writes what it learns into this file
        settings.write_text("\n".join(lines))
        command = [shutil.which("redis-server") or "", str(settings), "--sentinel"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield port
        finally:
            process.kill()
            process.wait()


def _knows_all(client: redis.Redis) -> bool:
    try:
        known = client.sentinel_master(MASTER)
    except redis.ConnectionError:
        return False
    return int(known["num-slaves"]) == 1 and int(known["num-other-sentinels"]) == 2


def _wait(so: Callable[[], bool], otherwise: str) -> None:
    give_up = time.monotonic() + START_S
    while not so():
        assert time.monotonic() < give_up, otherwise
        time.sleep(0.05)


@contextmanager
def running_cluster() -> Iterator[list[RedisServer]]:
    """Start three masters of a Redis Cluster that know each other, each with a third of the hash slots."""
    with ExitStack() as stack:
        nodes: list[RedisServer] = []
        for slots in ((0, 5460), (5461, 10922), (10923, 16383)):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-redis-"))
            nodes.append(RedisServer(Path(folder), cluster=True, slots=slots))
            stack.callback(nodes[-1].kill)
        # the masters start in parallel, because each waits two seconds before it accepts writes
        with ThreadPoolExecutor() as threads:
            list(threads.map(RedisServer.start, nodes))
        clients = [stack.enter_context(redis.Redis(port=node.port)) for node in nodes]
        for client in clients[1:]:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port, nodes[0].bus_port)
        give_up = time.monotonic() + START_S
        while any(cluster_info(client)["cluster_slots_ok"] != "16384" for client in clients):
            assert time.monotonic() < give_up, "the nodes do not find each other"
            time.sleep(0.02)
        yield nodes
