"""UDP paths between a client and the worker, or between two clients.

`Proxy` loses, delays, reorders and repeats packets at random; its seed decides which packets. `Nat` is a home router: it can stop
all packets, and can change its public address.
"""

from __future__ import annotations

import asyncio
import random
import socket
from dataclasses import dataclass
from typing import Any

from tests.peers.offer import OPUS, RED

Address = tuple[str, int]
QUEUE_S = 0.3


@dataclass(frozen=True)
class Line:
    """One direction of a link. Random faults hit only media (RTP and RTCP). DTLS and STUN packets always pass."""

    loss: float = 0.0
    """Share of the media packets that this direction loses."""
    burst: float = 1.0
    """The average number of packets lost in a row. 1: each packet is lost independently. More than 1: losses follow Gilbert's
    model.
    """
    jitter_s: float = 0.0
    """Largest random delay of a packet, in s. The delay differs from packet to packet, so packets overtake each other."""
    twice: float = 0.0
    """Share of the media packets that this direction delivers twice."""
    bps: float | None = None
    """Limit of the link in bits per second. Packets wait in a queue before the link. A packet that would have to wait longer than
    `QUEUE_S` is dropped. None: the link has no limit.
    """


class Way:
    """Decides what happens to each packet of one direction. A test can replace `line` at any time.

    Which random faults hit the n-th RTP packet depends only on the seed, not on the RTCP packets before it.
    """

    def __init__(self, line: Line, seed: str) -> None:
        self.line = line
        self._chance = {kind: random.Random(f"{seed} {kind}") for kind in ("rtp", "rtcp")}
        self._losing = dict.fromkeys(self._chance, False)
        self._free = 0.0
        self.offered_bytes = 0
        """Number of bytes that were sent into the link, including those of lost packets."""

    def delays(self, data: bytes, now: float) -> list[float]:
        """Return one delay in s for each arrival of the packet: an empty list if it is lost, two delays if it arrives twice."""
        self.offered_bytes += len(data)
        delays = self._luck("rtcp" if 192 <= data[1] <= 223 else "rtp") if data[:1] >= b"\x80" else [0.0]
        if self.line.bps is None or not delays:
            return delays
        waits = max(0.0, self._free - now)
        if waits > QUEUE_S:
            return []
        self._free = now + waits + len(data) * 8 / self.line.bps
        return [delay + self._free - now for delay in delays]

    def _luck(self, kind: str) -> list[float]:
        line, chance = self.line, self._chance[kind]
        lost, twice, first, second = (chance.random() for _ in range(4))
        if self._losing[kind]:
            self._losing[kind] = lost >= 1 / line.burst if line.burst > 1 else lost < line.loss
        else:
            self._losing[kind] = lost < (line.loss / (line.burst * (1 - line.loss)) if line.burst > 1 else line.loss)
        if self._losing[kind]:
            return []
        return [delay * line.jitter_s for delay in ([first, second] if twice < line.twice else [first])]


class Bursts(Way):
    """Loses four packets in a row out of every 30 packets of a voice. When a lost packet is sent again, it arrives."""

    def __init__(self) -> None:
        super().__init__(Line(), "")
        self.lost: set[int] = set()

    def delays(self, data: bytes, now: float) -> list[float]:
        number = int.from_bytes(data[2:4], "big")
        is_voice = data[0] >> 6 == 2 and data[1] & 0x7F in (OPUS, RED)
        if is_voice and number % 30 < 4 and number not in self.lost:
            self.lost.add(number)
            return []
        return [0.0]


class Proxy(asyncio.DatagramProtocol):
    """A link between one client and one target.

    `up`: the direction to the target. `down`: the direction to the client. `loss` and `jitter_s`: used in each direction for
    which no `Line` is given.
    """

    def __init__(
        self,
        target: Address,
        *,
        loss: float = 0.0,
        jitter_s: float = 0.0,
        up: Line | None = None,
        down: Line | None = None,
        seed: int = 1,
    ) -> None:
        both = Line(loss=loss, jitter_s=jitter_s)
        self.target = target
        self.lost = 0
        self.up, self.down = Way(up or both, f"{seed} up"), Way(down or both, f"{seed} down")
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
        to, way = (self._client, self.down) if address == self.target else (self.target, self.up)
        if to is None or len(data) < 2:
            return
        loop = asyncio.get_running_loop()
        delays = way.delays(data, loop.time())
        self.lost += not delays
        for delay in delays:
            if delay:
                loop.call_later(delay, self._forward, data, to)
            else:
                self._forward(data, to)

    def _forward(self, data: bytes, to: Address) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, to)


class Nat(asyncio.DatagramProtocol):
    """A home router (NAT) between one client and the worker.

    The worker sees the router's address. `rebind` changes this address without the client's knowledge. While `cut` is set, no
    packet passes.
    """

    def __init__(self, target: Address) -> None:
        self.target = target
        self.cut = False
        self.up = Way(Line(), "up")
        self.passed_out: list[bytes] = []
        self._client: Address | None = None
        self._inside: Any
        self._outside: socket.socket

    async def open(self) -> Address:
        loop = asyncio.get_running_loop()
        self._inside, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.rebind()
        address: Address = self._inside.get_extra_info("sockname")
        return address

    def rebind(self) -> None:
        loop = asyncio.get_running_loop()
        if hasattr(self, "_outside"):
            loop.remove_reader(self._outside)
            self._outside.close()
        self._outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._outside.setblocking(False)
        self._outside.bind(("127.0.0.1", 0))
        loop.add_reader(self._outside, self._inward)

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        self._client = address
        self.passed_out.append(data)
        loop = asyncio.get_running_loop()
        for delay in self.up.delays(data, loop.time()):
            if delay:
                loop.call_later(delay, self._outward, data)
            else:
                self._outward(data)

    def _outward(self, data: bytes) -> None:
        if not self.cut and self._outside.fileno() >= 0:
            self._outside.sendto(data, self.target)

    def _inward(self) -> None:
        data = self._outside.recv(2048)
        if not self.cut and self._client is not None:
            self._inside.sendto(data, self._client)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._outside)
        self._outside.close()
        self._inside.close()
