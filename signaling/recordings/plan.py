"""An export's plan and its lines, pure: who is heard and seen when, by whom the file is meant for."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

from media.api.recording_files import Plan, PlanTrack
from signaling.protocol.messages import Audience, Line

from .index import Segment, Span, Track, pieces, reached

LINE_SHOWN_MS = 6000


def make_plan(
    segments: list[Segment], path_of: Callable[[Segment, Track], Path], out: Path, audience: Audience, user: str
) -> Plan:
    """audience: "staff" gets everything; "all", what reached `user` while it was said and shown."""
    tracks: list[PlanTrack] = []
    for segment in segments:
        for track in segment.tracks:
            spans = [Span(track.began, track.ended)] if audience == "staff" else reached(segment, track, user)
            if not spans:
                continue
            heard = [(span.begin, span.end) for span in spans]
            path = str(path_of(segment, track))
            tracks.append(PlanTrack(path=path, kind=track.kind, began=track.began, ended=track.ended, spans=heard))
    return Plan(out=str(out), tracks=tracks, pieces=[(piece.begin, piece.end) for piece in pieces(segments)])


def position(plan_pieces: list[tuple[int, int]], at: int) -> int | None:
    """Where a moment (Unix ms) stands in the exported file, in ms; None: it is not in it."""
    before = 0
    for begin, end in plan_pieces:
        if begin <= at < end:
            return before + at - begin
        before += end - begin
    return None


def web_vtt(lines: list[Line], plan_pieces: list[tuple[int, int]], words: Callable[[Line], str]) -> str:
    """The lines as WebVTT beside the file, each until the next one comes, at most 6 s."""
    placed = [(position(plan_pieces, line.at), line) for line in lines if line.kind in ("text", "picture")]
    cues = [(at, line) for at, line in placed if at is not None]
    found = ["WEBVTT", ""]
    for (at, line), following in zip_longest(cues, [at for at, _ in cues[1:]]):
        end = at + LINE_SHOWN_MS if following is None else min(at + LINE_SHOWN_MS, max(following, at + 500))
        found += [f"{_clock(at)} --> {_clock(end)}", _cue(words(line)), ""]
    return "\n".join(found)


def _cue(text: str) -> str:
    """The text of one cue. An empty line would end it (WebVTT, 4.1), whichever way lines end, and `-->` begin another."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\0", "")
    return "\n".join(row or "\u00a0" for row in re.split(r"\r\n|\r|\n", escaped))


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
