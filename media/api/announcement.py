"""What a worker says of itself in Redis, signed: who can write into Redis must not be able to draw commands, and with them the
key that commands carry, to an address of theirs.

The signature (HMAC-SHA256) is made with a key that is derived from that of the commands. It covers the time: an announcement that
is repeated later is not believed.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from msgspec import Struct
from msgspec.structs import replace

WORKERS_KEY = "{sangdam}:media"
LEASE_MS = 2000
MOST_SKEW_MS = 30_000  # of two machines' clocks


class Announcement(Struct, kw_only=True):
    """What a worker that is leased says of itself, as JSON under `announcement_key(id)`, for `LEASE_MS`; the set `WORKERS_KEY`
    names all of them. `load`: share of one core that it used lately; `at`: when it was said, in Unix ms; `mac`: the signature of
    all the rest, in hex."""

    id: str
    url: str
    rooms: int
    peers: int
    load: float
    draining: bool = False
    at: int = 0
    mac: str = ""


class NotBelieved(Exception):
    """The sentence says why this announcement is not followed."""


_decode = msgspec.json.Decoder(Announcement).decode


def announcement_key(worker: str) -> str:
    return f"{WORKERS_KEY}:{worker}"


def sign(said: Announcement, secret: str, now_ms: int) -> bytes:
    """The JSON to be left in Redis. `secret`: what commands to the worker carry."""
    said = replace(said, at=now_ms, mac="")
    return msgspec.json.encode(replace(said, mac=_mac(said, secret)))


def believed(text: str | bytes, name: str, secret: str, now_ms: int) -> Announcement:
    """The announcement left for worker `name`. NotBelieved."""
    try:
        said = _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise NotBelieved("it is not understood") from None
    if not said.mac:
        raise NotBelieved("it is not signed: an earlier version, or a stranger")
    if not hmac.compare_digest(said.mac.encode(), _mac(replace(said, mac=""), secret).encode()) or said.id != name:
        raise NotBelieved("its signature is wrong: another secret, or a stranger")
    if abs(now_ms - said.at) > MOST_SKEW_MS:
        raise NotBelieved(f"it is {(now_ms - said.at) / 1000:.0f} s old: it was repeated, or the clocks differ")
    return said


def _mac(said: Announcement, secret: str) -> str:
    key = hmac.digest(secret.encode(), b"sangdam announcement", hashlib.sha256)
    return hmac.digest(key, msgspec.json.encode(said), hashlib.sha256).hex()
