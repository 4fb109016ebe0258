"""The worker's side of the recorder: starts the recorder's process at the first recording, and sends it messages in batches.

No method except `Link.close` waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from . import wire

log = structlog.get_logger(__name__)

MOST_BACKLOG_BYTES = 16 * 1024 * 1024
"""When more bytes than this wait to be sent to the recorder, all recordings of the worker stop, because the recorder cannot keep
up. A call with two videos sends the recorder this many bytes in a minute."""
CLOSE_S = 2.0  # the recorder gets this many seconds to close its files

OnOver = Callable[[str], None]


class Link:
    """Connection to the recorder. Call in the event loop: `flush` every 20 ms, `close` at the end.

    `root`: folder of the recordings. `options`: more arguments of the recorder's command line. `begin` returns a segment's
    number. The segment's `on_over(reason)` is called once, when the segment is closed or has failed. `reason`: "" (`Tap.close`
    has ended the segment), disk_full, write_failed, too_slow or worker_lost.
    """

    def __init__(self, root: Path, options: tuple[str, ...] = ()) -> None:
        self._root = root
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._backlog = bytearray()
        self._answers = wire.Frames()
        self._under_way: dict[int, OnOver] = {}
        self._numbers = 0

    def number(self) -> int:
        """Return a new number for a segment or track."""
        self._numbers += 1
        return self._numbers

    def begin(self, room: str, epoch: int, period: int, at: float, on_over: OnOver) -> int:
        """Begin a segment of a recording. Start the recorder if it does not run. Return the segment's number. `at`: Unix s."""
        segment = self.number()
        self._under_way[segment] = on_over
        if self._socket is None and not self._start():
            asyncio.get_running_loop().call_soon(self._lost, "worker_lost")
            return segment
        self.send(wire.command(wire.Begin(segment=segment, room=room, epoch=epoch, period=period, at=at)))
        return segment

    def send(self, framed: bytes) -> None:
        """Queue a framed message (`wire.framed`) for the recorder. The next `flush` sends it."""
        self._backlog += framed

    def flush(self) -> None:
        """Send queued messages without waiting. If more than `MOST_BACKLOG_BYTES` stay unsent, all segments fail."""
        if not self._backlog or self._socket is None:
            return
        try:
            sent = self._socket.send(self._backlog)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lost("worker_lost")
            return
        del self._backlog[:sent]
        if len(self._backlog) > MOST_BACKLOG_BYTES:
            self._lost("too_slow")

    async def close(self) -> None:
        """Close all open segments properly. Wait at most 2 s for the recorder."""
        if self._socket is None or self._process is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await loop.sock_sendall(self._socket, bytes(self._backlog))
                self._socket.shutdown(socket.SHUT_WR)
                await asyncio.to_thread(self._process.wait, CLOSE_S)
        self._socket.close()
        self._socket = None

    def _start(self) -> bool:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "media.recording.process", "--root", str(self._root), *self._options]
        try:
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), close_fds=True)  # noqa: S603  # our own module
        except OSError:
            log.exception("recorder_not_started")
            ours.close()
            return False
        finally:
            theirs.close()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1024 * 1024)
        self._socket = ours
        self._answers = wire.Frames()
        asyncio.get_running_loop().add_reader(ours, self._read)
        return True

    def _read(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost("worker_lost")
            return
        for message in self._answers.feed(data):
            over = wire.decode_over(message)
            on_over = self._under_way.pop(over.segment, None)
            if on_over is not None:
                on_over(over.reason)

    def _lost(self, reason: str) -> None:
        """End all segments as failed, because the recorder is gone or too slow. The next `begin` starts a new recorder."""
        if self._socket is not None:
            log.error("recorder_lost", reason=reason, segments=len(self._under_way))
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        self._backlog.clear()
        failed, self._under_way = self._under_way, {}
        for on_over in failed.values():
            on_over(reason)
