from __future__ import annotations

from media.api.cancellation import keep_cancellations

keep_cancellations()  # our programs do this at their start; here tests run servers and peers in their own process
