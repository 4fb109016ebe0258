"""Decodes the sound of one stream: Opus packets in, samples at 16 kHz out. This decoder never waits for a late packet.

Lost packets are concealed, or restored from the copy in the next packet (in-band FEC). A pause in which the sender sent no
packets (DTX) becomes silence of at most `LONGEST_PAUSE` samples.
"""

from __future__ import annotations

import numpy as np

from media.mixer.opus import Decoder, OpusError, Samples, packet_samples
from media.packets import rtp

RATE = 16_000  # the sample rate of speech models; libopus can decode to this rate directly
RTP_RATE = 48_000
MOST_LOST = 5  # At most this many packets lost in a row are concealed; a longer gap becomes silence.
RESTART = 1000  # A jump by more than this many sequence numbers means that the sender numbers its packets anew.
LONGEST_PAUSE = RATE  # At most this many samples of silence fill one gap in the timestamps.
_STEP = RTP_RATE // RATE


class Sound:
    """Decoder of one stream. `feed` returns the samples that a packet adds (int16)."""

    def __init__(self) -> None:
        self._decoder = Decoder(RATE)
        self._sequence = -1
        self._end = 0
        """RTP timestamp of the sample that follows the last decoded one."""

    def feed(self, sequence: int, timestamp: int, payload: bytes) -> list[Samples]:
        """Decode a packet. Return the new sound as a list of arrays: sound for the gap before the packet, then the packet's own.

        A late packet adds nothing. Nor does a packet whose length in samples cannot be read. A packet that cannot be decoded
        becomes silence.
        """
        try:
            samples = packet_samples(payload)
        except OpusError:
            return []
        step = rtp.ahead(sequence, self._sequence) if self._sequence >= 0 else 0
        if self._sequence < 0 or abs(step) > RESTART:
            gap = 0
        elif step <= 0:
            return []
        else:
            gap = max(0, rtp.ticks_ahead(timestamp, self._end))
        found = self._bridge(step - 1, gap, payload, samples)
        self._sequence, self._end = sequence, (timestamp + samples) % rtp.TIMESTAMPS
        try:
            found.append(self._decoder.decode(payload))
        except OpusError:
            found.append(np.zeros(samples // _STEP, np.int16))
        return found

    def _bridge(self, lost: int, gap: int, payload: bytes, samples: int) -> list[Samples]:
        """Return sound for the gap before a packet. `lost`: number of missing packets. `gap`: the gap's length.

        `payload`, `samples`: the packet after the gap, and the packet's length. Both lengths are in samples at 48 kHz.
        """
        if not gap:
            return []
        if not 0 < lost <= MOST_LOST or gap > (MOST_LOST + 1) * samples:
            return [np.zeros(min(gap // _STEP, LONGEST_PAUSE), np.int16)]
        try:
            missing = [self._decoder.conceal(samples // _STEP) for _ in range(lost - 1)]
            return [*missing, self._decoder.recover(payload, samples // _STEP)]
        except OpusError:
            return [np.zeros(min(gap // _STEP, LONGEST_PAUSE), np.int16)]
