"""The path of a voice: where the packets of one speaker go, and why. Pure.

Three questions decide it, each with one answer in this file:

1. Who gets the speaker's own packets, and who gets a mix? `plan_voices`: by matrix, gains, hold tone, and who is there.
2. What does a packet that Python handles mean for the next ones? `event_of`: by recording, fast path, and the mixer's answer.
3. What changes then? `TRANSITIONS`: mode and event → next mode and effect. A pair that is not listed changes nothing.

`media.voice.voices` carries out the effects. Packets that the fast path moves cause no event: they cost nothing here.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import StrEnum


class Mode(StrEnum):
    """Mode of one voice: what moves its packets now, and to whom."""

    RELAYED = "relayed"
    """Python rewrites each packet for the listeners that hear this voice alone (there may be none)."""
    OFFLOADED = "offloaded"
    """The fast path rewrites them."""
    MIXED = "mixed"
    """Python gives each packet to the mixer, and to listeners that hear this voice alone."""
    BUFFERED = "buffered"
    """The fast path relays each packet, and keeps it for the mixer's next tick."""
    HUSHED = "hushed"
    """The fast path relays each packet. The mixer needs none: there is nothing to hear in them."""
    PASSTHROUGH = "passthrough"
    """This voice sounds alone. Python sends its packets at the mixer's ticks, undecoded, to those who would hear the mix."""
    FLOWING = "flowing"
    """The fast path sends them on arrival. The mixer follows behind."""


class Event(StrEnum):
    """Event that can change the path of a voice."""

    ROUTED_TO_RELAY = "routed_to_relay"
    """The routes are new. Nobody needs this voice in a mix."""
    ROUTED_TO_MIX = "routed_to_mix"
    """The routes are new. Somebody needs it in a mix."""
    STEADY = "steady"
    """Python has relayed a packet, and may leave the next ones to the fast path."""
    AUDIBLE = "audible"
    """Python has given a packet to the mixer, which needs the next ones, too."""
    QUIET = "quiet"
    """Python has given a packet to the mixer, which needs none until a louder one comes: silence, or a room's even noise."""
    KEPT_QUIET = "kept_quiet"
    """The same, of the last packet that the fast path had kept."""
    PASSED = "passed"
    """Python has passed a packet on at its arrival, as it came evenly, and may leave the next ones to the fast path."""
    RETURNED = "returned"
    """The fast path gives the voice back, or does not take it: an unexpected packet, another address, no room for it."""
    ALONE = "alone"
    """The mixer has begun to pass this voice on: for three seconds nobody else has sounded, and now it pauses."""
    MIXED_AGAIN = "mixed_again"
    """The mixer has ended that: somebody else sounds, a listener loses packets, or the voice has been silent."""
    INTERRUPTED = "interrupted"
    """Another voice begins, or the mixer cannot follow: the packets must wait for the mixer's ticks again."""
    DISPLACED = "displaced"
    """Another voice flows now. A word of this one must reach Python, which ends that."""


class Effect(StrEnum):
    """Work of the adapter in a transition."""

    OFFLOAD = "offload"
    """Lend the voice to the fast path, for its listeners."""
    BUFFER = "buffer"
    """Lend it; the fast path also keeps packets for the mixer."""
    HUSH = "hush"
    """Lend it until a packet is louder than the mixer's limit."""
    KEEP_AWAY = "keep_away"
    """Tell the fast path to keep packets no more, until one is louder than the mixer's limit."""
    FLOW = "flow"
    """Begin `solo_flow.Flow`: lend it for all listeners of the mix."""
    END_FLOW = "end_flow"
    """End the `Flow`: the mixer catches up and sends again."""
    TAKE_BACK = "take_back"
    """Take the voice and its kept packets back from the fast path."""


