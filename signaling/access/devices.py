"""Describe a sign-in so that the member who signed in recognises it: browser, system, and a coarse network address. Pure."""

from __future__ import annotations

import ipaddress
import re

# (pattern, name of a browser or system): the first pair whose pattern matches the `User-Agent` header gives the name. The order
# matters, because a browser's header often matches later patterns, too.
_BROWSERS = (
    ("Edg(?:A|iOS)?/", "Edge"),
    ("OPR/|Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Whale/", "Whale"),
    ("Firefox/|FxiOS/", "Firefox"),
    ("Chrome/|CriOS/|Chromium/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone|iPod", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "macOS"),
    ("Linux", "Linux"),
)
_IPV4_PREFIX, _IPV6_PREFIX = 24, 48  # bits of an address that name a provider's network, not a subscriber


def device_of(user_agent: str) -> str:
    """Return the browser and system of a `User-Agent` header, such as "Chrome · Windows".

    Return "" for a program that this module does not know.
    """
    found = [_first(names, user_agent[:500]) for names in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, found))


def coarse_network(address: str) -> str:
    """Return the network of an IP address, such as "203.0.113.0/24".

    Return "" for an address of this machine, and when `address` is not an IP address.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return ""
    bits = _IPV4_PREFIX if parsed.version == 4 else _IPV6_PREFIX
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def network_words(network: str) -> str:
    """Return the text that shows a coarse network to people: "203.0.113.…" for "203.0.113.0/24".

    Return "" for an unknown network.
    """
    address, _, bits = network.partition("/")
    if bits == str(_IPV4_PREFIX):
        return f"{address.removesuffix('.0')}.…"
    return f"{address.removesuffix('::')}:…" if bits else address


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, text)), "")
