"""UDP sockets of a worker, and `classify`, which finds the kind of a datagram before it is parsed (RFC 7983).

All sockets have the same port, and each has one local address. The wildcard address is not used, because replies must leave from
the address to which the request came.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import ifaddr
import structlog

from media.transport.fastpath import Fastpath
from media.transport.ice import Path

log = structlog.get_logger(__name__)

Kind = Literal["stun", "dtls", "rtp", "rtcp", "junk"]

MAX_DATAGRAM_BYTES = 1500
DRAIN = 64
"""At each wake-up of a socket, at most this many datagrams are read. So a flood on one socket delays neither timers nor other
sockets for long."""
BUFFER_BYTES = 2 * 1024 * 1024  # Bytes of the kernel's buffer of each socket, in each direction.
BIND_ATTEMPTS = 32  # At most this many random ports are tried until a port is free on all addresses.
SO_TIMESTAMPNS = 35
"""Socket option of Linux, socket(7): the kernel reports when it received a datagram. Python has no name for this option."""
MOST_LATE_S = 5.0
"""If a datagram seems to have arrived more than this many seconds ago, somebody has set the machine's clock. Then the present
time counts as its arrival."""
_STAMP = struct.Struct("@ll")


def classify(data: bytes) -> Kind:
    """Return the kind of a datagram, from its first two bytes and its length (RFC 7983 section 7, RFC 5761)."""
    size = len(data)
    if size < 12 or size > MAX_DATAGRAM_BYTES:
        return "junk"
    first = data[0]
    if first <= 3:
        return "stun" if size >= 20 else "junk"
    if 20 <= first <= 63:
        return "dtls" if size >= 13 else "junk"
    if 128 <= first <= 191:
        return "rtcp" if 192 <= data[1] <= 223 else "rtp"
    return "junk"


def local_addresses(loopback: bool) -> list[str]:
    """Return this machine's own addresses: first IPv4, then IPv6, without link-local addresses.

    `loopback`: whether to add the two loopback addresses at the end.
    """
    found = [ipaddress.ip_address(_text(each.ip)) for adapter in ifaddr.get_adapters() for each in adapter.ips]
    usable = {each for each in found if not (each.is_link_local or each.is_loopback)}
    return [str(each) for each in sorted(usable, key=lambda each: (each.version, int(each)))] + (
        ["127.0.0.1", "::1"] if loopback else []
    )


def _text(address: str | tuple[str, int, int]) -> str:
    return address if isinstance(address, str) else address[0]


class UdpSockets:
    """Non-blocking sockets that the event loop reads.

    `receive(kind, data, path, came)` gets every datagram, except those of unknown kind and those that the fast path handles or
    drops.
    `came`: when the kernel received the datagram, in seconds of the monotonic clock. `drops` counts dropped datagrams by reason.
    `packets_fast`: received datagrams of offloaded streams.
    """

    def __init__(
        self, receive: Callable[[Kind, bytes, Path, float], None], drops: Counter[str], fastpath: Fastpath | None = None
    ) -> None:
        self._receive = receive
        self._drops = drops
        self._fastpath = fastpath
        self._sockets: list[socket.socket] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self.packets_in = 0
        self.packets_out = 0
        self.packets_fast = 0

    def open(self, addresses: Sequence[str], port: int) -> list[tuple[str, int]]:
        """Bind all available addresses at one port. Return (address, port) of each socket.

        `port`: 0 takes a port that is free on all addresses. Raise OSError when the port is taken on an address, or when none of
        the addresses can be bound.
        """
        self._sockets = _bind_all(addresses, port)
        _say_if_small(self._sockets[0])
        self._loop = asyncio.get_running_loop()
        if self._fastpath is not None:
            self._fastpath.use([each.fileno() for each in self._sockets])
        for index, each in enumerate(self._sockets):
            if self._fastpath is not None:
                self._loop.add_reader(each.fileno(), self._drain_fast, self._fastpath, index)
            else:
                self._loop.add_reader(each.fileno(), self._drain, index)
        return [each.getsockname()[:2] for each in self._sockets]

    def close(self) -> None:
        """Close all UDP sockets of the worker."""
        if self._fastpath is not None:
            self._fastpath.use([])
        for each in self._sockets:
            if self._loop is not None:
                self._loop.remove_reader(each.fileno())
            each.close()
        self._sockets = []

    def send(self, data: bytes, path: Path) -> None:
        """Send a datagram. Never raise or wait: a datagram that the kernel does not take is dropped and counted."""
        if path.socket >= len(self._sockets):
            return
        try:
            self._sockets[path.socket].sendto(data, path.address)
            self.packets_out += 1
        except BlockingIOError:
            self._drops["send_full"] += 1
        except OSError:
            self._drops["send_error"] += 1

    def _drain(self, index: int) -> None:
        receive = self._sockets[index].recvmsg
        for _ in range(DRAIN):
            try:
                data, stamps, _, address = receive(MAX_DATAGRAM_BYTES + 1, socket.CMSG_SPACE(_STAMP.size))
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # An earlier send has caused an ICMP error. The socket itself is still usable.
                self._drops["receive_error"] += 1
                return
            self.packets_in += 1
            kind = classify(data)
            if kind == "junk":
                self._drops["junk"] += 1
                continue
            self._receive(kind, data, Path(index, address), _came(stamps))

    def _drain_fast(self, fastpath: Fastpath, index: int) -> None:
        for left in fastpath.receive(index, time.monotonic()):
            self._receive(*left)

    def count(self) -> None:
        """Add the fast path's counts of packets to the counters of these sockets."""
        if self._fastpath is not None:
            came, went, taken = self._fastpath.count(self._drops)
            self.packets_in += came
            self.packets_out += went
            self.packets_fast += taken


def _came(stamps: list[tuple[int, int, bytes]]) -> float:
    """Return when the kernel received a datagram, from its ancillary data. Without such data, return the present time."""
    now = time.monotonic()
    for level, kind, data in stamps:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) == _STAMP.size:
            seconds, nanoseconds = _STAMP.unpack(data)
            late_s = time.time() - seconds - nanoseconds / 1e9
            return now - late_s if 0 < late_s < MOST_LATE_S else now
    return now


def _say_if_small(one: socket.socket) -> None:
    """Warn when the kernel grants a small receive buffer.

    Linux grants at most `net.core.rmem_max`, by default a tenth of what a full worker needs. Linux reports twice the granted
    size.
    """
    granted = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    if sys.platform == "linux" and granted < BUFFER_BYTES:
        log.warning("small_udp_buffer", bytes=granted, remedy=f"sysctl -w net.core.rmem_max={BUFFER_BYTES}")


def _bind_all(addresses: Sequence[str], port: int) -> list[socket.socket]:
    for _ in range(BIND_ATTEMPTS if port == 0 else 1):
        bound: list[socket.socket] = []
        try:
            chosen = port
            for text in addresses:
                each = _bind(text, chosen)
                if each is not None:
                    bound.append(each)
                    chosen = each.getsockname()[1]
        except OSError:
            for each in bound:
                each.close()
            if port != 0:
                raise
            continue
        if bound:
            return bound
        break
    raise OSError("no local address could be bound")


def _bind(text: str, port: int) -> socket.socket | None:
    """Return a bound socket. None: this machine lacks the address. Raise OSError for other failures, such as a taken port."""
    version = ipaddress.ip_address(text).version
    each = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        if sys.platform == "linux":
            each.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        if version == 6:
            each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        each.bind((text, port))
    except OSError as error:
        each.close()
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return None
        raise OSError(error.errno, f"UDP {text} port {port}: {error.strerror}") from None
    return each
