"""A person with a slow connection gets less video and keeps all of the voice.

The worker tells this person about the reduced video. The other participants notice nothing.
"""

from __future__ import annotations

import asyncio

from media.api import wire
from media.packets import rtp
from tests.peers.client import Peer
from tests.peers.conftest import Service, eventually
from tests.peers.proxy import QUEUE_S, Line, Proxy

LAYERS = {"l": 1, "h": 4}
"""Simulcast layer of the camera → packets of 0.9 KB in each frame. At 20 frames a second, the layers have 150 and 600 kbit/s."""
LOWERED_BPS = 250_000


def told(service: Service, participant: str) -> list[dict[int, str]]:
    return [
        dict(event.slots)
        for event in service.events
        if isinstance(event, wire.PicturesLimited) and event.participant == participant
    ]


UNDER_WAY_S = QUEUE_S + 0.1
"""When a measurement ends, packets sent in the last `UNDER_WAY_S` seconds can still be under way: in the queue before the link,
or delayed by a busy machine.
"""


def nearly_all(numbers: list[int], sent: int, per_s: float) -> bool:
    """Return whether at least 95 % of the packets arrived. Packets that can still be under way are left out."""
    ahead = [rtp.ahead(number, numbers[0]) for number in numbers]
    whole = len(ahead) > 0.95 * (max(ahead) - min(ahead) + 1)
    return whole and len(ahead) > 0.95 * sent - UNDER_WAY_S * per_s


async def keeps_the_voice(listener: Peer, sender: Peer) -> None:
    """Check for two seconds that nearly all packets of the voice arrive."""
    begin, spoken = len(listener.heard_headers), sender.spoken
    heard = await listener.listen(2.0)
    assert heard.tones(440) == {440}
    numbers = [header.sequence for header in listener.heard_headers[begin:]]
    assert nearly_all(numbers, sender.spoken - spoken, 50), (len(numbers), sender.spoken - spoken)


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
    # the link cannot carry the video's lowest layer besides the voice, so the video pauses after four seconds of congestion
    await eventually(lambda: told(service, "narrow") and "paused" in told(service, "narrow")[-1].values(), 15.0)
    await eventually(lambda: wide.layer(0, 60) == {"h"}, 6.0)
    assert set(told(service, "narrow")[0].values()) <= {"low", "paused"}

    before, sent = len(wide.pictures[0]), sender.sent("camera:h")
    await asyncio.gather(keeps_the_voice(narrow, sender), keeps_the_voice(wide, sender))
    assert wide.layer(0) == {"h"}
    assert nearly_all(list(wide.pictures[0])[before:], sender.sent("camera:h") - sent, 20 * LAYERS["h"])
    assert told(service, "wide") == []

    line.down.line = Line()
    # after failed attempts to send more video, the worker waits longer before the next attempt
    await eventually(lambda: told(service, "narrow")[-1] == {}, 40.0)
    await eventually(lambda: narrow.layer(0) == {"h"})
    assert sender.feedback > 50, "the sender is told what arrives"

    line.down.line, offered = Line(bps=LOWERED_BPS), line.down.offered_bytes
    await asyncio.sleep(4.0)
    bps = (line.down.offered_bytes - offered) * 8 / 4.0
    assert bps < 1.25 * LOWERED_BPS, "repeats of what is lost do not fill the link"
    await keeps_the_voice(narrow, sender)
    line.close()
