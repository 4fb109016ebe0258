"""Each key of a partner has one algorithm and is used with no other algorithm. Private keys are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey
from msgspec.structs import replace

from signaling.access import codes
from signaling.access.codes import CodeRefused
from signaling.access.signing_keys import MOST_FETCHED, BadKey, fetched, public, stored_form
from signaling.records import SiteKey
from tests.unit.signaling.access.test_codes import CLAIMS, NOW, SERVER, SITE

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

ED, EC = OKPKey.generate_key("Ed25519"), ECKey.generate_key("P-256")
SECRET = SiteKey(kid="shared", secret=codes.new_secret())
PAYLOAD = msgspec.json.encode(CLAIMS)


def pem(key: Any) -> str:
    return key.public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    return key.as_dict(private=False) | more


STORED = {"EdDSA": stored_form(pem(ED)), "ES256": stored_form(pem(EC))}
KEYS = [SECRET, SiteKey(kid="ed", public=STORED["EdDSA"]), SiteKey(kid="ec", public=STORED["ES256"])]
SHOP = replace(SITE, keys=KEYS)


def signed(alg: str, kid: str, key: Any) -> str:
    return jws.serialize_compact({"alg": alg, "kid": kid}, PAYLOAD, key, algorithms=[alg])


def verdict(code: str) -> str:
    try:
        return codes.verify(codes.read(code), SHOP, NOW, SERVER).kind
    except CodeRefused as error:
        return error.reason


@pytest.mark.parametrize(("alg", "kid", "key"), [("EdDSA", "ed", ED), ("Ed25519", "ed", ED), ("ES256", "ec", EC)])
def test_code_by_a_public_key_is_the_partners(alg: str, kid: str, key: Any) -> None:
    assert verdict(signed(alg, kid, key)) == "partner"


@pytest.mark.parametrize(
    ("alg", "kid", "key", "reason"),
    [
        ("EdDSA", "ed", OKPKey.generate_key("Ed25519"), "bad_signature"),
        ("ES256", "ec", ECKey.generate_key("P-256"), "bad_signature"),
        ("EdDSA", "nobody", ED, "bad_signature"),
        ("ES256", "ed", EC, "wrong_algorithm"),
        ("EdDSA", "ec", ED, "wrong_algorithm"),
        ("EdDSA", "shared", ED, "wrong_algorithm"),
        ("EdDSA", "server", ED, "wrong_algorithm"),
        ("ES256", "api:v1", EC, "wrong_algorithm"),
    ],
)
def test_key_signs_by_its_own_algorithm_only(alg: str, kid: str, key: Any, reason: str) -> None:
    assert verdict(signed(alg, kid, key)) == reason


@pytest.mark.parametrize("kid", ["ed", "ec"])
def test_public_key_never_serves_as_a_shared_secret(kid: str) -> None:
    key = ED if kid == "ed" else EC
    stored = next(each.public for each in KEYS if each.kid == kid)
    numbers = base64.urlsafe_b64decode(jwk(key)["x"] + "==")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": kid}).encode()).rstrip(b"=").decode()
    text = f"{header}.{base64.urlsafe_b64encode(PAYLOAD).rstrip(b'=').decode()}"
    for secret in (pem(key).encode(), pem(key).strip().encode(), stored.encode(), json.dumps(jwk(key)).encode(), numbers, b""):
        forged = base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).rstrip(b"=").decode()
        assert verdict(f"{text}.{forged}") == "wrong_algorithm"


@pytest.mark.parametrize(("alg", "kid", "key"), [("EdDSA", "ed", ED), ("ES256", "ec", EC)])
def test_der_empty_and_zero_signatures_are_refused(alg: str, kid: str, key: Any) -> None:
    header, payload, signature = signed(alg, kid, key).split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    for wrong in (b"", bytes(64), der, raw[:63], raw + b"\0", raw[32:] + raw[:32]):
        assert verdict(f"{header}.{payload}.{base64.urlsafe_b64encode(wrong).rstrip(b'=').decode()}") == "bad_signature"


def test_pem_and_jwk_are_stored_alike() -> None:
    for key, alg in ((ED, "EdDSA"), (EC, "ES256")):
        forms = {stored_form(pem(key)), stored_form(f"\r\n {pem(key)}\n"), stored_form(json.dumps(jwk(key, kid="a", use="sig")))}
        assert forms == {STORED[alg]}
        assert public(STORED[alg]).algorithm == alg
        assert stored_form(STORED[alg]) == STORED[alg]


PRIVATE = [
    json.dumps(ED.as_dict(private=True)),
    json.dumps(EC.as_dict(private=True)),
    ED.as_pem(private=True).decode(),
    EC.as_pem(private=True).decode(),
]


@pytest.mark.parametrize("typed", PRIVATE, ids=["jwk-ed", "jwk-ec", "pem-ed", "pem-ec"])
def test_private_key_is_refused_by_name(typed: str) -> None:
    with pytest.raises(BadKey) as caught:
        stored_form(typed)
    assert caught.value.problem == "private_key"


def other_pem(key: Any) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "typed",
    [
        "", "x", "{", "{}", "[]", "null", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "a" * 5000,
        json.dumps({"kty": "oct", "k": "c2VjcmV0"}),
        json.dumps(jwk(ED, alg="ES256")),
        json.dumps(jwk(ED, alg="HS256")),
        json.dumps(jwk(EC, use="enc")),
        json.dumps(jwk(EC, key_ops=["sign"])),
        json.dumps(jwk(EC, crv="P-384")),
        json.dumps(jwk(EC, x=jwk(EC)["y"])),
        json.dumps({"kty": "EC", "crv": "P-256", "x": jwk(EC)["x"]}),
        json.dumps(jwk(ED, x="AAAA")),
        json.dumps(jwk(ED, crv="X25519")),
        other_pem(rsa.generate_private_key(65537, 2048).public_key()),
        other_pem(ec.generate_private_key(ec.SECP384R1()).public_key()),
        other_pem(ec.generate_private_key(ec.SECP256K1()).public_key()),
        other_pem(ec.generate_private_key(ec.BrainpoolP256R1()).public_key()),
    ],
    ids=lambda _: "key",  # the name of the test must not contain the key, because the keys differ in each run
)  # fmt: skip
def test_other_text_is_no_key(typed: str) -> None:
    with pytest.raises(BadKey) as caught:
        stored_form(typed)
    assert caught.value.problem == "bad_key"


@pytest.mark.slow
@given(st.text(max_size=300) | st.dictionaries(st.text(max_size=4), st.text(max_size=40), max_size=8).map(json.dumps))
def test_any_other_text_raises_bad_key_alone(typed: str) -> None:
    with pytest.raises(BadKey):
        stored_form(typed)


@pytest.mark.slow
@given(st.binary(max_size=300) | st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=9)), max_size=4).map(str))
def test_any_other_set_raises_bad_key_alone(body: bytes | str) -> None:
    with pytest.raises(BadKey):
        fetched(body if isinstance(body, bytes) else body.encode())


def test_set_gives_its_usable_keys_by_id() -> None:
    rsa_key = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa"}
    keys = [jwk(ED, kid="a"), rsa_key, jwk(EC, kid="b", alg="ES256"), jwk(EC), ED.as_dict(private=True, kid="c"), 7, None, []]
    keys += [jwk(EC, kid="a")]
    found = fetched(json.dumps({"keys": keys}).encode())
    assert {kid: key.algorithm for kid, key in found.items()} == {"a": "EdDSA", "b": "ES256"}


def test_set_is_bounded() -> None:
    many = [jwk(OKPKey.import_key(ed25519.Ed25519PrivateKey.generate()), kid=f"k{n}") for n in range(MOST_FETCHED + 5)]
    assert len(fetched(json.dumps({"keys": many}).encode())) == MOST_FETCHED
    assert fetched(b'{"keys":[1]}') == {}
    for body in (b"", b"[]", b"{}", b'{"keys":{}}'):
        with pytest.raises(BadKey):
            fetched(body)
