"""Mentions: a member of staff names a colleague in a chat line for staff. The colleague may then read along.

The session keeps the mentions, so that they survive a restart and are erased with the session.
"""

from __future__ import annotations

from signaling.session.effects import Effect
from signaling.session.events import Mentioned, MentionRead
from signaling.session.model import FINAL_STATES, Mention, NotAllowed, Session

MOST = 50  # one session remembers at most this many mentions; then a new mention replaces the oldest one


def mentioned(session: Session, event: Mentioned, now: int, out: list[Effect]) -> None:
    """Remember the colleagues who were mentioned in a chat line. A line that arrives twice counts as one mention."""
    author = session.people.get(event.participant)
    if author is None or not author.staff:
        raise NotAllowed("not_yours")
    for staff in event.staff:
        former = of(session, staff)
        if former is not None and former.seq >= event.seq:
            continue
        others = [each for each in session.mentions if each is not former]
        session.mentions = [*others, Mention(staff=staff, by=author.name, seq=event.seq, at=now)][-MOST:]


def read(session: Session, event: MentionRead, now: int, out: list[Effect]) -> None:
    """Remember that the mentioned colleague has begun to read along."""
    mention = of(session, event.staff)
    if mention is not None:
        mention.read = True


def of(session: Session, staff: str) -> Mention | None:
    """Return the newest mention of this member of staff, or None."""
    return next((each for each in session.mentions if each.staff == staff), None)


def may_read_along(session: Session, staff: str) -> bool:
    """Return whether a mentioned colleague may read along: the colleague is not in the session, and the session is not closed."""
    if session.state in FINAL_STATES or of(session, staff) is None:
        return False
    person = session.people.get(staff)
    return person is None or person.gone
