"""The signed lease that the leader keeps in Redis.

Without a signature, anybody who can write into Redis could name their own address as the leader's. Requests, the servers' token
and the cookies of staff would then go there. The signature (HMAC-SHA256) uses a key that is derived from the cluster's secret.
The signature covers the term, which grows with each leader, and the time of signing, so that replaying an old lease has no
effect.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

MOST_SKEW_MS = 30_000  # the clocks of two machines may differ by at most this many ms


class Leader(Struct, frozen=True, kw_only=True):
    """A server of the cluster. `id`: new at each start. `url`: where the other servers reach this server."""

    id: str
    url: str


class Lease(Struct, frozen=True, kw_only=True):
    """The signed statement by which the leader says that it leads.

    `id`, `url`: the leader's id and address (`Leader`). `term`: the number in the database that each new leader raises. At a
    takeover, the lease can contain a term that is not in the database yet. `at`: when the leader signed the lease, in Unix ms.
    `mac`: the signature of all other fields, in hex.
    """

    id: str
    url: str
    term: int = 0
    at: int = 0
    mac: str = ""

    @property
    def leader(self) -> Leader:
        """Return the server that this lease names."""
        return Leader(id=self.id, url=self.url)


NOBODY = Leader(id="", url="")
Doubt = Literal["", "unsigned", "late"]
_NONE = Lease(id="", url="")
_decode = msgspec.json.Decoder(Lease).decode


def sign(leader: Leader, term: int, key: bytes, now_ms: int) -> str:
    """Return a lease that says that `leader` leads, signed at `now_ms`, as JSON for Redis."""
    lease = Lease(id=leader.id, url=leader.url, term=term, at=now_ms)
    return msgspec.json.encode(replace(lease, mac=_mac(lease, key))).decode()


def read(text: str, key: bytes, now_ms: int) -> tuple[Lease, Doubt]:
    """Parse and check the text of a lease, as it stands in Redis.

    Return the lease and the reason to doubt it: "", "unsigned" or "late". "unsigned": the text has no valid signature of this
    cluster. Such a text is no lease and may be overwritten. "late": the signature is valid, but its time differs from this
    machine's clock by more than `MOST_SKEW_MS`.
    """
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
