"""A light client of the media worker for tests: a browser's side of a peer connection, without the browser.

This client uses real UDP sockets, and aiortc's DTLS-SRTP and SCTP. The client sends and receives Opus tones, and sends video as
bare VP8 payloads. It shares no transport code with the worker, so that the same mistake cannot be on both sides. The client
parses RTP and RTCP with the worker's parsers, which do no I/O.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import secrets
from typing import Self

import numpy as np
import pylibsrtp
from aioice import stun
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from media.api.client import WorkerClient
from media.api.wire import AdmitPeer
from media.bandwidth import Arrivals
from media.mixer.opus import Encoder
from media.packets import red, rtcp, rtp, rtx
from media.peer.streams import Incoming
from tests import PATIENCE_S
from tests.peers.listened import RATE, Listened
from tests.peers.offer import LEVEL, MID, OPUS, RED, RID, RTX, TRANSPORT_CC, VP8, offer
from tests.peers.timed_socket import Address, TimedSocket

FEEDBACK_EVERY_S = 0.1
CHECK_EVERY_S = 0.5


class Peer:
    """A peer connection, and everything that it has received. Use `async with await Peer.join(…)`.

    `heard`: Opus payloads. `pictures`: video slot → sequence number → payload. `picture_times`: video slot → sequence number →
    (frame number, RTP timestamp).
    """

    role = "controlling"
    state = "completed"

    def __init__(self, participant: str, layers: dict[str, int] | None = None, *, repairs: bool = False) -> None:
        """Prepare a peer.

        `layers`: RID of a simulcast layer → packets in a frame, from the lowest layer to the highest. Without `layers`, the
        camera has one layer.
        `repairs`: whether the peer offers RTX, RED and retransmissions of its voice.
        """
        self.participant = participant
        self.layers = layers or {}
        self.repairs = repairs
        self.redundant = False
        """True if each packet of the voice also carries a copy of the packet before it."""
        self.repaired = self.redundant_heard = 0
        self.spoken_again = 0  # voice packets that this peer has retransmitted
        self.feedback = 0
        self.spoken = 0  # voice packets that this peer has sent
        self.name = f"{participant}-{secrets.token_hex(3)}"
        self.heard: list[bytes] = []
        self.heard_headers: list[rtp.Header] = []
        self.pictures: dict[int, dict[int, bytes]] = {}
        self.picture_times: dict[int, dict[int, tuple[int, int]]] = {}
        self.documents: list[bytes] = []
        self.echoes: list[int] = []
        self.reports: list[rtcp.Packet] = []
        self.keyframes_asked = 0
        self.keyframe_every = 30
        self.connected = asyncio.Event()
        self.gone = asyncio.Event()
        self.silenced = False
        self.checks = self.answers = True
        """Whether this peer sends connectivity checks, and whether it answers the worker's checks."""
        self.last_check = b""
        self._ufrag, self._password = secrets.token_hex(4), secrets.token_hex(16)
        self._certificate = RTCCertificate.generateCertificate()
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._plain: dict[bytes, bytes] = {}
        self._repairs_sent = 0
        self._slots: dict[int, int] = {}
        self._repaired: dict[int, int] = {}
        self._streams: dict[int, Incoming] = {}
        self._sent: dict[tuple[int, int], bytes] = {}
        self._ssrcs = {"audio": secrets.randbits(31) + 1, "camera": secrets.randbits(31) + 1, "screen": secrets.randbits(31) + 1}
        self._ssrcs |= {f"camera:{name}": secrets.randbits(31) + 1 for name in self.layers}
        self._keyframes_wanted = set(self._ssrcs.values())
        self._former = (-1, 0, b"")
        self._voices: set[int] = set()
        self._arrivals = Arrivals()
        self._numbered = 0

    # joining a media room

    @classmethod
    async def join(
        cls,
        worker: WorkerClient,
        room: str,
        participant: str,
        *,
        epoch: int = 1,
        former: str = "",
        via: Address | None = None,
        secure: bool = True,
        layers: dict[str, int] | None = None,
        repairs: bool = False,
        slots: int = 4,
    ) -> Self:
        peer = cls(participant, layers, repairs=repairs)
        fingerprint = next(each.value for each in peer._certificate.getFingerprints() if each.algorithm == "sha-256")
        sdp = offer(peer._ufrag, peer._password, fingerprint, tuple(peer.layers), repairs=repairs, slots=slots)
        command = AdmitPeer(epoch=epoch, peer=peer.name, participant=participant, sdp=sdp, former=former)
        admitted = await worker.admit(room, command)
        peer.read_answer(admitted.sdp)
        peer.target = via or next((each for each in peer.candidates if each[0] == "127.0.0.1"), peer.candidates[0])
        await peer.open_socket("127.0.0.1" if peer.target[0] == "127.0.0.1" else "0.0.0.0")
        if secure:
            await peer._connect()
        return peer

    def read_answer(self, sdp: str) -> None:
        self.answer = sdp
        self.candidates = [(host, int(port)) for host, port in re.findall(r"a=candidate:\d+ 1 udp \d+ (\S+) (\d+)", sdp)]
        self._their_ufrag = re.findall(r"a=ice-ufrag:(\S+)", sdp)[0]
        self._their_password = re.findall(r"a=ice-pwd:(\S+)", sdp)[0]
        self._their_fingerprint = re.findall(r"a=fingerprint:sha-256 (\S+)", sdp)[0]
        sections = [each for each in sdp.split("m=")[1:] if "a=sendonly" in each or "a=sendrecv" in each]
        voices = [each for each in sections if each.startswith("audio")]
        self._voice_ssrc = int(re.findall(r"a=ssrc:(\d+)", voices[0])[0]) if voices else 0
        for index, section in enumerate(each for each in sections if each.startswith("video")):
            self._slots[int(re.findall(r"a=ssrc:(\d+)", section)[0])] = index
            self._repaired |= {int(new): int(old) for old, new in re.findall(r"a=ssrc-group:FID (\d+) (\d+)", section)}

    async def open_socket(self, host: str = "127.0.0.1") -> None:
        """Open a socket on a new local address. This happens at the start, and when the client changes its network."""
        self.socket = TimedSocket(host, self._datagram)

    async def _connect(self) -> None:
        self._dtls = RTCDtlsTransport(self, [self._certificate])
        self._dtls._set_role("client")
        self._sctp = RTCSctpTransport(self._dtls)
        self._tasks.append(asyncio.create_task(self._check_forever()))
        async with asyncio.timeout(PATIENCE_S):
            await self.connected.wait()
            await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", self._their_fingerprint)]))
            assert self._dtls.state == "connected", self._dtls.state
            await self._sctp.start(RTCSctpCapabilities(262144), 5000)
        self._dtls.on("statechange", lambda: self.gone.set() if self._dtls.state == "closed" else None)
        self._open_channels()
        self._tasks.append(asyncio.create_task(self._repair_forever()))

    def _open_channels(self) -> None:
        self.doc = RTCDataChannel(self._sctp, RTCDataChannelParameters(label="doc"))
        self.live = RTCDataChannel(self._sctp, RTCDataChannelParameters(label="live", ordered=False, maxRetransmits=0))
        self.doc.on("message", self.documents.append)
        self.live.on("message", lambda text: self.echoes.append(json.loads(text)["n"]))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if hasattr(self, "_sctp"):
            with contextlib.suppress(ConnectionError):
                await self._sctp.stop()
            await self._dtls.stop()
        self._inbox.put_nowait(None)
        self.socket.close()

    async def vanish(self) -> None:
        """Stop sending and receiving without telling the worker, as if the machine had lost its network."""
        self.silenced = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # the methods for datagrams that RTCDtlsTransport calls on its ICE transport

    async def _recv(self) -> bytes:
        data = await self._inbox.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self.send_raw(data)

    def send_raw(self, data: bytes) -> None:
        if not self.silenced:
            self.socket.sendto(data, self.target)

    def check(self) -> None:
        """Send one connectivity check (STUN) from the socket that this peer uses now."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._their_ufrag}:{self._ufrag}"
        request.attributes["PRIORITY"] = 2130706431
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._their_password.encode())
        self.last_check = bytes(request)
        self.send_raw(self.last_check)

    async def _check_forever(self) -> None:
        while True:
            if self.checks:
                self.check()
            await asyncio.sleep(CHECK_EVERY_S if self.connected.is_set() else 0.05)

    def _datagram(self, data: bytes, came: float) -> None:
        if self.silenced:
            return
        if data[0] < 4:
            self._stun(data)
        elif data[0] < 64:
            self._inbox.put_nowait(data)
        elif self._dtls._rx_srtp is None:
            # the worker completes the DTLS handshake first, so its first packets can arrive before this client has the keys
            return
        elif 192 <= data[1] <= 223:
            self._rtcp(self._dtls._rx_srtp.unprotect_rtcp(data))
        else:
            with contextlib.suppress(pylibsrtp.Error):  # libsrtp refuses a packet that has already arrived before
                self._rtp(self._dtls._rx_srtp.unprotect(data), came)

    def _stun(self, data: bytes) -> None:
        message = stun.parse_message(data)
        if message.message_class is stun.Class.RESPONSE:
            self.connected.set()
            return
        assert message.check_message_integrity(self._password.encode())
        if not self.answers:
            return
        reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
        reply.add_message_integrity(self._password.encode())
        self.send_raw(bytes(reply))

    def _rtp(self, data: bytes, came: float) -> None:
        header = rtp.parse(data)
        now = asyncio.get_running_loop().time()
        number = rtp.extension(data, header, TRANSPORT_CC)
        if number is not None:
            self._arrivals.add(int.from_bytes(number, "big"), came)
        if header.ssrc in self._repaired:
            unwrapped = rtx.unwrap(data, header, VP8, self._repaired[header.ssrc])
            assert unwrapped is not None
            data, header = unwrapped
            self.repaired += 1
        slot = self._slots.get(header.ssrc)
        if slot is None:
            self._voice(data, header)
            return
        payload = data[header.payload : header.end]
        stream = self._streams.setdefault(header.ssrc, Incoming(header.ssrc, "camera", now))
        stream.receive(header, now)
        self.pictures.setdefault(slot, {})[header.sequence] = payload
        frame = int.from_bytes(payload[5:9], "big")
        self.picture_times.setdefault(slot, {})[header.sequence] = (frame, header.timestamp)

    def _voice(self, data: bytes, header: rtp.Header) -> None:
        packets = [(data, header)]
        if header.payload_type == RED:
            packets = list(red.unwrap(data, header, OPUS))
            self.redundant_heard += 1
        for data, header in packets:
            if header.sequence not in self._voices:
                self._voices.add(header.sequence)
                self.heard.append(data[header.payload : header.end])
                self.heard_headers.append(header)

    def _rtcp(self, data: bytes) -> None:
        for packet in rtcp.parse(data):
            self.reports.append(packet)
            self.feedback += isinstance(packet, rtcp.TransportFeedback)
            if isinstance(packet, rtcp.KeyframeRequest):
                self.keyframes_asked += 1
                self._keyframes_wanted.add(packet.ssrc)
            elif isinstance(packet, rtcp.Nack):
                for sequence in packet.sequences:
                    sent = self._sent.get((packet.ssrc, sequence))
                    if sent is not None:
                        self.spoken_again += packet.ssrc == self._ssrcs["audio"]
                        self.send_raw(self._again(sent))

    async def _repair_forever(self) -> None:
        """Request lost packets (NACK) and send transport-wide feedback, as a browser would."""
        due = 0.0
        while True:
            await asyncio.sleep(0.02)
            body = self._arrivals.report() if asyncio.get_running_loop().time() > due else None
            if body is not None:
                due = asyncio.get_running_loop().time() + FEEDBACK_EVERY_S
                self.send_rtcp(rtcp.receiver_report(1, []) + rtcp.transport_feedback(1, 2, body))
            for stream in self._streams.values():
                missing = stream.nacks(asyncio.get_running_loop().time())
                if missing:
                    self.send_rtcp(rtcp.receiver_report(1, []) + rtcp.nack(1, stream.ssrc, missing))

    def _again(self, sent: bytes) -> bytes:
        """Return the packet that retransmits the packet `sent`.

        Without `repairs`, return `sent` itself. With `repairs`, return an RTX packet (RFC 4588) that contains the payload of
        `sent`. The RTX packet names the repaired stream only by MID. A voice has no RTX.
        """
        if not self.repairs or sent not in self._plain:
            return sent
        self._repairs_sent += 1
        ssrc = 0x40000000 | int.from_bytes(sent[8:12], "big") & 0xFFFF
        plain = self._plain[sent]
        header = rtp.parse(plain)
        head = rtp.HEADER.pack(0x90, RTX, self._repairs_sent & 0xFFFF, header.timestamp, ssrc)
        original = header.sequence.to_bytes(2, "big")
        again: bytes = self._dtls._tx_srtp.protect(head + plain[12 : header.payload] + original + plain[header.payload :])
        return again

    def sealed_voice(self, sequence: int) -> bytes:
        """Return an encrypted packet of this peer's voice, for another client to send."""
        plain = rtp.build(OPUS, False, sequence, sequence * 960, self._ssrcs["audio"], b"\x78" + bytes(60))
        sealed: bytes = self._dtls._tx_srtp.protect(plain)
        return sealed

    def ssrc(self, role: str) -> int:
        return self._ssrcs[role]

    def renew(self, role: str) -> None:
        """From now on, send the media stream `role` ("audio", "camera", …) under a new SSRC."""
        self._ssrcs[role] = secrets.randbits(31) + 1

    def send_rtcp(self, data: bytes) -> None:
        self.send_raw(self._dtls._tx_srtp.protect_rtcp(data))

    def report_loss(self, share: float) -> None:
        """Send a receiver report which says that this share of the received voice's packets was lost."""
        self.send_rtcp(rtcp.receiver_report(1, [rtcp.Block(self._voice_ssrc, int(share * 256), 0, 0, 0, 0, 0)]))

    def send_rtp(
        self, role: str, sequence: int, timestamp: int, payload: bytes, *, level: int = 20, marker: bool = False
    ) -> None:
        kind, _, rid = role.partition(":")
        mid = str(["audio", "camera", "screen"].index(kind)).encode()
        elements = [(MID, mid)]
        if kind == "audio":
            elements.append((LEVEL, bytes([level])))
        else:
            elements.append((TRANSPORT_CC, (self._numbered & 0xFFFF).to_bytes(2, "big")))
            self._numbered += 1
        if rid:
            elements.append((RID, rid.encode()))
        block = b"".join(bytes([identifier << 4 | len(value) - 1]) + value for identifier, value in elements)
        block += b"\0" * (-len(block) % 4)
        number = OPUS if kind == "audio" else VP8
        if kind == "audio":
            self.spoken += 1
            (before, ticks, former), self._former = self._former, (sequence, timestamp, payload)
            if self.redundant and before == sequence - 1:
                number, payload = RED, red.wrap(OPUS, payload, [(timestamp - ticks, former)])
        head = rtp.HEADER.pack(0x90, number | (0x80 if marker else 0), sequence & 0xFFFF, timestamp, self._ssrcs[role])
        plain = head + b"\xbe\xde" + (len(block) // 4).to_bytes(2, "big") + block + payload
        sealed = self._dtls._tx_srtp.protect(plain)
        if kind != "audio":
            self._plain[sealed] = plain
        if kind != "audio" or self.redundant:
            self._sent[self._ssrcs[role], sequence & 0xFFFF] = sealed
        self.send_raw(sealed)

    # methods for what a person does in a call

    def speak(self, hz: int, *, packets: int | None = None, level: int = 20) -> asyncio.Task[None]:
        """Start to send a tone in 50 packets a second, until `packets` are sent or the returned task is cancelled."""
        task = asyncio.create_task(self._speak(hz, packets, level))
        self._tasks.append(task)
        return task

    async def _speak(self, hz: int, packets: int | None, level: int) -> None:
        encoder = Encoder()
        loop = asyncio.get_running_loop()
        began, number = loop.time(), random.Random(hz).randrange(30000)
        first = number
        while packets is None or number < first + packets:
            at = np.arange(number * 960, (number + 1) * 960) / RATE
            samples = (10000 * np.sin(2 * np.pi * hz * at)).astype(np.int16)
            self.send_rtp("audio", number, number * 960, encoder.encode(samples), level=level)
            number += 1
            await asyncio.sleep(max(0.0, began + (number - first) * 0.02 - loop.time()))

    def show_layers(self, fps: int = 20) -> None:
        """Start to send the camera in all its simulcast layers. Each payload contains the RID of its layer."""
        for name, packets in self.layers.items():
            self.show(f"camera:{name}", packets_a_frame=packets, fps=fps)

    def show(self, role: str = "camera", *, packets_a_frame: int = 3, fps: int = 20) -> asyncio.Task[None]:
        """Start to send video frames, each split into `packets_a_frame` packets, until the returned task is cancelled.

        The first frame is a keyframe, and so is the next frame after a keyframe request. Each payload contains the numbers of its
        frame and packet.
        """
        task = asyncio.create_task(self._show(role, packets_a_frame, fps))
        self._tasks.append(task)
        return task

    async def _show(self, role: str, packets_a_frame: int, fps: int) -> None:
        sequence, frame = 1000, 0
        while True:
            key = self._ssrcs[role] in self._keyframes_wanted
            self._keyframes_wanted.discard(self._ssrcs[role])
            for part in range(packets_a_frame):
                descriptor = bytes([0x90 if part == 0 else 0x80, 0x80, 0x80 | frame >> 8 & 0x7F, frame & 0xFF])
                body = bytes([0 if key else 1]) + frame.to_bytes(4, "big") + bytes([part]) + role.encode().ljust(900, b".")
                timestamp = frame * (90000 // fps) & 0xFFFFFFFF
                self.send_rtp(role, sequence, timestamp, descriptor + body, marker=part == packets_a_frame - 1)
                sequence += 1
            frame += 1
            await asyncio.sleep(1 / fps)

    def beat(self, number: int) -> None:
        self.live.send(json.dumps({"t": "hb", "n": number}))

    async def listen(self, seconds: float = 0.5) -> Listened:
        """Return the sound that arrives in the next `seconds`."""
        begin = len(self.heard)
        await asyncio.sleep(seconds)
        return Listened(self.heard[begin:])

    def layer(self, slot: int, last: int = 10) -> set[str]:
        """Return the simulcast layers of the newest `last` packets that have arrived in this video slot."""
        packets = list(self.pictures.get(slot, {}).values())[-last:]
        return {packet[10:].rstrip(b".").decode().partition(":")[2] for packet in packets}

    def sent(self, role: str) -> int:
        """Return how many packets of this video this client has sent. Retransmissions are not counted."""
        return sum(ssrc == self._ssrcs[role] for ssrc, _ in self._sent)

    def frames(self, slot: int) -> list[tuple[int, int]]:
        """Return (frame number, packet number) of each packet received in this video slot, in order of sequence numbers."""
        packets = self.pictures.get(slot, {})
        first = next(iter(packets), 0)
        ordered = sorted(packets, key=lambda sequence: rtp.ahead(sequence, first))
        return [(int.from_bytes(packets[each][5:9], "big"), packets[each][9]) for each in ordered]
