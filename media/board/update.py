"""Yjs updates (v1 encoding): checked before the document library reads them, and split if they are long.

The check is needed because pycrdt 0.14.13 (yrs) reads values recursively without a limit. 200 KB of nested arrays overflow the
stack and end the whole worker (SIGSEGV, which nothing can catch). An integer over 64 bits makes pycrdt panic. `parse` accepts
only what the board's schema uses: maps, arrays, bytes and plain values. Format: lib0 varuints, `Update.js` and `Item.js` of Yjs
13.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pycrdt import merge_updates

MAX_DEPTH = 8  # an update may have at most this many levels of nested values
MAX_CLOCK = 2**31
MAX_CLIENT = 2**53
EMPTY = b"\x00\x00"

_GC, _DELETED, _BINARY, _TYPE, _ANY, _SKIP = 0, 1, 3, 7, 8, 10
_HAS_ORIGIN, _HAS_RIGHT_ORIGIN, _HAS_PARENT_SUB = 0x80, 0x40, 0x20
_MAKES_TYPE = {bytes([flags | _TYPE]) for flags in range(0, 256, 32)}
_ARRAY, _MAP = 0, 1


class BadUpdateError(Exception):
    """An update is refused. `reason`: truncated, number, kind, depth, trailing, too_long."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Struct:
    """One Yjs struct of a client (an author of the document): its clock, and where its bytes begin and end in the update."""

    clock: int
    start: int
    end: int


@dataclass(slots=True)
class Parsed:
    """Parsed update. `structs`: client → structs in order of clocks; `deletes`: client → [(clock, length)].

    A *client* is an author of the document, in the words of Yjs. `types`: how many maps and arrays the update creates.
    """

    structs: dict[int, list[Struct]] = field(default_factory=dict)
    deletes: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    types: int = 0

    @property
    def count(self) -> int:
        """Number of structs in this update, of all clients together."""
        return sum(map(len, self.structs.values()))


class Reader:
    """Reader of lib0 data that checks all bounds. Every method raises BadUpdateError if the data is cut off or malformed."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        """Read one byte."""
        if self.at >= len(self.data):
            raise BadUpdateError("truncated")
        self.at += 1
        return self.data[self.at - 1]

    def skip(self, length: int) -> None:
        """Skip `length` bytes."""
        if length > len(self.data) - self.at:
            raise BadUpdateError("truncated")
        self.at += length

    def uint(self, below: int = MAX_CLIENT) -> int:
        """Read a varuint that is less than `below`."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift > 56:
                raise BadUpdateError("number")
        if value >= below:
            raise BadUpdateError("number")
        return value

    def blob(self) -> bytes:
        """Read a length and then that many bytes."""
        length = self.uint()
        start = self.at
        self.skip(length)
        return self.data[start : self.at]

    def text(self) -> None:
        """Skip a UTF-8 text, but check that the text is valid."""
        try:
            self.blob().decode()
        except UnicodeDecodeError:
            raise BadUpdateError("kind") from None


def parse(update: bytes) -> Parsed:
    """Read a whole update. Raise BadUpdateError if it is malformed or contains something that the board's schema does not use."""
    reader, parsed = Reader(update), Parsed()
    for _ in range(reader.uint()):
        count, client, clock = reader.uint(), reader.uint(), reader.uint(MAX_CLOCK)
        if client in parsed.structs:
            raise BadUpdateError("kind")
        structs = parsed.structs[client] = []
        for _ in range(count):
            start = reader.at
            parsed.types += update[start : start + 1] in _MAKES_TYPE
            length = _struct(reader)
            structs.append(Struct(clock, start, reader.at))
            clock += length
            if clock >= MAX_CLOCK:
                raise BadUpdateError("number")
    for _ in range(reader.uint()):
        client = reader.uint()
        ranges = parsed.deletes.setdefault(client, [])
        ranges.extend((reader.uint(MAX_CLOCK), reader.uint(MAX_CLOCK)) for _ in range(reader.uint()))
    if reader.at != len(update):
        raise BadUpdateError("trailing")
    return parsed


def _struct(reader: Reader) -> int:
    info = reader.byte()
    kind = info & 0x1F
    content = _CONTENTS.get(kind)
    if content is None:
        raise BadUpdateError("kind")
    if kind not in (_GC, _SKIP):
        _links(reader, info)
    length = content(reader)
    if length == 0:
        raise BadUpdateError("kind")
    return length


def _links(reader: Reader, info: int) -> None:
    for flag in (_HAS_ORIGIN, _HAS_RIGHT_ORIGIN):
        if info & flag:
            reader.uint()
            reader.uint(MAX_CLOCK)
    if info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
        return
    if reader.uint() == 1:
        reader.text()
    else:
        reader.uint()
        reader.uint(MAX_CLOCK)
    if info & _HAS_PARENT_SUB:
        reader.text()


def _length(reader: Reader) -> int:
    return reader.uint(MAX_CLOCK)


def _binary(reader: Reader) -> int:
    reader.skip(reader.uint())
    return 1


def _type(reader: Reader) -> int:
    if reader.uint() not in (_ARRAY, _MAP):
        raise BadUpdateError("kind")
    return 1


