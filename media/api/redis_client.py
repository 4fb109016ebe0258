"""Clients of the cluster's Redis: of one server, or of the server that Sentinel names as the master.

    redis://[user:password@]host[:port][/database]                                         rediss:// with TLS
    unix://[user:password@]/path
    redis+sentinel://[user:password@]sentinel[:26379][,sentinel[:port]…]/MASTER[/database]  rediss+sentinel:// with TLS

With Sentinel, each new connection first asks the Sentinels for the present master. User and password in the URL are for the Redis
servers. `?sentinel_auth=same` at the end of the URL sends user and password to the Sentinels, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.sentinel import Sentinel

SENTINEL_PORT: Final = 26379
SCHEMES: Final = {"redis+sentinel": False, "rediss+sentinel": True}
"""Scheme of a Sentinel URL → whether connections use TLS."""


@dataclass(frozen=True)
class Sentinels:
    """The Sentinels of a URL. `master`: the name under which they watch the master. `login`: (user, password); "": not given."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    database: int
    login: tuple[str, str]
    tls: bool
    same_login: bool


def is_sentinel(url: str) -> bool:
    """Return whether the URL names Sentinels instead of Redis itself."""
    return url.partition("://")[0] in SCHEMES


def read_sentinels(url: str) -> Sentinels:
    """Return the parts of a Sentinel URL.

    Raise ValueError if the URL cannot be read. The error's text does not repeat the URL, which may contain a password.
    """
    try:
        parts = urlsplit(url)
        login, _, hosts = parts.netloc.rpartition("@")
        user, _, password = login.partition(":")
        master, _, database = parts.path.strip("/").partition("/")
        found = Sentinels(
            hosts=tuple(_host(parts, each) for each in hosts.split(",")),
            master=unquote(master),
            database=int(database or 0),
            login=(unquote(user), unquote(password)),
            tls=SCHEMES[parts.scheme],
            same_login=parse_qs(parts.query).get("sentinel_auth") == ["same"],
        )
    except (KeyError, ValueError):
        found = None
    if found is None or not found.master:
        raise ValueError(
            "The address of the Sentinels cannot be read. Write it as redis+sentinel://user:password@one:26379,two:26379/NAME. "
            "NAME is the master's name at the Sentinels."
        )
    return found


def _host(parts: SplitResult, host: str) -> tuple[str, int]:
    one = parts._replace(netloc=host)
    if not one.hostname:
        raise ValueError("no host")
    return one.hostname, one.port or SENTINEL_PORT


class _Master(Redis):
    """A client of the master. Closing this client also closes the connections to the Sentinels."""

    asked: Sentinel

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        for each in self.asked.sentinels:
            await each.aclose()


def redis_client(url: str, **options: Any) -> Redis:
    """Return a client for the URL. `options`: those of `Redis.from_url`. Raise ValueError if the URL cannot be read."""
    if not is_sentinel(url):
        return Redis.from_url(url, **options)
    named = read_sentinels(url)
    user, password = named.login
    login: dict[str, Any] = {"username": user or None, "password": password or None}
    sockets = {name: value for name, value in options.items() if name.startswith("socket_") or name == "retry"}
    tls: dict[str, Any] = {"ssl": True} if named.tls else {}
    asked = Sentinel(named.hosts, sentinel_kwargs=sockets | tls | (login if named.same_login else {}))  # type: ignore[no-untyped-call]  # redis-py gives no types here
    client: _Master = asked.master_for(named.master, redis_class=_Master, db=named.database, **login, **tls, **options)
    client.asked = asked
    return client
