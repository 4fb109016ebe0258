"""A recording consists of segments. The log of each segment says which tracks exist, and what the user heard and saw.

From the logs, the server also finds the place in the exported file that belongs to a moment of the conversation.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Literal

from media.api.recording_files import Ended, LogEntry, Reached, TrackBegan, TrackEnded, encode_entry
from signaling.protocol.session_views import Line
from signaling.recordings import Recordings, Segment, Span, pieces, reached
from signaling.recordings.index import read_log
from signaling.recordings.plan import make_plan, position, web_vtt

USER, COUNSELOR, PROFESSIONAL = "u", "jimin", "han"
PAIR = Reached(at=0, hears={USER: [COUNSELOR], COUNSELOR: [USER]}, sees={USER: [(COUNSELOR, "camera")]})
CONSULTATION = Reached(at=0, hears={COUNSELOR: [PROFESSIONAL], PROFESSIONAL: [COUNSELOR]}, sees={})
CONFERENCE = Reached(at=0, hears={USER: [COUNSELOR, PROFESSIONAL]}, sees={USER: [(COUNSELOR, "camera")]})


def at(when: int, state: Reached) -> Reached:
    return Reached(at=when, hears=state.hears, sees=state.sees)


def segment(*entries: LogEntry, cut: bytes = b"", last_written: int = 99_000) -> Segment:
    return read_log("1-1", 1, 1, [*(encode_entry(entry) for entry in entries), cut], last_written)


def a_help(*, end: bool = True) -> Segment:
    """Return a recorded segment of a session in which a professional joins the conversation.

    User and counselor talk until 10 s. Then the consultation lasts until 20 s, and the conference until 30 s.
    """
    entries: list[LogEntry] = [
        at(0, PAIR),
        TrackBegan(at=100, n=1, participant=USER, kind="audio"),
        TrackBegan(at=200, n=2, participant=COUNSELOR, kind="audio"),
        TrackBegan(at=300, n=3, participant=COUNSELOR, kind="camera"),
        at(10_000, CONSULTATION),
        TrackBegan(at=11_000, n=4, participant=PROFESSIONAL, kind="audio"),
        at(20_000, CONFERENCE),
    ]
    entries += [TrackEnded(at=30_000, n=n) for n in (1, 2, 3, 4)] if end else []
    return segment(*entries, *([Ended(at=30_000)] if end else []))


def spans(found: Segment, n: int) -> list[Span]:
    return reached(found, next(track for track in found.tracks if track.n == n), USER)


def test_staff_only_talk_is_not_marked_as_reaching_the_user() -> None:
    found = a_help()
    assert spans(found, 1) == [Span(100, 30_000)]
    assert spans(found, 2) == [Span(200, 10_000), Span(20_000, 30_000)]
    assert spans(found, 3) == [Span(300, 10_000), Span(20_000, 30_000)]
    assert spans(found, 4) == [Span(20_000, 30_000)]


def test_unlogged_media_counts_as_reaching_nobody() -> None:
    assert spans(segment(TrackBegan(at=0, n=1, participant=COUNSELOR, kind="audio")), 1) == []


def test_unchanged_states_give_one_span() -> None:
    found = segment(at(0, PAIR), at(5, PAIR), TrackBegan(at=10, n=1, participant=COUNSELOR, kind="audio"), at(500, PAIR))
    assert spans(found, 1) == [Span(10, 99_000)]


def test_truncated_log_is_read_up_to_the_cut() -> None:
    found = a_help(end=False)
    assert found.reason == "worker_lost"
    assert {track.ended for track in found.tracks} == {99_000}
    assert segment(at(0, PAIR), cut=b'{"type": "tra').tracks == []
    assert segment(at(0, PAIR), cut=b"\xff\xfe").tracks == []


def test_user_export_omits_staff_talk_and_staff_export_has_all() -> None:
    found = [a_help()]
    whole = make_plan(found, lambda _, track: Path(f"{track.n}.webm"), Path("o.webm"), "staff", USER)
    theirs = make_plan(found, lambda _, track: Path(f"{track.n}.webm"), Path("o.webm"), "all", USER)
    assert [track.spans for track in whole.tracks] == [[(100, 30_000)], [(200, 30_000)], [(300, 30_000)], [(11_000, 30_000)]]
    assert [track.spans[-1] for track in theirs.tracks] == [(100, 30_000), (20_000, 30_000), (20_000, 30_000), (20_000, 30_000)]
    assert theirs.pieces == [(100, 30_000)]


def test_time_without_consent_is_cut_from_the_export() -> None:
    def one(begin: int, end: int) -> Segment:
        return segment(TrackBegan(at=begin, n=1, participant=USER, kind="audio"), TrackEnded(at=end, n=1), Ended(at=end))

    found = pieces([one(60_000, 70_000), one(0, 10_000), one(11_000, 12_000), segment()])
    assert found == [Span(0, 12_000), Span(60_000, 70_000)]
    stretches = [(span.begin, span.end) for span in found]
    assert [position(stretches, moment) for moment in (5_000, 30_000, 61_000)] == [5_000, None, 13_000]


def test_chat_lines_are_exported_with_their_times() -> None:
    def line(seq: int, when: int, text: str, kind: Literal["text", "system"] = "text") -> Line:
        return Line(seq=seq, id=str(seq), author="u", name="민아", role="user", kind=kind, audience="all", at=when, text=text)

    lines = [line(1, 1_000, "a<b"), line(2, 2_500, "두 번째"), line(3, 2_600, "joined", "system"), line(4, 50_000, "cut")]
    told = web_vtt(lines, [(0, 10_000)], lambda each: each.text)
    assert told == "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\na&lt;b\n\n00:00:02.500 --> 00:00:08.500\n두 번째\n"
    assert web_vtt([], [(0, 10_000)], str) == "WEBVTT\n", "nothing was written"
    for text in ("a\n\nb", "a\r\rb", "a\r\n\r\nb", "a\n\r\nb", "a\n\n\n00:00:09.000 --> 00:00:10.000\nb"):
        told = web_vtt([line(1, 1_000, text)], [(0, 10_000)], lambda each: each.text)
        head, cue, *more = re.split(r"(?:\r\n|\r|\n){2,}", told.strip())
        assert (head, more) == ("WEBVTT", []), "an empty line ends a cue"
        assert cue.count("-->") == 1
        assert cue.startswith("00:00:01.000 --> ")
        assert cue.endswith("b")


def test_erasing_a_recording_touches_only_its_folder(tmp_path: Path) -> None:
    async def story() -> None:
        recordings = Recordings(tmp_path / "recordings")
        assert await recordings.sessions() == []
        for name in ("s-1/1-1", "s-1/2-2", "s-2/1-1", "s-1/other"):
            folder = tmp_path / "recordings" / name
            folder.mkdir(parents=True)
            began = TrackBegan(at=1000, n=1, participant=USER, kind="audio")
            (folder / "segment.jsonl").write_bytes(encode_entry(began) + b"\n" + encode_entry(TrackEnded(at=2000, n=1)) + b"\n")
        (tmp_path / "precious").mkdir()
        assert [found.name for found in await recordings.of("s-1")] == ["1-1", "2-2"]
        assert await recordings.of("../precious") == []
        await recordings.erase("..")
        await recordings.erase("../precious")
        await recordings.erase("s-1", 1)
        assert [found.name for found in await recordings.of("s-1")] == ["2-2"]
        await recordings.erase("s-1")
        assert await recordings.sessions() == ["s-2"]
        assert (tmp_path / "precious").exists()

    asyncio.run(story())
