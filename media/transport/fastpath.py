"""The binding of fastpath.c: sockets read and steady voices relayed without Python. Optional: without a
library `Fastpath` raises `Unavailable`, and everything goes by Python.

State goes both ways by `Leg.voice_in` and `Leg.voice_out` (the structures of fastpath.h), which belong to Python unless the leg
is lent: `media.peer.lent` copies them.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import cffi
import structlog

from media.transport import compile as build
from media.transport.ice import Address, Path

log = structlog.get_logger(__name__)

OFF = "SANGDAM_PURE_PYTHON"
"""Environment variable: anything in it keeps the fast path off."""
LISTENERS = 8
KINDS = ("stun", "dtls", "rtp", "rtcp")
KNOWN_PATHS = 4096
"""Addresses whose text is remembered; then all are forgotten, and made again as they come."""
_DROPS = ("junk", "rate", "srtp", "rtp", "protect", "send_full", "send_error", "receive_error")
_FAMILY = struct.Struct("=H")
_KEPT, _KEPT_BYTES = struct.Struct("=dHxxIii"), 536
"""A `fastpath_kept` up to its payload, and the whole: five fields by one call."""


class Unavailable(Exception):
    """Why there is no fast path."""


class Kept(NamedTuple):
    """A packet of a voice that is mixed. level: RFC 6464, None: it says none; at: when it came."""

    sequence: int
    timestamp: int
    payload: bytes
    level: int | None
    at: float


class Left(NamedTuple):
    """A datagram that is Python's to handle. came: when the kernel received it, on the monotonic clock."""

    kind: Any
    data: bytes
    path: Path
    came: float


class Leg:
    """One peer: its two libsrtp contexts, and the voices that it sends and hears. `close()` before the contexts end."""

    def __init__(self, fastpath: Fastpath, contexts: tuple[int, int], keep: object) -> None:
        """keep: what owns the contexts; it lives as long as this."""
        self._fastpath = fastpath
        self._keep = keep
        self._leg = fastpath.lib.fastpath_leg_open(*(fastpath.pointer(each) for each in contexts))
        if not self._leg:
            raise MemoryError("a leg of the fast path")
        self._f, self._say = fastpath.f, fastpath.lib.fastpath_say
        self._packets: Any = fastpath.ffi.buffer(self._leg.packets)
        self.voice_in: Any = fastpath.ffi.addressof(self._leg, "in")
        self.voice_out: Any = fastpath.ffi.addressof(self._leg, "out")

    @property
    def hears(self) -> bool:
        """Whether a lent voice goes to this peer."""
        return self._leg is not None and bool(self._leg.source)

    def aim(self, path: Path) -> None:
        """Where what this peer hears is sent."""
        self._fastpath.write_path(self._leg.to, path)

    def say(self, packet: bytes) -> None:
        """Encrypts a packet for this peer, to be sent at the next `Fastpath.flush`; nothing happens while there is no address."""
        self._say(self._f, self._leg, packet, len(packet))

    def lend(self, path: Path, listeners: Sequence[Leg], *, keeps: bool = False) -> bool:
        """From now on this peer's voice, when it comes by `path`, goes to `listeners`; False: it cannot, nothing has changed.

        keeps: `kept` tells of its packets, besides.
        """
        if len(listeners) > LISTENERS:
            return False
        self._fastpath.write_path(getattr(self._leg, "from"), path)
        self._leg.keeps = keeps
        others = [each._leg for each in listeners]
        return bool(self._fastpath.lib.fastpath_lend(self._fastpath.f, self._leg, others, len(others)) == 0)

    def kept(self) -> list[Kept]:
        """What has come since the last time; ask before `recall`, and before the packet that Python got is taken."""
        found = []
        for at in range(0, self._leg.kept * _KEPT_BYTES, _KEPT_BYTES):
            came, sequence, timestamp, level, size = _KEPT.unpack_from(self._packets, at)
            payload = self._packets[at + _KEPT.size : at + _KEPT.size + size]
            found.append(Kept(sequence, timestamp, payload, level if level >= 0 else None, came))
        self._leg.kept = 0
        return found

    def keep_no_more(self) -> None:
        self._leg.keeps = 0

    def recall(self) -> None:
        self._fastpath.lib.fastpath_recall(self._fastpath.f, self._leg)

    def close(self) -> None:
        if self._leg is not None:
            self._fastpath.lib.fastpath_leg_close(self._fastpath.f, self._leg)
            self._leg = self.voice_in = self.voice_out = self._keep = self._packets = None


