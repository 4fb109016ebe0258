"""ICE-lite (RFC 8445 section 2.5) for one peer. Pure: time is a parameter (seconds, monotonic).

The worker sends only to addresses from which the peer has sent a valid check, so nobody can direct the worker's traffic at a
third party.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass
from typing import NamedTuple

from aioice import stun

from media.transport.check import MAX_BYTES, Check, Transactions, answer, role_conflict

CONSENT_S = 30.0
"""After this many seconds without a sign of life from the selected address, we must not send to the peer (RFC 7675 section
5.1)."""
ASK_EVERY_S = 2.0
"""While the selected address is silent, we probe it at intervals of this many seconds. A peer that sends only answers to these
probes does not count as failed, because `LOST_S` of `media.peer.peer` is longer."""
SILENT_S = 0.5
"""After this many seconds of silence from the selected address, media can move to another address."""
PROBE_EVERY_S = 0.1  # At least this many seconds pass between two probes of one address.
PROBES_PENDING = 16  # At most this many unanswered probes of one peer are remembered.
# At most this many addresses of one peer are remembered. A further address replaces the address that has been silent longest, but
# never the selected address.
MAX_PATHS = 16
# An address is probed if its last packet came more than this many seconds later than the last packet from the selected address.
SWITCH_MARGIN_S = 0.02

Address = tuple[str, int] | tuple[str, int, int, int]


class StunError(Exception):
    """The datagram is not a STUN message that this module can read."""


class Path(NamedTuple):
    """The path of a datagram: the index of the local socket, and the remote address as this socket reports it."""

    socket: int
    address: Address


@dataclass
class _Checked:
    heard: float
    priority: int = 0
    nominated: bool = False
    probed: float = float("-inf")


def parse(data: bytes) -> stun.Message:
    """Return a STUN message. Raise only `StunError`, whatever the bytes."""
    if len(data) > MAX_BYTES:
        raise StunError("too long")
    try:
        return stun.parse_message(data)
    except (ValueError, struct.error, IndexError, KeyError, TypeError) as error:
        raise StunError(type(error).__name__) from None


class IceLite:
    """Checked addresses of one peer, and the selected one that media goes to."""

    def __init__(self, remote_ufrag: str, remote_password: str, now: float) -> None:
        self.ufrag = secrets.token_urlsafe(12).replace("-", "a").replace("_", "b")
        self.password = secrets.token_urlsafe(24).replace("-", "a").replace("_", "b")
        self.selected: Path | None = None
        self.established = False
        self._remote_ufrag = remote_ufrag
        self._remote_key = remote_password.encode()
        self._paths: dict[Path, _Checked] = {}
        self._pending: dict[bytes, Path] = {}
        self._seen = Transactions()
        self._consent = now

    @property
    def paths(self) -> tuple[Path, ...]:
        """All addresses of this peer that have passed a connectivity check."""
        return tuple(self._paths)

    @property
    def has_choice(self) -> bool:
        """Return whether media can go to more than one address of this peer."""
        return len(self._paths) > 1

    def allows(self, path: Path) -> bool:
        """Return whether this address of the peer has passed a connectivity check."""
        return path in self._paths

    def heard(self, path: Path, now: float) -> None:
        """Record an authentic packet (SRTP, SRTCP, DTLS, a response) from a checked address.

        A packet from the selected address counts as consent to send there.
        """
        checked = self._paths.get(path)
        if checked is not None:
            checked.heard = max(checked.heard, now)
            if path == self.selected:
                self._consent = max(self._consent, now)

    def expired(self, now: float) -> bool:
        """Return whether the peer's consent to receive media (RFC 7675) has expired."""
        return now - self._consent > CONSENT_S

    def request(self, asked: Check, path: Path, now: float) -> tuple[bytes, bool] | None:
        """Return the response to a Binding request, and whether the request is a sign of life.

        None: the request is not authentic. The address of an authentic request counts as checked from now on. There is one
        exception: if the peer claims the controlled role, which is ours, the response is an error, and nothing changes. A request
        whose transaction has come before can be a copy that a stranger sends. Such a request is answered like a retransmission,
        but is no sign of life.
        """
        key = self.password.encode()
        if asked.username != f"{self.ufrag}:{self._remote_ufrag}".encode() or not asked.is_authentic(key):
            return None
        if asked.controlled:
            return role_conflict(asked.transaction, key), False
        new = self._seen.add(asked.transaction)
        self._check(asked, path, now, new=new)
        return answer(asked.transaction, path.address[:2], key), new

    def response(self, message: stun.Message, path: Path, now: float) -> bool:
        """Take the peer's response to one of the worker's probes.

        Return False if the response is not authentic, or if it does not come from the address to which its probe was sent.

        If the selected address is silent, select the address of the response: media then goes to that address.
        """
        asked = self._pending.get(message.transaction_id)
        if message.message_class is not stun.Class.RESPONSE or asked != path:
            return False
        if not message.check_message_integrity(self._remote_key):
            return False
        del self._pending[message.transaction_id]
        if path in self._paths and path != self.selected and self._silent(now):
            self.selected = path
        self.heard(path, now)
        return True

    def probes(self, now: float) -> list[tuple[Path, bytes]]:
        """Return the Binding requests to send now. There are none until the selected address has been silent for `SILENT_S`.

        The requests go to addresses from which packets have come after the last packet from the selected address. After
        `ASK_EVERY_S` seconds of silence, a request also goes to the selected address, to ask for consent to send (RFC 7675). Only
        the peer can give a valid response.
        """
        if not self.established or not self._silent(now):
            return []
        last = self._paths[self.selected].heard if self.selected in self._paths else float("-inf")
        requests = []
        for path, checked in self._paths.items():
            if path == self.selected:
                due = now - max(checked.heard, checked.probed) >= ASK_EVERY_S
            else:
                newer = checked.heard > last + SWITCH_MARGIN_S
                due = newer and now - checked.heard < CONSENT_S and now - checked.probed >= PROBE_EVERY_S
            if due:
                checked.probed = now
                requests.append((path, self._probe(path)))
        return requests

    def _check(self, asked: Check, path: Path, now: float, *, new: bool) -> None:
        checked = self._paths.get(path)
        if checked is None:
            if len(self._paths) >= MAX_PATHS:
                self._forget_oldest()
            checked = self._paths[path] = _Checked(heard=float("-inf"))
        checked.priority = max(checked.priority, asked.priority)
        checked.nominated = checked.nominated or asked.nominates
        if not self.established:
            self.selected = max(self._paths, key=lambda each: (self._paths[each].nominated, self._paths[each].priority))
        if new:
            self.heard(path, now)

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
