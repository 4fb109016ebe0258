"""`python -m media`: run one media worker. Garbage collection is off while modules load, which shortens the start by a tenth."""

import gc

gc.disable()  # nothing that loads now is garbage; `process.serve` turns collection on again

from media.worker.process import main  # noqa: E402  # imported only after `gc.disable()`

if __name__ == "__main__":
    main()
