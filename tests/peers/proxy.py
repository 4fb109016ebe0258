"""A UDP path between a client and the worker that loses, delays and reorders by a seed."""

from __future__ import annotations

import asyncio
import random
from typing import Any

Address = tuple[str, int]
QUEUE_S = 0.3


class Proxy(asyncio.DatagramProtocol):
    """One client, one worker. `loss`: share lost each way; `jitter_s`: up to so much delay, hence reordering. `down_bps`: bits a
    second towards the client (None: no limit), behind a queue of `QUEUE_S` that drops what comes last.

    `spare`: DTLS and STUN pass unharmed, so that a test is about media and not about its connection.
    """

    def __init__(
        self, target: Address, *, loss: float, jitter_s: float = 0.0, seed: int = 1, down_bps: float | None = None
    ) -> None:
        self.target = target
        self.loss = loss
        self.jitter_s = jitter_s
        self.down_bps = down_bps
        self.lost = 0
        self._free = 0.0
        self._random = random.Random(seed)
        self._client: Address | None = None
        self._transport: Any

    async def open(self) -> Address:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        address: Address = transport.get_extra_info("sockname")
        return address

    def close(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        if address != self.target:
            self._client = address
        to = self._client if address == self.target else self.target
        if to is None:
            return
        media = data[:1] >= b"\x80"
        if media and self._random.random() < self.loss:
            self.lost += 1
            return
        delay = self._random.random() * self.jitter_s if media else 0.0
        if self.down_bps is not None and address == self.target:
            now = asyncio.get_running_loop().time()
            waits = max(0.0, self._free - now)
            if waits > QUEUE_S:
                self.lost += 1
                return
            self._free = now + waits + len(data) * 8 / self.down_bps
            delay += self._free - now
        if delay:
            asyncio.get_running_loop().call_later(delay, self._transport.sendto, data, to)
        else:
            self._transport.sendto(data, to)
