"""Binding of fastpath.c, which reads sockets and relays offloaded voices and videos without Python.

The fast path is optional: without its library `Fastpath` raises `Unavailable`, and Python forwards every packet. `Leg.voice_in`
holds the state of the voice that a peer sends, and `Leg.voice_out` that of the voice that it hears (structures of fastpath.h).
While a voice is offloaded, only the C code changes its state. `media.peer.lent` copies the state between Python and these
structures. `media.transport.pictures` binds the videos.
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
"""Environment variable that turns the fast path off. The values "", 0, false, no and off leave the fast path on."""
LISTENERS = 8
KINDS = ("stun", "dtls", "rtp", "rtcp")
KNOWN_PATHS = 4096
"""The text forms of at most this many addresses are cached. A full cache is emptied."""
_DROPS = ("junk", "rate", "srtp", "rtp", "vp8", "protect", "send_full", "send_error", "receive_error")
_FAMILY = struct.Struct("=H")
_KEPT, _KEPT_BYTES = struct.Struct("=dHxxIii"), 536
"""Layout of the C struct `fastpath_kept` up to its payload, and its whole size in bytes. With this layout one call reads all five
fields."""
_NOTED = struct.Struct("=di4x")
"""Layout of the C struct `fastpath_sent`: a time in seconds, and a size in bytes."""


class Unavailable(Exception):
    """The fast path cannot be used. The message says why."""


class Kept(NamedTuple):
    """Packet that the fast path has buffered for the mixer.

    `level`: audio level (RFC 6464) in -dBov; None: the packet has no level. `at`: arrival in seconds of the monotonic clock.
    """

    sequence: int
    timestamp: int
    payload: bytes
    level: int | None
    at: float


class Left(NamedTuple):
    """Datagram that Python must handle, because the fast path does not.

    `kind`: one of `KINDS`. `came`: when the kernel received the datagram, in seconds of the monotonic clock.
    """

    kind: Any
    data: bytes
    path: Path
    came: float


class Leg:
    """One peer in the fast path: its two libsrtp contexts, the voice that it sends and the voice that it hears."""

    def __init__(self, fastpath: Fastpath, contexts: tuple[int, int], keep: object) -> None:
        """Open the leg. `contexts`: memory addresses of the libsrtp contexts for (unprotect, protect).

        `keep`: the object that owns the contexts. The leg keeps this object alive until `close` is called.
        """
        self.fastpath = fastpath
        self._keep = keep
        self._by: Path | None = None
        self._leg = fastpath.lib.fastpath_leg_open(*(fastpath.pointer(each) for each in contexts))
        if not self._leg:
            raise MemoryError("no memory for a leg of the fast path")
        self._f, self._say = fastpath.f, fastpath.lib.fastpath_say
        buffer = fastpath.ffi.buffer
        self._packets: Any = buffer(self._leg.packets)
        self.numbers: Any = self._leg.numbers
        self._sent: Any = buffer(self.numbers.sent)
        self.voice_in: Any = fastpath.ffi.addressof(self._leg, "in")
        self.voice_out: Any = fastpath.ffi.addressof(self._leg, "out")

    @property
    def hears(self) -> bool:
        """Return whether the fast path sends another peer's offloaded voice to this peer."""
        return self._leg is not None and bool(self._leg.source)

    @property
    def is_open(self) -> bool:
        """Return whether the leg (the fast path's part of this peer) exists: `close` has not been called."""
        return self._leg is not None

    def open_slot(self) -> Any:
        """Return a new `fastpath_slot` of this peer. The peer's leg owns the slot's memory."""
        return self._made(self.fastpath.lib.fastpath_slot_open(self._leg))

    def open_video(self) -> Any:
        """Return a new `fastpath_video` of this peer. Closing the peer's leg frees it."""
        return self._made(self.fastpath.lib.fastpath_video_open(self._leg))

    def _made(self, made: Any) -> Any:
        if not made:
            raise MemoryError("no memory for a video of the fast path")
        return made

    def aim(self, path: Path) -> None:
        """Send all packets for this peer to `path` from now on: voice, videos and reports."""
        self.fastpath.write_path(self._leg.to, path)

    def say(self, packet: bytes) -> None:
        """Encrypt and queue a packet for this peer. `Fastpath.flush` sends the packet.

        Do nothing while the peer has no address, or if the packet has more than `seam.MAX_PROTECTED_INPUT_BYTES` bytes.
        """
        self._say(self._f, self._leg, packet, len(packet))

    def come_by(self, path: Path) -> bool:
        """Record that this peer's offloaded packets come from `path`.

        Return False, and change nothing, if a stream of this peer is offloaded that comes from another path.
        """
        if path == self._by:
            return True
        if self._leg.linked:
            return False
        self._by = path
        self.fastpath.write_path(getattr(self._leg, "from"), path)
        return True

    def lend(self, path: Path, listeners: Sequence[Leg], *, keeps: bool = False) -> bool:
        """Offload this peer's voice: its packets, which come from `path`, go to `listeners`.

        Return False, and offload nothing, if that is not possible. `keeps`: whether the packets are also buffered for `kept`.
        """
        if len(listeners) > LISTENERS or not self.come_by(path):
            return False
        self._leg.keeps = keeps
        others = [each._leg for each in listeners]
        return bool(self.fastpath.lib.fastpath_lend(self.fastpath.f, self._leg, others, len(others)) == 0)

    def kept(self) -> list[Kept]:
        """Return the packets buffered since the last call.

        Call this method before `recall`, and before Python handles a later packet of this voice.
        """
        found = []
        for at in range(0, self._leg.kept * _KEPT_BYTES, _KEPT_BYTES):
            came, sequence, timestamp, level, size = _KEPT.unpack_from(self._packets, at)
            payload = self._packets[at + _KEPT.size : at + _KEPT.size + size]
            found.append(Kept(sequence, timestamp, payload, level if level >= 0 else None, came))
        self._leg.kept = 0
        return found

    def sent(self) -> list[tuple[float, int]]:
        """Return (time in s, size in bytes) of each packet that the fast path has numbered for this peer since the last call."""
        count, self.numbers.uncollected = self.numbers.uncollected, 0
        return list(_NOTED.iter_unpack(self._sent[: count * _NOTED.size])) if count else []

    @property
    def state(self) -> Any:
        """Return the struct `fastpath_leg`. None: the leg is closed."""
        return self._leg

    def keep_no_more(self) -> None:
        """Stop buffering the packets of this peer's voice."""
        self._leg.keeps = 0

    def recall(self) -> None:
        """End the offloading of this peer's voice: the C code no longer forwards its packets."""
        self.fastpath.lib.fastpath_recall(self.fastpath.f, self._leg)

    def close(self) -> None:
        """End the offloading of this peer's streams, send this peer no more offloaded streams, and free the peer's state."""
        if self._leg is not None:
            self.fastpath.lib.fastpath_leg_close(self.fastpath.f, self._leg)
            self._leg = self.voice_in = self.voice_out = self.numbers = self._keep = None
            self._packets = self._sent = None


