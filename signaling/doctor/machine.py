"""Checks of the machine: the kernel's settings, clock, disk, descriptors, permissions."""

from __future__ import annotations

import asyncio
import ctypes
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from signaling.config.private_files import OURS

from .finding import Examined, Finding, finding

BUFFER_BYTES = 2 * 1024 * 1024  # Receive buffer that media/transport/udp.py asks for on each socket.
FEW_DESCRIPTORS = 10_000  # The check warns below this limit of open files, because each connected browser needs one socket.
LOW_BYTES, FULL_BYTES = 5 << 30, 500 << 20  # Free space below `LOW_BYTES` leads to a warning, below `FULL_BYTES` to a fault.
_CLOCK_ERROR = 5  # TIME_ERROR of adjtimex(2): the clock is not synchronised.


def _kernel(of: Examined, name: str) -> str:
    """Return a setting of the kernel, such as "net/core/rmem_max". Return "" when the kernel does not have the setting."""
    try:
        return (of.kernel / name).read_text().strip()
    except OSError:
        return ""


async def udp_buffer(of: Examined) -> list[Finding]:
    """Check that the kernel allows receive buffers of `BUFFER_BYTES` for the media workers' sockets."""
    granted = _kernel(of, "net/core/rmem_max")
    if not granted:
        return []
    small = int(granted) < BUFFER_BYTES
    return [finding("buffer.small", "warning", bytes=granted, wanted=BUFFER_BYTES) if small else finding("buffer.ok")]


async def udp_ports(of: Examined) -> list[Finding]:
    """Check that the kernel gives none of the media workers' UDP ports to other programs' outgoing connections."""
    limits = _kernel(of, "net/ipv4/ip_local_port_range").split()
    if of.settings.redis or len(limits) != 2:
        return []
    first = of.settings.udp_port
    last = first + of.settings.workers_wanted + of.settings.spares - 1
    reserved = _ports(_kernel(of, "net/ipv4/ip_local_reserved_ports"))
    given = [port for port in range(first, last + 1) if int(limits[0]) <= port <= int(limits[1]) and port not in reserved]
    return [finding("ports.unreserved", "warning", first=first, last=last) if given else finding("ports.ok")]


def _ports(text: str) -> set[int]:
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


async def clock(_of: Examined) -> list[Finding]:
    """Check that the machine's clock is synchronised, because identification codes and TURN credentials contain times."""
    if sys.platform != "linux":
        return []
    # a struct timex has 208 bytes; with zeros in it, adjtimex only reads the clock's state
    room = ctypes.create_string_buffer(512)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(room)
    return [finding("clock.unsynchronised", "warning") if state == _CLOCK_ERROR else finding("clock.ok")]


async def disk(of: Examined) -> list[Finding]:
    """Check that this process can write to the server's folders, and that the folders have free space."""
    folders = dict.fromkeys((of.settings.data_dir, of.settings.recordings_dir, of.settings.files_dir))
    return [await asyncio.to_thread(_folder, folder) for folder in folders]


def _folder(folder: Path) -> Finding:
    here = folder
    while not here.exists() and here != here.parent:
        here = here.parent
    try:
        with tempfile.TemporaryFile(dir=here):
            pass
        free = shutil.disk_usage(here).free
    except OSError as error:
        return finding("disk.unwritable", "fault", folder=folder, why=error.strerror or type(error).__name__)
    gib = f"{free / (1 << 30):.1f}"
    if free < FULL_BYTES:
        return finding("disk.full", "fault", folder=folder, free=gib)
    low = free < LOW_BYTES
    return finding("disk.low" if low else "disk.ok", "warning" if low else "ok", folder=folder, free=gib)


async def descriptors(of: Examined) -> list[Finding]:
    """Check that one process may open enough files and sockets."""
    few = 0 <= of.descriptors < FEW_DESCRIPTORS
    return [finding("descriptors.few", "warning", count=of.descriptors) if few else finding("descriptors.ok")]


async def keys(of: Examined) -> list[Finding]:
    """Check that no other user of the machine can read the database, the keys and the files with secrets."""
    settings = of.settings
    ours = [path for pattern in OURS for path in settings.data_dir.glob(pattern)]
    named = (settings.secret_file, settings.turn_secret_file, settings.database_password_file, settings.redis_password_file)
    # the group of the service may read the secret files that the settings name, but other users may not
    for path, forbidden in [*((path, 0o077) for path in ours), *((path, 0o007) for path in named if path is not None)]:
        if _mode(path) & forbidden:
            return [finding("keys.readable", "fault", file=path)]
    return [finding("keys.ok")]


def _mode(path: Path) -> int:
    """Return the permission bits of a file. Return 0 when there is no such file."""
    try:
        found = path.stat().st_mode
    except OSError:
        return 0
    return stat.S_IMODE(found) if stat.S_ISREG(found) else 0
