"""An independent client, unchanged aiortc, makes a call that lasts longer than ICE consent."""

from __future__ import annotations

import asyncio

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from aiortc.rtcrtpreceiver import RemoteStreamTrack

from media.api import wire
from tests.peers.conftest import Service, eventually

CALL_S = 40.0


async def _frames(track: RemoteStreamTrack, counted: list[int]) -> None:
    while True:
        await track.recv()
        counted[0] += 1


async def test_stock_aiortc_stays_in_a_call_and_sees_and_hears(service: Service) -> None:
    """The client is an unchanged `RTCPeerConnection` with microphone, camera, a receiving video slot, and both data channels."""
    await service.matrix(
        hears={"stock": {"counselor": 1.0}, "counselor": {"stock": 1.0}},
        sees={"counselor": {0: ("stock", "camera")}},
        writers=["stock", "counselor"],
    )
    counselor = await service.join("counselor")
    counselor.speak(620)
    stock, heard, echoes = RTCPeerConnection(), [0], list[object]()
    reading: set[asyncio.Task[None]] = set()

    @stock.on("track")
    def track(each: RemoteStreamTrack) -> None:
        if each.kind == "audio":
            reading.add(asyncio.create_task(_frames(each, heard)))

    live = stock.createDataChannel("live", ordered=False, maxRetransmits=0)
    stock.createDataChannel("doc")
    live.on("message", echoes.append)
    stock.addTrack(AudioStreamTrack())
    stock.addTransceiver(VideoStreamTrack(), direction="sendonly")
    stock.addTransceiver("video", direction="recvonly")
    try:
        await stock.setLocalDescription(await stock.createOffer())
        command = wire.AdmitPeer(epoch=1, peer="stock", participant="stock", sdp=stock.localDescription.sdp)
        admitted = await service.worker.admit(service.room, command)
        await stock.setRemoteDescription(RTCSessionDescription(admitted.sdp, "answer"))
        await eventually(lambda: live.readyState == "open" and heard[0] > 20 and counselor.pictures.get(0), 15.0)
        await asyncio.sleep(CALL_S)
        voices, pictures, before = len(counselor.heard), len(counselor.pictures[0]), heard[0]
        live.send('{"t": "hb", "n": 7}')
        await eventually(lambda: echoes)
        await asyncio.sleep(1.0)
        assert len(counselor.heard) > voices + 30
        assert len(counselor.pictures[0]) > pictures + 10
        assert heard[0] > before + 30
        told = [event.state for event in service.events if isinstance(event, wire.PeerChanged) and event.peer == "stock"]
        assert told == ["connecting", "live"]
    finally:
        await stock.close()
        for each in reading:
            each.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
