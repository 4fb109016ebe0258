"""What the server that decides leaves in Redis, signed: who can write into Redis must not be able to draw requests, and with them
the servers' token and the cookies of staff, to an address of theirs.

The signature (HMAC-SHA256) is made with a key that is derived from the cluster's secret. It covers the term, which grows with
each server that decides, and the time: a lease of a former one, repeated, moves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

MOST_SKEW_MS = 30_000  # of two machines' clocks


class Leader(Struct, frozen=True, kw_only=True):
    """One life of a server, and where the others reach it."""

    id: str
    url: str


class Lease(Struct, frozen=True, kw_only=True):
    """`id` and `url`: the leader's; `term`: of the records, under which it decides or is about to; `at`: when this was signed, in
    Unix ms; `mac`: the signature of all the rest, in hex."""

    id: str
    url: str
    term: int = 0
    at: int = 0
    mac: str = ""

    @property
    def leader(self) -> Leader:
        return Leader(id=self.id, url=self.url)


NOBODY = Leader(id="", url="")
Doubt = Literal["", "unsigned", "late"]
_NONE = Lease(id="", url="")
_decode = msgspec.json.Decoder(Lease).decode


def sign(leader: Leader, term: int, key: bytes, now_ms: int) -> str:
    """The JSON to be left in Redis."""
    lease = Lease(id=leader.id, url=leader.url, term=term, at=now_ms)
    return msgspec.json.encode(replace(lease, mac=_mac(lease, key))).decode()


def read(text: str, key: bytes, now_ms: int) -> tuple[Lease, Doubt]:
    """Return the lease, and why not to believe it. "unsigned" (by us, or at all): it holds nothing and may be written over.
    "late": signed by us more than `MOST_SKEW_MS` ago or ahead."""
    if not text:
        return _NONE, ""
    try:
        lease = _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _NONE, "unsigned"
    if not lease.id or not hmac.compare_digest(lease.mac.encode(), _mac(replace(lease, mac=""), key).encode()):
        return _NONE, "unsigned"
    return lease, "late" if abs(now_ms - lease.at) > MOST_SKEW_MS else ""


def _mac(lease: Lease, key: bytes) -> str:
    return hmac.digest(key, msgspec.json.encode(lease), hashlib.sha256).hex()
