"""Tests of the board. The board's clients are real Yjs documents (pycrdt) that speak the y-protocols with a BoardRoom."""

from __future__ import annotations

import gc
import random
import time
import weakref
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, create_sync_message, create_update_message, handle_sync_message

from media.board.room import MAX_DOCUMENT_BYTES, MAX_MESSAGE_BYTES, BoardRoom
from media.board.update import var_uint


class Wire:
    """A board with a clock that the tests set. `sent`: client → the messages that the board has sent to this client."""

    def __init__(self, journal: list[bytes] | None = None) -> None:
        self.now = 1000.0
        self.changes = 0
        self.sent: defaultdict[str, list[bytes]] = defaultdict(list)
        self.board = BoardRoom(journal or [], self._changed, self._send, clock=lambda: self.now)

    def _changed(self, update: bytes) -> None:
        self.changes += 1

    def _send(self, participant: str, message: bytes) -> None:
        assert len(message) <= MAX_MESSAGE_BYTES
        self.sent[participant].append(message)

    def refused(self, reason: str) -> int:
        return self.board.stats["refused_" + reason]


class Client:
    """A browser with a copy of the board. It sends each stroke immediately, and reads messages only in `read`."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire, self.name = wire, name
        self.doc: Doc[Any] = Doc()
        self.elements = self.doc.get("elements", type=Map)
        self._outgoing: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self._outgoing.append(event.update))
        wire.board.connect(name)
        wire.board.receive(name, create_sync_message(self.doc))
        self.read()

    def read(self) -> None:
        messages, self.wire.sent[self.name] = self.wire.sent[self.name], []
        for message in messages:
            reply = handle_sync_message(message[1:], self.doc)
            if reply is not None:
                self.wire.board.receive(self.name, reply)
        self._outgoing.clear()

    def write(self) -> None:
        self.wire.now += 0.033
        outgoing, self._outgoing = self._outgoing, []
        for update in outgoing:
            self.wire.board.receive(self.name, create_update_message(update))

    def draw(self, key: str, chunks: int = 3, chunk: bytes = b"\x01\x00\x02\x00" * 4) -> None:
        stroke = {"type": "freedraw", "strokeColor": "#1b7f5c", "strokeWidth": 2.5, "x": 10.25, "y": 2**40, "isDeleted": False}
        self.elements[key] = Map({**stroke, "author": self.name, "points": Array()})
        self.write()
        for _ in range(chunks):
            self.elements[key]["points"].append(chunk)
            self.write()

    @property
    def picture(self) -> dict[str, Any]:
        return self.elements.to_py() or {}


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    wire.board.set_writers({"user", "counselor"})
    yield wire
    wire.board.close()


def test_drawing_reaches_the_other_clients(wire: Wire) -> None:
    user, counselor = Client(wire, "user"), Client(wire, "counselor")
    user.draw("a")
    counselor.draw("b")
    user.read()
    counselor.read()
    assert set(user.picture) == {"a", "b"}
    assert user.picture == counselor.picture
    assert user.picture["a"]["points"] == [b"\x01\x00\x02\x00" * 4] * 3
    assert user.picture["a"]["x"] == 10.25
    assert user.picture["a"]["y"] == 2**40, "a large integer stays whole, though pycrdt hands it back as a float"


@pytest.mark.slow
def test_late_joiner_gets_the_whole_board(wire: Wire) -> None:
    user = Client(wire, "user")
    for n in range(20):
        user.draw(str(n))
    assert Client(wire, "professional").picture == user.picture


def test_late_joiner_gets_a_large_board_in_bounded_messages(wire: Wire) -> None:
    user = Client(wire, "user")
    for n in range(40):
        user.draw(str(n), chunks=2, chunk=random.Random(n).randbytes(10_000))
    assert len(wire.board.state()) > 2 * MAX_MESSAGE_BYTES
    late = Client(wire, "professional")
    assert late.picture == user.picture


def test_reconnected_client_brings_what_it_drew_offline(wire: Wire) -> None:
    user, counselor = Client(wire, "user"), Client(wire, "counselor")
    wire.board.disconnect("user")
    wire.sent["user"].clear()
    counselor.draw("while away")
    assert not wire.sent["user"], "nothing is sent to who is away"
    user.elements["offline"] = Map({"type": "freedraw", "points": Array([b"\x00\x00\x00\x00"])})
    user._outgoing.clear()
    wire.board.connect("user")
    user.read()
    wire.board.receive("user", create_sync_message(user.doc))
    user.read()
    counselor.read()
    assert set(user.picture) == set(counselor.picture) == {"while away", "offline"}


def test_read_only_client_changes_nothing(wire: Wire) -> None:
    user, professional = Client(wire, "user"), Client(wire, "professional")
    professional.draw("forbidden")
    user.draw("allowed")
    user.read()
    assert set(user.picture) == {"allowed"}
    assert wire.refused("not_writer") == 4
    professional.read()
    assert "allowed" in professional.picture, "but reads"


def test_client_that_gains_write_access_resends_refused_updates(wire: Wire) -> None:
    user, professional = Client(wire, "user"), Client(wire, "professional")
    professional.draw("too early")
    wire.board.set_writers({"user", "professional"})
    professional.read()
    professional.draw("in time")
    user.read()
    assert set(user.picture) == {"too early", "in time"}, "else the second would wait for the first for ever"


def test_journal_rebuilds_the_same_document(wire: Wire) -> None:
    user = Client(wire, "user")
    journal = []
    for n in range(6):
        user.draw(str(n))
        if n % 2:
            flushed = wire.board.flush()
            assert flushed is not None
            journal.append(flushed)
    assert wire.board.flush() is None
    assert wire.changes >= 24
    again = Wire(journal)
    assert again.board.state() == wire.board.state()
    assert Client(again, "counselor").picture == user.picture


def test_late_joiner_gets_a_journal_compacted_to_one_update(wire: Wire) -> None:
    user = Client(wire, "user")
    for n in range(40):
        user.draw(str(n), chunks=2, chunk=random.Random(n).randbytes(9_000))
    again = Wire([wire.board.state()])
    assert Client(again, "counselor").picture == user.picture


def test_broken_journal_entry_is_counted_and_the_rest_kept(wire: Wire) -> None:
    user = Client(wire, "user")
    user.draw("a")
    flushed = wire.board.flush()
    assert flushed is not None
    again = Wire([b"\xff\xff\xff", flushed])
    assert again.refused("journal") == 1
    assert Client(again, "counselor").picture == user.picture


def test_excess_updates_are_refused_and_recovered_later(wire: Wire) -> None:
    user, counselor = Client(wire, "user"), Client(wire, "counselor")
    user.elements["a"] = Map({"points": Array()})
    user.write()
    wire.now += 10
    for n in range(1000):
        user.elements["a"]["points"].append(n.to_bytes(4, "little"))
    wire_now = wire.now
    user.write()
    assert wire.now == pytest.approx(wire_now + 0.033)
    assert wire.refused("quota") > 300
    wire.now += 10
    user.draw("b")
    user.read()
    counselor.read()
    assert counselor.picture == user.picture, "after a refusal the board asks for what it lacks"


def test_message_over_the_limit_is_refused(wire: Wire) -> None:
    user = Client(wire, "user")
    user.draw("huge", chunks=1, chunk=bytes(MAX_MESSAGE_BYTES))
    assert wire.refused("too_large") == 1


@pytest.mark.slow
def test_full_board_refuses_updates_and_stays_readable(wire: Wire) -> None:
    user = Client(wire, "user")
    for n in range(60):
        wire.now += 5
        user.draw(str(n), chunks=1, chunk=random.Random(n).randbytes(200_000))
    assert wire.refused("full") > 0
    assert len(wire.board.state()) <= MAX_DOCUMENT_BYTES
    late = Client(wire, "counselor")
    assert len(late.picture) >= 40


def test_deleting_strokes_makes_room_on_a_full_board(wire: Wire) -> None:
    user = Client(wire, "user")
    for n in range(80):
        wire.now += 20
        user.draw("same key", chunks=1, chunk=random.Random(n).randbytes(200_000))
    assert wire.refused("full") == 0, "what was overwritten is forgotten"


def test_repeated_requests_for_the_whole_board_are_bounded(wire: Wire) -> None:
    user = Client(wire, "user")
    for n in range(20):
        user.draw(str(n), chunks=1, chunk=random.Random(n).randbytes(100_000))
    for _ in range(100):
        wire.board.receive("reader", create_sync_message(Doc()))
    assert sum(map(len, wire.sent["reader"])) <= 2 * MAX_DOCUMENT_BYTES
    assert wire.refused("quota") > 0


@pytest.mark.slow
def test_closed_board_leaves_nothing_behind() -> None:
    wire = Wire()
    Client(wire, "user")
    document = weakref.ref(wire.board._doc)
    wire.board.close()
    wire.board._doc = Doc()
    gc.collect()
    assert document() is None


# -- hostile bytes -----------------------------------------------------------------------------------------------------


def any_update(*content: bytes) -> bytes:
    """Build a Yjs update with one struct of one client.

    This struct puts the value `content` at key "a" of the root map "m".
    """
    return b"\x01\x01\x05\x00" + bytes([0x28, 1, 1, 109, 1, 97]) + b"".join(content) + b"\x00"


HOSTILE = {
    "nested arrays (would end the process)": any_update(b"\x01" + b"\x75\x01" * 100_000 + b"\x7e"),
    "nested objects": any_update(b"\x01" + b"\x76\x01\x01a" * 50_000 + b"\x7e"),
    "an integer over 64 bits": any_update(b"\x01\x7d" + b"\xff" * 12 + b"\x01"),
    "a big integer": any_update(b"\x01\x7a" + b"\xff" * 8),
    "2^60 clients": var_uint(2**60) + b"\x00\x00",
    "2^50 structs": b"\x01" + var_uint(2**50) + b"\x05\x00\x00",
    "2^50 values": any_update(var_uint(2**50)),
    "2^31 clocks": b"\x01\x01\x05\x00\x00" + var_uint(2**31) + b"\x00",
    "a varint without end": b"\xff" * 100,
    "a text that is none": any_update(b"\x01\x77\x02\xff\xfe"),
    "a sub-document": b"\x01\x01\x05\x00" + bytes([9, 1, 1, 109]) + b"\x01g\x7e\x00",
    "a moved item": b"\x01\x01\x05\x00" + bytes([11, 1, 1, 109]) + b"\x00" * 8,
    "nothing": b"",
    "more than an update": b"\x00\x00\x00",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_known_crashing_updates_never_reach_the_library(wire: Wire, name: str) -> None:
    user = Client(wire, "user")
    wire.board.receive("user", b"\x00\x02" + var_uint(len(HOSTILE[name])) + HOSTILE[name])
    assert sum(count for key, count in wire.board.stats.items() if key.startswith("refused_")) == 1
    assert wire.board.stats["panics"] == 0
    user.draw("a")
    assert set(Client(wire, "counselor").picture) == {"a"}


def crowd(first: int, count: int) -> bytes:
    """Build an update with one struct of each of many clients.

    All these structs conflict, because each puts a value at the head of the same list.
    """
    value = b"\x00" + bytes([8, 1, 1, 109, 1, 126])
    heads = b"".join(b"\x01" + var_uint(client) + value for client in range(first, first + count))
    return var_uint(count) + heads + b"\x00"


@pytest.mark.slow
def test_thousands_of_conflicts_do_not_block_the_worker() -> None:
    """Without a limit for conflicts, the second of the five updates takes 30 to 54 s of processor time."""
    wire = Wire()
    wire.board._clock = time.monotonic
    wire.board.set_writers({"user", "counselor"})
    started = time.thread_time()
    for n in range(5):
        wire.board.receive("user", create_update_message(crowd(1 + n * 10_000, 10_000)))
    assert time.thread_time() - started < 5
    assert wire.refused("quota") > 0
    Client(wire, "counselor").draw("b")
    assert "b" in Client(wire, "late").picture, "others draw on"


def nested(first: int, count: int) -> bytes:
    """Build an update with `count` nested maps, from depth `first` on. Each map is inside the map that comes before it."""
    head = bytes([0x27, 1, 1, 109, 1, 97, 1]) if first == 0 else b""
    rest = (bytes([0x27, 0, 5]) + var_uint(clock - 1) + bytes([1, 97, 1]) for clock in range(first or 1, first + count))
    return b"\x01" + var_uint(count) + b"\x05" + var_uint(first) + head + b"".join(rest) + b"\x00"


@pytest.mark.slow
def test_nested_maps_are_bounded_and_freed_safely(wire: Wire) -> None:
    """Without a limit for nested maps, deleting the root of 40,000 of them would end the worker's process."""
    for n in range(6):
        wire.now += 20
        wire.board.receive("user", create_update_message(nested(n * 5000, 5000)))
    assert wire.refused("full") == 2
    wire.board.receive("user", create_update_message(b"\x00\x01\x05\x01\x00\x01"))
    user = Client(wire, "user")
    user.draw("a")
    assert "a" in Client(wire, "late").picture