class Fastpath:
    """Fast path of a worker. Call `use` first, and `receive` when a socket is readable.

    Call `close` when the worker ends, after all legs were closed (`Leg.close`).
    """

    def __init__(self, functions: tuple[int, int, int] | None, library: Any = build.LIBRARY) -> None:
        """Load the library. `functions`: memory addresses of libsrtp's functions (`seam.srtp_functions`).

        Raise `Unavailable` if the fast path is turned off or cannot be used.
        """
        if os.environ.get(OFF, "").lower() not in ("", "0", "false", "no", "off"):
            raise Unavailable(f"{OFF} is set")
        if functions is None:
            raise Unavailable("pylibsrtp contains a libsrtp with other functions")
        self.ffi: Any = cffi.FFI()
        self.ffi.cdef(build.HEADER.read_text())
        try:
            opened: Any = self.ffi.dlopen(str(library))
            made_of: Any = self.ffi.string(opened.fastpath_source())
        except (OSError, AttributeError) as error:
            raise Unavailable(str(error)) from None
        if made_of.decode() != build.fingerprint():
            raise Unavailable("the library was built from other sources")
        sizes = [self.ffi.sizeof(f"fastpath_{each}") for each in ("kept", "sent")]
        if [*sizes, self.ffi.offsetof("fastpath_kept", "payload")] != [_KEPT_BYTES, _NOTED.size, _KEPT.size]:
            raise Unavailable("this machine lays out structures differently")
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
        """Return a memory address as a C pointer (`void *`)."""
        return self.ffi.cast("void *", address)

    def use(self, descriptors: Sequence[int]) -> None:
        """Set the sockets of the fast path. `Path.socket` is an index into `descriptors`."""
        self._sockets = dict(enumerate(descriptors))
        self._fetched.clear()
        self.lib.fastpath_use(self.f, list(descriptors), len(descriptors))

    def wait(self, epoll: int, milliseconds: int) -> list[tuple[int, int]]:
        """Wait as epoll does. Return (descriptor, epoll events) of each descriptor that is ready. Raise OSError if epoll fails.

        A socket of the fast path is ready when `receive` can return datagrams from it. `milliseconds`: the longest wait; -1: no
        limit.
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
        """Send the packets that `Leg.say` has queued."""
        self.lib.fastpath_flush(self.f)

    def receive(self, index: int, now: float) -> list[Left]:
        """Return the datagrams from the socket with this index that Python must handle. `now`: the monotonic time in seconds."""
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
        """Add to `drops` how many datagrams were dropped since the last call, by reason.

        Return three numbers since the last call: datagrams received, datagrams sent, and received datagrams of offloaded streams.
        """
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
        """Free the fast path. Call `Leg.close` of every peer before this method."""
        self.lib.fastpath_close(self.f)
        self.f = self._counts = self._left = self._others = None

    @property
    def is_open(self) -> bool:
        """Return whether the fast path is still usable: `close` has not been called."""
        return self.f is not None

    def write_path(self, to: Any, path: Path) -> None:
        """Write `path` into `to`, a struct `fastpath_path` of the fast path."""
        raw = pack(path.address)
        to.fd, to.apart = self._sockets[path.socket], 0
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
    """Return an address as Linux's `struct sockaddr_in` or `sockaddr_in6`."""
    host, port, *more = address
    if not more:
        return _FAMILY.pack(socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_pton(socket.AF_INET, host))
    flow, scope = more
    parts = struct.pack("!HI16s", port, flow, socket.inet_pton(socket.AF_INET6, host)) + struct.pack("=I", scope)
    return _FAMILY.pack(socket.AF_INET6) + parts


def unpack(raw: bytes) -> Address:
    """Return an address in the form of Python's `recvfrom`."""
    if _FAMILY.unpack_from(raw)[0] == socket.AF_INET:
        port, host = struct.unpack_from("!H4s", raw, 2)
        return socket.inet_ntop(socket.AF_INET, host), port
    port, flow, host = struct.unpack_from("!HI16s", raw, 2)
    return socket.inet_ntop(socket.AF_INET6, host), port, flow, struct.unpack_from("=I", raw, 24)[0]
