"""The voices of one room: carries out what `media.voice.path` decides.

`Voices` passes packets to listeners, to the mixer, to the recording and to the captions, offloads voices to the fast path, and
takes them back.

When a voice is *offloaded* to the fast path, C code (`transport/fastpath.c`) receives, rewrites and sends its packets. These
packets no longer wake Python, until Python takes the voice back or the fast path gives the voice back. In the names of functions,
*lend* means offload, and *recall* means take back.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from media.captions.feed import Feed
from media.mixer import TICK_STEP_S, AudioRoom, is_quiet
from media.packets import rtp
from media.peer.peer import Peer
from media.peer.speaking import Speaking, Voice
from media.peer.streams import Incoming
from media.recording.tap import Tap
from media.transport.fastpath import Kept
from media.voice.path import Effect, Event, Mode, VoicePath, event_of, plan_voices
from media.voice.solo_flow import EARLY_S, GRACE_STEPS, TICK_STEPS, Flow

TICK_SAMPLES = 960  # samples of a tick (20 ms) at 48 kHz
HURRIED_STEPS = 2  # `Voices.hurry` sets the room's next tick to this many steps (5 ms each) after the present step
MAX_CATCH_UP = 3
"""When ticks are late, the mixer catches up with at most this many of them in one go. If it ran more, the listeners' jitter
buffers would drop the burst of packets."""


class Clock(Protocol):
    """The methods of `media.worker.worker.Worker` that `Voices` calls."""

    def now(self) -> float: ...
    def wall(self, now: float) -> float: ...
    def hurry(self, due: int) -> None: ...


@dataclass(slots=True, eq=False)
class Speaker:
    """One participant of the call, as a speaker.

    `relayed_to`: the listeners that hear only this voice. `is_mixed`: whether another listener hears this voice in a mix.
    """

    peer: Peer
    detector: Voice
    path: VoicePath = field(default_factory=VoicePath)
    relayed_to: list[Peer] = field(default_factory=list)
    is_mixed: bool = False


class Voices:
    """The voices of one room; implements `peer.VoiceOwner`. Call all methods in the worker's event loop.

    `due`: the time of the mixer's next tick, in steps of `TICK_STEP_S` of the monotonic clock. `tap`: the recording; None while
    nothing is recorded. `feed`: the captions. While captions are off, `feed` is None, so that no voice is sent to the captions
    process. Call `route` before you set `tap` or `feed`: `route` takes every voice back from the fast path.
    """

    def __init__(self, clock: Clock, tick_room: Callable[[float], None], due: int) -> None:
        """Prepare the mixer. `due`: the time of the mixer's first tick, in steps of `TICK_STEP_S`.

        `tick_room(now)` is called to tick the whole room when the packet that the mixer awaits has arrived.
        """
        self.due = due
        self.mixer = AudioRoom(self._send_mixed)
        self.speaking = Speaking()
        self.tap: Tap | None = None
        self.feed: Feed | None = None
        self._clock = clock
        self._tick_room = tick_room
        self._speakers: dict[str, Speaker] = {}
        self._present: dict[str, Peer] = {}
        self._mixed: list[Speaker] = []
        self._heard_from: dict[str, object] = {}
        """Listener → what their stream carries now: one speaker's voice (the speaker's name), or the mix (`rtp.MIX`)."""
        self._alone = ""
        self._hurried = 0
        self._flow: Flow | None = None

    # routes

    def route(self, present: dict[str, Peer], hears: Mapping[str, Mapping[str, float]], hold: Container[str]) -> None:
        """Route the voices again, because people have come or left, or who hears whom has changed.

        If a listener will hear another source, prepare the listener's stream for the change (`Outgoing.cut`).

        `present`: participant → peer. `hears`: listener → {source: gain}. `hold`: listeners who get the hold tone.
        """
        deaf = {name for name, peer in present.items() if not peer.takes_voice}
        held = {name for name in present if name in hold} - deaf
        relayed, mixed = plan_voices({name: heard for name, heard in hears.items() if name not in deaf}, held, set(present))
        needed = {source for gains in mixed.values() for source in gains}
        for name, speaker in self._speakers.items():
            self._follow(speaker, Event.ROUTED_TO_MIX if name in needed else Event.ROUTED_TO_RELAY)
        self._speakers = {name: self._speaker(name, peer) for name, peer in present.items()}
        for name, speaker in self._speakers.items():
            speaker.is_mixed = name in needed
            speaker.relayed_to = [present[listener] for listener, source in relayed.items() if source == name]
            self._follow(speaker, Event.ROUTED_TO_MIX if speaker.is_mixed else Event.ROUTED_TO_RELAY)
        self._mixed = [speaker for speaker in self._speakers.values() if speaker.is_mixed]
        self._present = present
        self._cut({**relayed, **dict.fromkeys(mixed, rtp.MIX)})
        self.due = min(self.due, int(self._clock.now() / TICK_STEP_S) + TICK_STEPS)
        self._clock.hurry(self.due)
        self._alone = ""
        self.mixer.set_matrix(mixed, held & mixed.keys())

    def _speaker(self, name: str, peer: Peer) -> Speaker:
        known = self._speakers.get(name)
        return known if known is not None and known.peer is peer else Speaker(peer, self.speaking.voice(name))

    def _cut(self, heard_from: dict[str, object]) -> None:
        for listener, peer in self._present.items():
            if self._heard_from.get(listener) != heard_from.get(listener):
                peer.voice.cut()
        self._heard_from = heard_from

    def leave(self, name: str) -> None:
        """Remove a participant, and take their voice back from the fast path. Call `route` next."""
        self._interrupt()
        speaker = self._speakers.pop(name, None)
        if speaker is not None:
            speaker.peer.recall()
        self.speaking.forget(name)

    # time

    @property
    def deadline(self) -> int:
        """The time at which the timer must call `tick`, in steps of `TICK_STEP_S`.

        While the mixer awaits a packet for passthrough, the arrival of this packet causes the tick. So the timer waits
        `GRACE_STEPS` longer. If the mode of a voice is `flowing`, the fast path has sent its packets to the listeners already.
        Then `tick` only gives these packets to the mixer, in groups.
        """
        if self._flow is not None:
            return self._flow.look_due
        return self.due + (GRACE_STEPS if self.mixer.awaits_packet else 0)

    def tick(self, now: float, rests: Callable[[], bool]) -> None:
        """Run the mixer's due ticks.

        While the fast path sends a voice (mode `flowing`), first give the mixer the packets that the fast path has buffered. End
        this mode if the mixer must send again. `rests()`: returns True if there is no lost packet and no keyframe to request from
        a peer of the room. If it returns True, the next call can come after 100 ms.
        """
        if self._flow is None:
            self._tick_mixer(now)
        elif not self._flow.look(now, rests()):
            self._interrupt()

    def hurry(self, now: float) -> None:
        """Ask for the room's next tick in 5 to 10 ms. At most one such tick comes in 20 ms.

        Do nothing while the mixer sends to listeners, because then a tick comes every 20 ms anyway.
        """
        step = int(now / TICK_STEP_S)
        if self._hurried < step:
            self._hurried = max(step + HURRIED_STEPS, self._hurried + TICK_STEPS)
        due = self._hurried
        if self._flow is not None:
            self._flow.look_due = min(self._flow.look_due, due)
        elif self.mixer.idle:
            self.due = min(self.due, due)
        else:
            return
        self._clock.hurry(due)

    def _tick_mixer(self, now: float) -> None:
        late = int(now / TICK_STEP_S) - self.due
        steps = 1 + max(0, late) // TICK_STEPS
        self.due += steps * TICK_STEPS
        for speaker in self._mixed:
            speaker.peer.bring()
        for _ in range(min(steps, MAX_CATCH_UP)):
            self.mixer.tick(now)
        if self.mixer.passed_on != self._alone:
            self._note_alone(self.mixer.passed_on)
        self.due -= self.mixer.earlier()
        if steps > MAX_CATCH_UP and not self.mixer.passing_on:
            for peer in self._present.values():
                peer.voice.rewriter.skip((steps - MAX_CATCH_UP) * TICK_SAMPLES)

    def _note_alone(self, alone: str) -> None:
        former, self._alone = self._alone, alone
        for name, event in ((former, Event.MIXED_AGAIN), (alone, Event.ALONE)):
            if name in self._speakers:
                self._follow(self._speakers[name], event)

    def check(self, now: float) -> None:
        """Tell the mixer and the senders how many packets listeners lose. Tell each listener's stream how old the mixed sound is.

        Call this method a few times a second.

        The loss report to a relayed sender includes the largest loss on the links to the sender's listeners. So the sender adds
        redundant copies (RED) for these links, too.
        """
        for speaker in self._speakers.values():
            voice = speaker.peer.incoming.get("audio")
            if voice is not None:
                voice.lost_beyond = max((listener.voice.lost_fraction for listener in speaker.relayed_to), default=0.0)
        for name, peer in self._present.items():
            self.mixer.set_loss(name, peer.voice.lost_fraction)
            peer.voice.mix_age_s = self.mixer.age_s(name, now) or peer.voice.mix_age_s

    # packets (peer.VoiceOwner)

    def audio(self, peer: Peer, source: Incoming, data: bytes, header: rtp.Header, level: int | None, now: float) -> None:
        """Take one decrypted voice packet: record and caption it, relay it, and give it to the mixer.

        After that, offload the voice if possible.

        `level`: the packet's audio level (RFC 6464) in -dBov. None: the packet has no level.
        """
        tapped = self.tap is not None or self.feed is not None
        if self.tap is not None:
            self.tap.voice(peer.participant, source, data, self._clock.wall(now))
        if self.feed is not None:
            self.feed.voice(peer.participant, header.sequence, header.timestamp, data[header.payload : header.end])
        speaker = self._speakers.get(peer.participant)
        if speaker is None:
            return
        if level is not None:
            speaker.detector.hear(level, now)
        for listener in speaker.relayed_to:
            listener.voice.relay(source, data, header, now)
        quiet_from, passed = 0, False
        if speaker.is_mixed:
            present = self._present
            quiet_from, passed = self._mix(speaker, data, header, level, now)
            if self._present is not present:
                return  # a participant has left and the routes have changed, so only the next packet can offload the voice
        event = event_of(
            mixed=speaker.is_mixed,
            tapped=tapped,
            lendable=peer.lendable,
            quiet_from=quiet_from,
            passes_on=speaker.path.mode is Mode.PASSTHROUGH,
            passed=passed,
            another_flows=self._flow is not None,
        )
        if event is not None:
            self._follow(speaker, event, (source, header), quiet_from)

    def _mix(self, speaker: Speaker, data: bytes, header: rtp.Header, level: int | None, now: float) -> tuple[int, bool]:
        """Give a packet to the mixer. Return the mixer's answer (`AudioRoom.push`), and whether the mode can become `flowing`.

        The mode can become `flowing` if passthrough has forwarded this packet at once, and the last packets came evenly.
        """
        payload = data[header.payload : header.end]
        if self._flow is not None and not is_quiet(payload, level):
            self._interrupt()
        awaited = speaker.path.mode is Mode.PASSTHROUGH and self.mixer.awaits_packet
        name = speaker.peer.participant
        quiet_from = self.mixer.push(name, header.sequence, header.timestamp, payload, level, now)
        if not awaited or self.due * TICK_STEP_S - now >= EARLY_S:
            return quiet_from, False
        self._tick_room(now)
        return quiet_from, self.mixer.may_flow and self.mixer.has_passed(header.sequence, header.timestamp)

    def kept(self, peer: Peer, packets: list[Kept]) -> None:
        """Give the mixer the packets of an offloaded voice that the fast path has buffered."""
        if self._flow is not None and self._flow.peer is peer:
            for each in packets:
                self._flow.take(each)
            return
        quiet_from = 0
        for each in packets:
            quiet_from = self.mixer.push(peer.participant, each.sequence, each.timestamp, each.payload, each.level, each.at)
        speaker = self._speakers.get(peer.participant)
        if quiet_from and speaker is not None:  # the mixer's result for the newest of these packets counts
            self._follow(speaker, Event.KEPT_QUIET, quiet_from=quiet_from)

    def returned(self, peer: Peer) -> None:
        """Record that the fast path has given the voice of `peer` back to Python."""
        speaker = self._speakers.get(peer.participant)
        if speaker is not None and speaker.peer is peer:
            self._follow(speaker, Event.RETURNED)

    def _send_mixed(self, listener: str, payload: bytes, ticks: int, marker: bool, lost: int) -> None:
        peer = self._present.get(listener)
        if peer is not None:
            peer.voice.append(payload, ticks, marker, self._clock.now(), lost)

    # methods that change a voice's mode

    def _follow(
        self, speaker: Speaker, event: Event, packet: tuple[Incoming, rtp.Header] | None = None, quiet_from: int = 0
    ) -> None:
        """Change the speaker's mode by `TRANSITIONS`, and carry out the effect.

        `packet`: the packet that Python has just handled; required by events that offload the voice. `quiet_from`: an audio level
        in -dBov. The mixer needs no packets of the voice at this level or softer. 0: the mixer needs all packets.
        """
        effect = speaker.path.follow(event)
        match effect:
            case Effect.TAKE_BACK:
                speaker.peer.recall()
            case Effect.KEEP_AWAY:
                speaker.peer.keep_away(quiet_from)
            case Effect.END_FLOW:
                self._end_flow()
            case Effect.OFFLOAD | Effect.BUFFER | Effect.HUSH | Effect.FLOW if packet is not None:
                if effect is Effect.FLOW:
                    self._begin_flow(speaker, packet)
                else:
                    mixed = effect is Effect.BUFFER
                    speaker.peer.lend(packet[0], speaker.relayed_to, speaker.detector, quiet_from, mixed=mixed)
                if not speaker.peer.is_lent:
                    self._follow(speaker, Event.RETURNED)

    def _begin_flow(self, speaker: Speaker, packet: tuple[Incoming, rtp.Header]) -> None:
        peer, people = speaker.peer, self._present
        self._flow = Flow.begin(self.mixer, peer, packet, speaker.detector, people, speaker.relayed_to, self.due)
        if self._flow is not None:
            for other in self._speakers.values():
                if other is not speaker:
                    self._follow(other, Event.DISPLACED)

    def _interrupt(self) -> None:
        """If a voice is in mode `flowing` (at most one is), put it into mode `passthrough`: Python then sends its packets."""
        if self._flow is not None:
            self._follow(self._speakers[self._flow.peer.participant], Event.INTERRUPTED)

    def _end_flow(self) -> None:
        if self._flow is not None:
            self.due = self._flow.end(self._clock.now())
            self._flow = None
            self._clock.hurry(self.due)

    def close(self) -> None:
        """End the room's mixer. The mixer sends nothing any more."""
        self.mixer.close()