def test_valid_value_passes(wire: Wire) -> None:
    update = any_update(b"\x01\x76\x01\x01k\x75\x04\x7e\x78\x7d\xbf\xff\xff\xff\x0f\x7b" + bytes(8))
    wire.board.receive("user", create_update_message(update))
    assert wire.board.stats["updates"] == 1


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=8))
def test_random_bytes_never_raise(messages: list[bytes]) -> None:
    wire = Wire()
    wire.board.set_writers({"user"})
    for message in messages:
        wire.board.receive("user", message)
        for head in (b"\x00\x00", b"\x00\x01", b"\x00\x02"):
            wire.board.receive("user", head + var_uint(len(message)) + message)
    wire.board.state()
    wire.board.close()


def _drawn() -> bytes:
    wire = Wire()
    wire.board.set_writers({"user"})
    user = Client(wire, "user")
    for key in "ab":
        user.draw(key)
    del user.elements["a"]
    user.write()
    return wire.board.state()


DRAWN = _drawn()


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(DRAWN) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, len(DRAWN))
)
def test_broken_update_never_raises_and_the_board_goes_on(flips: list[tuple[int, int]], cut: int) -> None:
    broken = bytearray(DRAWN)
    for at, value in flips:
        broken[at] = value
    wire = Wire()
    wire.board.set_writers({"user", "counselor"})
    for update in (bytes(broken), bytes(broken[:cut]), DRAWN):
        wire.board.receive("user", create_update_message(update))
    counselor = Client(wire, "counselor")
    counselor.draw("still here")
    assert "still here" in Client(wire, "late").picture
    again = Wire([flushed] if (flushed := wire.board.flush()) else [])
    assert "still here" in Client(again, "later").picture


