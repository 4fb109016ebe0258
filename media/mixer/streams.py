"""Outgoing encoded streams: which listeners share an encoder, and what is sent in silence.

Every listener receives the packets of one `Stream`. A *recipe* says which voices a listener hears in a tick (20 ms), and at which
gains (`mix.Recipe`). When the recipes of a stream's listeners begin to differ, each group of listeners with equal recipes gets a
clone of the encoder in the same tick. The change does not disturb the listeners' decoders. Two streams become one when their
recipes have been equal for half a second, when both are silent, or when both are new. In these cases, their encoders have nearly
the same state.

In *passthrough* the packets of the only sounding voice are forwarded without decoding and mixing (`media.mixer.solo`).

When silence begins, a stream encodes 200 ms of it, so that its encoder and the listeners' decoders come to rest. Then the stream
sends an empty DTX packet every 400 ms (RFC 7587 section 3.1.3). With these packets browsers play comfort noise and keep their
playout delay.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

import numpy as np

from .mix import TICK_SAMPLES, Recipe, magnitude, mix
from .opus import Encoder, Samples
from .solo import Sent

REST_TICKS = 10  # When silence begins, a stream encodes this many more ticks (20 ms each). Then it sends only DTX packets.
DTX_EVERY_TICKS = 20  # A silent stream sends one packet in this many ticks.
JOIN_TICKS = 25  # Two streams become one after their listeners have heard the same (equal recipes) for this many ticks.
LOSSY = 0.02
"""If a listener loses a larger fraction of packets than this, each packet of the listener's mix carries an in-band copy (FEC) of
the packet before."""
_SILENCE = np.zeros(TICK_SAMPLES, np.int16)

Send = Callable[[str, bytes, int, bool, int], None]


class Stream:
    """One encoder and the listeners that receive its packets."""

    def __init__(self, encoder: Encoder, members: set[str], silent_ticks: int = 0) -> None:
        self.encoder = encoder
        self.members = members
        self.silent_ticks = silent_ticks
        self.fresh = True
        self.twin: Stream | None = None
        self.equal_ticks = 0
        self._toc = b"\x48"

    def packet(
        self, recipe: Recipe, sounding: Mapping[str, Samples], magnitudes: Mapping[str, int], stats: Counter[str]
    ) -> bytes | None:
        """Return this tick's packet. None: the stream is silent, and sends no packet in this tick (DTX)."""
        self.fresh = False
        self.silent_ticks = 0 if recipe else self.silent_ticks + 1
        if self.silent_ticks > REST_TICKS:
            resting = self.silent_ticks - REST_TICKS - 1
            return None if resting % DTX_EVERY_TICKS else self._toc
        payload = self.encoder.encode(mix(recipe, sounding, magnitudes) if recipe else _SILENCE)
        self._toc = payload[:1]
        stats["encodes"] += 1
        stats["encodes_saved"] += len(self.members) - 1
        return payload

    def end_passing(self, sound: list[Samples], last: bytes) -> None:
        """Prepare the encoder to encode again after passthrough, in which packets were forwarded undecoded.

        `sound`: samples of the last packets that the listeners got; empty if the stream has been silent for long. `last`: payload
        of the last packet that the listeners got.
        """
        for samples in sound:
            self.encoder.encode(samples)
        self.silent_ticks = 0 if sound else REST_TICKS
        if last:
            self._toc = bytes([last[0] & 0xFC])

    @property
    def resting(self) -> bool:
        return self.silent_ticks > REST_TICKS

    def ready_to_join(self, into: Stream) -> bool:
        """Return whether this stream's listeners can get the packets of `into` from now on, so that one encoder is enough.

        Call this method in every tick in which the two streams have the same recipe.
        """
        self.equal_ticks = self.equal_ticks + 1 if self.twin is into else 1
        self.twin = into
        return self.equal_ticks >= JOIN_TICKS or (self.resting and into.resting) or (self.fresh and into.fresh)

    def fork(self, members: set[str]) -> Stream:
        """Return a new stream for `members`, with a clone of the encoder. `members` leave this stream."""
        self.members -= members
        twin = Stream(self.encoder.clone(), members, self.silent_ticks)
        twin._toc, twin.fresh = self._toc, self.fresh
        return twin


