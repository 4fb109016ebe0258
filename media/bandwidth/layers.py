"""Chooses simulcast layers of the videos for one viewer, within the viewer's bandwidth.

Voice is always sent, and the chooser ignores its bit rate. On a congested path the chooser steps down to lower layers at once. It
steps up slowly. If a step up fails within `PROVEN_S`, the wait before the next step up is doubled, up to `LONGEST_WAIT_S`. A
viewer's first step down never counts as a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

UP_FACTOR = 1.2
"""A video goes to a higher layer only if the viewer's bandwidth is high enough: at least this factor times the sum of the bit
rates of all layers that the viewer would then get."""
# Seconds from a step down until the next step up is allowed: `WAIT_S` at first, and at most `LONGEST_WAIT_S` after doublings.
WAIT_S, LONGEST_WAIT_S = 5.0, 60.0
STEP_S = 1.0  # At least this many seconds pass between two steps to a higher layer.
PAUSE_AFTER_S = 4.0
"""Seconds of congestion before a video is paused. There are two reasons to wait. A receiver that is short of processor time for a
moment looks congested, too. And the lowest layers need little bandwidth."""
PROVEN_S = 10.0  # a step to a higher layer has failed if a layer goes down again within this many seconds
TELL_LOW_S, TELL_PAUSED_S, TELL_BACK_S = 2.0, 0.5, 1.0
"""Seconds for which a change must last before the viewer is told of it: a lower layer (`TELL_LOW_S`), a paused video
(`TELL_PAUSED_S`), or the return of all videos to their highest layers (`TELL_BACK_S`)."""
FINDING_OUT_S = 6.0
"""For this many seconds after the first video, the viewer is not told of low layers, because layers begin low and then go up. But
after a layer has gone down, the viewer is told even during these seconds."""
TELL_AGAIN_S = 5.0
"""Seconds after which the viewer is told again of a low or paused video. The viewer may have been disconnected the first time."""

Limit = Literal["low", "paused"]
PAUSED = -1  # used instead of the index of a layer if the slot gets no layer, because its video is paused


@dataclass(frozen=True)
class Layer:
    """One layer that arrives now: its name (RID; "" if the video has only one layer) and its bits per second."""

    name: str
    bps: float


@dataclass(frozen=True)
class Choice:
    """The layers that a viewer gets. `layers`: video slot → name of the layer that it shows (None: the slot is paused).

    `limits`: what the viewer must be told now: video slot → "low" (a lower layer is shown) or "paused", for each limited slot.
    None: there is nothing to tell.
    """

    layers: dict[int, str | None]
    limits: dict[int, Limit] | None


class Chooser:
    """Chooses the simulcast layers that one viewer gets. Call `choose` a few times a second."""

    def __init__(self) -> None:
        self._levels: dict[int, int] = {}
        self._raised = self._lowered = float("-inf")
        self._wait_s = WAIT_S
        self._was_lowered = False
        self._congested_since: float | None = None
        self._first: float | None = None
        self._seen: dict[int, Limit] = {}
        self._seen_since = 0.0
        self._told: dict[int, Limit] = {}
        self._told_at = 0.0

    def choose(self, pictures: Mapping[int, Sequence[Layer]], bps: float | None, now: float, *, congested: bool = True) -> Choice:
        """Return the layer for each video slot of the viewer.

        - pictures: slot → the layers of its video, from low to high. The most important slot comes first.
        - bps: the bandwidth in bit/s. None: the bandwidth is unknown, and every slot gets its highest layer.
        - congested: whether the path is congested now. Layers are lowered only while the path is congested.
        """
        if bps is None:
            self._levels = {slot: len(layers) - 1 for slot, layers in pictures.items()}
        else:
            self._fit(pictures, bps, now, congested)
        names = {slot: pictures[slot][level].name if level >= 0 else None for slot, level in self._levels.items()}
        return Choice(names, self._tell(pictures, now))

    def _fit(self, pictures: Mapping[int, Sequence[Layer]], bps: float, now: float, congested: bool) -> None:
        held = {slot: min(self._levels.get(slot, 0), len(layers) - 1) for slot, layers in pictures.items()}
        if not congested:
            self._congested_since = None
        elif self._congested_since is None:
            self._congested_since = now
        lasting = self._congested_since is not None and now - self._congested_since >= PAUSE_AFTER_S
        kept = _best(pictures, held, bps, PAUSED if lasting else 0) if congested else held
        if kept != held:
            self._lower(now)
        self._levels = kept
        if now - self._lowered < self._wait_s or now - self._raised < STEP_S:
            return
        for slot in pictures:
            higher = kept | {slot: kept[slot] + 1}
            if kept[slot] + 1 < len(pictures[slot]) and _need(pictures, higher) * UP_FACTOR <= bps:
                self._levels = higher
                self._raised = now
                return
        if now - self._raised > PROVEN_S:
            self._wait_s = WAIT_S

    def _lower(self, now: float) -> None:
        if now - self._raised < PROVEN_S and self._was_lowered:
            self._wait_s = min(LONGEST_WAIT_S, 2 * self._wait_s)
        self._lowered = now
        self._was_lowered = True

    def _tell(self, pictures: Mapping[int, Sequence[Layer]], now: float) -> dict[int, Limit] | None:
        if pictures and self._first is None:
            self._first = now
        known = self._was_lowered or (self._first is not None and now - self._first > FINDING_OUT_S)
        limits: dict[int, Limit] = {}
        for slot, level in self._levels.items():
            if level < len(pictures[slot]) - 1 and known:
                limits[slot] = "paused" if level == PAUSED else "low"
        if limits != self._seen:
            self._seen, self._seen_since = limits, now
        if limits == self._told and (not limits or now - self._told_at < TELL_AGAIN_S):
            return None
        patience = TELL_PAUSED_S if "paused" in limits.values() else TELL_LOW_S if limits else TELL_BACK_S
        if now - self._seen_since < patience:
            return None
        self._told, self._told_at = limits, now
        return dict(limits)


def _need(pictures: Mapping[int, Sequence[Layer]], levels: Mapping[int, int]) -> float:
    return sum(pictures[slot][level].bps for slot, level in levels.items() if level >= 0)


def _best(pictures: Mapping[int, Sequence[Layer]], levels: Mapping[int, int], bps: float, lowest: int) -> dict[int, int]:
    """Return `levels`, lowered until all layers together fit into `bps`.

    A level is the index of a layer in its slot's list, or `PAUSED`. The last video of `pictures` is the least important one, and
    is lowered first. No video is paused before all videos are at their lowest layers. `lowest`: the lowest level allowed, 0 or
    `PAUSED`.
    """
    fitting = {slot: levels[slot] for slot in pictures}
    for least in range(0, lowest - 1, -1):
        for slot in reversed(list(pictures)):
            while fitting[slot] > least and _need(pictures, fitting) > bps:
                fitting[slot] -= 1
    return fitting
