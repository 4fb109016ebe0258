"""Derive from the stored sessions what happened in the last weeks: which users came, when they were served, who was at work.

Pure. The database does not say when a member of staff was at work. This module takes three things as signs that a member was at
work: the member talked, a request rang for the member, or the matcher counted the member among the candidates for a request.
Signs with a short time between them are joined to one period in which the member was at work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from statistics import mean, median
from typing import Final

from msgspec import Struct

from matcher.types import Medium
from signaling.records.arrivals import PastEvent, PastSession
from signaling.records.report_counts import asked_at

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
# a longer conversation counts as one that somebody forgot to close
_LONGEST_TALK_MS: Final = {"text": 60 * MINUTE_MS, "call": 180 * MINUTE_MS}
# Two signs that a member was at work belong to one working period if the time between them is at most a limit. The limit is
# `_GAP_ARRIVALS` times the median time between two users' arrivals, but at least the first and at most the second value (ms).
_GAP_MS: Final = (45 * MINUTE_MS, 240 * MINUTE_MS)
_GAP_ARRIVALS: Final = 8

# a working period begins this many ms before the first sign that the member was at work, and ends this many ms after the last
_AROUND_MS: Final = 10 * MINUTE_MS
_LEAST_SAMPLES: Final = 5
# Durations in seconds: how long a request rings (`_ANSWER_S`), and how long a wrap-up takes (`_WRAP_UP_S`). The first value is
# the mean to assume if fewer than `_LEAST_SAMPLES` durations are known. Durations above the second value are cut to this value.
_ANSWER_S: Final = (4.0, 20.0)
_WRAP_UP_S: Final = (30.0, 120.0)
_ABSENT: Final = ("away", "lost")

Spans = list[tuple[int, int]]


class Came(Struct, frozen=True, kw_only=True):
    """A user who asked for a counselor, or a counselor who asked for help.

    Times are Unix ms, durations seconds. `talked_s`: how long the conversation took; None if nobody served the request.
    """

    at: int
    site: str
    category: str
    language: str
    medium: Medium
    waited_s: float
    talked_s: float | None


class Past(Struct, frozen=True, kw_only=True):
    """The last weeks, as the stored sessions show them.

    `at_work`: member of staff → periods in which the member was at work (Unix ms), without overlaps.

    `answer_s`: how long a request rang before it was accepted, on average. `wrap_up_s`: how long a wrap-up took, on average.
    `came`: the users who came. `asked`: the counselors' requests for a professional.
    """

    came: list[Came]
    asked: list[Came]
    at_work: dict[str, Spans]
    answer_s: float
    wrap_up_s: float

    @property
    def begin(self) -> int:
        """The midnight (UTC) before the first request, or 0."""
        return min((each.at - each.at % DAY_MS for each in (*self.came, *self.asked)), default=0)

    def typical(self, of: Iterable[str]) -> Spans:
        """Return the working periods of one member among `of`: the member whose total time at work is the median.

        Return an empty list when no member was at work.
        """
        known = sorted((sum(end - begin for begin, end in spans), name) for name in of if (spans := self.at_work.get(name)))
        return self.at_work[known[len(known) // 2][1]] if known else []


def past_of(sessions: Iterable[PastSession]) -> Past:
    """Derive from these sessions what happened in the last weeks."""
    sessions = list(sessions)
    came = sorted((each for session in sessions if (each := _came(session))), key=lambda each: each.at)
    asked = sorted((each for session in sessions for each, _ in _helped(session)), key=lambda each: each.at)
    wrap_up_s = _mean((_took_s(session, "after", "closed") for session in sessions), *_WRAP_UP_S)
    signs: dict[str, Spans] = defaultdict(list)
    for session in sessions:
        for staff, begin, end in _signs(session, wrap_up_s):
            signs[staff].append((begin, end))
    gap = _gap_ms(came)
    return Past(
        came=came,
        asked=asked,
        at_work={staff: _joined(spans, gap) for staff, spans in signs.items()},
        answer_s=_mean((_took_s(session, "reserved", "active") for session in sessions), *_ANSWER_S),
        wrap_up_s=wrap_up_s,
    )


def _medium(session: PastSession) -> Medium:
    return "text" if session.channel == "text" else "call"


def _at(session: PastSession, kind: str, *, last: bool = False) -> int | None:
    found = [event.at for event in session.events if event.kind == kind]
    return (found[-1] if last else found[0]) if found else None


def _talk_end(session: PastSession) -> int | None:
    """Return the time (Unix ms) when the conversation ended or fell asleep. None: it still goes on, or never began.

    A conversation that took longer than `_LONGEST_TALK_MS` counts as ended after this time.
    """
    if session.active_at is None:
        return None
    ends = [at for at in (session.ended_at, _at(session, "asleep")) if at is not None and at >= session.active_at]
    return min(*ends, session.active_at + _LONGEST_TALK_MS[_medium(session)]) if ends else None


def _came(session: PastSession) -> Came | None:
    """Return the arrival of the session's user.

    None: the user did not ask for a counselor, or still waits or talks. A user who booked a callback did not wait, so the result
    is an arrival at the time when the conversation began.
    """
    called_back = _at(session, "callback") is not None
    at = (
        session.active_at
        if called_back
        else asked_at({"waiting_at": session.waiting_at, "started_at": session.started_at, "state": session.state})
    )
    if at is None:
        return None
    end = _talk_end(session)
    if session.active_at is not None:
        if end is None:
            return None
        waited, talked = session.active_at - at, (end - session.active_at) / 1000
    elif session.state in ("closed", "message_left"):
        left = _at(session, "message_left") or session.ended_at or at
        waited, talked = (left - at if session.waiting_at is not None else 0), None
    else:
        return None
    return Came(
        at=at,
        site=session.site,
        category=session.category,
        language=session.language,
        medium=_medium(session),
        waited_s=max(0, waited) / 1000,
        talked_s=talked,
    )


def _helped(session: PastSession) -> Iterable[tuple[Came, str]]:
    """Yield each help request of the session, with the professional who accepted it, or ""."""
    asked: PastEvent | None = None
    answered: PastEvent | None = None
    over = _talk_end(session)
    for event in session.events:
        state = event.data.get("state") if event.kind == "help" else None
        if state == "asking" and asked is None:
            asked, answered = event, None
        elif state == "catching_up" and asked is not None:
            answered = answered or event
        elif asked is not None and (state in ("ended", "cancelled", "nobody") or event.kind in ("after", "closed")):
            yield _help(session, asked, answered, event.at)
            asked = None
    if asked is not None and over is not None:
        yield _help(session, asked, answered, over)


def _help(session: PastSession, asked: PastEvent, answered: PastEvent | None, over: int) -> tuple[Came, str]:
    began = over if answered is None else answered.at
    longest_s = _LONGEST_TALK_MS[_medium(session)] / 1000
    came = Came(
        at=asked.at,
        site=session.site,
        category=asked.data.get("category") or session.category,
        language=session.language,
        medium=_medium(session),
        waited_s=max(0, began - asked.at) / 1000,
        talked_s=None if answered is None else min(longest_s, max(0, over - began) / 1000),
    )
    return came, answered.data.get("professional", "") if answered is not None else ""


def _took_s(session: PastSession, begin: str, end: str) -> float | None:
    """Return the seconds between two events: the first event of the kind `end`, and the last event of the kind `begin` before it.

    None: one of the two events is missing.
    """
    until = _at(session, end)
    since = [event.at for event in session.events if event.kind == begin and until is not None and event.at <= until]
    return (until - since[-1]) / 1000 if until is not None and since else None


def _mean(values: Iterable[float | None], usual: float, most: float) -> float:
    known = [min(value, most) for value in values if value is not None]
    return mean(known) if len(known) >= _LEAST_SAMPLES else usual


def _signs(session: PastSession, wrap_up_s: float) -> Iterable[tuple[str, int, int]]:
    """Yield the signs that somebody was at work, as (member of staff, begin, end) in Unix ms."""
    end = _talk_end(session)
    if session.active_at is not None and end is not None and session.counselor:
        yield session.counselor, session.active_at, end + round(wrap_up_s * 1000)
    for asked, professional in _helped(session):
        if professional and asked.talked_s is not None:
            began = asked.at + round(asked.waited_s * 1000)
            yield professional, began, began + round((asked.talked_s + wrap_up_s) * 1000)
    for event in session.events:
        if event.kind == "reserved":
            why = event.data.get("why") or {}
            passed = [each["staff"] for each in why.get("passed_over", ()) if each.get("reason") not in _ABSENT]
            for staff in {event.data.get("staff", ""), *why.get("candidates", ()), *passed}:
                yield staff, event.at, event.at


def _gap_ms(came: list[Came]) -> int:
    """Return the longest time in ms between two signs of work that still belong to one working period.

    If few users come, this time is longer.
    """
    between = [later.at - one.at for one, later in pairwise(came)]
    low, high = _GAP_MS
    return int(max(low, min(high, _GAP_ARRIVALS * median(between)))) if between else low


def _joined(spans: Spans, gap_ms: int) -> Spans:
    """Return the periods in order. Periods at most `gap_ms` apart are joined.

    Each result begins `_AROUND_MS` earlier and ends `_AROUND_MS` later.
    """
    found: Spans = []
    for begin, end in sorted(spans):
        if found and begin - found[-1][1] <= gap_ms:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return [(begin - _AROUND_MS, end + _AROUND_MS) for begin, end in found]
