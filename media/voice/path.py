"""Decides the path of a voice: who gets the packets of one speaker, and whether Python or the fast path (C code) sends them.

This code does no I/O. Three questions decide the path. This file answers each question in one place:

1. Who gets the speaker's own packets, and who gets a mix? `plan_voices` decides by who hears whom, gains, hold tone, and who is
   present.
2. Python has handled a packet of the voice. Who handles the next packets? `event_of` decides by recording, captions, fast path,
   and whether the mixer needs the next packets.
3. What changes at an event? `TRANSITIONS` maps (mode, event) to (next mode, effect). A pair that is not in `TRANSITIONS` changes
   nothing.

`media.voice.voices` carries out the effects, and explains what *offloading* a voice to the fast path means. Packets of an
offloaded voice cause no event, so they cost no time in Python.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import StrEnum


class Mode(StrEnum):
    """Mode of one voice: who forwards its packets now (Python or the fast path), and to whom."""

    RELAYED = "relayed"
    """Python rewrites each packet for the listeners that hear only this voice (there may be none)."""
    OFFLOADED = "offloaded"
    """The fast path rewrites each packet for the listeners that hear only this voice."""
    MIXED = "mixed"
    """Python gives each packet to the mixer, and to listeners that hear only this voice."""
    BUFFERED = "buffered"
    """The fast path relays each packet to listeners that hear only this voice, and buffers it for the mixer's next tick."""
    HUSHED = "hushed"
    """The fast path relays each packet to listeners that hear only this voice. The mixer needs none of these packets, because
    nobody would hear anything in them."""
    PASSTHROUGH = "passthrough"
    """No other voice of the room sounds. At the mixer's ticks, Python sends the voice's own packets, undecoded, to everybody who
    would hear the mix."""
    FLOWING = "flowing"
    """The fast path sends each packet on arrival to everybody who would hear the mix. The mixer gets the packets later."""


class Event(StrEnum):
    """An event that can change the path of a voice."""

    ROUTED_TO_RELAY = "routed_to_relay"
    """The room has decided again who gets which packets. Nobody needs this voice in a mix."""
    ROUTED_TO_MIX = "routed_to_mix"
    """The room has decided again who gets which packets. Somebody needs this voice in a mix."""
    STEADY = "steady"
    """Python has relayed a packet, and can leave the next packets to the fast path."""
    AUDIBLE = "audible"
    """Python has given a packet to the mixer. The fast path can relay the next packets, and must buffer them for the mixer."""
    QUIET = "quiet"
    """Python has given the mixer a packet with silence or a room's even noise. The fast path can relay the next packets. The
    mixer needs none of them until a louder one comes."""
    KEPT_QUIET = "kept_quiet"
    """The mixer has taken the packets that the fast path had buffered. It needs no more packets until a louder one comes."""
    PASSED = "passed"
    """The mixer passes this voice through, and Python has forwarded its newest packet on arrival. The packets come evenly, so the
    fast path can forward the next packets."""
    RETURNED = "returned"
    """The fast path gives the voice back or refuses to take it. For example, an unexpected packet has come, or packets come from
    another address, or the fast path has no space for this voice."""
    ALONE = "alone"
    """The mixer has begun passthrough of this voice: nobody else has sounded for three seconds, and now the speaker pauses."""
    MIXED_AGAIN = "mixed_again"
    """The mixer has ended passthrough: somebody else sounds, a listener loses packets, or the speaker has been silent for
    long."""
    INTERRUPTED = "interrupted"
    """Another voice begins, or passthrough must end. So the fast path stops sending each packet on arrival: packets wait for the
    mixer's ticks again."""
    DISPLACED = "displaced"
    """Another voice has the mode `flowing` now. Python must see the packets of this voice, because when this voice speaks again,
    the other voice must leave that mode."""


class Effect(StrEnum):
    """Work that `media.voice.voices` has to do when a voice changes its mode (`TRANSITIONS`)."""

    OFFLOAD = "offload"
    """Offload the voice: the fast path sends its packets to the listeners that hear only this voice."""
    BUFFER = "buffer"
    """Offload the voice. The fast path also buffers its packets for the mixer."""
    HUSH = "hush"
    """Offload the voice until one of its packets is louder than the mixer's limit (`quiet_from` in `event_of`)."""
    KEEP_AWAY = "keep_away"
    """Stop buffering the voice's packets for the mixer. The voice stays offloaded until one of its packets is louder than the
    mixer's limit."""
    FLOW = "flow"
    """Begin `solo_flow.Flow`: offload the voice for all listeners of the mix."""
    END_FLOW = "end_flow"
    """End the `Flow`: the mixer takes the packets that it has not taken yet, and sends to the listeners again."""
    TAKE_BACK = "take_back"
    """Take the voice and its buffered packets back from the fast path."""


