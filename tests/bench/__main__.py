"""`make bench`: every figure, or those of the parts named: `make bench ARGS="sizes call"`."""

from __future__ import annotations

import sys

from tests.bench import call, day, matches, recording, sizes, wait_promise
from tests.bench.load import scenes
from tests.bench.media import calls, crowd, lips, matrix, pictures, scale, solo
from tests.bench.quality import table as quality
from tests.bench.rows import TARGET, merge, table

PARTS = {
    "sizes": sizes.rows,
    "call": call.rows,
    "match": matches.rows,
    "day": day.rows,
    "waits": wait_promise.rows,
    "recording": recording.rows,
    "media": calls.rows,
    "load": scenes.rows,
    "pictures": pictures.rows,
    "crowd": crowd.rows,
    "scale": scale.rows,
    "lips": lips.rows,
    "matrix": matrix.rows,
    "solo": solo.rows,
    "quality": quality.rows,
}


def main(names: list[str]) -> None:
    unknown = set(names) - set(PARTS)
    if unknown:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    found = [row for name in names or PARTS for row in PARTS[name]()]
    merge(found)
    print(table(found))
    print(f"\nmerged into {TARGET}")


if __name__ == "__main__":
    main(sys.argv[1:])
