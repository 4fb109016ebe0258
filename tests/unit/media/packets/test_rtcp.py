from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.packets import rtcp


def test_nacks_survive_the_wire() -> None:
    wanted = (65534, 65535, 0, 3, 15, 40)
    assert rtcp.parse(rtcp.nack(1, 2, wanted)) == [rtcp.Nack(2, wanted)]


def test_nack_of_thousands_is_truncated() -> None:
    [nack] = rtcp.parse(rtcp.nack(1, 2, range(0, 5000)))
    assert isinstance(nack, rtcp.Nack)
    assert len(nack.sequences) == rtcp.MAX_NACKED


def test_pli_and_fir_request_a_keyframe() -> None:
    fir = b"\x84\xce\x00\x04" + b"\0\0\0\1" + b"\0\0\0\0" + b"\0\0\0\x09" + b"\x01\0\0\0"
    assert rtcp.parse(rtcp.pli(1, 2) + fir) == [rtcp.KeyframeRequest(2), rtcp.KeyframeRequest(9)]


def test_compound_packet_is_read_whole_skipping_unknown_types() -> None:
    block = rtcp.Block(ssrc=5, lost_fraction=64, lost=-3, highest=70000, jitter=12, last_sr=0xABCD, delay=65536)
    data = (
        rtcp.sender_report(8, rtcp.ntp(1000.5), 480, 3, 300)
        + rtcp.receiver_report(8, [block])
        + rtcp.source_description(8, "sangdam")
        + rtcp.remb(8, 2_500_000, [1, 2])
    )
    report, about = rtcp.parse(data)
    assert isinstance(report, rtcp.SenderReport)
    assert report.ntp == (1000 + rtcp.NTP_EPOCH_S) << 32 | 1 << 31
    assert about == rtcp.Report(5, 0.25, 12, 0xABCD, 65536)


@pytest.mark.parametrize("data", [b"\x80", b"\x80\xc8\x00\x06" + b"\0" * 10, b"\x81\xc9\x00\x01\0\0\0\0", b"\0\0\0\0"])
def test_short_packets_are_refused(data: bytes) -> None:
    with pytest.raises(rtcp.RtcpError):
        rtcp.parse(data)


@given(st.binary(max_size=300))
def test_random_bytes_raise_only_rtcp_error(data: bytes) -> None:
    with contextlib.suppress(rtcp.RtcpError):
        rtcp.parse(data)


def test_remb_never_exceeds_the_estimate() -> None:
    data = rtcp.remb(1, 2_500_000, [7])
    exponent, mantissa = data[17] >> 2, (data[17] & 3) << 16 | data[18] << 8 | data[19]
    assert data[12:16] == b"REMB"
    assert 2_499_000 < mantissa << exponent <= 2_500_000
