"""The worker's connection to the captions process. The link never waits for that process, and never delays a voice.

The link connects by itself, and connects again after each failure. Packets of voices wait in a bounded list. If the process or
the network is too slow, the link drops all waiting packets and tells the rooms that words are missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import aiohttp
import msgspec
import structlog

from media.api.captions import PATH

from . import wire
from .feed import Receiver

log = structlog.get_logger(__name__)

BATCH_S = 0.06  # Packets of this many seconds are sent together.
# No further packet is added to a message whose packets together have at least this many bytes. The captions process refuses
# frames of more than twice as many bytes.
MOST_BYTES = wire.MAX_FRAME_BYTES // 2
MOST_PACKETS = 3000  # At most this many packets wait: a minute of one voice, or 10 s of six voices.
# Seconds until the link tries to connect again: `FIRST_PAUSE_S` after the first failure, and twice as long after each further
# failure, up to `LONGEST_PAUSE_S`.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
CONNECT_S = 5.0  # The link must connect and receive the first message within this many seconds in all.
HEARTBEAT_S = 5.0  # Seconds between two WebSocket pings; a captions process that does not answer a ping counts as gone.
TOKEN_REFUSED = 401


class CaptionLink:
    """Connection to one captions process. Call in the event loop: `open` at first, `close` at the end.

    `on_ready` is called whenever `ready` has changed.
    """

    def __init__(self, url: str, token: str, on_ready: Callable[[], None] = lambda: None) -> None:
        """Prepare the connection. `url`: `http://HOST:PORT` or `https://…`. `token`: bearer token that both processes know."""
        self._url = url.rstrip("/") + PATH
        self._token = token
        self._on_ready = on_ready
        self._task: asyncio.Task[None] | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._queue: list[wire.Packet | wire.FromWorker] = []
        self._waiting = 0  # number of voice packets in the queue
        self._some = asyncio.Event()
        self._receivers: dict[int, Receiver] = {}
        self._streams = 0
        self._said = ""
        self.dropped = 0
        """Number of packets dropped because the process or the network was too slow."""

    @property
    def ready(self) -> bool:
        """Return whether a captions process is connected and has loaded its model."""
        return self._socket is not None

    def open(self) -> None:
        """Start connecting to the captions process. Keep trying until `close` is called."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End the connection to the captions process."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # methods of the protocol `feed.Sender`, which `feed.Feed` calls

    def begin(self, language: str, receiver: Receiver) -> int:
        """Begin a stream and return the stream's number. `receiver` gets the words of the stream."""
        self._streams += 1
        self._receivers[self._streams] = receiver
        self._command(wire.Begin(self._streams, language))
        return self._streams

    def send(self, stream: int, sequence: int, timestamp: int, payload: bytes) -> None:
        """Queue a packet. If the queue is full, first drop all packets in the queue, because old words help nobody.

        Do nothing while no captions process is connected.
        """
        if self._socket is None:
            return
        if self._waiting >= MOST_PACKETS:
            self._drop()
        self._queue.append(wire.Packet(stream, sequence, timestamp, payload))
        self._waiting += 1
        self._some.set()

    def finish(self, stream: int, *, forget: bool = False) -> None:
        """End a stream. `forget`: the words of this stream that have not come yet are not wanted any more."""
        if forget:
            self._receivers.pop(stream, None)
        self._command(wire.Forget(stream) if forget else wire.Finish(stream))

    def _command(self, command: wire.FromWorker) -> None:
        if self._socket is not None:
            self._queue.append(command)
            self._some.set()

    def _drop(self) -> None:
        """Drop all waiting packets. Commands stay in the queue, because they are few: one for each stream that begins or ends."""
        streams = {each.stream for each in self._queue if isinstance(each, wire.Packet)}
        self._queue = [each for each in self._queue if not isinstance(each, wire.Packet)]
        self.dropped += self._waiting
        self._waiting = 0
        for stream in sorted(streams & self._receivers.keys()):
            self._receivers[stream].words(stream, wire.Lost(stream))

    # the connection

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"}) as session:
                    async with asyncio.timeout(CONNECT_S):
                        socket = await session.ws_connect(self._url, heartbeat=HEARTBEAT_S, max_msg_size=wire.MAX_FRAME_BYTES)
                        first = await socket.receive_bytes()
                    if not isinstance(wire.decode_from_captions(first), wire.Ready):
                        raise TypeError  # noqa: TRY301  # handled below, as any other wrong message
                    pause_s = FIRST_PAUSE_S
                    await self._serve(socket)
                    self._say("captions_lost", "closed")
            except (aiohttp.ClientError, OSError, TimeoutError, TypeError, msgspec.MsgspecError) as error:
                refused = isinstance(error, aiohttp.WSServerHandshakeError) and error.status == TOKEN_REFUSED
                self._say("captions_lost", "wrong_token" if refused else type(error).__name__)
            finally:
                self._gone()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _say(self, event: str, why: str) -> None:
        if why != self._said:
            self._said = why
            log.warning(event, why=why)

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Send packets and receive words until this connection to the captions process ends."""
        self._socket, self._said = socket, ""
        log.info("captions_ready")
        self._on_ready()
        sending = asyncio.create_task(self._send_all(socket))
        try:
            async for frame in socket:
                if frame.type is not aiohttp.WSMsgType.BINARY:
                    break
                self._receive(wire.decode_from_captions(frame.data))
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            with suppress(OSError, aiohttp.ClientError):
                await socket.close()

    async def _send_all(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            while True:
                await self._some.wait()
                await asyncio.sleep(BATCH_S)
                self._some.clear()
                queue, self._queue, self._waiting = self._queue, [], 0
                for message in _batched(queue):
                    await socket.send_bytes(wire.encode(message))
        except (OSError, aiohttp.ClientError):
            await socket.close()

    def _receive(self, message: wire.FromCaptions) -> None:
        match message:
            case wire.Words() | wire.Lost() if message.stream in self._receivers:
                self._receivers[message.stream].words(message.stream, message)
            case wire.Finished() if message.stream in self._receivers:
                self._receivers.pop(message.stream).finished(message.stream)

    def _gone(self) -> None:
        was_ready, self._socket = self.ready, None
        self._queue, self._waiting = [], 0
        receivers, self._receivers = set(self._receivers.values()), {}
        if was_ready:
            self._on_ready()
        for receiver in receivers:
            receiver.over()


def _batched(queue: list[wire.Packet | wire.FromWorker]) -> Iterator[wire.FromWorker]:
    """Return the messages for a queue, in its order. Packets that follow each other share a message, up to `MOST_BYTES`."""
    packets: list[wire.Packet] = []
    size = 0
    for each in queue:
        is_packet = isinstance(each, wire.Packet)
        if packets and (not is_packet or size >= MOST_BYTES):
            yield wire.Sound(packets)
            packets, size = [], 0
        if isinstance(each, wire.Packet):
            packets.append(each)
            size += len(each.payload)
        else:
            yield each
    if packets:
        yield wire.Sound(packets)
