"""Who hears, sees, draws and is read by whom, in every mode."""

from __future__ import annotations

import pytest

from signaling import matrix
from signaling.messages import Audience, Media, Mode
from signaling.session.model import Help, Person, Session, new_session

PAIR = {"user": ("counselor",), "counselor": ("user",)}


def room(mode: Mode | None = None, *, hear_user: bool = False, reading: bool = False) -> Session:
    session = new_session(id="s", site="s", category="c", language="ko", channel="video", user="user", name="", now=0)
    session.state, session.owner = "active", "counselor"
    session.people["counselor"] = Person(id="counselor", role="counselor", name="C", staff="counselor")
    if mode or reading:
        session.people["professional"] = Person(id="professional", role="professional", name="P", staff="p", reading=reading)
        session.help = Help(
            state="catching_up" if reading else "joined", request="s.h1", note="", category="c", asked_at=0,
            mode=mode, hear_user=hear_user, professional="professional",
        )  # fmt: skip  # a table
    return session


def hearing(session: Session) -> dict[str, tuple[str, ...]]:
    return {listener: sources for listener, sources in matrix.compute(session).hears.items() if sources}


@pytest.mark.parametrize(
    ("session", "heard"),
    [
        (room(), PAIR),
        (room(reading=True), PAIR),
        (room("consultation"), {"counselor": ("professional",), "professional": ("counselor",)}),
        (
            room("consultation", hear_user=True),
            {"counselor": ("user", "professional"), "professional": ("user", "counselor")},
        ),
        (
            room("whisper"),
            {"user": ("counselor",), "counselor": ("user", "professional"), "professional": ("user", "counselor")},
        ),
        (
            room("conference"),
            {
                "user": ("counselor", "professional"),
                "counselor": ("user", "professional"),
                "professional": ("user", "counselor"),
            },
        ),
    ],
)
def test_who_hears_whom(session: Session, heard: dict[str, tuple[str, ...]]) -> None:
    assert hearing(session) == heard


def test_the_user_on_hold_is_told_and_hears_the_tone() -> None:
    assert matrix.compute(room("consultation")).hold == ("user",)
    assert matrix.compute(room("whisper")).hold == ()


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
def test_who_may_draw(session: Session, writers: set[str]) -> None:
    assert set(matrix.compute(session).writers) == writers


def test_nobody_hears_anybody_before_and_after() -> None:
    session = room()
    session.state = "after"
    assert matrix.compute(session) == matrix.Matrix()


def test_one_who_is_gone_is_no_longer_heard() -> None:
    session = room("conference")
    session.people["professional"].gone = True
    session.help = None
    assert hearing(session) == PAIR


def test_only_switched_on_pictures_take_slots_and_keep_them() -> None:
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
    }  # fmt: skip  # a table


def test_the_user_sees_no_staff_picture_in_consultation() -> None:
    session = room("consultation")
    for person in session.people.values():
        person.media = Media(camera=True, screen=True)
    grid = matrix.compute(session)
    assert grid.slots["user"] == {}
    assert {source for source, _ in grid.slots["counselor"].values()} == {"professional"}


def test_the_board_goes_by_signaling_until_the_peer_is_live() -> None:
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
def test_whom_a_line_for_all_reaches(session: Session, author: str, reaches: Audience) -> None:
    assert matrix.audience(session, session.people[author], "all") == reaches


def test_staff_may_always_write_to_staff_and_users_never() -> None:
    session = room("conference")
    assert matrix.audience(session, session.people["counselor"], "staff") == "staff"
    assert matrix.audience(session, session.people["user"], "staff") == "all"


def test_the_worker_is_told_gains_and_slots() -> None:
    session = room()
    session.people["counselor"].media = Media(camera=True)
    command = matrix.compute(session).for_worker(3)
    assert command.epoch == 3
    assert command.hears == {"user": {"counselor": 1.0}, "counselor": {"user": 1.0}}
    assert command.sees == {"user": {0: ("counselor", "camera")}}
