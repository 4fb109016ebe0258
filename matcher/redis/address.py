"""Where a Redis is: the URL of one, or of several nodes of a cluster.

    redis://[user:password@]host[:port][,host[:port]…][/database]      rediss:// with TLS      unix://[user:password@]/path

Nothing here puts a user or a password into a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

PORT: Final = 6379


@dataclass(frozen=True)
class Address:
    """`url`: for redis-py. `where`: for people and logs."""

    url: str
    where: str


def addresses(url: str) -> list[Address]:
    """One a host. ValueError, without the URL in it, when it cannot be read."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path:
            return [Address(url, parts.path)]
        if parts.scheme in ("redis", "rediss"):
            return [_at(parts, host) for host in parts.netloc.rpartition("@")[2].split(",")]
    except ValueError:
        pass  # the text of it may hold the password
    raise ValueError(
        "The address of Redis cannot be read. It looks like redis://user:password@host:6379/0, rediss:// (TLS) or unix:///path; "
        "special characters of a password are percent-encoded."
    )


def moved_to(address: Address, host: str, port: int) -> Address:
    """The same, on another node of its cluster; an empty host: the same machine."""
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
