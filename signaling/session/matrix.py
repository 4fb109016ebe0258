"""The matrix: who hears and sees whom, and who may draw.

This module derives the matrix from the people and the mode. The worker enforces the matrix, and the pages show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from media.api.wire import Captions, Record, SetMatrix
from signaling.session.model import Listener, Person, Session

VIDEO_SLOTS = 4  # most videos that one viewer receives at the same time
SlotSource = tuple[str, Literal["camera", "screen"]]
Slots = dict[str, dict[int, SlotSource]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The matrix of one session, by participant ids.

    ``hears``: listener → sources. ``slots``: viewer → slot → source. ``hold``: who hears the hold tone.
    ``writers``: who may draw on the board. ``by_signaling``: whose board traffic goes over the WebSocket.
    ``captions``: whose voices the captions process hears; None: the captions process hears nobody.
    """

    hears: dict[str, tuple[str, ...]] = field(default_factory=dict)
    slots: Slots = field(default_factory=dict)
    hold: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    by_signaling: tuple[str, ...] = ()
    record: Record | None = None
    captions: Captions | None = None

    def for_worker(self, epoch: int) -> SetMatrix:
        """Return the matrix as a command to the media worker."""
        return SetMatrix(
            epoch=epoch,
            hears={listener: dict.fromkeys(sources, 1.0) for listener, sources in self.hears.items() if sources},
            sees={viewer: dict(slots) for viewer, slots in self.slots.items() if slots},
            hold=list(self.hold),
            writers=list(self.writers),
            by_signaling=list(self.by_signaling),
            record=self.record,
            captions=self.captions,
        )


def compute(session: Session) -> Matrix:
    """Return the matrix of a session. The matrix is empty unless the session is active.

    An operator who listens in sees nothing, and hears everyone whom any participant hears. Only the counselor hears an operator
    who whispers, and everybody hears one who has joined. Staff who hear an operator are heard by that operator.
    Muting does not change the matrix: a listener switches between relay and mix when people or mode change, not at each mute.
    """
    if session.state != "active":
        return Matrix()
    people = session.present()
    hears = {person.id: tuple(other.id for other in people if _hears(session, person, other)) for person in people}
    joined = session.joined()
    reach = {
        listener: {each.id for each in people if _reaches(session, who, each)} for listener, who in session.listeners.items()
    }
    heard = {source for sources in hears.values() for source in sources}
    heard.update(*(reach[listener.id] | {listener.id} for listener in joined if reach[listener.id]))
    company = [*people, *joined]
    listening = {
        listener: tuple(each.id for each in company if each.id != listener and each.id in heard | reached)
        for listener, reached in reach.items()
    }
    reached_by = {person.id: tuple(listener for listener, reached in reach.items() if person.id in reached) for person in people}
    return Matrix(
        hears={person: (*sources, *reached_by[person]) for person, sources in hears.items()} | listening,
        slots={person.id: _assign(session.slots.get(person.id, {}), _shown(session, hears[person.id])) for person in people},
        hold=(session.user,) if on_hold(session) else (),
        writers=tuple(person.id for person in people if may_write(session, person)),
        by_signaling=tuple(person.id for person in people if person.peer != "live"),
        record=_record(session, [each.id for each in company if each.id in heard]),
        captions=_captions(session, [*people, *session.listeners.values()]),
    )


def sounding(session: Session, grid: Matrix) -> dict[str, tuple[str, ...]]:
    """Return who hears whom now, for the pages: the pairs that the matrix allows and whose peers are both live."""
    live = {person.id for person in (*session.present(), *session.listeners.values()) if person.peer == "live"}
    return {
        listener: tuple(source for source in sources if source in live)
        for listener, sources in grid.hears.items()
        if listener in live
    }


def _record(session: Session, heard: list[str]) -> Record | None:
    """Return whose media the worker must record, or None when nothing is recorded.

    People whom nobody hears, or who whisper, are not recorded.
    """
    return Record(period=session.recording.period, participants=heard) if session.recording.on else None


