"""Make safe names for files that strangers send. Pure."""

from __future__ import annotations

import re

from signaling.protocol.texts import Seen, count, cut

MOST_NAME = 120  # a file's name has at most this many visible characters
_MOST_GIVEN = Seen(2000, cut=True)
_ENDING = re.compile(r"\.(?=[0-9]*[A-Za-z])([A-Za-z0-9]{1,10})\Z")  # the ending of a file's name; “Report 1.2” has no ending
_PATH = re.compile(r"[/\\]")
# characters that Windows refuses in file names, or that a shell or a network drive can misinterpret
_UNWELCOME = re.compile(r'[<>:"|?*\x00-\x1f]')
# names of devices in Windows; no file in Windows can have such a name
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|\Z)")


def file_name(given: str) -> str:
    """Return a safe form of a file's name: without path, control characters and bidi characters.

    Any operating system can save a file under this name. Return "" when nothing is left of the name. In a long name, the part
    before the ending is shortened.
    """
    last = _PATH.split(_MOST_GIVEN(given))[-1]
    name = _UNWELCOME.sub("_", last).strip(" .")
    if _DEVICES.match(name):
        name = f"_{name}"
    if count(name) <= MOST_NAME:
        return name
    end = f".{ending_of(name)}" if ending_of(name) else ""
    stem = name[: len(name) - len(end)] if end else name
    return cut(stem, MOST_NAME - len(end), MOST_NAME * 8) + end


def ending_of(name: str) -> str:
    """Return the ending of a file's name in lower case, without its dot. Return "" when the name has no ending."""
    found = _ENDING.search(name)
    return found[1].lower() if found else ""
