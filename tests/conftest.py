from __future__ import annotations

from media.api.cancellation import keep_cancellations

keep_cancellations()  # our programs do this at their start; tests run servers and peers in this process
