from __future__ import annotations

import contextlib

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from media.transport import check, ice

HOME, AWAY, STRANGER = (ice.Path(0, (host, 5000)) for host in ("192.0.2.10", "192.0.2.20", "198.51.100.66"))
PASSWORD = "theirs" * 4


class Client:
    """The browser's side of the connectivity checks."""

    def __init__(self) -> None:
        self.lite = ice.IceLite("them", PASSWORD, 0.0)

    def request(self, *, key: str | None = None, username: str | None = None, **attributes: object) -> check.Check:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = username or f"{self.lite.ufrag}:them"
        message.attributes["PRIORITY"] = attributes.get("priority", 100)
        if attributes.get("nominate"):
            message.attributes["USE-CANDIDATE"] = None
        if attributes.get("controlled"):
            message.attributes["ICE-CONTROLLED"] = 1
        message.add_message_integrity((key or self.lite.password).encode())
        message.add_fingerprint()
        asked = check.read(bytes(message))
        assert asked is not None
        return asked

    def check(self, path: ice.Path, now: float, **attributes: object) -> stun.Message | None:
        answered = self.lite.request(self.request(**attributes), path, now)
        return None if answered is None else ice.parse(answered[0])

    def answer(self, probe: bytes, path: ice.Path, now: float, key: str = PASSWORD) -> bool:
        request = ice.parse(probe)
        assert request.check_message_integrity(PASSWORD.encode())
        assert request.attributes["USERNAME"] == f"them:{self.lite.ufrag}"
        reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        reply.add_message_integrity(key.encode())
        return self.lite.response(ice.parse(bytes(reply)), path, now)


@pytest.fixture
def client() -> Client:
    return Client()


def test_ice_check_is_answered_with_its_source_address(client: Client) -> None:
    reply = client.check(HOME, 1.0)
    assert reply is not None
    assert reply.message_class is stun.Class.RESPONSE
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == HOME.address
    assert reply.check_message_integrity(client.lite.password.encode())
    assert "FINGERPRINT" in reply.attributes, "browsers take no answer without"
    assert client.lite.allows(HOME)
    assert client.lite.selected == HOME


@pytest.mark.parametrize("forged", [{"key": "wrong" * 5}, {"username": "us:them"}])
def test_forged_checks_are_dropped_and_open_nothing(client: Client, forged: dict[str, str]) -> None:
    assert client.check(STRANGER, 1.0, **forged) is None
    assert not client.lite.allows(STRANGER)
    assert client.lite.selected is None


def test_peer_in_the_controlled_role_is_told_to_switch(client: Client) -> None:
    reply = client.check(HOME, 1.0, controlled=True)
    assert reply is not None
    assert reply.error_code == 487


def test_connecting_uses_the_nominated_path_then_the_highest_priority(client: Client) -> None:
    client.check(HOME, 1.0, priority=10)
    client.check(AWAY, 1.1, priority=20)
    assert client.lite.selected == AWAY
    client.check(HOME, 1.2, priority=10, nominate=True)
    assert client.lite.selected == HOME


def connected(client: Client) -> ice.IceLite:
    client.check(HOME, 1.0, nominate=True)
    client.lite.established = True
    return client.lite


def test_media_stays_while_the_old_address_responds(client: Client) -> None:
    lite = connected(client)
    client.check(AWAY, 2.0, priority=9999, nominate=True)
    lite.heard(HOME, 2.1)
    assert lite.probes(2.4) == []
    assert lite.selected == HOME


def test_media_moves_after_silence_to_an_address_that_answered(client: Client) -> None:
    lite = connected(client)
    client.check(AWAY, 1.2)
    assert lite.probes(1.4) == []
    [(path, probe)] = lite.probes(1.6)
    assert path == AWAY
    assert lite.selected == HOME
    assert client.answer(probe, AWAY, 1.65)
    assert lite.selected == AWAY


def test_forged_source_address_gets_no_media(client: Client) -> None:
    lite = connected(client)
    client.check(STRANGER, 1.2)  # an attacker replays a check from an address that never answers
    [(_, probe)] = lite.probes(1.6)
    assert not client.answer(probe, STRANGER, 1.65, key="guess" * 5)
    assert not client.answer(probe, HOME, 1.65)
    assert lite.selected == HOME


