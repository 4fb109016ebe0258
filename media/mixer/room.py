"""Mixer of one room: decides what each listener is sent at every tick.

The room has no sockets and no asyncio; callers pass the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .hold import hold_tick
from .mix import HOLD, Gains, Recipe
from .opus import Samples
from .solo import Solo, Wait
from .source import Source
from .streams import Send, Streams

TICK_STEP_S = 0.005
"""Length of a step in seconds. A room's ticks can be moved earlier by one step at a time."""
GUARD_S = 0.002
"""A room's ticks move earlier by one step only if every source's delay is longer than needed by more than the step plus this many
seconds."""
SPARE_TICKS, PASSED_SPARE_TICKS = 25, 3
"""To lower the delay, the room moves its ticks to an earlier time when, in each of the last `SPARE_TICKS` ticks (half a second),
the delay of every heard source was longer than needed. In passthrough (one voice's packets are forwarded undecoded),
`PASSED_SPARE_TICKS` ticks are enough, because the move then drops no sound."""
EVEN_TICKS = 10  # the fast path can take passthrough over after this many ticks in a row that leave no packet waiting
LOOKAHEAD_S = 0.0065
"""Algorithmic delay of Opus: decoded sound comes out this much later than it went into the encoder (RFC 6716 section 2)."""


