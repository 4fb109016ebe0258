"""Lip sync: if sound and video were captured at the same time, the viewer's browser plays them at the same time.

A browser synchronizes streams by their sender reports. Here the sender beeps and numbers its frames at known times. From the
sender reports, the viewer computes when each beep and each frame was captured.
"""

from __future__ import annotations

import asyncio
import random
from statistics import median

import numpy as np
import pytest

from media.api import wire
from media.mixer.opus import Decoder, Encoder
from media.packets import rtcp, rtp
from tests.peers.client import Peer
from tests.peers.conftest import Service
from tests.peers.listened import RATE
from tests.peers.proxy import Proxy

BEEP_EVERY_S, BEEP_S, FPS = 0.5, 0.1, 20
PITCHES = [700 + 250 * number for number in range(8)]
"""Pitches of successive beeps in Hz. A beep's pitch tells the beep's number, so that even an error of seconds is noticed."""
ROUND_S = BEEP_EVERY_S * len(PITCHES)
SENDERS_CLOCK_S = 777_000_000.0
"""Time in s by which the sender's clock is ahead of the monotonic clock. A client's clock can be wrong by any amount."""
PROMISE_S = 0.05
"""Half of the promised limit for the offset between sound and video, in s.

The other half is left for the errors of a browser that plays sound and video by the computed times.
"""


class Speaker:
    """Captures sound and video by one clock and sends them as a browser does.

    Each sound packet is sent as soon as it is full, and each frame as soon as it is encoded.
    """

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.began = asyncio.get_running_loop().time()
        self.late_s = 0.0  # the longest time, in s, by which a sound packet was sent late because this machine was busy
        self.first = {"audio": random.Random(5).randrange(1 << 32), "camera": random.Random(6).randrange(1 << 32)}

    async def run(self) -> None:
        await asyncio.gather(self._speak(), self._show(), self._report())

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, self.began + moment - asyncio.get_running_loop().time()))

    async def _speak(self) -> None:
        encoder = Encoder()
        for number in range(10_000):
            at = np.arange(number * 960, (number + 1) * 960) / RATE
            beeps = (at % BEEP_EVERY_S < BEEP_S) * 12_000
            pitch = PITCHES[int(number * 0.02 / BEEP_EVERY_S) % len(PITCHES)]
            samples = (beeps * np.sin(2 * np.pi * pitch * at) + 300 * np.sin(2 * np.pi * 200 * at)).astype(np.int16)
            await self._until((number + 1) * 0.02)
            self.late_s = max(self.late_s, asyncio.get_running_loop().time() - self.began - (number + 1) * 0.02)
            timestamp = self.first["audio"] + number * 960 & 0xFFFFFFFF
            self.peer.send_rtp("audio", number, timestamp, encoder.encode(samples))

    async def _show(self) -> None:
        for frame in range(10_000):
            captured = frame / FPS
            await self._until(captured + 0.03)
            key = frame % 20 == 0
            body = b"\x90\x80\x80\0"[:3] + bytes([frame & 0xFF]) + bytes([0 if key else 1]) + frame.to_bytes(4, "big")
            self.peer.send_rtp("camera", frame, self.first["camera"] + int(captured * 90_000) & 0xFFFFFFFF, body, marker=True)

    async def _report(self) -> None:
        """Send a sender report for the sound and one for the video every 0.25 s. Both reports use the same clock."""
        while True:
            now = asyncio.get_running_loop().time() - self.began
            for role, rate in (("audio", RATE), ("camera", 90_000)):
                timestamp = self.first[role] + int(now * rate) & 0xFFFFFFFF
                ntp = rtcp.ntp(SENDERS_CLOCK_S + now)
                self.peer.send_rtcp(rtcp.sender_report(self.peer._ssrcs[role], ntp, timestamp, 1, 1))
            await asyncio.sleep(0.25)


