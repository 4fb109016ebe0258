from __future__ import annotations

import structlog

from media.api.cancellation import keep_cancellations

keep_cancellations()  # Sangdam's programs do this at their start; the tests run parts of these programs in this process
# without this configuration, structlog draws each traceback with all variables, which takes a second of processor time
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
