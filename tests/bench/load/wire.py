"""A WebSocket client light enough for ten thousand people on one core: text frames, no extensions (RFC 6455).

The masking key of each frame is zero. So the client does not need to mask, and the server unmasks as usual.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from typing import cast

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
NO_MASK = b"\0\0\0\0"


def frame(text: bytes, kind: int = TEXT) -> bytes:
    size = len(text)
    if size < 126:
        head = bytes((0x80 | kind, 0x80 | size))
    elif size < 65536:
        head = bytes((0x80 | kind, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | kind, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + NO_MASK + text


class Socket(asyncio.Protocol):
    """A connection with callbacks.

    `on_open` is called once, `on_text` for every message. `on_gone` is called once, at the end: with the HTTP status if the
    WebSocket was refused, otherwise with 0.
    """

    def __init__(
        self,
        headers: dict[str, str],
        on_open: Callable[[], None],
        on_text: Callable[[bytes], None],
        on_gone: Callable[[int], None],
    ) -> None:
        self._headers = headers
        self._on_open, self._on_text, self._on_gone = on_open, on_text, on_gone
        self._buffer = b""
        self._open = False
        self._status = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        fixed = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
        lines = [f"{name}: {value}" for name, value in (self._headers | fixed).items()]
        self.transport.write(("GET /ws HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not self._open:
            head, found, data_after = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = data
                return
            self._status = int(head[9:12])
            if self._status != 101:
                self.abort()
                return
            self._open, data = True, data_after
            self._on_open()
        self._buffer = self._frames(data)

    def _frames(self, data: bytes) -> bytes:
        """Handle the complete frames at the beginning of `data`. Return the remaining bytes."""
        at, end = 0, len(data)
        while end - at >= 2:
            kind, size, start = data[at] & 0x0F, data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            elif size == 127:
                size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
            if start + size > end:
                break
            body, at = data[start : start + size], start + size
            if kind == TEXT:
                self._on_text(body)
            elif kind == PING:
                self._write(frame(body, PONG))
            elif kind == CLOSE:
                self._write(frame(body[:2], CLOSE))
                if self.transport is not None:
                    self.transport.close()
        return data[at:]

    def say(self, text: bytes) -> None:
        self._write(frame(text))

    def _write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self._on_gone(0 if self._open else self._status)
