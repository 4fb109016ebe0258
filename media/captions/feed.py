"""Sends one room's voices to the captions process, and passes on the words that come back.

Only this module decides whose voice is sent to the captions process, and who is shown the words. A voice is sent only while
`SetMatrix.captions` names it, and only while somebody hears it. The words are sent only to the people who could hear the voice
when the words were said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from media.api import wire as worker_wire

from . import wire


@dataclass(frozen=True, slots=True)
class Saying:
    """The speaker of a stream, and the people who could hear the stream.

    `kept`: whether everybody had agreed that the stream's words are kept.
    """

    participant: str
    heard_by: frozenset[str]
    kept: bool


Say = Callable[[Saying, wire.Words | wire.Lost], None]


class Receiver(Protocol):
    """The methods of a `Feed` that `link.CaptionLink` calls when the captions process sends words or is gone."""

    def words(self, stream: int, words: wire.Words | wire.Lost) -> None: ...
    def finished(self, stream: int) -> None: ...
    def over(self) -> None: ...


class Sender(Protocol):
    """The methods of `link.CaptionLink` that a feed calls. No method waits or raises."""

    @property
    def ready(self) -> bool: ...
    def begin(self, language: str, receiver: Receiver) -> int: ...
    def send(self, stream: int, sequence: int, timestamp: int, payload: bytes) -> None: ...
    def finish(self, stream: int, *, forget: bool = False) -> None: ...


@dataclass(slots=True)
class _Voice:
    """A voice that goes to the captions process. `stream`: the number of its stream; 0 until its first packet."""

    heard_by: frozenset[str]
    stream: int = 0


class Feed:
    """The captions of one room, from construction to `close`. Call all methods in the worker's event loop."""

    def __init__(self, sender: Sender, say: Say, on_over: Callable[[], None]) -> None:
        """Begin without voices. `say(saying, words)` is called with the words, who said them, and who could hear them.

        `on_over` is called when the feed has ended because the captions process is gone.
        """
        self._sender = sender
        self._say = say
        self._on_over = on_over
        self._language, self._kept = "", False
        self._voices: dict[str, _Voice] = {}
        self._said: dict[int, Saying] = {}
        """Streams by number. A stream that has ended stays here until the captions process has sent the stream's last words."""
        self.closed = False

    def follow(self, captions: worker_wire.Captions, hears: Mapping[str, Mapping[str, float]]) -> None:
        """Set whose voices go to the captions process from now on. `hears`: listener → {source: gain}.

        If the audience of a voice has changed, a new stream begins for this voice. When `language` or `kept` has changed, a new
        stream begins for every voice.
        """
        audiences: dict[str, set[str]] = {}
        for listener, gains in hears.items():
            for source, gain in gains.items():
                if gain > 0 and source != listener and source in captions.participants:
                    audiences.setdefault(source, set()).add(listener)
        changed = (captions.language, captions.kept) != (self._language, self._kept)
        self._language, self._kept = captions.language, captions.kept
        for name, voice in list(self._voices.items()):
            if changed or voice.heard_by != frozenset(audiences.get(name, ())):
                self._end(name)
        for name, audience in audiences.items():
            if name not in self._voices:
                self._voices[name] = _Voice(frozenset(audience))

    def voice(self, participant: str, sequence: int, timestamp: int, payload: bytes) -> None:
        """Take one packet of a participant's voice. Ignore the packet if `follow` has not named the voice."""
        voice = self._voices.get(participant)
        if voice is None or self.closed:
            return
        if not voice.stream:
            # before the first stream, the sender does not know this feed and cannot call `over` itself
            if not self._sender.ready:
                self.over()
                return
            voice.stream = self._sender.begin(self._language, self)
            self._said[voice.stream] = Saying(participant, voice.heard_by, self._kept)
        self._sender.send(voice.stream, sequence, timestamp, payload)

    def leave(self, participant: str) -> None:
        """End the stream of a participant whose connection has ended, because a new connection numbers its packets anew."""
        voice = self._voices.get(participant)
        if voice is not None and voice.stream:
            self._sender.finish(voice.stream)
            voice.stream = 0

    def close(self) -> None:
        """Send no more voices, and take no more words: captions are off."""
        if self.closed:
            return
        self.closed = True
        for stream in self._said:
            self._sender.finish(stream, forget=True)
        self._said.clear()
        self._voices.clear()

    # The following methods are those of `Receiver`. They take messages from the captions process.

    def words(self, stream: int, words: wire.Words | wire.Lost) -> None:
        """Pass on words that were spoken in a stream (a voice) to the people who could hear this stream."""
        said = self._said.get(stream)
        if said is not None:
            self._say(said, words)

    def finished(self, stream: int) -> None:
        """Forget a stream, because the captions process has sent the last words of this stream."""
        self._said.pop(stream, None)

    def over(self) -> None:
        """End this feed: the connection to the captions process is gone."""
        if not self.closed:
            self.closed = True
            self._said.clear()
            self._voices.clear()
            self._on_over()

    def _end(self, name: str) -> None:
        voice = self._voices.pop(name)
        if voice.stream:
            self._sender.finish(voice.stream)