TRANSITIONS: Mapping[tuple[Mode, Event], tuple[Mode, Effect | None]] = {
    # the routes change: everything is taken back, and each voice begins anew
    (Mode.OFFLOADED, Event.ROUTED_TO_RELAY): (Mode.RELAYED, Effect.TAKE_BACK),
    (Mode.MIXED, Event.ROUTED_TO_RELAY): (Mode.RELAYED, None),
    (Mode.BUFFERED, Event.ROUTED_TO_RELAY): (Mode.RELAYED, Effect.TAKE_BACK),
    (Mode.HUSHED, Event.ROUTED_TO_RELAY): (Mode.RELAYED, Effect.TAKE_BACK),
    (Mode.PASSTHROUGH, Event.ROUTED_TO_RELAY): (Mode.RELAYED, None),
    (Mode.FLOWING, Event.ROUTED_TO_RELAY): (Mode.RELAYED, Effect.END_FLOW),
    (Mode.RELAYED, Event.ROUTED_TO_MIX): (Mode.MIXED, None),
    (Mode.OFFLOADED, Event.ROUTED_TO_MIX): (Mode.MIXED, Effect.TAKE_BACK),
    (Mode.BUFFERED, Event.ROUTED_TO_MIX): (Mode.MIXED, Effect.TAKE_BACK),
    (Mode.HUSHED, Event.ROUTED_TO_MIX): (Mode.MIXED, Effect.TAKE_BACK),
    (Mode.PASSTHROUGH, Event.ROUTED_TO_MIX): (Mode.MIXED, None),
    (Mode.FLOWING, Event.ROUTED_TO_MIX): (Mode.MIXED, Effect.END_FLOW),
    # the fast path takes a voice after a packet that Python has handled
    (Mode.RELAYED, Event.STEADY): (Mode.OFFLOADED, Effect.OFFLOAD),
    (Mode.MIXED, Event.AUDIBLE): (Mode.BUFFERED, Effect.BUFFER),
    (Mode.MIXED, Event.QUIET): (Mode.HUSHED, Effect.HUSH),
    (Mode.BUFFERED, Event.KEPT_QUIET): (Mode.HUSHED, Effect.KEEP_AWAY),
    (Mode.PASSTHROUGH, Event.PASSED): (Mode.FLOWING, Effect.FLOW),
    # and gives it back
    (Mode.OFFLOADED, Event.RETURNED): (Mode.RELAYED, None),
    (Mode.BUFFERED, Event.RETURNED): (Mode.MIXED, None),
    (Mode.HUSHED, Event.RETURNED): (Mode.MIXED, None),
    (Mode.FLOWING, Event.RETURNED): (Mode.PASSTHROUGH, Effect.END_FLOW),
    # one voice alone
    (Mode.MIXED, Event.ALONE): (Mode.PASSTHROUGH, None),
    (Mode.BUFFERED, Event.ALONE): (Mode.PASSTHROUGH, Effect.TAKE_BACK),
    (Mode.HUSHED, Event.ALONE): (Mode.PASSTHROUGH, Effect.TAKE_BACK),
    (Mode.PASSTHROUGH, Event.MIXED_AGAIN): (Mode.MIXED, None),
    (Mode.FLOWING, Event.INTERRUPTED): (Mode.PASSTHROUGH, Effect.END_FLOW),
    (Mode.BUFFERED, Event.DISPLACED): (Mode.MIXED, Effect.TAKE_BACK),
}


class VoicePath:
    """The mode of one voice. It begins `relayed` to nobody."""

    __slots__ = ("mode",)

    def __init__(self) -> None:
        self.mode = Mode.RELAYED

    def follow(self, event: Event) -> Effect | None:
        """Change the mode by `TRANSITIONS`. Return what the caller must do now; None: nothing."""
        self.mode, effect = TRANSITIONS.get((self.mode, event), (self.mode, None))
        return effect


def event_of(
    *, mixed: bool, recorded: bool, lendable: bool, quiet_from: int, passes_on: bool, passed: bool, another_flows: bool
) -> Event | None:
    """Return what a packet that Python has handled means for the next ones. None: Python handles them, too.

    - mixed: a mix needs this voice.
    - recorded: the room is recorded, so Python must see every packet.
    - lendable: there is a fast path, and the packets carry no copies (RED), which only Python unpacks.
    - quiet_from: the mixer's answer to this packet (`AudioRoom.push`).
    - passes_on: the mixer passes this voice on; passed: this very packet, and all came evenly lately.
    - another_flows: another voice flows, so the mixer makes no ticks of its own for kept packets.
    """
    if recorded or not lendable:
        return None
    if not mixed:
        return Event.STEADY
    if passes_on:
        return Event.PASSED if passed else None
    if quiet_from:
        return Event.QUIET
    return None if another_flows else Event.AUDIBLE


def plan_voices(
    hears: Mapping[str, Mapping[str, float]], hold: Container[str], present: set[str]
) -> tuple[dict[str, str], dict[str, dict[str, float]]]:
    """Decide who is relayed and who is mixed.

    Return two maps: listener → the one source whose packets it gets untouched; listener → {source: gain} to mix. A listener with
    exactly one audible source at gain 1 and without the hold tone is relayed. Nobody hears their own voice, or anybody who is
    absent.
    """
    relayed: dict[str, str] = {}
    mixed: dict[str, dict[str, float]] = {}
    for listener in present:
        heard = hears.get(listener, {})
        gains = {source: gain for source, gain in heard.items() if source != listener and gain > 0 and source in present}
        if listener in hold or len(gains) > 1 or any(gain != 1.0 for gain in gains.values()):
            mixed[listener] = gains
        elif gains:
            relayed[listener] = next(iter(gains))
    return relayed, mixed
