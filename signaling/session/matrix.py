"""The matrix: who hears and sees whom, and who may draw.

This module derives the matrix from the session's people and, while a professional helps, from the mode that staff have chosen.
The media worker enforces the matrix, and the pages show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from media.api.wire import Captions, Record, SetMatrix
from signaling.protocol.words import Original
from signaling.session.model import Listener, Person, Session

VIDEO_SLOTS = 4  # at a site that lets no guests in, one viewer receives at most this many videos at the same time
# At a site that lets guests in, one viewer receives at most this many videos at the same time: five faces, two screens, and the
# user's phone as a camera.
VIDEO_SLOTS_WITH_GUESTS = 8
GAINS: Final[dict[Original, float]] = {
    "full": 1.0,
    "soft": 10 ** (-18 / 20),
    "none": 0.0,
}  # how a person hears a voice that is being interpreted → gain of this voice
SlotSource = tuple[str, Literal["camera", "screen"]]
Slots = dict[str, dict[int, SlotSource]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The matrix of one session.

    All people are given by their participant ids. ``hears``: listener → sources. ``soft``: listener → the sources whom this
    listener hears softly, because an interpreter interprets them. ``slots``: viewer → number of a slot (a video section of the
    viewer's peer connection) → the video in this slot. ``hold``: who hears the hold tone. ``writers``: who may draw on the board.
    ``by_signaling``: the participants whose board messages go over the WebSocket. ``record``: the people who are recorded; None:
    nobody. ``captions``: the people whose voices the captions process hears; None: it hears nobody.
    """

    hears: dict[str, tuple[str, ...]] = field(default_factory=dict)
    soft: dict[str, tuple[str, ...]] = field(default_factory=dict)
    slots: Slots = field(default_factory=dict)
    hold: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    by_signaling: tuple[str, ...] = ()
    record: Record | None = None
    captions: Captions | None = None

    def common(self, other: Matrix) -> Matrix:
        """Return a matrix that gives people only what both this matrix and `other` give them.

        A voice that is soft in one of the two matrices is soft in the result. A person who hears the hold tone in one of the two
        matrices also hears it in the result.
        """
        hears = {who: tuple(each for each in sources if each in other.hears.get(who, ())) for who, sources in self.hears.items()}
        softly = {who: {*self.soft.get(who, ()), *other.soft.get(who, ())} for who in hears}
        soft = {who: tuple(each for each in hears[who] if each in sources) for who, sources in softly.items()}
        return Matrix(
            hears={who: sources for who, sources in hears.items() if sources},
            soft={who: sources for who, sources in soft.items() if sources},
            slots={who: dict(slots.items() & other.slots.get(who, {}).items()) for who, slots in self.slots.items()},
            hold=tuple(dict.fromkeys((*self.hold, *other.hold))),
            writers=tuple(each for each in self.writers if each in other.writers),
            by_signaling=tuple(each for each in self.by_signaling if each in other.by_signaling),
            record=_common_record(self.record, other.record),
            captions=_common_captions(self.captions, other.captions),
        )

    def for_worker(self, epoch: int) -> SetMatrix:
        """Return the matrix (who hears and sees whom) as a command to the media worker."""
        return SetMatrix(
            epoch=epoch,
            hears={listener: self._gains(listener, sources) for listener, sources in self.hears.items() if sources},
            sees={viewer: dict(slots) for viewer, slots in self.slots.items() if slots},
            hold=list(self.hold),
            writers=list(self.writers),
            by_signaling=list(self.by_signaling),
            record=self.record,
            captions=self.captions,
        )

    def _gains(self, listener: str, sources: tuple[str, ...]) -> dict[str, float]:
        return dict.fromkeys(sources, GAINS["full"]) | dict.fromkeys(self.soft.get(listener, ()), GAINS["soft"])


def _common_record(one: Record | None, other: Record | None) -> Record | None:
    if one is None or other is None or one.period != other.period:
        return None
    return Record(period=one.period, participants=[each for each in one.participants if each in other.participants])


def _common_captions(one: Captions | None, other: Captions | None) -> Captions | None:
    if one is None or other is None:
        return None
    both = [each for each in one.participants if each in other.participants]
    return Captions(language=one.language, participants=both, kept=one.kept and other.kept)


