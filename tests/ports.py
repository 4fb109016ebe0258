"""Choose ports for servers that tests start. No other process takes a chosen port before the server binds it.

The usual way is to let the kernel choose: bind to port 0, close the socket, and pass the number on. Such a port is then free for
any process, and the next outgoing connection can take it. This module therefore takes two measures. The chosen ports lie below
the range that the kernel uses for outgoing connections, and each process draws its ports from a block of its own. An abstract
Unix socket reserves the block. The kernel releases the socket's name when the process ends.
"""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress
from functools import cache

FIRST, LAST = 10_500, 32_767
"""First and last port that tests use. Linux uses ports from 32,768 up for outgoing connections (`net.ipv4.ip_local_port_range`).

Browsers refuse port 10,080, which is the last one on their list of unsafe ports.
"""
BLOCK = 500
"""Number of ports in the block of one process. The process uses the ports in turn. After the last port, it continues with the
first, and skips ports that are in use.
"""


def free_port() -> int:
    """Return a port that is free for TCP and UDP on every local IPv4 address."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """Return the first of `count` consecutive free ports, because a media machine's workers take consecutive ports."""
    block = _block(os.getpid())
    for _ in range(BLOCK):
        ports = block.next(count)
        if _are_free(ports):
            return ports.start
    raise RuntimeError(f"No {count} neighbouring ports are free among {block.ports}")


class _Block:
    def __init__(self, ports: range, reservation: socket.socket) -> None:
        self.ports = ports
        self._reservation = reservation  # this reference keeps the block reserved until this process ends
        self._next = ports.start

    def next(self, count: int) -> range:
        if self._next + count > self.ports.stop:
            self._next = self.ports.start
        start, self._next = self._next, self._next + count
        return range(start, start + count)


@cache
def _block(_pid: int) -> _Block:
    """Return this process's block of ports. A forked child has another process id, and therefore gets its own block."""
    for start in range(FIRST, LAST - BLOCK, BLOCK):
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0sangdam-test-ports-{start}")
        except OSError:  # another process has reserved this block
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
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # servers set this option on their sockets, too
                probe.bind(("0.0.0.0", port))  # raises OSError if the port is not free
        return True
    return False
