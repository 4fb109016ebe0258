"""Read the log of a recorded segment of a session. Pure. Times are milliseconds since the Unix epoch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from msgspec import Struct

from media.api.recording_files import Ended, Kind, LogEntry, Reached, TrackBegan, TrackEnded, decode_entry

MOST_LINES = 100_000  # at most this many lines of one segment's log are read; later lines are ignored


class Span(NamedTuple):
    """A span of time in Unix ms; `end` is exclusive."""

    begin: int
    end: int


class Track(Struct, kw_only=True):
    """The sound, camera or screen of one participant."""

    n: int
    participant: str
    kind: Kind
    began: int
    ended: int


class Segment(Struct, kw_only=True):
    """One recorded segment of a session.

    `name`: the segment's folder. `reached`: who received whose sound and video, and since when. `reason`: why the segment ended
    early, or "". `page`: when staff saw the user's page; None if there are tracks.
    """

    name: str
    epoch: int
    period: int
    tracks: list[Track] = []
    reached: list[Reached] = []
    reason: str = ""
    page: Span | None = None

    @property
    def span(self) -> Span | None:
        """Return the span from the first track's beginning to the last track's end.

        In a segment without tracks, return the span in which staff saw the user's page (`page`).
        """
        if not self.tracks:
            return self.page
        return Span(min(track.began for track in self.tracks), max(track.ended for track in self.tracks))


def read_log(name: str, epoch: int, period: int, lines: Iterable[bytes], last_written: int) -> Segment:
    """Return the recorded segment that the lines of its log describe.

    `name`: the segment's folder. `last_written`: when a file of this folder was last written. Reading stops at a broken line,
    because the recorder died while writing this line. Tracks whose end is not in the log end at `last_written`.
    """
    segment = Segment(name=name, epoch=epoch, period=period, reason="worker_lost")
    tracks: dict[int, Track] = {}
    for line, _ in zip(lines, range(MOST_LINES), strict=False):
        try:
            entry: LogEntry = decode_entry(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            break
        match entry:
            case TrackBegan():
                tracks[entry.n] = Track(n=entry.n, participant=entry.participant, kind=entry.kind, began=entry.at, ended=-1)
            case TrackEnded():
                if entry.n in tracks:
                    tracks[entry.n].ended = entry.at
            case Reached():
                segment.reached.append(entry)
            case Ended():
                segment.reason = entry.reason
    for track in tracks.values():
        if track.ended < 0:
            track.ended = max(track.began, last_written)
    segment.tracks = sorted(tracks.values(), key=lambda track: (track.began, track.n))
    return segment


def reached(segment: Segment, track: Track, listener: str) -> list[Span]:
    """Return the periods in which `listener` heard or saw this track. The listener's own track is returned as one whole span."""
    if track.participant == listener:
        return [Span(track.began, track.ended)]
    spans: list[Span] = []
    until = [state.at for state in segment.reached[1:]] + [track.ended]
    for here, after in zip(segment.reached, until, strict=False):
        begin, end = max(here.at, track.began), min(after, track.ended)
        if begin >= end or not _reaches(here, track, listener):
            continue
        if spans and spans[-1].end == begin:
            spans[-1] = Span(spans[-1].begin, end)
        else:
            spans.append(Span(begin, end))
    return spans


def _reaches(state: Reached, track: Track, listener: str) -> bool:
    if track.kind == "audio":
        return track.participant in state.hears.get(listener, ())
    return (track.participant, track.kind) in state.sees.get(listener, ())


def pieces(segments: Iterable[Segment], together_ms: int = 2000) -> list[Span]:
    """Return the spans of time in which something was recorded, in order. `Segment.span` is the span of one segment.

    If the gap between two spans is shorter than `together_ms`, the two become one span.
    """
    found: list[Span] = []
    for span in sorted(segment.span for segment in segments if segment.span is not None):
        if found and span.begin - found[-1].end < together_ms:
            found[-1] = Span(found[-1].begin, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
