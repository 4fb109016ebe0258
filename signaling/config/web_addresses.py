"""Web addresses in the canonical form of browsers (WHATWG URL).

An address that an administrator types is stored in this form, or refused with a sentence. Storing the typed text would be wrong
for two reasons. A browser compares origins letter by letter, so `https://Shop.example:443` would never match. And
`https://a.example; script-src *` would add a directive to a Content-Security-Policy.
"""

from __future__ import annotations

import re

import ada_url

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_LOOPBACK = re.compile(r"localhost|[a-z0-9.-]+\.localhost|127\.[0-9.]+|\[::1\]")
_UNFIT = re.compile("[^!-~\u00a1-\U0010ffff]")  # white space and control characters, which a browser would drop or encode
MOST_CHARACTERS = 2000


class BadAddress(ValueError):
    """A web address is refused. The exception's text is a sentence for the person who typed the address."""


def origin(typed: str) -> str:
    """Return the canonical form of an origin that somebody typed, such as "https://shop.example".

    The host is in lower case (an international name as xn--…), and the default port is left out. Raises BadAddress when the text
    is not exactly one origin.
    """
    url = _parsed(typed)
    rest = _SCHEME.sub("", typed.strip(), count=1)
    if url.pathname != "/" or "?" in rest or "#" in rest:
        raise BadAddress(f"“{_shown(typed)}” names a page; leave out everything after the host, as in {url.origin}")
    return str(url.origin)


def is_origin(text: str) -> bool:
    """Return whether `text` is an origin in canonical form. An older version may have stored other texts."""
    try:
        return origin(text) == text
    except BadAddress:
        return False


def page(typed: str) -> str:
    """Return the address of a page in canonical form, for links.

    Raises BadAddress if the address is not valid. The address must be https, or http on this machine.
    """
    url = _parsed(typed)
    if url.protocol != "https:" and not _LOOPBACK.fullmatch(url.hostname):
        raise BadAddress(f"“{_shown(typed)}” must begin with https://")
    return str(url.href)


def endpoint(typed: str) -> str:
    """Return an http(s) address that programs call, such as a webhook's, in canonical form.

    Raises BadAddress if the address is not valid or has a fragment.
    """
    url = _parsed(typed)
    if url.hash:
        raise BadAddress("Leave out “#” and what follows it: programs never send it.")
    return str(url.href)


def _parsed(typed: str) -> ada_url.URL:
    text = typed.strip()
    if not _SCHEME.match(text):
        raise BadAddress(f"“{_shown(typed)}” must begin with https://, as in https://shop.example")
    try:
        url = ada_url.URL(text)
    except ValueError:
        url = None
    if url is None or _UNFIT.search(text) or len(text) > MOST_CHARACTERS:
        raise BadAddress(f"“{_shown(typed)}” is no address that a browser can open; one looks like https://shop.example")
    if url.username or url.password or "@" in _SCHEME.sub("", text, count=1).partition("/")[0]:
        raise BadAddress("Leave the user name and password out of the address.")
    if "*" in url.hostname:
        raise BadAddress(f"“{_shown(typed)}”: “*” is not a wildcard here; give each address separately")
    if not _HOST.fullmatch(url.hostname):
        raise BadAddress(f"“{_shown(typed)}” has no host that a browser can reach; one looks like https://shop.example")
    return url


def _shown(typed: str) -> str:
    """Return the typed address for an error's sentence: without passwords and control characters, at most 80 characters long."""
    text = "".join(c if c.isprintable() else " " for c in re.sub(r"//[^/]*@", "//…@", typed.strip()))
    return text if len(text) <= 80 else text[:79] + "…"
