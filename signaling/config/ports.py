"""Check the ports that our processes on this machine will bind. If a port is taken, the error names the option to change."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # seconds between two checks of a taken port
PATIENCE_S = 5.0
"""A starting server waits at most this many seconds for taken ports to become free.

When a server is killed, the kernel kills its media workers after the server. The workers hold their ports until their memory is
freed. A supervisor may start the next server before the ports are free.
"""
PATIENT_LOOK_S = 0.1  # seconds between two checks of a taken port while a server starts
LAST_PORT = 65_535
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - only used to probe: a wildcard address clashes with any address that has the port


@dataclass(frozen=True, slots=True)
class Port:
    """A port that this process or a worker will bind on `hosts`. `remedy`: the option with which to choose another port."""

    number: int
    hosts: tuple[str, ...]
    remedy: str
    kind: socket.SocketKind = socket.SOCK_STREAM

    def is_free(self) -> bool:
        """Return whether this port is free on all of the hosts."""
        return all(_can_bind(host, self.number, self.kind) for host in self.hosts)


def media_ports(first: int, count: int, hosts: tuple[str, ...] = ()) -> list[Port]:
    """Return the UDP ports of `count` media workers. Without `hosts`, the workers bind all addresses of this machine."""
    remedy = f"--udp-port {first + 100}"
    return [Port(number, hosts or EVERYWHERE, remedy, socket.SOCK_DGRAM) for number in range(first, first + count)]


def taken(ports: Iterable[Port]) -> str:
    """Return a sentence that names the first taken port and the remedy, or "" when all ports are free."""
    for port in ports:
        if not port.is_free():
            name = "UDP port" if port.kind == socket.SOCK_DGRAM else "Port"
            return f"{name} {port.number} is taken by another program. End that program, or choose another port: {port.remedy}"
    return ""


def still_taken(ports: list[Port]) -> str:
    """Wait up to `PATIENCE_S` until all ports are free. Return the result of `taken`.

    This call blocks, so call it before the event loop runs.
    """
    deadline = time.monotonic() + PATIENCE_S
    while (sentence := taken(ports)) and time.monotonic() < deadline:
        time.sleep(PATIENT_LOOK_S)
    return sentence


async def until_free(ports: list[Port], stopped: asyncio.Event) -> None:
    """Wait until these ports are free or `stopped` is set. Log each reason for waiting once."""
    said = ""
    while (sentence := taken(ports)) and not stopped.is_set():
        if sentence != said:
            said = sentence
            log.error("port taken: the worker starts when the port is free", remedy=sentence)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await stopped.wait()


def _can_bind(host: str, port: int, kind: socket.SocketKind) -> bool:
    """Return whether the port is free on `host`.

    A port counts as free if this machine does not have the address, for example because IPv6 is switched off.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except PermissionError:
        return True  # the server reports this error later, when it binds the port
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True
