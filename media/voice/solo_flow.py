"""Passthrough by the fast path, which sends the only sounding voice to the listeners. The mixer gets the packets later.

In passthrough (`media.mixer.solo`) the mixer sends the packets of one voice on without decoding them. If Python forwarded these
packets, Python would wake up for each packet only to run one tick of the mixer. So if the packets arrive evenly, the voice is
offloaded to the fast path, like a relayed voice. Every 100 ms the mixer gets the packets of the last 100 ms, and runs the ticks
that it has missed. While there are lost packets or a keyframe to request from a peer of the room, the mixer gets the packets
every 20 ms. Thus the mixer knows what the listeners' decoders have decoded, and can return to mixing at any time.
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
"""Numbers of steps of 5 ms (`TICK_STEP_S`). The room ticks every `TICK_STEPS` (20 ms). While the fast path sends the only voice,
the mixer gets the packets of this voice every `FOLLOW_STEPS` (100 ms)."""
EARLY_S = 0.008
"""If the packet that a tick awaits arrives less than this many seconds before the tick, the tick is made at once. Python then
wakes up once instead of twice."""
GRACE_STEPS = 3  # a tick of the mixer waits at most this many steps (5 ms each) for a packet that has not come yet
AHEAD_STEPS = 64
"""When a `Flow` ends, the mixer takes over at most this many steps (0.3 s in all) of buffered sound in one go. So the room's next
tick is soon, even if the packets have wrong timestamps. A jitter buffer holds less sound than this, except after a long stall."""


class Flow:
    """Passthrough of one voice by the fast path, from `begin` to `end`.

    `due`: the time of the mixer's next tick. `look_due`: when to call `look` next. The unit of both times is `TICK_STEP_S`.
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
        """Offload the voice. Return None, and change nothing, if that is not possible.

        - peer: the speaker. `voice`: the speaker's speech detector.
        - packet: the voice's packet that the mixer has just sent on.
        - people: participant → peer, for everybody present.
        - relayed: peers that hear only this voice, without the mixer.
        - due: the time of the mixer's next tick, in steps of `TICK_STEP_S`.
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
        """Give the mixer a packet that the fast path has sent to the listeners. Give it such packets in the order of sending."""
        self._tick_until(packet.at)
        awaited = self._audio.awaits_packet
        self._audio.push(self.peer.participant, packet.sequence, packet.timestamp, packet.payload, packet.level, packet.at)
        if awaited and self.due * TICK_STEP_S - packet.at < EARLY_S:
            self._tick(packet.at)

    def look(self, now: float, rests: bool) -> bool:
        """Give the mixer all packets up to `now`. Return False when the passthrough must end.

        `rests`: True if nothing must be requested from any peer of the room, neither a lost packet nor a keyframe. In this case
        the next call can come after 100 ms, otherwise it must come after 20 ms.
        """
        self.peer.bring()
        self._tick_until(now)
        self.look_due = int(now / TICK_STEP_S) + (FOLLOW_STEPS if rests else TICK_STEPS)
        return not self._audio.flow_is_over

    def end(self, now: float) -> int:
        """Take the voice back from the fast path, and let the mixer send again. Return the step of the mixer's next tick."""
        self.peer.recall()
        self._tick_until(now)
        most = int(now / TICK_STEP_S) + AHEAD_STEPS
        while self._audio.passing_on and not self._audio.awaits_packet and self.due < most:
            # these ticks go past the packets that the listeners have already received, so that the mixer does not mix them
            self._tick(max(now, self.due * TICK_STEP_S))
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
