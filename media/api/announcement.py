"""Signed announcement of a worker in Redis.

The server sends commands, together with a secret, to the address in an announcement. Somebody who can write into Redis, but does
not know the secret, must not be able to direct commands to another address. So announcements are signed (HMAC-SHA256) with a key
that is derived from the secret. The signature covers the time of signing, so the server rejects an announcement that somebody
replays more than 30 s later.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from msgspec import Struct
from msgspec.structs import replace

WORKERS_KEY = "{sangdam}:media"
LEASE_MS = 2000  # Milliseconds after which Redis deletes an announcement that the worker has not renewed.
MOST_SKEW_MS = 30_000  # An announcement that was signed more than this many ms before or after the server's time is rejected.


class Announcement(Struct, kw_only=True):
    """The state that a worker announces in Redis.

    The announcement is JSON under `announcement_key(id)`. Redis deletes the announcement after `LEASE_MS`, unless the worker
    renews it. The set `WORKERS_KEY` contains the ids of all workers.

    `url`: where the worker takes commands. `load`: fraction of one core that the worker has used since its previous announcement.
    `draining`: whether the worker takes no new rooms. `at`: when the announcement was signed, in Unix ms. `mac`: signature of all
    other fields, in hex.
    """

    id: str
    url: str
    rooms: int
    peers: int
    load: float
    draining: bool = False
    at: int = 0
    mac: str = ""


class NotBelieved(Exception):
    """An announcement is rejected. The message says why."""


_decode = msgspec.json.Decoder(Announcement).decode


def announcement_key(worker: str) -> str:
    """Return the Redis key of a worker's announcement."""
    return f"{WORKERS_KEY}:{worker}"


def sign(said: Announcement, secret: str, now_ms: int) -> bytes:
    """Return the signed JSON for Redis. `secret`: the bearer token of commands to the worker. `now_ms`: Unix ms."""
    said = replace(said, at=now_ms, mac="")
    return msgspec.json.encode(replace(said, mac=_mac(said, secret)))


def believed(text: str | bytes, name: str, secret: str, now_ms: int) -> Announcement:
    """Return the announcement of worker `name`. `now_ms`: Unix ms.

    Raise NotBelieved if the announcement is malformed or not authentic, or if its `at` is more than `MOST_SKEW_MS` from `now_ms`.
    """
    try:
        said = _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise NotBelieved("it is malformed") from None
    if not said.mac:
        raise NotBelieved("it is not signed: the worker has an earlier version, or a stranger wrote it")
    if not hmac.compare_digest(said.mac.encode(), _mac(replace(said, mac=""), secret).encode()) or said.id != name:
        raise NotBelieved("its signature is wrong: the worker has another secret, or a stranger wrote it")
    if abs(now_ms - said.at) > MOST_SKEW_MS:
        raise NotBelieved(f"it is {(now_ms - said.at) / 1000:.0f} s old: it was repeated, or the clocks differ")
    return said


def _mac(said: Announcement, secret: str) -> str:
    key = hmac.digest(secret.encode(), b"sangdam announcement", hashlib.sha256)
    return hmac.digest(key, msgspec.json.encode(said), hashlib.sha256).hex()
