from __future__ import annotations

from media.packets import rtp
from media.peer.requests import DEEPEST, MOST_RTT_S
from media.recording.order import Arrived, Order
from media.recording.track import AUDIO_WAIT_S


def packet(sequence: int, at: float = 0.0) -> Arrived:
    return Arrived(rtp.parse(rtp.build(96, False, sequence & 0xFFFF, 0, 1, b"x")), b"x", at)


def numbers(found: list) -> list[tuple[int, bool]]:
    return [(each.packet.header.sequence, each.after_loss) for each in found]


def test_reordered_packets_are_sorted_across_the_wrap() -> None:
    order = Order(0.6)
    found = [each for sequence in (65534, 0, 65535, 2, 1) for each in order.push(packet(sequence))]
    assert numbers(found) == [(65534, False), (65535, False), (0, False), (1, False), (2, False)]


def test_recording_waits_for_requested_sound() -> None:
    assert AUDIO_WAIT_S > DEEPEST * 0.02 + MOST_RTT_S


def test_retransmitted_packet_is_awaited_up_to_the_limit() -> None:
    order = Order(0.6)
    order.push(packet(1, 0.0))
    assert order.push(packet(3, 0.1)) == []
    assert order.late(0.69) == []
    assert numbers(order.push(packet(2, 0.65))) == [(2, False), (3, False)]
    order.push(packet(5, 1.0))
    assert numbers(order.late(1.6)) == [(5, True)]
    assert order.push(packet(4, 1.7)) == []


def test_duplicates_are_dropped_and_a_restart_counts_as_loss() -> None:
    order = Order(0.6)
    assert numbers(order.push(packet(1))) == [(1, False)]
    assert order.push(packet(1)) == []
    assert numbers(order.push(packet(30_000))) == [(30_000, True)]
    assert numbers(order.push(packet(30_001))) == [(30_001, False)]


def test_buffered_packets_are_bounded() -> None:
    order = Order(1e9)
    order.push(packet(0))
    found = [each for sequence in range(2, 1100) for each in order.push(packet(sequence))]
    assert numbers(found)[0] == (2, True)
