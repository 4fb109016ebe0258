from __future__ import annotations

import contextlib
import re
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
LAYERS = "a=rid:l send\r\na=rid:h send\r\na=simulcast:send l;h\r\n"


ROLES = ["audio", "camera", "screen", "slot0", "slot1", "slot2", "slot3", "data"]


@pytest.fixture(params=sorted(OFFERS))
def offer(request: pytest.FixtureRequest) -> str:
    return OFFERS[request.param]


def test_offers_of_both_browsers_are_parsed(offer: str) -> None:
    found = sdp.parse(offer)
    assert [section.role for section in found.sections] == ROLES
    assert [section.direction for section in found.sections[:4]] == ["sendrecv", "sendonly", "sendonly", "recvonly"]
    assert all(section.payload_type >= 0 for section in found.sections[:-1])
    assert sdp.MID_URI in found.sections[0].extensions
    assert sdp.LEVEL_URI in found.sections[0].extensions
    assert found.fingerprints[0][0] == "sha-256"


def test_answer_uses_the_browsers_payload_types() -> None:
    chromium, firefox = (sdp.parse(OFFERS[name]) for name in ("chromium", "firefox"))
    assert (chromium.sections[0].payload_type, firefox.sections[0].payload_type) == (111, 109)
    assert (chromium.sections[1].payload_type, firefox.sections[1].payload_type) == (96, 120)


@pytest.mark.parametrize(
    ("offered", "retransmits", "answered"), [("transport-cc", True, False), ("nack", True, True), ("ccm fir", False, False)]
)
def test_nack_for_the_voice_is_answered_only_if_offered(offered: str, retransmits: bool, answered: bool) -> None:
    """Browsers retransmit packets of a voice without offering `nack`. The worker recognises browsers by `transport-cc`."""
    found = sdp.parse(OFFERS["chromium"].replace("a=rtcp-fb:111 transport-cc", f"a=rtcp-fb:111 {offered}"))
    assert found.sections[0].retransmits_voice == retransmits
    assert ("nack" in sdp.answer(found, LOCAL).split("m=")[1]) == answered


def test_answer_has_everything_clients_need(offer: str) -> None:
    found = sdp.parse(offer)
    text = sdp.answer(found, LOCAL)
    head, *sections = text.split("m=")
    assert "a=ice-lite" in head
    assert len(sections) == len(ROLES)
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
    lines += "" if sdp.RID_URI in camera else f"a=extmap:12 {sdp.RID_URI}\r\n"
    return "m=".join([head, audio, camera + lines, *rest])


def test_simulcast_layers_are_accepted_from_low_to_high(offer: str) -> None:
    found = sdp.parse(layered(LAYERS, offer))
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


def _section(text: str, kind: str) -> str:
    """Return the first media section of this kind."""
    return f"m={kind}" + text.split(f"m={kind}")[1].split("m=")[0]


def _without(text: str, *beginnings: str) -> str:
    return "\r\n".join(line for line in text.splitlines() if not line.startswith(beginnings)) + "\r\n"


def some(offer: str, *kept: int) -> str:
    """Return this offer with only some of its eight media sections. `kept`: numbers of these sections."""
    head, *sections = offer.split("m=")
    return "m=".join([head, *(sections[number] for number in kept)])


@pytest.mark.parametrize(
    ("kept", "roles"),
    [
        ((0, 7), ["audio", "data"]),
        ((0,), ["audio"]),
        ((7,), ["data"]),
        ((0, 1, 3, 7), ["audio", "camera", "slot0", "data"]),
        ((0, 1, 2, 7), ["audio", "camera", "screen", "data"]),
        ((0, 3, 4, 5, 6, 7), ["audio", "slot0", "slot1", "slot2", "slot3", "data"]),
        ((1, 2, 3, 4, 5, 6), ["camera", "screen", "slot0", "slot1", "slot2", "slot3"]),
    ],
)
def test_a_client_offers_what_it_wants_in_the_known_order(offer: str, kept: tuple[int, ...], roles: list[str]) -> None:
    found = sdp.parse(some(offer, *kept))
    assert [section.role for section in found.sections] == roles
    answered = sdp.answer(found, LOCAL)
    mids = [section.mid for section in found.sections]
    assert f"a=group:BUNDLE {' '.join(mids)}\r\n" in answered
    assert all(answered.count(f"a=mid:{mid}\r\n") == 1 for mid in mids)


def test_a_room_with_guests_has_eight_slots_and_no_more(offer: str) -> None:
    head, *sections = offer.split("m=")
    slot = sections[6]
    mid = re.findall(r"a=mid:(\S+)", slot)[0]

    def with_slots(count: int) -> sdp.Offer:
        more = [slot.replace(f"a=mid:{mid}", f"a=mid:more{number}") for number in range(count - 4)]
        bundled = re.sub("(a=group:BUNDLE.*)", rf"\1 {' '.join(f'more{number}' for number in range(count - 4))}", head)
        return sdp.parse("m=".join([bundled, *sections[:7], *more, sections[7]]))

    assert [role for role in with_slots(8).by_role if role.startswith("slot")] == [f"slot{number}" for number in range(8)]
    with pytest.raises(sdp.SdpError):
        with_slots(9)