class Fastpath:
    """One a worker. `receive` for each socket that has something to read; `close` after all legs."""

    def __init__(self, functions: tuple[int, int] | None, library: Any = build.LIBRARY) -> None:
        """functions: addresses of libsrtp's `srtp_unprotect` and `srtp_protect`. Raises `Unavailable`."""
        if os.environ.get(OFF):
            raise Unavailable(f"{OFF} is set")
        if functions is None:
            raise Unavailable("pylibsrtp brings another libsrtp")
        self.ffi: Any = cffi.FFI()
        self.ffi.cdef(build.HEADER.read_text())
        try:
            opened: Any = self.ffi.dlopen(str(library))
            made_of: Any = self.ffi.string(opened.fastpath_source())
        except (OSError, AttributeError) as error:
            raise Unavailable(str(error)) from None
        if made_of.decode() != build.fingerprint():
            raise Unavailable("it was built from other sources")
        if self.ffi.sizeof("fastpath_kept") != _KEPT_BYTES or self.ffi.offsetof("fastpath_kept", "payload") != _KEPT.size:
            raise Unavailable("this machine lays structures out in another way")
        self.lib = opened
        self.f: Any = self.lib.fastpath_open(*map(self.pointer, functions))
        self._counts = self.lib.fastpath_counted(self.f)
        self._left = self.lib.fastpath_leftovers(self.f)
        self._sockets: dict[int, int] = {}
        self._others: Any = self.lib.fastpath_others(self.f)
        self._left_by: Any = self.ffi.new("int[2]")
        self._fetched: dict[int, list[Left]] = {}
        self._paths: dict[tuple[int, bytes], Path] = {}

    def pointer(self, address: int) -> Any:
        return self.ffi.cast("void *", address)

    def use(self, descriptors: Sequence[int]) -> None:
        """The sockets, in the order of their indexes in a `Path`."""
        self._sockets = dict(enumerate(descriptors))
        self._fetched.clear()
        self.lib.fastpath_use(self.f, list(descriptors), len(descriptors))

    def wait(self, epoll: int, milliseconds: int) -> list[tuple[int, int]]:
        """(descriptor, epoll's events) of what is ready; of our sockets, that which has brought something for `receive`.

        milliseconds: -1: until something is. Raises OSError.
        """
        count = self.lib.fastpath_wait(self.f, epoll, milliseconds, self._left_by)
        if count < 0:
            raise OSError(self.ffi.errno, os.strerror(self.ffi.errno))
        ready = [(each.fd, each.events) for each in self._others[0:count]] if count else []
        index, left = self._left_by
        if left:
            self._fetched[index] = self._leftovers(index, left)
            ready.append((self._sockets[index], select.EPOLLIN))
        return ready

    def flush(self) -> None:
        """Sends what legs have said."""
        self.lib.fastpath_flush(self.f)

    def receive(self, index: int, now: float) -> list[Left]:
        """Return what came by this socket and is Python's to handle."""
        if self._fetched:
            return self._fetched.pop(index, [])
        return self._leftovers(index, self.lib.fastpath_receive(self.f, self._sockets[index], now))

    def _leftovers(self, index: int, count: int) -> list[Left]:
        buffer, left = self.ffi.buffer, self._left
        found = []
        for at in range(count):
            each = left[at]
            path = self._path(index, buffer(each.address, each.address_length)[:])
            found.append(Left(KINDS[each.kind], buffer(each.data, each.bytes)[:], path, each.came))
        return found

    def count(self, drops: Counter[str]) -> tuple[int, int, int]:
        """Moves what was dropped into `drops`. Datagrams received, sent, and received of lent voices since the last time."""
        counts = self._counts
        for name in _DROPS:
            number = getattr(counts, name)
            if number:
                drops[name] += number
                setattr(counts, name, 0)
        moved = counts.packets_in, counts.packets_out, counts.taken
        counts.packets_in = counts.packets_out = counts.taken = 0
        return moved

    def close(self) -> None:
        self.lib.fastpath_close(self.f)
        self.f = self._counts = self._left = self._others = None

    @property
    def is_open(self) -> bool:
        return self.f is not None

    def write_path(self, to: Any, path: Path) -> None:
        raw = pack(path.address)
        to.fd = self._sockets[path.socket]
        to.length = len(raw)
        self.ffi.memmove(to.address, raw, len(raw))

    def _path(self, index: int, raw: bytes) -> Path:
        found = self._paths.get((index, raw))
        if found is None:
            if len(self._paths) >= KNOWN_PATHS:
                self._paths.clear()
            found = self._paths[index, raw] = Path(index, unpack(raw))
        return found


def pack(address: Address) -> bytes:
    """As Linux's `struct sockaddr_in` and `sockaddr_in6`."""
    host, port, *more = address
    if not more:
        return _FAMILY.pack(socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_pton(socket.AF_INET, host))
    flow, scope = more
    parts = struct.pack("!HI16s", port, flow, socket.inet_pton(socket.AF_INET6, host)) + struct.pack("=I", scope)
    return _FAMILY.pack(socket.AF_INET6) + parts


def unpack(raw: bytes) -> Address:
    """What Python's `recvfrom` gives."""
    if _FAMILY.unpack_from(raw)[0] == socket.AF_INET:
        port, host = struct.unpack_from("!H4s", raw, 2)
        return socket.inet_ntop(socket.AF_INET, host), port
    port, flow, host = struct.unpack_from("!HI16s", raw, 2)
    return socket.inet_ntop(socket.AF_INET6, host), port, flow, struct.unpack_from("=I", raw, 24)[0]
