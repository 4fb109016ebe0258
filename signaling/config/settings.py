"""The settings of a server, and the addresses that are derived from them."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from . import kinds
from .proxies import Proxies
from .setting import setting

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
    """Return the data folder to use when none is set: a folder in the home of the system account that runs the command."""
    home = Path.home() / ".local" / "share" / "sangdam"
    return home / "demo" if demo else home


@dataclass(frozen=True)
class Bounds:
    """The limits above which the server admits no new session.

    `most_waiting`: the largest number of users without a counselor, including users who have not asked for one yet.
    `most_lag_ms`: the largest lag of the event loop, in ms.
    """

    most_waiting: int = 12_000
    most_lag_ms: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The mail server that sends our mails. `sender`: the from-address.

    `ca`: a file with the CA certificates to trust; None: trust the system's CA certificates.
    """

    host: str
    port: int
    sender: str
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a server. This class is also the table of the flags, variables and TOML keys of `sangdam serve`.

    Staff reach the server at the scheme and port of `public_url`, with `counselor.`, `professional.` or `operator.` before the
    host. Each field that `setting` declares becomes a flag, a variable in the environment and a key in the file.
    """

    demo: bool = setting(False, kinds.SWITCH, "Add a demo shop and demo accounts. Serves HTTP on this machine only.")
    host: str = setting("127.0.0.1", kinds.text("ADDRESS"), "Address to listen on. Put a TLS proxy in front of it.")
    port: int = setting(8080, kinds.PORT, "HTTP port.")
    public_url: str = setting(
        "", kinds.ORIGIN, "Where users reach this server, such as https://talk.example.", default_words="http://localhost:PORT"
    )
    trust_proxy: Proxies | None = setting(  # None: do not trust any proxy's header
        None,
        kinds.PROXIES,
        "Trust X-Forwarded-For or Forwarded from proxies in these networks, such as 10.0.0.0/8,127.0.0.1. "
        "Without a value, or with “one”: trust one proxy on this machine or a private network.",
        bare=kinds.ONE_PROXY,
    )
    data_dir: Path = setting(
        None,
        kinds.FOLDER,
        "Folder of the server's key and SQLite file.",
        default_words="~/.local/share/sangdam",
        factory=lambda: default_data_dir(demo=False),
    )
    database: str = setting(
        "",
        kinds.URL,
        "SQLAlchemy URL of the records, such as postgresql+asyncpg://…",
        default_words="SQLite in the data folder",
    )
    database_password_file: Path | None = setting(None, kinds.FILE, "File with the database's password, if it is not in the URL.")
    recordings: Path | None = setting(None, kinds.FOLDER, "Folder of recordings.", default_words="a folder in the data folder")
    files: Path | None = setting(None, kinds.FOLDER, "Folder of sent files.", default_words="a folder in the data folder")
    clamd: Path | tuple[str, int] | None = setting(  # None: no file is scanned for viruses
        None,
        kinds.SOCKET,
        "Scan files and pictures by ClamAV's clamd: path of its socket, or HOST:PORT. If it does not answer, they are refused.",
    )
    workers: int = setting(0, kinds.number(0, 256), "Number of media workers.", default_words="one per core")
    spares: int = setting(
        1,
        kinds.number(0, 16),
        "Idle media workers that take over when another one dies. Each takes 100 MB of memory. "
        "Without a spare, calls of a dead worker are silent for some seconds longer.",
    )
    udp_port: int = setting(40000, kinds.MEDIA_PORT, "First UDP port for media, one per worker and spare.")
    announce: tuple[str, ...] = setting(
        (), kinds.text("ADDRESS"), "Public address of this machine for media, behind NAT. Repeatable.", repeatable=True
    )
    turn: tuple[str, ...] = setting(
        (), kinds.text("turn:HOST:PORT"), "TURN server for clients whose network blocks UDP. Repeatable.", repeatable=True
    )
    turn_secret_file: Path | None = setting(
        None, kinds.FILE, "File with the secret that is shared with the TURN server (its static-auth-secret)."
    )
    most_waiting: int = setting(
        Bounds.most_waiting, kinds.number(1), "The most users without a counselor at one time. Further users are refused."
    )
    most_lag_ms: int = setting(
        Bounds.most_lag_ms,
        kinds.number(10),
        "Refuse new users while this server's event loop lags by more milliseconds than this.",
    )
    smtp: tuple[str, int] | None = setting(
        None, kinds.ADDRESS, "Mail server that sends our mails.", default_words="no mail is sent"
    )
    smtp_tls: Literal["starttls", "tls", "none"] = setting(
        "starttls",
        kinds.choice("starttls", "tls", "none"),
        "How the connection to the mail server is encrypted. `none` only without a login.",
    )
    smtp_user: str = setting("", kinds.text("NAME"), "Login at the mail server.")
    smtp_password_file: Path | None = setting(None, kinds.FILE, "File with the password at the mail server.")
    smtp_ca: Path | None = setting(
        None, kinds.FILE, "Certificates to trust for the mail server.", default_words="the system's certificates"
    )
    mail_from: str = setting("", kinds.text("ADDRESS"), "From-address of mails, such as talk@shop.example.")
    mail_from_allow: tuple[str, ...] = setting(
        (),
        kinds.SENDER,
        "Domain whose addresses a site may use as its own from-address, such as shop.example, or one such address. Repeatable.",
        repeatable=True,
    )
    mail: MailServer | None = None  # this value is made from the settings above; None: no mail is sent
    webhook_allow: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = setting(
        (),
        kinds.NETWORK,
        "Private network that webhooks and fetches of keys may reach, also without TLS, such as 10.1.2.0/24. Repeatable.",
        repeatable=True,
    )
    push: Literal["on", "off"] = setting(
        "on",
        kinds.choice("on", "off"),
        "Whether people who ask for it get notifications by Web Push, through the service of their browser's maker.",
    )
    push_allow: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = setting(
        (),
        kinds.NETWORK,
        "Private network in which push services may be, also without TLS, such as 10.1.2.0/24. Repeatable.",
        repeatable=True,
    )
    metrics: tuple[str, int] | None = setting(
        None, kinds.ADDRESS, "Serve Prometheus metrics at /metrics of this address. Keep it private."
    )
    log_level: str = setting(
        "",
        kinds.choice("debug", "info", "warning", "error"),
        "Least level of log lines.",
        default_words="info; warning with --demo",
    )
    pure_python: bool = setting(  # media/transport/fastpath.py in each worker reads this setting from the environment
        False, kinds.SWITCH, "Forward voices and videos in Python only, without the C fast path.", only_environment=True
    )
    redis: str = setting(  # "": there is no cluster, and everything runs in this process and its child processes
        "", kinds.URL, "URL of the cluster's Redis. `sangdam media` then runs the workers."
    )
    redis_password_file: Path | None = setting(None, kinds.FILE, "File with Redis' password, if it is not in the URL.")
    secret_file: Path | None = setting(
        None, kinds.FILE, "File with the cluster's secret.", default_words="SANGDAM_SECRET in the environment"
    )
    secret: bytes = setting(  # the cluster's secret; b"": there is no cluster
        b"", kinds.SECRET, "The cluster's secret, if it is not in a file.", only_environment=True
    )
    advertise: str = setting(
        "",
        kinds.ORIGIN,
        "URL at which the cluster's other servers reach this one.",
        default_words="http://HOST:PORT",
    )
    captions_url: str = setting(  # "": there is no captions process
        "",
        kinds.ORIGIN,
        "URL of the captions process, `sangdam captions`. Both need the same secret file. In a cluster, set it for the workers.",
    )
    translate_url: str = setting(  # "": nothing is translated
        "", kinds.ORIGIN, "URL of a translation service that speaks LibreTranslate's API.", default_words="no translation"
    )
    translate_key_file: Path | None = setting(None, kinds.FILE, "File with the key of the translation service.")
    # this token is derived from the secret; with it, workers authenticate to the captions process
    captions_token: str = field(default="", repr=False)
    shop_port: int = setting(8081, kinds.PORT, "The demo shop's port.")

    @property
    def database_url(self) -> str:
        """Return the SQLAlchemy URL of the database."""
        return self.database or f"sqlite+aiosqlite:///{self.data_dir / 'records.sqlite'}"

    @property
    def workers_wanted(self) -> int:
        """Return how many media workers this server starts itself, not counting the spare workers."""
        return self.workers or os.cpu_count() or 1

    @property
    def recordings_dir(self) -> Path:
        """Return the folder of recordings: the setting, or a folder in the data folder."""
        return self.recordings or self.data_dir / "recordings"

    @property
    def files_dir(self) -> Path:
        """Return the folder of files that people send each other: the setting, or a folder in the data folder."""
        return self.files or self.data_dir / "files"

    @property
    def hosts_to_bind(self) -> tuple[str, ...]:
        """Return the addresses on which the server listens for HTTP.

        The demo listens on the IPv4 and IPv6 loopback addresses, because a browser may resolve NAME.localhost to either.
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
        """Return the host and port of `url`. Identification codes name the server by this text."""
        return urlsplit(self.url).netloc

    @property
    def node_url(self) -> str:
        """Return the URL at which the cluster's other servers reach this server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.advertise or f"http://{host}:{self.port}").rstrip("/")

    def staff_url(self, role: str) -> str:
        """Return the origin of the pages for this role of staff."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{STAFF_HOSTS[role]}{parts.netloc}"

    @property
    def own_origins(self) -> frozenset[str]:
        """Return every origin of our own pages. Only pages of these origins may change state or open the WebSocket."""
        return self.staff_origins | {self.url}

    @property
    def staff_origins(self) -> frozenset[str]:
        """Return the origins where staff sign in and work.

        The users' origin is not in the result. So a script on a page for users can do nothing with a cookie of staff.
        """
        return frozenset(self.staff_url(role) for role in STAFF_HOSTS)

    @property
    def shop_url(self) -> str:
        """Return the origin of the demo shop."""
        return f"http://127.0.0.1:{self.shop_port}"
