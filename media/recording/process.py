"""The recorder process: `python -m media.recording.process --root DIR`.

A worker starts this process, with a socket as standard input. When the worker closes the socket or is killed, this process closes
every file and exits.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import time
from pathlib import Path

from media.packets import rtp

from . import wire
from .segment import KEEP_FREE_BYTES, Segment
from .track import WriteFailed

POLL_S = 0.25  # seconds between two calls of `Recorder.passed`
READ_BYTES = 256 * 1024
NICE = 5
"""Niceness of this process: its priority is lower than that of the processes that serve calls."""


class Recorder:
    """Recorder of one worker: takes the worker's messages and writes segments of recordings.

    `answers`: replies that wait to be sent to the worker. `root`: folder of the recordings. `keep_free_bytes`: when the disk has
    less free space, recording stops.
    """

    def __init__(self, root: Path, keep_free_bytes: int = KEEP_FREE_BYTES) -> None:
        self.answers: list[wire.Over] = []
        self._root = root
        self._keep_free_bytes = keep_free_bytes
        self._segments: dict[int, Segment] = {}
        self._tracks: dict[int, int] = {}

    def receive(self, message: bytes) -> None:
        """Handle one message from the worker. `message` has no length prefix."""
        if message[0] == wire.IS_PACKET:
            _, track, at = wire.PACKET.unpack_from(message)
            self._packet(track, at, message[wire.PACKET.size :])
        elif message[0] == wire.IS_CLOCK:
            _, track, captured, timestamp = wire.CLOCK.unpack(message)
            if (segment := self._of(track)) is not None:
                segment.clock(track, captured, timestamp)
        else:
            self._command(wire.decode_command(message[1:]))

    def passed(self, now: float) -> None:
        """Let every segment write the packets that have waited long enough, and end its silent tracks (`Segment.passed`).

        `now`: Unix time in s.
        """
        for number, segment in list(self._segments.items()):
            try:
                segment.passed(now)
            except WriteFailed as failed:
                self._close(number, now, failed.reason)

    def close(self, now: float, reason: wire.Ending) -> None:
        """Close all segments with `reason`. `now`: Unix time in s."""
        for number in list(self._segments):
            self._close(number, now, reason)

    def _of(self, track: int) -> Segment | None:
        return self._segments.get(self._tracks.get(track, -1))

    def _packet(self, track: int, at: float, data: bytes) -> None:
        segment = self._of(track)
        if segment is None:
            return
        try:
            segment.packet(track, at, data)
        except WriteFailed as failed:
            self._close(self._tracks[track], at, failed.reason)
        except rtp.RtpError:
            return  # cannot happen: the worker has parsed this packet's header already

    def _command(self, command: wire.Command) -> None:
        if isinstance(command, wire.Begin):
            try:
                self._segments[command.segment] = Segment(self._root, command, self._keep_free_bytes)
            except WriteFailed as failed:
                self.answers.append(wire.Over(segment=command.segment, reason=failed.reason))
            return
        segment = self._segments.get(command.segment)
        if segment is None:
            return
        if isinstance(command, wire.Track):
            self._tracks[command.track] = command.segment
            segment.add(command)
        elif isinstance(command, wire.End):
            self._close(command.segment, command.at, "")
        else:
            try:
                segment.reach(command)
            except WriteFailed as failed:
                self._close(command.segment, command.at, failed.reason)

    def _close(self, number: int, at: float, reason: wire.Ending) -> None:
        reason = self._segments.pop(number).close(at, reason)
        for track in [track for track, segment in self._tracks.items() if segment == number]:
            del self._tracks[track]
        self.answers.append(wire.Over(segment=number, reason=reason))


def run(root: Path, connection: socket.socket, keep_free_bytes: int) -> None:
    """Handle the worker's messages until the worker's socket ends. Then close everything."""
    recorder = Recorder(root, keep_free_bytes)
    frames = wire.Frames()
    connection.settimeout(POLL_S)
    due = time.time() + POLL_S
    while True:
        try:
            data = connection.recv(READ_BYTES)
        except TimeoutError:
            data = None
        except ConnectionError:
            data = b""
        if data == b"":
            recorder.close(time.time(), "worker_lost")
            return
        for message in frames.feed(data or b""):
            recorder.receive(message)
        if (now := time.time()) >= due:
            due = now + POLL_S
            recorder.passed(now)
        answers, recorder.answers = recorder.answers, []
        try:
            for answer in answers:
                connection.sendall(wire.over(answer))
        except OSError:
            recorder.close(time.time(), "worker_lost")
            return


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m media.recording.process",
        description="Write the recordings of one worker, which starts this process itself.",
    )
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--keep-free-mib", type=int, default=KEEP_FREE_BYTES // 1024 // 1024)
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # this process ends when its worker closes the socket, and not before
    os.umask(0o077)
    os.nice(NICE)
    with socket.socket(fileno=os.dup(0)) as connection:
        run(options.root, connection, options.keep_free_mib * 1024 * 1024)


if __name__ == "__main__":
    main()
