"""The captions process: media workers connect to it, send voices, and get words.

Everything except the Whisper model runs in the event loop: decoding, finding speech, and choosing the next utterance. The model
runs in one thread. If a worker sends more than this process can read, TCP makes the worker wait. When too many packets wait in
the worker, the worker drops these packets (`media/captions/link.py`).
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog
from aiohttp import WSMsgType, web

from media.api.captions import PATH

from . import wire
from .sound import Sound
from .speech import RATE, Floats, Probability, Speech, Spoken
from .work import Heard, Job, Work

log = structlog.get_logger(__name__)

MOST_STREAMS = 500  # A worker can have at most this many streams at the same time; further streams are refused.
SILENT_S = 0.5  # Seconds without packets after which an utterance ends: the microphone was turned off, or the link is gone.
MOST_AHEAD_S = 30.0  # Packets of a stream are ignored while the stream's sound is more than this many seconds ahead of real time.
LOOK_S = 0.1  # Seconds between two checks for streams without packets.
MOST_UNSENT = 1000  # When more messages wait to be sent to one worker, that worker is disconnected.


class WritesDown(Protocol):
    """The speech model, which turns sound into text."""

    def write_down(self, sound: Floats, of_session: str) -> Heard: ...


class FindsSpeech(Protocol):
    """The voice detector. `new` returns the detector of one stream."""

    def new(self) -> Probability: ...


@dataclass(slots=True, eq=False)
class Stream:
    """One voice that is being written down. `number`: the stream's number in messages. `language`: as in `wire.Begin`.

    `began`, `came`: when the stream began, and when its newest packet came, in seconds of the event loop. `heard_s`: seconds of
    sound since `began`. `ending`: whether the worker has ended the stream.
    """

    worker: Worker
    number: int
    language: str
    sound: Sound
    speech: Speech
    began: float
    came: float
    heard_s: float = 0.0
    ending: bool = False


class Worker:
    """One connected media worker, with its streams and the messages that wait to be sent to it."""

    def __init__(self) -> None:
        self.streams: dict[int, Stream] = {}
        self.unsent: asyncio.Queue[bytes] = asyncio.Queue(MOST_UNSENT)
        self.too_slow = asyncio.Event()

    def send(self, message: wire.FromCaptions) -> None:
        """Queue a message for this worker. Do not wait: if the queue is full, set `too_slow`."""
        try:
            self.unsent.put_nowait(wire.encode(message))
        except asyncio.QueueFull:
            self.too_slow.set()


class Captions:
    """The streams of all workers, and the speech model that writes their words down.

    `stats` counts streams, utterances, drafts, utterances that were dropped (`lost`), and streams that were refused.
    """

    def __init__(self, detector: FindsSpeech, recogniser: WritesDown) -> None:
        self.stats: Counter[str] = Counter()
        self._detector = detector
        self._recogniser = recogniser
        self._work = Work()
        self._workers: set[Worker] = set()
        self._some = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "recogniser")

    async def run(self) -> None:
        """Write down what is said in all workers' streams, until this task is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_down())
            group.create_task(self._watch())

    def close(self) -> None:
        """End the model's thread when it has written down the present utterance. Do not wait for that."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # workers

    def connect(self) -> Worker:
        """Return a new worker, and tell it at once that the process is ready."""
        worker = Worker()
        self._workers.add(worker)
        worker.send(wire.Ready())
        return worker

    def disconnect(self, worker: Worker) -> None:
        """Forget a worker whose connection has ended, and its streams."""
        self._workers.discard(worker)
        for stream in list(worker.streams.values()):
            self._forget(stream)

    def receive(self, worker: Worker, message: wire.FromWorker) -> None:
        """Take a message of a worker. Packets of an unknown stream are ignored: the stream was refused or forgotten."""
        match message:
            case wire.Begin():
                self._begin(worker, message)
            case wire.Sound():
                for packet in message.packets:
                    stream = worker.streams.get(packet.stream)
                    if stream is not None and not stream.ending:
                        self._hear(stream, packet)
            case wire.Finish() if (stream := worker.streams.get(message.stream)) is not None:
                self._stop(stream)
                stream.ending = True
                self._end_if_done(stream)
            case wire.Forget() if (stream := worker.streams.get(message.stream)) is not None:
                self._forget(stream)

    def _begin(self, worker: Worker, message: wire.Begin) -> None:
        if len(worker.streams) >= MOST_STREAMS or message.stream in worker.streams:
            self.stats["refused"] += 1
            return
        self.stats["streams"] += 1
        now = asyncio.get_running_loop().time()
        speech = Speech(self._detector.new())
        worker.streams[message.stream] = Stream(worker, message.stream, message.language, Sound(), speech, now, now)

    def _hear(self, stream: Stream, packet: wire.Packet) -> None:
        stream.came = asyncio.get_running_loop().time()
        if stream.heard_s > stream.came - stream.began + MOST_AHEAD_S:
            # If timestamps jump, each packet adds a second of silence. Looking for speech in it would delay other streams.
            return
        for samples in stream.sound.feed(packet.sequence, packet.timestamp, packet.payload):
            stream.heard_s += len(samples) / RATE
            for spoken in stream.speech.feed(samples):
                self._put(stream, spoken)

    def _stop(self, stream: Stream) -> None:
        for spoken in stream.speech.stop():
            self._put(stream, spoken)

    def _forget(self, stream: Stream) -> None:
        self._work.forget(stream)
        stream.worker.streams.pop(stream.number, None)

    def _end_if_done(self, stream: Stream) -> None:
        if stream.ending and not self._work.waits(stream):
            stream.worker.send(wire.Finished(stream.number))
            self._forget(stream)

    # utterances

    def _put(self, stream: Stream, spoken: Spoken) -> None:
        heard, lost = self._work.put(stream, stream.language, spoken)
        if heard is not None:
            self._say(stream, spoken, heard, final=True)
        if isinstance(lost, Stream):
            self.stats["lost"] += 1
            lost.worker.send(wire.Lost(lost.number))
            self._end_if_done(lost)
        self._some.set()

    def _say(self, stream: Stream, spoken: Spoken, heard: Heard, *, final: bool) -> None:
        self.stats["utterances" if final else "drafts"] += 1
        if heard.text or final:
            words = wire.Words(stream.number, spoken.utterance, heard.text, heard.language, heard.confidence, final)
            stream.worker.send(words)

    async def _write_down(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            job = self._work.next()
            if job is None:
                self._some.clear()
                await self._some.wait()
                continue
            heard = await loop.run_in_executor(self._pool, self._heard, job)
            done = self._work.done(heard)
            if done is not None and isinstance(done.stream, Stream):
                self._say(done.stream, done.spoken, heard, final=done.final)
                self._end_if_done(done.stream)

    def _heard(self, job: Job) -> Heard:
        """Run the model on one utterance. If the model fails, only this utterance is lost, and the process continues."""
        try:
            return self._recogniser.write_down(job.spoken.sound, job.language)
        except Exception:
            log.exception("utterance_failed")
            return Heard("", "", 0.0)

    async def _watch(self) -> None:
        """End the utterances of streams that bring no packets any more."""
        while True:
            await asyncio.sleep(LOOK_S)
            silent = asyncio.get_running_loop().time() - SILENT_S
            for worker in self._workers:
                for stream in list(worker.streams.values()):  # a copy of the list, because `_stop` can remove a stream
                    if stream.speech.speaking and stream.came < silent:
                        self._stop(stream)


CAPTIONS = web.AppKey("captions", Captions)


def build(captions: Captions, token: str) -> web.Application:
    """Return the application. `token`: the bearer token that workers must send; "" refuses everybody."""
    expected = f"Bearer {token}".encode()

    async def connected(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not token or not hmac.compare_digest(given, expected):
            return web.Response(status=401, text="wrong token")
        socket = web.WebSocketResponse(max_msg_size=wire.MAX_FRAME_BYTES, heartbeat=10.0)
        await socket.prepare(request)
        await _serve(captions, socket)
        return socket

    async def health(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def stats(request: web.Request) -> web.Response:
        return web.json_response(dict(captions.stats))

    application = web.Application()
    application.add_routes([web.get(PATH, connected), web.get("/healthz", health), web.get("/stats", stats)])
    return application


async def _serve(captions: Captions, socket: web.WebSocketResponse) -> None:
    worker = captions.connect()
    log.info("worker_connected")
    tasks = [asyncio.create_task(each) for each in (_read(captions, worker, socket), _write(worker, socket), _slow(worker))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        captions.disconnect(worker)
        with suppress(OSError):
            await socket.close()
        log.info("worker_disconnected")


async def _read(captions: Captions, worker: Worker, socket: web.WebSocketResponse) -> None:
    async for frame in socket:
        if frame.type is not WSMsgType.BINARY:
            return
        try:
            message = wire.decode_from_worker(frame.data)
        except msgspec.MsgspecError:
            log.warning("worker_sent_nonsense")
            return
        captions.receive(worker, message)


async def _write(worker: Worker, socket: web.WebSocketResponse) -> None:
    while True:
        await socket.send_bytes(await worker.unsent.get())


async def _slow(worker: Worker) -> None:
    await worker.too_slow.wait()
    log.warning("worker_too_slow")