class AudioRoom:
    """Mixer of one room. `set_matrix` names the listeners; `tick`, called every 20 ms, sends to them.

    `tick` calls `send(listener, opus_payload, timestamp_increment_samples, marker, lost)`. The increment is the time since this
    listener's previous packet, in samples at 48 kHz: normally 960, more after DTX. The marker says that a talkspurt begins
    (RFC 3551). `lost`: number of packets that are missing before this packet.

    `stats` has these counters: decodes, encodes, encodes_saved, passed_on, concealed, fec_used, shortened, skipped_quiet,
    dropped_malformed, dropped_corrupt, dropped_late, dropped_duplicate, dropped_jump, dropped_overflow, dropped_unheard.
    """

    def __init__(self, send: Send) -> None:
        self.stats: Counter[str] = Counter()
        self._streams = Streams(send, self.stats)
        self._sources: dict[str, Source] = {}
        self._gains: dict[str, Gains] = {}
        self._hears: dict[str, dict[str, float]] = {}
        self._hold: set[str] = set()
        self._hold_tick = 0
        self._spare_ticks = 0
        self._steady: tuple[tuple[str, ...], dict[str, Recipe]] | None = None
        self._wait = Wait()
        self._solo: Solo | None = None
        self._solo_recipes: dict[str, Recipe] = {}
        self._flowing = False

    def set_matrix(self, hears: Mapping[str, Mapping[str, float]], hold: set[str]) -> None:
        """Replace the whole matrix. `hears`: listener → {source: gain 0..4}; `hold`: listeners who get the hold tone.

        The mixer serves only listeners that `hears` or `hold` names. Gains move to their new values over one tick. Nobody hears
        their own voice, even if the matrix says so.
        """
        self._hears = {
            listener: {source: gain for source, gain in gains.items() if source != listener and gain > 0.0}
            for listener, gains in hears.items()
        }
        for listener in hold:
            self._hears.setdefault(listener, {})
        if not self._hold:
            self._hold_tick = 0
        self._hold = set(hold)
        self._apply()

    def set_loss(self, listener: str, fraction: float) -> None:
        """Set the fraction (0..1) of packets that a listener has lately lost (from RTCP receiver reports)."""
        self._streams.set_loss(listener, fraction)

    def _apply(self) -> None:
        self._end_solo()
        self._steady = None
        listeners = set(self._hears)
        self._gains = {listener: self._gains.get(listener) or Gains() for listener in sorted(listeners)}
        for listener, gains in self._gains.items():
            gains.aim(self._hears[listener] | ({HOLD: 1.0} if listener in self._hold else {}))
        self._streams.set_listeners(listeners)
        heard = {source for gains in self._gains.values() for source in gains.sources} - {HOLD}
        for source in heard - self._sources.keys():
            self._sources[source] = Source(self.stats)
        self._forget_unheard()

    def _forget_unheard(self) -> None:
        heard = {source for gains in self._gains.values() for source in gains.sources}
        for source in self._sources.keys() - heard:
            del self._sources[source]

    def push(self, source: str, sequence: int, timestamp: int, payload: bytes, level_dbov: int | None, now: float) -> int:
        """Take one RTP packet (header fields as on the wire, RFC 6464 level 0..127 or None). Never raise: count a refused packet.

        Return 0 if the mixer needs the next packets, too. Otherwise return an audio level (-dBov): the mixer needs no packets at
        this level or softer, because nobody would hear anything in them.
        """
        heard = self._sources.get(source)
        if heard is None:
            self.stats["dropped_unheard"] += 1
            return 0
        quiet_from = heard.push(sequence, timestamp, payload, level_dbov, now)
        return 0 if self.passes_on(source) else quiet_from

    def remove(self, participant: str) -> None:
        """Remove a participant as source and listener, until `set_matrix` names the participant again."""
        self._hears.pop(participant, None)
        self._hold.discard(participant)
        for gains in self._hears.values():
            gains.pop(participant, None)
        self._apply()

    def tick(self, now: float) -> None:
        """Play 20 ms of every source, mix, encode and send. In passthrough, send the only sounding voice's packets undecoded."""
        if not self._gains:
            return
        sounding: dict[str, Samples] = {}
        solo = self._solo
        for name, source in self._sources.items():
            if solo is None or name != solo.name:
                self._take(name, source, now, sounding)
        if solo is not None:
            if self._flowing or (not sounding and solo.source.last is not None and not self._streams.lossy):
                self._pass_on(solo, now)
                return
            self._end_solo()
            self._take(solo.name, solo.source, now, sounding)
        self._note_spare(sounding)
        if self._hold:
            tone = hold_tick(self._hold_tick)
            self._hold_tick += 1
            if tone is not None:
                sounding[HOLD] = tone
        self._streams.tick(self._recipes(sounding), sounding)
        self._consider_solo(sounding)

    def _take(self, name: str, source: Source, now: float, sounding: dict[str, Samples]) -> None:
        samples = source.take(now)
        if samples is not None:
            sounding[name] = samples

    def _note_spare(self, sounding: Iterable[str]) -> None:
        spare_s = min((self._sources[name].spare_s for name in sounding), default=None)
        if spare_s is not None:
            self._spare_ticks = self._spare_ticks + 1 if spare_s > TICK_STEP_S + GUARD_S else 0

    def _pass_on(self, solo: Solo, now: float) -> None:
        packets = solo.tick(now)
        self._streams.pass_on(self._solo_recipes, [] if self._flowing else packets)
        self._note_spare((solo.name,))
        if solo.silent and not self._flowing:
            self._end_solo()
            self._wait.reset()

    def _consider_solo(self, sounding: dict[str, Samples]) -> None:
        """Decide whether the packets of the only sounding source are forwarded undecoded (passthrough) from the next tick on."""
        if len(sounding) > 1 or self._hold:
            self._wait.reset()
            return
        name = next(iter(sounding)) if sounding else self._wait.silence()
        source = self._sources.get(name)
        if source is None or (sounding and not self._wait.look(name, source.peak)):
            return
        heard_by = {listener for listener, gains in self._gains.items() if name in gains.sources}
        untouched = all(self._gains[listener].plain(name) for listener in heard_by)
        if untouched and source.last is not None and not self._streams.lossy:
            self._solo = Solo(name, source, source.last)
            recipe = ((name, 1.0, 1.0),)
            self._solo_recipes = {listener: recipe if listener in heard_by else () for listener in self._gains}
            self._streams.begin_passing(self._solo_recipes)

    def _end_solo(self) -> None:
        """End passthrough, if the packets of a source are forwarded undecoded, and mix again.

        Bring encoders and decoder to the state of the listeners' decoders.
        """
        solo, self._solo, self._flowing = self._solo, None, False
        if solo is not None:
            sound = solo.source.take_back(solo.silent)
            self._streams.end_passing(self._solo_recipes, sound, solo.last.payload, solo.owed_samples)

    @property
    def idle(self) -> bool:
        """Return whether the mixer serves no listener, so that ticks would do nothing."""
        return not self._gains

    def earlier(self) -> bool:
        """Return whether the caller must move all later ticks `TICK_STEP_S` earlier. Call after each tick.

        True if, in each of the last `SPARE_TICKS` ticks (in passthrough `PASSED_SPARE_TICKS`), every sounding source's packets
        waited longer than necessary, by more than `TICK_STEP_S` + `GUARD_S`. After such moves, packets wait less than 10 ms for
        the next tick. If the ticks came at random moments, the mean wait would be 10 ms.
        """
        if self._spare_ticks < (PASSED_SPARE_TICKS if self.passing_on else SPARE_TICKS):
            return False
        self._spare_ticks = 0
        return True

    def _recipes(self, sounding: dict[str, Samples]) -> dict[str, Recipe]:
        """Return each listener's recipe: which sources the listener hears in this tick, and at which gains.

        While no source and no gain changes, return the same object as in the last tick.
        """
        names = tuple(sounding)
        if self._steady is not None and self._steady[0] == names:
            return self._steady[1]
        settled = all(gains.settled for gains in self._gains.values())
        recipes = {listener: gains.advance(sounding) for listener, gains in self._gains.items()}
        self._steady = (names, recipes) if settled else None
        if not settled:
            self._forget_unheard()
        return recipes

    def passes_on(self, source: str) -> bool:
        """Return whether the packets of `source` are in passthrough: forwarded as they came, without mixing."""
        return self._solo is not None and self._solo.name == source

    @property
    def passed_on(self) -> str:
        """The name of the source whose packets are forwarded undecoded. "": the mixer decodes and mixes all sources."""
        return self._solo.name if self._solo is not None else ""

    def has_passed(self, sequence: int, timestamp: int) -> bool:
        """Return whether this packet is the last one that was forwarded undecoded.

        `sequence`, `timestamp`: the numbers in the packet's RTP header.
        """
        last = self._solo.last if self._solo is not None else None
        return last is not None and last.sequence & 0xFFFF == sequence and last.timestamp & 0xFFFFFFFF == timestamp

    @property
    def may_flow(self) -> bool:
        """Return whether the fast path (C code) can send the packets of the voice in passthrough.

        True if these packets arrive evenly, and `flow_is_over` is False.
        """
        return self._solo is not None and self._solo.even_ticks >= EVEN_TICKS and not self.flow_is_over

    def begin_flow(self) -> set[str]:
        """Stop sending the packets of the voice in passthrough, because the fast path (C code) sends them from now on.

        Return the listeners of the voice. If the fast path cannot send these packets (`may_flow`), do nothing and return an empty
        set. The mixer still takes the packets in its ticks, so that it can send again at any time (`end_flow`).
        """
        if not self.may_flow:
            return set()
        self._flowing = True
        return {listener for listener, recipe in self._solo_recipes.items() if recipe}

    def end_flow(self) -> None:
        """Let the mixer send again after `begin_flow`.

        Call this only while `awaits_packet` is true: then the mixer has taken every packet that was sent to it.
        """
        if self._flowing and self._solo is not None:
            self._solo.catch_up()
        self._flowing = False

    @property
    def flow_is_over(self) -> bool:
        """Return whether the mixer must send to the listeners again, and the fast path must stop (`end_flow`).

        True if the passthrough voice is silent, its packets come irregularly, or a listener loses many packets.
        """
        return self._solo is None or self._solo.silent or self._solo.source.last is None or self._streams.lossy

    @property
    def awaits_packet(self) -> bool:
        """Return whether the packets of a source are forwarded undecoded, and its next packet has not come yet."""
        return self._solo is not None and self._solo.source.empty

    @property
    def passing_on(self) -> bool:
        """Return whether the packets of a source are forwarded undecoded (passthrough).

        These packets keep their timestamps, so the time of the room's ticks can be moved without losing sound.
        """
        return self._solo is not None

    def age_s(self, listener: str, now: float) -> float | None:
        """Return the age (s) of the first sample that the last tick sent to this listener: the mean over all heard sources.

        None: the listener hears nobody now. Call after `tick`.
        """
        gains = self._gains.get(listener)
        if gains is None:
            return None
        ages = [self._sources[name].age_s(now) for name in gains.sources if name in self._sources]
        heard = [age for age in ages if age]
        return sum(heard) / len(heard) + (0.0 if self._solo else LOOKAHEAD_S) if heard else None

    def concealed(self, participant: str) -> tuple[int, int]:
        """Return how many pieces of this source's sound were concealed, and how many were played in all, concealed ones included.

        Return (0, 0) if the source is not mixed.
        """
        source = self._sources.get(participant)
        return (source.concealed, source.played + source.concealed) if source is not None else (0, 0)

    def close(self) -> None:
        """End all streams of this mixer. The mixer sends nothing any more."""
        self._solo = None
        self._streams.close()
        self._sources.clear()
        self._gains.clear()
        self._hears.clear()
        self._hold.clear()
