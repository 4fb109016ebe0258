"""The matcher's library of Redis Functions: the files of `lua/`, joined so that each file follows the files that it uses.

The source is not loaded as a script (EVALSHA): a script would create its two hundred Lua functions anew at each call, and this
took half of the time of every step. A library creates its functions once. The library's names contain a digest of the source, so
that two versions of the service can use one Redis during an update. The library of an old version stays in Redis and takes 60 KB;
`FUNCTION DELETE` removes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

# names of the files in `lua/`, each after the files that it uses
PARTS: Final = ("words", "deadlines", "queue", "roster", "selection", "ledger", "steps", "reading", "main")

# While Redis loads a library, the library can use neither `redis.call` nor `string`. So the library creates its functions at the
# first call. When memory is full, Redis refuses a function without flags before that function runs, not in the middle of its
# writes. Functions that only read are flagged `no-writes`, and run even then.
FRAME: Final = """
local function make()
{}
end
local made
local function function_called(name)
  return function(keys, args)
    made = made or make()
    return made[name](keys, args)
  end
end
redis.register_function(NAME .. "_step", function_called("step"))
redis.register_function({{function_name = NAME .. "_read", callback = function_called("read"), flags = {{"no-writes"}}}})
"""


@dataclass(frozen=True)
class Library:
    """The library's source, and the names of its two functions."""

    source: str
    step: str
    read: str


@cache
def library() -> Library:
    """Return the library of Redis Functions, made from the files in `lua/`.

    The library's name contains a digest of these files.
    """
    folder = files("matcher.redis") / "lua"
    body = FRAME.format("\n".join((folder / f"{part}.lua").read_text("utf-8") for part in PARTS))
    name = f"sangdam_{sha256(body.encode()).hexdigest()[:16]}"
    return Library(f'#!lua name={name}\nlocal NAME = "{name}"\n{body}', f"{name}_step", f"{name}_read")
