"""One peer connection: its ICE, its secure transport, its streams.

The peer passes everything that it receives to its `Owner`, a room.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Literal, Protocol

import structlog
from aioice import stun

from media.packets import rtcp, rtp, sdp
from media.peer.control import Control
from media.peer.downlink import Downlink
from media.peer.heartbeat_channel import Live, LiveError
from media.peer.lent import Lent
from media.peer.lent_pictures import LentVideo, slots_of
from media.peer.quality import Quality, Totals
from media.peer.speaking import Voice
from media.peer.streams import Incoming, Outgoing
from media.peer.uplink import Uplink
from media.token_bucket import TokenBucket
from media.transport import ice
from media.transport.check import Check
from media.transport.fastpath import Fastpath, Kept, Leg
from media.transport.pictures import Arrivals, Video
from media.transport.seam import (
    Certificate,
    Handlers,
    SecureTransport,
    SrtpError,
    fingerprint,
)
from media.transport.udp import Kind

log = structlog.get_logger(__name__)

State = Literal["connecting", "live", "lost", "gone", "replaced"]

LOST_S = 3.0  # Seconds without packets after which a live peer counts as failed.
GONE_S = 30.0  # Seconds without packets after which a failed peer ends.
CONNECT_S = 30.0  # Seconds in which a new peer must connect; otherwise the peer ends.
MEDIA_PER_S, MEDIA_BURST = 3000, 1500
"""From one peer, at most `MEDIA_PER_S` datagrams are accepted per second, and at most `MEDIA_BURST` in one burst. This is five
times what two videos and a voice need."""
RESTING_S = 0.19  # While the peer `rests`, at most one `tick` has an effect in this many seconds: just under 10 ticks.
# While the peer `is_calm`, at least this many seconds pass between two calls of `tick` that do work: just under five ticks of
# 20 ms.
CALM_S = 0.09


class VoiceOwner(Protocol):
    """The methods of `media.voice.voices.Voices` that a peer calls with packets of the peer's voice.

    The peer calls all methods in the event loop. No method is allowed to raise an exception.
    """

    def audio(self, peer: Peer, source: Incoming, data: bytes, header: rtp.Header, level: int | None, now: float) -> None: ...
    def kept(self, peer: Peer, packets: list[Kept]) -> None: ...
    def returned(self, peer: Peer) -> None: ...


class Owner(Protocol):
    """The part of a room that the room's peers use: `voices`, and the methods that the peer calls for all other events.

    The peer calls all methods in the event loop. No method is allowed to raise an exception.
    """

    @property
    def voices(self) -> VoiceOwner: ...

    def video(self, peer: Peer, source: Incoming, data: bytes, header: rtp.Header, now: float) -> None: ...
    def keyframe_wanted(self, peer: Peer, slot: int) -> None: ...
    def document(self, peer: Peer, fragment: bytes) -> None: ...
    def document_opened(self, peer: Peer) -> None: ...
    def changed(self, peer: Peer, state: State, reason: str) -> None: ...


class Wire(Protocol):
    """The methods of the worker that a peer calls."""

    certificate: Certificate
    fastpath: Fastpath | None
    drops: Counter[str]
    totals: Totals

    def send(self, data: bytes, path: ice.Path) -> None: ...
    def claim(self, peer: Peer, path: ice.Path) -> None: ...
    def now(self) -> float: ...
    def wall(self, now: float) -> float: ...


class Peer:
    """One peer connection. Call `start` once, and `close` at the end, even after a failure.

    States: `connecting` → `live` ⇄ `lost` → `gone`. A peer that is `lost` has failed, but can recover. The room sets
    the state `replaced` when the same participant connects a newer peer.
    """

    def __init__(self, name: str, participant: str, offer: sdp.Offer, owner: Owner, wire: Wire, now: float) -> None:
        self.name = name
        self.participant = participant
        self.state: State = "connecting"
        self.ice = ice.IceLite(offer.ufrag, offer.password, now)
        self.quality = Quality(wire.totals, now)
        self._sections = offer.by_role
        self.takes_voice = "audio" in self._sections
        audio = self._sections.get("audio", sdp.Section("audio", "audio"))
        handlers = Handlers(self._secured, self._opened, self._message, self._closed, self._decrypted)
        self._secure = SecureTransport(wire.certificate, offer.fingerprints, self._send, handlers)
        self.uplink = Uplink(offer, wire.drops)
        self.downlink = Downlink(self._sections, self._secure, self._send, wire.now, wire.drops)
        self.voice, self.slots = self.downlink.voice, self.downlink.slots
        self._control = Control(self._sections, self.uplink, self.downlink, self.quality, wire.wall, now)
        self._offer = offer
        self._owner = owner
        self._voices = owner.voices
        self._wire = wire
        self._voice_types = (audio.payload_type, audio.red)
        self._voice_cc = audio.transport_cc
        self._level_id = audio.extensions.get(sdp.LEVEL_URI, 0)
        self._heard = self._began = now
        self._leg: Leg | None = None
        self._came_by: ice.Path | None = None
        self._picture_by: ice.Path | None = None
        self._lent_pictures: dict[Incoming, LentVideo] = {}
        self._aimed_at: ice.Path | None = None
        self._tick_due = now
        self._allowed = TokenBucket(MEDIA_PER_S, MEDIA_BURST, now)
        self._live = Live(now)
        self._task: asyncio.Task[None] | None = None

    def layers(self, role: str) -> list[Incoming]:
        """Return the received video layers of `role`, from low to high."""
        return self.uplink.layers(role)

    @property
    def incoming(self) -> dict[str, Incoming]:
        """The peer's newest received stream of each name, as in `Uplink.incoming`."""
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
        """Start the secure transport in a separate task."""
        self._task = asyncio.create_task(self._run(), name=f"peer {self.name}")

    async def _run(self) -> None:
        try:
            await self._secure.run(self._offer.max_message_bytes)
        except Exception as error:  # a parser in DTLS or SCTP has failed: only this peer ends
            log.warning("peer_failed", peer=self.name, error=type(error).__name__)
            self._closed("internal")

    async def close(self, state: State, reason: str) -> None:
        """End the connection, with `state` as its last state, and tell the remote side.

        Does not call `Owner.changed`, because the owner itself calls `close`.
        """
        self.state = state
        self.recall_pictures()
        self.downlink.close()
        await self._secure.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def check(self, now: float) -> None:
        """Set the state (`lost`, `live` again or `gone`) by the age of the peer's last packet. Call a few times a second."""
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

    # methods that offload the peer's voice to the fast path, and take it back

    def lend(
        self, source: Incoming, listeners: Sequence[Peer], speaker: Voice, quiet_from: int = 0, *, mixed: bool = False
    ) -> None:
        """Offload this peer's voice: the fast path sends the voice's packets to `listeners` until `recall` is called.

        A packet louder than `quiet_from` (audio level in -dBov) also ends the offloading; 0: no packet does. `mixed`: whether
        the mixer needs the packets, too. If so, the fast path buffers them until `bring` is called. Do nothing if offloading is
        not possible yet.
        """
        ears = [each.downlink.lent for each in listeners]
        if self.downlink.lent is not None and self._came_by is not None and None not in ears:
            payload_type, heard_by = self._sections["audio"].payload_type, [each for each in ears if each]
            self.downlink.lent.lend(source, self._came_by, payload_type, speaker, heard_by, quiet_from, keeps=mixed)

    @property
    def lendable(self) -> bool:
        """Return True if the fast path (C code) can relay this peer's voice.

        False: there is no fast path, the transport is not secure yet, or Python must unpack the packets (RED).
        """
        return self.downlink.lent is not None and not self.uplink.redundant

    @property
    def is_lent(self) -> bool:
        """Return whether the fast path forwards this peer's voice now."""
        return self.downlink.lent is not None and self.downlink.lent.is_lent

    def bring(self) -> None:
        """Give the worker's `Voices` those packets of this voice that the fast path has buffered for the mixer."""
        packets = self.downlink.lent.kept() if self.downlink.lent is not None else None
        if packets:
            self._voices.kept(self, packets)

    def keep_away(self, quiet_from: int) -> None:
        """Stop buffering packets for the mixer. From now on, a packet louder than `quiet_from` (-dBov) ends the offloading."""
        if self.downlink.lent is not None:
            self.downlink.lent.keep_away(quiet_from)

    def recall(self) -> None:
        """Take this voice back, if it is offloaded to the fast path (C code). Give the worker's `Voices` the buffered packets."""
        if self.downlink.lent is not None and self.downlink.lent.is_lent:
            self.bring()
            self.downlink.lent.recall()
            self._sync()
            self._voices.returned(self)

    # The following methods offload the peer's videos to the fast path, and take them back.

    def lend_picture(self, source: Incoming, slots: Sequence[Outgoing]) -> None:
        """Offload this video, if the fast path can forward it (`slots_of`).

        `slots`: the viewers' video slots that show this camera or screen, in any layer. Call after Python has handled a packet of
        `source`, and never while Python must see each packet, as during a recording.
        """
        if self._leg is None or self.downlink.lent is None or self._picture_by is None:
            return
        steady = slots_of(source, slots)
        if steady is None:
            return
        lent = self._lent_pictures.get(source)
        if lent is None:
            section = self._sections[source.role]
            lent = LentVideo(Video(self._leg), source, section.payload_type, section.transport_cc)
            self._lent_pictures[source] = lent
        lent.lend(self._picture_by, steady)

    def recall_pictures(self, role: str = "") -> None:
        """Take this peer's videos back from the fast path.

        `role`: take back only this video, "camera" or "screen"; "": take back both videos.
        """
        for source, each in self._lent_pictures.items():
            if not role or source.role == role:
                each.recall()

    def _recall_picture(self, source: Incoming) -> None:
        lent = self._lent_pictures.get(source)
        if lent is not None:
            lent.recall()

    def _sync(self) -> None:
        """Copy the fast path's counters back into this peer's streams, and remember when the peer's last packet came."""
        if self.downlink.lent is None:
            return
        heard = [self.downlink.lent.sync()]
        for each in self._lent_pictures.values():
            each.sync()
            heard.append((each.heard, each.by) if each.by is not None else None)
        for when, path in filter(None, heard):
            self._heard = max(self._heard, when)
            self.ice.heard(path, when)
        self.downlink.sync()

    def _aim(self) -> None:
        if self.downlink.lent is not None and self.ice.selected is not None and self.ice.selected != self._aimed_at:
            self._aimed_at = self.ice.selected
            self.downlink.lent.aim(self.ice.selected)

    # datagrams in

    def probe_answered(self, message: stun.Message, path: ice.Path, now: float) -> None:
        """Take a STUN response to one of our checks on `path`."""
        if self.ice.response(message, path, now):
            self._heard = now
        else:
            self._wire.drops["stun_unasked"] += 1
        self._aim()

    def check_in(self, asked: Check, path: ice.Path, now: float) -> None:
        """Answer a Binding request that names our ufrag. Count and drop a forged request."""
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
        if self._picture_by is not None and not self.ice.allows(self._picture_by):
            self.recall_pictures()
        self._aim()
        self._wire.send(reply, path)

    def receive(self, kind: Kind, data: bytes, path: ice.Path, now: float, came: float) -> None:
        """Take a DTLS, RTP or RTCP datagram from a checked address of this peer.

        `came`: when the kernel received the datagram, not later than `now`.
        """
        if not self._allowed.spend(1):
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
            # redundant copies inside the packet get the same audio level, because their levels are unknown, but similar
            level = self._level(plain, header)
            for packet in self.uplink.voice(stream, plain, header, came):
                self._voices.audio(self, stream, *packet, level, now)
            requests = self._control.voice_requests(stream, came)
            if requests:
                self._send_rtcp(requests)
        else:
            self._recall_picture(stream)
            self._picture_by = path
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
        self._sync()
        for packet in packets:
            for sealed in self._control.take(packet, came, now):
                self._send(sealed)
            slot = self._control.keyframe_slot(packet)
            if slot is not None:
                self._owner.keyframe_wanted(self, slot)
        if self.downlink.lent is not None:
            self.downlink.lent.copy()

    # datagrams out

    def _send(self, data: bytes) -> None:
        if self.ice.selected is not None:
            self._wire.send(data, self.ice.selected)

    def _send_rtcp(self, packet: bytes) -> None:
        if self._secure.secure:
            with contextlib.suppress(*SrtpError):
                self._send(self._secure.protect_rtcp(packet))

    def tick(self, now: float) -> None:
        """Run what is due: retransmission requests, keyframe requests, ICE probes, reports.

        Call every 20 ms. While the peer `rests` or `is_calm`, most calls have no effect: only one call in 200 ms has one. While
        the peer `is_calm` but does not rest, and there is no fast path, one call in 100 ms has an effect.
        """
        if now < self._tick_due:
            return
        # With the fast path, five ticks a second are enough for a calm peer, because the fast path itself tells the sender which
        # video packets have arrived.
        calm_s = CALM_S if self._leg is None else RESTING_S
        self._tick_due = now + (RESTING_S if self.rests else calm_s if self.is_calm else 0.0)
        self._allowed.refill(now)
        if self.ice.has_choice:
            self._sync()  # the probes depend on when the last packet came on each path, and the fast path has newer times
        for path, probe in self.ice.probes(now):
            self._wire.send(probe, path)
        if not self._secure.secure:
            return
        if self._control.report_due(now):
            self._sync()
        packet = self._control.due(now)
        if packet:
            self._send_rtcp(packet)

    @property
    def rests(self) -> bool:
        """Return whether the peer has sent no video, and has at most one checked address."""
        return not (self.uplink.has_pictures or self.ice.has_choice)

    @property
    def is_calm(self) -> bool:
        """Return whether no packet or keyframe must be requested from this peer, and the peer has at most one checked address.

        Such a peer can still send video, and then needs feedback about it a few times a second.
        """
        return not self.ice.has_choice and all(each.is_calm for each in self.uplink.incoming.values())

    def hurry(self) -> None:
        """Let the next `tick` do its work, even if the last one was a short time ago."""
        self._tick_due = float("-inf")

    # secure transport

    def _secured(self) -> None:
        self.ice.established = True
        self._heard = self._wire.now()
        # a peer that is gone or replaced is being closed already
        if self._wire.fastpath is not None and self.state not in ("gone", "replaced"):
            leg = self._leg = Leg(self._wire.fastpath, *self._secure.contexts())
            self.uplink.arrivals = Arrivals(leg, self.voice.ssrc)
            self.downlink.offload(leg, Lent(leg, self.voice, self._voice_cc, self._level_id, self.downlink.estimate))
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
        """Send a fragment on the `doc` data channel. Return False if the channel is not open or is full."""
        return self._secure.send("doc", fragment)

    @property
    def has_document(self) -> bool:
        """Return whether the `doc` data channel is open."""
        return self._secure.has_channel("doc")

    def _message(self, label: str, data: str | bytes) -> None:
        """Take a message from a data channel.

        An exception here would close the connection. So this method catches the exception, and only this message is lost.
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
