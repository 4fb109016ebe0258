from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.packets import sdp

OFFERS = {name: (Path(__file__).parent / "offers" / f"{name}.sdp").read_text() for name in ("chromium", "firefox")}
LOCAL = sdp.Local(
    "ufrag",
    "password" * 3,
    "AA:BB",
    [("192.0.2.9", 4000), ("127.0.0.1", 4000)],
    {"audio": 1, "slot0": 2, "slot1": 3, "slot2": 4, "slot3": 5},
    77,
    {"slot0": 12, "slot1": 13, "slot2": 14, "slot3": 15},
)


@pytest.fixture(params=sorted(OFFERS))
def offer(request: pytest.FixtureRequest) -> str:
    return OFFERS[request.param]


def test_offers_of_both_browsers_are_parsed(offer: str) -> None:
    found = sdp.parse(offer)
    assert [section.role for section in found.sections] == list(sdp.ROLES)
    assert [section.direction for section in found.sections[:4]] == ["sendrecv", "sendonly", "sendonly", "recvonly"]
    assert all(section.payload_type >= 0 for section in found.sections[:-1])
    assert sdp.MID_URI in found.sections[0].extensions
    assert sdp.LEVEL_URI in found.sections[0].extensions
    assert found.fingerprints[0][0] == "sha-256"


def test_answer_uses_the_browsers_payload_types() -> None:
    chromium, firefox = (sdp.parse(OFFERS[name]) for name in ("chromium", "firefox"))
    assert (chromium.sections[0].payload_type, firefox.sections[0].payload_type) == (111, 109)
    assert (chromium.sections[1].payload_type, firefox.sections[1].payload_type) == (96, 120)


def test_answer_has_everything_clients_need(offer: str) -> None:
    found = sdp.parse(offer)
    text = sdp.answer(found, LOCAL)
    head, *sections = text.split("m=")
    assert "a=ice-lite" in head
    assert len(sections) == len(sdp.ROLES)
    assert f"{found.sections[0].payload_type} opus/48000/2" in sections[0]
    assert "useinbandfec=1" in sections[0]
    assert "a=candidate:1 1 udp 2130706431 192.0.2.9 4000 typ host" in sections[0]
    assert all("a=recvonly" in section for section in sections[1:3])
    assert all("a=sendonly" in section and "nack pli" in section for section in sections[3:7])
    assert "a=ssrc:2 cname" in sections[3]
    assert "H264" not in text
    video = found.sections[1].payload_type
    assert all(f"apt={video}\r\n" in section and "transport-cc" in section for section in sections[1:7])
    assert "a=ssrc-group:FID 2 12\r\n" in sections[3]
    assert "transport-cc" not in sections[0], "voice is never held back, so nothing is asked of it"
    assert all("a=setup:passive" in section for section in sections)


def test_repair_streams_are_not_taken_for_video() -> None:
    camera = sdp.parse(OFFERS["chromium"]).sections[1]
    assert len(camera.ssrcs) <= 1
    assert all(old in camera.ssrcs and new not in camera.ssrcs for new, old in camera.repairs.items())


def layered(lines: str, offer: str) -> str:
    head, audio, camera, *rest = offer.split("m=")
    return "m=".join([head, audio, camera + lines, *rest])


def test_simulcast_layers_are_accepted_from_low_to_high(offer: str) -> None:
    layers = "a=rid:l send\r\na=rid:h send\r\na=simulcast:send l;h\r\n"
    found = sdp.parse(layered(layers, offer))
    assert found.sections[1].rids == ["l", "h"]
    camera = sdp.answer(found, LOCAL).split("m=")[2]
    assert "a=rid:l recv\r\na=rid:h recv\r\na=simulcast:recv l;h\r\n" in camera


@pytest.mark.parametrize(
    "lines",
    [
        "a=rid:l send\r\na=simulcast:send l\r\n",
        "a=rid:l recv\r\na=rid:h recv\r\na=simulcast:recv l;h\r\n",
        "a=simulcast:send l;h\r\n",
        "a=simulcast:send\r\n",
        "a=rid:!! send\r\na=rid:?? send\r\na=simulcast:send !!;??\r\n",
        "a=rid:\r\na=simulcast:send ;;;;\r\n",
    ],
)
def test_offer_without_simulcast_has_one_layer(lines: str, offer: str) -> None:
    found = sdp.parse(layered(lines, offer))
    assert found.sections[1].rids == []
    assert "simulcast" not in sdp.answer(found, LOCAL)


def test_three_of_many_layers_are_accepted(offer: str) -> None:
    names = [f"q{number}" for number in range(20)]
    lines = "".join(f"a=rid:{name} send\r\n" for name in names) + f"a=simulcast:send {';'.join(names)}\r\n"
    assert sdp.parse(layered(lines, offer)).sections[1].rids == names[: sdp.MAX_LAYERS]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("VP8/90000", "H264/90000"), "vp8 is not offered"),
        (lambda text: text.replace("opus/48000", "opus/8000"), "opus is not offered"),
        (lambda text: text[: text.rindex("m=application")], "expected 8 media sections"),
        (lambda text: text.replace("a=fingerprint:", "a=fingerprinz:"), "fingerprint"),
        (lambda text: text.replace("a=setup:actpass", "a=setup:passive"), "DTLS client"),
        (lambda text: text.replace("a=group:BUNDLE", "a=group:OTHER"), "bundle"),
        (lambda text: text.replace("a=ice-ufrag:", "a=ice-ufrag: \x00"), "ICE credentials"),
        (lambda text: text.replace("a=recvonly", "a=sendonly"), "slot0 must be recvonly"),
        (lambda text: text.replace("a=rtcp-mux", "a=x"), "rtcp-mux"),
        (lambda text: text + "a=x:" + "y" * 70_000, "longer than"),
        (lambda text: text + "a=x\r\n" * 2000, "too many lines"),
        (lambda text: "hello", "key=value"),
        (lambda text: "", "v=0"),
    ],
)
def test_unsupported_offers_are_refused_with_a_reason(offer: str, change: object, reason: str) -> None:
    assert callable(change)
    with pytest.raises(sdp.SdpError, match=reason):
        sdp.parse(change(offer))


@settings(deadline=None)
@given(st.integers(0, 20_000), st.text(max_size=40), st.integers(0, 200))
def test_damaged_offers_raise_only_sdp_error(at: int, text: str, cut: int) -> None:
    whole = OFFERS["firefox"]
    with contextlib.suppress(sdp.SdpError):
        sdp.parse(whole[:at] + text + whole[at + cut :])


@settings(deadline=None)
@given(st.text(max_size=500))
def test_random_text_raises_only_sdp_error(text: str) -> None:
    with contextlib.suppress(sdp.SdpError):
        sdp.parse("v=0\n" + text)
