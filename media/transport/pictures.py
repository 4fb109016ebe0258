"""Binding of pictures.c, which relays offloaded videos without Python, and of feedback.c, which reports to the videos' senders.

`Video.state` and `Slot.state` are structures of fastpath.h. While a video is offloaded, only the C code changes these structures.
`media.peer.lent_pictures` copies the state between Python and these structures. A `Leg` owns its videos and slots: `Leg.close`
frees them, and they do nothing afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from media.transport.fastpath import Leg
from media.transport.ice import Path

VIEWERS = 16  # the fast path sends one video to at most this many slots (a slot is one video at one viewer)
LONGEST_BYTES = 1500  # a stored packet has at most this many bytes
LONGEST_REPORT_BYTES = 832  # the body of a report has at most this many bytes, as in fastpath.h (FASTPATH_REPORT)


class Arrivals:
    """Video packets of one peer that arrived since the last report. Replaces `media.bandwidth.Arrivals` in the fast path.

    The fast path itself sends a report when a report is due and another packet arrives. `report_as`: SSRC from which these
    reports are sent.
    """

    def __init__(self, leg: Leg, report_as: int) -> None:
        self._leg = leg
        leg.state.report_as = report_as
        self._into: Any = leg.fastpath.ffi.new("uint8_t[]", LONGEST_REPORT_BYTES)

    @property
    def reported(self) -> float:
        """Time from which the next report's delay counts, in seconds of the monotonic clock.

        This is the time of the last report, or of the first packet after a pause.
        """
        return float(self._leg.state.reported) if self._leg.is_open else 0.0

    @reported.setter
    def reported(self, now: float) -> None:
        if self._leg.is_open:
            self._leg.state.reported = now

    def add(self, number: int, now: float, ssrc: int = 0) -> None:
        """Record the arrival of a packet that Python handles. `number`: transport-wide number. `ssrc`: SSRC of the video."""
        if self._leg.is_open:
            self._leg.fastpath.lib.fastpath_arrived(self._leg.fastpath.f, self._leg.state, ssrc, number, now)

    def report(self) -> bytes | None:
        """Return the body of a feedback message, without the SSRCs. None: nothing has arrived since the last message."""
        if not self._leg.is_open:
            return None
        size = self._leg.fastpath.lib.fastpath_report(self._leg.state, self._into)
        return bytes(self._leg.fastpath.ffi.buffer(self._into, size)) if size else None


class Slot:
    """One video slot (a video stream that a peer receives) in the fast path, with the sent packets that can be sent again."""

    def __init__(self, leg: Leg, *, repaired: bool) -> None:
        """Open a video slot of this leg's peer. `repaired`: whether retransmissions are sent in a separate stream (RTX)."""
        self._leg = leg
        self.state: Any = leg.open_slot()
        self.state.repaired = repaired
        self.out: Any = leg.fastpath.ffi.addressof(self.state, "out")

    def put(self, sequence: int, packet: bytes) -> None:
        """Store a packet that Python has sent, so that it can be sent again. Do nothing after `Leg.close`."""
        if self._leg.is_open:
            self._leg.fastpath.lib.fastpath_slot_put(self.state, sequence, packet, len(packet))

    def get(self, sequence: int) -> bytes | None:
        """Return a packet that Python or the fast path has sent lately. None: the packet is not stored."""
        if not self._leg.is_open:
            return None
        ffi = self._leg.fastpath.ffi
        into = ffi.new("uint8_t[]", LONGEST_BYTES)
        size = self._leg.fastpath.lib.fastpath_slot_get(self.state, sequence, into, LONGEST_BYTES)
        return bytes(ffi.buffer(into, size)) if size else None


class Video:
    """The fast path's state for one simulcast layer of a camera or screen that a peer sends."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self.state: Any = leg.open_video()
        self.incoming: Any = leg.fastpath.ffi.addressof(self.state, "in")

    def lend(self, path: Path, slots: Sequence[Slot]) -> bool:
        """Offload this video: its packets, which come from `path`, go to `slots`. Return False if that is not possible."""
        legs = [self._leg, *(each._leg for each in slots)]
        if len(slots) > VIEWERS or not all(each.is_open for each in legs) or not self._leg.come_by(path):
            return False
        states = [each.state for each in slots]
        fastpath = self._leg.fastpath
        return bool(fastpath.lib.fastpath_video_lend(fastpath.f, self.state, states, len(states)) == 0)

    def recall(self) -> None:
        """End the offloading of this video: the C code no longer forwards its packets."""
        if self._leg.is_open:
            self._leg.fastpath.lib.fastpath_video_recall(self._leg.fastpath.f, self.state)
