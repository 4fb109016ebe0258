"""A person with a slow connection gets less video, keeps the voice, and is told. Nobody else notices."""

from __future__ import annotations

import asyncio

from media.api import wire
from tests.peers.conftest import Service, eventually
from tests.peers.proxy import Line, Proxy

LAYERS = {"l": 1, "h": 4}
"""Packets of 0.9 KB in each frame of a layer. At 20 frames a second the layers have 150 and 600 kbit/s."""
LOWERED_BPS = 250_000


def told(service: Service, participant: str) -> list[dict[int, str]]:
    return [
        dict(event.slots)
        for event in service.events
        if isinstance(event, wire.PicturesLimited) and event.participant == participant
    ]


async def test_slow_connection_keeps_the_voice_without_affecting_others(service: Service) -> None:
    snapshot = await anext(service.worker.events())
    assert isinstance(snapshot, wire.Snapshot)
    address = next((host, port) for host, port in snapshot.udp if host == "127.0.0.1")
    line = Proxy(address, down=Line(bps=150_000))
    sender = await service.join("sender", layers=LAYERS)
    narrow, wide = await service.join("narrow", via=await line.open()), await service.join("wide")
    picture = {0: ("sender", "camera")}
    await service.matrix(hears={"narrow": {"sender": 1.0}, "wide": {"sender": 1.0}}, sees={"narrow": picture, "wide": picture})
    sender.speak(440)
    sender.show_layers()
    # the lowest layer does not fit beside the voice, so the video pauses after four seconds of congestion
    await eventually(lambda: told(service, "narrow") and "paused" in told(service, "narrow")[-1].values(), 15.0)
    await eventually(lambda: wide.layer(0, 60) == {"h"}, 6.0)
    assert set(told(service, "narrow")[0].values()) <= {"low", "paused"}

    before, sent = len(wide.pictures[0]), sender.sent("camera:h")
    heard, clear = await asyncio.gather(narrow.listen(2.0), wide.listen(2.0))
    assert heard.tones(440) == {440}
    assert len(heard.payloads) > 92, "of 100 packets of voice"
    assert len(clear.payloads) > 92
    assert wide.layer(0) == {"h"}
    assert len(wide.pictures[0]) - before > (sender.sent("camera:h") - sent) * 0.95
    assert told(service, "wide") == []

    line.down.line = Line()
    # after failed attempts to send more, the worker waits longer before the next one
    await eventually(lambda: told(service, "narrow")[-1] == {}, 40.0)
    await eventually(lambda: narrow.layer(0) == {"h"})
    assert sender.feedback > 50, "the sender is told what arrives"

    line.down.line, offered = Line(bps=LOWERED_BPS), line.down.offered_bytes
    await asyncio.sleep(4.0)
    bps = (line.down.offered_bytes - offered) * 8 / 4.0
    assert bps < 1.25 * LOWERED_BPS, "repeats of what is lost do not fill the link"
    heard = await narrow.listen(2.0)
    assert heard.tones(440) == {440}
    assert len(heard.payloads) > 92
    line.close()