def test_library_panic_is_counted_and_the_board_rebuilt(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        """Takes the place of pyo3's PanicException, which is no subclass of Exception either."""

    def panic(update: bytes) -> None:
        raise Panic

    user = Client(wire, "user")
    user.draw("a")
    monkeypatch.setattr(wire.board._doc, "apply_update", panic)
    user.draw("b", chunks=0)
    assert wire.board.stats["panics"] == 1
    user.draw("c")
    wire.board.receive("user", create_update_message(user.doc.get_update()))
    assert set(Client(wire, "counselor").picture) == {"a", "b", "c"}


def _answers_only(wire: Wire, name: str) -> Doc[Any]:
    """Connect a client that answers sync step 1 with step 2, and sends no sync request of its own."""
    doc: Doc[Any] = Doc()
    wire.board.connect(name)
    for message in wire.sent.pop(name):
        reply = handle_sync_message(message[1:], doc)
        if reply is not None:
            wire.board.receive(name, reply)
    return doc


def test_who_answers_step_1_and_asks_nothing_gets_the_board_all_the_same() -> None:
    wire = Wire()
    wire.board.set_writers({"user"})
    user = Client(wire, "user")
    user.draw("a")
    user.write()
    doc = _answers_only(wire, "phone")
    wire.board.catch_up()
    assert wire.sent["phone"] == [], "it may still ask"
    wire.now += 0.6
    wire.board.catch_up()
    for message in wire.sent.pop("phone"):
        handle_sync_message(message[1:], doc)
    assert set(doc.get("elements", type=Map).to_py()) == {"a"}
    wire.now += 5
    wire.board.catch_up()
    assert wire.sent["phone"] == [], "once"


def test_who_asks_gets_the_board_once() -> None:
    wire = Wire()
    wire.board.set_writers({"user"})
    user = Client(wire, "user")
    user.draw("a")
    user.write()
    other = Client(wire, "other")
    other.read()
    wire.now += 5
    wire.board.catch_up()
    assert wire.sent["other"] == []