TRANSITIONS: Mapping[tuple[Mode, Event], tuple[Mode, Effect | None]] = {
    # The room has decided again who gets which packets. Python takes each voice back, and relays or mixes it at first.
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
    # Python has forwarded a packet itself, and now offloads the voice to the fast path
    (Mode.RELAYED, Event.STEADY): (Mode.OFFLOADED, Effect.OFFLOAD),
    (Mode.MIXED, Event.AUDIBLE): (Mode.BUFFERED, Effect.BUFFER),
    (Mode.MIXED, Event.QUIET): (Mode.HUSHED, Effect.HUSH),
    (Mode.BUFFERED, Event.KEPT_QUIET): (Mode.HUSHED, Effect.KEEP_AWAY),
    (Mode.PASSTHROUGH, Event.PASSED): (Mode.FLOWING, Effect.FLOW),
    # the fast path gives a voice back to Python
    (Mode.OFFLOADED, Event.RETURNED): (Mode.RELAYED, None),
    (Mode.BUFFERED, Event.RETURNED): (Mode.MIXED, None),
    (Mode.HUSHED, Event.RETURNED): (Mode.MIXED, None),
    (Mode.FLOWING, Event.RETURNED): (Mode.PASSTHROUGH, Effect.END_FLOW),
    # this voice enters or leaves passthrough, or another voice has entered it
    (Mode.MIXED, Event.ALONE): (Mode.PASSTHROUGH, None),
    (Mode.BUFFERED, Event.ALONE): (Mode.PASSTHROUGH, Effect.TAKE_BACK),
    (Mode.HUSHED, Event.ALONE): (Mode.PASSTHROUGH, Effect.TAKE_BACK),
    (Mode.PASSTHROUGH, Event.MIXED_AGAIN): (Mode.MIXED, None),
    (Mode.FLOWING, Event.INTERRUPTED): (Mode.PASSTHROUGH, Effect.END_FLOW),
    (Mode.BUFFERED, Event.DISPLACED): (Mode.MIXED, Effect.TAKE_BACK),
}


class VoicePath:
    """The mode of one voice. A new voice is `relayed`, without listeners."""

    __slots__ = ("mode",)

    def __init__(self) -> None:
        self.mode = Mode.RELAYED

    def follow(self, event: Event) -> Effect | None:
        """Change the mode by `TRANSITIONS`. Return what the caller must do after the change. None: the caller need do nothing."""
        self.mode, effect = TRANSITIONS.get((self.mode, event), (self.mode, None))
        return effect


def event_of(
    *, mixed: bool, tapped: bool, lendable: bool, quiet_from: int, passes_on: bool, passed: bool, another_flows: bool
) -> Event | None:
    """Return the event that a packet causes when Python has handled it. None: Python also handles the next packets.

    - mixed: a mix needs this voice.
    - tapped: the room is recorded or has captions, so Python must see every packet.
    - lendable: the fast path exists and can relay this voice. It cannot relay packets that contain redundant copies (RED).
    - quiet_from: the mixer's answer to this packet (`AudioRoom.push`), an audio level in -dBov. The mixer needs no packets of
      this voice at this level or softer. 0: the mixer needs all packets.
    - passes_on: this voice is in passthrough: its packets are forwarded undecoded.
    - passed: passthrough has forwarded this packet at its arrival, and the last packets came evenly.
    - another_flows: another voice has the mode `flowing`. Then `Voices` takes no buffered packets of this voice from the fast
      path.
    """
    if tapped or not lendable:
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
    """Decide which listeners get a speaker's own packets (relayed), and which get a mix.

    `hears`: listener → {source: gain}. `hold`: listeners who get the hold tone. `present`: everybody who can send or get packets.

    Return two maps. The first is {listener: source} for listeners who get the packets of one source. The second is
    {listener: {source: gain}} for listeners who get a mix. A listener gets the source's own packets if this listener has exactly
    one audible source, at gain 1, and no hold tone. Nobody hears their own voice, and nobody hears an absent person. A listener
    who hears nothing at all is in neither map.
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
