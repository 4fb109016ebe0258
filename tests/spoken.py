"""Recorded English speech, from Debian's `asterisk-core-sounds-en-g722` (CC BY-SA 3.0), and the spoken words."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

import av
import numpy as np
from scipy.signal import resample_poly

from media.mixer.opus import RATE, Encoder, Samples
from tests.peers.client import Peer

FOLDER = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
TICK = 960
PEAK = 12_000

SAYS = {
    "vm-intro": "please leave your message after the tone when done hang up or press the pound key",
    "tt-weasels": "weasels have eaten our phone system",
    "queue-thankyou": "thank you for your patience",
    "check-number-dial-again": "please check the number and dial again",
    "something-terribly-wrong": "something is terribly wrong",
    "cannot-complete-as-dialed": "your call cannot be completed as dialed",
    "queue-youarenext": "your call is now first in line and will be answered by the next available representative",
    "ss-noservice": "the number you have dialed is not in service please check the number and try again",
    "transfer": "please hold while i try that extension",
    "all-circuits-busy-now": "all circuits are busy now",
    "conf-onlyperson": "you are currently the only person in this conference",
}


@cache
def speech(name: str) -> Samples:
    """Return a recording at 48 kHz, with a second of silence after it."""
    with av.open(str(FOLDER / f"{name}.g722"), format="g722") as container:
        found = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]).astype(np.float64)
    samples = np.round(resample_poly(found * (PEAK / np.abs(found).max()), RATE, 16_000)).astype(np.int16)
    return np.concatenate([samples, np.zeros(RATE, np.int16)])


def packets(samples: Samples) -> list[bytes]:
    """Return the Opus packets of a recording, 20 ms each."""
    encoder = Encoder(bitrate=32_000)
    return [encoder.encode(samples[at : at + TICK]) for at in range(0, len(samples) - TICK + 1, TICK)]


async def say(peer: Peer, name: str, first: int = 1000) -> int:
    """Let a peer speak a recording, in real time, from sequence number `first` on. Return the next unused sequence number."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for n, payload in enumerate(packets(speech(name))):
        peer.send_rtp("audio", first + n, (first + n) * TICK, payload, level=20)
        await asyncio.sleep(max(0.0, began + (n + 1) * 0.02 - loop.time()))
    return first + n + 1
