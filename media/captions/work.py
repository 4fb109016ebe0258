"""Decides the order in which utterances are written down, and which utterances are dropped when the model is too slow.

Whole utterances come first, in their order. A *draft* (an utterance that is not over yet) is written down only while no whole
utterance waits. A newer draft of a stream replaces an older draft. If too many whole utterances wait, the oldest is dropped,
because words that come a minute late help nobody.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from .speech import Spoken

MOST_WAITING = 6  # at most this many finished utterances wait for the speech model


class Heard(NamedTuple):
    """Words of an utterance. `confidence`: 0..1. If `text` is empty, the sound contained no words."""

    text: str
    language: str
    confidence: float


@dataclass(slots=True, eq=False)
class Job:
    """An utterance to write down. `stream`: any value that identifies the stream. `language`: as in `wire.Begin`.

    `final`: whether the utterance is over. `wanted`: False after `Work.forget`.
    """

    stream: object
    language: str
    spoken: Spoken
    final: bool
    wanted: bool = True


class Work:
    """The utterances of all streams that wait for the speech model, as jobs.

    `next` returns a job for the model, and `done` takes the job's result. The model has at most one job at a time.
    """

    def __init__(self) -> None:
        self._whole: deque[Job] = deque()
        self._drafts: dict[object, Job] = {}
        self._out: Job | None = None
        self._known: dict[object, tuple[Spoken, Heard]] = {}
        """By stream: the last draft of the stream's utterance, and the words of this draft."""

    def put(self, stream: object, language: str, spoken: Spoken) -> tuple[Heard | None, object]:
        """Add the sound of an utterance, which is whole or not over yet (a draft).

        Return (words, stream of a dropped utterance); each can be None.

        If the last draft of a whole utterance already had all its words, return these words. When too many utterances
        wait, the oldest utterance is dropped.
        """
        job = Job(stream, language, spoken, spoken.final)
        if not spoken.final:
            self._drafts[stream] = job
            return None, None
        self._drafts.pop(stream, None)
        known = self._known.pop(stream, None)
        if known is not None and _same(known[0], spoken):
            return known[1], None
        if self._out is not None and self._out.stream == stream and _same(self._out.spoken, spoken):
            self._out.final = True
            return None, None
        self._whole.append(job)
        return None, self._whole.popleft().stream if len(self._whole) > MOST_WAITING else None

    def next(self) -> Job | None:
        """Return the next job for the model. None: no job waits, or the model still has a job."""
        if self._out is not None:
            return None
        if self._whole:
            self._out = self._whole.popleft()
        elif self._drafts:
            self._out = self._drafts.pop(next(iter(self._drafts)))
        return self._out

    def done(self, heard: Heard) -> Job | None:
        """Take the words that the model has found for its job, and let the model take the next job.

        Return this job, or None if its stream has been forgotten in the meantime.
        """
        job, self._out = self._out, None
        if job is None or not job.wanted:
            return None
        if not job.final:
            self._known[job.stream] = job.spoken, heard
        return job

    def waits(self, stream: object) -> bool:
        """Return whether a whole utterance of this stream waits or is being written down."""
        out = self._out is not None and self._out.stream == stream and self._out.final
        return out or any(job.stream == stream for job in self._whole)

    def forget(self, stream: object) -> None:
        """Drop all jobs of a stream that is no longer written down."""
        self._whole = deque(job for job in self._whole if job.stream != stream)
        self._drafts.pop(stream, None)
        self._known.pop(stream, None)
        if self._out is not None and self._out.stream == stream:
            self._out.wanted = False


def _same(one: Spoken, other: Spoken) -> bool:
    return (one.utterance, one.spoken) == (other.utterance, other.spoken)
