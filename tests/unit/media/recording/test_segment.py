"""Files of the recorder, read as a player reads them: they are decoded, and each frame is shown at its time."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from media.recording import wire
from media.recording.process import Recorder
from tests.unit.media.recording.streams import Packets, decoded, loudness, picture, tone

AT = 1_790_000_000.0


def message(framed: bytes) -> bytes:
    return framed[wire.PREFIX.size :]


class Writing:
    """A recorder that has begun one segment of a recording. Tests give it packets and commands, as a worker does."""

    def __init__(self, folder: Path, keep_free_bytes: int = 0) -> None:
        self.recorder = Recorder(folder, keep_free_bytes)
        self.folder = folder / "s-1" / "4-2"
        self.tell(wire.Begin(segment=1, room="s-1", epoch=4, period=2, at=AT))

    def tell(self, command: wire.Command) -> None:
        self.recorder.receive(message(wire.command(command)))

    def track(self, track: int, participant: str, kind: str) -> None:
        self.tell(wire.Track(segment=1, track=track, participant=participant, kind=kind))

    def packets(self, track: int, packets: Packets) -> None:
        due = packets[0][0]
        for at, data in packets:
            self.recorder.receive(message(wire.packet(track, at, data)))
            if at >= due:
                due = at + 0.25
                self.recorder.passed(at)

    def end(self, at: float) -> None:
        self.tell(wire.End(segment=1, at=at))

    def log(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "segment.jsonl").read_text().splitlines()]


def test_voice_is_written_unchanged_at_its_time(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.track(7, "u-1", "audio")
    sent = tone(700, 2.0, AT + 1.5)
    writing.packets(7, sent)
    writing.end(AT + 4)
    began, ended, over = writing.log()
    assert began == {"type": "track", "at": 1_790_000_001_500, "n": 1, "participant": "u-1", "kind": "audio"}
    assert ended == {"type": "track_end", "at": 1_790_000_003_500, "n": 1}
    assert over == {"type": "ended", "at": 1_790_000_004_000, "reason": ""}
    with av.open(str(writing.folder / "1.webm")) as file:
        written = [bytes(packet) for packet in file.demux(file.streams.audio[0]) if packet.size]
    assert written == [data[12:] for _, data in sent]
    assert all(loudness(writing.folder / "1.webm", 700))
    assert writing.recorder.answers == [wire.Over(segment=1)]


def test_lost_packets_do_not_shift_playback(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.track(1, "u-1", "audio")
    sent = tone(700, 4.0, AT)
    writing.packets(1, [each for number, each in enumerate(sent) if number % 10 != 3 and not 100 <= number < 150])
    writing.end(AT + 4)
    with av.open(str(writing.folder / "1.webm")) as file:
        times = [packet.pts for packet in file.demux(file.streams.audio[0]) if packet.pts is not None]
    assert times == list(range(0, 4000, 20))
    heard = loudness(writing.folder / "1.webm", 700)
    assert all(heard[:20])
    assert not any(heard[22:29])
    assert all(heard[31:39])


@pytest.mark.slow
def test_fast_sender_clock_does_not_shift_its_voice(tmp_path: Path) -> None:
    """A voice is not shifted by its sender's clock, which is 200 ppm fast and gains 120 ms in 10 minutes.

    The sender's reports show how fast the clock is.
    """
    writing = Writing(tmp_path)
    writing.track(1, "u-1", "audio")
    silence = tone(700, 0.02, AT)[0][1][12:]
    from media.packets import rtp

    for number in range(30_000):
        at = AT + number * 0.02 * (1 - 200e-6)
        if number % 250 == 0:
            writing.recorder.receive(message(wire.clock(1, at, number * 960)))
        data = rtp.build(111, False, number & 0xFFFF, number * 960, 1, silence)
        writing.recorder.receive(message(wire.packet(1, at, data)))
    writing.end(AT + 600)
    ended = next(entry for entry in writing.log() if entry["type"] == "track_end")
    assert abs(ended["at"] - (AT + 600 * (1 - 200e-6)) * 1000) < 45


@pytest.mark.slow
def test_video_starts_at_a_keyframe_and_after_loss_at_the_next(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.track(1, "u-1", "camera")
    sent = picture(200, 4.0, AT)
    frames = [at for at, _ in sent]
    without_first = [each for each in sent if each[0] >= AT + 0.35]
    lost = next(number for number, (at, _) in enumerate(without_first) if at >= AT + 2.15)
    del without_first[lost]
    writing.packets(1, without_first)
    writing.recorder.passed(AT + 5)
    writing.end(AT + 5)
    assert len(set(frames)) == 40
    began = next(entry for entry in writing.log() if entry["type"] == "track")
    assert began["at"] == (AT + 1) * 1000
    with av.open(str(writing.folder / "1.webm")) as file:
        shown = [(float(frame.time or 0), frame.to_ndarray()[60, 80]) for frame in file.decode(file.streams.video[0])]
    times = [round(at, 1) for at, _ in shown]
    assert times == [round(number / 10, 1) for number in range(30) if not 12 <= number < 20]
    assert all(abs(int(luma) - 200) < 12 for _, luma in shown)


def test_video_that_ends_behind_a_gap_is_in_the_log(tmp_path: Path) -> None:
    """When the recording ends, the video's only keyframe still waits for an earlier packet, which is lost.

    The video's file is of use only if the log names the track.
    """
    writing = Writing(tmp_path)
    writing.track(1, "u-1", "camera")
    sent = [each for each in picture(200, 1.15, AT) if each[0] >= AT + 0.35]
    del sent[max(number for number, (at, _) in enumerate(sent) if at < AT + 0.95)]
    for at, data in sent:
        writing.recorder.receive(message(wire.packet(1, at, data)))
    writing.end(AT + 1.2)
    assert [entry["type"] for entry in writing.log()] == ["track", "track_end", "ended"]
    with av.open(str(writing.folder / "1.webm")) as file:
        assert next(file.decode(file.streams.video[0])).to_ndarray()[60, 80] > 188


def test_voice_and_video_are_aligned_by_reports_not_by_arrival(tmp_path: Path) -> None:
    """The video arrived 300 ms late. The sender reports say that sound and video were captured at the same time."""
    writing = Writing(tmp_path)
    writing.track(1, "u-1", "audio")
    writing.track(2, "u-1", "camera")
    writing.recorder.receive(message(wire.clock(1, AT, 0)))
    writing.recorder.receive(message(wire.clock(2, AT, 0)))
    writing.packets(1, tone(700, 1.0, AT + 0.05, timestamp=0))
    writing.packets(2, picture(100, 1.0, AT + 0.35))
    writing.end(AT + 2)
    voice, face = (entry["at"] for entry in writing.log() if entry["type"] == "track")
    assert abs(voice - face) <= 1


def test_unmuted_voice_starts_a_new_track(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.track(1, "u-1", "audio")
    sent = tone(700, 10.0, AT)
    writing.packets(1, sent[:50])
    writing.recorder.passed(AT + 6.5)
    writing.packets(1, sent[450:])
    writing.end(AT + 11)
    begins = [(entry["n"], entry["at"] - AT * 1000) for entry in writing.log() if entry["type"] == "track"]
    assert begins == [(1, 0), (2, 9000)]
    assert abs(len(decoded(writing.folder / "2.webm")) / 48_000 - 1.0) < 0.03


def test_nearly_full_disk_stops_the_recording_with_a_reason(tmp_path: Path) -> None:
    writing = Writing(tmp_path, keep_free_bytes=2**62)
    assert writing.recorder.answers == [wire.Over(segment=1, reason="disk_full")]
    writing.track(1, "u-1", "audio")
    writing.packets(1, tone(700, 0.1, AT))  # the worker can still send packets until it gets this answer
    assert not list(tmp_path.rglob("*.webm"))


def test_erased_folder_ends_the_segment_and_stays_erased(tmp_path: Path) -> None:
    import shutil

    writing = Writing(tmp_path)
    writing.track(1, "u-1", "audio")
    writing.track(2, "jimin", "audio")
    writing.packets(1, tone(700, 0.5, AT))
    shutil.rmtree(tmp_path / "s-1")
    writing.packets(2, tone(900, 0.5, AT + 0.5))
    assert writing.recorder.answers[0].reason == "write_failed"
    assert not (tmp_path / "s-1").exists()


def test_files_are_complete_after_the_worker_is_gone(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.track(1, "u-1", "audio")
    writing.packets(1, tone(700, 1.0, AT))
    writing.recorder.close(AT + 1, "worker_lost")
    assert writing.log()[-1]["reason"] == "worker_lost"
    assert all(loudness(writing.folder / "1.webm", 700))


def test_frames_are_complete_however_the_stream_is_split() -> None:
    sent = b"".join(wire.framed(bytes([number]) * number) for number in range(1, 40))
    for cut in (1, 3, 7, len(sent)):
        frames = wire.Frames()
        found = [each for start in range(0, len(sent), cut) for each in frames.feed(sent[start : start + cut])]
        assert found == [bytes([number]) * number for number in range(1, 40)]
    with pytest.raises(ValueError, match="too large"):
        wire.Frames().feed(wire.PREFIX.pack(wire.MAX_MESSAGE_BYTES + 1))
