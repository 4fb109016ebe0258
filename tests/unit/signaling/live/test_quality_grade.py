from __future__ import annotations

from typing import Any

import pytest

from media.api.wire import PeerQuality, StreamQuality
from signaling.live.quality_grade import grade, worst


def peer(*, down: dict[str, Any] | None = None, up: dict[str, Any] | None = None, **known: Any) -> PeerQuality:
    streams = {
        way: [] if figures is None else [StreamQuality(**{"kind": "audio", "bps": 30_000} | figures)]
        for way, figures in (("up", up), ("down", down))
    }
    return PeerQuality(participant="u-1", **{"state": "live"} | known, **streams)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (peer(), "good"),
        (peer(up={"lost_percent": 1.0, "jitter_ms": 10.0}, rtt_ms=80.0), "good"),
        (peer(up={"lost_percent": 3.0}), "fair"),
        (peer(down={"jitter_ms": 60.0}), "fair"),
        (peer(rtt_ms=450.0), "fair"),
        (peer(concealed_percent=4.0), "fair"),
        (peer(down={"kind": "camera", "layer": "paused"}), "fair"),
        (
            peer(down={"kind": "camera", "lost_percent": 20.0}),
            "good",
        ),  # lost video is retransmitted, so this loss does not lower the grade of the connection
        (peer(up={"lost_percent": 12.0}), "poor"),
        (peer(rtt_ms=900.0), "poor"),
        (peer(state="lost"), "poor"),
    ],
)
def test_connection_quality_is_one_word(found: PeerQuality, wanted: str) -> None:
    assert grade(found) == wanted


def test_call_is_graded_by_its_worst_connection() -> None:
    assert worst(["good", "poor", "fair"]) == "poor"
    assert worst([]) is None
