"""Passthrough by the fast path: it sends a lone voice that comes evenly to its listeners, and the mixer follows behind.

While one person alone is heard, the packets are passed on as they came (`media.mixer.solo`). For each, Python would only run a
tick of the mixer. So the voice is offloaded, as a relayed voice is. The mixer gets five packets at a time and makes up their
ticks. So at any moment it can reach the state of the listeners' decoders and go on mixing.
"""

from __future__ import annotations

from collections.abc import Sequence

from media.mixer import TICK_STEP_S, AudioRoom
from media.packets import rtp
from media.peer.peer import Peer
from media.peer.speaking import Voice
from media.peer.streams import Incoming
from media.transport.fastpath import Kept

TICK_STEPS, FOLLOW_STEPS = 4, 20
"""A tick is 4 steps, 20 ms. The mixer follows every 20 steps, 100 ms."""
EARLY_S = 0.008
"""How much earlier a tick may come if the only packet it awaits is there: one wake-up instead of two."""
GRACE_STEPS = 3  # how long a tick waits for its packet
AHEAD_STEPS = 64
"""At the end at most 0.3 s of sound are followed at once, so that the room's next tick is soon, whatever the timestamps say.
Jitter buffers hold less, except after a long stall."""


class Flow:
    """One offloaded passthrough, from `begin` to `end`, in steps of `TICK_STEP_S`.

    `due`: the next tick; `look_due`: the next `look`.
    """

    def __init__(self, audio: AudioRoom, peer: Peer, listeners: Sequence[Peer], due: int) -> None:
        self.peer = peer
        self.due = due
        self.look_due = due + FOLLOW_STEPS
        self._audio = audio
        self._listeners = listeners

    @classmethod
    def begin(
        cls,
        audio: AudioRoom,
        peer: Peer,
        packet: tuple[Incoming, rtp.Header],
        voice: Voice,
        people: dict[str, Peer],
        relayed: Sequence[Peer],
        due: int,
    ) -> Flow | None:
        """Offload the voice. Return None, with nothing changed, if it is not possible.

        `packet`: the one just passed on. `relayed`: peers that hear this voice relayed anyway.
        """
        listeners = [people[name] for name in audio.begin_flow() if name in people]
        if not listeners:
            audio.end_flow()
            return None
        flow = cls(audio, peer, listeners, due)
        for each in listeners:
            each.voice.follow(*packet)
        peer.lend(packet[0], [*listeners, *relayed], voice, mixed=True)
        if not peer.is_lent:
            flow._give_back()
            return None
        return flow

    def take(self, packet: Kept) -> None:
        """Take a packet that the listeners have had, in the order of sending."""
        self._tick_until(packet.at)
        awaited = self._audio.awaits_packet
        self._audio.push(self.peer.participant, packet.sequence, packet.timestamp, packet.payload, packet.level, packet.at)
        if awaited and self.due * TICK_STEP_S - packet.at < EARLY_S:
            self._tick(packet.at)

    def look(self, now: float, rests: bool) -> bool:
        """Follow the packets up to `now`. Return False when the passthrough must end. `rests`: the room needs no closer look."""
        self.peer.bring()
        self._tick_until(now)
        self.look_due = int(now / TICK_STEP_S) + (FOLLOW_STEPS if rests else TICK_STEPS)
        return not self._audio.flow_is_over

    def end(self, now: float) -> int:
        """End the offloading and let the mixer go on. Return the step of its next tick."""
        self.peer.recall()
        self._tick_until(now)
        most = int(now / TICK_STEP_S) + AHEAD_STEPS
        while self._audio.passing_on and not self._audio.awaits_packet and self.due < most:
            self._tick(max(now, self.due * TICK_STEP_S))  # what the listeners have had must not be mixed for them again
        self._give_back()
        return self.due

    def _give_back(self) -> None:
        self._audio.end_flow()
        for each in self._listeners:
            each.voice.mix_again()

    def _tick_until(self, now: float) -> None:
        while (at := (self.due + (GRACE_STEPS if self._audio.awaits_packet else 0)) * TICK_STEP_S) <= now:
            self._tick(at)

    def _tick(self, at: float) -> None:
        self.due += TICK_STEPS
        self._audio.tick(at)
        self.due -= self._audio.earlier()
