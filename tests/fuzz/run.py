"""Run one target under libFuzzer: `python -m tests.fuzz.run TARGET [options of libFuzzer]`. `tests.fuzz` runs all targets."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

LOOKED_AT = [
    "media",
    "signaling.protocol",
    "signaling.access",
    "signaling.files",
    "signaling.images.header",
    "signaling.images.heif",
    "signaling.server.http",
    "aioice",
    "aiortc.rtcsctptransport",
]

with atheris.instrument_imports(include=LOOKED_AT):
    from tests.fuzz.targets import LONGEST, SEEDS, TARGETS

KEPT = Path(__file__).parent / "corpus"


def main() -> None:
    name, *options = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    for kept in (KEPT / name).glob("*"):
        shutil.copy(kept, corpus)
    build = Path("build")
    build.mkdir(exist_ok=True)
    arguments = [sys.argv[0], str(corpus), f"-max_len={LONGEST.get(name, 2048)}", f"-artifact_prefix={build}/fuzz-{name}-"]
    atheris.Setup([*arguments, "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
