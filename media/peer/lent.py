"""Offloads a voice to the fast path (C code: `transport/fastpath.c`), and takes it back. `lent_pictures` does this for videos.

Objects of `Incoming`, `Rewriter`, `Voice` and `Estimator` hold the state of a voice. `lend` copies this state into the fast path.
`sync` copies the state back at any time, and `recall` copies it back for the last time. Between `lend` and `recall` only the fast
path changes the state.
"""

from __future__ import annotations

from collections.abc import Sequence

from media.bandwidth import Estimator
from media.peer.speaking import Voice
from media.peer.streams import Incoming, Outgoing
from media.transport.fastpath import Kept, Leg
from media.transport.ice import Path


class Lent:
    """One peer in the fast path: the voice that the peer sends, and the voice that the peer hears.

    `lend` offloads the voice that this peer sends. Another peer sends the voice that this peer hears, and the `Lent` of that
    other peer offloads it.
    """

    def __init__(self, leg: Leg, hears: Outgoing, number_id: int, level_id: int, downlink: Estimator) -> None:
        """Prepare offloading. `leg`: this peer in the fast path. `hears`: the voice stream that this peer receives.

        `number_id`, `level_id`: ids of the header extensions for transport-wide numbers and audio levels; 0: not negotiated.
        """
        self._leg = leg
        self._hears = hears
        self._downlink = downlink
        self._source: Incoming | None = None
        self._speaker: Voice | None = None
        self._by: Path | None = None
        self._listeners: Sequence[Lent] = ()
        self.keeps = False
        leg.voice_in.level_id = level_id
        leg.voice_out.number_id = number_id

    @property
    def is_lent(self) -> bool:
        """Return whether the fast path forwards this peer's voice at present."""
        return self._source is not None

    def lend(
        self,
        source: Incoming,
        by: Path,
        payload_type: int,
        speaker: Voice,
        listeners: Sequence[Lent],
        quiet_from: int = 0,
        *,
        keeps: bool = False,
    ) -> None:
        """Offload this peer's voice to the fast path. Do nothing if that is not possible.

        Offloading is not possible in these cases:

        - This voice is offloaded already.
        - The stream of at least one listener does not carry `source` yet.
        - The fast path already sends another voice to at least one listener.
        - The fast path refuses to take the voice.

        `quiet_from`: audio level (RFC 6464) in -dBov. A louder packet ends the offloading. 0: packets of any level are offloaded.
        `keeps`: whether the fast path also buffers the packets, so that the method `kept` can return them.
        """
        if self._source is not None or any(each._hears.rewriter.source is not source or each._leg.hears for each in listeners):
            return
        into = self._leg.voice_in
        source.lend(into)
        speaker.lend(into)
        into.payload_type, into.quiet_from, into.formers = payload_type, quiet_from, 0
        for each in listeners:
            each._hears.rewriter.lend(each._leg.voice_out)
            each.copy()
            each.number_on()
        if self._leg.lend(by, [each._leg for each in listeners], keeps=keeps):
            self._source, self._speaker, self._by, self._listeners = source, speaker, by, listeners
            self.keeps = keeps

    def kept(self) -> list[Kept]:
        """Return the packets of this peer's voice that the fast path has buffered for the mixer since the last call."""
        return self._leg.kept() if self._source is not None else []

    def keep_away(self, quiet_from: int) -> None:
        """Stop buffering packets for the mixer. From a packet louder than `quiet_from` (-dBov) on, Python handles the voice."""
        self.keeps = False
        self._leg.keep_no_more()
        self._leg.voice_in.quiet_from = quiet_from

    def recall(self) -> None:
        """Take this peer's voice back from the fast path (C code). Call `kept` first, to get the buffered packets."""
        self.sync()
        for each in self._listeners:
            each.sync()
        self._leg.recall()
        self._source = self._speaker = None
        self._listeners = ()
        self.keeps = False

    def sync(self) -> tuple[float, Path] | None:
        """Copy the state back from the fast path. Return when and on which path the last packet of this peer's voice came.

        None: this peer's voice is not offloaded.
        """
        self._collect()
        if self._leg.hears:
            self._hears.rewriter.refresh(self._leg.voice_out)
        if self._source is None or self._speaker is None or self._by is None:
            return None
        voice = self._leg.voice_in
        self._source.refresh(voice)
        self._speaker.refresh(voice)
        return voice.heard, self._by

    def number(self, size_bytes: int, now: float) -> int:
        """Return the transport-wide number for a packet that Python sends to this peer."""
        self._collect()
        number = self._downlink.sent(size_bytes, now)
        self.number_on()
        return number

    def number_on(self) -> None:
        """Tell the fast path the next transport-wide number for packets to this peer."""
        self._collect()
        self._leg.numbers.next = self._downlink.next_number

    def copy(self) -> None:
        """Tell the fast path how many redundant copies (RED) of earlier packets to add to each voice packet for this peer."""
        self._leg.voice_out.copies = self._hears.copies
        self._leg.voice_out.red_type = max(0, self._hears.red)

    def _collect(self) -> None:
        for at, size_bytes in self._leg.sent():
            self._downlink.sent(size_bytes, at)

    def say(self, packet: bytes) -> None:
        """Queue a packet of mixed sound for this peer. The next flush of the fast path sends it."""
        self._leg.say(packet)

    def aim(self, path: Path) -> None:
        """Send all packets of the fast path for this peer to `path` from now on: voice, videos and reports."""
        self._leg.aim(path)

    def close(self) -> None:
        """Free the fast path's state of this peer."""
        self._leg.close()
