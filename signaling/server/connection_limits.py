"""Limits on open connections, for each client address and in total, and on how long a connection may stay open without use.

This module does no I/O. A connection is *asking* until its request's headers are complete, *served* while the server handles the
request, and *idle* between requests. An asking or idle connection holds a file descriptor without use, so the server closes it
after a deadline. When a new connection exceeds a limit, the server closes either an idle or asking connection, or the new
connection.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

State = Literal["asking", "idle", "served"]
C = TypeVar("C")


@dataclass(frozen=True)
class Limits:
    """Limits on open connections.

    `most`: at most this many connections of the process. `each_address`: at most this many connections of one address that are
    not being served. `each_address_served`: at most this many connections of one address in all, those being served included.
    `asking_s`: longest time from the opening of a connection, or from a request's first byte, to the end of the request's
    headers. `idle_s`: longest time between two requests of a connection. `idle_trusted_s`: the same for a connection from one of
    our own proxies or from another server of the cluster. This time is longer, so that the other side closes such a connection
    before this server does.
    """

    most: int = 10_000
    each_address: int = 64
    each_address_served: int = 512
    asking_s: float = 10.0
    idle_s: float = 15.0
    idle_trusted_s: float = 300.0


@dataclass(slots=True)
class _Known:
    network: str
    state: State
    since_s: float


class Connections(Generic[C]):
    """The open connections and their states.

    `network`: the client's IPv4 address or /64 network of IPv6 addresses (`rate_limits.network_of`), or "" for our own proxies
    and servers. Connections of our own proxies and servers have no limit per address.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._known: dict[C, _Known] = {}
        # state → the connections in this state, the oldest first
        self._unserved: dict[State, OrderedDict[C, None]] = {"asking": OrderedDict(), "idle": OrderedDict()}
        self._unserved_of: Counter[str] = Counter()
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._known)

    def answered(self) -> list[C]:
        """Return the connections that are being served, or whose last response may still be on its way."""
        return [each for each, known in self._known.items() if known.state != "asking"]

    def opened(self, connection: C, network: str, now_s: float) -> C | None:
        """Add a new connection. Its state is `asking`: the headers of its first request have not arrived yet.

        If a limit is exceeded now, return the connection that the caller must close; this can be `connection`. Otherwise return
        None.
        """
        self._known[connection] = _Known(network, "asking", now_s)
        self._unserved["asking"][connection] = None
        self._of[network] += 1
        self._unserved_of[network] += 1
        if network and self._unserved_of[network] > self.limits.each_address:
            return self._oldest(network)
        if network and self._of[network] > self.limits.each_address_served:
            return connection
        if len(self._known) > self.limits.most:
            return self._oldest(max(self._unserved_of, key=self._unserved_of.__getitem__))
        return None

    def became(self, connection: C, state: State, now_s: float) -> None:
        """Record that a connection is in a new state since `now_s`."""
        known = self._known.get(connection)
        if known is None:
            return
        self._leave_state(connection, known)
        known.state, known.since_s = state, now_s
        if state != "served":
            self._unserved[state][connection] = None
            self._unserved_of[known.network] += 1

    def trust(self, connection: C) -> None:
        """After this call, treat the connection as a connection of our own servers.

        Such a connection has no limit per address, and may be idle for longer.
        """
        known = self._known.get(connection)
        if known is None or not known.network:
            return
        if known.state != "served":
            _less(self._unserved_of, known.network)
            self._unserved_of[""] += 1
        _less(self._of, known.network)
        self._of[""] += 1
        known.network = ""

    def closed(self, connection: C) -> None:
        """Remove a connection that was closed."""
        known = self._known.pop(connection, None)
        if known is None:
            return
        self._leave_state(connection, known)
        _less(self._of, known.network)

    def overdue(self, now_s: float) -> list[C]:
        """Return the connections whose deadline has passed."""
        found = []
        for connections in self._unserved.values():
            for connection in connections:
                known = self._known[connection]
                if now_s >= known.since_s + self._deadline_s(known):
                    found.append(connection)
                elif known.network:
                    break  # oldest first: every following connection has a later deadline
        return found

    def state_of(self, connection: C) -> State | None:
        """Return the state of a connection, or None when this connection is unknown or closed."""
        known = self._known.get(connection)
        return known.state if known else None

    def _deadline_s(self, known: _Known) -> float:
        if known.state == "asking":
            return self.limits.asking_s
        return self.limits.idle_s if known.network else self.limits.idle_trusted_s

    def _leave_state(self, connection: C, known: _Known) -> None:
        if known.state == "served":
            return
        self._unserved[known.state].pop(connection, None)
        _less(self._unserved_of, known.network)

    def _oldest(self, network: str) -> C:
        """Return the oldest idle connection of an address. If it has none, return its oldest connection in the state "asking"."""
        for state in ("idle", "asking"):
            for connection in self._unserved[state]:
                if self._known[connection].network == network:
                    return connection
        raise KeyError(network)


class Strangers:
    """Limits on WebSockets whose clients have not been let in yet: by address and in total.

    Once a client has been let in, its WebSocket belongs to a session or a sign-in. Other limits apply to the number of sessions
    and sign-ins.
    """

    def __init__(self, each_address: int = 256, most: int = 4_000) -> None:
        self._each_address = each_address
        self._most = most
        self._count = 0
        self._of: Counter[str] = Counter()

    def enter(self, network: str) -> bool:
        """Count a new WebSocket. Return False, without counting the WebSocket, when a limit is reached."""
        if self._of[network] >= self._each_address or self._count >= self._most:
            return False
        self._count += 1
        self._of[network] += 1
        return True

    def leave(self, network: str) -> None:
        """Stop counting a WebSocket, because its client was let in or the WebSocket is closed."""
        self._count -= 1
        _less(self._of, network)


def _less(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]
