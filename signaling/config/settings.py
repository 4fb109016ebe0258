"""The settings of a server, and the addresses that are derived from them."""

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
    """Return the default data folder in the user's home."""
    home = Path.home() / ".local" / "share" / "sangdam"
    return home / "demo" if demo else home


@dataclass(frozen=True)
class Bounds:
    """The limits of admission.

    `most_waiting`: users without a counselor, including those who prepare.
    `most_lag_ms`: lag of the event loop, in ms, above which no new session begins.
    """

    most_waiting: int = 12_000
    most_lag_ms: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a server.

    `public_url`: where users reach this server ("https://talk.example"). Staff reach it at the same scheme and port, with
    `counselor.`, `professional.` or `operator.` before the host.
    `udp_port`: the port of the first worker; the other workers have the next ports.
    `announce`: public addresses of the media workers in addition to their own (NAT, containers).
    """

    host: str = "127.0.0.1"
    port: int = 8080
    demo: bool = False
    data_dir: Path = field(default_factory=lambda: default_data_dir(demo=False))
    recordings: Path | None = None  # None: a folder in data_dir
    files: Path | None = None  # None: a folder in data_dir
    database: str = ""  # SQLAlchemy URL of the records; "": an SQLite file in data_dir
    public_url: str = ""  # "": http://localhost:PORT
    udp_port: int = 40000
    announce: tuple[str, ...] = ()
    redis: str = ""  # URL of the cluster's Redis; "": no cluster, everything runs in this process and its children
    secret: bytes = field(default=b"", repr=False)  # the cluster's secret; b"": no cluster
    advertise: str = ""  # URL at which the cluster's other servers reach this one; "": http://HOST:PORT
    workers: int = 0  # number of media workers; 0: one for each core
    turn: tuple[str, ...] = ()  # TURN servers as turn:host:port; they have the secret in turn_secret_file
    turn_secret_file: Path | None = None
    shop_port: int = 8081
    metrics: tuple[str, int] | None = None  # address and port that serve metrics; None: no metrics
    most_waiting: int = Bounds.most_waiting
    most_lag_ms: int = Bounds.most_lag_ms
    clamd: Path | tuple[str, int] | None = None  # Unix socket or address of the virus scanner; None: nothing is scanned
    trust_proxy: Proxies | None = None  # proxies whose headers name the client's address; None: trust no header

    @property
    def database_url(self) -> str:
        """Return the SQLAlchemy URL of the records."""
        return self.database or f"sqlite+aiosqlite:///{self.data_dir / 'records.sqlite'}"

    @property
    def workers_wanted(self) -> int:
        """Return the number of embedded media workers, without the spare."""
        return self.workers or os.cpu_count() or 1

    @property
    def recordings_dir(self) -> Path:
        """Return the folder of recordings."""
        return self.recordings or self.data_dir / "recordings"

    @property
    def files_dir(self) -> Path:
        """Return the folder of files that people send each other."""
        return self.files or self.data_dir / "files"

    @property
    def hosts_to_bind(self) -> tuple[str, ...]:
        """Return the addresses to listen on.

        The demo listens on the loopback addresses of both families, because browsers resolve NAME.localhost to either.
        """
        if not self.demo:
            return (self.host,)
        return ("127.0.0.1", "::1") if _has_ipv6_loopback() else ("127.0.0.1",)

    @property
    def url(self) -> str:
        """Return the origin of the users' pages, without a trailing slash."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def server_name(self) -> str:
        """Return host and port of `url`, the name of this server in codes."""
        return urlsplit(self.url).netloc

    @property
    def node_url(self) -> str:
        """Return the URL at which the cluster's other servers reach this one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.advertise or f"http://{host}:{self.port}").rstrip("/")

    def staff_url(self, role: str) -> str:
        """Return the origin of the pages for this role of staff."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{STAFF_HOSTS[role]}{parts.netloc}"

    @property
    def own_origins(self) -> frozenset[str]:
        """Return every origin of our own pages. Only these origins may change state or open the WebSocket."""
        return self.staff_origins | {self.url}

    @property
    def staff_origins(self) -> frozenset[str]:
        """Return the origins where staff sign in and work.

        The users' origin is not among them, so that a script on a page for users can do nothing with a cookie of staff.
        """
        return frozenset(self.staff_url(role) for role in STAFF_HOSTS)

    @property
    def shop_url(self) -> str:
        """Return the origin of the demo shop."""
        return f"http://127.0.0.1:{self.shop_port}"
