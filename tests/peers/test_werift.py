"""Calls with werift, a WebRTC stack for Node. The calls last 40 s, because ICE consent expires after 30 s unless it is renewed.

The client uses only voice and data channels.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from media.api import wire
from tests import PATIENCE_S
from tests.peers.conftest import Service, eventually

CALL_S = 40.0
CLIENT = Path(__file__).parent / "werift_client.mjs"


async def test_werift_stays_in_a_call_and_is_heard(service: Service) -> None:
    await service.everyone_hears_everyone("werift", "counselor")
    counselor = await service.join("counselor")
    counselor.speak(620)
    process = await asyncio.create_subprocess_exec("node", str(CLIENT), stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    tell, told = process.stdin, process.stdout

    async def ask(**wish: Any) -> None:
        tell.write(json.dumps(wish).encode() + b"\n")
        await tell.drain()

    try:
        offered = json.loads(await asyncio.wait_for(told.readline(), PATIENCE_S))
        command = wire.AdmitPeer(epoch=1, peer="werift", participant="werift", sdp=offered["sdp"])
        await ask(answer=(await service.worker.admit(service.room, command)).sdp)
        await eventually(lambda: len(counselor.heard) > 20, 15.0)
        await asyncio.sleep(CALL_S)
        heard = len(counselor.heard)
        await ask(beat=True)
        await asyncio.sleep(1.0)
        await ask(tell=True)
        found = json.loads(await asyncio.wait_for(told.readline(), PATIENCE_S))
        assert len(counselor.heard) > heard + 30
        assert found["heard"] > CALL_S * 40
        assert (found["echoes"], found["state"]) == (1, "connected")
        states = [event.state for event in service.events if isinstance(event, wire.PeerChanged) and event.peer == "werift"]
        assert states == ["connecting", "live"]
    finally:
        await ask(end=True)
        await process.wait()
