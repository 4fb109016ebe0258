"""The session machine: ``receive(session, event, now) → effects``. The machine does no I/O; time is a parameter (ms).

An event that the session's state forbids raises ``NotAllowed`` before anything has changed. A stale event changes nothing and
has no effects. An event is stale in three cases:

- The session has seen a later event of the matcher (``fence``).
- The event is about an earlier opening of the room (``epoch``).
- The event is about a request or peer connection that the session no longer has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from signaling.session import (
    appointment,
    ending,
    listening,
    mentions,
    model,
    not_returned,
    notes,
    people,
    sleeping,
    standing,
    waiting,
)
from signaling.session import callback as callbacks
from signaling.session import captions as captioning
from signaling.session import cobrowse as cobrowsing
from signaling.session import guests as guesting
from signaling.session import help as helping
from signaling.session import hold as holding
from signaling.session import preferred as preferring
from signaling.session import recording as recordings
from signaling.session import transfer as transferring
from signaling.session import upgrade as upgrading
from signaling.session.effects import Effect, Note, Reinstate
from signaling.session.events import (
    Accepted,
    AppointmentMoved,
    CallbackAsked,
    CallbackCancelled,
    CallbackMarked,
    CallbackMissed,
    CallbackMoved,
    CaptionsAnswered,
    CaptionsAsked,
    CaptionsFailed,
    ChannelChanged,
    Chose,
    CobrowseChanged,
    Connected,
    Disconnected,
    EndedBy,
    Entered,
    GuestCame,
    GuestEntered,
    GuestInvited,
    GuestRemoved,
    HandedOver,
    Held,
    HelpAsked,
    HelpCancelled,
    HelpJoined,
    InterpreterSet,
    Left,
    ListenedAs,
    ListenStarted,
    ListenStopped,
    MediaChanged,
    Mentioned,
    MentionRead,
    MessageAnswered,
    MessageGiven,
    ModeChanged,
    NobodyEligible,
    NotesTyped,
    PeerChanged,
    PeerOffered,
    PeerReported,
    PutToSleep,
    Rated,
    RecordingAnswered,
    RecordingFailed,
    RequestMoved,
    Restored,
    RightEnded,
    RingEnded,
    RingStarted,
    RoomLost,
    SessionEvent,
    Ticked,
    TransferAsked,
    UpgradeAnswered,
    UserMet,
    Woken,
    WrappedUp,
)
from signaling.session.model import RequestKind, Session
from signaling.session.standing import open_requests


def receive(session: Session, event: SessionEvent, now: int) -> list[Effect]:
    """Apply an event to the session and return the effects to carry out, in order. Raises NotAllowed."""
    out: list[Effect] = []
    _HANDLERS[type(event)](session, event, now, out)
    _remember_counselor(session)
    holding.settle(session, out)
    upgrading.settle(session, out)
    listening.settle(session, now, out)
    guesting.settle(session, now, out)
    recordings.settle(session, now, out)
    captioning.settle(session, now, out)
    cobrowsing.settle(session, out)
    notes.settle(session, out)
    return out


def _remember_counselor(session: Session) -> None:
    """Remember the owner's id if the owner is a counselor who has entered, or owns a sleeping conversation."""
    owner = session.people.get(session.owner)
    if owner is not None and owner.role == "counselor" and (owner.entered or session.state == "asleep"):
        session.counselor = owner.staff


# these timers fire at booked times, by the computer's clock; all other timers fire by the server's steady clock
_BOOKED = ("callback", "lead")


def next_deadline(session: Session, ahead_ms: int = 0) -> int | None:
    """Return when the next timer fires (Unix ms), or None.

    At this time, the caller must send ``Ticked`` with the same ``ahead_ms``. The docstring of ``Ticked`` explains ``ahead_ms``.
    """
    return min((at for at, _ in _deadlines(session, ahead_ms)), default=None)


def _deadlines(session: Session, ahead_ms: int) -> Iterator[tuple[int, model.Timer]]:
    for name, at in session.timers.items():
        yield (at + ahead_ms if name in _BOOKED else at), name


# --- events of the room, of time, and of a restart ----------------------------------------------------------------------


def _room_lost(session: Session, event: RoomLost, now: int, out: list[Effect]) -> None:
    if session.state == "active" and event.epoch == session.epoch:
        session.epoch += 1
        people.forget_peers(session)
        out.append(Note("room_lost", {"epoch": event.epoch}))


def _ticked(session: Session, event: Ticked, now: int, out: list[Effect]) -> None:
    due = sorted(each for each in _deadlines(session, event.ahead_ms) if each[0] <= now)
    for _, name in due:
        if session.timers.pop(name, None) is not None:
            _TIMERS[name](session, now, out)


def _callback_timer(session: Session, now: int, out: list[Effect]) -> None:
    if callbacks.unanswered(session, out):
        ending.close(session, "unserved", now, out)
    else:
        callbacks.due(session, now, out)


