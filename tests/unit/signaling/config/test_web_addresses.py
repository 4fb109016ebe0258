"""Web addresses are stored as browsers write them, or are refused with a sentence that says why."""

from __future__ import annotations

import pytest

from signaling.config.web_addresses import BadAddress, is_origin, origin, page


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example:443/ ", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://쇼핑.example", "https://xn--hp4bo76a.example"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://shop.example.", "https://shop.example."),
        ("https://[2001:DB8:0:0::1]:443", "https://[2001:db8::1]"),
        ("http://0x7f.1:8081", "http://127.0.0.1:8081"),
        ("http://counselor.localhost:8080/", "http://counselor.localhost:8080"),
    ],
)
def test_origin_is_stored_as_browsers_write_it(typed: str, stored: str) -> None:
    assert origin(typed) == stored
    assert is_origin(stored)
    assert is_origin(typed) == (typed == stored)


@pytest.mark.parametrize(
    "typed",
    ["", "shop.example", "//shop.example", "https:shop.example", "https:/shop.example", "null", "*", "https://", "https://*.example",
     "https://user@shop.example", "https://user:secret@shop.example", "https://@shop.example", "https://shop.example:99999",
     "https://shop.example:", "https://shop.example/path", "https://shop.example?", "https://shop.example/#",
     "javascript:alert(1)",
     "https://a.example; script-src *", "https://a.example;script-src", "https://a.example'", "https://a.example,b.example",
     "https://a.example b.example", "https://a.ex\tample", "https://a.example\n", "https://a%00.example", "https://1.2.3.4.5",
     "https://a..example\u202e", "ftp://shop.example", "file:///etc/passwd", "https://" + "a" * 3000 + ".example"],
)  # fmt: skip
def test_invalid_origin_is_refused_with_a_sentence(typed: str) -> None:
    if typed in ("https://shop.example:", "https://a.example\n"):  # browsers drop the last character of these addresses
        assert origin(typed) == typed.strip().rstrip(":")
        return
    with pytest.raises(BadAddress) as refused:
        origin(typed)
    assert "secret" not in str(refused.value)
    assert str(refused.value).isprintable()
    assert not is_origin(typed)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://shop.example/privacy?lang=ko#top", "https://shop.example/privacy?lang=ko#top"),
        ("HTTPS://Shop.example", "https://shop.example/"),
        ("https://shop.example/개인정보", "https://shop.example/%EA%B0%9C%EC%9D%B8%EC%A0%95%EB%B3%B4"),
        ("http://127.0.0.1:8081/privacy.html", "http://127.0.0.1:8081/privacy.html"),
        ("http://localhost:8081/", "http://localhost:8081/"),
    ],
)
def test_page_address_is_accepted_as_a_link(typed: str, stored: str) -> None:
    assert page(typed) == stored


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "http://shop.example/privacy", "/privacy",
              "privacy",
              "https://user:secret@shop.example/", "https://shop.example/a b", "vbscript:x", "\x01javascript:x", "https://a;b/"],
)  # fmt: skip
def test_unsafe_link_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        page(typed)
