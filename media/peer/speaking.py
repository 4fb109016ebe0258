"""Who speaks, by the levels that browsers put on their packets (RFC 6464): pure, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOUD_LEVEL = 45
"""-dBov: louder (smaller) than this starts a talkspurt; the two thresholds differ so that breathing does not flicker."""
QUIET_LEVEL = 55
START_PACKETS = 3
HANG_S = 0.6
SILENT_S = 0.5
"""No packet for this long (muted, DTX): not speaking."""
EVENT_EVERY_S = 0.2


@dataclass(slots=True)
class Voice:
    loud: int = 0
    speaking: bool = False
    last_loud: float = float("-inf")
    last_packet: float = float("-inf")

    def hear(self, level: int, now: float) -> None:
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
        return self.speaking and now - self.last_loud <= HANG_S and now - self.last_packet <= SILENT_S

    def lend(self, to: Any) -> None:
        """Hearing goes on in a `fastpath_in`, until `refresh` has been called for the last time."""
        to.loud_level, to.quiet_level, to.start_packets = LOUD_LEVEL, QUIET_LEVEL, START_PACKETS
        to.hang_s, to.silent_s = HANG_S, SILENT_S
        to.loud, to.speaking, to.last_loud, to.last_packet = self.loud, self.speaking, self.last_loud, self.last_packet

    def refresh(self, of: Any) -> None:
        self.loud, self.speaking, self.last_loud, self.last_packet = of.loud, bool(of.speaking), of.last_loud, of.last_packet


class Speaking:
    """Levels in, changes out."""

    def __init__(self) -> None:
        self._voices: dict[str, Voice] = {}
        self._told: list[str] = []
        self._told_at = float("-inf")

    def hear(self, participant: str, level: int, now: float) -> None:
        """`level` 0 (loudest) to 127 (silence)."""
        self.voice(participant).hear(level, now)

    def voice(self, participant: str) -> Voice:
        found = self._voices.get(participant)
        if found is None:
            found = self._voices[participant] = Voice()
        return found

    def forget(self, participant: str) -> None:
        self._voices.pop(participant, None)

    def change(self, now: float) -> list[str] | None:
        """All who speak, when that is news; at most five times a second."""
        if now - self._told_at < EVENT_EVERY_S:
            return None
        speaking = sorted(name for name, voice in self._voices.items() if voice.speaks(now))
        if speaking == self._told:
            return None
        self._told, self._told_at = speaking, now
        return speaking