class Viewer:
    """Computes from the sender reports when arriving packets were captured, on the sender's clock."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def _time(self, ssrc: int, rate: int, timestamp: int) -> float:
        """Return when the packet with this timestamp was captured, in s on the sender's clock.

        The time is computed from the last 20 sender reports, as in browsers (WebRTC's RtpToNtpEstimator). A single report is not
        enough, because the report is late if the worker's machine is busy at that moment.
        """
        reports = [each for each in self.peer.reports if isinstance(each, rtcp.SenderReport) and each.ssrc == ssrc][-20:]
        ahead = (each.ntp / (1 << 32) + rtp.ticks_ahead(timestamp, each.timestamp) / rate for each in reports)
        return median(ahead) - rtcp.NTP_EPOCH_S

    def beeps(self, seconds: float) -> list[tuple[int, float]]:
        """For each beep in the last `seconds`, return (index of its pitch in `PITCHES`, start in s on the sender's clock)."""
        decoder, found, quiet = Decoder(), [], 0
        arrived = zip(self.peer.heard_headers, self.peer.heard, strict=True)
        first = self.peer.heard_headers[0].sequence
        in_order = sorted(arrived, key=lambda packet: rtp.ahead(packet[0].sequence, first))  # packets can arrive out of order
        sounds = [decoder.decode(payload).astype(float) for _, payload in in_order]
        for index in range(len(sounds) - 5):
            loud = np.flatnonzero(np.abs(sounds[index]) > 3000)
            if len(loud) and quiet > 5 and index >= len(sounds) - seconds * 50:
                header = in_order[index][0]
                when = self._time(header.ssrc, RATE, header.timestamp + int(loud[0]))
                found.append((_pitch(np.concatenate(sounds[index + 1 : index + 4])), when))
            quiet = 0 if len(loud) else quiet + 1
        return found

    def pictures(self, last: int) -> list[tuple[int, float]]:
        """For each of the newest `last` video packets, return (frame number, capture time in s on the sender's clock)."""
        ssrc = next(ssrc for ssrc, slot in self.peer._slots.items() if slot == 0)
        kept = list(self.peer.picture_times[0].values())[-last:]
        return [(frame, self._time(ssrc, 90_000, timestamp)) for frame, timestamp in kept]


def _pitch(sound: np.ndarray) -> int:
    """Return the index in `PITCHES` of this sound's pitch."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return int(np.argmin(np.abs(np.array(PITCHES) - np.argmax(spectrum) * RATE / len(sound))))


@pytest.mark.parametrize(
    "hears",
    [{"sender": 1.0}, {"sender": 0.9}, {"sender": 1.0, "nobody": 1.0, "other": 1.0}],
    ids=["relayed", "mixed", "passed on by the mixer"],
)
async def test_lips_and_voice_stay_in_sync_on_any_network(service: Service, hears: dict[str, float]) -> None:
    snapshot = await anext(service.worker.events())
    assert isinstance(snapshot, wire.Snapshot)
    line = Proxy(next((host, port) for host, port in snapshot.udp if host == "127.0.0.1"), jitter_s=0.05, seed=3)
    sender, viewer = await service.join("sender", via=await line.open()), await service.join("viewer")
    await service.join("other")
    await service.matrix(hears={"viewer": hears}, sees={"viewer": {0: ("sender", "camera")}})
    speaker = Speaker(sender)
    task = asyncio.create_task(speaker.run())
    await asyncio.sleep(5.0)
    task.cancel()
    ear = Viewer(viewer)
    # from each beep and each frame, compute when beep 0 or frame 0 was captured, on the sender's clock; all results must agree
    voice = [moment - which * BEEP_EVERY_S for which, moment in ear.beeps(2.5)]
    lips = [moment - frame / FPS for frame, moment in ear.pictures(30)]
    assert len(voice) >= 3
    assert len(lips) >= 20
    apart = [(a - b + ROUND_S / 2) % ROUND_S - ROUND_S / 2 for a in voice for b in lips]
    # Use the median, because a single beep arrives late whenever the machine pauses for a moment. Add the time by which the
    # sender sent sound late, because this sound also arrives late, and the worker cannot know that.
    told = f"voice after lips by {min(apart) * 1000:.0f} to {max(apart) * 1000:.0f} ms, sent {speaker.late_s * 1000:.0f} ms late"
    assert abs(median(apart)) < PROMISE_S + speaker.late_s, told
    line.close()
