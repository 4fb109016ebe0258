"""Captions: the captions process writes down the words of a call. Participants get the words of the people whom they hear.

Captions are on while at least one participant wants them. Nobody is asked first, but everybody sees that captions are on, and who
wants them. The words are kept with the conversation only if the site keeps captions and everybody in the call has agreed. When a
participant withdraws this consent, all kept words are deleted.
"""

from __future__ import annotations

from signaling.session import recording
from signaling.session.effects import Effect, EraseCaptions, Note, Say
from signaling.session.events import CaptionsAnswered, CaptionsAsked, CaptionsFailed
from signaling.session.model import NotAllowed, Person, Session


def possible(session: Session) -> bool:
    """Return whether participants may turn captions on now.

    This function does not check whether a captions process is running.
    """
    return session.captions.offered and session.state == "active" and session.channel != "text"


def asked(session: Session, event: CaptionsAsked, now: int, out: list[Effect]) -> None:
    """Record that a participant turns captions on or off for themselves."""
    person = _participant(session, event.participant)
    if event.on and not possible(session):
        raise NotAllowed("captions_off")
    wanted = session.captions.wanted
    if event.on and person.id not in wanted:
        wanted.append(person.id)
        session.captions.failed = False
    elif not event.on and person.id in wanted:
        wanted.remove(person.id)
    session.captions.languages[person.id] = event.language


def answered(session: Session, event: CaptionsAnswered, now: int, out: list[Effect]) -> None:
    """Store whether a participant, or an operator who listens in, agrees that the words are kept.

    If somebody who had agreed now refuses, all kept words are deleted.
    """
    person = session.listeners.get(event.participant) or _participant(session, event.participant)
    if not possible(session) or not session.captions.keep:
        raise NotAllowed("captions_off")
    withdraws = person.captions == "yes" and not event.agree
    person.captions = "yes" if event.agree else "no"
    if withdraws and session.captions.written:
        session.captions.written = False
        out += [EraseCaptions(), Say("captions.erased"), Note("captions", {"state": "erased"})]


def _participant(session: Session, participant: str) -> Person:
    person = session.people.get(participant)
    if person is None or person.gone or person.reading or person.arriving or person.is_camera:
        raise NotAllowed("not_yours")
    return person


def failed(session: Session, event: CaptionsFailed, now: int, out: list[Effect]) -> None:
    """Turn captions off, because the captions process is gone. The call goes on."""
    if session.captions.on and event.epoch == session.epoch:
        session.captions.wanted.clear()
        session.captions.failed = True


def settle(session: Session, now: int, out: list[Effect]) -> None:
    """Turn captions on or off, and begin or stop storing their words. Called after every event.

    Captions are on while somebody who is present wants them. Words are stored while captions are on, the site keeps captions,
    and everybody in the call has agreed.
    """
    state = session.captions
    for person in (*session.people.values(), *session.listeners.values()):
        if person.gone:
            person.captions = ""  # if this person comes back, they are asked again whether captions may be kept
    here = {person.id: person for person in session.present() if not person.reading}
    state.wanted = [each for each in state.wanted if each in here]
    state.languages = {each: language for each, language in state.languages.items() if language and each in state.wanted}
    wanted = possible(session) and bool(state.wanted)
    if not possible(session):
        state.wanted, state.languages, state.failed = [], {}, False
    if wanted != state.on:
        state.on = wanted
        if wanted:
            out.append(Say("captions.on", {"name": here[state.wanted[0]].name}))
        elif session.state == "active":
            out.append(Say("captions.off"))
        out.append(Note("captions", {"state": "on" if wanted else "failed" if state.failed else "off"}))
    kept = state.on and state.keep and all(person.captions == "yes" for person in recording.asked(session))
    if kept != state.kept:
        state.kept = kept
        state.written = state.written or kept
        out.append(Note("captions", {"state": "kept" if kept else "not_kept"}))
