"""WebRTC offers that browsers do not make, and the reasons with which the worker refuses offers.

Some of the offers have fewer media sections, and others have no header extensions.
"""

from __future__ import annotations

import asyncio

import pytest

from media.api import client, wire
from tests.peers.client import Peer
from tests.peers.conftest import Service, eventually
from tests.peers.offer import offer

PLAIN = ("a=extmap:", "a=ssrc")


def _only(sdp: str, *kept: int) -> str:
    head, *sections = sdp.split("m=")
    return "m=".join([head, *(sections[number] for number in kept)])


def _without(sdp: str, *beginnings: str) -> str:
    return "\r\n".join(line for line in sdp.splitlines() if not line.startswith(beginnings)) + "\r\n"


async def _join(service: Service, monkeypatch: pytest.MonkeyPatch, name: str, change: object) -> Peer:
    """Join the room with a WebRTC offer that `change` has altered."""
    assert callable(change)
    with monkeypatch.context() as patched:
        patched.setattr("tests.peers.client.offer", lambda *args, **options: change(offer(*args, **options)))
        return await service.join(name)


async def test_voice_and_board_alone_are_enough_for_a_call(either_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A telephone menu (IVR), an interpreter's phone or a bot can be a client without video."""
    service = either_service
    await service.everyone_hears_everyone("phone", "counselor", "professional")
    phone = await _join(service, monkeypatch, "phone", lambda sdp: _only(sdp, 0, 7))
    counselor = await service.join("counselor")
    phone.speak(440)
    counselor.speak(620)
    counselor.show()
    assert (await counselor.listen()).tones(440, 620) == {440}
    assert (await phone.listen()).tones(440, 620) == {620}
    await eventually(lambda: phone.documents)
    professional = await service.join("professional")
    professional.speak(880)
    await asyncio.sleep(0.5)
    assert (await phone.listen()).tones(440, 620, 880) == {620, 880}
    assert not (await service.drops()).keys() & {"receive_failed", "tick_failed", "message_failed"}


async def test_a_client_without_sound_sees_and_draws(either_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service = either_service
    await service.matrix(
        hears={"eye": {"user": 1.0, "other": 1.0}, "user": {"eye": 1.0, "other": 1.0}, "other": {"user": 1.0}},
        sees={"eye": {0: ("user", "camera")}, "user": {0: ("eye", "camera")}},
        hold=["eye"],
        writers=["eye", "user"],
    )
    eye = await _join(service, monkeypatch, "eye", lambda sdp: _only(sdp, 1, 3, 7))
    user, other = await service.join("user"), await service.join("other")
    for each, hz in ((user, 440), (other, 620)):
        each.speak(hz)
    user.show()
    eye.show()
    await eventually(lambda: eye.pictures.get(0) and user.pictures.get(0) and eye.documents)
    assert (await user.listen()).tones(440, 620) == {620}
    assert eye.heard == []
    assert not (await service.drops()).keys() & {"receive_failed", "tick_failed", "message_failed", "protect"}


async def test_one_picture_is_found_by_its_payload_type(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    await service.matrix(sees={"counselor": {0: ("plain", "camera")}}, hears={"counselor": {"plain": 1.0}})
    plain = await _join(service, monkeypatch, "plain", lambda sdp: _without(_only(sdp, 0, 1, 3, 7), *PLAIN))
    counselor = await service.join("counselor")
    plain.speak(440)
    plain.show()
    await eventually(lambda: counselor.pictures.get(0))
    assert (await counselor.listen()).tones(440) == {440}


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (lambda sdp: _without(sdp, *PLAIN), "apart", "camera and screen cannot be told apart"),
        (lambda sdp: sdp.replace("actpass", "passive"), "setup", "the offerer must be able to be the DTLS client"),
        (lambda sdp: _without(sdp, "a=rtcp-mux"), "rtcp_mux", "rtcp-mux is needed"),
        (lambda sdp: sdp.replace("VP8", "H264"), "codec", "vp8 is not offered"),
        (lambda sdp: _without(sdp, "a=group"), "bundle", "all media sections must be in one bundle"),
        (lambda sdp: _only(sdp, 7, 0), "sections", "expected at most one audio section"),
    ],
)
async def test_a_refused_offer_says_what_is_wrong_with_it(service: Service, change: object, kind: str, sentence: str) -> None:
    assert callable(change)
    before = (await service.drops()).get(f"sdp_{kind}", 0)
    sdp = change(offer("ufrag", "p" * 24, ":".join(["AA"] * 32)))
    with pytest.raises(client.WorkerRefused) as refused:
        await service.worker.admit(service.room, wire.AdmitPeer(epoch=1, peer="p", participant="user", sdp=sdp))
    assert refused.value.reason == "bad_sdp"
    assert refused.value.message.startswith(sentence)
    assert (await service.drops())[f"sdp_{kind}"] == before + 1


async def test_each_section_of_its_own_credentials_makes_a_call(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `bundlePolicy: max-compat`, each section has its own ICE credentials.

    The worker uses the credentials of the bundle's first section.
    """

    def change(sdp: str) -> str:
        head, audio, *others = sdp.split("m=")
        named = [each.replace("a=ice-ufrag:", f"a=ice-ufrag:o{number}x") for number, each in enumerate(others)]
        return "m=".join([head, audio, *named])

    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await _join(service, monkeypatch, "user", change), await service.join("counselor")
    user.speak(440)
    assert (await counselor.listen()).tones(440) == {440}
    assert user.answer.count(f"{user.target[0]} {user.target[1]} typ host") == 8


async def test_a_voice_goes_on_after_its_goodbye(either_service: Service) -> None:
    """An RTCP BYE does not end a voice.

    libwebrtc sends a BYE when it only pauses a video layer. Other clients send a BYE when they replace a track by another.
    """
    service = either_service
    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await service.join("user"), await service.join("counselor")
    speaking = user.speak(440)
    assert (await counselor.listen()).tones(440) == {440}
    user.send_rtcp(b"\x81\xc9\x00\x01" + (1).to_bytes(4, "big") + b"\x81\xcb\x00\x01" + user.ssrc("audio").to_bytes(4, "big"))
    await asyncio.sleep(0.3)
    assert (await counselor.listen()).tones(440) == {440}
    speaking.cancel()
    user.renew("audio")
    user.speak(880)
    await asyncio.sleep(0.5)
    assert (await counselor.listen()).tones(440, 880) == {880}
    assert service.states(user) == ["connecting", "live"]
