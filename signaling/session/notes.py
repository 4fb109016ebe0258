"""Notes as staff type them: kept with the session, saved when it closes however it closes.

A draft is its author's alone until then. The owner's becomes the wrap-up, anybody else's a note for staff. Nothing is lost with a
tab, a machine, or the two minutes of the wrap-up.
"""

from __future__ import annotations

from signaling.session.events import Effect, KeepNotes, NotesTyped
from signaling.session.model import FINAL_STATES, Draft, NotAllowed, Session


def typed(session: Session, event: NotesTyped, now: int, out: list[Effect]) -> None:
    """Also of one who has handed the user over, who is no longer in the room."""
    person = session.people.get(event.participant)
    if person is None or not person.staff:
        raise NotAllowed("not_yours")
    if session.state in FINAL_STATES:
        raise NotAllowed("wrong_state")
    person.draft = Draft(notes=event.notes, outcome=event.outcome) if event.notes.strip() else None


def settle(session: Session, out: list[Effect]) -> None:
    """After every event: save what was not saved by hand once the session is over. An erased one keeps nothing."""
    if session.state not in FINAL_STATES:
        return
    kept: list[Effect] = []
    for person in session.people.values():
        draft, person.draft = person.draft, None
        if draft is not None and session.end_reason != "erased":
            kept.append(KeepNotes(person.id, draft.notes, draft.outcome))
    out[:0] = kept  # before anybody is told that it is over
