"""The tests check which voices go to the captions process, and who is allowed to read the words of each voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.api.wire import Captions
from media.captions import wire
from media.captions.feed import Feed, Receiver, Saying

PEOPLE = ("user", "counselor", "professional")


class Process:
    """Takes the place of the link to the captions process.

    `heard`: stream → the packets that the feed has sent on this stream.
    """

    ready = True

    def __init__(self) -> None:
        self.heard: dict[int, list[bytes]] = {}
        self.ended: dict[int, bool] = {}
        self.receivers: dict[int, Receiver] = {}

    def begin(self, language: str, receiver: Receiver) -> int:
        stream = len(self.heard) + 1
        self.heard[stream], self.receivers[stream] = [], receiver
        return stream

    def send(self, stream: int, sequence: int, timestamp: int, payload: bytes) -> None:
        assert stream not in self.ended
        self.heard[stream].append(payload)

    def finish(self, stream: int, *, forget: bool = False) -> None:
        self.ended[stream] = forget

    def says(self, stream: int, text: str) -> None:
        self.receivers[stream].words(stream, wire.Words(stream, 1, text, "en", 0.9, True))


class Room:
    """A feed of a room with three people, and the words that the feed has passed on."""

    def __init__(self) -> None:
        self.process = Process()
        self.words: list[tuple[str, list[str], str]] = []
        self.kept: list[bool] = []
        self.over = 0
        self.feed = Feed(self.process, self._said, self._over)
        self.packets = 0

    def _said(self, said: Saying, words: wire.Words | wire.Lost) -> None:
        text = words.text if isinstance(words, wire.Words) else "(lost)"
        self.words.append((said.participant, sorted(said.heard_by), text))
        self.kept.append(said.kept)

    def _over(self) -> None:
        self.over += 1

    def hears(self, *, kept: bool = False, **who: str) -> None:
        """Set who hears whom, and tell the feed. Each argument names the sources of one listener: listener="source source"."""
        routes = {listener: dict.fromkeys(sources.split(), 1.0) for listener, sources in who.items()}
        self.feed.follow(Captions(language="en", participants=list(PEOPLE), kept=kept), routes)

    def speaks(self, participant: str) -> int:
        """Give the feed a voice packet. Return the stream that carried the packet to the process. 0: no stream carried it."""
        self.packets += 1
        payload = self.packets.to_bytes(2, "big")
        self.feed.voice(participant, self.packets, self.packets * 960, payload)
        return next((stream for stream, heard in self.process.heard.items() if heard[-1:] == [payload]), 0)


def test_words_go_to_those_who_could_hear_them() -> None:
    room = Room()
    room.hears(user="counselor", counselor="user")
    room.process.says(room.speaks("counselor"), "good morning")
    assert room.words == [("counselor", ["user"], "good morning")]


def test_voice_that_nobody_hears_stays_here() -> None:
    """Nobody hears a user who is on hold, so the user's voice does not go to the captions process."""
    room = Room()
    room.hears(counselor="professional", professional="counselor")
    assert room.speaks("user") == 0
    assert room.speaks("counselor") > 0


def test_words_of_a_consultation_stay_with_staff_after_it_ends() -> None:
    room = Room()
    room.hears(counselor="professional", professional="counselor")
    secret = room.speaks("counselor")
    room.hears(user="counselor professional", counselor="user professional", professional="user counselor")
    public = room.speaks("counselor")
    assert secret != public
    room.process.says(public, "hello again")
    room.process.says(secret, "do not tell her")  # the slow model finds these earlier words after "hello again"
    assert room.words == [
        ("counselor", ["professional", "user"], "hello again"),
        ("counselor", ["professional"], "do not tell her"),
    ]


def test_stream_goes_on_while_its_audience_stays() -> None:
    room = Room()
    room.hears(user="counselor", counselor="user")
    first = room.speaks("user")
    room.hears(user="counselor professional", counselor="user")
    assert room.speaks("user") == first


def test_words_said_before_people_agreed_are_not_kept() -> None:
    room = Room()
    room.hears(counselor="user")
    before = room.speaks("user")
    room.hears(counselor="user", kept=True)
    after = room.speaks("user")
    room.process.says(after, "keep this")
    room.process.says(before, "not this")  # the words come late, because the model was slow
    assert room.kept == [True, False]


def test_new_connection_begins_a_new_stream() -> None:
    room = Room()
    room.hears(counselor="user")
    first = room.speaks("user")
    room.feed.leave("user")
    assert room.speaks("user") != first
    assert room.process.ended == {first: False}


def test_closed_feed_sends_nothing_and_passes_on_nothing() -> None:
    room = Room()
    room.hears(counselor="user", user="counselor")
    stream = room.speaks("user")
    room.feed.close()
    assert room.speaks("user") == 0
    room.process.says(stream, "too late")
    assert (room.words, room.over, room.process.ended) == ([], 0, {stream: True})


def test_lost_process_ends_the_feed_once() -> None:
    room = Room()
    room.hears(counselor="user", user="counselor")
    room.speaks("user")
    room.feed.over()
    room.feed.over()
    assert room.over == 1
    assert room.speaks("counselor") == 0


def test_process_lost_while_nobody_spoke_ends_the_feed() -> None:
    """If the captions process fails, the link tells this only to feeds that have a stream.

    A feed without a stream must notice the failure by itself, and end. Otherwise, captions would still seem to be on.
    """
    room = Room()
    room.hears(counselor="user", user="counselor")
    room.process.ready = False
    assert room.speaks("user") == 0
    room.process.ready = True
    assert room.speaks("counselor") == 0
    assert room.over == 1


matrices = st.dictionaries(st.sampled_from(PEOPLE), st.sets(st.sampled_from(PEOPLE)))


@pytest.mark.slow
@given(st.lists(st.one_of(matrices, st.sampled_from(PEOPLE)), max_size=20))
def test_nobody_reads_what_they_could_not_hear(steps: list[dict[str, set[str]] | str]) -> None:
    """The matrix changes between packets. The words of each packet go to exactly the people who could hear this packet."""
    room, routes = Room(), dict[str, set[str]]()
    spoken: dict[int, tuple[str, set[str]]] = {}
    for step in steps:
        if isinstance(step, dict):
            routes = step
            room.hears(**{listener: " ".join(sources) for listener, sources in routes.items()})
            continue
        audience = {listener for listener, sources in routes.items() if step in sources and listener != step}
        stream = room.speaks(step)
        assert bool(stream) == bool(audience)
        if stream:
            assert spoken.setdefault(stream, (step, audience)) == (step, audience)
    for stream in reversed(spoken):
        room.process.says(stream, "words")
        participant, heard_by, _ = room.words[-1]
        assert (participant, set(heard_by)) == spoken[stream]
