"""What a recording is on disk; beside `media.api.client` the only part of `media` that signaling reads.

A session's folder holds one folder a segment, `EPOCH-PERIOD`: the life of one room on one worker, within one stretch of consent.
In it are the tracks (`N.webm`: one Opus or VP8 stream of one participant, as it came, its time 0 at the track's `at`) and
`segment.jsonl`: what happened, one JSON object a line, appended as it happens, so that what a crash leaves can still be read.
Times are milliseconds since the Unix epoch on the server's clock.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from msgspec import Struct

LOG_NAME = "segment.jsonl"
MOST_LOG_BYTES = 8 * 1024 * 1024
_FOLDER = re.compile(r"(\d{1,18})-(\d{1,9})")
_ROOM = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")

Kind = Literal["audio", "camera", "screen"]


class Entry(Struct, tag_field="type", kw_only=True):
    at: int


class TrackBegan(Entry, tag="track"):
    """`n`: its file is `N.webm`."""

    n: int
    participant: str
    kind: Kind


class TrackEnded(Entry, tag="track_end"):
    n: int


class Reached(Entry, tag="reached"):
    """From now on, whose sound and picture reached whom. hears: listener → sources; sees: viewer → (source, kind)."""

    hears: dict[str, list[str]] = {}
    sees: dict[str, list[tuple[str, Kind]]] = {}


class Ended(Entry, tag="ended"):
    """The last line. reason: "" (consent or conversation over), disk_full, write_failed, too_slow, worker_lost."""

    reason: str = ""


LogEntry = TrackBegan | TrackEnded | Reached | Ended
encode_entry = msgspec.json.Encoder().encode
decode_entry = msgspec.json.Decoder(LogEntry).decode


def folder_name(epoch: int, period: int) -> str:
    return f"{epoch}-{period}"


def parse_folder(name: str) -> tuple[int, int] | None:
    """(epoch, period), or None for what is no segment."""
    found = _FOLDER.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def is_room(name: str) -> bool:
    """May this name be a folder's?"""
    return _ROOM.fullmatch(name) is not None


def track_name(n: int) -> str:
    return f"{n}.webm"


class PlanTrack(Struct, kw_only=True):
    """A track in an export. `spans`: when it is heard (shown), [begin, end) in Unix ms."""

    path: str
    kind: Kind
    began: int
    ended: int
    spans: list[tuple[int, int]]


class Plan(Struct, kw_only=True):
    """What `python -m media.recording.export` reads. `pieces`: stretches of time, one after the other."""

    out: str
    tracks: list[PlanTrack]
    pieces: list[tuple[int, int]]
    width: int = 1280
    height: int = 720
    fps: int = 15
