"""Offloads a video to the fast path (C code: `transport/pictures.c`), and takes it back.

The state of a video is in its `Incoming`, with `Meter` and `Seen`, and in the `Rewriter` of each slot that shows the video.
`LentVideo.lend` copies this state into the fast path. `sync` copies the state back at any time, and `recall` copies it back for
the last time. Between `lend` and `recall` only the fast path changes the state.
"""

from __future__ import annotations

from collections.abc import Sequence

from media.peer.lent import Lent
from media.peer.streams import Incoming, Outgoing
from media.transport.ice import Path
from media.transport.pictures import Slot, Video


class LentSlot:
    """Offloads one video slot of a viewer: the fast path sends the packets of this slot. Implements `streams.Hold`."""

    def __init__(self, slot: Slot, shows: Outgoing, viewer: Lent, number_id: int) -> None:
        """Prepare this slot for offloaded videos.

        `number_id`: id of the header extension for transport-wide numbers; 0: not negotiated.
        """
        self.slot = slot
        self.shows = shows
        self.viewer = viewer
        self.source: LentVideo | None = None
        slot.out.number_id = number_id

    def take_back(self) -> None:
        """If the fast path sends a video to this slot, take that video back."""
        if self.source is not None:
            self.source.recall()

    def sync(self) -> None:
        """Copy the state of this slot's stream (to one viewer) from the fast path back to Python."""
        if self.source is not None:
            self.shows.rewriter.refresh(self.slot.out)


class LentVideo:
    """One video that a peer sends, in the fast path. `by`: network path on which the video arrived when it was last offloaded.

    `heard`: when the video's last offloaded packet came.
    """

    def __init__(self, video: Video, stream: Incoming, payload_type: int, number_id: int) -> None:
        """Prepare this video for offloading.

        `number_id`: id of the header extension for the sender's transport-wide numbers; 0: the sender uses none.
        """
        self._video = video
        self._stream = stream
        self._slots: Sequence[LentSlot] = ()
        self.by: Path | None = None
        self.heard = float("-inf")
        self.is_lent = False
        video.state.number_id, video.incoming.payload_type = number_id, payload_type

    def lend(self, by: Path, slots: Sequence[LentSlot]) -> None:
        """Let the fast path forward this video, which comes from the path `by`, to `slots`.

        Do nothing if that is not possible.
        """
        if self.is_lent or any(each.source is not None for each in slots):
            return
        self._stream.lend(self._video.incoming)
        self._stream.meter.lend(self._video.state)
        for each in slots:
            each.shows.rewriter.lend(each.slot.out)
            each.viewer.number_on()
        if self._video.lend(by, [each.slot for each in slots]):
            self.is_lent, self.by, self._slots = True, by, slots
            for each in slots:
                each.source = self

    def sync(self) -> None:
        """Copy the video's state back from the fast path."""
        if not self.is_lent:
            return
        before = self._stream.packets
        self._stream.refresh(self._video.incoming)
        self._stream.meter.refresh(self._video.state)
        if self._stream.packets != before and self._stream.seen is not None:
            self._stream.seen.passed(self._stream.packets - before)
            self.heard = self._video.incoming.heard

    def recall(self) -> None:
        """Take this video back from the fast path (C code)."""
        if not self.is_lent:
            return
        self.sync()
        for each in self._slots:
            each.sync()
            each.source = None
        self._video.recall()
        self.is_lent, self._slots = False, ()


def slots_of(source: Incoming, slots: Sequence[Outgoing]) -> list[LentSlot] | None:
    """Return those of `slots` (videos at viewers) to which the fast path can send `source`.

    None: Python must continue to forward the video.

    The result is None in these cases:
    - A packet of `source` is missing.
    - A slot waits for a keyframe of `source`.
    - A slot that shows `source` has not sent the newest packet, or does not exist in the fast path.
    """
    if not source.is_whole or source.seen is None or source.seen.highest != source.highest:
        return None
    found = []
    for slot in slots:
        if slot.waits_for(source):
            return None
        if slot.layer is not None and slot.rewriter.source is source:
            if not isinstance(slot.hold, LentSlot) or not slot.rewriter.has_sent(source, source.highest):
                return None
            found.append(slot.hold)
    return found
