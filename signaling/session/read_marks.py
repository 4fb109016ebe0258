"""Read marks: which chat lines each participant's page has received, and which lines it has shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from signaling.protocol.session_views import Mark, Span

from .model import Session

# at most this many spans of read lines are kept for one participant. Beyond this number the shortest span is forgotten: its lines
# then count as unread, but no unread line counts as read
MOST_SPANS = 50


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans of line numbers in order. Spans that touch or overlap become one span.

    If more than `MOST_SPANS` spans remain, the shortest are left out.
    """
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: each.first):
        if found and span.first <= found[-1].last + 1:
            found[-1] = Span(first=found[-1].first, last=max(found[-1].last, span.last))
        else:
            found.append(span)
    while len(found) > MOST_SPANS:
        found.remove(min(found, key=lambda each: each.last - each.first))
    return found


def reported(before: Mark, delivered: int, spans: Iterable[Span], last_seq: int, first_seq: int = 0) -> Mark:
    """Return a participant's read mark after their page has reported received and shown chat lines.

    Numbers of lines that do not exist yet are ignored. Lines before `first_seq`, the first that a guest may read, are ignored,
    too.
    """
    there = [Span(first=max(span.first, first_seq), last=min(span.last, last_seq)) for span in spans]
    return Mark(
        participant=before.participant,
        delivered=max(before.delivered, min(delivered, last_seq)),
        read=joined([*before.read, *(span for span in there if span.first <= span.last)]),
    )


def marks_for(session: Session, marks: Mapping[str, Mark], viewer: str) -> list[Mark]:
    """Return the read marks that the participant `viewer` may see.

    Staff see the marks of everyone else, except those of guests who have left. The page has no names for these guests, and would
    show their marks like the user's. A user or guest sees one mark for all staff, without a name. What a professional reads
    before joining does not count in this mark.
    """
    present = {person.id for person in session.people.values() if not (person.role == "guest" and person.gone)}
    others = [mark for participant, mark in marks.items() if participant != viewer and participant in present]
    if session.people[viewer].staff:
        return others
    by_staff = [mark for mark in others if session.people[mark.participant].staff]
    open_to_user = [mark for mark in by_staff if not session.people[mark.participant].reading]
    if not open_to_user:
        return []
    read = joined(span for mark in open_to_user for span in mark.read)
    return [Mark(participant="", delivered=max(mark.delivered for mark in open_to_user), read=read)]
