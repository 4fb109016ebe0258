"""A light peer: it uses ICE and DTLS-SRTP like a browser, sends and receives one voice, and has no videos and no data channels.

A `Choir` is the clock of all peers of this process. Every 20 ms the choir calls `tick` of each peer, which then speaks and
listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from aioice import stun
from aiortc.sdp import SessionDescription

from media.mixer.jitter import TICK_S, TICK_SAMPLES
from media.mixer.opus import is_dtx
from media.packets import rtcp, rtp
from media.packets.sdp import LEVEL_URI, MID_URI
from media.transport.seam import Handlers, SecureTransport, SrtpError, fingerprint, make_certificate

from .ear import Ear, Heard
from .voice import Voice

OPUS, VP8 = 111, 96
MID, LEVEL = 4, 1
CONNECT_S = 10.0
CHECK_EVERY_S, CONSENT_EVERY_S = 0.1, 2.5
REPORT_EVERY_S = 5.0
BUFFER_BYTES = 1 << 20
KEPT = 10_000
MOST_LATE_S = 0.2
"""If the clock is late by at most this many seconds, it makes all missed ticks at once. If the clock is later, it skips ticks."""
PHASES = 4
"""Number of equal parts of a 20 ms tick. Each peer speaks in one of these parts, so that not all peers speak at one moment."""

Address = tuple[str, int]


class NotConnected(Exception):
    """The peer connection was not established. `reason`: no_candidates, no_udp (no answer to any check), dtls_failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Choir:
    """The clock of all peers, as an async context manager. Peers speak and listen from `join` to `leave`.

    A tick has `PHASES` parts. `late_ms`: by how many ms each of the last `KEPT` parts began later than planned. A large value
    means that this machine, and not the installation, limits the figures.
    """

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.certificate = make_certificate()
        self.late_ms: deque[float] = deque(maxlen=KEPT)
        self._peers: list[set[Peer]] = [set() for _ in range(PHASES)]

    async def __aenter__(self) -> Choir:
        self._task = asyncio.create_task(self._conduct())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    def join(self, peer: Peer) -> None:
        min(self._peers, key=len).add(peer)

    def leave(self, peer: Peer) -> None:
        for phase in self._peers:
            phase.discard(peer)

    async def _conduct(self) -> None:
        due = monotonic()
        while True:
            for phase in self._peers:
                self.late_ms.append(1000 * (monotonic() - due))
                for peer in phase:
                    peer.tick(monotonic())
                due = max(due + TICK_S / PHASES, monotonic() - MOST_LATE_S)
                await asyncio.sleep(due - monotonic())


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        self._take(data, (address[0], address[1]))


