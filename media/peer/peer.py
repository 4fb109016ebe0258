"""One peer connection: its ICE, its secure transport, its streams. Knows nothing of rooms; tells an `Owner` what came."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import structlog
from aioice import stun

from media.bandwidth import Chooser, Estimator, TransportFeedback, numbered
from media.packets import rtcp, rtp, sdp
from media.peer.heartbeat_channel import Live, LiveError
from media.peer.lent import Lent
from media.peer.quality import Quality, Totals
from media.peer.speaking import Voice
from media.peer.streams import Incoming, Outgoing
from media.peer.uplink import Uplink
from media.transport import ice
from media.transport.check import Check
from media.transport.fastpath import Fastpath, Kept, Leg
from media.transport.seam import (
    MAX_PROTECTED_INPUT_BYTES,
    Certificate,
    Handlers,
    SecureTransport,
    SrtpError,
    fingerprint,
)
from media.transport.udp import Kind

log = structlog.get_logger(__name__)

State = Literal["connecting", "live", "lost", "gone", "replaced"]

LOST_S = 3.0  # without packets, a live peer counts as failed
GONE_S = 30.0  # without packets, a failed peer ends
CONNECT_S = 30.0  # to connect, or the peer ends
REPORT_EVERY_S = 1.0
FEEDBACK_EVERY_S = 0.1
REMB_CEILING_BPS = 2_500_000
"""Rate told to senders without transport-wide feedback. Without it Chromium stays near its starting 300 kb/s. Loss still brings
the sender's rate down, by Chromium's own control."""
MEDIA_PER_S, MEDIA_BURST = 3000, 1500
"""Datagrams accepted from one peer, per second and at once: five times what two videos and a voice need."""
RESTING_S = 0.19  # interval of `tick` while nothing needs a prompt answer; just under ten ticks of 20 ms
SLOT_ROLES = ("slot0", "slot1", "slot2", "slot3")


class VoiceOwner(Protocol):
    """Receiver of a peer's voice. All methods are called in the event loop; none may raise."""

    def audio(self, peer: Peer, source: Incoming, data: bytes, header: rtp.Header, level: int | None, now: float) -> None: ...
    def kept(self, peer: Peer, packets: list[Kept]) -> None: ...
    def returned(self, peer: Peer) -> None: ...


class Owner(Protocol):
    """Receiver of a peer's other events. All methods are called in the event loop; none may raise."""

    @property
    def voices(self) -> VoiceOwner: ...

    def video(self, peer: Peer, source: Incoming, data: bytes, header: rtp.Header, now: float) -> None: ...
    def keyframe_wanted(self, peer: Peer, slot: int) -> None: ...
    def document(self, peer: Peer, fragment: bytes) -> None: ...
    def document_opened(self, peer: Peer) -> None: ...
    def changed(self, peer: Peer, state: State, reason: str) -> None: ...


class Wire(Protocol):
    """The parts of its worker that a peer needs."""

    certificate: Certificate
    fastpath: Fastpath | None
    drops: Counter[str]
    totals: Totals

    def send(self, data: bytes, path: ice.Path) -> None: ...
    def claim(self, peer: Peer, path: ice.Path) -> None: ...
    def now(self) -> float: ...
    def wall(self, now: float) -> float: ...


class Peer:
    """One peer connection. Call `start` once and `close` always.

    States: connecting → live ⇄ lost (failed, may recover) → gone. The owner sets `replaced`.
    """

    def __init__(self, name: str, participant: str, offer: sdp.Offer, owner: Owner, wire: Wire, now: float) -> None:
        self.name = name
        self.participant = participant
        self.state: State = "connecting"
        self.ice = ice.IceLite(offer.ufrag, offer.password, now)
        self.downlink = Estimator(now)
        self.chooser = Chooser()
        self.quality = Quality(wire.totals, now)
        self._sections = offer.by_role
        self.takes_voice = "audio" in self._sections
        audio = self._sections.get("audio", sdp.Section("audio", "audio"))
        self.voice = self._outgoing(audio, say=self._say)
        self.slots = [self._outgoing(self._sections[role]) for role in SLOT_ROLES if role in self._sections]
        self._offer = offer
        self._owner = owner
        self._voices = owner.voices
        self._wire = wire
        self.uplink = Uplink(offer, wire.drops)
        self._feedback_due = now
        self._voice_types = (audio.payload_type, audio.red)
        self._voice_cc = audio.transport_cc
        self._level_id = audio.extensions.get(sdp.LEVEL_URI, 0)
        self._heard = self._began = now
        self._report_due = now
        self._clock_offset: float | None = None
        self._lent: Lent | None = None
        self._came_by: ice.Path | None = None
        self._aimed_at: ice.Path | None = None
        self._rtcp_ssrc = self.voice.ssrc
        self._tick_due = now
        self._media_left = float(MEDIA_BURST)
        self._refilled = now
        self._live = Live(now)
        handlers = Handlers(self._secured, self._opened, self._message, self._closed, self._decrypted)
        self._secure = SecureTransport(wire.certificate, offer.fingerprints, self._send, handlers)
        self._task: asyncio.Task[None] | None = None

    def _outgoing(self, section: sdp.Section, say: Callable[[bytes], object] | None = None) -> Outgoing:
        identifier = section.transport_cc

        def stamp(packet: bytes) -> bytes:
            return numbered(packet, identifier, self._number(len(packet)))

        return Outgoing(
            section.role,
            section.payload_type,
            self._seal,
            rtx=section.rtx,
            red=section.red,
            stamp=stamp if identifier else None,
            say=say,
        )

    def _number(self, size_bytes: int) -> int:
        now = self._wire.now()
        return self.downlink.sent(size_bytes, now) if self._lent is None else self._lent.number(size_bytes, now)

    def layers(self, role: str) -> list[Incoming]:
        """Return the video layers of `role` received so far, from low to high."""
        return self.uplink.layers(role)

    @property
    def incoming(self) -> dict[str, Incoming]:
        """Newest stream of each name, as in `Uplink.incoming`."""
        return self.uplink.incoming

    # life

    def answer(self, candidates: list[tuple[str, int]]) -> str:
        """Return the SDP answer with these local candidates (address, port)."""
        ssrcs = {each.role: each.ssrc for each in (self.voice, *self.slots)}
        repairs = {each.role: each.repair_ssrc for each in self.slots if each.repair_ssrc is not None}
        local = sdp.Local(
            self.ice.ufrag,
            self.ice.password,
            fingerprint(self._wire.certificate),
            candidates,
            ssrcs,
            secrets.randbits(31),
            repairs,
        )
        return sdp.answer(self._offer, local)

    def start(self) -> None:
        """Start the secure transport in a task of its own."""
        self._task = asyncio.create_task(self._run(), name=f"peer {self.name}")

    async def _run(self) -> None:
        try:
            await self._secure.run(self._offer.max_message_bytes)
        except Exception as error:  # a parser in DTLS or SCTP has failed: only this peer ends
            log.warning("peer_failed", peer=self.name, error=type(error).__name__)
            self._closed("internal")

    async def close(self, state: State, reason: str) -> None:
        """End the connection in `state` and tell the remote side. The owner is not told: it is the one that closes."""
        self.state = state
        if self._lent is not None:
            self._lent.close()
            self._lent = None
        await self._secure.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def check(self, now: float) -> None:
        """Follow the peer's silence: failed, live again or gone. Call a few times a second."""
        self._sync()
        silent = now - self._heard
        if self.state == "connecting":
            if now - self._began > CONNECT_S:
                self._change("gone", "never_connected")
        elif silent > GONE_S:
            self._change("gone", "silent")
        elif self.ice.expired(now):
            self._change("gone", "no_consent")
        elif self.state == "live" and silent > LOST_S:
            self._change("lost", "silent")
        elif self.state == "lost" and silent <= LOST_S:
            self._change("live", "")

    def _change(self, state: State, reason: str) -> None:
        if self.state not in ("gone", "replaced") and self.state != state:
            self.state = state
            self._owner.changed(self, state, reason)

    # the voice, while it is offloaded to the fast path

    def lend(
        self, source: Incoming, listeners: Sequence[Peer], speaker: Voice, quiet_from: int = 0, *, mixed: bool = False
    ) -> None:
        """Offload this voice: the fast path sends it untouched to `listeners` until `recall`.

        A packet louder than `quiet_from` (RFC 6464 level, -dBov; 0: none) ends it, too. `mixed`: the mixer also needs the
        packets; they are buffered until `bring`. Do nothing if offloading is not possible yet.
        """
        ears = [each._lent for each in listeners]
        if self._lent is not None and self._came_by is not None and None not in ears:
            payload_type, heard_by = self._sections["audio"].payload_type, [each for each in ears if each]
            self._lent.lend(source, self._came_by, payload_type, speaker, heard_by, quiet_from, keeps=mixed)

    @property
    def lendable(self) -> bool:
        """Whether the fast path may take this voice. False: there is none, or Python must unpack the packets first (RED)."""
        return self._lent is not None and not self.uplink.redundant

    @property
    def is_lent(self) -> bool:
        """Whether the fast path sends this voice now."""
        return self._lent is not None and self._lent.is_lent

    def bring(self) -> None:
        """Give the owner the packets of this voice that are buffered for the mixer."""
        packets = self._lent.kept() if self._lent is not None else None
        if packets:
            self._voices.kept(self, packets)

    def keep_away(self, quiet_from: int) -> None:
        """Buffer no more packets for the mixer, until one is louder than `quiet_from` (-dBov): it ends the offloading."""
        if self._lent is not None:
            self._lent.keep_away(quiet_from)

    def recall(self) -> None:
        """End the offloading of this voice, if any, and give the owner the buffered packets."""
        if self._lent is not None and self._lent.is_lent:
            self.bring()
            self._lent.recall()
            self._sync()
            self._voices.returned(self)

    def _sync(self) -> None:
        """Take over what the fast path has received and sent."""
        heard = self._lent.sync() if self._lent is not None else None
        if heard is not None:
            when, path = heard
            self._heard = max(self._heard, when)
            self.ice.heard(path, when)

    def _aim(self) -> None:
        if self._lent is not None and self.ice.selected is not None and self.ice.selected != self._aimed_at:
            self._aimed_at = self.ice.selected
            self._lent.aim(self.ice.selected)

    # datagrams in

    def probe_answered(self, message: stun.Message, path: ice.Path, now: float) -> None:
        """Take a STUN response to one of our checks on `path`."""
        if self.ice.response(message, path, now):
            self._heard = now
        else:
            self._wire.drops["stun_unasked"] += 1
        self._aim()

    def check_in(self, asked: Check, path: ice.Path, now: float) -> None:
        """Answer a Binding request with our ufrag. A forged one is counted and dropped."""
        answered = self.ice.request(asked, path, now)
        if answered is None:
            self._wire.drops["stun_forged"] += 1
            return
        reply, alive = answered
        if alive:
            self._heard = now
        else:
            self._wire.drops["stun_repeated"] += 1
        if self.ice.allows(path):
            self._wire.claim(self, path)
        if self._came_by is not None and not self.ice.allows(self._came_by):
            self.recall()
        self._aim()
        self._wire.send(reply, path)

    def receive(self, kind: Kind, data: bytes, path: ice.Path, now: float, came: float) -> None:
        """Take DTLS, RTP or RTCP from a checked address of this peer.

        `came`: when the kernel received it, at most `now`.
        """
        self._media_left -= 1
        if self._media_left < 0:
            self._wire.drops["rate"] += 1
        elif kind == "dtls":
            if not self._secure.receive_dtls(data, path):
                self._wire.drops["dtls_full"] += 1
        elif not self._secure.secure:
            self._wire.drops["before_dtls"] += 1
        elif kind == "rtp":
            self._receive_rtp(data, path, now, came)
        else:
            self._receive_rtcp(data, path, now, came)

    def _receive_rtp(self, data: bytes, path: ice.Path, now: float, came: float) -> None:
        ssrc = int.from_bytes(data[8:12], "big")
        if not self.uplink.may_bring(ssrc):
            self._wire.drops["too_many_ssrcs"] += 1
            return
        try:
            plain = self._secure.unprotect(data)
            header = rtp.parse(plain)
        except SrtpError:
            self._wire.drops["srtp"] += 1
            return
        except rtp.RtpError:
            self._wire.drops["rtp"] += 1
            return
        self._heard = now
        self.ice.heard(path, now)
        stream = self.uplink.stream(plain, header, now)
        if stream is None:
            self._wire.drops["payload_type"] += 1
        elif stream.role == "audio":
            if header.payload_type not in self._voice_types:
                self._wire.drops["payload_type"] += 1
                return
            self.recall()
            self._came_by = path
            level = self._level(plain, header)  # a redundant packet gets this level, too: its own is unknown, and much the same
            for packet in self.uplink.voice(stream, plain, header, came):
                self._voices.audio(self, stream, *packet, level, now)
        else:
            picture = self.uplink.picture(stream, plain, header, now, came)
            if picture is not None:
                self._owner.video(self, stream, *picture, now)

    def _level(self, plain: bytes, header: rtp.Header) -> int | None:
        if not self._level_id:
            return None
        value = rtp.extension(plain, header, self._level_id)
        return value[0] & 0x7F if value else None

    def _receive_rtcp(self, data: bytes, path: ice.Path, now: float, came: float) -> None:
        try:
            packets = rtcp.parse(self._secure.unprotect_rtcp(data))
        except SrtpError:
            self._wire.drops["srtcp"] += 1
            return
        except rtcp.RtcpError:
            self._wire.drops["rtcp"] += 1
            return
        self._heard = now
        self.ice.heard(path, now)
        for packet in packets:
            match packet:
                case rtcp.SenderReport():
                    self._sender_report(packet, came)
                case TransportFeedback():
                    self._sync()
                    self.downlink.feedback(packet, now)
                case rtcp.Report():
                    self.quality.told(packet, came)
                    if packet.ssrc == self.voice.ssrc:
                        self.voice.reported(packet.lost_fraction, self.quality.rtt_ms(now), now)
                        if self._lent is not None:
                            self._lent.copy()
                case rtcp.Nack():
                    self._nacked(packet, now)
                case rtcp.KeyframeRequest():
                    for index, slot in enumerate(self.slots):
                        if slot.ssrc == packet.ssrc:
                            self._owner.keyframe_wanted(self, index)

    def _sender_report(self, report: rtcp.SenderReport, now: float) -> None:
        stream = self.uplink.streams.get(report.ssrc)
        if stream is None:
            return
        # the report with the shortest transit is nearest to the true offset of the clocks
        offset = self._wire.wall(now) + rtcp.NTP_EPOCH_S - report.ntp / (1 << 32)
        self._clock_offset = offset if self._clock_offset is None else min(offset, self._clock_offset + 0.0001)
        stream.sender_report(report, self._clock_offset - rtcp.NTP_EPOCH_S, now)

    def _nacked(self, nack: rtcp.Nack, now: float) -> None:
        for slot in self.slots:
            if slot.ssrc == nack.ssrc:
                for sealed in slot.repair(nack.sequences, now):
                    self._send(sealed)

    # datagrams out

    def _send(self, data: bytes) -> None:
        if self.ice.selected is not None:
            self._wire.send(data, self.ice.selected)

    def _seal(self, packet: bytes) -> bytes | None:
        if not self._secure.secure:
            return None
        if len(packet) > MAX_PROTECTED_INPUT_BYTES:
            self._wire.drops["too_long_to_relay"] += 1
            return None
        try:
            sealed = self._secure.protect(packet)
        except SrtpError:
            self._wire.drops["protect"] += 1
            return None
        self._send(sealed)
        return sealed

    def _say(self, packet: bytes) -> None:
        if self._lent is None:
            self._seal(packet)
        else:
            self._lent.say(packet)

    def _send_rtcp(self, packet: bytes) -> None:
        if self._secure.secure:
            with contextlib.suppress(*SrtpError):
                self._send(self._secure.protect_rtcp(packet))

    def tick(self, now: float) -> None:
        """Run what is due: retransmission requests, keyframe requests, ICE probes, reports.

        Call every 20 ms; acts every 200 ms at rest.
        """
        if now < self._tick_due:
            return
        self._tick_due = now + RESTING_S if self.rests else now
        self._media_left = min(MEDIA_BURST, max(self._media_left, 0) + (now - self._refilled) * MEDIA_PER_S)
        self._refilled = now
        if self.ice.has_choice:
            self._sync()  # probes depend on when each path was last heard
        for path, probe in self.ice.probes(now):
            self._wire.send(probe, path)
        if not self._secure.secure:
            return
        feedback = self._transport_feedback(now)
        for stream in self.incoming.values():
            missing = stream.nacks(now)
            if missing:
                feedback += rtcp.nack(self._rtcp_ssrc, stream.ssrc, missing)
            if stream.role != "audio" and stream.keyframe_due(now):
                feedback += rtcp.pli(self._rtcp_ssrc, stream.ssrc)
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY_S
            self._send_rtcp(self._report(now) + feedback)
        elif feedback:
            self._send_rtcp(rtcp.receiver_report(self._rtcp_ssrc, []) + feedback)

    @property
    def rests(self) -> bool:
        """Whether the peer sends at most a voice, from one address: nothing that needs a prompt answer."""
        return not (self.uplink.has_pictures or self.ice.has_choice)

    def _transport_feedback(self, now: float) -> bytes:
        if now < self._feedback_due:
            return b""
        self._feedback_due = now + FEEDBACK_EVERY_S
        body = self.uplink.arrivals.report()
        if body is None:
            return b""
        media = next((stream.ssrc for stream in self.incoming.values() if stream.role != "audio"), 0)
        return rtcp.transport_feedback(self._rtcp_ssrc, media, body)

    def _report(self, now: float) -> bytes:
        self._sync()
        packet = b""
        streams = (self.voice, *self.slots)
        for stream in streams:
            report = stream.report(now, self._wire.wall)
            if report is not None:
                self.quality.sent(report, now)
                packet += report
        blocks = [stream.block(now) for stream in self.incoming.values()]
        self.quality.look(list(zip(self.incoming.values(), blocks, strict=True)), streams, now)
        packet += rtcp.receiver_report(self._rtcp_ssrc, blocks)
        packet += rtcp.source_description(self._rtcp_ssrc, "sangdam")
        pictures = [
            stream.ssrc
            for stream in self.incoming.values()
            if stream.role != "audio" and not self._sections[stream.role].transport_cc
        ]
        return packet + (rtcp.remb(self._rtcp_ssrc, REMB_CEILING_BPS, pictures) if pictures else b"")

    # secure transport

    def _secured(self) -> None:
        self.ice.established = True
        self._heard = self._wire.now()
        # otherwise the peer is being closed already
        if self._wire.fastpath is not None and self.state not in ("gone", "replaced"):
            leg = Leg(self._wire.fastpath, *self._secure.contexts())
            self._lent = Lent(leg, self.voice, self._voice_cc, self._level_id, self.downlink)
            self._aim()
        self._change("live", "")

    def _closed(self, reason: str) -> None:
        self._change("gone", reason)

    def _decrypted(self, path: ice.Path) -> None:
        self._heard = self._wire.now()
        self.ice.heard(path, self._heard)

    def _opened(self, label: str) -> None:
        if label == "doc":
            self._owner.document_opened(self)

    def send_document(self, fragment: bytes) -> bool:
        """Send a fragment on the `doc` data channel. Return False if it cannot take it."""
        return self._secure.send("doc", fragment)

    @property
    def has_document(self) -> bool:
        """Whether the `doc` data channel is open."""
        return self._secure.has_channel("doc")

    def _message(self, label: str, data: str | bytes) -> None:
        """Take a message from a data channel.

        An exception here would close the connection; so it is caught and costs this message only.
        """
        try:
            self._take(label, data)
        except Exception as error:
            self._wire.drops["message_failed"] += 1
            log.warning("message_failed", peer=self.name, label=label, error=type(error).__name__)

    def _take(self, label: str, data: str | bytes) -> None:
        self._heard = self._wire.now()
        if label == "live":
            self._answer_live(data)
        elif isinstance(data, bytes):
            self._owner.document(self, data)
        else:
            self._wire.drops["doc_text"] += 1

    def _answer_live(self, data: str | bytes) -> None:
        try:
            self._secure.send("live", self._live.echo(data, self._heard))
        except LiveError as error:
            self._wire.drops["live_" + error.reason] += 1
