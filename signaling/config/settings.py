"""What a server is told at its start, and the addresses that follow from it."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from .proxies import Proxies

STAFF_HOSTS = {"counselor": "counselor.", "professional": "professional.", "operator": "operator."}


@cache
def _has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def default_data_dir(*, demo: bool) -> Path:
    home = Path.home() / ".local" / "share" / "sangdam"
    return home / "demo" if demo else home


@dataclass(frozen=True)
class Bounds:
    """`most_waiting`: people without a counselor, those who prepare included. `most_lag_ms`: how late the loop may be before
    nobody new is let in."""

    most_waiting: int = 12_000
    most_lag_ms: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`public_url`: where users reach this server ("https://talk.example"); staff reach it on `counselor.`, `professional.`
    and `operator.` below the same host, with the same scheme and port. `udp_port`: the first worker's; the next ones follow.
    `announce`: public addresses of the media workers beside their own (NAT, containers)."""

    host: str = "127.0.0.1"
    port: int = 8080
    demo: bool = False
    data_dir: Path = field(default_factory=lambda: default_data_dir(demo=False))
    recordings: Path | None = None  # None: a folder in data_dir
    database: str = ""  # SQLAlchemy URL; "": an SQLite file in data_dir
    public_url: str = ""  # "": http://localhost:PORT
    udp_port: int = 40000
    announce: tuple[str, ...] = ()
    redis: str = ""  # URL; "": everything in this process and its children
    secret: bytes = field(default=b"", repr=False)  # of the cluster
    advertise: str = ""  # where the cluster's other servers reach this one; "": http://HOST:PORT
    workers: int = 0  # 0: one a core
    turn: tuple[str, ...] = ()  # turn:host:port, of a server that knows the secret in turn_secret_file
    turn_secret_file: Path | None = None
    shop_port: int = 8081
    metrics: tuple[str, int] | None = None  # address and port where metrics are told; None: nowhere
    most_waiting: int = Bounds.most_waiting  # people without a counselor; nobody new is let in beyond
    most_lag_ms: int = Bounds.most_lag_ms
    trust_proxy: Proxies | None = None  # whose headers name the client's address; None: nobody's

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite+aiosqlite:///{self.data_dir / 'records.sqlite'}"

    @property
    def workers_wanted(self) -> int:
        return self.workers or os.cpu_count() or 1

    @property
    def recordings_dir(self) -> Path:
        return self.recordings or self.data_dir / "recordings"

    @property
    def hosts_to_bind(self) -> tuple[str, ...]:
        """In demo, loopback only, on both address families: browsers resolve NAME.localhost to either."""
        if not self.demo:
            return (self.host,)
        return ("127.0.0.1", "::1") if _has_ipv6_loopback() else ("127.0.0.1",)

    @property
    def url(self) -> str:
        """The users' origin, without a trailing slash. It is also the `server` claim of codes."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def server_name(self) -> str:
        """Host and port of `url`: the counselling server that a code names."""
        return urlsplit(self.url).netloc

    @property
    def node_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.advertise or f"http://{host}:{self.port}").rstrip("/")

    def staff_url(self, role: str) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{STAFF_HOSTS[role]}{parts.netloc}"

    @property
    def own_origins(self) -> frozenset[str]:
        """Every origin our own pages have; the only ones allowed to change state or open the WebSocket."""
        return self.staff_origins | {self.url}

    @property
    def staff_origins(self) -> frozenset[str]:
        """Where staff sign in and work. The users' origin is none of them: what runs on a page for users, whatever brought it
        there, can do nothing with a cookie of staff."""
        return frozenset(self.staff_url(role) for role in STAFF_HOSTS)

    @property
    def shop_url(self) -> str:
        return f"http://127.0.0.1:{self.shop_port}"
