"""Packets in a fuzz case. Each packet comes after two bytes that contain the packet's length."""

from __future__ import annotations


def split(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 2 <= len(data) and len(found) < 40:
        size = int.from_bytes(data[at : at + 2], "big") % 400
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


def joined(*packets: bytes) -> bytes:
    return b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets)