def _captions(session: Session, speakers: Sequence[Person]) -> Captions | None:
    """Return whose voices the captions process hears, or None. The worker leaves out speakers whom nobody hears."""
    if not session.captions.on:
        return None
    kept = session.captions.kept
    return Captions(language=session.language, participants=[person.id for person in speakers], kept=kept)


def on_hold(session: Session) -> bool:
    """Return whether the user hears the hold tone: during a hold, a consultation, or a direct transfer."""
    asked = session.open_help()
    return kept_apart(session) or (asked is not None and asked.mode == "consultation")


def kept_apart(session: Session) -> bool:
    """Return whether the user hears nobody and nobody hears the user: during a hold or a direct transfer."""
    return session.held or passing_on(session)


def passing_on(session: Session) -> bool:
    """Return whether a direct transfer of the user waits until a colleague accepts."""
    asked = session.open_help()
    return asked is not None and asked.transfer == "now" and asked.state == "asking"


def _hears(session: Session, listener: Person, source: Person) -> bool:
    """Return whether `listener` hears and sees `source`. A professional who is catching up neither hears nor is heard."""
    if listener.id == source.id or listener.reading or source.reading:
        return False
    asked = session.open_help()
    if kept_apart(session):
        return "user" not in (listener.role, source.role)
    if asked is None or asked.mode is None or asked.mode == "conference":
        return True
    if asked.mode == "consultation":
        if listener.role == "user":
            return False
        return source.role != "user" or asked.hear_user
    if source.id == asked.professional:  # whisper: only the counselor hears the professional
        return listener.id == session.owner
    return True


def _reaches(session: Session, listener: Listener, person: Person) -> bool:
    """Return whether `person` hears this operator, who listens in.

    The counselor hears a whisper. In a consultation, in which staff hear each other, the professional hears it as well.
    """
    if person.reading or listener.how == "listen":
        return False
    if listener.how == "join":
        return person.role != "user" or not on_hold(session)
    asked = session.open_help()
    consulting = asked is not None and asked.mode == "consultation"
    return person.id == session.owner or (consulting and person.role != "user")


def _shown(session: Session, sources: tuple[str, ...]) -> list[SlotSource]:
    shown: list[SlotSource] = []
    for source in sources:
        media = session.people[source].media
        if media.camera:
            shown.append((source, "camera"))
        if media.screen:
            shown.append((source, "screen"))
    return shown


def _assign(former: dict[int, SlotSource], wanted: list[SlotSource]) -> dict[int, SlotSource]:
    """Assign videos to slots. A video that is still shown stays in its slot; a new one takes the lowest free slot, if any."""
    slots = {slot: source for slot, source in former.items() if source in wanted}
    free = [slot for slot in range(VIDEO_SLOTS) if slot not in slots]
    new = [source for source in wanted if source not in slots.values()]
    slots.update(zip(free, new, strict=False))
    return dict(sorted(slots.items()))


def may_write(session: Session, person: Person) -> bool:
    """Return whether this person may draw on the board."""
    if person.reading:
        return False
    asked = session.open_help()
    if person.role == "user" or asked is None or asked.mode is None:
        return True
    if asked.mode == "consultation":
        return False
    return asked.mode == "conference" or person.id == session.owner


def audience(session: Session, author: Person, wanted: Literal["all", "staff"]) -> Literal["all", "staff"]:
    """Return the audience that a line gets.

    Users always write to all. Staff in consultation, and a professional who whispers or catches up, always write to staff.
    Otherwise the author's choice counts.
    """
    if author.role == "user":
        return "all"
    asked = session.open_help()
    if author.reading or (asked and asked.mode == "consultation"):
        return "staff"
    if asked and asked.mode == "whisper" and author.id == asked.professional:
        return "staff"
    return wanted
