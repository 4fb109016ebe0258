"""Links of invites. The tests check which session a link names, and which texts are refused."""

from __future__ import annotations

import base64

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from signaling.access.invites import ALGORITHM, LIFE_MS, TYP, Claims, InviteRefused, Invites
from signaling.config.secret import derived

NOW = 1_790_000_000_000
SECRET = b"s" * 32
INVITES = Invites(SECRET, "https://talk.example", "talk.example")


def invite_of(url: str) -> str:
    before, _, invite = url.partition("#invite=")
    assert before == "https://talk.example/call"
    return invite


def odd(header: bytes) -> str:
    return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.e30.AAAA"


def forged(*, typ: str = TYP, secret: bytes = derived(SECRET, "invites"), server: str = "talk.example") -> str:
    claims = Claims(session="s-1", request="s-1.c1", server=server, jti="j", exp=NOW // 1000 + 60)
    header = {"alg": ALGORITHM, "typ": typ}
    return jws.serialize_compact(header, msgspec.json.encode(claims), OctKey.import_key(secret), algorithms=[ALGORITHM])


def test_invite_names_session_and_request_for_an_hour() -> None:
    url, expires_at = INVITES.issue("s-1", "s-1.c1", NOW)
    claims = INVITES.read(invite_of(url), expires_at - 1)
    assert (claims.session, claims.request) == ("s-1", "s-1.c1")
    assert expires_at == NOW + LIFE_MS
    with pytest.raises(InviteRefused, match="expired"):
        INVITES.read(invite_of(url), expires_at)


def test_each_invite_has_its_own_number() -> None:
    one, other = (INVITES.read(invite_of(INVITES.issue("s-1", "s-1.c1", NOW)[0]), NOW).jti for _ in range(2))
    assert one != other


@pytest.mark.parametrize(
    "invite",
    [
        "",
        "a.b.c",
        "x" * 3000,
        forged(typ="JWT"),
        forged(secret=SECRET),
        forged(secret=b"o" * 32),
        forged(server="other.example"),
        "é.é.é",
        odd(b'{"alg":"HS256","typ":"invite+jwt","crit":null}'),
        odd(b"[" * 800),
        odd(b'{"alg":"HS256","typ":"invite+jwt","x":"\xff"}'),
    ],
)
def test_any_other_text_is_refused(invite: str) -> None:
    with pytest.raises(InviteRefused, match="bad_invite"):
        INVITES.read(invite, NOW)


def test_own_invite_can_be_read_back() -> None:
    assert INVITES.read(forged(), NOW).session == "s-1"
