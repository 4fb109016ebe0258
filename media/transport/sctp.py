"""Checks of SCTP packets that aiortc 1.16 does not make.

A parameter shorter than its header makes aiortc loop endlessly (found by fuzzing). If gaps of a SACK overlap or never end, aiortc
needs unbounded time (found by reading). The rules are in RFC 9260 sections 3.2 and 3.3.4. Pure: functions take bytes and numbers,
and return whether a packet is acceptable.
"""

from __future__ import annotations

from collections.abc import Sequence

COMMON_HEADER, CHUNK_HEADER, PARAMETER_HEADER = 12, 4, 4  # Bytes.
INIT_FIELDS = 16  # Bytes before the parameters of INIT and INIT ACK.
_PARAMETERS_AT = {1: INIT_FIELDS, 2: INIT_FIELDS, 4: 0, 5: 0, 6: 0, 9: 0, 130: 0}
"""Chunk types whose bodies are lists of parameters: INIT, INIT ACK, HEARTBEAT, HEARTBEAT ACK, ABORT, ERROR and RE-CONFIG."""


def has_sound_parameters(packet: bytes) -> bool:
    """Return False if a chunk or a parameter claims to be shorter than its own header: aiortc might read it forever."""
    at = COMMON_HEADER
    while at + CHUNK_HEADER <= len(packet):
        length = int.from_bytes(packet[at + 2 : at + 4], "big")
        if length < CHUNK_HEADER:
            return False
        first = _PARAMETERS_AT.get(packet[at])
        end = min(at + length, len(packet))
        if first is not None and not _advances(packet, at + CHUNK_HEADER + first, end):
            return False
        at += length + -length % 4
    return True


def _advances(packet: bytes, at: int, end: int) -> bool:
    while at + PARAMETER_HEADER <= end:
        length = int.from_bytes(packet[at + 2 : at + 4], "big")
        if length < PARAMETER_HEADER:
            return False
        at += length + -length % 4
    return True


def are_sound_gaps(gaps: Sequence[tuple[int, int]], outstanding: int) -> bool:
    """Return whether the gap blocks of a SACK are in order, do not overlap, and end within `outstanding`.

    `gaps`: (start, end) as offsets from the SACK's cumulative TSN. `outstanding`: number of chunks sent after this TSN. aiortc
    walks through each gap chunk by chunk, so one datagram of overlapping blocks would cost millions of steps.
    """
    before = 0
    for start, end in gaps:
        if not before < start <= end <= outstanding:
            return False
        before = end
    return True
