"""Ports for servers that tests start: nobody else on this machine takes one between the choice and the bind.

A port that the kernel chose (bind to port 0, close, pass the number on) is free for anybody again, above all for the next
outgoing connection. So these ports lie below the range from which the kernel serves outgoing connections, and each process draws
them from a block of its own. An abstract Unix socket reserves the block: the kernel frees its name when the process ends.
"""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress
from functools import cache

FIRST, LAST = 10_500, 32_767
"""Browsers refuse port 10,080, the last on their list of unsafe ports.

Linux serves outgoing connections from 32,768 up (`net.ipv4.ip_local_port_range`)."""
BLOCK = 500
"""Ports a process. They are used again in turn, once they can be bound."""


def free_port() -> int:
    """Return a port that is free for TCP and UDP on every local IPv4 address."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """Return the first of `count` neighbouring free ports, as media workers take them."""
    block = _block(os.getpid())
    for _ in range(BLOCK):
        ports = block.next(count)
        if _are_free(ports):
            return ports.start
    raise RuntimeError(f"No {count} neighbouring ports are free among {block.ports}")


class _Block:
    def __init__(self, ports: range, reservation: socket.socket) -> None:
        self.ports = ports
        self._reservation = reservation  # held for as long as this process lives
        self._next = ports.start

    def next(self, count: int) -> range:
        if self._next + count > self.ports.stop:
            self._next = self.ports.start
        start, self._next = self._next, self._next + count
        return range(start, start + count)


@cache
def _block(_pid: int) -> _Block:
    """Return the block of this process. A forked child has another process id, hence a block of its own."""
    for start in range(FIRST, LAST - BLOCK, BLOCK):
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0sangdam-test-ports-{start}")
        except OSError:  # another process has this block
            reservation.close()
            continue
        return _Block(range(start, start + BLOCK), reservation)
    raise RuntimeError("Every block of test ports is taken: are old test processes still running?")


def _are_free(ports: range) -> bool:
    with ExitStack() as stack, suppress(OSError):
        for port in ports:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
                probe.bind(("0.0.0.0", port))  # only to check that it is free
        return True
    return False
