"""What a peer lends to the fast path (`transport/fastpath.c`) while its voice is steady, and how it comes back.

The state belongs to `Incoming`, `Rewriter`, `Voice` and `Estimator`. It is copied out by `lend`, copied back by `sync` (as
often as somebody wants to know) and, for the last time, by `recall`; in between only the fast path changes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from media.bandwidth import Estimator
from media.peer.speaking import Voice
from media.peer.streams import Incoming, Outgoing
from media.transport.fastpath import Kept, Leg
from media.transport.ice import Path


class Lent:
    """Of one peer: the voice that it sends (lent by it), and that which it hears (lent by who sends it)."""

    def __init__(self, leg: Leg, hears: Outgoing, number_id: int, level_id: int, downlink: Estimator) -> None:
        """number_id, level_id: of the header extensions on this peer's audio; 0: not used."""
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
        """Nothing happens when it cannot be: a listener's stream does not come from this source yet.

        quiet_from: the lowest RFC 6464 level (-dBov) of what is lent; louder packets come back. 0: whatever comes is lent.
        keeps: packets are kept for `kept`.
        """
        if self._source is not None or any(each._hears.rewriter.source is not source or each._leg.hears for each in listeners):
            return
        into = self._leg.voice_in
        source.lend(into)
        speaker.lend(into)
        into.payload_type, into.quiet_from, into.former_bytes = payload_type, quiet_from, 0
        for each in listeners:
            each._hears.rewriter.lend(each._leg.voice_out)
            each.copy()
            each._leg.voice_out.number = each._downlink.next_number
        if self._leg.lend(by, [each._leg for each in listeners], keeps=keeps):
            self._source, self._speaker, self._by, self._listeners = source, speaker, by, listeners
            self.keeps = keeps

    def kept(self) -> list[Kept]:
        """The packets of this peer's voice that the mixer has not had yet."""
        return self._leg.kept() if self._source is not None else []

    def keep_away(self, quiet_from: int) -> None:
        """The mixer wants no more of what is not louder."""
        self.keeps = False
        self._leg.keep_no_more()
        self._leg.voice_in.quiet_from = quiet_from

    def recall(self) -> None:
        """Not before what was kept has been taken."""
        self.sync()
        for each in self._listeners:
            each.sync()
        self._leg.recall()
        self._source = self._speaker = None
        self._listeners = ()
        self.keeps = False

    def sync(self) -> tuple[float, Path] | None:
        """When this peer's lent voice was last heard, and by which path."""
        if self._leg.hears:
            self._hears.rewriter.refresh(self._leg.voice_out)
            self._collect()
        if self._source is None or self._speaker is None or self._by is None:
            return None
        voice = self._leg.voice_in
        self._source.refresh(voice)
        self._speaker.refresh(voice)
        return voice.heard, self._by

    def number(self, size_bytes: int, now: float) -> int:
        """The transport-wide number of a packet that does not go by the fast path."""
        self._collect()
        number = self._downlink.sent(size_bytes, now)
        self._leg.voice_out.number = self._downlink.next_number
        return number

    def copy(self) -> None:
        """Whether what this peer hears carries the packet before, too."""
        self._leg.voice_out.red_type = self._hears.red if self._hears.copies else 0

    def _collect(self) -> None:
        voice = self._leg.voice_out
        for at in range(voice.uncollected):
            self._downlink.sent(voice.sent[at].bytes, voice.sent[at].at)
        voice.uncollected = 0

    def say(self, packet: bytes) -> None:
        self._leg.say(packet)

    def aim(self, path: Path) -> None:
        self._leg.aim(path)

    def close(self) -> None:
        self._leg.close()
