"""A media worker sends voices to the captions process and gets captions back, over a real connection.

In place of the speech model, a recogniser names the frequencies of tones.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import numpy as np
import pytest
from aiohttp import web

from media.api.captions import PATH
from media.captions import wire
from media.captions.link import MOST_PACKETS, CaptionLink
from media.captions.process import MOST_AHEAD_S, Captions, build
from media.captions.speech import RATE, WINDOW, Floats, Probability
from media.captions.work import MOST_WAITING, Heard
from media.mixer.opus import Encoder
from tests import PATIENCE_S
from tests.ports import free_port

TOKEN = "between worker and process"
TICK = 960
WITHIN_S = PATIENCE_S


class Tones:
    """Takes the place of the speech model: "writes down" a tone as its frequency.

    `write_down` waits until the event `go` is set.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()

    def write_down(self, sound: Floats, of_session: str) -> Heard:
        assert self.go.wait(WITHIN_S)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        return Heard(str(round(float(np.argmax(spectrum)) * RATE / len(sound), -2)), of_session, 1.0)


class Loud:
    """Takes the place of the voice detector: every loud sound counts as speech."""

    def new(self) -> Probability:
        return lambda window: float(np.abs(window).max() > 0.05)


@dataclass(eq=False)
class Room:
    """Takes the place of a media room, and records the captions that it gets. Each method sets the event `news`."""

    said: list[tuple[int, str]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    overs: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def words(self, stream: int, words: wire.Words | wire.Lost) -> None:
        if isinstance(words, wire.Lost):
            self.lost.append(stream)
        elif words.final:
            self.said.append((stream, words.text))
        self.news.set()

    def finished(self, stream: int) -> None:
        self.ended.append(stream)
        self.news.set()

    def over(self) -> None:
        self.overs += 1
        self.news.set()

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not wanted():
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def serving(application: web.Application, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def process(port: int, tones: Tones) -> AsyncIterator[Captions]:
    captions = Captions(Loud(), tones)
    working = asyncio.create_task(captions.run())
    async with serving(build(captions, TOKEN), port):
        yield captions
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    captions.close()


@asynccontextmanager
async def linked(port: int, token: str = TOKEN) -> AsyncIterator[tuple[CaptionLink, asyncio.Event]]:
    changed = asyncio.Event()
    link = CaptionLink(f"http://127.0.0.1:{port}", token, changed.set)
    link.open()
    try:
        yield link, changed
    finally:
        await link.close()


async def until_ready(link: CaptionLink, changed: asyncio.Event, wanted: bool = True) -> None:
    async with asyncio.timeout(WITHIN_S):
        while link.ready is not wanted:
            changed.clear()
            await changed.wait()


def speak(link: CaptionLink, stream: int, hz: int, seconds: float = 1.0, first: int = 0) -> int:
    """Send a tone, and then a second of silence, which ends the utterance. Return the next sequence number."""
    encoder = Encoder()
    wave = 12_000 * np.sin(2 * np.pi * hz * np.arange(int(seconds * 50) * TICK) / 48_000)
    samples = np.concatenate([wave, np.zeros(50 * TICK)]).astype(np.int16)
    for n in range(len(samples) // TICK):
        payload = encoder.encode(samples[n * TICK : (n + 1) * TICK])
        link.send(stream, (first + n) & 0xFFFF, (first + n) * TICK, payload)
    return first + len(samples) // TICK


async def test_each_stream_gets_the_words_of_its_own_sound() -> None:
    port, room = free_port(), Room()
    async with process(port, Tones()), linked(port) as (link, changed):
        await until_ready(link, changed)
        high, low = link.begin("ko", room), link.begin("ko", room)
        speak(link, high, 1100)
        speak(link, low, 700)
        for stream in (high, low):
            link.finish(stream)
        await room.until(lambda: len(room.ended) == 2)
        assert sorted(room.said) == [(high, "1100.0"), (low, "700.0")]


async def test_utterance_ends_when_no_packets_come_any_more() -> None:
    """The captions process looks at all streams regularly, and ends each utterance whose stream has had no packets for 0.5 s."""
    port, room = free_port(), Room()
    async with process(port, Tones()), linked(port) as (link, changed):
        await until_ready(link, changed)
        stream = link.begin("ko", room)
        wave = (12_000 * np.sin(2 * np.pi * 700 * np.arange(TICK) / 48_000)).astype(np.int16)
        encoder = Encoder()
        for n in range(40):
            link.send(stream, n, n * TICK, encoder.encode(wave))
        await room.until(lambda: len(room.said) == 1)
        assert room.ended == []


async def test_slow_model_drops_the_oldest_utterances_and_says_so() -> None:
    port, room, tones = free_port(), Room(), Tones()
    async with process(port, tones) as captions, linked(port) as (link, changed):
        await until_ready(link, changed)
        tones.go.clear()
        stream, number = link.begin("ko", room), 0
        for hz in range(300, 300 + 100 * (MOST_WAITING + 3), 100):
            number = speak(link, stream, hz, 0.5, number)
        await room.until(lambda: len(room.lost) >= 2)
        tones.go.set()
        link.finish(stream)
        await room.until(lambda: bool(room.ended))
        assert captions.stats["lost"] == len(room.lost)
        assert [text for _, text in room.said][-1] == f"{300.0 + 100 * (MOST_WAITING + 2)}"


async def test_silent_stream_may_push_out_the_last_words_of_an_ended_one() -> None:
    """The captions process loops over all streams, and ends the utterances of silent streams.

    If too many utterances wait for the speech model, the process drops one of them. Here it drops the last utterance of a stream
    that has ended. So the process removes this stream while the loop runs, and the removal must not break the loop.
    """
    tones = Tones()
    tones.go.clear()
    captions = Captions(Loud(), tones)
    working = asyncio.create_task(captions.run())
    try:
        worker, encoder, number = captions.connect(), Encoder(), MOST_WAITING + 2
        wave = (12_000 * np.sin(2 * np.pi * 700 * np.arange(TICK) / 48_000)).astype(np.int16)
        sound = [encoder.encode(wave) for _ in range(20)]
        for stream in range(1, number + 1):
            captions.receive(worker, wire.Begin(stream, "ko"))
            captions.receive(worker, wire.Sound([wire.Packet(stream, n, n * TICK, each) for n, each in enumerate(sound)]))
            if stream < number:
                captions.receive(worker, wire.Finish(stream))
            await asyncio.sleep(0)  # in this time, the speech model begins to write down the first utterance
        async with asyncio.timeout(WITHIN_S):
            while not captions.stats["lost"] and not working.done():
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        assert not working.done()
        assert number in worker.streams
    finally:
        tones.go.set()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        captions.close()


async def test_voice_whose_timestamps_jump_takes_no_more_time_than_others() -> None:
    """A voice with manipulated timestamps must not use up the processor time of the captions process.

    Otherwise, nobody else would get captions.
    """

    class Counting:
        windows = 0

        def new(self) -> Probability:
            return self.look

        def look(self, window: Floats) -> float:
            self.windows += 1
            return 0.0

    counting, payload = Counting(), Encoder().encode(np.zeros(TICK, np.int16))
    captions = Captions(counting, Tones())
    worker = captions.connect()
    captions.receive(worker, wire.Begin(1, "ko"))
    captions.receive(worker, wire.Sound([wire.Packet(1, n, n * 96_000, payload) for n in range(600)]))
    captions.close()
    assert 0 < counting.windows * WINDOW / RATE < MOST_AHEAD_S + 5


async def test_large_packets_that_waited_go_in_frames_that_the_process_takes() -> None:
    port, room = free_port(), Room()
    async with process(port, Tones()), linked(port) as (link, changed):
        await until_ready(link, changed)
        large, stream = link.begin("ko", Room()), link.begin("ko", room)
        for n in range(MOST_PACKETS // 2):
            link.send(large, n, n * TICK, bytes(1200))
        speak(link, stream, 700)
        link.finish(stream)
        await room.until(lambda: bool(room.ended or room.overs))
        assert (room.said, room.overs) == ([(stream, "700.0")], 0)


async def test_forgotten_stream_says_nothing_more() -> None:
    port, room, other, tones = free_port(), Room(), Room(), Tones()
    async with process(port, tones), linked(port) as (link, changed):
        await until_ready(link, changed)
        tones.go.clear()
        stream, after = link.begin("ko", room), link.begin("ko", other)
        speak(link, stream, 700)
        link.finish(stream, forget=True)
        speak(link, after, 1100)
        link.finish(after)
        tones.go.set()
        await other.until(lambda: bool(other.ended))
        assert (room.said, room.ended) == ([], [])


async def test_lost_process_is_told_at_once_and_used_again_when_it_is_back() -> None:
    port, room = free_port(), Room()
    async with linked(port) as (link, changed):
        async with process(port, Tones()):
            await until_ready(link, changed)
            link.begin("ko", room)
        await room.until(lambda: room.overs == 1)
        await until_ready(link, changed, wanted=False)
        async with process(port, Tones()):
            await until_ready(link, changed)
            again = link.begin("ko", room)
            speak(link, again, 700)
            link.finish(again)
            await room.until(lambda: bool(room.ended))
        assert room.said == [(again, "700.0")]


@pytest.mark.parametrize("given", ["Bearer wrong", "", f"Basic {TOKEN}"])
async def test_stranger_is_refused(given: str) -> None:
    port = free_port()
    async with process(port, Tones()), aiohttp.ClientSession(headers={"Authorization": given}) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"http://127.0.0.1:{port}{PATH}")
        assert refused.value.status == 401


async def test_process_that_reads_nothing_costs_words_and_no_memory() -> None:
    async def deaf(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_bytes(wire.encode(wire.Ready()))
        await asyncio.Event().wait()
        return socket

    application, port, room = web.Application(), free_port(), Room()
    application.router.add_get(PATH, deaf)
    async with serving(application, port), linked(port) as (link, changed):
        await until_ready(link, changed)
        stream = link.begin("ko", room)
        async with asyncio.timeout(WITHIN_S):
            for n in range(100 * MOST_PACKETS):
                link.send(stream, n & 0xFFFF, n * TICK, bytes(1000))
                if n % 500 == 0:
                    await asyncio.sleep(0)
                if room.lost:
                    break
        assert room.lost == [stream]
        assert link.dropped == MOST_PACKETS
        assert link.ready
