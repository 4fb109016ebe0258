"""Files of a recording, which media workers write and signaling reads.

A session's folder has one folder for each segment, `EPOCH-PERIOD`: the room's epoch, and the number of the period of consent. In
a period of consent, everybody who was asked agrees to be recorded. A segment ends when this period ends, when the worker closes
the room, or when the recording fails. A segment has tracks and a log. A track (`N.webm`) is one Opus or VP8 stream of one
participant, as the worker received it. Time 0 in a track's file is `TrackBegan.at`. The log (`segment.jsonl`) has one JSON object
per line. Each line is appended when something happens, so that the log can be read after a crash. Times are milliseconds since
the Unix epoch on the worker's clock.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from msgspec import Struct

LOG_NAME = "segment.jsonl"
MOST_LOG_BYTES = 8 * 1024 * 1024  # bytes; when a segment's log grows longer, the segment ends
_FOLDER = re.compile(r"(\d{1,18})-(\d{1,9})")
_ROOM = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")

Kind = Literal["audio", "camera", "screen"]


class Entry(Struct, tag_field="type", kw_only=True):
    """Line of a segment's log. `at`: Unix ms."""

    at: int


class TrackBegan(Entry, tag="track"):
    """Beginning of a track. The track's file is `{n}.webm`."""

    n: int
    participant: str
    kind: Kind


class TrackEnded(Entry, tag="track_end"):
    """Line of the log: track `n` has ended."""

    n: int


class Reached(Entry, tag="reached"):
    """Line of the log: who hears and sees whom from `at` on. `hears`: listener → sources; `sees`: viewer → [(source, kind)]."""

    hears: dict[str, list[str]] = {}
    sees: dict[str, list[tuple[str, Kind]]] = {}


class Ended(Entry, tag="ended"):
    """Last line of the log. `reason`: "" (end of consent or conversation), disk_full, write_failed or worker_lost.

    worker_lost: the worker has ended, or has closed the connection because the recorder was too slow.
    """

    reason: str = ""


LogEntry = TrackBegan | TrackEnded | Reached | Ended
encode_entry = msgspec.json.Encoder().encode
decode_entry = msgspec.json.Decoder(LogEntry).decode


def folder_name(epoch: int, period: int) -> str:
    """Return the name of a segment's folder."""
    return f"{epoch}-{period}"


def parse_folder(name: str) -> tuple[int, int] | None:
    """Return (epoch, period) from the name of a segment's folder. None: this is no name of a segment's folder."""
    found = _FOLDER.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def is_room(name: str) -> bool:
    """Return whether this name is allowed for a room. The room's folder has the same name."""
    return _ROOM.fullmatch(name) is not None


def track_name(n: int) -> str:
    """Return the name of the file of track `n`."""
    return f"{n}.webm"


class PlanTrack(Struct, kw_only=True):
    """Track in an export. `path`: the track's file. `began`, `ended`: when the track began and ended, in Unix ms.

    `spans`: the periods in which the track is heard or shown, as [begin, end) in Unix ms.
    """

    path: str
    kind: Kind
    began: int
    ended: int
    spans: list[tuple[int, int]]


class Plan(Struct, kw_only=True):
    """Input of `python -m media.recording.export`.

    `out`: the file to write, `.webm` or `.mp4`. `pieces`: the periods that the file contains, as [begin, end) in Unix ms, in
    order. `width`, `height`: size of the exported video in pixels. `fps`: frames per second.
    """

    out: str
    tracks: list[PlanTrack]
    pieces: list[tuple[int, int]]
    width: int = 1280
    height: int = 720
    fps: int = 15
