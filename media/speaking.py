"""Who speaks, by the levels that browsers put on their packets (RFC 6464): pure, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

LOUD_LEVEL = 45
"""-dBov: louder (smaller) than this starts a talkspurt; the two thresholds differ so that breathing does not flicker."""
QUIET_LEVEL = 55
START_PACKETS = 3
HANG_S = 0.6
SILENT_S = 0.5
"""No packet for this long (muted, DTX): not speaking."""
EVENT_EVERY_S = 0.2


@dataclass(slots=True)
class _Voice:
    loud: int = 0
    speaking: bool = False
    last_loud: float = float("-inf")
    last_packet: float = float("-inf")


class Speaking:
    """Levels in, changes out."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._told: list[str] = []
        self._told_at = float("-inf")

    def hear(self, participant: str, level: int, now: float) -> None:
        """`level` 0 (loudest) to 127 (silence)."""
        voice = self._voices.get(participant)
        if voice is None:
            voice = self._voices[participant] = _Voice()
        voice.last_packet = now
        if level <= (QUIET_LEVEL if voice.speaking else LOUD_LEVEL):
            voice.loud += 1
            voice.last_loud = now
            if voice.loud >= START_PACKETS:
                voice.speaking = True
        else:
            voice.loud = 0

    def forget(self, participant: str) -> None:
        self._voices.pop(participant, None)

    def change(self, now: float) -> list[str] | None:
        """All who speak, when that is news; at most five times a second."""
        if now - self._told_at < EVENT_EVERY_S:
            return None
        for voice in self._voices.values():
            if now - voice.last_loud > HANG_S or now - voice.last_packet > SILENT_S:
                voice.speaking = False
        speaking = sorted(name for name, voice in self._voices.items() if voice.speaking)
        if speaking == self._told:
            return None
        self._told, self._told_at = speaking, now
        return speaking
