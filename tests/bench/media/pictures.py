"""`make bench ARGS=pictures`: measure video of a 720p camera and of a screen.

Each video has one sender and one, two or five viewers. Sangdam and Janus VideoRoom take turns and get the same streams. The last
row (a measured figure) shows how long a voice waits behind a keyframe for five viewers.
"""

from __future__ import annotations

import asyncio
import os
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal

import av
import numpy as np
from aiortc.codecs.vpx import Vp8Encoder
from PIL import Image, ImageDraw

from media.api import wire
from media.packets import rtp
from media.packets.sdp import TRANSPORT_CC_URI
from tests.bench.media.leg import Leg
from tests.bench.media.load import FRAME_S
from tests.bench.media.servers import LOAD_CORE, MID, Janus, Sangdam, Server
from tests.bench.rows import Row, compared, row
from tests.peers.offer import TRANSPORT_CC, VP8, offer

Kind = Literal["camera", "screen"]
STREAMS = 20  # total number of streams to the viewers in all rooms
ROUNDS = 5
WINDOW_S, WARM_S = 3.0, 1.0
MOST_LOAD, LEAST_CAME = 70.0, 0.97
WIDTH, HEIGHT = 1280, 720
FPS = {"camera": 25, "screen": 10}
BPS = {"camera": 1_500_000, "screen": 800_000}
KEYFRAME_PACKETS, BURSTS = 60, 40
LOOP_S = 2
"""Length of the video in s. The video begins with a keyframe and repeats."""


@dataclass(frozen=True)
class Frame:
    at: float
    payloads: list[bytes]


@cache
def film(kind: Kind) -> list[Frame]:
    encoder = Vp8Encoder()
    encoder.target_bitrate = BPS[kind]
    frames = []
    for number in range(LOOP_S * FPS[kind]):
        picture = av.VideoFrame.from_ndarray(_camera(number) if kind == "camera" else _screen(number), format="rgb24")
        picture.pts, picture.time_base = number * 90_000 // FPS[kind], Fraction(1, 90_000)
        payloads, _ = encoder.encode(picture.reformat(format="yuv420p"), force_keyframe=number == 0)
        frames.append(Frame(number / FPS[kind], payloads))
    return frames


