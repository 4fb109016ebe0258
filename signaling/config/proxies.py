"""The client's address behind our own proxies.

A client can write any text into a header, so only the part that our own proxies have written is trusted. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NEAR = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
_BRACKETED = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?")
_WITH_PORT = re.compile(r"([\d.]+):\d{1,5}")
# one parameter of the header `Forwarded` (RFC 7239, 4)
_PAIR = re.compile(r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*""")


class Unreadable(ValueError):
    """A text is not an IP address, or a `Forwarded` header breaks the grammar of RFC 7239."""


@dataclass(frozen=True)
class Proxies:
    """The networks of the installation's own proxies.

    `may_connect`: the networks from which our proxies connect.
    `chain`: the networks of all our proxies. The client's address is the last address in the proxies' header
    (`X-Forwarded-For` or `Forwarded`) that is not in `chain`.
    """

    may_connect: tuple[Network, ...]
    chain: tuple[Network, ...]

    def client(self, connected: str, forwarded_for: Sequence[str], forwarded: Sequence[str]) -> str:
        """Return the client's IP address.

        `connected`: the address that connected to us. `forwarded_for` and `forwarded`: the lines of `X-Forwarded-For` and of
        `Forwarded`. A proxy writes one of these headers. The proxy may pass on the other header unchanged, with any text that the
        client wrote. If the two headers name different clients, the result is the proxy's address. Clients that forge a header
        then share one rate limit.
        """
        try:
            nearest = parse(connected)
        except Unreadable:
            return connected
        if not _inside(nearest, self.may_connect) or not (forwarded_for or forwarded):
            return str(nearest)
        found = {self._walk(nearest, entries) for entries in (_entries(forwarded_for), _parameters(forwarded)) if entries}
        return str(found.pop() if len(found) == 1 else nearest)

    def include(self, connected: str) -> bool:
        """Return whether `connected` is the address of one of our proxies."""
        try:
            return _inside(parse(connected), self.may_connect)
        except Unreadable:
            return False

    def _walk(self, nearest: Address, entries: list[str]) -> Address:
        """Return the client's address: the last address in the proxy's header (`entries`) that is not one of our proxies.

        The method reads the entries from the last to the first. If it meets an entry that is no address, it returns the address
        that it has read just before. `nearest`: the address that connected to us.
        """
        for entry in reversed(entries):
            try:
                nearest = parse(entry)
            except Unreadable:
                return nearest
            if not _inside(nearest, self.chain):
                return nearest
        return nearest


def one_proxy() -> Proxies:
    """Return the `Proxies` for one proxy on this machine or a private network.

    The last address in the header that this proxy writes is the client's address.
    """
    return Proxies(tuple(ipaddress.ip_network(each) for each in NEAR), ())


def proxies_of(networks: str) -> Proxies:
    """Return the proxies in these networks, such as "10.0.0.0/8,127.0.0.1". Raises ValueError with a sentence for people."""
    found = []
    for each in networks.split(","):
        try:
            found.append(ipaddress.ip_network(each.strip()))
        except ValueError as error:
            raise ValueError(f"“{each.strip()}” is not a network; write one as 10.0.0.0/8 or 192.0.2.7.") from error
    return Proxies(tuple(found), tuple(found))


def parse(entry: str) -> Address:
    """Return the IP address in one entry of a proxy's header. The entry may also have a port, brackets and a zone.

    An IPv4 address inside an IPv6 address (IPv4-mapped) becomes the IPv4 address. Raises Unreadable if the entry is no IP
    address.
    """
    text = entry.strip()
    match = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    try:
        found = ipaddress.ip_address((match[1] if match else text).partition("%")[0])
    except ValueError as error:
        raise Unreadable(entry) from error
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def _inside(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _entries(lines: Sequence[str]) -> list[str]:
    """Return the entries of `X-Forwarded-For`. Several lines form one list (RFC 9110, 5.3)."""
    return [entry for line in lines for entry in line.split(",")]


def _parameters(lines: Sequence[str]) -> list[str]:
    """Return the value of `for` in each element of the header `Forwarded`, "" for an element without `for`.

    Return [] when no element has `for`.

    A line that breaks the grammar counts as one unknown address. Otherwise a client could send a quotation mark that is never
    closed, and so hide the elements that a proxy has appended.
    """
    found: list[str] = []
    for line in lines:
        try:
            found += _elements(line)
        except Unreadable:
            found.append("unknown")
    return found if any(found) else []


def _elements(line: str) -> list[str]:
    """Return the value of `for` in each element of one line of the header `Forwarded`.

    Raises Unreadable if the line breaks the grammar.
    """
    found: list[str] = []
    at, element = 0, ""
    while True:
        match = _PAIR.match(line, at)
        if match is None:
            raise Unreadable(line)
        if match[1].lower() == "for":
            element = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        at = match.end()
        if at == len(line) or line[at] == ",":
            found.append(element)
            element = ""
        elif line[at] != ";":
            raise Unreadable(line)
        if at == len(line):
            return found
        at += 1