def compute(session: Session) -> Matrix:
    """Return the matrix of a session. The matrix is empty unless the session is active.

    An operator who listens in sees nothing, and hears everyone whom any participant hears. The counselor hears an operator who
    whispers; in a consultation of staff, the professional does, too. Everybody who is not on hold hears an operator who has
    joined. Everybody who hears an operator is heard by that operator.

    Guests hear and see the people whom the user hears and sees, and each other. While an interpreter is at work, the user and
    guests can hear the voices of staff more softly or not at all. Staff can hear the voices of the user and guests in the same
    way.

    Muting does not change the matrix, so the media worker does not change between relaying and mixing a listener's sound at each
    mute. There is one exception: a muted interpreter makes no voice softer or silent. Without this exception, people who hear
    only the interpreter would hear nothing.
    """
    if session.state != "active":
        return Matrix()
    people = session.present()
    originals = {
        person.id: {other.id: _original(session, person, other) for other in people if hears(session, person, other)}
        for person in people
    }
    heard_by = {who: tuple(each for each, original in heard.items() if original != "none") for who, heard in originals.items()}
    soft = {who: found for who, heard in originals.items() if (found := tuple(each for each in heard if heard[each] == "soft"))}
    seen = {person.id: [other for other in people if _sees(session, person, other)] for person in people}
    joined = session.joined()
    reach = {
        listener: {each.id for each in people if _reaches(session, who, each)} for listener, who in session.listeners.items()
    }
    heard = {source for sources in heard_by.values() for source in sources}
    heard.update(*(reach[listener.id] | {listener.id} for listener in joined if reach[listener.id]))
    company = [*people, *joined]
    listening = {
        listener: tuple(each.id for each in company if each.id != listener and each.id in heard | reached)
        for listener, reached in reach.items()
    }
    reached_by = {person.id: tuple(listener for listener, reached in reach.items() if person.id in reached) for person in people}
    return Matrix(
        hears={person: (*sources, *reached_by[person]) for person, sources in heard_by.items()} | listening,
        soft=soft,
        slots={
            person.id: _assign(session.slots.get(person.id, {}), _shown(seen[person.id]), slots_of(session)) for person in people
        },
        hold=tuple(person.id for person in people if person.outside and not person.is_camera) if on_hold(session) else (),
        writers=tuple(person.id for person in people if may_write(session, person)),
        # The server passes no board on to a phone that is the user's second camera. So the board must not reach the phone's data
        # channel either.
        by_signaling=tuple(person.id for person in people if person.peer != "live" or person.is_camera),
        record=_record(
            session, [each.id for each in company if each.id in heard or (each.is_camera and each.invited_by in heard)]
        ),
        captions=_captions(session, [*people, *session.listeners.values()]),
    )


def slots_of(session: Session) -> int:
    """Return how many videos one viewer of this session receives at most."""
    return VIDEO_SLOTS_WITH_GUESTS if session.guests_most else VIDEO_SLOTS


def sounding(session: Session, grid: Matrix) -> dict[str, tuple[str, ...]]:
    """Return who hears whom now, for the pages: as the matrix says, but without people who have no live peer connection."""
    live = {person.id for person in (*session.present(), *session.listeners.values()) if person.peer == "live"}
    return {
        listener: tuple(source for source in sources if source in live)
        for listener, sources in grid.hears.items()
        if listener in live
    }


def _record(session: Session, heard: list[str]) -> Record | None:
    """Return whose media the media worker must record, or None when nothing is recorded.

    People whom nobody hears, and operators who whisper, are not recorded. The user's phone as a camera is recorded with the user.
    """
    return Record(period=session.recording.period, participants=heard) if session.recording.on else None


def _captions(session: Session, speakers: Sequence[Person]) -> Captions | None:
    """Return whose voices the captions process hears, or None. The media worker leaves out speakers whom nobody hears."""
    if not session.captions.on:
        return None
    kept = session.captions.kept
    return Captions(language=session.language, participants=[person.id for person in speakers], kept=kept)


def on_hold(session: Session) -> bool:
    """Return whether the user hears the hold tone: during a hold, a consultation, or a wait for a colleague (`passing_on`)."""
    asked = session.open_help()
    return kept_apart(session) or (asked is not None and asked.mode == "consultation")


def kept_apart(session: Session) -> bool:
    """Return whether the user hears nobody and nobody hears the user, during a hold or a wait for a colleague (`passing_on`)."""
    return session.held or passing_on(session)


def passing_on(session: Session) -> bool:
    """Return whether the user waits until a colleague takes over (a transfer without a consultation)."""
    asked = session.open_help()
    return asked is not None and asked.transfer == "now" and asked.state == "asking"


