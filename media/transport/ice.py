"""ICE-lite (RFC 8445 section 2.5) for one peer: pure, time is a parameter (seconds, monotonic).

We never send to an address that has not passed a check of the peer's, so nobody can aim this server at a third party.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass
from typing import NamedTuple

from aioice import stun

CONSENT_S = 30.0
"""RFC 7675 section 5.1."""
SILENT_S = 0.5
"""The selected address counts as silent after this, and media may move."""
PROBE_EVERY_S = 0.1
PROBES_PENDING = 16
MAX_PATHS = 16
MAX_STUN_BYTES = 548
"""RFC 8489 section 6.1: what fits any path; browsers' checks have about 100 bytes."""
SWITCH_MARGIN_S = 0.02
COOKIE = b"\x21\x12\xa4\x42"
USERNAME = 6

Address = tuple[str, int] | tuple[str, int, int, int]


class StunError(Exception):
    """Not a STUN message that we understand."""


class Path(NamedTuple):
    """A local socket (its index) and a remote address, as the socket reports it."""

    socket: int
    address: Address


@dataclass
class _Checked:
    heard: float
    priority: int = 0
    nominated: bool = False
    probed: float = float("-inf")


def parse(data: bytes) -> stun.Message:
    """Raises `StunError` only, whatever the bytes."""
    if len(data) > MAX_STUN_BYTES:
        raise StunError("too long")
    try:
        return stun.parse_message(data)
    except (ValueError, struct.error, IndexError, KeyError, TypeError) as error:
        raise StunError(type(error).__name__) from None


def addressee(data: bytes) -> str | None:
    """Whom a Binding request is for, at a twentieth of the cost of parsing it: most of a flood ends here.

    The part of USERNAME before the colon (`ours:theirs`, RFC 8445 section 7.2.2); "" when there is none, None when this is not a
    Binding request.
    """
    if data[:2] != b"\0\1" or data[4:8] != COOKIE or len(data) > MAX_STUN_BYTES:
        return None
    at = 20
    while at + 4 <= len(data):
        size = data[at + 2] << 8 | data[at + 3]
        if data[at] == 0 and data[at + 1] == USERNAME:
            return data[at + 4 : at + 4 + size].partition(b":")[0].decode("latin-1")
        at += 4 + size + (-size & 3)
    return ""


class IceLite:
    """The checked addresses of one peer and the one that media goes to."""

    def __init__(self, remote_ufrag: str, remote_password: str, now: float) -> None:
        self.ufrag = secrets.token_urlsafe(12).replace("-", "a").replace("_", "b")
        self.password = secrets.token_urlsafe(24).replace("-", "a").replace("_", "b")
        self.selected: Path | None = None
        self.established = False
        self._remote_ufrag = remote_ufrag
        self._remote_key = remote_password.encode()
        self._paths: dict[Path, _Checked] = {}
        self._pending: dict[bytes, Path] = {}
        self._consent = now

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self._paths)

    def allows(self, path: Path) -> bool:
        return path in self._paths

    def heard(self, path: Path, now: float) -> None:
        """An authenticated packet (SRTP) came from a checked address."""
        checked = self._paths.get(path)
        if checked is not None:
            checked.heard = now

    def expired(self, now: float) -> bool:
        return now - self._consent > CONSENT_S

    def request(self, message: stun.Message, path: Path, now: float) -> bytes | None:
        """Answer to a Binding request, or None: not authentic, to be dropped. The address is checked from now on."""
        if message.message_class is not stun.Class.REQUEST or message.message_method is not stun.Method.BINDING:
            return None
        if message.attributes.get("USERNAME") != f"{self.ufrag}:{self._remote_ufrag}":
            return None
        if not message.check_message_integrity(self.password.encode()):
            return None
        if "ICE-CONTROLLED" in message.attributes:
            return self._role_conflict(message)
        self._check(message, path, now)
        reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
        reply.attributes["XOR-MAPPED-ADDRESS"] = path.address[:2]
        reply.add_message_integrity(self.password.encode())
        return bytes(reply)

    def response(self, message: stun.Message, path: Path, now: float) -> bool:
        """The peer's answer to a probe of ours. False: not authentic, or not asked for."""
        asked = self._pending.get(message.transaction_id)
        if message.message_class is not stun.Class.RESPONSE or asked != path:
            return False
        if not message.check_message_integrity(self._remote_key):
            return False
        del self._pending[message.transaction_id]
        self.heard(path, now)
        if self._silent(now) and path in self._paths:
            self.selected = path
        return True

    def probes(self, now: float) -> list[tuple[Path, bytes]]:
        """Binding requests to send now: to addresses heard after the selected one fell silent."""
        if not self.established or not self._silent(now):
            return []
        last = self._paths[self.selected].heard if self.selected in self._paths else float("-inf")
        requests = []
        for path, checked in self._paths.items():
            newer = path != self.selected and checked.heard > last + SWITCH_MARGIN_S
            if newer and now - checked.heard < CONSENT_S and now - checked.probed >= PROBE_EVERY_S:
                checked.probed = now
                requests.append((path, self._probe(path)))
        return requests

    def _check(self, message: stun.Message, path: Path, now: float) -> None:
        self._consent = now
        checked = self._paths.get(path)
        if checked is None:
            if len(self._paths) >= MAX_PATHS:
                self._forget_oldest()
            checked = self._paths[path] = _Checked(heard=now)
        checked.heard = now
        checked.priority = max(checked.priority, message.attributes.get("PRIORITY", 0))
        checked.nominated = checked.nominated or "USE-CANDIDATE" in message.attributes
        if not self.established:
            self.selected = max(self._paths, key=lambda each: (self._paths[each].nominated, self._paths[each].priority))

    def _forget_oldest(self) -> None:
        oldest = min((path for path in self._paths if path != self.selected), key=lambda path: self._paths[path].heard)
        del self._paths[oldest]

    def _silent(self, now: float) -> bool:
        checked = self._paths.get(self.selected) if self.selected else None
        return checked is None or now - checked.heard >= SILENT_S

    def _probe(self, path: Path) -> bytes:
        while len(self._pending) >= PROBES_PENDING:
            del self._pending[next(iter(self._pending))]
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self._remote_ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 0x7E0000FF
        message.attributes["ICE-CONTROLLED"] = secrets.randbits(64)
        message.add_message_integrity(self._remote_key)
        self._pending[message.transaction_id] = path
        return bytes(message)

    def _role_conflict(self, message: stun.Message) -> bytes:
        """A lite agent is always controlled (RFC 8445 section 6.1.1): the peer has to switch."""
        reply = stun.Message(stun.Method.BINDING, stun.Class.ERROR, message.transaction_id)
        reply.attributes["ERROR-CODE"] = (487, "Role Conflict")
        reply.add_message_integrity(self.password.encode())
        return bytes(reply)
