"""Updates of the shared board are split into pieces, and messages of the board into fragments."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map

from media.board.room import FRAGMENT_BYTES, MAX_MESSAGE_BYTES, Fragmenter, FragmentError, Reassembler
from media.board.update import BadUpdateError, parse, split

# -- updates in pieces -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.integers(64, 600), st.integers(0, 30), st.integers(0, 5))
def test_split_update_applies_as_the_same_update(limit: int, strokes: int, deleted: int) -> None:
    doc: Doc[Any] = Doc()
    elements = doc.get("elements", type=Map)
    for n in range(strokes):
        elements[str(n)] = Map({"n": n, "points": Array([b"\x01\x02"] * 3)})
    for n in range(min(deleted, strokes)):
        del elements[str(n)]
    pieces = split(doc.get_update(), limit)
    assert all(len(piece) <= limit for piece in pieces)
    copy: Doc[Any] = Doc()
    for piece in pieces:
        copy.apply_update(piece)
    assert copy.get("elements", type=Map).to_py() == elements.to_py()
    assert copy.get_state() == doc.get_state()


def test_struct_longer_than_a_piece_cannot_be_split() -> None:
    doc: Doc[Any] = Doc()
    doc.get("elements", type=Map)["a"] = bytes(1000)
    with pytest.raises(BadUpdateError, match="too_long"):
        split(doc.get_update(), 100)


@given(st.binary(max_size=200))
def test_any_bytes_raise_only_bad_update(data: bytes) -> None:
    reason = "kind"
    try:
        parse(data)
    except BadUpdateError as error:
        reason = error.reason
    assert reason in {"truncated", "number", "kind", "depth", "trailing"}


# -- fragments ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, MAX_MESSAGE_BYTES), min_size=1, max_size=4))
def test_fragments_reassemble_to_the_message(sizes: list[int]) -> None:
    reassembler, out = Reassembler(), []
    messages = [random.Random(size).randbytes(size) for size in sizes]
    for message in messages:
        fragments = Fragmenter().cut(message)
        assert all(1 < len(fragment) <= FRAGMENT_BYTES + 1 for fragment in fragments)
        out += [whole for fragment in fragments if (whole := reassembler.feed(fragment)) is not None]
    assert out == messages


def test_oversized_or_empty_message_is_not_fragmented() -> None:
    with pytest.raises(FragmentError, match="too_large"):
        Fragmenter().cut(bytes(MAX_MESSAGE_BYTES + 1))
    with pytest.raises(FragmentError, match="empty"):
        Fragmenter().cut(b"")


@pytest.mark.parametrize(
    ("fragment", "reason"),
    [(b"", "empty"), (b"\x00", "empty"), (b"\x02x", "header"), (bytes(FRAGMENT_BYTES + 2), "fragment_too_large")],
)
def test_bad_fragment_is_refused_and_the_next_message_read(fragment: bytes, reason: str) -> None:
    reassembler = Reassembler()
    with pytest.raises(FragmentError, match=reason):
        reassembler.feed(fragment)
    assert reassembler.feed(b"\x00next") == b"next"


def test_endless_message_is_refused_once_and_skipped() -> None:
    reassembler, reasons = Reassembler(), []
    for _ in range(100):
        try:
            assert reassembler.feed(b"\x01" + bytes(FRAGMENT_BYTES)) is None
        except FragmentError as error:
            reasons.append(error.reason)
    assert reasons == ["too_large"]
    assert reassembler.feed(b"\x00the end of it") is None
    assert reassembler.feed(b"\x00next") == b"next"


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_fragments_raise_only_fragment_errors(fragments: list[bytes]) -> None:
    reassembler, reasons = Reassembler(), set()
    for fragment in fragments:
        try:
            reassembler.feed(fragment)
        except FragmentError as error:
            reasons.add(error.reason)
    assert reasons <= {"empty", "header", "fragment_too_large", "too_large"}