def _camera(number: int) -> np.ndarray:
    """Return a frame of a person who moves in front of a wall, with sensor noise."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    moved = (columns + 7 * number) % WIDTH
    light = 90 + 60 * np.sin(moved / 90.0) + 50 * np.exp(-((columns - 640 - 4 * number) ** 2 + (rows - 360) ** 2) / 30_000)
    noisy = light + np.random.default_rng(number).normal(0, 4, light.shape)
    return np.repeat(noisy.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _screen(number: int) -> np.ndarray:
    """Return a frame of a text that scrolls by one line in each frame."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(page)
    for line in range(HEIGHT // 18):
        words = np.random.default_rng(line + number).integers(0, 26, 110)
        draw.text((20, line * 18), "".join(chr(97 + letter) if letter % 6 else " " for letter in words), fill="black")
    return np.asarray(page)


class Stage:
    """Rooms on one server, each with one sender and some viewers."""

    def __init__(self, server: Server, audience: int) -> None:
        """Prepare the rooms. `audience`: number of viewers of each room."""
        self.server = server
        self.audience = audience
        self.senders: list[Leg] = []
        self.viewers: list[Leg] = []
        self._sent: dict[Leg, int] = {}
        self._played = 0.0

    @property
    def legs(self) -> list[Leg]:
        return self.senders + self.viewers

    async def fill(self, kind: Kind) -> None:
        for number in range(STREAMS // self.audience):
            show = self._at_sangdam if isinstance(self.server, Sangdam) else self._at_janus
            sender, *viewers = await show(number, kind)
            self.senders.append(sender)
            self.viewers += viewers

    async def _at_sangdam(self, number: int, kind: Kind) -> list[Leg]:
        assert isinstance(self.server, Sangdam)
        worker, room = self.server.worker, f"{kind}{number}"
        await worker.open_room(room, wire.OpenRoom(epoch=1))
        viewers = [f"sees {each}" for each in range(self.audience)]
        legs = [await self.join(room, name) for name in ("shows", *viewers)]
        sees: dict[str, dict[int, tuple[str, str]]] = {name: {0: ("shows", kind)} for name in viewers}
        await worker.set_matrix(room, wire.SetMatrix(epoch=1, sees=sees))
        return legs

    async def _at_janus(self, number: int, kind: Kind) -> list[Leg]:
        room = await self.open_at_janus(number)
        feed, sender = await self.publish(room)
        return [sender, *[await self.subscribe(room, feed) for _ in range(self.audience)]]

    async def open_at_janus(self, number: int) -> int:
        """Open a room at Janus and return its name."""
        assert isinstance(self.server, Janus)
        room = 5000 + number
        owner = await self.server._handle("videoroom")
        created = {"request": "create", "room": room, "publishers": 3, "videocodec": "vp8", "bitrate": 0}
        await self.server._ask(owner, created)
        return room

    async def publish(self, room: int) -> tuple[int, Leg]:
        """Connect a sender to Janus. Return Janus' name for the sender's video, and the connection."""
        assert isinstance(self.server, Janus)
        handle, leg = await self.server._handle("videoroom"), Leg(self.server.host)
        joined = await self.server._ask(handle, {"request": "join", "ptype": "publisher", "room": room})
        body = {"request": "publish", "audio": False, "video": True}
        answer = await self.server._ask(handle, body, ("offer", _sdp(leg, "sendonly")))
        await leg.connect(answer["jsep"]["sdp"], offered=True)
        return joined["plugindata"]["data"]["id"], leg

    async def subscribe(self, room: int, feed: int) -> Leg:
        """Connect a viewer of a video to Janus."""
        assert isinstance(self.server, Janus)
        handle, leg = await self.server._handle("videoroom"), Leg(self.server.host)
        body = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]}
        attached = await self.server._attached(handle, body)
        await asyncio.gather(
            self.server._ask(handle, {"request": "start"}, ("answer", _sdp(leg, "recvonly"))),
            leg.connect(attached["jsep"]["sdp"], offered=False),
        )
        return leg

    async def join(self, room: str, name: str) -> Leg:
        """Connect a participant to the worker."""
        assert isinstance(self.server, Sangdam)
        leg = Leg(self.server.host)
        sdp = offer(leg.ufrag, leg.password, leg.transport_lines[2].split()[-1])
        peer = wire.AdmitPeer(epoch=1, peer=f"{room} {name}", participant=name, sdp=sdp)
        await leg.connect((await self.server.worker.admit(room, peer)).sdp, offered=True)
        return leg

    async def close(self) -> None:
        for leg in self.legs:
            await leg.close()

    def play(self, kind: Kind) -> tuple[float, bool]:
        """Play the video for `WINDOW_S` seconds. Return the server's CPU, and whether the measurement is valid.

        CPU is in percent of a core per Mbit/s and viewer. A measurement is valid if at least 97 % of the packets arrived and the
        load generator kept up.
        """
        packets = self.sealed(kind)
        poller, legs = select.epoll(), {leg.socket.fileno(): leg for leg in self.legs}
        for number, leg in legs.items():
            poller.register(number, select.EPOLLIN)
            leg.send(leg.check())

        def receive_until(moment: float) -> None:
            while (left := moment - time.perf_counter()) > 0:
                for number, _ in poller.poll(left):
                    legs[number].drain()

        began = time.perf_counter() + 0.05
        warming = [each for each in packets if each[0] < WARM_S]
        for due, sender, sealed in warming:
            receive_until(began + due)
            for packet in sealed:
                sender.send(packet)
        receive_until(began + WARM_S)
        received = sum(leg.received for leg in self.viewers)
        cpu, own, at = self.server.cpu_s(), time.process_time(), time.perf_counter()
        for due, sender, sealed in packets[len(warming) :]:
            receive_until(began + due)
            for packet in sealed:
                sender.send(packet)
        took = time.perf_counter() - at
        used, ours = self.server.cpu_s() - cpu, time.process_time() - own
        receive_until(time.perf_counter() + 0.1)
        poller.close()
        shown = [packet for _, _, sealed in packets[len(warming) :] for packet in sealed]
        came = sum(leg.received for leg in self.viewers) - received
        seen_mbps = self.audience * 8 * sum(map(len, shown)) / took / 1e6
        counts = came >= LEAST_CAME * self.audience * len(shown) and 100 * ours / took <= MOST_LOAD
        return 100 * used / took / seen_mbps, counts

    def sealed(self, kind: Kind) -> list[tuple[float, Leg, list[bytes]]]:
        """Return (time in s, sender, packets) of each frame of every sender, in the order of time.

        Senders start at different moments of a frame.
        """
        found = []
        for number, leg in enumerate(self.senders):
            for again in range(round((WARM_S + WINDOW_S) / LOOP_S)):
                for frame in film(kind):
                    at = again * LOOP_S + frame.at
                    sealed = [self._seal(leg, kind, at, frame, each) for each in frame.payloads]
                    found.append((at + number / len(self.senders) / FPS[kind], leg, sealed))
        self._played += WARM_S + WINDOW_S
        return sorted(found, key=lambda each: each[0])

    def _seal(self, leg: Leg, kind: Kind, at: float, frame: Frame, payload: bytes) -> bytes:
        number = self._sent[leg] = self._sent.get(leg, 1000) + 1
        timestamp = int((self._played + at) * 90_000) & 0xFFFFFFFF
        mid = b"0" if isinstance(self.server, Janus) else b"1" if kind == "camera" else b"2"
        last = 0x80 if payload is frame.payloads[-1] else 0
        head = rtp.HEADER.pack(0x90, VP8 | last, number & 0xFFFF, timestamp, leg.ssrc)
        elements = bytes([MID << 4]) + mid + bytes([TRANSPORT_CC << 4 | 1]) + (number & 0xFFFF).to_bytes(2, "big") + b"\0" * 3
        sealed: bytes = leg._dtls._tx_srtp.protect(head + b"\xbe\xde\0\2" + elements + payload)
        return sealed


