"""Let a real, running Redis server refuse to write, in several ways. Each refusal lasts as long as its context."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

OPTIONS = ("--busy-reply-threshold", "50", "--enable-protected-configs", "local")  # start the Redis server with these options
SPIN = "while true do end"


@contextmanager
def no_replicas(client: redis.Redis) -> Iterator[None]:
    client.config_set("min-replicas-to-write", 1)
    yield
    client.config_set("min-replicas-to-write", 0)


@contextmanager
def disk_error(client: redis.Redis) -> Iterator[None]:
    """Make the server's snapshot fail: set its folder to /proc, in which no file can be created."""
    folder = client.config_get("dir")["dir"]
    client.config_set("save", "3600 1000000")
    client.config_set("dir", "/proc")
    client.bgsave()
    while client.info("persistence")["rdb_last_bgsave_status"] != "err":
        time.sleep(0.01)
    yield
    client.config_set("dir", folder)
    client.config_set("save", "")


@contextmanager
def no_memory(client: redis.Redis) -> Iterator[None]:
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    yield
    client.config_set("maxmemory", 0)


def _is_busy(client: redis.Redis) -> bool:
    try:
        client.ping()
    except redis.ResponseError as error:
        return str(error).startswith("BUSY")
    return False


@contextmanager
def busy(client: redis.Redis) -> Iterator[None]:
    """Keep the server busy with a script that never ends."""

    def spin() -> None:
        with redis.Redis(unix_socket_path=client.get_connection_kwargs()["path"]) as other, suppress(redis.RedisError):
            other.eval(SPIN, 0)

    spinning = threading.Thread(target=spin)
    spinning.start()
    while not _is_busy(client):
        time.sleep(0.01)
    yield
    client.script_kill()
    spinning.join()


@contextmanager
def read_only(client: redis.Redis) -> Iterator[None]:
    """Make the server a replica of a master that does not answer. A replica refuses writes."""
    client.replicaof("127.0.0.1", 1)
    yield
    client.replicaof("NO", "ONE")


@contextmanager
def master_down(client: redis.Redis) -> Iterator[None]:
    client.config_set("replica-serve-stale-data", "no")
    with read_only(client):
        yield
    client.config_set("replica-serve-stale-data", "yes")


@contextmanager
def not_permitted(client: redis.Redis) -> Iterator[None]:
    client.execute_command("ACL", "SETUSER", "default", "-fcall")
    yield
    client.execute_command("ACL", "SETUSER", "default", "+fcall")


@contextmanager
def password_changed(client: redis.Redis) -> Iterator[None]:
    client.config_set("requirepass", "another")
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    yield
    client.config_set("requirepass", "")


ALL = [no_replicas, disk_error, no_memory, busy, read_only, master_down, not_permitted, password_changed]
