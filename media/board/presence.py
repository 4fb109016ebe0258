"""Signs of presence on a board: cursors, laser trails, and the part of a page to which somebody leads the others ("Follow me").

The board stores no signs of presence.

A browser sends varuint 1, then a length and the body: a byte for the kind of sign (`KINDS`), the name of a page of the board, the
number of pairs, and the pairs, each of two little-endian int16 (x, y in 1/8 unit). The board adds the sender's name, so that
nobody can point in the name of somebody else.
"""

from __future__ import annotations

import re

from .update import BadUpdateError, Reader, var_uint

PRESENCE = b"\x01"
MAX_BYTES = 512
MAX_PAIRS = 64
KINDS = {0: (0, 0), 1: (1, 1), 2: (1, MAX_PAIRS), 3: (2, 2), 4: (2, 2)}
"""Kind of sign → smallest and largest number of pairs (x, y) in the message. The kinds:

- 0: the sender's cursor has gone
- 1: cursor
- 2: laser trail
- 3: lead, what the sender sees, for people who follow the sender
- 4: come, which moves everybody else once to the part of the page that the sender sees
"""
_PAGE = re.compile(rb"^[A-Za-z0-9_.:-]{0,64}\Z")


def check(message: bytes) -> bytes:
    """Return the body of a message that carries a sign of presence.

    Raise BadUpdateError if the message does not have the form that this module describes.
    """
    if len(message) > MAX_BYTES:
        raise BadUpdateError("too_long")
    outer = Reader(message)
    outer.skip(len(PRESENCE))
    body = outer.blob()
    reader = Reader(body)
    least, most = KINDS.get(reader.byte(), (1, 0))
    page = reader.blob()
    pairs = reader.uint()
    if not least <= pairs <= most or not _PAGE.match(page):
        raise BadUpdateError("kind")
    reader.skip(4 * pairs)
    if reader.at != len(body) or outer.at != len(message):
        raise BadUpdateError("trailing")
    return body


def passed_on(participant: str, body: bytes) -> bytes:
    """Return the message that brings a participant's sign of presence (`body`, from `check`) to the other participants."""
    name = participant.encode()
    return PRESENCE + var_uint(len(name)) + name + var_uint(len(body)) + body
