from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.browser.people import Cast
from tests.browser.service import Service, running


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(tmp_path) as service:
        yield service


@pytest.fixture
async def cast(service: Service, media_folder: Path) -> AsyncIterator[Cast]:
    """People with browsers; at the end no page may have thrown an error."""
    async with async_playwright() as playwright:
        cast = Cast(service, playwright, media_folder)
        async with cast.stack:
            yield cast
            problems = [problem for person in cast.everyone for problem in person.problems]
        assert not problems, problems
