"""The one script: the files of `lua/` joined, in the order in which they build on each other.

A script (EVALSHA) and not a Redis Function, although Redis 7 has both: a script is found by its content, so that two versions of
the service can work side by side while they are exchanged, nothing stays behind in the database, and managed services that know
no Functions will do. It costs that the functions of the joined file are made anew at each call.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha1
from importlib.resources import files
from typing import Final

PARTS: Final = ("words", "deadlines", "queue", "roster", "selection", "ledger", "steps", "reading", "main")
SHEBANG: Final = "#!lua\n"  # with it Redis refuses the whole script, not its tenth write, when its memory is full


@cache
def source() -> str:
    folder = files("matcher.redis") / "lua"
    return SHEBANG + "\n".join((folder / f"{part}.lua").read_text("utf-8") for part in PARTS)


def digest(script: str) -> str:
    """The name by which Redis knows a script."""
    return sha1(script.encode(), usedforsecurity=False).hexdigest()
