"""Detection of speakers by the audio levels that browsers write into their packets (RFC 6464). Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOUD_LEVEL = 45
"""-dBov. Packets at least this loud start a talkspurt. Packets at least as loud as `QUIET_LEVEL` continue it. The gap between the
two levels avoids flicker."""
QUIET_LEVEL = 55
START_PACKETS = 3  # A talkspurt starts after this many loud packets in a row.
HANG_S = 0.6  # A talkspurt ends this many seconds after its last packet that was at least as loud as `QUIET_LEVEL`.
SILENT_S = 0.5
"""Seconds without a packet (muted, DTX) after which a participant counts as silent."""
EVENT_EVERY_S = 0.2  # at least this many seconds pass between two events that say who speaks in a room


@dataclass(slots=True)
class Voice:
    """Speech detection of one participant."""

    loud: int = 0
    speaking: bool = False
    last_loud: float = float("-inf")
    last_packet: float = float("-inf")

    def hear(self, level: int, now: float) -> None:
        """Take a packet's level (RFC 6464, 0 loudest … 127 silence)."""
        self.speaking = self.speaks(now)
        self.last_packet = now
        if level <= (QUIET_LEVEL if self.speaking else LOUD_LEVEL):
            self.loud += 1
            self.last_loud = now
            if self.loud >= START_PACKETS:
                self.speaking = True
        else:
            self.loud = 0

    def speaks(self, now: float) -> bool:
        """Return whether the participant speaks at `now`."""
        return self.speaking and now - self.last_loud <= HANG_S and now - self.last_packet <= SILENT_S

    def lend(self, to: Any) -> None:
        """Copy the state into the fast path's struct `fastpath_in`, because the fast path detects speech from now on.

        `refresh` copies the state back.
        """
        to.loud_level, to.quiet_level, to.start_packets = LOUD_LEVEL, QUIET_LEVEL, START_PACKETS
        to.hang_s, to.silent_s = HANG_S, SILENT_S
        to.loud, to.speaking, to.last_loud, to.last_packet = self.loud, self.speaking, self.last_loud, self.last_packet

    def refresh(self, of: Any) -> None:
        """Copy the state of speech detection back from the fast path's struct `fastpath_in`."""
        self.loud, self.speaking, self.last_loud, self.last_packet = of.loud, bool(of.speaking), of.last_loud, of.last_packet


class Speaking:
    """Speech detection of a room: takes the audio levels of packets, and says who speaks."""

    def __init__(self) -> None:
        self._voices: dict[str, Voice] = {}
        self._told: list[str] = []
        self._told_at = float("-inf")

    def hear(self, participant: str, level: int, now: float) -> None:
        """Take the level of a packet: 0 (loudest) to 127 (silence)."""
        self.voice(participant).hear(level, now)

    def voice(self, participant: str) -> Voice:
        """Return the participant's speech detector."""
        found = self._voices.get(participant)
        if found is None:
            found = self._voices[participant] = Voice()
        return found

    def forget(self, participant: str) -> None:
        """Remove a participant."""
        self._voices.pop(participant, None)

    def change(self, now: float) -> list[str] | None:
        """Return the names of all who speak, if these names have changed since the last call that returned names.

        None: the names have not changed, or less than a fifth of a second has passed since that call.
        """
        if now - self._told_at < EVENT_EVERY_S:
            return None
        speaking = sorted(name for name, voice in self._voices.items() if voice.speaks(now))
        if speaking == self._told:
            return None
        self._told, self._told_at = speaking, now
        return speaking
