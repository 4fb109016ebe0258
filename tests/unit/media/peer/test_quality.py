from __future__ import annotations

import pytest

from media.packets import rtcp, rtp
from media.peer.quality import LOSS_PERCENT, STALE_S, Quality, Spread, Totals
from media.peer.streams import Incoming, Outgoing
from tests.unit.media.packets.test_rtp import packet


@pytest.fixture
def quality() -> Quality:
    return Quality(Totals(), 0.0)


def feed(stream: Incoming, *sequences: int) -> None:
    for sequence in sequences:
        stream.receive(rtp.parse(packet(sequence, sequence * 960)), sequence * 0.02)


def look(quality: Quality, stream: Incoming, now: float) -> None:
    quality.look([(stream, stream.block(now))], [], now)


def report(ssrc: int, *, lost: float = 0.0, jitter: int = 0, last_sr: int = 0, delay_s: float = 0.0) -> rtcp.Report:
    return rtcp.Report(ssrc, lost, jitter, last_sr, int(delay_s * 65536))


def test_uplink_rates_are_reported_per_second(quality: Quality) -> None:
    voice = Incoming(7, "audio", 0.0)
    feed(voice, *range(1, 51))
    look(quality, voice, 1.0)
    octets = voice.octets
    assert quality.up[7].bps == octets * 8
    assert quality.up[7].lost_percent == 0
    feed(voice, *(sequence for sequence in range(51, 101) if sequence % 5))
    look(quality, voice, 2.0)
    assert quality.up[7].lost_percent == pytest.approx(18, abs=1), "9 of the 49 that were expected up to the last that came"
    assert quality.totals.counts["up_audio_packets"] == 90
    assert quality.totals.counts["up_audio_lost"] == 9
    assert quality.totals.counts["up_audio_octets"] == voice.octets


def test_silent_stream_reports_nothing(quality: Quality) -> None:
    voice = Incoming(7, "audio", 0.0)
    feed(voice, 1, 2)
    look(quality, voice, 1.0)
    look(quality, voice, 2.0)
    assert (quality.up[7].bps, quality.up[7].lost_percent) == (0.0, None)


def test_restarted_sender_does_not_give_negative_counts(quality: Quality) -> None:
    voice = Incoming(7, "audio", 0.0)
    feed(voice, *range(1, 41))
    look(quality, voice, 1.0)
    feed(voice, *range(20_001, 20_011))
    look(quality, voice, 2.0)
    assert quality.totals.counts["up_audio_packets"] == 50
    assert quality.totals.counts["up_audio_lost"] == 0
    assert quality.up[7].bps > 0


def test_receiver_report_gives_loss_jitter_and_round_trip(quality: Quality) -> None:
    voice = Outgoing("audio", 111, lambda data: data)
    voice.append(b"opus", 960, True, 0.9)
    sent = voice.report(1.0, lambda now: now + 1.6e9)
    assert sent is not None
    quality.sent(sent, 1.0)
    last_sr = rtcp.parse(sent)[0].ntp >> 16 & 0xFFFFFFFF
    quality.told(report(voice.ssrc, lost=0.25, jitter=960, last_sr=last_sr, delay_s=0.5), 1.62)
    quality.look([], [voice], 2.0)
    assert quality.rtt_ms(2.0) == pytest.approx(120, abs=1)
    assert quality.down[voice.ssrc].lost_percent == 25
    assert quality.down[voice.ssrc].jitter_ms == 20
    assert quality.rtt_ms(2.0 + STALE_S) is None


def test_forged_report_is_ignored(quality: Quality) -> None:
    quality.told(report(1, last_sr=0xABCDEF), 1.0)
    assert quality.rtt_ms(1.0) is None
    for ssrc in range(10_000):
        quality.told(report(ssrc), 1.0)
    quality.look([], [], 2.0)
    assert (quality.up, quality.down) == ({}, {})


def test_histogram_bounds_are_inclusive() -> None:
    spread = Spread(LOSS_PERCENT)
    for figure in (0, 0, 0.4, 1.0, 1.5, 50):
        spread.add(figure)
    assert spread.counts == [2, 2, 1, 0, 0, 0, 1]
    assert spread.sum == pytest.approx(52.9)
