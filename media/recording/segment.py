"""One segment: its folder, its tracks, and the log of what happened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from media.api.recording_files import (
    LOG_NAME,
    MOST_LOG_BYTES,
    Ended,
    LogEntry,
    Reached,
    TrackBegan,
    TrackEnded,
    encode_entry,
    folder_name,
    track_name,
)

from . import wire
from .track import GAP_S, Track, WriteFailed, failure

KEEP_FREE_BYTES = 256 * 1024 * 1024
"""Recording stops before the disk is full, so that the records beside it can still be written."""
MOST_TRACKS = 500
HELD_MS = 3000
"""So long the last picture of a layer stands until another layer takes over; after more it was off in between."""
LOOK_EVERY_S = 1.0


def _ms(at: float) -> int:
    return round(at * 1000)


class Segment:
    """Raises WriteFailed when it cannot be written (any more); `close` is called all the same."""

    def __init__(self, root: Path, begin: wire.Begin, keep_free_bytes: int = KEEP_FREE_BYTES) -> None:
        self._folder = root / begin.room / folder_name(begin.epoch, begin.period)
        self._keep_free_bytes = keep_free_bytes
        self._named: dict[int, wire.Track] = {}
        self._open: dict[int, tuple[int, Track]] = {}
        self._told: set[int] = set()
        self._clocks: dict[int, tuple[float, int]] = {}
        self._count = 0
        self._log_bytes = 0
        self._look_due = begin.at + LOOK_EVERY_S
        try:
            self._folder.mkdir(parents=True)
            self._check_space()
            self._log: BinaryIO = (self._folder / LOG_NAME).open("ab", buffering=0)
        except OSError as error:
            raise failure(error) from None

    def reach(self, told: wire.Reach) -> None:
        self._write(Reached(at=_ms(told.at), hears=told.hears, sees=told.sees))

    def add(self, track: wire.Track) -> None:
        self._named[track.track] = track

    def clock(self, track: int, captured: float, timestamp: int) -> None:
        self._clocks[track] = (captured, timestamp)
        if track in self._open:
            self._open[track][1].report(captured, timestamp)

    def packet(self, number: int, at: float, data: bytes) -> None:
        """rtp.RtpError: no RTP packet."""
        named = self._named.get(number)
        if named is None:
            return
        found = self._open.get(number)
        if found is None:
            if self._count >= MOST_TRACKS:
                return
            self._count += 1
            track = Track(self._folder / track_name(self._count), named.kind)
            if number in self._clocks:
                track.report(*self._clocks[number])
            found = self._open[number] = (self._count, track)
        n, track = found
        track.push(data, at)
        self._tell(n, named, track)

    def passed(self, now: float) -> None:
        """Call a few times a second; now: Unix time."""
        for number, (n, track) in list(self._open.items()):
            if number not in self._open:
                continue  # another layer has just taken over
            track.passed(now)
            self._tell(n, self._named[number], track)
            if track.heard is not None and now - track.heard > GAP_S:
                del self._open[number]
                self._finish(n, track)
        if now >= self._look_due:
            self._look_due = now + LOOK_EVERY_S
            self._check_space()

    def close(self, at: float, reason: str = "") -> str:
        """The reason it ended for, which may be that the end could not be written."""
        for n, track in self._open.values():
            try:
                self._finish(n, track)
            except WriteFailed as failed:
                reason = reason or failed.reason
        self._open.clear()
        try:
            self._write(Ended(at=_ms(at), reason=reason))
        except WriteFailed as failed:
            reason = reason or failed.reason
        self._log.close()
        return reason

    def _tell(self, n: int, named: wire.Track, track: Track) -> None:
        if track.began_ms is not None and n not in self._told:
            self._told.add(n)
            if named.after in self._open:
                self._finish(*self._open.pop(named.after), track.began_ms)
            self._write(TrackBegan(at=track.began_ms, n=n, participant=named.participant, kind=named.kind))

    def _finish(self, n: int, track: Track, until_ms: int | None = None) -> None:
        """`until_ms`: when the same picture goes on in another layer, so that it is neither gone for a moment nor there twice."""
        track.close()
        if track.began_ms is None or track.ended_ms is None:
            return
        ended = track.ended_ms
        if until_ms is not None and until_ms - ended <= HELD_MS:
            ended = max(track.began_ms, until_ms)
        self._write(TrackEnded(at=ended, n=n))

    def _write(self, entry: LogEntry) -> None:
        line = encode_entry(entry) + b"\n"
        self._log_bytes += len(line)
        if self._log_bytes > MOST_LOG_BYTES:
            raise WriteFailed("write_failed")
        try:
            self._log.write(line)
        except OSError as error:
            raise failure(error) from None

    def _check_space(self) -> None:
        try:
            disk = os.statvfs(self._folder)
        except OSError as error:  # the folder is gone: erased under our hands
            raise failure(error) from None
        if disk.f_bavail * disk.f_frsize < self._keep_free_bytes:
            raise WriteFailed("disk_full")
