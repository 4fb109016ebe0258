"""The fuzz target for SCTP: packets for an association, as they come out of DTLS."""

from __future__ import annotations

import asyncio
import functools
import struct
from collections.abc import Coroutine
from typing import Any

from aiortc.rtcsctptransport import CookieEchoChunk, DataChunk, HeartbeatChunk, InitChunk, SackChunk, crc32c

from media.transport import seam
from tests.fuzz import cases


class _NoLoop:
    """An event loop whose timers never fire, because a case ends before they could."""

    def call_later(self, delay: float, callback: object, *arguments: object) -> _NoLoop:
        return self

    def cancel(self) -> None: ...

    def time(self) -> float:
        return 0.0


class _NoDtls:
    state = "connected"

    async def _send_data(self, data: bytes) -> None: ...

    def _register_data_receiver(self, receiver: object) -> None: ...

    def _unregister_data_receiver(self, receiver: object) -> None: ...


def fuzz_sctp(data: bytes) -> None:
    """Pass packets to an association, with a valid checksum and the right verification tag.

    A packet that begins with an INIT chunk has the tag 0. The association is established, unless the case begins with the byte
    255.
    """
    _loop()
    ended: list[str] = []
    sctp: Any = seam._BoundedSctp(_NoDtls(), ended.append, lambda: None)
    sctp._loop = _NoLoop()
    sctp._last_received_tsn, sctp._remote_port, sctp._inbound_streams_count = 99, 5000, 1024
    if data[:1] != b"\xff":
        sctp._set_state(sctp.State.ESTABLISHED)
    for packet in cases.split(data[1:]):
        tag = 0 if packet[:1] == b"\x01" else sctp._local_verification_tag
        plain = struct.pack("!HHLL", 5000, 5000, tag, 0) + packet
        sealed = plain[:8] + struct.pack("<L", crc32c(plain)) + plain[12:]
        _drive(sctp._handle_data(sealed))
    _finish_tasks()
    assert len(sctp._sack_misordered) <= seam.MAX_MISORDERED + 1
    assert len(sctp._inbound_streams) <= seam.MAX_STREAM_ID + 1
    assert len(sctp._data_channels) < 100 or ended


def _drive(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. Raise AssertionError if the coroutine waits for anything."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def _finish_tasks() -> None:
    """Finish the tasks that the association left on its event loop, so that they do not accumulate from case to case."""
    loop = _loop()
    for _ in range(2):  # each time, let the tasks run until they wait, and then cancel them
        loop.run_until_complete(asyncio.sleep(0))
        for task in asyncio.all_tasks(loop):
            task.cancel()
    loop.run_until_complete(asyncio.sleep(0))


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    return made


def _data_chunk() -> bytes:
    chunk = DataChunk(flags=3)
    chunk.tsn, chunk.stream_id, chunk.stream_seq, chunk.protocol, chunk.user_data = 100, 1, 0, 51, b"hello"
    return bytes(chunk)


def seeds() -> list[bytes]:
    return [
        b"\0" + cases.joined(_data_chunk(), bytes(SackChunk()), bytes(HeartbeatChunk())),
        b"\xff" + cases.joined(bytes(InitChunk()), bytes(CookieEchoChunk())),
    ]
