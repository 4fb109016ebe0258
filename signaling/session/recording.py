"""Recording: on only while everybody in the room has agreed, decided anew after every event."""

from __future__ import annotations

from signaling.session.events import Effect, EraseRecording, Note, RecordingAnswered, RecordingFailed, Say
from signaling.session.model import RATING_MS, NotAllowed, Person, Session


def offered(session: Session) -> bool:
    return session.recording.offered and session.state == "active" and session.channel != "text"


def asked(session: Session) -> list[Person]:
    """Those whose word counts: all who hear and are heard."""
    return [person for person in session.present() if not person.reading]


def answered(session: Session, event: RecordingAnswered, now: int, out: list[Effect]) -> None:
    person = session.people.get(event.participant)
    if person is None or person.gone:
        raise NotAllowed("not_yours")
    if not offered(session) and not _may_still_revoke(session, person, event, now):
        raise NotAllowed("wrong_state")
    person.recording = "yes" if event.agree else "no"
    if event.agree:
        session.recording.failed = ""  # somebody wants to try again
    elif person.id == session.user:
        _erase(session, out)


def _may_still_revoke(session: Session, person: Person, event: RecordingAnswered, now: int) -> bool:
    """The user, after the call, for as long as they may rate it."""
    over = session.state in ("after", "closed") and now <= (session.ended_at or now) + RATING_MS
    return over and person.id == session.user and not event.agree and session.recording.kept


def _erase(session: Session, out: list[Effect]) -> None:
    """What the user takes back is not kept."""
    if not session.recording.kept:
        return
    session.recording.kept, session.recording.erased = False, session.recording.period
    if session.recording.on:
        _stop(session, "revoked", out)
    out.append(EraseRecording())
    out.append(Say("recording.erased"))
    out.append(Note("recording", {"state": "erased"}))


def failed(session: Session, event: RecordingFailed, now: int, out: list[Effect]) -> None:
    """The worker could not go on writing; the call does."""
    if session.recording.on and (event.epoch, event.period) == (session.epoch, session.recording.period):
        session.recording.failed = event.reason
        _stop(session, event.reason, out)
        out.append(Say("recording.failed", {"reason": event.reason}))


def settle(session: Session, now: int, out: list[Effect]) -> None:
    """After every event: begins or stops, as those who are there now have said."""
    for person in session.people.values():
        if person.gone:
            person.recording = ""  # who comes back is asked again
    here = asked(session)
    agreed = session.owner != "" and all(person.recording == "yes" for person in here)
    wanted = offered(session) and agreed and not session.recording.failed
    if wanted == session.recording.on:
        return
    if wanted:
        session.recording.on, session.recording.kept = True, True
        session.recording.period += 1
        out.append(Say("recording.on"))
        out.append(Note("recording", {"state": "on", "period": session.recording.period}))
        return
    against = next((person for person in here if person.recording != "yes"), None)
    if session.state == "active" and against is not None:
        out.append(Say("recording.off" if against.recording == "no" else "recording.unasked", {"name": against.name}))
    _stop(session, against.recording or "unasked" if against else "over", out)


def _stop(session: Session, why: str, out: list[Effect]) -> None:
    session.recording.on = False
    out.append(Note("recording", {"state": "off", "why": why}))
