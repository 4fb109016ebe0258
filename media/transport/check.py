"""Connectivity checks (Binding requests, RFC 8489 and RFC 8445), read and answered on bytes.

Every peer sends a check every few seconds, to ask whether it may still send (RFC 7675), so a busy worker answers checks all the
time. Without aioice's message objects, an answer takes a tenth of the time. The worker's own probes are rare, so they use aioice.
"""

from __future__ import annotations

import hmac
import socket
import struct
from dataclasses import dataclass
from zlib import crc32

COOKIE = b"\x21\x12\xa4\x42"
MAX_BYTES = 548
"""A longer message is not read. A message of this size fits any path (RFC 8489 section 6.1). Browsers' checks have about 100
bytes."""
USERNAME, MESSAGE_INTEGRITY, PRIORITY, USE_CANDIDATE, ICE_CONTROLLED = 0x0006, 0x0008, 0x0024, 0x0025, 0x8029
XOR_MAPPED_ADDRESS, FINGERPRINT, ERROR_CODE = 0x0020, 0x8028, 0x0009
TRANSACTION_BITS = 1 << 16
"""Number of bits (8 KiB) in which one peer's transactions are remembered. After an hour with a check every 2.5 s, 0.2 % of the
new transactions are taken for repeated ones."""
_HEAD, _ATTRIBUTE = struct.Struct("!HHI12s"), struct.Struct("!HH")
_INTEGRITY_BYTES, _FINGERPRINT_BYTES, _FINGERPRINT_XOR = 24, 8, 0x5354554E
_COOKIE = 0x2112A442


@dataclass(slots=True)
class Check:
    """A Binding request that was read but not verified yet. Trust the request only if `is_authentic`.

    `username` is `our ufrag:their ufrag`. `nominates`: whether the request has USE-CANDIDATE. `controlled`: whether the sender
    claims the controlled role, which is ours. `integrity_at`: offset of MESSAGE-INTEGRITY in `data`; 0: it is missing.
    """

    data: bytes
    username: bytes = b""
    priority: int = 0
    nominates: bool = False
    controlled: bool = False
    integrity_at: int = 0

    @property
    def transaction(self) -> bytes:
        """Transaction id (12 bytes)."""
        return self.data[8:20]

    def is_authentic(self, key: bytes) -> bool:
        """Return whether MESSAGE-INTEGRITY is valid (RFC 8489 section 14.5). `key`: our ICE password.

        MESSAGE-INTEGRITY covers all bytes before it. For the computation, the length in the header is set as if MESSAGE-INTEGRITY
        were the last attribute.
        """
        at = self.integrity_at
        if not at:
            return False
        covered = self.data[:2] + (at - 20 + _INTEGRITY_BYTES).to_bytes(2, "big") + self.data[4:at]
        return hmac.compare_digest(hmac.digest(key, covered, "sha1"), self.data[at + 4 : at + _INTEGRITY_BYTES])


class Transactions:
    """Memory of earlier transactions: a Bloom filter, which forgets no transaction and never grows.

    The filter recognises every repeated transaction. It can mistake a new transaction for a repeated one, and does so more often
    the more transactions have come.
    """

    def __init__(self) -> None:
        self._bits = bytearray(TRANSACTION_BITS // 8)

    def add(self, transaction: bytes) -> bool:
        """Remember a transaction. Return whether the transaction is new."""
        hashed = crc32(transaction)
        new = False
        for at in (hashed & 0xFFFF, hashed >> 16):
            new = new or not self._bits[at >> 3] >> (at & 7) & 1
            self._bits[at >> 3] |= 1 << (at & 7)
        return new


def read(data: bytes) -> Check | None:
    """Return the Binding request in `data`. None: `data` is another message, or malformed."""
    size = len(data)
    if data[:2] != b"\0\1" or data[4:8] != COOKIE or not 20 <= size <= MAX_BYTES or int.from_bytes(data[2:4], "big") != size - 20:
        return None
    found = Check(data)
    at = 20
    while at + 4 <= size and not found.integrity_at:  # MESSAGE-INTEGRITY does not cover the attributes after it
        kind, length = _ATTRIBUTE.unpack_from(data, at)
        end = at + 4 + length
        if end > size:
            return None
        if kind == USERNAME:
            found.username = data[at + 4 : end]
        elif kind == PRIORITY and length == 4:
            found.priority = int.from_bytes(data[at + 4 : end], "big")
        elif kind == USE_CANDIDATE:
            found.nominates = True
        elif kind == ICE_CONTROLLED:
            found.controlled = True
        elif kind == MESSAGE_INTEGRITY and length == _INTEGRITY_BYTES - 4:
            found.integrity_at = at
        at = end + (-length & 3)
    return found


def answer(transaction: bytes, address: tuple[str, int], key: bytes) -> bytes:
    """Return a success response. `address`: where the request came from (XOR-MAPPED-ADDRESS). `key`: our ICE password."""
    return _sealed(0x0101, transaction, _mapped(transaction, address), key)


def _mapped(transaction: bytes, address: tuple[str, int]) -> bytes:
    """Return the attribute XOR-MAPPED-ADDRESS."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    packed = socket.inet_pton(family, address[0])
    size = len(packed)
    mapped = int.from_bytes(packed, "big") ^ int.from_bytes((COOKIE + transaction)[:size], "big")
    value = struct.pack("!BBH", 0, 1 if size == 4 else 2, address[1] ^ (_COOKIE >> 16)) + mapped.to_bytes(size, "big")
    return _ATTRIBUTE.pack(XOR_MAPPED_ADDRESS, len(value)) + value


def echo(transaction: bytes, address: tuple[str, int]) -> bytes:
    """Return the response to a request without credentials, as a STUN server sends it (RFC 8489 section 12).

    The response has 32 bytes for IPv4, little more than the smallest request, so nobody can use it to amplify an attack.
    """
    body = _mapped(transaction, address)
    return _HEAD.pack(0x0101, len(body), _COOKIE, transaction) + body


def role_conflict(transaction: bytes, key: bytes) -> bytes:
    """Return a role conflict error, which tells the peer to take the controlling role.

    A lite agent, such as this worker, is always controlled (RFC 8445 section 6.1.1).
    """
    value = b"\0\0\x04\x57" + b"Role Conflict"
    return _sealed(0x0111, transaction, _ATTRIBUTE.pack(ERROR_CODE, len(value)) + value + b"\0" * (-len(value) & 3), key)


def _sealed(kind: int, transaction: bytes, attribute: bytes, key: bytes) -> bytes:
    """Return a message with MESSAGE-INTEGRITY and the fingerprint that browsers require (RFC 8445 section 7.1.1.1)."""
    body = attribute
    covered = _HEAD.pack(kind, len(body) + _INTEGRITY_BYTES, _COOKIE, transaction) + body
    body += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, _INTEGRITY_BYTES - 4) + hmac.digest(key, covered, "sha1")
    message = _HEAD.pack(kind, len(body) + _FINGERPRINT_BYTES, _COOKIE, transaction) + body
    return message + struct.pack("!HHI", FINGERPRINT, 4, crc32(message) ^ _FINGERPRINT_XOR)
