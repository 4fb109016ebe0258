from __future__ import annotations

import json
import logging

import pytest

from signaling.config import log


def test_secrets_and_conversation_texts_are_redacted() -> None:
    token = "A" * 43
    event = log.redact(
        None,
        "info",
        {
            "event": "session_created",
            "session": "s-1",
            "token": token,
            "text": "안녕하세요",
            "detail": f"refused eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc and {token}",
            "nested": {"password": "x", "list": [token]},
        },
    )
    assert event == {
        "event": "session_created",
        "session": "s-1",
        "token": log.REDACTED,
        "text": log.REDACTED,
        "detail": "refused [redacted] and [redacted]",
        "nested": {"password": log.REDACTED, "list": [log.REDACTED]},
    }


def test_tracebacks_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    try:
        log.set_up(as_json=True)
        try:
            {}["B" * 43]
        except KeyError:
            log.get("test").exception("request_failed", contact="010-1234-5678")
        logging.getLogger("other.library").warning("code %s", "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc")
    finally:
        logging.getLogger().handlers[:] = before
    first, second = capsys.readouterr().err.splitlines()
    assert "B" * 43 not in first
    assert "010" not in first
    assert json.loads(first)["event"] == "request_failed"
    assert json.loads(second)["event"] == "code [redacted]"
