"""The uplink assigns each packet from a participant to the right stream.

The tests send packets of browsers and of load tests, video layers, retransmissions (RTX), changed SSRCs and repeated packets.
"""

from __future__ import annotations

import struct
from collections import Counter

import pytest

from media.packets import red, rtp, sdp
from media.peer.uplink import MAX_SSRCS, Uplink
from tests.peers.offer import MID, OPUS, RED, RID, RTX, TRANSPORT_CC, VP8, offer

REPAIRED_RID = 6


def an_uplink(layers: tuple[str, ...] = ()) -> Uplink:
    text = offer("ufrag", "p" * 24, ":".join(["AA"] * 32), layers, repairs=True)
    found = sdp.parse(text.replace("\r\na=mid:1\r\n", f"\r\na=mid:1\r\na=extmap:{REPAIRED_RID} {sdp.REPAIRED_RID_URI}\r\n"))
    return Uplink(found, Counter())


def packet(ssrc: int, sequence: int, kind: int = VP8, payload: bytes = b"\x10\0picture", **extensions: bytes) -> bytes:
    numbers = {"mid": MID, "rid": RID, "repaired": REPAIRED_RID, "number": TRANSPORT_CC}
    block = b"".join(bytes([numbers[name] << 4 | len(value) - 1]) + value for name, value in extensions.items())
    block += b"\0" * (-len(block) % 4)
    head = rtp.HEADER.pack(0x90, kind, sequence & 0xFFFF, sequence * 3000 & 0xFFFFFFFF, ssrc)
    return head + struct.pack("!HH", 0xBEDE, len(block) // 4) + block + payload


def take(uplink: Uplink, data: bytes, now: float = 0.0) -> tuple[str, int, bytes] | None:
    """Return (stream, sequence number, payload) of the packet that the room gets, or None if the room gets no packet.

    A stream is named by what it carries ("audio", "camera" or "screen") and, if it has layers, by its layer.
    """
    header = rtp.parse(data)
    stream = uplink.stream(data, header, now)
    if stream is None or stream.role == "audio":
        return None if stream is None else ("audio", header.sequence, data[header.payload : header.end])
    taken = uplink.picture(stream, data, header, now, now)
    if taken is None:
        return None
    plain, header = taken
    return f"{stream.role} {stream.rid}".strip(), header.sequence, plain[header.payload : header.end]


def test_streams_are_matched_by_mid_and_stay_known_without_it() -> None:
    uplink = an_uplink()
    assert take(uplink, packet(1, 10, mid=b"1")) == ("camera", 10, b"\x10\0picture")
    assert take(uplink, packet(2, 10, mid=b"2")) == ("screen", 10, b"\x10\0picture")
    assert take(uplink, packet(3, 10, OPUS)) == ("audio", 10, b"\x10\0picture")
    assert take(uplink, packet(1, 11)) == ("camera", 11, b"\x10\0picture")


def test_changed_ssrc_continues_the_same_stream() -> None:
    uplink = an_uplink()
    take(uplink, packet(1, 10, mid=b"1"))
    before = uplink.incoming["camera"]
    assert take(uplink, packet(9, 40_000, mid=b"1")) == ("camera", 40_000, b"\x10\0picture")
    assert uplink.incoming["camera"] is not before
    assert uplink.layers("camera") == [uplink.incoming["camera"]]


def test_layers_are_matched_by_rid_and_listed_from_low_to_high() -> None:
    uplink = an_uplink(("l", "m", "h"))
    assert take(uplink, packet(1, 10, mid=b"1")) is None, "not before it says which one it is"
    take(uplink, packet(3, 10, mid=b"1", rid=b"h"))
    assert take(uplink, packet(1, 11, mid=b"1", rid=b"l")) == ("camera l", 11, b"\x10\0picture")
    assert take(uplink, packet(4, 10, mid=b"1", rid=b"x")) is None
    assert [stream.rid for stream in uplink.layers("camera")] == ["l", "h"]


def test_top_layer_is_the_highest_still_arriving() -> None:
    uplink = an_uplink(("l", "h"))
    for step in range(20):
        take(uplink, packet(1, step, mid=b"1", rid=b"l"), step * 0.1)
        if step < 5:
            take(uplink, packet(2, step, mid=b"1", rid=b"h"), step * 0.1)
        top = uplink.top("camera", step * 0.1)
        assert top is not None
        assert top.rid == ("h" if step < 14 else "l")


def test_rtx_packet_restores_the_lost_packet() -> None:
    uplink = an_uplink(("l", "h"))
    take(uplink, packet(2, 65_534, mid=b"1", rid=b"h"))
    take(uplink, packet(2, 1))
    assert uplink.incoming["camera:h"].nacks(0.01) == [65_535, 0]
    for number, lost in enumerate((65_535, 0)):
        again = packet(7, number, RTX, lost.to_bytes(2, "big") + b"\x10\0lost", mid=b"1", repaired=b"h")
        assert take(uplink, again) == ("camera h", lost, b"\x10\0lost")
    assert uplink.incoming["camera:h"].nacks(1.0) == []
    assert uplink.incoming["camera:h"].block(1.0).lost == 0


def test_empty_rtx_packets_only_probe_the_path() -> None:
    uplink = an_uplink()
    take(uplink, packet(2, 10, mid=b"1", number=b"\0\1"))
    assert take(uplink, packet(7, 1, RTX, b"", mid=b"1", number=b"\0\2")) is None
    report = uplink.arrivals.report()
    assert report is not None
    assert report[:4] == struct.pack("!HH", 1, 2), "both are told as arrived"


def test_rtx_for_an_unknown_stream_is_dropped_and_the_next_tried() -> None:
    uplink = an_uplink(("l", "h"))
    again = packet(7, 1, RTX, b"\0\x05\x10\0x", mid=b"1", repaired=b"h")
    assert take(uplink, again) is None
    take(uplink, packet(2, 10, mid=b"1", rid=b"h"))
    assert take(uplink, again) == ("camera h", 5, b"\x10\0x")


def test_duplicate_packet_does_not_count_as_loss() -> None:
    uplink = an_uplink()
    for sequence in (10, 11, 11, 13, 12, 12, 13):
        take(uplink, packet(1, sequence, mid=b"1"))
    assert uplink.incoming["camera"].nacks(1.0) == []


def test_retransmitted_probes_reach_no_viewer_and_add_no_bitrate() -> None:
    """Chromium probes the bandwidth by retransmitting packets that have already arrived."""
    uplink = an_uplink(("l", "h"))
    for sequence in range(10, 30):
        assert take(uplink, packet(2, sequence, mid=b"1", rid=b"h")) is not None
    stream = uplink.incoming["camera:h"]
    bps, counted = stream.meter.bps(0.0), stream.packets
    for number in range(40):
        again = (29 - number % 3).to_bytes(2, "big") + b"\x10\0picture"
        assert take(uplink, packet(7, number, RTX, again, mid=b"1", repaired=b"h")) is None
    assert take(uplink, packet(2, 29)) is None
    assert stream.meter.bps(0.0) == bps
    assert stream.packets == counted
    assert take(uplink, packet(2, 30)) == ("camera h", 30, b"\x10\0picture")


def test_late_packet_is_forwarded_once_across_the_wrap() -> None:
    uplink = an_uplink()
    order = [65_534, 1, 65_535, 0, 65_535, 1, 2, 65_533, 65_533]
    taken = [take(uplink, packet(1, sequence, mid=b"1")) is not None for sequence in order]
    assert taken == [True, True, True, True, False, False, True, True, False]


def test_retransmitted_voice_is_passed_on_once_and_still_counts_as_lost() -> None:
    uplink, heard = an_uplink(), []

    def arrive(sequence: int, kind: int = RED, late_s: float = 0.0) -> None:
        payload = red.wrap(OPUS, b"%d" % sequence, [(960, b"%d" % (sequence - 1))]) if kind == RED else b"plain"
        data = packet(1, sequence, kind, payload)
        header = rtp.parse(data)
        stream = uplink.stream(data, header, 0.0)
        assert stream is not None
        heard.extend(each.sequence for _, each in uplink.voice(stream, data, header, sequence * 0.02 + late_s))

    for sequence in range(200):
        if sequence % 20 < 16:
            arrive(sequence)
    voice = uplink.incoming["audio"]
    assert voice.requests is not None
    assert voice.requests.due(4.0, 0.0) == []
    arrive(200)
    assert voice.requests.due(4.0, 0.0) == [196, 197, 198]
    received = voice.packets
    for sequence in (196, 197, 198):
        arrive(sequence, late_s=0.15)
    assert heard[-4:] == [200, 196, 197, 198]
    assert voice.packets == received
    for sequence in range(201, 300):
        arrive(sequence, OPUS)
    assert voice.requests is None, "nothing is requested without redundant copies"


def test_streams_outside_the_offer_are_bounded() -> None:
    uplink = an_uplink()
    for ssrc in range(1, 100):
        if uplink.may_bring(ssrc):
            take(uplink, packet(ssrc, 1, 77))
    assert not uplink.may_bring(1000)
    assert uplink.may_bring(MAX_SSRCS - 1)
    assert len(uplink.streams) == MAX_SSRCS


@pytest.mark.parametrize("kind", [0, 77, RTX])
def test_stream_that_changes_its_payload_type_is_refused(kind: int) -> None:
    uplink = an_uplink()
    take(uplink, packet(1, 10, mid=b"1"))
    assert take(uplink, packet(1, 11, kind, mid=b"1")) is None
