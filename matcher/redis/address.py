"""Addresses of Redis: the URL of one server, of some nodes of a cluster, or of Sentinels, which say where the server is.

    redis://[user:password@]host[:port][,host[:port]…][/database]
    rediss://…               the same, with TLS
    unix://[user:password@]/path
    redis+sentinel://…       the function `connect` that `Line` gets must ask the Sentinels

`Address.where` and the texts of errors never contain the user or the password.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

PORT: Final = 6379


@dataclass(frozen=True)
class Address:
    """One address. `url` is for redis-py and holds the password; `where` is for people and logs."""

    url: str
    where: str


def addresses(url: str) -> list[Address]:
    """Return one address for each host of the URL. For the URL of a Unix socket or of Sentinels, return one address.

    Raises ValueError when the URL cannot be read. The text of the error does not repeat the URL.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path:
            return [Address(url, parts.path)]
        if parts.scheme.endswith("+sentinel") and parts.path.strip("/"):
            return [Address(url, f"Sentinel's {parts.path.strip('/').partition('/')[0]}")]
        if parts.scheme in ("redis", "rediss"):
            return [_at(parts, host) for host in parts.netloc.rpartition("@")[2].split(",")]
    except ValueError:
        pass  # this error is not shown, because its text can contain the password
    raise ValueError(
        "The address of Redis cannot be read. Write it as redis://user:password@host:6379/0, rediss://… (TLS) or unix:///path, "
        "with special characters of the password percent-encoded."
    )


def moved_to(address: Address, host: str, port: int) -> Address:
    """Return the address of another node of the same cluster. An empty `host` means the same machine."""
    parts = urlsplit(address.url)
    name = host or parts.hostname or "localhost"
    return _at(parts, f"[{name}]:{port}" if ":" in name else f"{name}:{port}")


def _at(parts: SplitResult, host: str) -> Address:
    user, at, _ = parts.netloc.rpartition("@")
    here = parts._replace(netloc=f"{user}{at}{host}")
    name = here.hostname
    if not name:
        raise ValueError("no host")
    shown = f"[{name}]" if ":" in name else name
    return Address(here.geturl(), f"{shown}:{here.port or PORT}")
