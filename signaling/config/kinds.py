"""Kinds of settings: how the text of a setting becomes a value, and how the value is shown.

Each `read` raises ValueError with a sentence for the person who wrote the setting.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .proxies import Proxies, one_proxy, proxies_of

ONE_PROXY = "one"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SENDER = re.compile(rf"(?:[^@\s]{{1,64}}@)?{_LABEL}(?:\.{_LABEL})+")
_REGION = re.compile("[a-z0-9-]{0,32}")
_PASSWORD = re.compile(r"//([^/:@]*):[^/@]*@")


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a setting's value. `metavar`: the placeholder in help texts; "" for a switch.

    `read`: converts a text to the value. `show`: converts the value to a text without secrets.
    """

    metavar: str
    read: Callable[[str], Any]
    show: Callable[[Any], str] = str


def nearest(word: str, words: list[str]) -> str:
    """Return the entry of `words` whose spelling is most similar to `word`. Return "" when no entry is similar."""
    return next(iter(get_close_matches(word, words, n=1, cutoff=0.5)), "")


def number(least: int, most: int | None = None) -> Kind:
    """Return the kind of a setting whose value is a whole number from `least` to `most`. `most`: None for no upper limit."""
    limits = f"from {least} to {most}" if most is not None else f"of {least} or more"

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()):
            raise ValueError(f"“{text}” is not a whole number {limits}.")
        value = int(text)
        near = max(least, value if most is None else min(value, most))
        if near != value:
            raise ValueError(f"{value} is not a number {limits}. The nearest is {near}.")
        return value

    return Kind("NUMBER", read)


def choice(*words: str) -> Kind:
    """Return the kind of a setting whose value is one of `words`."""

    def read(text: str) -> str:
        if text.strip().lower() in words:
            return text.strip().lower()
        near = nearest(text.strip().lower(), list(words))
        meant = f" Did you mean “{near}”?" if near else ""
        raise ValueError(f"“{text}” is none of {', '.join(words)}.{meant}")

    return Kind("|".join(words), read)


def switch(text: str) -> bool:
    """Return the value of an on-off setting from its text: true, yes, on, 1, or false, no, off, 0."""
    word = text.strip().lower()
    if word in ("true", "yes", "on", "1"):
        return True
    if word in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"“{text}” is neither true nor false.")


def address(text: str) -> tuple[str, int]:
    """Return (host, port) from a text HOST:PORT. An IPv6 address has brackets in the text, and none in the result."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
        raise ValueError(f"“{text}” is not an address; write it as 127.0.0.1:9090.")
    return host.strip("[]"), int(port)


def _socket(text: str) -> Path | tuple[str, int]:
    return Path(text) if text.startswith("/") else address(text)


def _origin(text: str) -> str:
    from . import web_addresses  # imported here because its parser is a large library that most commands do not need

    return web_addresses.origin(text) if text else ""


def _proxies(text: str) -> Proxies:
    return one_proxy() if text.strip().lower() in (ONE_PROXY, "true", "yes", "on") else proxies_of(text)


def _show_proxies(proxies: Proxies) -> str:
    return ",".join(map(str, proxies.chain)) or ONE_PROXY


def _show_address(value: Path | tuple[str, int]) -> str:
    if isinstance(value, Path):
        return str(value)
    host, port = value
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _hide_password(url: str) -> str:
    return _PASSWORD.sub(r"//\1:(set)@", url)


def text(metavar: str) -> Kind:
    """Return the kind of a setting whose value is any text. `metavar`: the placeholder in help texts."""
    return Kind(metavar, str)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError:
        raise ValueError(f"“{text}” is no network; write it as 10.1.2.0/24.") from None


def _sender(text: str) -> str:
    if not _SENDER.fullmatch(text.strip()):
        raise ValueError(f"“{text}” is neither a domain, such as shop.example, nor a mail address.")
    local, at, domain = text.strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"


def _region(text: str) -> str:
    name = text.strip().lower()
    if not _REGION.fullmatch(name):
        raise ValueError(f"“{text}” is not the name of a region; use at most 32 letters from a to z, digits and hyphens.")
    return name


SWITCH = Kind("", switch, lambda on: "true" if on else "false")
FILE = Kind("FILE", Path)
FOLDER = Kind("FOLDER", Path)
ORIGIN = Kind("URL", _origin)
URL = Kind("URL", str, _hide_password)
ADDRESS = Kind("HOST:PORT", address, _show_address)
SOCKET = Kind("SOCKET", _socket, _show_address)
PROXIES = Kind("NETWORKS", _proxies, _show_proxies)
NETWORK = Kind("CIDR", _network)
SENDER = Kind("DOMAIN", _sender)
REGION = Kind("REGION", _region)
SECRET = Kind("SECRET", str.encode, lambda value: "set" if value else "")
PORT = number(1, 65_535)
MEDIA_PORT = number(1024, 65_000)
