"""The content of a push. Pure.

A push holds only what a lock screen may show: the site's name and the kind of event. A push holds no person's name and no chat
line.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from signaling.protocol.own_texts import words_in
from signaling.protocol.texts import Seen

Kind = Literal["user", "callback", "help", "transfer", "over", "away", "accepted", "answered"]

_RINGS: Final = frozenset({"user", "callback", "help", "transfer"})
_TITLE = Seen(120, cut=True)


def payload(kind: Kind, tag: str, args: dict[str, Any], language: str, device: str, left_ms: int) -> bytes:
    """Return the content of a push as JSON, which the page's service worker reads (`web/src/worker/payload.ts`).

    `tag`: a later push with the same tag replaces this push's notification. `args`: its entry "site" is the site's name, which
    becomes the notification's title.
    `device`: the id of the browser in the database. `left_ms`: how many milliseconds a ring (an alert about a request) still
    lasts. A push contains no time of day, because the browser's clock can be wrong.
    """
    words = words_in(language, "push")
    said: dict[str, Any] = {
        "kind": kind,
        "tag": tag,
        "title": _TITLE(str(args.get("site", "")) or "Sangdam"),
        "body": words[kind],
    }
    if kind in _RINGS:
        said |= {"ms": left_ms, "accept": words["accept"], "decline": words["decline"]}
        said |= {"late": words["over"], "failed": words["failed"]}
    elif kind in ("accepted", "answered"):
        said["device"] = device
    return msgspec.json.encode(said)
