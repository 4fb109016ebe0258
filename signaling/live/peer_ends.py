"""Sentences for client authors that explain why a media worker ended a peer connection that nobody closed."""

from __future__ import annotations

from typing import TypeGuard

from signaling.protocol.reasons import PeerEndReason

PEER_ENDS: dict[PeerEndReason, str] = {
    "never_connected": "No packets of this connection came within 30 seconds.",
    "silent": "Nothing that is authentic has come from this connection for 30 seconds.",
    "no_consent": "For 30 seconds nothing has come from the address that packets were sent to.",
    "dtls_failed": "The DTLS handshake failed: the certificate is not that of the offer, or no cipher is common.",
    "not_draining": "More of the board waits to be sent than the connection takes.",
    "too_many_channels": "More data channels were opened than there may be.",
    "sctp_malformed": "The data channels' association sent what SCTP does not allow.",
    "sctp_overflow": "The data channels' association sent more than it had room for.",
    "internal": "A fault of the media worker, which is in its log.",
}


def is_fault(reason: str) -> TypeGuard[PeerEndReason]:
    """Return whether this reason means a fault. The result is False if the peer connection was ended on request."""
    return reason in PEER_ENDS