class Peer:
    """One peer. Call `offer()`, then `connect(answer)`. The peer speaks until `close()`.

    `hears`: set when the first packet with sound arrives, at `heard_at`. `sent`: when each packet of the voice was last sent. The
    other peer of the call reads `sent` to compute the delay of the packets that it receives.
    """

    def __init__(self, choir: Choir) -> None:
        self.hears = asyncio.Event()
        self.heard_at = 0.0
        self.ear = Ear()
        self.sent: dict[int, float] = {}
        self.other: Peer | None = None
        self._choir = choir
        self._ufrag, self._password = secrets.token_hex(4), secrets.token_hex(16)
        self._ssrc = secrets.randbits(31) + 1
        self._number = secrets.randbits(14)
        self._at = 0
        self._sockets: dict[int, asyncio.DatagramTransport] = {}
        self._target: Address | None = None
        self._found = asyncio.Event()
        self._failed = ""
        self._checking: asyncio.Task[None] | None = None
        self._secure: SecureTransport | None = None
        self._report_due = 0.0

    # setting up

    def offer(self) -> str:
        """Return the SDP offer, with the m-lines that `docs/protocol.md` requires."""
        transport = [f"a=ice-ufrag:{self._ufrag}", f"a=ice-pwd:{self._password}", "a=setup:actpass"]
        transport.append(f"a=fingerprint:sha-256 {fingerprint(self._choir.certificate)}")
        lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2 3 4 5 6 7"]
        directions = ["sendrecv", "sendonly", "sendonly", *["recvonly"] * 4]
        for mid, direction in enumerate(directions):
            kind, number, codec = ("audio", OPUS, "opus/48000/2") if mid == 0 else ("video", VP8, "VP8/90000")
            lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}", "c=IN IP4 0.0.0.0", f"a=mid:{mid}", f"a={direction}"]
            lines += ["a=rtcp-mux", f"a=rtpmap:{number} {codec}", f"a=extmap:{MID} {MID_URI}", *transport]
            if mid == 0:
                lines += [f"a=extmap:{LEVEL} {LEVEL_URI}", f"a=fmtp:{OPUS} useinbandfec=1", f"a=ssrc:{self._ssrc} cname:caller"]
        lines += ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:7", "a=sctp-port:5000"]
        return "\r\n".join([*lines, *transport]) + "\r\n"

    async def connect(self, answer: str) -> None:
        """Connect to the worker, with its SDP answer. Raises `NotConnected` if this fails, at the latest after `CONNECT_S`."""
        media = SessionDescription.parse(answer).media[0]
        candidates = [(each.ip, each.port) for each in media.ice_candidates if each.protocol.lower() == "udp"]
        if not candidates or media.dtls is None or media.ice is None:
            raise NotConnected("no_candidates")
        self._their_ufrag, self._their_password = media.ice.usernameFragment or "", media.ice.password or ""
        handlers = Handlers(lambda: None, lambda _: None, lambda _, __: None, self._closed)
        fingerprints = [(each.algorithm, each.value) for each in media.dtls.fingerprints]
        self._secure = SecureTransport(self._choir.certificate, fingerprints, self._send, handlers, client=True)
        try:
            async with asyncio.timeout(CONNECT_S):
                for family in {_family(address) for address in candidates}:
                    await self._open(family)
                self._checking = asyncio.create_task(self._check(candidates))
                await self._found.wait()
                await self._secure.run(0)
        except TimeoutError:
            raise NotConnected("dtls_failed" if self._found.is_set() else "no_udp") from None
        if not self._secure.secure:
            raise NotConnected(self._failed or "dtls_failed")
        self._choir.join(self)

    def figures(self) -> Heard:
        """Return the figures of the sound that this peer has heard until now."""
        return self.ear.figures(monotonic())

    async def close(self) -> None:
        """Stop speaking, and close the connection and its sockets."""
        self._choir.leave(self)
        if self._checking is not None:
            self._checking.cancel()
        try:
            if self._secure is not None:
                await self._secure.close()
        finally:
            for each in self._sockets.values():
                each.close()

    async def _open(self, family: int) -> None:
        loop = asyncio.get_running_loop()
        here = ("::", 0) if family == socket.AF_INET6 else ("0.0.0.0", 0)  # noqa: S104 - a client's own port, whatever its route
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self._datagram), local_addr=here)
        except OSError:
            return  # this machine lacks this address family; other candidates of the worker can still work
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._sockets[family] = transport

    # ICE

    async def _check(self, candidates: list[Address]) -> None:
        """Send checks to all addresses until one answers. Then send checks to that address, to ask for consent (RFC 7675)."""
        while True:
            for address in candidates if self._target is None else [self._target]:
                self._put(self._request(), address)
            await asyncio.sleep(CHECK_EVERY_S if self._target is None else CONSENT_EVERY_S)

    def _request(self) -> bytes:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._their_ufrag}:{self._ufrag}"
        request.attributes["PRIORITY"] = 2130706431
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._their_password.encode())
        request.add_fingerprint()
        return bytes(request)

    def _stun(self, data: bytes, address: Address) -> None:
        try:
            message = stun.parse_message(data)
        except (ValueError, struct.error):
            return
        if message.message_class is stun.Class.RESPONSE:
            self._target = self._target or address
            self._found.set()
        elif message.message_class is stun.Class.REQUEST:
            reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            reply.attributes["XOR-MAPPED-ADDRESS"] = address
            reply.add_message_integrity(self._password.encode())
            reply.add_fingerprint()
            self._put(bytes(reply), address)

    # datagrams

    def _put(self, data: bytes, address: Address) -> None:
        transport = self._sockets.get(_family(address))
        if transport is not None:
            transport.sendto(data, address)

    def _send(self, data: bytes) -> None:
        if self._target is not None:
            self._put(data, self._target)

    def _closed(self, reason: str) -> None:
        self._failed = reason

    def _datagram(self, data: bytes, address: Address) -> None:
        if len(data) < 12:
            return
        if data[0] < 4:
            self._stun(data, address)
        elif self._secure is None or address != self._target:
            return
        elif data[0] < 64:
            self._secure.receive_dtls(data)
        elif self._secure.secure and not 192 <= data[1] <= 223:
            self._rtp(self._secure, data)

    def _rtp(self, secure: SecureTransport, data: bytes) -> None:
        try:
            plain = secure.unprotect(data)
            header = rtp.parse(plain)
        except (*SrtpError, rtp.RtpError):
            return
        now = monotonic()
        payload = plain[header.payload : header.end]
        number = self._choir.voice.index.get(payload)
        sent_at = self.other.sent.get(number) if self.other is not None and number is not None else None
        self.ear.packet(header, payload, now, sent_at)
        if not is_dtx(payload) and not self.hears.is_set():
            self.heard_at = now
            self.hears.set()

    # the tick

    def tick(self, now: float) -> None:
        secure, voice = self._secure, self._choir.voice
        if secure is None or not secure.secure:
            return
        self.ear.tick(now)
        self._number += 1
        self._at = (self._at + 1) % len(voice.payloads)
        elements = bytes([MID << 4]) + b"0" + bytes([LEVEL << 4, voice.levels[self._at]])
        head = rtp.HEADER.pack(0x90, OPUS, self._number & 0xFFFF, self._number * TICK_SAMPLES & 0xFFFFFFFF, self._ssrc)
        self.sent[self._at] = now
        self._send(secure.protect(head + b"\xbe\xde\0\1" + elements + voice.payloads[self._at]))
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY_S
            self._send(secure.protect_rtcp(rtcp.receiver_report(self._ssrc, self.ear.blocks(now))))


def _family(address: Address) -> int:
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET
