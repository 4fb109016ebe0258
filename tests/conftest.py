from __future__ import annotations

from media.api.cancellation import keep_cancellations

keep_cancellations()  # as our programs do, because tests run servers and peers in this process
