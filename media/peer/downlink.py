"""The streams that one peer receives. Numbers packets for the peer's feedback, and encrypts them. Adapts video to the link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from media.bandwidth import Chooser, Estimator, RepeatBudget, numbered
from media.packets import sdp
from media.peer.lent import Lent
from media.peer.lent_pictures import LentSlot
from media.peer.streams import Outgoing
from media.transport.fastpath import Leg
from media.transport.pictures import Slot
from media.transport.seam import MAX_PROTECTED_INPUT_BYTES, SecureTransport, SrtpError

SLOT_ROLES = tuple(f"slot{number}" for number in range(sdp.MOST_SLOTS))


class Downlink:
    """Streams that one peer receives: `voice`, and the video `slots`.

    `estimate`: estimates the bandwidth of the peer's link. `chooser`: which video layers fit the link. `repeats`: the budget of
    retransmissions. `lent`: offloads the peer's voice to the fast path (C code). `lent` is None until the transport is secure,
    and on a machine without fast path.
    """

    def __init__(
        self,
        sections: Mapping[str, sdp.Section],
        secure: SecureTransport,
        send: Callable[[bytes], None],
        now: Callable[[], float],
        drops: Counter[str],
    ) -> None:
        """Make the streams. `sections`: the offer's m-lines by role. `send`: sends a datagram. `now`: the monotonic clock."""
        self.estimate = Estimator(now())
        self.chooser = Chooser()
        self.repeats = RepeatBudget(now())
        self.lent: Lent | None = None
        self._sections = sections
        self._secure = secure
        self._send = send
        self._now = now
        self._drops = drops
        self.voice = self._outgoing(sections.get("audio", sdp.Section("audio", "audio")), say=self._say)
        self.slots = [self._outgoing(sections[role]) for role in SLOT_ROLES if role in sections]

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

    def offload(self, leg: Leg, lent: Lent) -> None:
        """Connect this peer's streams with the fast path. Call before anything is sent to the peer.

        After this call Python can offload streams, whose packets the fast path then sends.
        """
        self.lent = lent
        for slot in self.slots:
            part = Slot(leg, repaired=slot.repair_ssrc is not None)
            slot.cache = part
            slot.hold = LentSlot(part, slot, lent, self._sections[slot.role].transport_cc)

    def take_back(self) -> None:
        """Take back from the fast path all videos that are sent to this peer."""
        for slot in self.slots:
            if slot.hold is not None:
                slot.hold.take_back()

    def sync(self) -> None:
        """Copy the state of all videos that are sent to this peer from the fast path back to Python."""
        for slot in self.slots:
            if slot.hold is not None:
                slot.hold.sync()

    def close(self) -> None:
        """Free the fast path's state of this peer. After that, the caller must send nothing to this peer."""
        if self.lent is not None:
            self.take_back()
            for slot in self.slots:
                slot.hold = None
            self.lent.close()
            self.lent = None

    def _number(self, size_bytes: int) -> int:
        now = self._now()
        return self.estimate.sent(size_bytes, now) if self.lent is None else self.lent.number(size_bytes, now)

    def _seal(self, packet: bytes) -> bytes | None:
        if not self._secure.secure:
            return None
        if len(packet) > MAX_PROTECTED_INPUT_BYTES:
            self._drops["too_long_to_relay"] += 1
            return None
        try:
            sealed = self._secure.protect(packet)
        except SrtpError:
            self._drops["protect"] += 1
            return None
        self._send(sealed)
        return sealed

    def _say(self, packet: bytes) -> None:
        if self.lent is None:
            self._seal(packet)
        else:
            self.lent.say(packet)