@pytest.mark.parametrize(("refused", "screen", "slots"), [((1,), True, 4), ((4,), True, 3), ((2, 3, 4, 5, 6), False, 0)])
def test_a_section_without_a_port_is_answered_without_one(offer: str, refused: tuple[int, ...], screen: bool, slots: int) -> None:
    head, *sections = re.sub("m=(video|application) 0", r"m=\1 9", _without(offer, "a=bundle-only")).split("m=")
    for number in refused:
        sections[number] = sections[number].replace("video 9", "video 0", 1)
    found = sdp.parse("m=".join([head, *sections]))
    assert ("screen" in found.by_role) == screen
    assert [role for role in found.by_role if role.startswith("slot")] == [f"slot{number}" for number in range(slots)]
    head, *answered = sdp.answer(found, LOCAL).split("m=")
    assert len(answered) == 8
    for number, section in enumerate(answered):
        assert section.split()[1] == ("0" if number in refused else "9")
        assert ("a=inactive" in section) == ("a=candidate" not in section) == (number in refused)
    bundled = next(line for line in head.splitlines() if line.startswith("a=group:BUNDLE")).split()[1:]
    assert len(bundled) == 8 - len(refused)


def test_the_answer_to_a_section_without_a_port_names_its_format(offer: str) -> None:
    """Pion, a WebRTC library in Go, refuses an answer that does not name a format."""
    head, *sections = re.sub("m=(video|application) 0", r"m=\1 9", _without(offer, "a=bundle-only")).split("m=")
    sections[1] = sections[1].replace("video 9", "video 0", 1)
    number = sections[1].split()[3]
    answered = sdp.answer(sdp.parse("m=".join([head, *sections])), LOCAL).split("m=")[2]
    assert answered.split()[:4] == ["video", "0", "UDP/TLS/RTP/SAVPF", number]
    assert re.findall("a=rtpmap:(.*)\r", answered) == [re.findall(f"a=rtpmap:({number} .*?)\r?\n", sections[1])[0]]


@pytest.mark.parametrize("protocol", ["RTP/AVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF"])
def test_the_answer_repeats_the_protocol_of_each_section(offer: str, protocol: str) -> None:
    answered = sdp.answer(sdp.parse(offer.replace("UDP/TLS/RTP/SAVPF", protocol)), LOCAL)
    assert re.findall(r"m=(?:audio|video) \d+ (\S+)", answered) == [protocol] * 7


def test_a_section_that_has_its_port_from_the_bundle_is_not_refused(offer: str) -> None:
    bundled = offer.replace("m=video 9", "m=video 0").replace("a=rtcp-mux\n", "a=rtcp-mux\na=bundle-only\n")
    found = sdp.parse(bundled)
    assert list(found.by_role) == ROLES


def test_each_section_of_the_bundle_has_the_candidates(offer: str) -> None:
    _, *sections = sdp.answer(sdp.parse(offer), LOCAL).split("m=")
    assert all("192.0.2.9 4000 typ host" in section and "a=end-of-candidates" in section for section in sections)


def test_reduced_size_rtcp_is_answered_where_it_is_offered(offer: str) -> None:
    plain = _without(offer, "a=rtcp-rsize")
    assert "rtcp-rsize" not in sdp.answer(sdp.parse(plain), LOCAL)
    reduced = plain.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-rsize\r\n", 1)
    _, audio, *others = sdp.answer(sdp.parse(reduced), LOCAL).split("m=")
    assert "a=rtcp-rsize" in audio
    assert not any("a=rtcp-rsize" in section for section in others)


def test_the_transport_is_that_of_the_first_of_the_bundle(offer: str) -> None:
    """With `bundlePolicy: max-compat`, each section has ICE credentials of its own.

    Only the credentials of the first section in the BUNDLE group count.
    """
    mids = [section.mid for section in sdp.parse(offer).sections]
    head, *sections = _without(offer, "a=ice-ufrag").split("m=")
    sections = [f"{section}a=ice-ufrag:user{number}\r\n" for number, section in enumerate(sections)]
    order = " ".join([mids[7], *mids[:7]])
    head = "\r\n".join(f"a=group:BUNDLE {order}" if line.startswith("a=group:BUNDLE") else line for line in head.splitlines())
    found = sdp.parse("m=".join([head + "\r\n", *sections]))
    assert found.ufrag == "user7"
    assert f"a=group:BUNDLE {order}\r\n" in sdp.answer(found, LOCAL)


def test_two_pictures_of_different_payload_types_need_no_name(offer: str) -> None:
    head, audio, camera, screen, *rest = _without(offer, "a=extmap:", "a=ssrc").split("m=")
    number = sdp.parse(offer).sections[1].payload_type
    screen = screen.replace(f" {number}", " 77").replace(f":{number} ", ":77 ").replace(f"apt={number}", "apt=77")
    found = sdp.parse("m=".join([head, audio, camera, screen, *rest]))
    assert (found.by_role["camera"].payload_type, found.by_role["screen"].payload_type) == (number, 77)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace("VP8/90000", "H264/90000"), "vp8 is not offered"),
        (lambda text: text.replace("opus/48000", "opus/8000"), "opus is not offered"),
        (lambda text: text + text[text.rindex("m=application") :], "at most one application"),
        (lambda text: some(text, 1, 0, 7), "one audio section"),
        (lambda text: text + _section(text, "video"), "then at most one application"),
        (lambda text: text[: text.index("m=audio")], "no media section"),
        (lambda text: text.replace("m=audio", "m=text"), "one audio section"),
        (lambda text: re.sub("m=audio .*", "m=audio 9", text), "too short"),
        (lambda text: text.replace("UDP/TLS/RTP/SAVPF", "RTP/UDP"), "need UDP/TLS/RTP/SAVPF"),
        (lambda text: _without(text, "a=extmap:", "a=ssrc"), "camera and screen cannot be told apart"),
        (lambda text: layered(LAYERS, text).replace(sdp.RID_URI, "x"), "RID header"),
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


@pytest.mark.slow
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
