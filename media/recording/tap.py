"""The tap sends a room's media to the recorder: the packets of the recorded participants, and who hears and sees whom."""

from __future__ import annotations

from collections.abc import Callable

from media.api import wire as worker_wire
from media.api.recording_files import Kind
from media.peer.streams import Incoming

from . import wire
from .link import Link


class Tap:
    """Sends one segment of a room's recording to the recorder, from construction to `close`. All times are Unix seconds.

    `on_over(reason)` is called when the segment is closed. `reason` is as in `link.Link`.
    """

    def __init__(self, link: Link, room: str, epoch: int, period: int, now: float, on_over: Callable[[str], None]) -> None:
        self.period = period
        self.over = False
        self._link = link
        self._on_over = on_over
        self._participants: frozenset[str] = frozenset()
        self._tracks: dict[Incoming, int] = {}
        self._layers: dict[tuple[str, str], Incoming] = {}
        """(participant, role) → the layer of this video that is written now. Another layer begins another track."""
        self._reports: dict[Incoming, tuple[float, int]] = {}
        self._segment = link.begin(room, epoch, period, now, self._ended)

    def follow(self, matrix: worker_wire.SetMatrix, participants: list[str], now: float) -> None:
        """Set the participants whose packets are written from now on, and who hears and sees whom (`matrix`)."""
        self._participants = frozenset(participants)
        sees: dict[str, list[tuple[str, Kind]]] = {}
        for viewer, slots in matrix.sees.items():
            sees[viewer] = [(source, "screen" if kind == "screen" else "camera") for source, kind in slots.values()]
        hears = {listener: [each for each, gain in gains.items() if gain > 0] for listener, gains in matrix.hears.items()}
        self._link.send(wire.command(wire.Reach(segment=self._segment, at=now, hears=hears, sees=sees)))

    def voice(self, participant: str, source: Incoming, data: bytes, now: float) -> None:
        """Send the recorder one decrypted voice packet, if the participant is recorded."""
        if self._wants(participant):
            if source not in self._tracks:
                self._begin(participant, source)
            self._packet(source, data, now)

    def picture(self, participant: str, source: Incoming, top: Incoming | None, data: bytes, keyframe: bool, now: float) -> None:
        """Record one decrypted packet of a camera or screen layer, if the participant is recorded.

        `top`: the layer to write; None: not known yet. Until a keyframe of `top` comes, the layer that was written before is
        still written. `keyframe`: whether this packet begins a keyframe, and no later packet has come yet.
        """
        if not self._wants(participant):
            return
        written = self._layers.get((participant, source.role))
        if source is not written:
            if source is not (top or written or source):
                return
            if not keyframe:
                source.wants_keyframe = True
                return
            self._layers[participant, source.role] = source
            self._begin(participant, source, -1 if written is None else self._tracks.pop(written))
        self._packet(source, data, now)

    def _wants(self, participant: str) -> bool:
        return not self.over and participant in self._participants

    def _packet(self, source: Incoming, data: bytes, now: float) -> None:
        track = self._tracks[source]
        if source.reference is not None and self._reports.get(source) != source.reference:
            self._reports[source] = source.reference
            self._link.send(wire.clock(track, *source.reference))
        self._link.send(wire.packet(track, now, data))

    def _begin(self, participant: str, source: Incoming, after: int = -1) -> None:
        track = self._tracks[source] = self._link.number()
        self._reports.pop(source, None)
        kind: Kind = "audio" if source.role == "audio" else "screen" if source.role == "screen" else "camera"
        began = wire.Track(segment=self._segment, track=track, participant=participant, kind=kind, after=after)
        self._link.send(wire.command(began))

    def close(self, now: float) -> None:
        """Stop recording: packets that arrive from now on are not recorded."""
        if not self.over:
            self.over = True
            self._link.send(wire.command(wire.End(segment=self._segment, at=now)))

    def _ended(self, reason: str) -> None:
        self.over = True
        self._on_over(reason)
