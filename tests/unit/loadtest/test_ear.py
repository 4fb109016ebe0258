"""The load test's receiver (`Ear`) measures packet loss and delay correctly in streams whose loss and delay are known."""

from __future__ import annotations

import random

import pytest

from loadtest import voice
from loadtest.ear import Ear, Heard
from media.mixer.jitter import TICK_S
from media.packets import rtp

SECONDS = 20
SPOKEN = voice.encoded(voice.made())


def heard(*, loss: float = 0.0, jitter_s: float = 0.0, delay_s: float = 0.0) -> Heard:
    chance, ear = random.Random(1), Ear()
    frames = int(SECONDS / TICK_S)
    arrivals = []
    for number in range(frames):
        sent = number * TICK_S
        if chance.random() >= loss:
            arrivals.append((sent + delay_s + jitter_s * chance.random(), sent, number))
    arrivals.sort(reverse=True)
    for tick in range(frames):
        while arrivals and arrivals[-1][0] <= tick * TICK_S:
            at, sent, number = arrivals.pop()
            payload = SPOKEN.payloads[number % len(SPOKEN.payloads)]
            packet = rtp.build(111, False, number + 65500 & 0xFFFF, number * 960, 7, payload)
            ear.packet(rtp.parse(packet), payload, at, sent)
        ear.tick(tick * TICK_S)
    return ear.figures(SECONDS)


def test_clean_connection_shows_no_loss_and_no_delay() -> None:
    found = heard(delay_s=0.03)
    assert (found.loss, found.concealed) == (0.0, 0.0)
    assert found.network_ms == pytest.approx(30)
    assert found.buffer_ms < 45
    assert found.mos is not None
    assert found.mos > 4.3


def test_lost_and_repaired_packets_are_counted_apart() -> None:
    found = heard(loss=0.1)
    assert found.loss == pytest.approx(0.1, abs=0.03)
    assert 0 < found.concealed < found.loss
    assert found.mos is not None
    assert 2.0 < found.mos < heard().mos


def test_jitter_costs_delay_but_no_sound() -> None:
    calm, shaky = heard(), heard(jitter_s=0.08)
    assert shaky.jitter_ms > 10 > calm.jitter_ms
    assert shaky.buffer_ms > calm.buffer_ms + 30
    assert shaky.concealed < 0.03


def test_listener_without_packets_gives_no_score() -> None:
    found = Ear().figures(1.0)
    assert (found.packets, found.loss, found.mos) == (0, 1.0, None)
