"""A real Redis of Debian's for tests: its own process on a Unix socket or a free loopback port, keeping nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

START_S = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """`url` says where. `restart` begins anew, empty, at the same place."""

    def __init__(self, folder: Path, *, cluster: bool = False) -> None:
        self.cluster = cluster
        self.folder = folder
        self.port = free_port() if cluster else 0  # a cluster's bus needs TCP
        self.url = f"redis://127.0.0.1:{self.port}" if cluster else f"unix://{folder / 'redis.sock'}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("These tests need a Redis. Install it: sudo apt-get install --no-install-recommends redis-server")
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        if self.cluster:
            options += ["--cluster-enabled", "yes", "--cluster-port", str(free_port())]
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
            state = client.execute_command("CLUSTER", "INFO")
            if state["cluster_slots_assigned"] == "0":
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            return bool(state["cluster_state"] == "ok")
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.kill()
        self.start()


@contextmanager
def running_redis(*, cluster: bool = False) -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="sangdam-redis-") as folder:  # a short path: Unix sockets have at most 108 bytes
        server = RedisServer(Path(folder), cluster=cluster)
        try:
            server.start()
            yield server
        finally:
            server.kill()
