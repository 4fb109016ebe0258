"""Messages between a media worker and the captions process: msgpack in binary frames of one WebSocket.

The worker names a voice by a number, its *stream*. The captions process does not learn who speaks in which room. When the
audience of a voice changes, a new stream begins, so that each stream has one audience.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from media.api.captions import READY

MAX_FRAME_BYTES = 1 << 20
MAX_TEXT = 2000
"""A caption has at most this many characters. The model makes a longer text only when it repeats the same words."""


class Packet(Struct, array_like=True, frozen=True):
    """One Opus packet of a stream, as it arrived: 16-bit sequence number, 32-bit timestamp at 48 kHz."""

    stream: int
    sequence: int
    timestamp: int
    payload: bytes


class Begin(Struct, tag="begin", frozen=True):
    """A stream begins. `language`: the tag of the language that is probably spoken ("ko", "zh-Hans")."""

    stream: int
    language: str


class Sound(Struct, tag="sound", frozen=True):
    """Packets of one or more streams of a worker, in the order of their arrival."""

    packets: list[Packet]


class Finish(Struct, tag="finish", frozen=True):
    """A stream has ended. The captions process still sends the words that were said in the stream, and then `Finished`."""

    stream: int


class Forget(Struct, tag="forget", frozen=True):
    """A stream has ended. The captions process can drop the stream's words that it has not sent yet."""

    stream: int


FromWorker = Begin | Sound | Finish | Forget


class Ready(Struct, tag=READY.decode(), frozen=True):
    """The first message of the captions process: its model is loaded."""


class Words(Struct, tag="words", frozen=True):
    """Words of a stream. Later words with the same `utterance` replace earlier words.

    The other fields mean the same as in `media.api.wire.Captioned`.
    """

    stream: int
    utterance: int
    text: str
    language: str
    confidence: float
    final: bool


class Lost(Struct, tag="lost", frozen=True):
    """Words that were just said in this stream are not written down, because the process or the network is too slow."""

    stream: int


class Finished(Struct, tag="finished", frozen=True):
    """The captions process has sent all words of a stream that has ended."""

    stream: int


FromCaptions = Ready | Words | Lost | Finished

encode = msgspec.msgpack.Encoder().encode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
decode_from_captions = msgspec.msgpack.Decoder(FromCaptions).decode
