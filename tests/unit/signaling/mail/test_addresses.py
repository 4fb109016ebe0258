"""Mail addresses, their hashes, and the links with which people unsubscribe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.mail.unsubscribing import Addresses
from signaling.protocol.mail_addresses import BadAddress, address_in, address_of, masked

SECRET = b"s" * 32


@pytest.mark.parametrize(
    "good", ["mina@example.com", " a.b+c@mail.example.co.kr ", "o'neil@EXAMPLE.com", "x@xn--3e0b707e.example"]
)
def test_addresses_are_taken_with_their_domain_in_lower_case(good: str) -> None:
    local, _, domain = good.strip().rpartition("@")
    assert address_of(good) == f"{local}@{domain.lower()}"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("mina@한국.kr", "mina@xn--3e0b707e.kr"),
        ("mina@BÜCHER.example", "mina@xn--bcher-kva.example"),
        ("a@shop。com", "a@shop.com"),
    ],
)
def test_international_domain_is_written_as_mail_servers_read_it(typed: str, address: str) -> None:
    assert address_of(typed) == address


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "mina",
        "mina@localhost",
        "a@b@example.com",
        "mina@example..com",
        "mina..b@example.com",
        ".mina@example.com",
        "mina@-example.com",
        "Mina <mina@example.com>",
        "a@example.com,b@example.com",
        "mina@example.com\n",
        "mina@example.com\r\nBcc: all@example.com",
        "mina\0@example.com",
        "mina@example.com\u2028",
        "미나@example.com",
        "mina@한 국.kr",
        "mina@한국/x.kr",
        "mina@한국",
        "mina@xn--zzzz.한국",
        "mina@" + "한" * 300 + ".kr",
        "x" * 65 + "@example.com",
        "x@" + "a" * 250 + ".com",
        "010-2000-3000",
    ],
)
def test_other_texts_are_refused_with_a_sentence(bad: str) -> None:
    with pytest.raises(BadAddress, match=r"\.$") as refusal:
        address_of(bad)
    assert bad.strip() == "" or bad.strip() not in str(refusal.value)
    assert address_in(bad) == ""


@pytest.mark.slow
@given(st.text())
def test_no_accepted_address_can_end_a_header(text: str) -> None:
    found = address_in(text)
    assert found.isascii()
    assert not set(found) & set('\r\n\0 <>,;:"()[]\\')


def test_masked_address_tells_only_first_letter_and_domain() -> None:
    assert masked("mina.kim@example.com") == "m…@example.com"


def test_token_unsubscribes_its_own_address_only() -> None:
    addresses = Addresses(SECRET)
    token = addresses.token("Mina@example.com")
    assert addresses.read(token) == addresses.hashed("mina@EXAMPLE.com")
    assert "mina" not in token
    assert Addresses(b"x" * 32).read(token) is None
    assert addresses.read(token[:-4] + "AAAA") is None
    assert addresses.read("") is None
    assert addresses.read("ü" * 64) is None
