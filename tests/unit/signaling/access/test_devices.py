from __future__ import annotations

import pytest

from signaling.access.devices import coarse_network, device_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (WINDOWS, "Chrome · Windows"),
        (f"{WINDOWS} Edg/156.0.0.0", "Edge · Windows"),
        (f"{WINDOWS} Whale/4.30", "Whale · Windows"),
        (f"{IPHONE} Version/26.1 Mobile/15E148 Safari/604.1", "Safari · iPhone"),
        (f"{IPHONE} CriOS/156.0 Mobile/15E148 Safari/604.1", "Chrome · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.1 Safari/605.1.15", "Safari · macOS"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 SamsungBrowser/29.0 Chrome/140.0 Safari/537.36",
         "Samsung Internet · Android"),
        ("curl/8.0", ""),
        ("", ""),
        ("\ud800" * 2000, ""),
    ],
)  # fmt: skip
def test_device_is_named_as_its_owner_would(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::1", ""),
        ("127.0.0.1", ""),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_network_is_coarse(address: str, network: str) -> None:
    assert coarse_network(address) == network
