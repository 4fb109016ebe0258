"""One segment of a recording: its folder, its tracks and its log."""

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
from .wire import Ending

KEEP_FREE_BYTES = 256 * 1024 * 1024
"""When the disk has fewer free bytes than this, recording stops, so that other data can still be written to the disk."""
MOST_TRACKS = 500  # a segment has at most this many tracks; packets of further tracks are dropped
HELD_MS = 3000
"""Two layers of the same video are two tracks. A gap between these tracks is closed if it is at most this many ms long: the first
track then ends where the second track begins. A longer gap stays, because the camera was off in between."""
LOOK_EVERY_S = 1.0  # seconds between two checks of the disk's free space


def _ms(at: float) -> int:
    return round(at * 1000)


class Segment:
    """A segment that is being written. Methods except `close` raise WriteFailed if they cannot write to the disk.

    Call `close` even after WriteFailed.
    """

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
        """Log who hears and sees whom from now on."""
        self._write(Reached(at=_ms(told.at), hears=told.hears, sees=told.sees))

    def add(self, track: wire.Track) -> None:
        """Announce a stream to record. The stream's file begins with the stream's first packet."""
        self._named[track.track] = track

    def clock(self, track: int, captured: float, timestamp: int) -> None:
        """Take a report of a track's sender: RTP timestamp `timestamp` stands for the capture time `captured` (Unix time, s)."""
        self._clocks[track] = (captured, timestamp)
        if track in self._open:
            self._open[track][1].report(captured, timestamp)

    def packet(self, number: int, at: float, data: bytes) -> None:
        """Write one decrypted RTP packet of track `number`. Raise rtp.RtpError if the packet is malformed.

        `at`: the packet's arrival (Unix time, s).
        """
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
        """Stop waiting for packets that have been missing for long, end silent tracks, and check the disk. `now`: Unix time in s.

        Call this method a few times a second.
        """
        for number, (n, track) in list(self._open.items()):
            if number not in self._open:
                continue  # a newer layer of the same video began in this loop, and this track ended
            track.passed(now)
            self._tell(n, self._named[number], track)
            if track.heard is not None and now - track.heard > GAP_S:
                self._finish(number)
        if now >= self._look_due:
            self._look_due = now + LOOK_EVERY_S
            self._check_space()

    def close(self, at: float, reason: Ending = "") -> Ending:
        """End all tracks and the log. Return the reason for which the segment has ended.

        The result is `reason`. But if `reason` is "" and the end cannot be written, the result is "disk_full" or "write_failed".
        """
        while self._open:
            try:
                # Newest track first: perhaps closing it writes its first packet. The track of the former layer then ends there.
                self._finish(next(reversed(self._open)))
            except WriteFailed as failed:
                reason = reason or failed.reason
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
                self._finish(named.after, track.began_ms)
            self._write(TrackBegan(at=track.began_ms, n=n, participant=named.participant, kind=named.kind))

    def _finish(self, number: int, until_ms: int | None = None) -> None:
        """End the open track `number`.

        `until_ms`: when another layer of the same video begins (Unix ms); None: no other layer begins. If another layer begins,
        the old track ends at that time, so that there is neither a gap nor an overlap. A gap longer than `HELD_MS` stays.
        """
        n, track = self._open.pop(number)
        track.close()
        # If the track's first packet waited for a missing packet, `close` has just written it. So the segment's log gets the time
        # at which the track began only now.
        self._tell(n, self._named[number], track)
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
        except OSError as error:  # somebody erased the folder while the segment was written
            raise failure(error) from None
        if disk.f_bavail * disk.f_frsize < self._keep_free_bytes:
            raise WriteFailed("disk_full")
