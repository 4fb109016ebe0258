"""`make bench ARGS=quality`: print the voice quality (MOS) over each network link in each kind of call.

The kinds of calls are, for example, a relayed call whose speaker has this link, or a call between two browsers without a worker.
The command also prints the figures for which there is a promised limit. The command takes 15 minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from media.mixer.opus import Samples
from tests.bench.quality import browsers, light, virtual
from tests.bench.quality.light import Case
from tests.bench.quality.lines import CLEAN, LINES, PROMISED
from tests.bench.quality.score import scores
from tests.bench.rows import Row, compared, row
from tests.peers.proxy import Line

AT_ONCE = 2
"""Number of links that are measured at the same time, each in all kinds of calls. With more links, two cores would be too slow,
and would add pauses to the sound.
"""
Ways = dict[str, Callable[[Line], Case]]
Recorded = dict[tuple[str, str], Samples]
"""(kind of call, link) → the sound that the listener heard."""
Found = dict[tuple[str, str], list[float]]
"""(kind of call, link) → MOS of each piece of the recording."""

NAMES = {CLEAN: "mos_clean", PROMISED: "mos_loss10_jitter50"}
DIRECT, UP, DOWN, MIXED_UP, MIXED_DOWN = "Chromium direct", "Chromium up", "Chromium down", "mixed up", "mixed down"
BROWSERS: Ways = {
    DIRECT: lambda line: Case(up=line, direct=True),
    UP: lambda line: Case(up=line),
    DOWN: lambda line: Case(down=line),
}
LIGHT: Ways = {
    "relayed up": lambda line: Case(up=line),
    "relayed down": lambda line: Case(down=line),
    MIXED_UP: lambda line: Case(up=line, mixed=True),
    MIXED_DOWN: lambda line: Case(down=line, mixed=True),
}


def rows() -> Iterator[Row]:
    names, found = list(LINES), Found()
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        for way in (by_browsers, by_light_peers, by_the_clock_alone):
            found |= {key: scores(heard) for key, heard in way(some).items()}
        for line in some:
            yield from promised(found, line)
    print(table(found))


def by_browsers(lines: Sequence[str]) -> Recorded:
    return _by(BROWSERS, lines, lambda cases: [each.samples for each in asyncio.run(browsers.calls(cases))])


def by_light_peers(lines: Sequence[str]) -> Recorded:
    return _by(LIGHT, lines, lambda cases: asyncio.run(light.calls(cases)))


def by_the_clock_alone(lines: Sequence[str]) -> Recorded:
    ways = {f"{way}, virtual": case for way, case in LIGHT.items()}
    return _by(ways, lines, lambda cases: [virtual.heard(case) for case in cases])


def _by(ways: Ways, lines: Sequence[str], run: Callable[[list[Case]], list[Samples]]) -> Recorded:
    keys = [(way, line) for line in lines for way in ways]
    return dict(zip(keys, run([ways[way](LINES[line]) for way, line in keys]), strict=True))


def promised(found: Found, line: str) -> Iterator[Row]:
    """Yield the rows (measured figures) of this link. A link without promised limits has no rows."""
    name = NAMES.get(line)
    if name is not None:
        ours, theirs = found[UP, line] + found[DOWN, line], found[DIRECT, line] * 2
        yield compared(name, "MOS", ours, theirs, "Chromium to Chromium")
        yield row(name.replace("mos", "mos_mixed"), "MOS", found[MIXED_UP, line] + found[MIXED_DOWN, line])


def table(found: Found) -> str:
    ways = list(dict.fromkeys(way for way, _ in found))

    def cells() -> Iterator[str]:
        for line in dict.fromkeys(line for _, line in found):
            yield f"| {line} | " + " | ".join(f"{np.mean(found[way, line]):.2f}" for way in ways) + " |"

    return "\n".join([f"| line | {' | '.join(ways)} |", "|---" * (len(ways) + 1) + "|", *cells()])
