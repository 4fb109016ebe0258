"""The one library of Redis Functions: the files of `lua/` joined, in the order in which they build on each other.

Functions and not a script (EVALSHA): the functions of the joined file are made once, when it is loaded, where a script makes its
two hundred anew at each call, which took half of every step. The library and its functions carry a digest of the source in their
names, so that two versions of the service work side by side while they are exchanged. What a version leaves behind is 60 KB;
`FUNCTION DELETE` removes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

PARTS: Final = ("words", "deadlines", "queue", "roster", "selection", "ledger", "steps", "reading", "main")

# While a library is loaded it has no `redis.call` and not even `string`: everything is made at the first call. A function without
# flags is refused as a whole, not at its tenth write, when memory is full; one that only reads goes on.
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
    """`step` and `read` are the names of its functions."""

    source: str
    step: str
    read: str


@cache
def library() -> Library:
    folder = files("matcher.redis") / "lua"
    body = FRAME.format("\n".join((folder / f"{part}.lua").read_text("utf-8") for part in PARTS))
    name = f"sangdam_{sha256(body.encode()).hexdigest()[:16]}"
    return Library(f'#!lua name={name}\nlocal NAME = "{name}"\n{body}', f"{name}_step", f"{name}_read")
