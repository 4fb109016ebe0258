"""The only module that uses aiortc's private names.

This module uses aiortc's DTLS and SCTP unchanged, but not aiortc's peer connection, receivers and senders. These three are made
for clients and not for servers: one datagram from a stranger ends their call. One lost packet adds 280 ms of delay for the rest
of the call. `tests/unit/media/transport/test_seam.py` fails when a new version of aiortc renames or moves something that this
module uses.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pylibsrtp
from aiortc.rtcdatachannel import RTCDataChannel
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcsctptransport import (
    Chunk,
    DataChunk,
    ForwardTsnChunk,
    RTCSctpCapabilities,
    RTCSctpTransport,
    SackChunk,
)
from pylibsrtp import _binding

from media.transport import sctp
from media.transport.ice import Path

Certificate = RTCCertificate
SrtpError = (pylibsrtp.Error, ValueError)

MAX_DATAGRAM_BYTES = 1500
MAX_PROTECTED_INPUT_BYTES = 1356
"""A packet to encrypt has at most this many bytes. pylibsrtp works in a buffer of 1500 bytes and reserves 144 of them for its
trailer."""
HANDSHAKE_QUEUE = 64  # At most this many DTLS and SCTP datagrams of one peer wait to be read; further datagrams are dropped.
SCTP_PORT = 5000
_SRTP_FUNCTION = "srtp_err_status_t(*)(struct srtp_ctx_t_ *, void *, int *)"
MAX_STREAM_ID = 1023  # largest accepted number of an SCTP stream
MAX_MISORDERED = 4096
"""At most this many SCTP chunks of a peer can wait for an earlier, missing chunk. aiortc sorts these chunks for every packet."""
MAX_CHANNELS = 4  # A peer can open at most this many data channels over its whole life. Channels that it has closed count, too.
MAX_BUFFERED_BYTES = {"doc": 4 * 1024 * 1024, "live": 64 * 1024}  # A data channel holds at most this many unsent bytes.


class _Path:
    """The parts of an ICE transport that `RTCDtlsTransport` uses: a function that sends, and a queue of received datagrams."""

    state = "completed"

    def __init__(self, send: Callable[[bytes], None], role: str = "controlled") -> None:
        self.role = role
        self._send_datagram = send
        self._queue: asyncio.Queue[tuple[bytes, Path | None] | None] = asyncio.Queue(HANDSHAKE_QUEUE)
        self._closed = False
        self.came_by: Path | None = None
        """Network path of the datagram that is being read now."""

    def push(self, data: bytes, came_by: Path | None = None) -> bool:
        """Queue a datagram. Return False if the queue is full and the datagram is dropped (DTLS and SCTP retransmit)."""
        if self._closed or self._queue.full():
            return False
        self._queue.put_nowait((data, came_by))
        return True

    def close(self) -> None:
        """Close the path. Readers and writers get ConnectionError from now on."""
        if not self._closed:
            self._closed = True
            if self._queue.full():
                self._queue.get_nowait()
            self._queue.put_nowait(None)

    async def _recv(self) -> bytes:
        found = await self._queue.get()
        if found is None:
            raise ConnectionError("path closed")
        data, self.came_by = found
        return data

    async def _send(self, data: bytes) -> None:
        if self._closed:
            raise ConnectionError("path closed")
        self._send_datagram(data)


class _BoundedSctp(RTCSctpTransport):
    """SCTP that ends the transport, and says why, when its input is hostile.

    aiortc neither limits reassembly nor enforces its receive window. The parsers of aiortc can raise any exception, for example
    for a SACK that claims more gaps than it contains (found by fuzzing). In these cases this class calls `end` with a reason.
    """

    def __init__(self, transport: RTCDtlsTransport, end: Callable[[str], None], heard: Callable[[], None]) -> None:
        super().__init__(transport, port=SCTP_PORT)
        self._end = end
        self._heard = heard

    async def _handle_data(self, data: bytes) -> None:
        self._heard()
        if not sctp.has_sound_parameters(data):
            self._end("sctp_malformed")
            return
        try:
            await super()._handle_data(data)
        except ConnectionError:
            raise
        except Exception:  # the association's state is unknown after this error, which its peer has caused
            self._end("sctp_malformed")

    async def _receive_chunk(self, chunk: Chunk) -> None:
        if isinstance(chunk, DataChunk):
            full = len(chunk.user_data) > self._advertised_rwnd or len(self._sack_misordered) >= MAX_MISORDERED
            if full or chunk.stream_id > MAX_STREAM_ID or self._last_received_tsn is None:
                self._end("sctp_overflow")
                return
        elif isinstance(chunk, SackChunk):
            outstanding = (self._local_tsn - chunk.cumulative_tsn) & 0xFFFFFFFF
            if not sctp.are_sound_gaps(chunk.gaps, outstanding):
                self._end("sctp_malformed")
                return
        elif isinstance(chunk, ForwardTsnChunk) and any(stream > MAX_STREAM_ID for stream, _ in chunk.streams):
            self._end("sctp_overflow")
            return
        await super()._receive_chunk(chunk)


@dataclass
class Handlers:
    """The functions that `SecureTransport` calls, in the event loop.

    - secured: called when DTLS is connected.
    - opened: gets the label of a data channel that the peer has opened.
    - message: gets the label of a data channel, and a message (text or bytes) that has come on this channel.
    - closed: gets the reason for which the transport has ended. Called at most once, and not after `SecureTransport.close`.
    - heard: gets the network path (`Path`) by which a packet has come, once for every packet that DTLS has decrypted. Such a
      packet is authentic and not a replay.
    """

    secured: Callable[[], None]
    opened: Callable[[str], None]
    message: Callable[[str, str | bytes], None]
    closed: Callable[[str], None]
    heard: Callable[[Path], None] = lambda path: None


class SecureTransport:
    """DTLS server, SRTP in both directions, and the data channels of one peer.

    Call `run` once, and `close` at the end, even after a failure.

    - fingerprints: (algorithm, digest) of the certificates that the peer is allowed to use.
    - send: the function that sends a datagram to the peer.
    - client: whether this side is a DTLS client without data channels, instead of a server.
    """

    def __init__(
        self,
        certificate: Certificate,
        fingerprints: list[tuple[str, str]],
        send: Callable[[bytes], None],
        handlers: Handlers,
        *,
        client: bool = False,
    ):
        self._path = _Path(send, "controlling" if client else "controlled")
        self._client = client
        self._fingerprints = [RTCDtlsFingerprint(algorithm=name, value=value) for name, value in fingerprints]
        self._handlers = handlers
        self._channels: dict[str, RTCDataChannel] = {}
        self._opened_channels = 0
        self._closed = False
        self._dtls = RTCDtlsTransport(self._path, [certificate])  # type: ignore[arg-type]  # uses role, state, _recv, _send only
        self._dtls._set_role("client" if client else "server")  # a DTLS server sends a=setup:passive in its SDP answer
        self._sctp = _BoundedSctp(self._dtls, self._finish, self._decrypted)
        self._sctp.on("datachannel", self._datachannel)
        self._rx: Any = None  # a pylibsrtp.Session while `secure`, otherwise None
        self._tx: Any = None

    async def run(self, max_message_bytes: int) -> None:
        """Do the DTLS handshake and open the SCTP association.

        `max_message_bytes`: the longest data channel message that the peer accepts. The call ends as
        soon as DTLS and SCTP have started, or after `Handlers.closed`.
        """
        try:
            await self._dtls.start(RTCDtlsParameters(fingerprints=self._fingerprints))
            if self._dtls.state != "connected":
                self._finish("dtls_failed")
                return
            self._rx, self._tx = self._dtls._rx_srtp, self._dtls._tx_srtp
            self._dtls.on("statechange", self._dtls_changed)
            self._handlers.secured()
            if self._client:
                return
            await self._sctp.start(RTCSctpCapabilities(maxMessageSize=max_message_bytes), SCTP_PORT)
        except ConnectionError:
            self._finish("closed")

    def receive_dtls(self, data: bytes, came_by: Path | None = None) -> bool:
        """Queue a DTLS datagram. Return False if the queue is full and the datagram is dropped."""
        return self._path.push(data, came_by)

    def _decrypted(self) -> None:
        if self._path.came_by is not None:
            self._handlers.heard(self._path.came_by)

    @property
    def secure(self) -> bool:
        """Return whether the handshake has made SRTP keys and the transport is open."""
        return self._tx is not None and not self._closed

    def unprotect(self, data: bytes) -> bytes:
        """Return a decrypted RTP packet. Raise one of `SrtpError` for a forged, repeated or oversized packet.

        Call only while `secure`.
        """
        plain: bytes = self._rx.unprotect(data)
        return plain

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """Return a decrypted RTCP packet. Raise one of `SrtpError`. Call only while `secure`."""
        plain: bytes = self._rx.unprotect_rtcp(data)
        return plain

    def protect(self, data: bytes) -> bytes:
        """Return an encrypted RTP packet. Raise one of `SrtpError`. Call only while `secure`."""
        sealed: bytes = self._tx.protect(data)
        return sealed

    def protect_rtcp(self, data: bytes) -> bytes:
        """Return an encrypted RTCP packet. Raise one of `SrtpError`. Call only while `secure`."""
        sealed: bytes = self._tx.protect_rtcp(data)
        return sealed

    def contexts(self) -> tuple[tuple[int, int], object]:
        """Return the memory addresses of libsrtp's contexts for (unprotect, protect), and their owner, which keeps them alive.

        Call only while `secure`.
        """
        to_address = _binding.ffi.cast
        sessions = (self._rx, self._tx)
        rx, tx = (int(to_address("intptr_t", each._srtp[0])) for each in sessions)
        return (rx, tx), sessions

    def send(self, label: str, data: str | bytes) -> bool:
        """Send a message on the data channel `label`. Return False if the channel is not open, or is full and drops the message.

        A full `doc` channel also ends this transport, because only a new connection can bring the messages that the peer misses.
        """
        channel = self._channels.get(label)
        if channel is None or channel.readyState != "open":
            return False
        if channel.bufferedAmount + len(data) > MAX_BUFFERED_BYTES[label]:
            if label == "doc":
                self._finish("not_draining")
            return False
        channel.send(data)
        return True

    def has_channel(self, label: str) -> bool:
        """Return whether the data channel is open."""
        channel = self._channels.get(label)
        return channel is not None and channel.readyState == "open"

    async def close(self) -> None:
        """Tell the peer (SCTP abort, DTLS close) and free everything. Safe to call twice."""
        self._closed = True
        with contextlib.suppress(ConnectionError, AssertionError):
            await self._sctp.stop()
        with contextlib.suppress(ConnectionError):
            await self._dtls.stop()
        self._path.close()
        self._rx = self._tx = None

    def _finish(self, reason: str) -> None:
        if not self._closed:
            self._closed = True
            self._handlers.closed(reason)

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self._finish("closed_by_client")

    def _datachannel(self, channel: RTCDataChannel) -> None:
        self._opened_channels += 1
        if self._opened_channels > MAX_CHANNELS:
            self._finish("too_many_channels")
            return
        label = channel.label
        if label not in MAX_BUFFERED_BYTES or self.has_channel(label):
            channel.close()
            return
        self._channels[label] = channel

        def message(data: Any) -> None:
            self._handlers.message(label, data)

        channel.on("message", message)
        self._handlers.opened(label)


def srtp_functions() -> tuple[int, int, int] | None:
    """Return the memory addresses of `srtp_unprotect`, `srtp_protect` and `srtp_protect_rtcp`.

    None: pylibsrtp contains another libsrtp than version 2. In version 3 these functions have other arguments.
    """
    ffi, lib = _binding.ffi, _binding.lib
    functions = [ffi.addressof(lib, name) for name in ("srtp_unprotect", "srtp_protect", "srtp_protect_rtcp")]
    if any(ffi.typeof(each).cname != _SRTP_FUNCTION for each in functions):
        return None
    unprotect, protect, protect_rtcp = (int(ffi.cast("intptr_t", each)) for each in functions)
    return unprotect, protect, protect_rtcp


def make_certificate() -> Certificate:
    """Return a new self-signed certificate."""
    return RTCCertificate.generateCertificate()


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate as in `a=fingerprint:sha-256 …`."""
    return next(item.value for item in certificate.getFingerprints() if item.algorithm == "sha-256")
