"""`make bench`: measure everything. `make bench ARGS="sizes call"` measures only the named parts."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable

from media.api.cancellation import keep_cancellations
from tests.bench import (
    board,
    call,
    captions,
    cobrowse,
    day,
    desk,
    drain,
    matches,
    organisation,
    promises,
    recording,
    reports,
    sizes,
    wait_promise,
)
from tests.bench.abuse import rows as abuse
from tests.bench.drawing import draw
from tests.bench.load import scenes
from tests.bench.media import calls, crowd, faces, floor, lips, matrix, pictures, scale, solo
from tests.bench.quality import table as quality
from tests.bench.rows import HEAD, TARGET, Row, line, merge, table

PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "sizes": sizes.rows,
    "call": call.rows,
    "board": board.rows,
    "desk": desk.rows,
    "cobrowse": cobrowse.rows,
    "match": matches.rows,
    "day": day.rows,
    "waits": wait_promise.rows,
    "promises": promises.rows,
    "recording": recording.rows,
    "captions": captions.rows,
    "reports": reports.rows,
    "organisation": organisation.rows,
    "media": calls.rows,
    "room6": calls.full_rooms,
    "rtpengine": calls.beside_rtpengine,
    "load": scenes.rows,
    "pictures": pictures.rows,
    "crowd": crowd.rows,
    "faces": faces.rows,
    "floor": floor.rows,
    "scale": scale.rows,
    "lips": lips.rows,
    "matrix": matrix.rows,
    "solo": solo.rows,
    "quality": quality.rows,
    "abuse": abuse.rows,
    "drain": drain.rows,
}


def main(names: list[str]) -> None:
    """Measure each part. Print the part's rows (measured figures), and merge them into build/bench.json.

    If a part fails, the other parts still run.
    """
    unknown = set(names) - set(PARTS)
    if unknown:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    keep_cancellations()
    found: list[Row] = []
    failed: list[str] = []
    cores = os.sched_getaffinity(0)
    print(HEAD, flush=True)
    for name in names or PARTS:
        os.sched_setaffinity(0, cores)  # some parts of the bench restrict this process to one core; undo this before each part
        try:
            for each in PARTS[name]():
                merge([each])
                found.append(each)
                print(line(each), flush=True)
        except Exception:
            traceback.print_exc()
            failed.append(name)
    print(f"\n{table(found)}\n\nmerged into {TARGET}")
    draw()
    if failed:
        sys.exit(f"not measured to the end: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
