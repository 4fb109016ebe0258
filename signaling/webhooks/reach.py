"""Decide to which addresses this server may connect for webhooks, pushes, partners' keys and sign-in providers. Pure.

An operator or a browser gives the URL. Without these rules, the URL could lead this server to machines that strangers cannot
reach, such as a database on the same host. The owner of a host name decides to which IP address the name points, and can change
the address between two look-ups. So each IP address is checked when a connection to the address is opened (`sending.py`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from signaling.config import web_addresses
from signaling.records.checks import Invalid

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: IPv6 addresses with an IPv4 address in their last 32 bits
# The public addresses of IPv6 (RFC 4291, 2.4). Python's `is_global` also counts site-local addresses, local NAT64 (RFC 8215) and
# old forms of IPv4 addresses as public.
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")


class BadEndpoint(ValueError):
    """An endpoint's URL is refused. The exception's text is a sentence for the person who typed the URL."""


class PrivateAddress(BadEndpoint):
    """The URL names an IP address to which this server does not connect, or does not connect without TLS."""


class Reach:
    """The rules for addresses to which this server connects because an operator or a browser has given a URL.

    `allowed`: networks that may be reached, besides all public addresses of the Internet.
    """

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def allows(self, text: str, *, tls: bool) -> bool:
        """Return whether a connection to this IP address may be opened. `tls`: whether the connection is encrypted.

        Without encryption, only the networks in `allowed` may be reached.
        """
        try:
            address = _innermost(ipaddress.ip_address(text.partition("%")[0]))
        except ValueError:
            return False
        if any(address.version == network.version and address in network for network in self._allowed):
            return True
        public = address.is_global and not address.is_multicast and (address.version == 4 or address in _PUBLIC_IPV6)
        return tls and public

    def checked(self, typed: str) -> str:
        """Return the canonical form of the URL that somebody typed. Raises BadEndpoint if the URL is refused.

        Every host name is accepted here, because its IP addresses can change at any time. The addresses are checked at each
        connection.
        """
        try:
            address = web_addresses.endpoint(typed)
        except web_addresses.BadAddress as error:
            raise BadEndpoint(str(error)) from None
        parts = urlsplit(address)
        tls, host = parts.scheme == "https", parts.hostname or ""
        if not tls and not self._allowed:
            raise BadEndpoint("The address must begin with https://.")
        if _is_address(host) and not self.allows(host, tls=tls):
            raise PrivateAddress(
                "This is no public address with https. The server's setting --webhook-allow names other networks."
            )
        return address

    def checked_field(self, typed: str) -> str:
        """Return the canonical form of the URL that somebody typed into a form's field “address”.

        Raises Invalid if the URL is refused.
        """
        try:
            return self.checked(typed)
        except BadEndpoint as error:
            raise Invalid({"address": "private_address" if isinstance(error, PrivateAddress) else "bad_address"}) from None


def _innermost(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 address, if packets to the IPv6 address go to that IPv4 address.

    Otherwise return the address unchanged.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
