"""Mail addresses: which texts are a mail address, and how an address is shown without revealing it. Pure.

The accepted addresses are those that browsers accept (HTML, 4.10.5.1.5) and that have a domain of at least two labels. Such an
address is ASCII, and contains nothing that could end a header line or add a recipient.
"""

from __future__ import annotations

import re

from ada_url import idna

MOST_CHARACTERS = 254  # longest address (RFC 5321, 4.5.3.1.3), without the angle brackets

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"^[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+\Z"
_ADDRESS = re.compile(ADDRESS)


class BadAddress(ValueError):
    """The text is no mail address. The exception's text is a sentence that repeats nothing of the text."""


def address_of(text: str) -> str:
    """Return the text as a mail address, with the domain in lower case. Raises BadAddress if the text is no mail address.

    An international domain is returned as mail servers read it ("xn--…").
    """
    if any(not each.isprintable() for each in text):
        raise BadAddress("A mail address has no line breaks and no control characters.")
    local, at, domain = text.strip().rpartition("@")
    if not domain.isascii() and len(domain) <= MOST_CHARACTERS:
        domain = idna.encode(domain).decode()  # if the domain cannot be converted, the result is empty
    text = f"{local}{at}{domain}"
    if len(text) > MOST_CHARACTERS or not _ADDRESS.match(text) or ".." in local or local.startswith(".") or local.endswith("."):
        raise BadAddress("That is not a mail address.")
    return f"{local}@{domain.lower()}"


def address_in(contact: str) -> str:
    """Return the contact as a mail address, or "" when the contact is something else, such as a telephone number."""
    try:
        return address_of(contact)
    except BadAddress:
        return ""


def masked(address: str) -> str:
    """Return the address with most of its local part hidden: "m…@example.com"."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else "…"
