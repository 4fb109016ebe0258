"""A client for rtpengine's control protocol "ng": bencoded dictionaries in UDP datagrams, each behind a cookie and a space."""

from __future__ import annotations

import asyncio
import itertools
import socket

Value = str | list["Value"] | dict[str, "Value"]
ANSWER_S = 5.0


def encode(value: Value) -> bytes:
    if isinstance(value, str):
        raw = value.encode()
        return b"%d:%b" % (len(raw), raw)
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    return b"d" + b"".join(encode(key) + encode(each) for key, each in sorted(value.items())) + b"e"


def decode(data: bytes) -> dict[str, Value]:
    found, _ = _decode(data, 0)
    if not isinstance(found, dict):
        raise TypeError("no dictionary")
    return found


def _decode(data: bytes, at: int) -> tuple[Value, int]:
    """Return the value that starts at byte `at`, and the offset of its end. Integers are returned as strings."""
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return data[at + 1 : end].decode(), end + 1
    if kind in (b"l", b"d"):
        items: list[Value] = []
        at += 1
        while data[at : at + 1] != b"e":
            item, at = _decode(data, at)
            items.append(item)
        return (items if kind == b"l" else dict(zip(map(str, items[::2]), items[1::2], strict=True))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1 : end].decode(), end


class NgClient:
    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(("127.0.0.1", port))
        self._cookies = itertools.count()
        self._turn = asyncio.Lock()

    def close(self) -> None:
        self._socket.close()

    async def ask(self, command: str, **more: Value) -> dict[str, Value]:
        """Send a command and return the answer. Raise RuntimeError if rtpengine refuses the command."""
        named: dict[str, Value] = {key.replace("_", "-"): value for key, value in more.items()}
        loop, cookie = asyncio.get_running_loop(), f"bench{next(self._cookies)} ".encode()
        async with self._turn, asyncio.timeout(ANSWER_S):
            await loop.sock_sendall(self._socket, cookie + encode({"command": command, **named}))
            while not (data := await loop.sock_recv(self._socket, 65536)).startswith(cookie):
                pass  # the answer to an earlier command that timed out
        answer = decode(data.removeprefix(cookie))
        if answer["result"] == "error":
            raise RuntimeError(answer["error-reason"])
        return answer
