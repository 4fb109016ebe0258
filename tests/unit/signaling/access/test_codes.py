"""Identification codes. The tests check which codes are accepted, and try every reason for refusing a code."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey
from msgspec.structs import replace

from signaling.access import codes
from signaling.access.codes import Claims, CodeRefused, Codes, Server, User
from signaling.access.rate_limits import Buckets
from signaling.records import Category, Site, SiteKey

NOW = 1_790_000_000_000
NOW_S = NOW // 1000
KEYS = [SiteKey(kid="old", secret=codes.new_secret()), SiteKey(kid="new", secret=codes.new_secret())]
SITE = Site(
    id="shop",
    origins=["https://shop.example"],
    languages=["ko", "en"],
    categories={"cameras": Category(id="cameras")},
    keys=KEYS,
)
SERVER = Server("talk.example", b"s" * 32)
CLAIMS = Claims(
    site="shop",
    category="cameras",
    language="ko",
    server="talk.example",
    jti="0123456789abcdef",
    iat=NOW_S,
    nbf=NOW_S,
    exp=NOW_S + 300,
    user=User(id="u-7", name="민아"),
)


def signed(claims: Claims = CLAIMS, key: SiteKey = KEYS[0]) -> str:
    return codes.sign(claims, key.kid, codes.secret_bytes(key.secret))


def packed(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def look(code: str, *, site: Site | None = SITE, now: int = NOW) -> codes.Verified:
    unverified = codes.read(code)
    return codes.verify(unverified, site if site and unverified.site == site.id else None, now, SERVER)


def reason_of(code: str, **changes: Any) -> str:
    with pytest.raises(CodeRefused) as caught:
        look(code, **changes)
    assert caught.value.sentence
    return caught.value.reason


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.kid)
def test_both_active_keys_of_a_partner_sign(key: SiteKey) -> None:
    verified = look(signed(key=key))
    assert (verified.kind, verified.claims.user) == ("partner", User(id="u-7", name="민아"))


def test_removed_key_no_longer_signs() -> None:
    assert reason_of(signed(key=KEYS[0]), site=replace(SITE, keys=KEYS[1:])) == "bad_signature"


def test_language_becomes_the_sites_own_tag() -> None:
    assert look(signed(replace(CLAIMS, language="ko-KR"))).claims.language == "ko"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"site": "elsewhere"}, "unknown_site"),
        ({"category": "boats"}, "unknown_category"),
        ({"language": "de"}, "unknown_language"),
        ({"server": "other.example"}, "other_server"),
        ({"exp": NOW_S - 11}, "malformed"),
        ({"iat": NOW_S - 400, "nbf": None, "exp": NOW_S - 11}, "expired"),
        ({"iat": NOW_S + 60, "nbf": None, "exp": NOW_S + 90}, "not_yet_valid"),
        ({"nbf": NOW_S + 60}, "not_yet_valid"),
        ({"exp": NOW_S + 601}, "too_old"),
        ({"jti": "short"}, "malformed"),
        ({"claims": {"a" * 41: "x"}}, "malformed"),
        ({"claims": {f"n{i}": "x" for i in range(21)}}, "malformed"),
        ({"user": User(name="x" * 61)}, "malformed"),
        ({"claims": {f"n{i}": "x" * 500 for i in range(20)}}, "too_large"),
    ],
)
def test_signed_code_with_bad_claims_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason_of(signed(replace(CLAIMS, **changes))) == reason


@pytest.mark.parametrize("after_s", [0, 299, 309])
def test_code_is_valid_until_it_expires(after_s: int) -> None:
    assert look(signed(), now=NOW + after_s * 1000)


def test_code_expires_to_the_second() -> None:
    assert reason_of(signed(), now=NOW + 310_000) == "expired"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none"}, "wrong_algorithm"),
        ({"alg": "HS512", "kid": "old"}, "wrong_algorithm"),
        ({"alg": "RS256", "kid": "old"}, "wrong_algorithm"),
        ({"alg": "hs256", "kid": "old"}, "wrong_algorithm"),
        ({"alg": "HS256", "kid": "old", "crit": ["b64"], "b64": False}, "malformed"),
        ({"alg": "HS256"}, "bad_signature"),
        ({"alg": "HS256", "kid": "server"}, "bad_signature"),
        ({"alg": "HS256", "kid": "old", "crit": None}, "malformed"),
        ({"alg": "HS256", "kid": "old", "crit": 5}, "malformed"),
        ({"alg": "HS256", "kid": "old", "typ": "invite+jwt"}, "malformed"),
        ({"alg": "HS256", "kid": "old", "typ": "at+jwt"}, "malformed"),
        ({"alg": "HS256", "kid": "old", "typ": 7}, "malformed"),
        ({"kid": "old"}, "malformed"),
        ([], "malformed"),
    ],
)
def test_unsupported_jwt_headers_are_refused(header: Any, reason: str) -> None:
    _, payload, signature = signed().split(".")
    assert reason_of(f"{packed(header)}.{payload}.{signature}") == reason
    if reason == "wrong_algorithm":
        assert reason_of(f"{packed(header)}.{payload}.") == reason


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", None])
def test_jwt_type_header_is_accepted(typ: str | None) -> None:
    header = {"alg": "HS256", "kid": "old"} | ({} if typ is None else {"typ": typ})
    key = OctKey.import_key(codes.secret_bytes(KEYS[0].secret))
    assert look(jws.serialize_compact(header, msgspec.json.encode(CLAIMS), key, algorithms=["HS256"]))


PLAIN = msgspec.json.encode(CLAIMS)


@pytest.mark.parametrize(
    "payload",
    [
        PLAIN[:-1] + b',"ignored":"\xff"}',
        PLAIN[:-1] + b',"site":"other"}',
        PLAIN[:-1] + b',"ignored":' + b"[" * 1100 + b"]" * 1100 + b"}",
        PLAIN[:-1] + b',"ignored":18446744073709551616}',
        PLAIN.replace(b"cameras", b"cam\\u0000"),
    ],
)
def test_ambiguous_signed_payload_is_malformed(payload: bytes) -> None:
    key = OctKey.import_key(codes.secret_bytes(KEYS[0].secret))
    assert reason_of(jws.serialize_compact({"alg": "HS256", "kid": "old"}, payload, key, algorithms=["HS256"])) == "malformed"
    header = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    assert reason_of(f"{header}.{packed({'site': 'shop'})}.") == "malformed"


def test_signed_name_is_cleaned_like_any_other() -> None:
    user = look(signed(replace(CLAIMS, user=User(id="u-7", name="\u202e민\0아\u3164")))).claims.user
    assert user == User(id="u-7", name="민아\u3164")
    assert look(signed(replace(CLAIMS, user=User(id="u-7", name="\u3164")))).claims.user == User(id="u-7", name="")


def test_partner_cannot_sign_as_the_server() -> None:
    assert reason_of(codes.sign(CLAIMS, codes.SERVER_KID, codes.secret_bytes(KEYS[0].secret))) == "bad_signature"


TAMPERED = {"malformed", "bad_signature", "wrong_algorithm", "unknown_site"}


@pytest.mark.slow
@given(st.data())
def test_no_changed_character_is_ever_accepted(data: st.DataObject) -> None:
    code = signed()
    at = data.draw(st.integers(0, len(code) - 1))
    put = data.draw(st.characters(min_codepoint=33, max_codepoint=0x2FF).filter(lambda c: c != code[at]))
    reason = reason_of(code[:at] + put + code[at + 1 :])
    assert reason in TAMPERED
    header, payload, _ = code.split(".")
    if at > len(header) + len(payload) + 1 and (put.isascii() and (put.isalnum() or put in "-_")):
        assert reason == "bad_signature" or at == len(code) - 1, "the signature itself was changed"


@given(st.sampled_from(sorted(set(CLAIMS.__struct_fields__) - {"site"})), st.text(min_size=1, max_size=20))
def test_no_changed_claim_is_ever_accepted(name: str, value: str) -> None:
    header, payload, signature = signed().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    if claims.get(name) == value:
        return
    assert reason_of(f"{header}.{packed(claims | {name: value})}.{signature}") == "bad_signature"


@given(
    st.text(max_size=300)
    | st.binary(max_size=200).map(packed)
    | st.lists(st.binary(max_size=60).map(packed), max_size=4).map(".".join)
)
def test_any_other_text_is_malformed(text: str) -> None:
    assert reason_of(text) in {"malformed", "wrong_algorithm"}


@given(st.integers(min_value=codes.MOST_CHARS + 1, max_value=codes.MOST_CHARS * 3))
def test_oversized_code_is_refused_before_parsing(length: int) -> None:
    assert reason_of("." * length) == "too_large"


# --- with records -----------------------------------------------------------------------------------------------------


class FakeRecords:
    """Has the two methods of `Records` (the database) that `Codes` needs."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    async def site(self, site_id: str) -> Site | None:
        return SITE if site_id == SITE.id else None

    async def use_code(self, jti: str, expires_at: int) -> bool:
        assert expires_at > NOW
        new = jti not in self.used
        self.used.add(jti)
        return new


