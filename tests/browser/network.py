"""The network of one person.

All packets of the person's browser pass through this process, which can stop either UDP alone or everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import BrowserContext, ProxySettings

from tests.peers.proxy import Line, Nat, Way

CHUNK_BYTES = 65_536
TCP_LATE_S = 6.0
"""Seconds from the network's return until the TCP data that waited for it passes.

While the network is gone, the sender's retransmission timeout doubles several times (RFC 6298). TCP sends the data again when
this timeout has passed.
"""
SOCKS5, NO_AUTHENTICATION, CONNECT, BY_NAME, BY_IPV4 = 5, 0, 1, 3, 1
DONE = struct.pack("!BBBB4sH", SOCKS5, 0, 0, BY_IPV4, bytes(4), 0)

# In the worker's SDP, replaces the worker's addresses by the router's address. The browser then knows only the router's address.
ONE_WAY = """
(() => {
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); (window.__peers ??= []).push(this); }
    async setRemoteDescription({ type, sdp }) {
      const port = sdp.match(/a=candidate:.* 127\\.0\\.0\\.1 ([0-9]+) typ host/)[1];
      const ours = await window.__wayTo(Number(port));
      const kept = sdp.split("\\r\\n").filter((line) => !line.startsWith("a=candidate:") || line.includes(" 127.0.0.1 "));
      const lines = kept.map((line) => line.startsWith("a=candidate:") ? line.replace(` ${port} typ`, ` ${ours} typ`) : line);
      return super.setRemoteDescription({ type, sdp: lines.join("\\r\\n") });
    }
  };
})();
"""


class Network:
    """One person's network. UDP packets pass through a router (`Nat`), which can drop all of them.

    Everything else passes through a SOCKS proxy, which holds the data back while the network fails.

    A test is allowed to let the network fail once, but not a second time. `becomes` changes the quality of the link that
    carries media.
    """

    def __init__(self) -> None:
        self.nats: dict[int, Nat] = {}
        self.ports: dict[int, int] = {}
        self.udp_cut = False
        self.line = Line()
        self._passes = asyncio.Event()
        self._passes.set()
        self.server: asyncio.Server

    @property
    def proxy(self) -> ProxySettings:
        return {"server": f"socks5://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"}

    async def carry(self, context: BrowserContext) -> None:
        """Send the media of each page that is opened from now on through the router."""
        await context.expose_function("__wayTo", self._way_to)
        await context.add_init_script(ONE_WAY)

    def cut(self, *, udp_alone: bool = False) -> None:
        self._cut_udp(True)
        if not udp_alone:
            self._passes.clear()

    def restore(self) -> None:
        self._cut_udp(False)
        if not self._passes.is_set():
            asyncio.get_running_loop().call_later(TCP_LATE_S, self._passes.set)
            self._passes = asyncio.Event()
            self._passes.set()

    def becomes(self, line: Line) -> None:
        """Change the link towards the media worker. The link's losses are random but the same in each run."""
        self.line = line
        for nat in self.nats.values():
            nat.up = Way(line, "up")

    def payload_types(self, latest: int = 10) -> set[int]:
        """Return the payload types of the newest `latest` RTP packets of the browser. RTP headers are not encrypted."""
        sent = [data for nat in self.nats.values() for data in nat.passed_out[-5 * latest :]]
        rtp = [data[1] & 127 for data in sent if 128 <= data[0] < 192 and not 192 <= data[1] <= 223]
        return set(rtp[-latest:])

    def _cut_udp(self, cut: bool) -> None:
        self.udp_cut = cut
        for nat in self.nats.values():
            nat.cut = cut

    async def _way_to(self, port: int) -> int:
        nat = self.nats.get(port)
        if nat is None:
            nat = self.nats[port] = Nat(("127.0.0.1", port))
            nat.cut = self.udp_cut
            nat.up = Way(self.line, "up")
            self.ports[port] = (await nat.open())[1]
        return self.ports[port]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve as a SOCKS proxy, with those functions of RFC 1928 that browsers use.

        Connect to this machine, whatever host the browser names.
        """
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            passes = self._passes
            await passes.wait()
            await reader.readexactly((await reader.readexactly(2))[1])
            writer.write(bytes((SOCKS5, NO_AUTHENTICATION)))
            _, command, _, kind = await reader.readexactly(4)
            if command != CONNECT or kind not in (BY_NAME, BY_IPV4):
                return
            await reader.readexactly(4 if kind == BY_IPV4 else (await reader.readexactly(1))[0])
            port = int.from_bytes(await reader.readexactly(2), "big")
            there_reader, there = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(there):
                writer.write(DONE)
                await asyncio.gather(self._pass_on(reader, there, passes), self._pass_on(there_reader, writer, passes))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: asyncio.Event) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await passes.wait()
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    network = Network()
    async with await asyncio.start_server(network.serve, "127.0.0.1", 0) as network.server:
        yield network
        network.server.close()
    for nat in network.nats.values():
        nat.close()
