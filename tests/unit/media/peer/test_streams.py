from __future__ import annotations

from itertools import pairwise

import pytest

from media.bandwidth import RepeatBudget
from media.bandwidth.repeats import MOST_PER_S
from media.packets import rtcp, rtp
from media.packets import rtx as repair
from media.peer import streams
from tests.unit.media.packets.test_rtp import packet, vp8_payload


def feed(stream: streams.Incoming, *sequences: int, at: float = 0.0) -> None:
    for sequence in sequences:
        stream.receive(rtp.parse(packet(sequence, sequence * 3000)), at)


@pytest.fixture
def camera() -> streams.Incoming:
    return streams.Incoming(7, "camera", 0.0)


def test_missing_packet_is_requested_until_it_arrives(camera: streams.Incoming) -> None:
    feed(camera, 10, 11, 14)
    assert camera.nacks(0.001) == []  # after 1 ms, the missing packets can still be merely late
    assert camera.nacks(0.01) == [12, 13]
    assert camera.nacks(0.03) == []
    feed(camera, 12, at=0.05)
    assert camera.nacks(0.08) == [13]
    feed(camera, 13, at=0.09)
    assert camera.nacks(1.0) == []


def test_keyframe_is_requested_after_too_many_nacks(camera: streams.Incoming) -> None:
    feed(camera, 10, 12)
    asked = [camera.nacks(0.1 * number) for number in range(1, 20)]
    assert asked.count([11]) == streams.NACK_TRIES
    assert camera.keyframe_due(3.0)
    assert not camera.keyframe_due(3.1)


def test_large_gap_requests_a_keyframe_not_hundreds_of_packets(camera: streams.Incoming) -> None:
    feed(camera, 10, 1000)
    assert camera.nacks(0.1) == []
    assert camera.keyframe_due(0.1)


def test_lost_voice_is_never_requested_again() -> None:
    voice = streams.Incoming(7, "audio", 0.0)
    feed(voice, 10, 14)
    assert voice.nacks(1.0) == []


def test_keyframe_requests_are_throttled(camera: streams.Incoming) -> None:
    asked = 0
    for tick in range(100):
        camera.wants_keyframe = True
        asked += camera.keyframe_due(tick * 0.02)
    assert asked == pytest.approx(2 / streams.KEYFRAME_EVERY_S, abs=1)