@pytest.fixture
def desk() -> Codes:
    return Codes(FakeRecords(), SERVER)


async def issue(
    desk: Codes, *, site: Site | None = SITE, origin: str = "https://shop.example", address: str = "192.0.2.1"
) -> str:
    code, expires_at = await desk.issue(site, "cameras", "en-GB", origin=origin, address=address, now=NOW)
    assert expires_at == NOW + 600_000
    return code


async def test_issued_code_is_exchanged_once(desk: Codes) -> None:
    code = await issue(desk)
    verified = await desk.exchange(code, address="192.0.2.1", now=NOW)
    assert (verified.kind, verified.claims.language, verified.claims.user) == ("publishable", "en", None)
    with pytest.raises(CodeRefused, match="replayed"):
        await desk.exchange(code, address="192.0.2.1", now=NOW)


async def test_refused_code_is_not_spent(desk: Codes) -> None:
    code = signed(replace(CLAIMS, nbf=NOW_S + 60))
    with pytest.raises(CodeRefused, match="not_yet_valid"):
        await desk.exchange(code, address="192.0.2.1", now=NOW)
    assert await desk.exchange(code, address="192.0.2.1", now=NOW + 60_000)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"origin": "https://evil.example"}, "wrong_origin"),
        ({"origin": ""}, "wrong_origin"),
        ({"origin": "null"}, "wrong_origin"),
        ({"site": None}, "unknown_site"),
    ],
)
async def test_codes_are_issued_only_to_the_sites_own_pages(desk: Codes, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(CodeRefused, match=reason):
        await issue(desk, **changes)


async def test_one_address_is_rate_limited(desk: Codes) -> None:
    for _ in range(240):
        await issue(desk)
    with pytest.raises(CodeRefused, match="too_many_address"):
        await issue(desk)
    assert await issue(desk, address="192.0.2.2")


async def test_few_addresses_cannot_use_up_a_sites_codes(desk: Codes) -> None:
    for number in range(4 * 240):
        with contextlib.suppress(CodeRefused):
            await issue(desk, address=f"192.0.2.{number % 4}")
    with pytest.raises(CodeRefused, match="too_many"):
        await issue(desk, address="192.0.2.1")
    assert await issue(desk, address="198.51.100.7")


async def test_one_site_is_rate_limited(desk: Codes) -> None:
    for number in range(600):
        await issue(desk, address=f"192.0.{number % 250}.{number // 250}")
    with pytest.raises(CodeRefused, match="too_many_site"):
        await issue(desk, address="198.51.100.1")


def test_user_refs_differ_by_site_and_reveal_nobody(desk: Codes) -> None:
    assert desk.user_ref("shop", "mina@example.com") == desk.user_ref("shop", "mina@example.com")
    assert desk.user_ref("shop", "mina@example.com") != desk.user_ref("other", "mina@example.com")
    assert "mina" not in desk.user_ref("shop", "mina@example.com")
    assert desk.user_ref("shop", "") == ""


def test_server_key_is_created_once_and_private(tmp_path: Path) -> None:
    secret = codes.server_secret(tmp_path / "new")
    assert codes.server_secret(tmp_path / "new") == secret
    assert (tmp_path / "new" / "server.key").stat().st_mode & 0o077 == 0
    (tmp_path / "new" / "server.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="damaged"):
        codes.server_secret(tmp_path / "new")


def test_every_reason_has_its_own_sentence() -> None:
    assert len(set(codes.SENTENCES.values())) == len(codes.SENTENCES)


def test_token_bucket_refills() -> None:
    bucket = Buckets(burst=2, per_minute=60)
    assert [bucket.take("a", 0) for _ in range(3)] == [True, True, False]
    assert bucket.take("a", 1000)
    assert not bucket.take("a", 1500)
