"""Logging for operators: JSON lines, or coloured lines on a terminal. The log has no secrets, and no content of conversations."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_KEYS_TO_SOMETHING = {"authorization", "cookie", "password", "secret", "token", "code", "sdp"}
_OF_PEOPLE = {"brief", "contact", "name", "note", "notes", "text", "transcript", "user_name", "words"}
_SECRET_KEYS = frozenset(_KEYS_TO_SOMETHING | _OF_PEOPLE)
# This pattern finds a compact JWS, or one of our own tokens (base64url of 32 bytes), anywhere in a message.
_SECRET_SHAPES = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])")
REDACTED = "[redacted]"


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Redact secrets and personal data in a log entry.

    These are values that look like identification codes or tokens, and values under the keys `_SECRET_KEYS`. This function is a
    structlog processor.
    """
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if key.lower() in _SECRET_KEYS:
        return REDACTED
    if isinstance(value, str):
        return _SECRET_SHAPES.sub(REDACTED, value)
    if isinstance(value, dict):
        return {k: _redacted(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", v) for v in value]
    return value


def set_up(*, level: str = "info", as_json: bool | None = None) -> None:
    """Set up logging for the whole process, including the libraries' log entries.

    `as_json`: whether to write JSON lines. None: write JSON lines unless standard error is a terminal.
    """
    plain = not sys.stderr.isatty() if as_json is None else as_json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # `format_exc_info` turns tracebacks into text first, so that `redact` redacts them, too
    last: list[Processor] = [structlog.processors.format_exc_info, redact]
    coloured = structlog.dev.ConsoleRenderer(pad_event_to=28)
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False) if plain else coloured
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiosqlite", "alembic", "aioice", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger. An entry is an event's name with values: `log.get("signaling").info("session_created", session=id)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
