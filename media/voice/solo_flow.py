"""A voice alone that comes evenly: the fast path takes its packets to those who hear it, and the mixer follows behind.

While one person alone is heard, their packets go on as they came (`media.mixer.solo`), each by a tick of its own: all that Python
does for them is to look on. So they are lent, as a relayed voice is. The mixer has them five at a time, and makes the ticks that
it would have made, so that at any moment it stands where the listeners' decoders do and can go on.
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
"""A tick is 20 ms; the mixer follows every 100."""
EARLY_S = 0.008
"""A tick comes this much before its moment when the one packet is there that it waits for: one wake-up instead of two."""
GRACE_STEPS = 3
AHEAD_STEPS = 64
"""At the end of a flow at most 0.3 s are followed at once, more than jitter buffers hold but after a long stall: so the room's
next tick is soon, whatever timestamps say."""


class Flow:
    """From `begin` to `end`. `due` is the next tick, `look_due` when `look` is to be called, both in steps of `TICK_STEP_S`."""

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
        """`packet`: what was passed on just now. `relayed`: who hears this voice alone anyway. None: nothing has changed."""
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
        for each in people.values():
            if each is not peer and each.waits_for_ticks:
                each.recall()  # the next word ends it
        return flow

    def take(self, packet: Kept) -> None:
        """A packet that the listeners have had, in its order."""
        self._tick_until(packet.at)
        awaited = self._audio.awaits_packet
        self._audio.push(self.peer.participant, packet.sequence, packet.timestamp, packet.payload, packet.level, packet.at)
        if awaited and self.due * TICK_STEP_S - packet.at < EARLY_S:
            self._tick(packet.at)

    def look(self, now: float, rests: bool) -> bool:
        """False: it is over, and to be ended. `rests`: nothing else of the room wants to be looked at more often."""
        self.peer.bring()
        self._tick_until(now)
        self.look_due = int(now / TICK_STEP_S) + (FOLLOW_STEPS if rests else TICK_STEPS)
        return not self._audio.flow_is_over

    def end(self, now: float) -> int:
        """The mixer goes on: when it ticks next."""
        self.peer.recall()
        self._tick_until(now)
        most = int(now / TICK_STEP_S) + AHEAD_STEPS
        while self._audio.passing_on and not self._audio.awaits_packet and self.due < most:
            self._tick(max(now, self.due * TICK_STEP_S))  # what the listeners have had is not mixed for them again
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
