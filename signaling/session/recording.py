"""Recording is on only while everybody in the room agrees. The state machine checks this after every event."""

from __future__ import annotations

from signaling.session.effects import Effect, EraseRecording, Note, Say
from signaling.session.events import RecordingAnswered, RecordingFailed
from signaling.session.model import RATING_MS, NotAllowed, Person, Session


def offered(session: Session) -> bool:
    """Return whether the participants are asked now whether they agree to a recording."""
    return session.recording.offered and session.state == "active" and session.channel != "text"


def asked(session: Session) -> list[Person]:
    """Return the people whose consent to a recording counts: participants who hear and are heard, and operators who have joined.

    An operator who has not joined is not recorded. The user's answer counts for the user's phone as a camera, too.
    """
    return [*(person for person in session.present() if not (person.reading or person.is_camera)), *session.joined()]


def answered(session: Session, event: RecordingAnswered, now: int, out: list[Effect]) -> None:
    """Store a participant's answer about recording. If the user refuses, all that was recorded is erased."""
    person = session.people.get(event.participant)
    if person is None or person.gone or person.arriving or person.is_camera:
        raise NotAllowed("not_yours")
    if not offered(session) and not _may_still_revoke(session, person, event, now):
        raise NotAllowed("wrong_state")
    person.recording = "yes" if event.agree else "no"
    if event.agree:
        session.recording.failed = ""  # forget a failure, so that recording is tried again
    elif person.id == session.user:
        _erase(session, out)


def _may_still_revoke(session: Session, person: Person, event: RecordingAnswered, now: int) -> bool:
    """Return whether this event is the user's withdrawal of consent after the call, and is still allowed.

    The user may withdraw while the conversation goes on as text, and after its end for as long as the user may rate it.
    """
    in_time = now <= (session.ended_at or now) + RATING_MS
    return in_time and person.id == session.user and not event.agree and session.recording.kept


def _erase(session: Session, out: list[Effect]) -> None:
    """Erase what was recorded of the call, because the user has withdrawn consent."""
    if not session.recording.kept:
        return
    session.recording.kept, session.recording.erased = False, session.recording.period
    if session.recording.on:
        _stop(session, "revoked", out)
    out.append(EraseRecording())
    out.append(Say("recording.erased"))
    out.append(Note("recording", {"state": "erased"}))


def failed(session: Session, event: RecordingFailed, now: int, out: list[Effect]) -> None:
    """Stop recording, because the media worker could not write the recording. The call goes on."""
    if session.recording.on and (event.epoch, event.period) == (session.epoch, session.recording.period):
        session.recording.failed = event.reason
        _stop(session, event.reason, out)
        out.append(Say("recording.failed", {"reason": event.reason}))


def settle(session: Session, now: int, out: list[Effect]) -> None:
    """Begin or stop recording, depending on the answers of the people who are present. Called after every event."""
    for person in session.people.values():
        if person.gone:
            person.recording = ""  # if this person comes back, they are asked about recording again
    _begin_or_stop(session, out)
    if session.state == "active" and session.channel == "text":
        for person in session.people.values():
            person.recording = ""  # the conversation is text now; if it becomes a call again, everybody is asked again


def _begin_or_stop(session: Session, out: list[Effect]) -> None:
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
