"""A tap records the highest known layer of a camera. The tests give packets to the tap, as the room does, and read the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media.api import wire as worker_wire
from media.packets import rtp
from media.peer.streams import Incoming
from media.recording import wire
from media.recording.process import Recorder
from media.recording.tap import Tap
from tests.unit.media.recording.streams import Packets, picture, pictures

AT = 1_790_000_000.0
LOW, HIGH = (160, 120), (320, 240)
DARK, BRIGHT = 60, 200


class Pipe:
    """Takes the place of a `Link` to a recorder. The recorder runs in this process and writes each packet immediately."""

    def __init__(self, folder: Path) -> None:
        self.recorder = Recorder(folder, 0)
        self._numbers = 0

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def begin(self, room: str, epoch: int, period: int, at: float, on_over: object) -> int:
        segment = self.number()
        self.send(wire.command(wire.Begin(segment=segment, room=room, epoch=epoch, period=period, at=at)))
        return segment

    def send(self, framed: bytes) -> None:
        for message in wire.Frames().feed(framed):
            self.recorder.receive(message)


class Camera:
    """A camera with two layers. A tap passes the camera's packets to a recorder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "s-1" / "1-1"
        self.pipe = Pipe(folder)
        self.tap = Tap(self.pipe, "s-1", 1, 1, AT, lambda reason: None)
        self.tap.follow(worker_wire.SetMatrix(epoch=1), ["u-1"], AT)
        self.low, self.high = Incoming(2, "camera", AT, "l"), Incoming(3, "camera", AT, "h")
        self.top: Incoming | None = None
        self.tops: list[tuple[float, Incoming]] = []

    def play(self, low: Packets, high: Packets, *tops: tuple[float, str]) -> list[dict]:
        """Play both layers of the camera. Return the log of the recording's segment.

        `tops`: pairs (second, layer). From this second on, this layer is the highest known layer, which must be recorded.
        """
        layers = {"l": self.low, "h": self.high}
        arrived = [(at, self.low, data) for at, data in low] + [(at, self.high, data) for at, data in high]
        due = AT
        for at, source, data in sorted(arrived, key=lambda each: each[0]):
            top = next((name for since, name in reversed(tops) if at >= AT + since), None)
            header = rtp.parse(data)
            source.receive(header, at)
            keyframe = rtp.vp8(data[header.payload : header.end]).keyframe and source.is_newest(header)
            self.tap.picture("u-1", source, layers[top] if top else None, data, keyframe, at)
            if at >= due:
                due = at + 0.25
                self.pipe.recorder.passed(at)
        self.tap.close(arrived[-1][0] + 1)
        return [json.loads(line) for line in (self.folder / "segment.jsonl").read_text().splitlines()]

    def seen(self, n: int) -> list[tuple[float, int, int]]:
        return pictures(self.folder / f"{n}.webm")


def spans(log: list[dict]) -> dict[int, tuple[float, float]]:
    """Return track → (start, end), in seconds after AT."""
    begins = {entry["n"]: entry["at"] / 1000 - AT for entry in log if entry["type"] == "track"}
    ends = {entry["n"]: entry["at"] / 1000 - AT for entry in log if entry["type"] == "track_end"}
    return {n: (round(begins[n], 2), round(ends[n], 2)) for n in begins}


@pytest.mark.slow
@pytest.mark.parametrize("late_s", [0.0, 0.3])
def test_recording_follows_the_top_layer_at_keyframes(tmp_path: Path, late_s: float) -> None:
    """The recording changes layers only at keyframes.

    `late_s`: seconds from capture to arrival, as the sender reports say.
    """
    camera = Camera(tmp_path)
    camera.low.reference, camera.high.reference = (AT - late_s, 0), (AT + 0.75 - late_s, 0)
    low = picture(DARK, 6.0, AT)
    high = picture(BRIGHT, 3.0, AT + 0.75, size=HIGH)
    log = camera.play(low, high, (0.0, "l"), (0.95, "h"), (4.75, "l"))
    expected = {1: (0.0, 1.75), 2: (1.75, 5.0), 3: (5.0, 5.9)}
    found = {n: (round(begin + late_s, 2), round(end + late_s, 2)) for n, (begin, end) in spans(log).items()}
    assert found == expected, "never two at once, and no moment without"
    assert camera.high.wants_keyframe, "it was asked to begin"
    for n, size, luma in ((1, LOW, DARK), (2, HIGH, BRIGHT), (3, LOW, DARK)):
        seen = camera.seen(n)
        assert len(seen) >= 9
        assert all(width == size[0] and abs(each - luma) < 12 for _, width, each in seen), n


@pytest.mark.slow
@pytest.mark.parametrize("off_s", [1.5, 3.5])
def test_camera_that_was_off_does_not_show_a_frozen_picture(tmp_path: Path, off_s: float) -> None:
    log = Camera(tmp_path).play(picture(DARK, 1.0, AT + 1.0 + off_s), picture(BRIGHT, 1.0, AT, size=HIGH), (0.0, "h"), (2.0, "l"))
    assert spans(log)[1] == (0.0, 1.0 + off_s if off_s == 1.5 else 0.9)


@pytest.mark.slow
def test_first_layer_is_written_until_the_top_is_known(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    log = camera.play(picture(DARK, 2.0, AT), picture(BRIGHT, 2.0, AT + 0.05, size=HIGH))
    assert spans(log) == {1: (0.0, 1.9)}
    assert {width for _, width, _ in camera.seen(1)} == {LOW[0]}


@pytest.mark.slow
def test_keyframe_with_a_late_first_packet_is_not_used(tmp_path: Path) -> None:
    """The first packet of a keyframe comes late, as a retransmission (RTX).

    The other packets of the keyframe came earlier and were not written. So the tap requests another keyframe.
    """
    camera = Camera(tmp_path)
    high = picture(BRIGHT, 2.0, AT, size=HIGH)
    first = [number for number, (at, _) in enumerate(high) if at == AT]
    assert len(first) > 2
    late = [*high[1 : len(first)], (AT + 0.05, high[0][1]), *high[len(first) :]]
    log = camera.play([], late, (0.0, "h"))
    assert spans(log) == {1: (1.0, 1.9)}
    assert len(camera.seen(1)) == 10
