"""A light connection to a media server. ICE and DTLS-SRTP are set up in asyncio. Then the bench sends packets without asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import socket
import struct
from functools import cached_property
from typing import Any

from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from media.packets import rtp

OPUS = 111
MID, LEVEL = 4, 1
SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("qq")
_CERTIFICATE = RTCCertificate.generateCertificate()


class Leg:
    """A connection of one person. Call `connect` once; then `seal`, `send` and `drain`.

    `arrivals`: (kernel arrival time in s, packet) of the first `keep` packets.
    """

    role = "controlling"
    state = "completed"

    def __init__(self, host: str, *, keep: int = 0) -> None:
        self.keep = keep
        self.received = 0
        self.arrivals: list[tuple[float, bytes]] = []
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self.ssrc = secrets.randbits(31) + 1
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.port = self.socket.getsockname()[1]
        self._host = host
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._checked = asyncio.Event()
        self._dtls = RTCDtlsTransport(self, [_CERTIFICATE])
        self._dtls._set_role("client")

    @property
    def transport_lines(self) -> list[str]:
        fingerprint = next(each.value for each in _CERTIFICATE.getFingerprints() if each.algorithm == "sha-256")
        return [
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.password}",
            f"a=fingerprint:sha-256 {fingerprint}",
            f"a=candidate:1 1 udp 2130706431 {self._host} {self.port} typ host",
        ]

    async def connect(self, sdp: str, *, offered: bool) -> None:
        """Connect to the server with its SDP.

        `offered`: True if the SDP answers our offer; this side then has the controlling role of ICE. False if the SDP is the
        server's offer.
        """
        self._offered = offered
        self._their_ufrag = re.findall(r"a=ice-ufrag:(\S+)", sdp)[0]
        self._their_password = re.findall(r"a=ice-pwd:(\S+)", sdp)[0]
        fingerprint = re.findall(r"a=fingerprint:sha-256 (\S+)", sdp, re.IGNORECASE)[0]
        found = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", sdp, re.IGNORECASE)
        self.target = next((host, int(port)) for host, port in found if host == self._host)
        loop = asyncio.get_running_loop()
        loop.add_reader(self.socket.fileno(), self._drain_into_inbox)
        checking = asyncio.create_task(self._check_until_answered())
        try:
            async with asyncio.timeout(15):
                await self._checked.wait()
                await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", fingerprint)]))
        finally:
            checking.cancel()
            loop.remove_reader(self.socket.fileno())
        assert self._dtls.state == "connected", self._dtls.state

    async def close(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._dtls.stop()
        self._inbox.put_nowait(None)
        self.socket.close()

    # ICE: connectivity checks

    def check(self) -> bytes:
        """Return a new connectivity check (RFC 8445), which also renews the consent to receive media (RFC 7675)."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._their_ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 2130706431
        request.attributes["ICE-CONTROLLING" if self._offered else "ICE-CONTROLLED"] = 1
        if self._offered:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._their_password.encode())
        request.add_fingerprint()
        return bytes(request)

    async def _check_until_answered(self) -> None:
        while True:
            self.send(self.check())
            await asyncio.sleep(0.5 if self._checked.is_set() else 0.05)

    def _stun(self, data: bytes, source: tuple[str, int]) -> None:
        message = stun.parse_message(data)
        if message.message_class is stun.Class.RESPONSE:
            self._checked.set()
        elif message.message_class is stun.Class.REQUEST:
            reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            reply.attributes["XOR-MAPPED-ADDRESS"] = source
            reply.add_message_integrity(self.password.encode())
            reply.add_fingerprint()
            self.socket.sendto(bytes(reply), source)

    # the methods that RTCDtlsTransport calls on its ICE transport

    async def _recv(self) -> bytes:
        data = await self._inbox.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self.send(data)

    def _drain_into_inbox(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                data, source = self.socket.recvfrom(2048)
                if data[0] < 4:
                    self._stun(data, source)
                elif data[0] < 64:
                    self._inbox.put_nowait(data)

    # methods that make and send packets

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.target)

    def seal(self, index: int, payload: bytes, level: int) -> bytes:
        """Return the encrypted packet with this index. Each packet holds 20 ms of sound."""
        elements = bytes([MID << 4]) + b"0" + bytes([LEVEL << 4, level])
        head = rtp.HEADER.pack(0x90, OPUS, index & 0xFFFF, index * 960 & 0xFFFFFFFF, self.ssrc)
        return self.protect(head + b"\xbe\xde\0\1" + elements + payload)

    def protect(self, packet: bytes) -> bytes:
        sealed: bytes = self._dtls._tx_srtp.protect(packet)
        return sealed

    def open(self, data: bytes) -> tuple[rtp.Header, bytes]:
        plain = self._dtls._rx_srtp.unprotect(data)
        header = rtp.parse(plain)
        return header, plain[header.payload : header.end]

    @cached_property
    def heard(self) -> list[tuple[float, rtp.Header, bytes]]:
        """Return the packets in `arrivals`, decrypted.

        Call this method only once, after all packets have arrived, because no packet can be decrypted twice.
        """
        return [(at, *self.open(packet)) for at, packet in self.arrivals]

    def drain(self) -> None:
        """Read the socket until it is empty. Count the media packets, and keep the first `keep` of them."""
        receive: Any = self.socket.recvmsg
        try:
            while True:
                data, more, _, source = receive(2048, 64)
                if data[0] < 4:
                    self._stun(data, source)
                elif source != self.target:
                    continue  # this packet was meant for an earlier socket on the same port
                elif data[0] >= 128 and not 192 <= data[1] <= 223:
                    self.received += 1
                    if len(self.arrivals) < self.keep:
                        seconds, nanoseconds = _TIMESPEC.unpack(more[0][2])
                        self.arrivals.append((seconds + nanoseconds / 1e9, data))
        except BlockingIOError:
            return