def test_probes_are_repeated_but_not_in_a_burst(client: Client) -> None:
    lite = connected(client)
    client.check(AWAY, 1.2)
    assert [len(lite.probes(1.6 + n * 0.021)) for n in range(11)].count(1) == 3


def test_consent_ends_thirty_seconds_after_the_last_sign_of_life(client: Client) -> None:
    lite = connected(client)
    lite.heard(HOME, 30.0)
    assert not lite.expired(60.0)
    assert lite.expired(60.1)


def test_what_comes_from_elsewhere_is_no_consent_for_where_we_send(client: Client) -> None:
    lite = connected(client)
    client.check(AWAY, 20.0)
    lite.heard(AWAY, 30.0)
    assert lite.expired(31.1)


def test_a_check_that_comes_again_is_answered_and_no_sign_of_life(client: Client) -> None:
    lite = connected(client)
    asked = client.request()
    first, again = lite.request(asked, HOME, 2.0), lite.request(asked, HOME, 31.0)
    assert first is not None
    assert again is not None
    assert (first[1], again[1]) == (True, False)
    assert first[0] == again[0], "as RFC 8489 section 6.3.1 wants of retransmissions"
    assert lite.expired(32.1)


def test_checks_that_come_again_from_strangers_push_nobody_out(client: Client) -> None:
    lite = connected(client)
    client.check(AWAY, 2.0)
    asked = client.request()
    lite.request(asked, HOME, 2.5)
    for number in range(100):
        lite.request(asked, ice.Path(0, ("198.51.100.66", 6000 + number)), 3.0)
    assert lite.allows(AWAY)
    assert [path for path, _ in lite.probes(3.1)] == [], "nor are they asked anything"


def test_the_selected_address_is_asked_before_its_consent_ends(client: Client) -> None:
    lite = connected(client)
    assert lite.probes(2.9) == []
    [(path, probe)] = lite.probes(3.1)
    assert path == HOME
    assert lite.probes(4.0) == [], "not in a burst"
    assert client.answer(probe, HOME, 30.0)
    assert not lite.expired(60.0)
    assert not client.answer(probe, HOME, 59.0), "an answer counts once"
    assert lite.expired(60.1)


def test_no_transaction_is_ever_forgotten() -> None:
    seen = check.Transactions()
    some = [number.to_bytes(12, "big") for number in range(3000)]
    assert sum(seen.add(each) for each in some) > 2900
    assert not any(seen.add(each) for each in some)


def test_paths_are_bounded_and_the_selected_one_is_kept(client: Client) -> None:
    lite = connected(client)
    for number in range(100):
        client.check(ice.Path(0, ("192.0.2.30", 6000 + number)), 2.0 + number)
    assert len(lite.paths) == ice.MAX_PATHS
    assert lite.allows(HOME)


def test_non_stun_bytes_are_not_parsed_as_checks(client: Client) -> None:
    good = client.request().data
    assert check.read(good) is not None
    assert check.read(bytes(stun.Message(stun.Method.BINDING, stun.Class.RESPONSE))) is None
    assert check.read(good[:-1]) is None
    assert check.read(good + b"\0") is None
    assert check.read(good[:23] + b"\xff" + good[24:]) is None


@given(st.integers(0, 200), st.integers(1, 255))
def test_changing_any_protected_byte_fails_the_check(at: int, change: int) -> None:
    client = Client()
    asked = client.request()
    good = bytearray(asked.data)
    good[at % (asked.integrity_at + 24)] ^= change
    forged = check.read(bytes(good))
    assert forged is None or client.lite.request(forged, HOME, 1.0) is None


@given(st.binary(max_size=600))
def test_parsing_a_check_never_raises(data: bytes) -> None:
    key = b"k"
    for each in (data, b"\0\1" + (len(data)).to_bytes(2, "big") + check.COOKIE + b"t" * 12 + data):
        found = check.read(each)
        assert found is None or not found.is_authentic(key)


@given(st.binary(max_size=600))
def test_random_bytes_raise_only_stun_error(data: bytes) -> None:
    with contextlib.suppress(ice.StunError):
        ice.parse(data)
    with contextlib.suppress(ice.StunError):
        ice.parse(b"\0\1" + len(data).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + b"t" * 12 + data)