def hears(session: Session, listener: Person, source: Person) -> bool:
    """Return whether `listener` hears `source`, and sees the source's videos.

    A professional who has not joined yet neither hears nor is heard. When the user hears no staff, guests hear nobody either. The
    user's phone as a camera neither hears nor is heard.
    """
    if listener.id == source.id or listener.reading or source.reading or listener.is_camera or source.is_camera:
        return False
    asked = session.open_help()
    if kept_apart(session):
        return not (listener.outside or source.outside)
    if asked is None or asked.mode is None or asked.mode == "conference":
        return True
    if asked.mode == "consultation":
        if listener.outside:
            return False
        return not source.outside or asked.hear_user
    if source.id == asked.professional:  # whisper: only the counselor hears the professional
        return listener.id == session.owner
    return True


def _original(session: Session, listener: Person, source: Person) -> Original:
    """Return how `listener` hears the voice of `source` while a guest interprets: in full, softly, or not at all.

    While the interpreter is not at work (`interprets`), return "full".
    """
    setting = session.interpreting
    if setting is None or setting.guest in (listener.id, source.id) or listener.outside == source.outside:
        return "full"
    if not interprets(session):
        return "full"
    return setting.user if listener.outside else setting.staff


def interprets(session: Session) -> bool:
    """Return whether an interpreter is at work now.

    An interpreter is at work if a guest is set as the interpreter, is connected to the room, and has the microphone on. While the
    user hears the hold tone (`on_hold`), no interpreter is at work.

    During a hold or a consultation, neither the user nor the interpreter hears staff. So no voice is then made softer under the
    interpreter's voice.
    """
    if session.interpreting is None or on_hold(session):
        return False
    guest = session.people[session.interpreting.guest]
    return guest.peer == "live" and guest.media.mic


def _sees(session: Session, viewer: Person, source: Person) -> bool:
    """Return whether `viewer` sees the videos of `source`. The user's phone is seen by the user, and by all who see the user."""
    if source.is_camera and not viewer.is_camera:
        user = session.people[session.user]
        return viewer is user or hears(session, viewer, user)
    return hears(session, viewer, source)


def _reaches(session: Session, listener: Listener, person: Person) -> bool:
    """Return whether `person` hears this operator, who listens in.

    Everybody hears an operator who has joined, except a user or guest on hold, and a professional who has not joined yet. The
    counselor hears a whisper. In a consultation, in which staff hear each other, the professional hears a whisper, too.
    """
    if person.reading or person.is_camera or listener.how == "listen":
        return False
    if listener.how == "join":
        return not person.outside or not on_hold(session)
    asked = session.open_help()
    consulting = asked is not None and asked.mode == "consultation"
    return person.id == session.owner or (consulting and not person.outside)


def _shown(sources: Sequence[Person]) -> list[SlotSource]:
    shown: list[SlotSource] = []
    for source in sources:
        if source.media.camera:
            shown.append((source.id, "camera"))
        if source.media.screen:
            shown.append((source.id, "screen"))
    return shown


def _assign(former: dict[int, SlotSource], wanted: list[SlotSource], most: int) -> dict[int, SlotSource]:
    """Assign the videos that a viewer sees (`wanted`) to the viewer's slots. A slot is a receiving video section of their page.

    A video that is still shown stays in its slot. A new video takes the lowest free slot, if any.
    """
    slots = {slot: source for slot, source in former.items() if source in wanted}
    free = [slot for slot in range(most) if slot not in slots]
    new = [source for source in wanted if source not in slots.values()]
    slots.update(zip(free, new, strict=False))
    return dict(sorted(slots.items()))


def may_write(session: Session, person: Person) -> bool:
    """Return whether this person may draw on the board."""
    if person.reading or person.is_camera:
        return False
    asked = session.open_help()
    if person.outside or asked is None or asked.mode is None:
        return True
    if asked.mode == "consultation":
        return False
    return asked.mode == "conference" or person.id == session.owner


def may_read(person: Person, audience: Literal["all", "staff"], seq: int) -> bool:
    """Return whether this person may read the chat line number `seq`, which is for `audience`.

    Guests read only lines that were written after they entered. The user's phone as a camera reads nothing.
    """
    if person.staff:
        return True
    return audience == "all" and not person.arriving and not person.is_camera and seq >= person.lines_from


def audience(session: Session, author: Person, wanted: Literal["all", "staff"]) -> Literal["all", "staff"]:
    """Return the audience that a chat line gets.

    Users and guests always write to all. Staff in a consultation always write to staff. A professional who whispers or has not
    joined yet always writes to staff, too. In all other cases the author chooses.
    """
    if author.outside:
        return "all"
    asked = session.open_help()
    if author.reading or (asked and asked.mode == "consultation"):
        return "staff"
    if asked and asked.mode == "whisper" and author.id == asked.professional:
        return "staff"
    return wanted
