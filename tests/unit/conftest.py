from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import settings

# no deadline for one example: how long an example takes depends on the machine, not on the code under test
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def logs_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo the set-up of logging that a command made in a test, so that the next test reads its own logs.

    During a test, structlog caches no logger. A cached logger would keep the command's set-up in later tests.
    """
    before, root = structlog.get_config(), logging.getLogger()
    level, configure = root.level, structlog.configure

    def configured(**given: Any) -> None:
        configure(**given | {"cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configured)
    yield
    if structlog.get_config() != before:
        configure(**before)
        ours = [each for each in root.handlers if isinstance(each.formatter, structlog.stdlib.ProcessorFormatter)]
        for handler in ours:
            root.removeHandler(handler)
        root.setLevel(level)
