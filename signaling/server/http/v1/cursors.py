"""Cursors of the API's lists. A cursor says where the next part of a list begins."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from msgspec import Meta

from signaling.server.http.errors import Refused

_PLACE = re.compile(r"([0-9]{1,15}) ([A-Za-z0-9_.:-]{1,64})")
Cursor = Annotated[str, Meta(max_length=120, pattern=r"^[A-Za-z0-9_-]*\Z")]
Limit = Annotated[int, Meta(ge=1, le=200)]


def cursor_after(time: int, id: str) -> str:
    """Return the cursor of that part of a list which begins after the item with this time (Unix ms) and id."""
    return base64.urlsafe_b64encode(f"{time} {id}".encode()).rstrip(b"=").decode()


def place_of(cursor: str) -> tuple[int, str] | None:
    """Return the time and id of the last item before this part of the list. Return None for the first part.

    Raises Refused(bad_request) if the cursor is malformed.
    """
    if not cursor:
        return None
    try:
        place = _PLACE.fullmatch(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError):
        place = None
    if place is None:
        raise Refused(400, "bad_request", "“cursor” is no cursor of this list.")
    return int(place[1]), place[2]