def _values(reader: Reader) -> int:
    count = reader.uint()
    for _ in range(count):
        _value(reader, 0)
    return count


def _value(reader: Reader, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadUpdateError("depth")
    read = _VALUES.get(reader.byte())
    if read is None:
        raise BadUpdateError("kind")
    read(reader, depth)


def _integer(reader: Reader, depth: int) -> None:
    """Skip a signed varint, whose first byte contains the sign and 6 bits of the number.

    JavaScript's integers (at most 2^53) have at most 8 bytes. Longer ones raise BadUpdateError: they could make pycrdt panic.
    """
    if reader.byte() < 0x80:
        return
    for _ in range(7):
        if reader.byte() < 0x80:
            return
    raise BadUpdateError("number")


def _object(reader: Reader, depth: int) -> None:
    for _ in range(reader.uint()):
        reader.text()
        _value(reader, depth + 1)


def _array(reader: Reader, depth: int) -> None:
    for _ in range(reader.uint()):
        _value(reader, depth + 1)


_CONTENTS: dict[int, Callable[[Reader], int]] = {
    _GC: _length,
    _DELETED: _length,
    _BINARY: _binary,
    _TYPE: _type,
    _ANY: _values,
    _SKIP: _length,
}
_VALUES: dict[int, Callable[[Reader, int], None]] = {
    127: lambda reader, depth: None,  # Undefined.
    126: lambda reader, depth: None,  # Null.
    125: _integer,
    124: lambda reader, depth: reader.skip(4),
    123: lambda reader, depth: reader.skip(8),
    121: lambda reader, depth: None,  # False.
    120: lambda reader, depth: None,  # True.
    119: lambda reader, depth: reader.text(),
    118: _object,
    117: _array,
    116: lambda reader, depth: reader.skip(reader.uint()),
}


def var_uint(value: int) -> bytes:
    """Return `value` as lib0's unsigned varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(0x80 | value & 0x7F)
        value >>= 7
    out.append(value)
    return bytes(out)


def split(update: bytes, limit: int) -> list[bytes]:
    """Return several updates in order, which together make the same changes as `update`. Each has at most `limit` bytes.

    `limit` must be at least 64. Structs are never cut: a struct with more than `limit` - 32 bytes raises
    BadUpdateError("too_long"). Malformed bytes raise BadUpdateError as in `parse`, but only if `update` is longer than `limit`.
    """
    return [update] if len(update) <= limit else list(slices(update, parse(update), limit, MAX_CLOCK))


def slices(update: bytes, parsed: Parsed, limit: int, most: int) -> Iterator[bytes]:
    """Yield parts of `update` that together make the same changes, as `split` does.

    Each part has at most `limit` bytes, and either at most `most` structs or at most 64 * `most` deletions.
    """
    room = limit - 32
    for client, structs in parsed.structs.items():
        first = size = 0
        for index, struct in enumerate(structs):
            length = struct.end - struct.start
            if length > room:
                raise BadUpdateError("too_long")
            if size + length > room or index - first >= most:
                yield _slice(update, client, structs[first:index])
                first, size = index, 0
            size += length
        yield _slice(update, client, structs[first:])
    for client, ranges in parsed.deletes.items():
        step = max(1, min(room // 12, most * 64))
        for at in range(0, len(ranges), step):
            part = ranges[at : at + step]
            body = b"".join(var_uint(clock) + var_uint(length) for clock, length in part)
            yield b"\x00\x01" + var_uint(client) + var_uint(len(part)) + body


def _slice(update: bytes, client: int, structs: list[Struct]) -> bytes:
    head = b"\x01" + var_uint(len(structs)) + var_uint(client) + var_uint(structs[0].clock)
    return head + update[structs[0].start : structs[-1].end] + b"\x00"


class Segments:
    """All updates of a document in order, in pieces of at most `limit` bytes.

    A participant gets these pieces if the changes that the participant lacks do not fit into one message. Small updates are
    merged into one piece when there are 256 of them, or when together they have more than half of `limit` bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sealed: list[bytes] = []
        self._recent: list[bytes] = []
        self._recent_bytes = 0
        self._sealed_bytes = 0

    def append(self, update: bytes) -> None:
        """Add an update. Raise BadUpdateError for an update over the limit that cannot be split."""
        if len(update) > self._limit:
            self._seal()
            for piece in split(update, self._limit):
                self._sealed.append(piece)
                self._sealed_bytes += len(piece)
            return
        if self._recent_bytes + len(update) > self._limit:
            self._seal()
        self._recent.append(update)
        self._recent_bytes += len(update)
        if len(self._recent) >= 256 or self._recent_bytes > self._limit // 2:
            self._seal()

    def _seal(self) -> None:
        if self._recent:
            merged = self._recent[0] if len(self._recent) == 1 else merge_updates(*self._recent)
            self._sealed.append(merged)
            self._sealed_bytes += len(merged)
        self._recent, self._recent_bytes = [], 0

    def __len__(self) -> int:
        """Return how many bytes all stored pieces have together."""
        return self._sealed_bytes + self._recent_bytes

    def all(self) -> list[bytes]:
        """Return all stored pieces, the oldest first."""
        self._seal()
        return list(self._sealed)
