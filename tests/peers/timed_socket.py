"""A datagram socket that reports when each datagram arrived."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable

Address = tuple[str, int]
SO_TIMESTAMPNS = 35  # number of this socket option in Linux


class TimedSocket:
    """A datagram socket that reports when the kernel received each datagram, as the sockets of browsers do."""

    def __init__(self, host: str, receive: Callable[[bytes, float], None]) -> None:
        self._receive = receive
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind((host, 0))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.fileno(), self._read)

    def fileno(self) -> int:
        return self._socket.fileno()

    def sendto(self, data: bytes, address: Address) -> None:
        if self.fileno() >= 0:
            with contextlib.suppress(BlockingIOError):
                self._socket.sendto(data, address)

    def close(self) -> None:
        if self.fileno() >= 0:
            self._loop.remove_reader(self.fileno())
            self._socket.close()

    def _read(self) -> None:
        while self.fileno() >= 0:
            try:
                data, stamps, _, _ = self._socket.recvmsg(2048, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            seconds, nanoseconds = struct.unpack("@ll", stamps[0][2])
            self._receive(data, self._loop.time() - max(0.0, time.time() - seconds - nanoseconds / 1e9))
