"""Files of a recording. Besides `media.api.client`, the only part of `media` that signaling reads.

A session's folder has one folder for each segment, `EPOCH-PERIOD`: the life of one room on one worker within one period of
consent. A segment has tracks and a log. A track (`N.webm`) is one Opus or VP8 stream of one participant as it came; its time 0 is
the track's `at`. The log (`segment.jsonl`) has one JSON object per line, appended as it happens, so that it can be read after a
crash. Times are milliseconds since the Unix epoch on the server's clock.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from msgspec import Struct

LOG_NAME = "segment.jsonl"
MOST_LOG_BYTES = 8 * 1024 * 1024  # a longer log ends the segment
_FOLDER = re.compile(r"(\d{1,18})-(\d{1,9})")
_ROOM = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")

Kind = Literal["audio", "camera", "screen"]


class Entry(Struct, tag_field="type", kw_only=True):
    """Line of a segment's log. `at`: Unix ms."""

    at: int


class TrackBegan(Entry, tag="track"):
    """Beginning of a track. Its file is `{n}.webm`."""

    n: int
    participant: str
    kind: Kind


class TrackEnded(Entry, tag="track_end"):
    """End of track `n`."""

    n: int


class Reached(Entry, tag="reached"):
    """From now on: who hears and sees whom. `hears`: listener → sources; `sees`: viewer → (source, kind)."""

    hears: dict[str, list[str]] = {}
    sees: dict[str, list[tuple[str, Kind]]] = {}


class Ended(Entry, tag="ended"):
    """Last line of the log. `reason`: "" (consent or conversation is over), disk_full, write_failed, too_slow, worker_lost."""

    reason: str = ""


LogEntry = TrackBegan | TrackEnded | Reached | Ended
encode_entry = msgspec.json.Encoder().encode
decode_entry = msgspec.json.Decoder(LogEntry).decode


def folder_name(epoch: int, period: int) -> str:
    """Return the name of a segment's folder."""
    return f"{epoch}-{period}"


def parse_folder(name: str) -> tuple[int, int] | None:
    """Return (epoch, period) of a segment's folder; None: another folder."""
    found = _FOLDER.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def is_room(name: str) -> bool:
    """Return whether a room may have this name: it is also a folder's name."""
    return _ROOM.fullmatch(name) is not None


def track_name(n: int) -> str:
    """Return the name of a track's file."""
    return f"{n}.webm"


class PlanTrack(Struct, kw_only=True):
    """Track in an export. `spans`: when it is heard or shown, [begin, end) in Unix ms."""

    path: str
    kind: Kind
    began: int
    ended: int
    spans: list[tuple[int, int]]


class Plan(Struct, kw_only=True):
    """Input of `python -m media.recording.export`. `pieces`: the stretches of time in the file, in order."""

    out: str
    tracks: list[PlanTrack]
    pieces: list[tuple[int, int]]
    width: int = 1280
    height: int = 720
    fps: int = 15
