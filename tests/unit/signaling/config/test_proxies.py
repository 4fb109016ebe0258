"""The address of a client is the address that our own proxies report, even if the client claims another address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.config.proxies import Unreadable, one_proxy, parse, proxies_of

PROXY, CLIENT, EVIL = "10.0.0.1", "203.0.113.9", "198.51.100.66"
CHAIN = proxies_of("10.0.0.0/8,127.0.0.1,2001:db8:f::/48")


@pytest.mark.parametrize(
    ("connected", "lines", "client"),
    [
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"{EVIL}, {CLIENT}"], CLIENT),
        (PROXY, [EVIL, CLIENT], CLIENT),  # HAProxy adds a header line of its own.
        (PROXY, [f"{EVIL}, {CLIENT}", "10.0.0.2"], CLIENT),  # The request passed two proxies.
        (PROXY, [EVIL, f"{CLIENT},10.0.0.2 , 127.0.0.1"], CLIENT),
        (PROXY, [f"{CLIENT}:50123"], CLIENT),
        (PROXY, ["[2001:db8:1::7]:50123"], "2001:db8:1::7"),
        (PROXY, ["[2001:db8:1::7]"], "2001:db8:1::7"),
        (PROXY, ["2001:db8:1::7"], "2001:db8:1::7"),
        (PROXY, ["2001:db8:1::7%eth0"], "2001:db8:1::7"),
        (PROXY, [f"::ffff:{CLIENT}"], CLIENT),
        (f"::ffff:{PROXY}", [CLIENT], CLIENT),  # a socket for IPv4 and IPv6 shows an IPv4 address in this form
        ("2001:db8:f::1", [CLIENT], CLIENT),
        (PROXY, [f"{EVIL}, unknown"], PROXY),
        (PROXY, [f"{EVIL}, "], PROXY),
        (PROXY, [f"{EVIL}, not an address", "10.0.0.2"], "10.0.0.2"),
        (PROXY, [], PROXY),
        (PROXY, ["10.0.0.7"], "10.0.0.7"),
        (CLIENT, [EVIL], CLIENT),  # this sender is not one of our proxies
        ("", [EVIL], ""),
    ],
)
def test_last_address_that_is_not_our_proxy_is_used(connected: str, lines: list[str], client: str) -> None:
    assert CHAIN.client(connected, lines, []) == client


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        ([f"for={CLIENT}"], CLIENT),
        ([f"for={CLIENT};proto=https;by=10.0.0.1"], CLIENT),
        ([f'For="{CLIENT}:4711"'], CLIENT),
        ([f"for={CLIENT}:4711"], CLIENT),
        (['for="[2001:db8:1::7]:4711"'], "2001:db8:1::7"),
        ([f"for={EVIL}, for={CLIENT}"], CLIENT),
        ([f"for={EVIL}", f"for={CLIENT};proto=http"], CLIENT),
        ([f"for={CLIENT}, for=10.0.0.2;by=10.0.0.1"], CLIENT),
        ([f"for={CLIENT}", "for=_hidden"], PROXY),
        ([f"for={EVIL}, proto=https"], PROXY),
        (["proto=https"], PROXY),
        ([f'for={EVIL};by=", for="{CLIENT}"'], PROXY),  # an open quotation mark swallows the part that the proxy adds
        ([f'for={EVIL};by=", for={CLIENT}'], PROXY),
        ([f"for={EVIL} for={CLIENT}"], PROXY),
        (["for"], PROXY),
        ([""], PROXY),
    ],
)
def test_rfc_7239_header_is_parsed(lines: list[str], client: str) -> None:
    assert CHAIN.client(PROXY, [], lines) == client


def test_two_headers_that_differ_are_not_believed() -> None:
    assert CHAIN.client(PROXY, [CLIENT], [f"for={CLIENT}"]) == CLIENT
    assert CHAIN.client(PROXY, [CLIENT], ["proto=https"]) == CLIENT
    assert CHAIN.client(PROXY, [CLIENT], [f"for={EVIL}"]) == PROXY
    assert CHAIN.client(PROXY, [EVIL], [f"for={CLIENT}"]) == PROXY


def test_one_local_proxy_is_trusted_if_no_networks_are_set() -> None:
    for proxy in ("127.0.0.1", "::1", "192.168.1.2", "172.17.0.1", "fd00::1"):
        assert one_proxy().client(proxy, [EVIL, CLIENT], []) == CLIENT
        assert one_proxy().client(proxy, [f"{EVIL}, 172.18.0.1"], []) == "172.18.0.1", "a private client chooses nothing either"
    assert one_proxy().client(CLIENT, [EVIL], []) == CLIENT


@given(st.lists(st.text(max_size=60), max_size=3), st.lists(st.text(max_size=60), max_size=3), st.booleans(), st.booleans())
def test_client_cannot_choose_its_own_address(sent: list[str], sent_too: list[str], one_line: bool, rfc: bool) -> None:
    """A client can send anything in `Forwarded` and in `X-Forwarded-For`.

    The proxy adds the client's address at the end of one of these headers: to the last header line, or as a new header line.
    """
    added = f'for="{CLIENT}"' if rfc else CLIENT
    lines = [*sent[:-1], f"{sent[-1]}, {added}"] if one_line and sent else [*sent, added]
    for proxies in (CHAIN, one_proxy()):
        found = proxies.client(PROXY, sent_too if rfc else lines, lines if rfc else sent_too)
        assert found in (CLIENT, PROXY)


@given(st.text(max_size=200))
def test_any_header_text_is_an_address_or_unreadable(text: str) -> None:
    try:
        parse(text)
    except Unreadable:
        return


@pytest.mark.parametrize("networks", ["", "10.0.0.0/8,", "everywhere", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8;127.0.0.1"])
def test_invalid_network_is_named_in_the_error(networks: str) -> None:
    with pytest.raises(ValueError, match="is not a network"):
        proxies_of(networks)


def test_proxy_connections_are_recognized() -> None:
    proxies = proxies_of("10.0.0.0/8")
    assert [proxies.include(address) for address in ("10.1.2.3", "192.0.2.1", "", "no address")] == [True, False, False, False]
