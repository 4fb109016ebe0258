"""Fail if a new version of aiortc has changed the private names that `media.transport.seam` uses."""

from __future__ import annotations

import asyncio
import inspect

import pytest
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcsctptransport import DataChunk, RTCSctpCapabilities, RTCSctpTransport

from media.transport import seam
from tests import PATIENCE_S


def test_private_aiortc_names_still_exist() -> None:
    assert list(inspect.signature(RTCDtlsTransport._set_role).parameters) == ["self", "role"]
    assert inspect.iscoroutinefunction(RTCSctpTransport._receive_chunk)
    assert {"stream_id", "user_data", "tsn"} <= set(vars(DataChunk()))
    source = inspect.getsource(RTCDtlsTransport)
    for used in ("self.transport._recv()", "self.transport._send(", "self._rx_srtp", "self._tx_srtp", 'emit("statechange")'):
        assert used in source
    source = inspect.getsource(RTCSctpTransport)
    for used in ("self._advertised_rwnd", "self._sack_misordered", "self._last_received_tsn", 'emit("datachannel"'):
        assert used in source


def test_fast_path_calls_libsrtp_with_its_signatures() -> None:
    assert seam.srtp_functions() is not None


class Ends:
    """Our server and an aiortc client, connected in memory."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self.certificate, self.theirs = seam.make_certificate(), seam.make_certificate()
        handlers = seam.Handlers(
            lambda: self.events.append("secured"),
            lambda label: self.events.append(("opened", label)),
            lambda label, data: self.events.append((label, data)),
            lambda reason: self.events.append(("closed", reason)),
        )
        self.path = seam._Path(lambda data: self.server.receive_dtls(data) and None)
        self.path.role = "controlling"
        self.server = seam.SecureTransport(
            self.certificate, [("sha-256", seam.fingerprint(self.theirs))], lambda data: self.path.push(data) and None, handlers
        )
        self.dtls = RTCDtlsTransport(self.path, [self.theirs])
        self.dtls._set_role("client")
        self.sctp = RTCSctpTransport(self.dtls)

    async def connect(self) -> None:
        parameters = RTCDtlsParameters([RTCDtlsFingerprint("sha-256", seam.fingerprint(self.certificate))])
        await asyncio.gather(self.server.run(65536), self.dtls.start(parameters))
        await self.sctp.start(RTCSctpCapabilities(65536), 5000)

    async def until(self, event: object) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while event not in self.events:  # wait in steps, because the end of OpenSSL's handshake wakes nobody
                await asyncio.sleep(0.005)

    async def close(self) -> None:
        await self.server.close()
        await self.sctp.stop()
        await self.dtls.stop()
        self.path.close()


@pytest.fixture
async def ends() -> Ends:
    return Ends()


def channel(ends: Ends, label: str) -> RTCDataChannel:
    return RTCDataChannel(ends.sctp, RTCDataChannelParameters(label=label))


async def test_media_and_messages_pass_after_the_handshake(ends: Ends) -> None:
    await ends.connect()
    assert ends.server.secure
    rtp = b"\x80\x6f\0\1" + b"\0\0\0\1" * 2 + b"voice"
    assert ends.server.unprotect(ends.dtls._tx_srtp.protect(rtp)) == rtp
    assert ends.dtls._rx_srtp.unprotect(ends.server.protect(rtp)) == rtp
    contexts, _ = ends.server.contexts()
    assert all(contexts)
    assert contexts[0] != contexts[1]
    with pytest.raises(seam.SrtpError):
        ends.server.unprotect(b"\x80\x6f\0\2" + b"\0\0\0\1" * 2 + b"forged packet")
    doc = channel(ends, "doc")
    await ends.until(("opened", "doc"))
    async with asyncio.timeout(PATIENCE_S):
        while doc.readyState != "open":  # the channel opens a moment later, when the server has acknowledged the channel
            await asyncio.sleep(0.005)
    doc.send(b"\0hello")
    await ends.until(("doc", b"\0hello"))
    assert ends.server.send("doc", b"answer")
    assert not ends.server.send("live", "nobody opened it")
    await ends.close()
    await ends.close()


async def test_client_close_is_noticed(ends: Ends) -> None:
    await ends.connect()
    await ends.dtls.stop()
    await ends.until(("closed", "closed_by_client"))
    assert not ends.server.secure
    await ends.close()


async def test_wrong_certificate_is_refused(ends: Ends) -> None:
    ends.server._fingerprints = [RTCDtlsFingerprint("sha-256", seam.fingerprint(ends.certificate))]
    parameters = RTCDtlsParameters([RTCDtlsFingerprint("sha-256", seam.fingerprint(ends.certificate))])
    await asyncio.gather(ends.server.run(65536), ends.dtls.start(parameters))
    assert ("closed", "dtls_failed") in ends.events
    assert not ends.server.secure
    await ends.close()


async def test_unknown_or_excess_channels_are_refused(ends: Ends) -> None:
    await ends.connect()
    for label in ("shell", "doc", "doc", "live", "more"):
        channel(ends, label)
    await ends.until(("closed", "too_many_channels"))
    assert ("opened", "shell") not in ends.events
    assert ends.events.count(("opened", "doc")) == 1
    await ends.close()


async def test_reassembly_is_bounded(ends: Ends) -> None:
    await ends.connect()
    channel(ends, "doc")
    await ends.until(("opened", "doc"))
    # send fragments of a message that never ends
    for number in range(2000):
        chunk = DataChunk(flags=2 if number == 0 else 0)
        chunk.tsn = (ends.server._sctp._last_received_tsn + 1) % (1 << 32)
        chunk.stream_id, chunk.stream_seq, chunk.protocol, chunk.user_data = 0, 1, 53, b"x" * 1200
        await ends.server._sctp._receive_chunk(chunk)
    assert ("closed", "sctp_overflow") in ends.events
    await ends.close()


async def test_undrained_document_channel_closes_the_peer(ends: Ends) -> None:
    await ends.connect()
    channel(ends, "doc")
    await ends.until(("opened", "doc"))
    ends.path.close()  # from now on, the client reads nothing
    for _ in range(2000):
        ends.server.send("doc", b"x" * 16384)
    assert ("closed", "not_draining") in ends.events
    await ends.close()
