"""The encryption of pushes, and the content of pushes."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from signaling.protocol.own_texts import LANGUAGES
from signaling.push.encryption import MOST_BYTES, encrypted, unbase64
from signaling.push.payload import payload
from tests.push_service import Browser

# the example of RFC 8291, section 5 and appendix A
CONTENT = b"When I grow up, I want to be a watermelon"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
    "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_example_of_the_standard_is_encrypted_to_its_body() -> None:
    own = ec.derive_private_key(int.from_bytes(unbase64(OURS)), ec.SECP256R1())
    body = encrypted(CONTENT, unbase64(THEIRS), unbase64(AUTH), own=own, salt=unbase64(SALT), pads=False)
    assert body == unbase64(BODY)


def test_bodies_have_one_size_whatever_they_say() -> None:
    browser = Browser("http://127.0.0.1", "a")
    keys = browser.subscription()
    contents = [b"", b"{}", "상담".encode() * 300, bytes([1]) * MOST_BYTES]
    bodies = [encrypted(each, unbase64(keys["p256dh"]), unbase64(keys["auth"])) for each in contents]
    assert [browser.read(body) for body in bodies] == contents
    assert len({len(body) for body in bodies}) == 1
    assert len(bodies[0]) <= 4096, "push services take no more"
    with pytest.raises(ValueError, match="too long"):
        encrypted(bytes(MOST_BYTES + 1), unbase64(keys["p256dh"]), unbase64(keys["auth"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_payload_fits_and_names_nobody(language: str) -> None:
    for kind in ("user", "callback", "help", "transfer", "over", "away", "accepted", "answered"):
        told = payload(kind, "ring/r-1", {"site": "한" * 300, "name": "Minsu"}, language, "d-1", 12_000)
        assert len(told) <= MOST_BYTES
        said = json.loads(told)
        assert said["body"]
        assert "Minsu" not in told.decode()
        assert ("accept" in said) == (kind in ("user", "callback", "help", "transfer"))
        assert said.get("ms") == (12_000 if "accept" in said else None)