def _sdp(leg: Leg, direction: str) -> str:
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", f"m=video 9 UDP/TLS/RTP/SAVPF {VP8}"]
    lines += ["c=IN IP4 0.0.0.0", "a=mid:0", f"a={direction}", "a=rtcp-mux", "a=setup:active", f"a=rtpmap:{VP8} VP8/90000"]
    lines += [f"a=rtcp-fb:{VP8} {kind}" for kind in ("nack", "nack pli", "transport-cc")]
    lines += [f"a=extmap:{MID} urn:ietf:params:rtp-hdrext:sdes:mid", f"a=extmap:{TRANSPORT_CC} {TRANSPORT_CC_URI}"]
    lines += [*leg.transport_lines, "a=end-of-candidates"]
    lines += [f"a=ssrc:{leg.ssrc} cname:bench"] if direction == "sendonly" else []
    return "\r\n".join(lines) + "\r\n"


async def _voice_behind_keyframe() -> Row:
    """Send a large keyframe to five viewers, and right after it a voice packet of another room.

    Return how much later the voice packet arrives than without a keyframe.
    """
    async with Sangdam() as server:
        stage = Stage(server, 5)
        await stage.fill("camera")
        speaker, listener = (each.speaks for each in await server.relayed_pair(keep=4 * BURSTS + 100))
        film_frame = film("camera")[0]
        frame = Frame(0.0, (film_frame.payloads * KEYFRAME_PACKETS)[:KEYFRAME_PACKETS])
        delays: dict[bool, list[float]] = {True: [], False: []}
        for number in range(4 * BURSTS):
            burst = number >= BURSTS // 2 and number % 2 == 0
            camera = stage.senders[0]
            video = [stage._seal(camera, "camera", number * FRAME_S, frame, each) for each in frame.payloads] if burst else []
            voice = speaker.seal(100 + number, b"\x78" + bytes(60), 20)
            for sealed in video:
                camera.send(sealed)
            came, sent = len(listener.arrivals), time.time()
            speaker.send(voice)
            await asyncio.sleep(FRAME_S)
            for leg in (*stage.legs, listener):
                leg.drain()
            if number >= BURSTS and len(listener.arrivals) > came:
                delays[burst].append(1000 * (listener.arrivals[-1][0] - sent))
        await stage.close()
        assert len(delays[True]) >= BURSTS, "voice packets were lost"
        usual = float(np.median(delays[False]))
        return row("voice_behind_keyframe_p95_ms", "ms", [each - usual for each in delays[True]])


def rows() -> Iterator[Row]:
    os.sched_setaffinity(0, {LOAD_CORE})
    kinds: tuple[tuple[Kind, str], ...] = (("camera", "video"), ("screen", "video_screen"))
    for audience, seen_by in ((2, ""), (1, "_by_one"), (5, "_by_five")):
        for kind, name in kinds:
            yield asyncio.run(_compare(kind, f"{name}{seen_by}_cpu_percent_per_mbps", audience))
    yield asyncio.run(_voice_behind_keyframe())


async def _compare(kind: Kind, name: str, audience: int) -> Row:
    async with Janus() as janus, Sangdam() as sangdam:
        stages = [Stage(janus, audience), Stage(sangdam, audience)]
        for stage in stages:
            await stage.fill(kind)
        theirs, ours = [], []
        for _ in range(ROUNDS):
            (their, one), (our, other) = [stage.play(kind) for stage in stages]
            if one and other:
                theirs.append(their)
                ours.append(our)
        for stage in stages:
            await stage.close()
        return compared(name, "%", ours, theirs)
