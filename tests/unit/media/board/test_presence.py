"""The tests check who gets the signs of presence on a board, such as cursors, and which signs the board refuses."""

from __future__ import annotations

from collections import defaultdict

import pytest

from media.board.presence import PRESENCE, check
from media.board.room import BoardRoom
from media.board.update import BadUpdateError, var_uint


def sign(kind: int = 1, page: bytes = b"p2", pairs: int = 1, *, more: bytes = b"") -> bytes:
    body = bytes([kind]) + var_uint(len(page)) + page + var_uint(pairs) + bytes(4 * pairs) + more
    return PRESENCE + var_uint(len(body)) + body


class Board:
    def __init__(self) -> None:
        self.now = 1000.0
        self.sent: defaultdict[str, list[bytes]] = defaultdict(list)
        self.room = BoardRoom([], lambda update: None, lambda to, message: self.sent[to].append(message), clock=lambda: self.now)
        self.room.set_writers({"user", "counselor"})
        for person in ("user", "counselor", "professional"):
            self.room.connect(person)
        self.sent.clear()


@pytest.fixture
def board() -> Board:
    return Board()


def test_sign_reaches_everybody_else_with_its_senders_name(board: Board) -> None:
    board.room.receive("user", sign())
    assert board.sent.keys() == {"counselor", "professional"}
    assert board.sent["counselor"] == [PRESENCE + b"\x04user" + sign()[1:]]
    assert board.room.flush() is None, "nothing of it is stored"


def test_reader_stays_unseen(board: Board) -> None:
    """The user must not notice a professional who reads the session before joining it."""
    board.room.receive("professional", sign())
    assert not board.sent
    assert board.room.stats["refused_not_writer"] == 1


def test_person_who_left_is_neither_told_nor_heard(board: Board) -> None:
    board.room.disconnect("counselor")
    board.room.receive("counselor", sign())
    board.room.receive("user", sign())
    assert board.sent.keys() == {"professional"}


def test_excess_signs_are_dropped_and_drawing_goes_on(board: Board) -> None:
    for _ in range(500):
        board.room.receive("user", sign())
    assert len(board.sent["counselor"]) == 120
    assert board.room.stats["refused_quota"] == 380
    board.now += 1
    board.room.receive("user", sign())
    assert len(board.sent["counselor"]) == 121


@pytest.mark.parametrize(
    "message",
    [
        PRESENCE,
        sign(5),
        sign(1, pairs=2),
        sign(0, pairs=1),
        sign(3, pairs=1),
        sign(2, pairs=65),
        sign(1, b"../etc"),
        sign(1, b"x" * 65),
        sign(1, b"a\n"),
        sign(more=b"\0"),
        sign() + b"\0",
        sign()[:-1],
    ],
)
def test_unknown_or_malformed_sign_goes_nowhere(board: Board, message: bytes) -> None:
    with pytest.raises(BadUpdateError):
        check(message)
    board.room.receive("user", message)
    assert not board.sent
