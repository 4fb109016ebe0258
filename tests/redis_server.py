"""Run Debian's Redis for tests: its own process, on a Unix socket or a free loopback port, without persistence."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from tests.ports import free_port

START_S = 10.0


def cluster_info(client: redis.Redis) -> dict[str, str]:
    return dict(line.split(":", 1) for line in client.execute_command("CLUSTER", "INFO").decode().splitlines())


class RedisServer:
    """A Redis server. `url` is its address. `restart` starts it again, empty, at the same address."""

    def __init__(self, folder: Path, *options: str, cluster: bool = False, slots: tuple[int, int] = (0, 16383)) -> None:
        self.options = options
        self.cluster = cluster
        self.slots = slots
        self.folder = folder
        self.port = free_port() if cluster else 0  # the cluster bus needs TCP
        self.bus_port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}" if cluster else f"unix://{folder / 'redis.sock'}"
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
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.folder),
        ]
        if self.cluster:
            options += ["--cluster-enabled", "yes", "--cluster-port", str(self.bus_port), "--cluster-require-full-coverage", "no"]
        else:
            options += ["--unixsocket", str(self.folder / "redis.sock")]
        self.process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
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
        """Stop the server while the context lasts. The server starts again afterwards, even if the test fails."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def restart(self) -> None:
        self.kill()
        self.start()


@contextmanager
def running_redis(*options: str, cluster: bool = False) -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="sangdam-redis-") as folder:  # a short path: Unix sockets have at most 108 bytes
        server = RedisServer(Path(folder), *options, cluster=cluster)
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def running_cluster() -> Iterator[list[RedisServer]]:
    """Start three masters that know each other, each with a third of the slots."""
    with ExitStack() as stack:
        nodes: list[RedisServer] = []
        for slots in ((0, 5460), (5461, 10922), (10923, 16383)):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-redis-"))
            nodes.append(RedisServer(Path(folder), cluster=True, slots=slots))
            stack.callback(nodes[-1].kill)
        with ThreadPoolExecutor() as threads:  # in parallel, because each node waits two seconds before it accepts writes
            list(threads.map(RedisServer.start, nodes))
        clients = [stack.enter_context(redis.Redis(port=node.port)) for node in nodes]
        for client in clients[1:]:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port, nodes[0].bus_port)
        give_up = time.monotonic() + START_S
        while any(cluster_info(client)["cluster_slots_ok"] != "16384" for client in clients):
            assert time.monotonic() < give_up, "the nodes do not find each other"
            time.sleep(0.02)
        yield nodes