def test_sender_learns_its_loss_and_round_trip(camera: streams.Incoming) -> None:
    feed(camera, *range(65530, 65536), *range(5))
    feed(camera, 8)
    camera.sender_report(rtcp.SenderReport(7, 0x1111_2222_3333_4444, 0), 0.0, now=2.0)
    block = camera.block(now=2.5)
    assert (block.lost, block.lost_fraction) == (3, 3 * 256 // 15)
    assert block.highest == 65536 + 8
    assert (block.last_sr, block.delay) == (0x2222_3333, 32768)
    feed(camera, 9, 10)
    assert camera.block(now=3.0).lost_fraction == 0


def test_voice_sender_learns_the_loss_of_the_whole_path() -> None:
    voice = streams.Incoming(7, "audio", 0.0)
    feed(voice, *range(10), *range(11, 20))
    voice.lost_beyond = 0.2
    block = voice.block(now=1.0)
    assert block.lost_fraction / 256 == pytest.approx(1 - 0.95 * 0.8, abs=1 / 256)
    assert block.lost == 1, "the count is of what was lost on the way here"


class Slot:
    """A slot (an outgoing video stream to one viewer), and the packets that it has sent."""

    def __init__(self, rtx: int = -1) -> None:
        self.sent: list[bytes] = []
        self.out = streams.Outgoing("slot0", 96, self._seal, rtx=rtx)

    def _seal(self, data: bytes) -> bytes:
        self.sent.append(data)
        return b"sealed" + data

    def relay(self, source: streams.Incoming, sequence: int, *, key: bool = False, at: float = 0.0) -> None:
        data = packet(sequence, sequence * 3000, payload=vp8_payload(sequence & 0x7FFF, key=key))
        header = rtp.parse(data)
        self.out.relay(source, data, header, at, rtp.vp8(data[header.payload :]))


def test_video_starts_with_a_requested_keyframe(camera: streams.Incoming) -> None:
    slot = Slot()
    slot.relay(camera, 10)
    assert slot.sent == []
    assert camera.wants_keyframe
    slot.relay(camera, 11, key=True)
    slot.relay(camera, 12)
    assert len(slot.sent) == 2


def test_new_video_in_the_same_slot_starts_with_a_keyframe(camera: streams.Incoming) -> None:
    slot, other = Slot(), streams.Incoming(8, "screen", 0.0)
    slot.relay(camera, 10, key=True)
    slot.relay(other, 900)
    slot.relay(other, 901, key=True)
    sequences = [rtp.parse(data).sequence for data in slot.sent]
    assert len(sequences) == 2
    assert rtp.ahead(sequences[1], sequences[0]) == 1


def test_nack_is_answered_from_the_cache_byte_for_byte(camera: streams.Incoming) -> None:
    slot = Slot()
    for sequence in range(10, 20):
        slot.relay(camera, sequence, key=sequence == 10)
    wanted = rtp.parse(slot.sent[4]).sequence
    assert slot.out.repair((wanted, 60000), RepeatBudget(0.0), 1.0) == [b"sealed" + slot.sent[4]]


def test_nacks_cannot_multiply_traffic(camera: streams.Incoming) -> None:
    slot = Slot()
    for sequence in range(10, 200):
        slot.relay(camera, sequence, key=sequence == 10)
    everything = tuple(rtp.parse(data).sequence for data in slot.sent)
    budget = RepeatBudget(0.0)
    sent = sum(len(slot.out.repair(everything, budget, 1.0 + number * 0.001)) for number in range(1000))
    assert sent <= 2 * MOST_PER_S + 1


def test_reports_of_a_relayed_stream_give_its_capture_time(camera: streams.Incoming) -> None:
    slot = Slot()
    feed(camera, 10)
    camera.sender_report(rtcp.SenderReport(7, int(5000.0 * (1 << 32)), 10 * 3000), clock_offset=-1000.0, now=1.0)
    slot.relay(camera, 10, key=True, at=1.2)
    report = slot.out.report(1.2, lambda now: now + 9999)
    assert report is not None
    [parsed] = rtcp.parse(report)
    assert isinstance(parsed, rtcp.SenderReport)
    # the frame was captured at 5000 s by the sender's clock: 4000 s by the worker's clock. When the packet arrived does not
    # matter.
    assert parsed.ntp == rtcp.ntp(4000.0)
    assert parsed.timestamp == rtp.parse(slot.sent[0]).timestamp


def test_reports_of_the_mix_give_the_age_of_its_sound() -> None:
    out = streams.Outgoing("audio", 111, lambda data: data)
    assert out.report(0.0, lambda now: now) is None
    out.append(b"mix", 960, False, 10.0)
    [parsed] = rtcp.parse(out.report(10.0, lambda now: now + 100) or b"")
    assert isinstance(parsed, rtcp.SenderReport)
    assert parsed.ntp == rtcp.ntp(110.0 - streams.MIX_AGE_S)
    out.mix_age_s = 0.3
    [parsed] = rtcp.parse(out.report(10.0, lambda now: now + 100) or b"")
    assert isinstance(parsed, rtcp.SenderReport)
    assert parsed.ntp == rtcp.ntp(109.7)


def test_rtx_stream_carries_the_lost_packet(camera: streams.Incoming) -> None:
    slot = Slot(rtx=97)
    for sequence in range(10, 20):
        slot.relay(camera, sequence, key=sequence == 10)
    lost = slot.sent[4]
    wanted = rtp.parse(lost).sequence
    assert slot.out.repair((wanted, wanted), RepeatBudget(0.0), 1.0) == []
    first, second = slot.sent[10:]
    header = rtp.parse(first)
    assert (header.payload_type, header.ssrc) == (97, slot.out.repair_ssrc)
    assert rtp.ahead(rtp.parse(second).sequence, header.sequence) == 1
    unwrapped = repair.unwrap(first, header, 96, slot.out.ssrc)
    assert unwrapped is not None
    assert unwrapped == (lost, rtp.parse(lost))


def test_padding_only_rtx_packet_is_ignored() -> None:
    padding = bytes([0xA0, 97]) + bytes(10) + bytes(7) + b"\x08"
    assert repair.unwrap(padding, rtp.parse(padding), 96, 1) is None


class Layers:
    """The low and the high layer of one camera.

    The slot of a viewer (one outgoing stream) gets both layers at the same time, and chooses which layer to forward.
    """

    def __init__(self) -> None:
        self.low, self.high = streams.Incoming(7, "camera", 0.0, "l"), streams.Incoming(8, "camera", 0.0, "h")
        self.slot = Slot()
        self._number = {self.low: 100, self.high: 40_000}
        self.at = 0.0

    def send(self, *, key: streams.Incoming | None = None) -> list[streams.Incoming]:
        """Send one packet of each layer. Return the layers that the viewer's slot forwarded.

        `key`: the layer whose packet begins a keyframe.
        """
        self.at += 0.05
        went = []
        for layer in (self.low, self.high):
            self._number[layer] += 1
            before = len(self.slot.sent)
            self.slot.relay(layer, self._number[layer], key=key is layer, at=self.at)
            went += [layer] * (len(self.slot.sent) - before)
        return went


def test_higher_layer_takes_over_at_its_keyframe_without_a_gap() -> None:
    both = Layers()
    both.slot.out.show("l", at_once=False)
    assert both.send(key=both.low) == [both.low]
    assert both.send() == [both.low]
    both.slot.out.show("h", at_once=False)
    assert both.send() == [both.low], "until a keyframe comes the former layer goes on"
    assert both.high.wants_keyframe
    assert both.send(key=both.high) == [both.low, both.high]
    assert both.send() == [both.high]
    headers = [rtp.parse(data) for data in both.slot.sent]
    assert [rtp.ahead(new.sequence, old.sequence) for old, new in pairwise(headers)] == [1] * (len(headers) - 1)
    assert all(rtp.ticks_ahead(new.timestamp, old.timestamp) > 0 for old, new in pairwise(headers))
    pictures = [rtp.vp8(data[header.payload :]) for data, header in zip(both.slot.sent, headers, strict=True)]
    assert [(new.picture - old.picture) & 0x7FFF for old, new in pairwise(pictures)] == [1] * (len(headers) - 1)


def test_congested_path_stops_getting_the_higher_layer() -> None:
    both = Layers()
    both.slot.out.show("h", at_once=False)
    both.send(key=both.high)
    both.slot.out.show("l", at_once=True)
    assert both.send() == []
    assert both.low.wants_keyframe
    assert both.send(key=both.low) == [both.low]


def test_paused_video_sends_nothing_and_resumes_with_a_keyframe() -> None:
    both = Layers()
    both.slot.out.show("l", at_once=False)
    both.send(key=both.low)
    both.slot.out.show(None, at_once=True)
    assert [both.send(key=layer) for layer in (both.low, both.high)] == [[], []]
    both.slot.out.show("l", at_once=False)
    assert both.send() == []
    assert both.send(key=both.low) == [both.low]
