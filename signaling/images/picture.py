"""A re-encoded picture. The server imports this module, and not `reencode`, which loads the decoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mime = Literal["image/webp", "image/jpeg", "image/png"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A re-encoded picture."""

    data: bytes
    mime: Mime
    width: int
    height: int