def _late(session: Session, now: int, out: list[Effect]) -> None:
    if callbacks.late(session, out):
        ending.end(session, "callback_missed", now, out)


_TIMERS: dict[str, Callable[[Session, int, list[Effect]], None]] = {
    "idle": lambda session, now, out: ending.close(session, "idle", now, out),
    "user_lost": not_returned.user_lost,
    "aside": people.set_aside,
    "owner_lost": not_returned.owner_lost,
    "professional_lost": lambda session, now, out: helping.professional_out(session, "lost", now, out),
    "catch_up": lambda session, now, out: helping.professional_out(session, "too_slow", now, out),
    "hunt": helping.hunt_over,
    "preferred": preferring.widen,
    "callback": _callback_timer,
    "lead": appointment.lead,
    "grace": appointment.widen,
    "late": _late,
    "upgrade": upgrading.missed,
    "guests": guesting.expired,
    "asleep": lambda session, now, out: ending.close(session, "slept", now, out),
    "wrap_up": lambda session, now, out: ending.close(session, "wrapped_up", now, out),
}


def _restored(session: Session, event: Restored, now: int, out: list[Effect]) -> None:
    for person in (*session.people.values(), *session.listeners.values()):
        person.connected = False
    session.fence, session.ringing = 0, None
    guesting.restore(session, now)
    preferring.over(session)
    kept = event.room_kept and session.state == "active"
    if not kept:
        people.forget_peers(session)
    if session.state == "waiting":
        first = session.returned
        out.append(Reinstate(session.request, session.request_kind(), session.category, session.enqueued_at, first=first))
        if not session.woken:
            session.timers["user_lost"] = now + model.WAITING_LOST_MS
    elif session.state == "callback":
        out.extend(wanted for wanted, _, _ in open_requests(session))
    elif session.state == "active":
        if not kept:
            session.epoch += 1
        people.user_lost(session, now, out)
        owner = session.people[session.owner]
        out.append(standing.with_owner(session, owner))
        if not session.owner_lost:
            session.timers["owner_lost"] = now + model.OWNER_LOST_MS
        professional, asked = session.professional(), session.open_help()
        if professional and asked:
            kind: RequestKind = "user" if asked.transfer else "help"
            out.append(Reinstate(asked.request, kind, asked.category, asked.asked_at, professional.staff))
        helping.restore(session, now, out)


_HANDLERS: dict[type[Any], Callable[[Session, Any, int, list[Effect]], None]] = {
    Entered: waiting.entered,
    RingStarted: waiting.ring_started,
    RingEnded: waiting.ring_ended,
    Accepted: waiting.accepted,
    RequestMoved: waiting.request_moved,
    Chose: not_returned.chose,
    MessageGiven: ending.message_given,
    CallbackAsked: callbacks.asked,
    CallbackCancelled: ending.callback_cancelled,
    CallbackMoved: callbacks.moved,
    AppointmentMoved: callbacks.rebooked,
    CallbackMissed: ending.callback_missed,
    CallbackMarked: ending.callback_marked,
    UserMet: callbacks.met,
    Left: ending.left,
    PutToSleep: sleeping.put_to_sleep,
    Woken: sleeping.woken,
    MessageAnswered: sleeping.answered,
    Rated: ending.rated,
    NotesTyped: notes.typed,
    Mentioned: mentions.mentioned,
    MentionRead: mentions.read,
    WrappedUp: ending.wrapped_up,
    EndedBy: ending.ended_by,
    RoomLost: _room_lost,
    Ticked: _ticked,
    Restored: _restored,
    Connected: people.connected,
    Disconnected: people.disconnected,
    RightEnded: people.right_ended,
    MediaChanged: people.media_changed,
    ChannelChanged: upgrading.channel_changed,
    UpgradeAnswered: upgrading.answered,
    PeerOffered: people.peer_offered,
    PeerChanged: people.peer_changed,
    PeerReported: people.peer_reported,
    HelpAsked: helping.asked,
    TransferAsked: transferring.asked,
    HelpCancelled: helping.cancelled,
    HelpJoined: helping.joined,
    ModeChanged: helping.mode_changed,
    Held: holding.changed,
    HandedOver: helping.handed_over,
    NobodyEligible: helping.nobody_eligible,
    GuestInvited: guesting.invited,
    GuestCame: guesting.came,
    GuestEntered: guesting.entered,
    GuestRemoved: guesting.removed,
    InterpreterSet: guesting.interpreter_set,
    ListenStarted: listening.started,
    ListenStopped: listening.stopped,
    ListenedAs: listening.changed,
    RecordingAnswered: recordings.answered,
    RecordingFailed: recordings.failed,
    CaptionsAsked: captioning.asked,
    CaptionsAnswered: captioning.answered,
    CaptionsFailed: captioning.failed,
    CobrowseChanged: cobrowsing.changed,
}
