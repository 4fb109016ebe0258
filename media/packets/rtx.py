"""Retransmission in a separate stream (RTX, RFC 4588, SSRC-multiplexed): wrap and unwrap packets. This code does no I/O."""

from __future__ import annotations

import struct

from media.packets import rtp


def wrap(packet: bytes, payload_type: int, ssrc: int, sequence: int) -> bytes:
    """Return the retransmission of `packet`, with the original sequence number before the payload.

    `payload_type`, `ssrc`, `sequence`: those of the retransmission. `packet` must have no CSRCs and no header extensions.
    """
    marker = packet[1] & 0x80
    return (
        struct.pack("!BBH", 0x80, marker | payload_type, sequence)
        + packet[4:8]
        + struct.pack("!I", ssrc)
        + packet[2:4]
        + packet[12:]
    )


def unwrap(data: bytes, header: rtp.Header, payload_type: int, ssrc: int) -> tuple[bytes, rtp.Header] | None:
    """Return the original packet with its header extensions, and its header.

    `data`, `header`: the retransmission. `payload_type`, `ssrc`: those of the original stream. None: the retransmission contains
    only padding, with which the sender probes the path.
    """
    if header.end - header.payload < 2:
        return None
    sequence = int.from_bytes(data[header.payload : header.payload + 2], "big")
    second = payload_type | (0x80 if header.marker else 0)
    head = bytes([data[0] & ~0x20, second]) + struct.pack("!H", sequence) + data[4:8] + struct.pack("!I", ssrc)
    plain = head + data[12 : header.payload] + data[header.payload + 2 : header.end]
    return plain, header._replace(payload_type=payload_type, sequence=sequence, ssrc=ssrc, end=header.end - 2)