class Streams:
    """All mixed streams that a room sends to its listeners."""

    def __init__(self, send: Send, stats: Counter[str]) -> None:
        self._send = send
        self._stats = stats
        self._streams: list[Stream] = []
        self._unsent: dict[str, int] = {}
        self._talking: dict[str, bool] = {}
        self._loss: dict[str, float] = {}
        self._arranged: Mapping[str, Recipe] | None = None
        """Recipes (what each listener hears) by which the listeners are grouped now. None: group them again in the next tick."""

    def set_listeners(self, listeners: set[str]) -> None:
        """Set the listeners. A new listener gets a new encoder. A listener that is not named any more leaves its stream."""
        for stream in self._streams:
            stream.members &= listeners
        self._arranged = None
        self._streams = [stream for stream in self._streams if stream.members]
        for gone in self._unsent.keys() - listeners:
            del self._unsent[gone], self._talking[gone]
            self._loss.pop(gone, None)
        for listener in sorted(listeners - self._unsent.keys()):
            self._unsent[listener], self._talking[listener] = 0, False
            self._streams.append(Stream(Encoder(), {listener}))

    def tick(self, recipes: Mapping[str, Recipe], sounding: Mapping[str, Samples]) -> None:
        """Mix, encode and send the next 20 ms of sound to every listener."""
        if recipes is not self._arranged:
            self._part(recipes)
            self._arranged = recipes if self._join(recipes) else None
            self._protect()
        magnitudes = {source: magnitude(samples) for source, samples in sounding.items()}
        for stream in self._streams:
            self._send_mixed(stream, recipes[next(iter(stream.members))], sounding, magnitudes)

    def _send_mixed(self, stream: Stream, recipe: Recipe, sounding: Mapping[str, Samples], magnitudes: Mapping[str, int]) -> None:
        payload = stream.packet(recipe, sounding, magnitudes, self._stats)
        for listener in stream.members:
            self._unsent[listener] += TICK_SAMPLES
            if payload is None:
                continue
            talking = not stream.resting
            increment, self._unsent[listener] = self._unsent[listener], 0
            marker = talking and not self._talking[listener]
            self._talking[listener] = talking
            self._send(listener, payload, increment, marker, 0)

    def begin_passing(self, recipes: Mapping[str, Recipe]) -> None:
        """Regroup the streams by `recipes`: listeners of the voice that is forwarded undecoded share no stream with others."""
        self._part(recipes)
        self._arranged = None

    def pass_on(self, recipes: Mapping[str, Recipe], packets: list[Sent]) -> None:
        """Send the packets of the only sounding voice, undecoded, to everybody who hears it, and silence to the others."""
        for stream in self._streams:
            recipe = recipes[next(iter(stream.members))]
            if not recipe:
                self._send_mixed(stream, recipe, {}, {})
                continue
            for listener in stream.members:
                for payload, samples, lost in packets:
                    self._send(listener, payload, samples, False, lost)

    def end_passing(self, recipes: Mapping[str, Recipe], sound: list[Samples], last: bytes, owed: int) -> None:
        """Let the streams send mixed sound again after passthrough. `sound`, `last`: see `Stream.end_passing`.

        `owed`: time since the end of the last sent packet, in samples.
        """
        for stream in self._streams:
            if recipes[next(iter(stream.members))]:
                stream.end_passing(sound, last)
                for listener in stream.members:
                    self._unsent[listener] = owed

    def set_loss(self, listener: str, fraction: float) -> None:
        """Set the fraction (0..1) of packets that this listener has lately lost."""
        if listener in self._unsent:
            lossy, self._loss[listener] = self.lossy, fraction
            if self.lossy != lossy:
                self._protect()

    @property
    def lossy(self) -> bool:
        """Return whether any listener loses a larger fraction of packets than `LOSSY`."""
        return any(fraction > LOSSY for fraction in self._loss.values())

    def _protect(self) -> None:
        for stream in self._streams:
            stream.encoder.protect(any(self._loss.get(listener, 0.0) > LOSSY for listener in stream.members))

    def _part(self, recipes: Mapping[str, Recipe]) -> None:
        for stream in list(self._streams):
            groups: defaultdict[Recipe, set[str]] = defaultdict(set)
            for listener in stream.members:
                groups[recipes[listener]].add(listener)
            for members in sorted(groups.values(), key=len)[:-1]:
                self._streams.append(stream.fork(members))

    def _join(self, recipes: Mapping[str, Recipe]) -> bool:
        """Join streams with equal recipes (the same voices with the same gains).

        Return False if some streams have equal recipes but cannot be joined yet.
        """
        kept: dict[Recipe, Stream] = {}
        others: list[Stream] = []
        for stream in self._streams:
            recipe = recipes[next(iter(stream.members))]
            into = kept.setdefault(recipe, stream)
            if into is stream:
                stream.twin = None
            elif stream.ready_to_join(into):
                into.members |= stream.members
            else:
                others.append(stream)
        self._streams = [*kept.values(), *others]
        return not others

    def close(self) -> None:
        """End all streams of the room."""
        self._streams.clear()
        self._unsent.clear()
        self._talking.clear()
        self._loss.clear()
