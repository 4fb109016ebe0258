"""The service checks the tokens of an OpenID provider before it believes anything in them."""

from __future__ import annotations

import base64
import hmac
import json
import warnings
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from signaling.access.oidc.tokens import LOGOUT, BadToken, UnknownKey, id_claims, logout_claims

NOW_S = 1_790_000_000
ISSUER, CLIENT = "https://id.example", "sangdam"
KEY = RSAKey.generate_key(2048, {"kid": "k1"})
KEYS = KeySet([KEY])
CLAIMS = {"iss": ISSUER, "aud": CLIENT, "sub": "nari", "nonce": "n", "iat": NOW_S, "exp": NOW_S + 300}
LOGGED_OUT = {"iss": ISSUER, "aud": CLIENT, "sub": "nari", "iat": NOW_S, "exp": NOW_S + 60, "jti": "j", "events": {LOGOUT: {}}}


def signed(claims: dict[str, Any], key: Any = KEY, **header: str) -> str:
    return jwt.encode({"alg": "RS256", "kid": "k1"} | header, claims, key, algorithms=["RS256", "ES256", "HS256"])


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    parts = ({"alg": "none"} | header, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def read(token: str, nonce: str | None = "n") -> dict[str, Any]:
    return id_claims(token, KEYS, issuer=ISSUER, client_id=CLIENT, nonce=nonce, now_s=NOW_S)


def read_logout(token: str) -> dict[str, Any]:
    return logout_claims(token, KEYS, issuer=ISSUER, client_id=CLIENT, now_s=NOW_S)


@pytest.mark.parametrize("aud", [CLIENT, [CLIENT]])
def test_token_for_this_client_is_read(aud: Any) -> None:
    assert read(signed(CLAIMS | {"aud": aud}))["sub"] == "nari"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": [CLIENT, "another client"]},  # a token for two audiences must contain "azp"
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"nonce": "another"},
        {"exp": NOW_S - 61},
        {"iat": NOW_S + 61},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "na\x00ri"},
        {"sub": "na\nri"},
        *({name: None} for name in ("iss", "aud", "sub", "nonce", "exp", "iat")),
    ],
)
def test_token_of_another_kind_is_refused(change: dict[str, Any]) -> None:
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}
    with pytest.raises(BadToken):
        read(signed(claims))


def test_refreshed_token_needs_no_nonce() -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != "nonce"}
    assert read(signed(claims), nonce=None)["sub"] == "nari"


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_token_with_an_edwards_curve_is_read_without_a_warning(algorithm: str) -> None:
    """RFC 9864 replaces the name “EdDSA” with “Ed25519”.

    Some providers write the old name and some the new one. A warning at each sign-in would fill the log.
    """
    key = OKPKey.generate_key("Ed25519", {"kid": "k2"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        token = jwt.encode({"alg": algorithm, "kid": "k2"}, CLAIMS, key, algorithms=[algorithm])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = id_claims(token, KeySet([key]), issuer=ISSUER, client_id=CLIENT, nonce="n", now_s=NOW_S)
    assert found["sub"] == "nari"


def test_unsigned_token_is_refused() -> None:
    for token in (unsigned(CLAIMS), signed(CLAIMS).rpartition(".")[0] + "."):
        with pytest.raises(BadToken):
            read(token)


def test_token_signed_by_the_public_key_as_a_secret_is_refused() -> None:
    head = unsigned(CLAIMS, alg="HS256", kid="k1").rstrip(".")
    mac = hmac.digest(KEY.as_pem(private=False), head.encode(), "sha256")
    with pytest.raises(BadToken):
        read(f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_token_of_an_unknown_key_asks_for_new_keys() -> None:
    other = ECKey.generate_key("P-256", {"kid": "k2"})
    with pytest.raises(UnknownKey):
        read(signed(CLAIMS, other, alg="ES256", kid="k2"))
    with pytest.raises(BadToken):
        read(signed(CLAIMS, RSAKey.generate_key(2048, {"kid": "k1"})))


WRONG_HEADERS = [unsigned(CLAIMS, alg="RS256", crit=crit) for crit in ("x", 5)]


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "é.é.é", "x" * 40_000, "eyJ.eyJ.", "a.b.c.d.e", *WRONG_HEADERS])
def test_nonsense_is_refused(token: str) -> None:
    for reader in (read, read_logout):
        with pytest.raises(BadToken):
            reader(token)


@pytest.mark.parametrize("change", [{}, {"sub": None, "sid": "s"}, {"exp": None}, {"sid": "s"}])
def test_logout_token_is_read(change: dict[str, Any]) -> None:
    claims = {name: value for name, value in (LOGGED_OUT | change).items() if value is not None}
    assert read_logout(signed(claims))["jti"] == "j"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"nonce": "n"},
        {"events": {}},
        {"events": None},
        {"events": [LOGOUT]},
        {"jti": None},
        {"jti": 7},
        {"jti": "j\x00"},
        {"sub": 7, "sid": "s"},
        {"sid": "s\x00"},
        {"iat": NOW_S - 121},
        {"iat": None},
        {"sub": None},
        {"exp": NOW_S - 61},
    ],
)
def test_other_tokens_log_nobody_out(change: dict[str, Any]) -> None:
    claims = {name: value for name, value in (LOGGED_OUT | change).items() if value is not None}
    with pytest.raises(BadToken):
        read_logout(signed(claims))
    with pytest.raises(BadToken):
        read_logout(unsigned(LOGGED_OUT))
