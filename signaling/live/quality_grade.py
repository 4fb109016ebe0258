"""Grade a connection with one word, from the figures that its media worker measures. This module does no I/O.

The grade describes the quality of the voice. There is one exception: while a video is paused because the link is too slow, the
grade is at most "fair". By ITU-T G.114, people do not notice a one-way delay of up to 150 ms, and more than 400 ms is
unacceptable. Opus conceals single lost packets well. If more than 5 % of the packets are lost, words are missing.
"""

from __future__ import annotations

from collections.abc import Iterable

from media.api.wire import PeerQuality, StreamQuality
from signaling.protocol.words import Grade

GRADES: tuple[Grade, ...] = ("good", "fair", "poor")
FAIR = {"lost_percent": 2.0, "jitter_ms": 40.0, "rtt_ms": 300.0, "concealed_percent": 3.0}
POOR = {"lost_percent": 8.0, "jitter_ms": 100.0, "rtt_ms": 700.0, "concealed_percent": 10.0}


def grade(peer: PeerQuality) -> Grade:
    """Return the grade of one participant's connection: the grade of the worse of its two directions.

    An unknown figure counts as good. A connection that is lost at present is poor.
    """
    if peer.state == "lost":
        return "poor"
    voices: list[StreamQuality] = [stream for stream in (*peer.up, *peer.down) if stream.kind == "audio"]
    figures = [("rtt_ms", peer.rtt_ms), ("concealed_percent", peer.concealed_percent)]
    figures += [("lost_percent", voice.lost_percent) for voice in voices]
    figures += [("jitter_ms", voice.jitter_ms) for voice in voices]
    known = [(name, figure) for name, figure in figures if figure is not None]
    if any(figure > POOR[name] for name, figure in known):
        return "poor"
    paused = any(stream.layer == "paused" for stream in peer.down)
    return "fair" if paused or any(figure > FAIR[name] for name, figure in known) else "good"


def worst(grades: Iterable[Grade]) -> Grade | None:
    """Return the worst grade, or None when there are no grades."""
    return max(grades, key=GRADES.index, default=None)
