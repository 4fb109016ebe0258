"""Whole utterances are transcribed before drafts. Under load, the utterances that have waited longest are dropped."""

from __future__ import annotations

import numpy as np

from media.captions.speech import Spoken
from media.captions.work import MOST_WAITING, Heard, Job, Work


def spoken(utterance: int = 1, upto: int = 10, *, final: bool = True) -> Spoken:
    return Spoken(utterance, np.zeros(512, np.float32), upto, final)


def draft(utterance: int = 1, upto: int = 10) -> Spoken:
    return spoken(utterance, upto, final=False)


def words(text: str) -> Heard:
    return Heard(text, "en", 0.9)


def given(work: Work) -> Job:
    job = work.next()
    assert job is not None
    return job


def test_whole_utterances_come_before_drafts() -> None:
    work = Work()
    work.put("a", "en", draft())
    work.put("b", "en", spoken())
    assert given(work).stream == "b"


def test_one_job_is_out_at_a_time() -> None:
    work = Work()
    work.put("a", "en", spoken())
    work.put("b", "en", spoken())
    assert (given(work).stream, work.next()) == ("a", None)
    work.done(words("one"))
    assert given(work).stream == "b"


def test_newer_draft_replaces_an_older_one() -> None:
    work = Work()
    work.put("a", "en", draft(upto=10))
    work.put("a", "en", draft(upto=20))
    assert given(work).spoken.spoken == 20
    work.done(words("so far"))
    assert work.next() is None


def test_utterance_that_a_draft_has_heard_whole_is_not_written_twice() -> None:
    work = Work()
    work.put("a", "en", draft())
    given(work)
    work.done(words("good morning"))
    assert work.put("a", "en", spoken()) == (words("good morning"), None)
    assert work.next() is None


def test_draft_that_is_out_becomes_the_whole_utterance() -> None:
    work = Work()
    work.put("a", "en", draft())
    given(work)
    assert work.put("a", "en", spoken()) == (None, None)
    job = work.done(words("good morning"))
    assert job is not None
    assert job.final
    assert work.next() is None


def test_draft_with_fewer_words_does_not_stand_for_the_whole() -> None:
    work = Work()
    work.put("a", "en", draft(upto=10))
    given(work)
    work.done(words("good"))
    assert work.put("a", "en", spoken(upto=20)) == (None, None)
    assert given(work).final


def test_oldest_utterance_is_dropped_when_too_many_wait() -> None:
    work = Work()
    lost = [work.put(n, "en", spoken())[1] for n in range(MOST_WAITING + 2)]
    assert lost == [None] * MOST_WAITING + [0, 1]
    assert given(work).stream == 2


def test_forgotten_stream_has_no_words() -> None:
    work = Work()
    work.put("a", "en", spoken())
    work.put("a", "en", spoken(2))
    given(work)
    work.forget("a")
    assert work.done(words("too late")) is None
    assert (work.next(), work.waits("a")) == (None, False)
