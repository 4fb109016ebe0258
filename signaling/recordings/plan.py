"""The plan of an export, and its subtitles.

Pure. The audience of the exported file (only staff, or everybody) decides which tracks the file contains, and which periods of
each track.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

from media.api.recording_files import Plan, PlanTrack
from signaling.protocol.session_views import Line
from signaling.protocol.words import Audience

from .index import Segment, Span, Track, pieces, reached

LINE_SHOWN_MS = 6000  # a chat line is shown as a subtitle for at most this many milliseconds


def make_plan(
    segments: list[Segment], path_of: Callable[[Segment, Track], Path], out: Path, audience: Audience, user: str
) -> Plan:
    """Return the plan of the file `out`.

    `audience`: "staff" gets every track; "all" gets the user's own tracks, and of other tracks the periods in which they reached
    `user`. The file leaves out the times in which only the user's page was recorded.
    """
    segments = [segment for segment in segments if segment.tracks]
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
    """Return the position, in ms, of the moment `at` (Unix ms) in the exported file. Return None for a moment not in the file."""
    before = 0
    for begin, end in plan_pieces:
        if begin <= at < end:
            return before + at - begin
        before += end - begin
    return None


def web_vtt(lines: list[Line], plan_pieces: list[tuple[int, int]], words: Callable[[Line], str]) -> str:
    """Return the texts, pictures and files among the chat lines as WebVTT.

    Each line is shown until the next line begins, for at least half a second and at most `LINE_SHOWN_MS`.
    """
    placed = [(position(plan_pieces, line.at), line) for line in lines if line.kind in ("text", "picture", "file")]
    cues = [(at, line) for at, line in placed if at is not None]
    found = ["WEBVTT", ""]
    for (at, line), following in zip_longest(cues, [at for at, _ in cues[1:]]):
        end = at + LINE_SHOWN_MS if following is None else min(at + LINE_SHOWN_MS, max(following, at + 500))
        found += [f"{_clock(at)} --> {_clock(end)}", _cue(words(line)), ""]
    return "\n".join(found)


def _cue(text: str) -> str:
    """Return the text of one cue, escaped. An empty line would end the cue, and `-->` would begin another (WebVTT, 4.1)."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\0", "")
    return "\n".join(row or "\u00a0" for row in re.split(r"\r\n|\r|\n", escaped))


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
