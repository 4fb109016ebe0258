"""The streams that one peer sends. Finds the stream of each packet, also for layers and retransmissions. Does no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from media.bandwidth import Arrivals
from media.packets import red, rtp, rtx, sdp
from media.peer.requests import Requests
from media.peer.streams import Incoming

MAX_SSRCS = 16
"""At most this many SSRCs of one peer are accepted: libsrtp keeps a state for each. A peer needs nine: a voice, three layers
of a camera, a screen, and retransmissions of these four videos."""
SENT_ROLES = ("audio", "camera", "screen")
REMEMBERED_PACKETS = 1024
"""This many of the newest packets of a video are remembered to detect repetitions. They are 9 s of video at 1 Mbit/s. No
retransmission comes that late."""


class ArrivalTimes(Protocol):
    """Memory of when video packets arrived, for reports to their sender.

    Two classes implement this protocol: `bandwidth.Arrivals` in Python, and `pictures.Arrivals` for the fast path (C code).
    `reported`: when the last report was sent.
    """

    reported: float

    def add(self, number: int, now: float, ssrc: int = 0) -> None: ...
    def report(self) -> bytes | None: ...


class Uplink:
    """Streams that one peer sends.

    `incoming`: the newest stream of each name: "audio", "screen", "camera", or (for the simulcast layer "h") "camera:h".
    """

    def __init__(self, offer: sdp.Offer, drops: Counter[str]) -> None:
        self.incoming: dict[str, Incoming] = {}
        self.streams: dict[int, Incoming | None] = {}
        self.arrivals: ArrivalTimes = Arrivals()
        self._drops = drops
        self._repairs: dict[int, Incoming] = {}
        self._ssrcs: set[int] = set()
        self.has_pictures = False
        """True after the first video packet of this peer has come."""
        self.redundant = False
        """True while the peer's recent voice packets carry redundant copies (RED)."""
        self._sections = {role: section for role, section in offer.by_role.items() if role in SENT_ROLES}
        self._roles_by_ssrc = {ssrc: section.role for section in offer.sections for ssrc in section.ssrcs}
        self._repaired_by_ssrc = {new: old for section in offer.sections for new, old in section.repairs.items()}

    def may_bring(self, ssrc: int) -> bool:
        """Return whether a packet of this SSRC is accepted: this SSRC is known, or fewer than `MAX_SSRCS` SSRCs are known."""
        return ssrc in self._ssrcs or len(self._ssrcs) < MAX_SSRCS

    def layers(self, role: str) -> list[Incoming]:
        """Return the received video layers of `role`, from low to high."""
        names = (self._sections[role].rids or [""]) if role in self._sections else []
        return [stream for name in names if (stream := self.incoming.get(_key(role, name))) is not None]

    def top(self, role: str, now: float) -> Incoming | None:
        """Return the highest layer of this video that has arrived within the last second. None: no layer has arrived."""
        return next((stream for stream in reversed(self.layers(role)) if stream.meter.bps(now)), None)

    def stream(self, plain: bytes, header: rtp.Header, now: float) -> Incoming | None:
        """Return the stream of an authenticated packet. A retransmission belongs to the stream that it repairs.

        None: the packet belongs to no stream of the offer, or does not name its layer.
        """
        ssrc = header.ssrc
        self._ssrcs.add(ssrc)
        return self.streams.get(ssrc) or self._repairs.get(ssrc) or self._bind(ssrc, plain, header, now)

    def voice(self, stream: Incoming, plain: bytes, header: rtp.Header, came: float) -> Iterator[tuple[bytes, rtp.Header]]:
        """Yield the voice packets inside a received packet that have not arrived before, oldest first.

        A RED packet contains the newest voice packet and copies of earlier ones. Any other packet contains only itself.
        """
        section = self._sections["audio"]
        copies = header.payload_type != section.payload_type
        if copies and stream.seen is None:
            stream.seen = red.Seen(stream.highest if stream.highest >= 0 else (header.sequence - 1) & 0xFFFF)
            stream.requests = Requests() if section.retransmits_voice else None
        if stream.seen is not None and not stream.seen.needed(copies=copies):
            stream.seen = stream.requests = None
        self.redundant = stream.seen is not None
        again = stream.requests is not None and stream.requests.come(header.sequence, came)
        if not again:  # a retransmission does not count as received, because the sender must learn how much the link loses
            stream.receive(header, came)
        try:
            packets = red.unwrap(plain, header, section.payload_type) if copies else iter([(plain, header)])
        except rtp.RtpError:
            self._drops["redundancy"] += 1
            return
        for packet in packets:
            if stream.requests is not None and packet[1].sequence != header.sequence:
                stream.requests.restored(packet[1].sequence)
            if stream.seen is None or stream.seen.first(packet[1].sequence):
                stream.restored += again or packet[1].sequence != header.sequence
                yield packet

    def picture(
        self, stream: Incoming, plain: bytes, header: rtp.Header, now: float, came: float
    ) -> tuple[bytes, rtp.Header] | None:
        """Return a video packet as it was first sent. None: the packet is empty, a repetition, or not of this stream.

        Browsers fill the probes of their bandwidth estimation with repetitions of packets that have already arrived. Viewers
        cannot use a repeated packet: their SRTP drops it as a replay, so it would count as lost on each viewer's path. `came`:
        when the packet arrived, for the feedback to the sender.
        """
        section = self._sections[stream.role]
        if section.transport_cc:
            number = rtp.extension(plain, header, section.transport_cc)
            if number is not None and len(number) == 2:
                self.arrivals.add(int.from_bytes(number, "big"), came, stream.ssrc)
        if header.ssrc in self._repairs and header.payload_type == section.rtx:
            repaired = rtx.unwrap(plain, header, section.payload_type, stream.ssrc)
            if repaired is None:
                return None
            plain, header = repaired
        elif header.ssrc != stream.ssrc or header.payload_type != section.payload_type:
            self._drops["payload_type"] += 1
            return None
        if stream.seen is None:
            stream.seen = red.Seen((header.sequence - 1) & 0xFFFF, REMEMBERED_PACKETS, former=False)
        if not stream.seen.first(header.sequence):
            self._drops["repeated"] += 1
            return None
        stream.meter.add(header.end - header.payload, now)
        stream.receive(header, came)
        return plain, header

    def _bind(self, ssrc: int, plain: bytes, header: rtp.Header, now: float) -> Incoming | None:
        """Bind a new SSRC to an m-line: by MID, else by the offer's a=ssrc, else by its payload type (RFC 9143 section 9.2).

        The packets of a layer and of its retransmissions carry the layer's name (RFC 8852). Return the stream, or None if the
        packet belongs to no stream.
        """
        role = self._role_by_mid(plain, header) or self._roles_by_ssrc.get(self._repaired_by_ssrc.get(ssrc, ssrc))
        role = role or self._role_by_type(header.payload_type)
        if role not in SENT_ROLES:
            self.streams[ssrc] = None
            return None
        section = self._sections[role]
        if header.payload_type == section.rtx:
            return self._bind_repair(ssrc, section, plain, header)
        name = _text(plain, header, section, sdp.RID_URI) if section.rids else ""
        if section.rids and name not in section.rids:
            return None  # perhaps a later packet of this SSRC names the layer
        self.has_pictures = self.has_pictures or role != "audio"
        made = self.streams[ssrc] = self.incoming[_key(role, name)] = Incoming(ssrc, role, now, name)
        return made

    def _bind_repair(self, ssrc: int, section: sdp.Section, plain: bytes, header: rtp.Header) -> Incoming | None:
        name = _text(plain, header, section, sdp.REPAIRED_RID_URI) if section.rids else ""
        stream = self.incoming.get(_key(section.role, name))
        if stream is not None:
            self._repairs[ssrc] = stream
        return stream

    def _role_by_type(self, payload_type: int) -> str | None:
        """Return the role of the section with this payload type.

        If several sections have this type, leave out the sections whose packets can be identified in another way. Return None if
        no section is left, or more than one.
        """
        found = [each for each in self._sections.values() if payload_type in (each.payload_type, each.rtx, each.red)]
        if len(found) > 1:
            found = [each for each in found if not each.says_which]
        return found[0].role if len(found) == 1 else None

    def _role_by_mid(self, plain: bytes, header: rtp.Header) -> str | None:
        for role, section in self._sections.items():
            ours = header.payload_type in (section.payload_type, section.rtx, section.red)
            if ours and _text(plain, header, section, sdp.MID_URI) == section.mid:
                return role
        return None


def _text(plain: bytes, header: rtp.Header, section: sdp.Section, uri: str) -> str:
    identifier = section.extensions.get(uri)
    value = rtp.extension(plain, header, identifier) if identifier else None
    return value.decode("ascii", "replace") if value else ""


def _key(role: str, rid: str) -> str:
    return f"{role}:{rid}" if rid else role
