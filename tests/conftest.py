from __future__ import annotations

import structlog

from media.api.cancellation import keep_cancellations

keep_cancellations()  # our programs call this function at their start, and this process runs their servers and peers
# without this configuration, structlog draws each traceback with all variables, which takes a second of processor time
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
