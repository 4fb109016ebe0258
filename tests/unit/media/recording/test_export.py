"""The exported file of a recording has every tone and picture of the export's plan at the right time, and nothing else."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from media.api.recording_files import Plan, PlanTrack
from media.recording.export import export
from media.recording.layout import Box, fit, layout
from media.recording.track import Track
from tests.unit.media.recording.streams import Packets, loudness, picture, tone

AT = 1_790_000_000
USER, COUNSELOR = 700, 1100


def written(path: Path, kind: str, packets: Packets) -> tuple[int, int]:
    track = Track(path, kind)
    for at, data in packets:
        track.push(data, at)
    track.close()
    assert track.began_ms is not None
    assert track.ended_ms is not None
    return track.began_ms, track.ended_ms


def planned(path: Path, kind: str, packets: Packets, *spans: tuple[float, float]) -> PlanTrack:
    """Write a file with one track, and return this track as an export's plan names it.

    `spans`: the parts of the track that the plan uses, as (begin, end) in seconds after AT. Without spans, the plan uses the
    whole track.
    """
    began, ended = written(path, kind, packets)
    heard = [(round((AT + begin) * 1000), round((AT + end) * 1000)) for begin, end in spans] or [(began, ended)]
    return PlanTrack(path=str(path), kind=kind, began=began, ended=ended, spans=heard)


def seconds(found: list[bool], begin: float, end: float) -> list[bool]:
    """Return the elements of `found` between the seconds `begin` and `end`, without the first and the last of them.

    Each element of `found` stands for about 0.1 s of a file.
    """
    return found[round(begin * 10) + 1 : round(end * 10) - 1]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".webm", ".mp4"])
def test_each_planned_tone_is_heard_at_its_time(tmp_path: Path, suffix: str) -> None:
    plan = Plan(
        out=str(tmp_path / f"out{suffix}"),
        tracks=[
            planned(tmp_path / "1.webm", "audio", tone(USER, 2.0, AT)),
            planned(tmp_path / "2.webm", "audio", tone(COUNSELOR, 3.0, AT + 1), (1.0, 2.0), (3.0, 4.0)),
            planned(tmp_path / "3.webm", "camera", picture(200, 2.0, AT + 1)),
            planned(tmp_path / "4.webm", "camera", picture(90, 3.0, AT), (0.0, 0.5)),
        ],
        pieces=[(AT * 1000, (AT + 4) * 1000)],
        width=320,
        height=240,
    )
    export(plan)
    user, counselor = (loudness(Path(plan.out), hz) for hz in (USER, COUNSELOR))
    assert all(seconds(user, 0, 2))
    assert not any(seconds(user, 2.1, 4))
    assert all(seconds(counselor, 1, 2))
    assert not any(seconds(counselor, 0, 1))
    assert not any(seconds(counselor, 2.1, 3))
    assert all(seconds(counselor, 3, 4))
    shades = shown(Path(plan.out))
    assert abs(shades(0.3) - 90) < 15
    assert shades(0.8) < 40, "nobody is seen"
    assert abs(shades(2.0) - 200) < 15
    assert shades(3.8) < 40


def shown(path: Path):  # returns a function that gives the brightness in the middle of the picture at a time in s
    with av.open(str(path)) as file:
        frames = [(float(frame.time or 0), int(frame.to_ndarray(format="gray")[130, 160])) for frame in file.decode(video=0)]

    def at(second: float) -> int:
        return next(luma for when, luma in reversed(frames) if when <= second)

    return at


def test_pieces_follow_each_other_without_gaps(tmp_path: Path) -> None:
    plan = Plan(
        out=str(tmp_path / "out.webm"),
        tracks=[
            planned(tmp_path / "1.webm", "audio", tone(USER, 1.0, AT)),
            planned(tmp_path / "2.webm", "audio", tone(COUNSELOR, 1.0, AT + 600)),
        ],
        pieces=[(AT * 1000, (AT + 1) * 1000), ((AT + 600) * 1000, (AT + 601) * 1000)],
    )
    export(plan)
    with av.open(plan.out) as file:
        assert not file.streams.video
        assert abs(float(file.duration or 0) / 1e6 - 2) < 0.1
    assert all(seconds(loudness(Path(plan.out), USER), 0, 1))
    assert all(seconds(loudness(Path(plan.out), COUNSELOR), 1, 2))


def test_two_loud_voices_saturate_and_do_not_wrap(tmp_path: Path) -> None:
    from media.recording.export import Opened, mixed

    loud = [(at, data) for at, data in tone(USER, 0.5, AT)]
    tracks = [Opened(planned(tmp_path / f"{n}.webm", "audio", loud)) for n in range(4)]
    sound = mixed(tracks, AT * 1000, 400)
    assert sound.max() == 32767
    steps = np.abs(np.diff(sound.astype(np.int32)))
    assert steps.max() < 20_000, "a sum that wraps jumps over the whole range"


def test_screen_share_is_large_with_people_next_to_it() -> None:
    assert layout(["camera"], 1280, 720) == [Box(0, 0, 1280, 720)]
    assert layout(["camera", "camera"], 1280, 720) == [Box(0, 0, 640, 720), Box(640, 0, 640, 720)]
    camera, screen = layout(["camera", "screen"], 1280, 720)
    assert screen == Box(0, 0, 998, 720)
    assert camera == Box(998, 0, 282, 240)
    for count in range(1, 9):
        for box in layout(["camera"] * count, 1280, 720):
            assert box.x + box.width <= 1280
            assert box.y + box.height <= 720
    assert fit((640, 480), Box(0, 0, 1280, 720)) == Box(160, 0, 960, 720)
