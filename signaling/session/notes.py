"""The notes of staff, while staff type them.

The session stores the drafts of these notes. When the session closes, for whatever reason, its drafts are saved. Only the drafts
of an erased session are deleted. Until the session closes, only the author can read a draft. The owner's draft becomes the
wrap-up; the draft of any other member becomes a note for staff. So notes survive a closed tab, a broken computer, and a wrap-up
that times out.
"""

from __future__ import annotations

from signaling.session.effects import Effect, KeepNotes
from signaling.session.events import NotesTyped
from signaling.session.model import FINAL_STATES, Draft, NotAllowed, Session


def typed(session: Session, event: NotesTyped, now: int, out: list[Effect]) -> None:
    """Store this member's draft of the notes with the session. A member who has handed the user over and left may still type."""
    person = session.people.get(event.participant)
    if person is None or not person.staff:
        raise NotAllowed("not_yours")
    if session.state in FINAL_STATES:
        raise NotAllowed("wrong_state")
    something = event.notes.strip() or event.outcome or event.tags
    person.draft = Draft(notes=event.notes, outcome=event.outcome, tags=list(event.tags)) if something else None


def settle(session: Session, out: list[Effect]) -> None:
    """Save the notes that staff have typed but not saved, if the session is over and not erased. Called after every event."""
    if session.state not in FINAL_STATES:
        return
    kept: list[Effect] = []
    for person in session.people.values():
        draft, person.draft = person.draft, None
        if draft is not None and session.end_reason != "erased":
            kept.append(KeepNotes(person.id, draft.notes, draft.outcome, tuple(draft.tags)))
    out[:0] = kept  # these effects come first, so that the notes are saved before anybody is told that the session is over
