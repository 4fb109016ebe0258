"""The matrix says who hears, sees and reads whom, for example in a consultation or a conference, and who may draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from media.api.wire import Captions, Record
from signaling.protocol.session_views import Brief, CategoryView, Media, SiteView
from signaling.protocol.words import Audience, ListenAs, Mode, TransferHow
from signaling.session import matrix, views
from signaling.session.model import Help, Listener, Person, Session, new_session

AROUND = views.Surroundings(SiteView(id="s", name="S"), CategoryView(id="c", name="C"), Brief())
PAIR = {"user": ("counselor",), "counselor": ("user",)}


def room(
    mode: Mode | None = None,
    *,
    hear_user: bool = False,
    reading: bool = False,
    held: bool = False,
    transfer: TransferHow = "",
) -> Session:
    session = new_session(id="s", site="s", category="c", language="ko", channel="video", user="user", name="", now=0)
    session.state, session.owner, session.held = "active", "counselor", held
    session.people["counselor"] = Person(id="counselor", role="counselor", name="C", staff="counselor")
    if mode or reading:
        session.people["professional"] = Person(id="professional", role="professional", name="P", staff="p", reading=reading)
    if mode or reading or transfer:
        session.help = Help(
            state="catching_up" if reading else "joined" if mode else "asking", request="s.h1", note="", category="c", asked_at=0,
            mode=mode, hear_user=hear_user, professional="professional" if mode or reading else "", transfer=transfer,
        )  # fmt: skip
    return session


def hearing(session: Session) -> dict[str, tuple[str, ...]]:
    return {listener: sources for listener, sources in matrix.compute(session).hears.items() if sources}


ALL = {
    "user": ("counselor", "professional"),
    "counselor": ("user", "professional"),
    "professional": ("user", "counselor"),
}
STAFF = {"counselor": ("professional",), "professional": ("counselor",)}
NOBODY: dict[str, tuple[str, ...]] = {}


@pytest.mark.parametrize(
    ("session", "heard", "told"),
    [
        (room(), PAIR, ""),
        (room(reading=True), PAIR, ""),
        (room("consultation"), STAFF, "asking_professional"),
        (room("consultation", transfer="consult"), STAFF, "asking_colleague"),
        (
            room("consultation", hear_user=True),
            {"counselor": ("user", "professional"), "professional": ("user", "counselor")},
            "asking_professional",
        ),
        (room("whisper"), ALL | {"user": ("counselor",)}, ""),
        (room("conference"), ALL, ""),
        (room(held=True), NOBODY, "on_hold"),
        (room(held=True, reading=True), NOBODY, "on_hold"),
        (room(transfer="now"), NOBODY, "passing_on"),
        (room(transfer="now", held=True), NOBODY, "passing_on"),
    ],
)
def test_matrix_and_user_notice_agree_in_every_mode(session: Session, heard: dict[str, tuple[str, ...]], told: str) -> None:
    """Whenever the user hears nobody, the user hears the hold tone, and a notice tells the user why."""
    assert hearing(session) == heard
    grid = matrix.compute(session)
    assert grid.hold == (("user",) if told else ())
    shown = views.session_view(session, "user", AROUND, grid).room
    assert shown is not None
    assert shown.notice == told


def test_held_user_sees_nobody_and_is_not_seen() -> None:
    session = room(held=True)
    for person in session.people.values():
        person.media = Media(camera=True, screen=True)
    assert not any(matrix.compute(session).slots.values())
    assert set(matrix.compute(session).writers) == {"user", "counselor"}


def test_unheard_voice_is_not_recorded() -> None:
    """During a hold or a consultation, the user is told that nobody hears them.

    So the user's voice must not be recorded either.
    """

    def recorded(session: Session) -> list[str]:
        session.recording.on = True
        record = matrix.compute(session).record
        assert record is not None
        return record.participants

    assert recorded(room()) == ["user", "counselor"]
    assert recorded(room(held=True)) == []
    assert recorded(room("consultation")) == ["counselor", "professional"]
    assert recorded(room("consultation", hear_user=True)) == ["user", "counselor", "professional"]
    assert recorded(room(reading=True)) == ["user", "counselor"]


@pytest.mark.parametrize(
    ("session", "heard"),
    [
        (room(), ("user", "counselor")),
        (room(reading=True), ("user", "counselor")),
        (room("consultation"), ("counselor", "professional")),
        (room("consultation", hear_user=True), ("user", "counselor", "professional")),
        (room("whisper"), ("user", "counselor", "professional")),
        (room("conference"), ("user", "counselor", "professional")),
        (room(held=True), ()),
        (room(transfer="now"), ()),
    ],
)
def test_listener_hears_only_what_somebody_hears_and_is_not_heard(session: Session, heard: tuple[str, ...]) -> None:
    """When a user is told that nobody hears them, an operator who listens in must not hear the user either."""
    for person in session.people.values():
        person.media = Media(camera=True, screen=True)
    before = matrix.compute(session)
    session.listeners["ops"] = Listener(id="ops", role="operator", name="O", staff="ops", media=Media(camera=True), since=0)
    grid = matrix.compute(session)
    assert grid.hears["ops"] == heard
    assert {key: sources for key, sources in grid.hears.items() if key != "ops"} == before.hears
    assert (grid.slots, grid.writers, grid.hold) == (before.slots, before.writers, before.hold)


def supervised(session: Session, how: ListenAs, *others: ListenAs) -> Session:
    """Return the session with operators who listen in.

    "ops" listens in as `how` says, and "ops2" and "ops3" as `others` say.
    """
    for n, each in enumerate((how, *others), 1):
        who = "ops" if n == 1 else f"ops{n}"
        session.listeners[who] = Listener(id=who, role="operator", name="O", staff=who, since=0, how=each)
    return session


@pytest.mark.parametrize(
    ("session", "hear", "heard"),
    [
        (room(), ["counselor"], ("user", "counselor")),
        (room("whisper"), ["counselor"], ("user", "counselor", "professional")),
        (room("conference"), ["counselor"], ("user", "counselor", "professional")),
        (room(reading=True), ["counselor"], ("user", "counselor")),
        (room("consultation"), ["counselor", "professional"], ("counselor", "professional")),
        (room("consultation", hear_user=True), ["counselor", "professional"], ("user", "counselor", "professional")),
        (room(held=True), ["counselor"], ("counselor",)),
        (room(transfer="now"), ["counselor"], ("counselor",)),
    ],
)
def test_whisper_reaches_the_counselor_never_the_user(session: Session, hear: list[str], heard: tuple[str, ...]) -> None:
    before = matrix.compute(session)
    grid = matrix.compute(supervised(session, "whisper", "listen"))
    assert [person for person, sources in grid.hears.items() if "ops" in sources] == hear
    assert grid.hears["ops"] == heard
    assert "ops" not in grid.hears["ops2"], "the counselor is told that nobody else hears it"
    assert grid.hears["user"] == before.hears["user"]
    assert grid.slots == before.slots


@pytest.mark.parametrize(
    ("session", "hear", "heard"),
    [
        (room(), ["user", "counselor"], ("user", "counselor")),
        (room("whisper"), ["user", "counselor", "professional"], ("user", "counselor", "professional")),
        (room(reading=True), ["user", "counselor"], ("user", "counselor")),
        (room("consultation"), ["counselor", "professional"], ("counselor", "professional")),
        (room(held=True), ["counselor"], ("counselor",)),
    ],
)
def test_everybody_who_is_not_on_hold_hears_a_joined_operator(session: Session, hear: list[str], heard: tuple[str, ...]) -> None:
    grid = matrix.compute(supervised(session, "join", "listen", "whisper"))
    assert [person for person, sources in grid.hears.items() if "ops" in sources] == [*hear, "ops2", "ops3"]
    assert grid.hears["ops"] == heard
    assert grid.hears["ops2"] == (*heard, "ops")


def test_joined_operator_is_recorded_and_a_whisper_is_not() -> None:
    for how, recorded in (("listen", []), ("whisper", []), ("join", ["ops"])):
        session = supervised(room(), cast(ListenAs, how))
        session.recording.on = True
        record = matrix.compute(session).record
        assert record is not None
        assert record.participants == ["user", "counselor", *recorded]


def test_talk_of_counselor_and_whisperer_on_hold_is_not_recorded() -> None:
    session = supervised(room(held=True), "whisper")
    session.recording.on = True
    record = matrix.compute(session).record
    assert record is not None
    assert record.participants == []


@pytest.mark.parametrize(
    ("session", "writers"),
    [
        (room(), {"user", "counselor"}),
        (room(reading=True), {"user", "counselor"}),
        (room("consultation"), {"user"}),
        (room("whisper"), {"user", "counselor"}),
        (room("conference"), {"user", "counselor", "professional"}),
    ],
)
def test_drawing_rights_follow_the_mode(session: Session, writers: set[str]) -> None:
    assert set(matrix.compute(session).writers) == writers


def test_nobody_hears_anybody_before_or_after_the_call() -> None:
    session = room()
    session.state = "after"
    assert matrix.compute(session) == matrix.Matrix()


def test_departed_person_is_not_heard() -> None:
    session = room("conference")
    session.people["professional"].gone = True
    session.help = None
    assert hearing(session) == PAIR


def test_only_enabled_video_takes_slots_and_keeps_them() -> None:
    session = room("conference")
    for person in session.people.values():
        person.media = Media(camera=True)
    session.people["counselor"].media = Media(camera=False, screen=True)
    grid = matrix.compute(session)
    assert grid.slots["user"] == {0: ("counselor", "screen"), 1: ("professional", "camera")}
    session.slots = grid.slots
    session.people["counselor"].media = Media()
    assert matrix.compute(session).slots["user"] == {1: ("professional", "camera")}
    session.slots = matrix.compute(session).slots
    session.people["counselor"].media = Media(camera=True, screen=True)
    assert matrix.compute(session).slots["user"] == {
        0: ("counselor", "camera"), 1: ("professional", "camera"), 2: ("counselor", "screen"),
    }  # fmt: skip


def test_user_sees_no_staff_video_in_consultation() -> None:
    session = room("consultation")
    for person in session.people.values():
        person.media = Media(camera=True, screen=True)
    grid = matrix.compute(session)
    assert grid.slots["user"] == {}
    assert {source for source, _ in grid.slots["counselor"].values()} == {"professional"}


def test_board_uses_signaling_until_the_peer_is_live() -> None:
    session = room()
    session.people["user"].peer = "live"
    session.people["counselor"].peer = "text_only"
    assert matrix.compute(session).by_signaling == ("counselor",)


@pytest.mark.parametrize(
    ("session", "author", "reaches"),
    [
        (room(), "counselor", "all"),
        (room(), "user", "all"),
        (room(reading=True), "professional", "staff"),
        (room(reading=True), "counselor", "all"),
        (room("consultation"), "counselor", "staff"),
        (room("consultation"), "professional", "staff"),
        (room("consultation"), "user", "all"),
        (room("whisper"), "counselor", "all"),
        (room("whisper"), "professional", "staff"),
        (room("conference"), "professional", "all"),
    ],
)
def test_line_for_all_reaches_exactly_those_present(session: Session, author: str, reaches: Audience) -> None:
    assert matrix.audience(session, session.people[author], "all") == reaches


def test_only_staff_can_write_lines_to_staff() -> None:
    session = room("conference")
    assert matrix.audience(session, session.people["counselor"], "staff") == "staff"
    assert matrix.audience(session, session.people["user"], "staff") == "all"


def test_worker_is_sent_gains_and_slots() -> None:
    session = room()
    session.people["counselor"].media = Media(camera=True)
    command = matrix.compute(session).for_worker(3)
    assert command.epoch == 3
    assert command.hears == {"user": {"counselor": 1.0}, "counselor": {"user": 1.0}}
    assert command.sees == {"user": {0: ("counselor", "camera")}}


FULL = matrix.Matrix(
    hears={"user": ("counselor",), "counselor": ("user",)},
    soft={"user": ("counselor",)},
    slots={"user": {0: ("counselor", "camera")}},
    writers=("user", "counselor"),
    record=Record(period=1, participants=["user", "counselor"]),
    captions=Captions(language="ko", participants=["user"]),
)


@pytest.mark.parametrize(
    "less",
    [
        {"hears": {"counselor": ("user",)}, "soft": {}, "hold": ("user",)},
        {"slots": {"user": {}}, "hold": ("user",), "writers": ("counselor",), "record": None, "captions": None},
        {"record": Record(period=1, participants=["user"]), "captions": Captions(language="ko", participants=[])},
    ],
)
def test_common_part_of_two_matrices_is_the_smaller_one(less: dict[str, Any]) -> None:
    smaller = replace(FULL, **less)
    assert smaller.common(FULL) == smaller
    assert FULL.common(smaller) == smaller


@pytest.mark.parametrize(
    "more",
    [
        {"hears": {"user": ("counselor", "operator"), "counselor": ("user",), "operator": ("user",)}},
        {"soft": {}},
        {"writers": ("user", "counselor", "professional")},
        {"by_signaling": ("user",)},
        {"record": Record(period=1, participants=["user", "counselor", "professional"])},
        {"captions": Captions(language="ko", participants=["user", "counselor"], kept=True)},
    ],
)
def test_common_part_has_nothing_that_one_matrix_lacks(more: dict[str, Any]) -> None:
    assert replace(FULL, **more).common(FULL) == FULL


def test_common_part_moves_no_video_and_keeps_no_former_recording() -> None:
    other = replace(FULL, slots={"user": {1: ("counselor", "camera")}}, record=Record(period=2, participants=["user"]))
    assert other.common(FULL) == replace(FULL, slots={"user": {}}, record=None)
