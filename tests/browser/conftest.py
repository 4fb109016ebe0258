from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Playwright, async_playwright

from tests.browser.people import Cast, Pool
from tests.browser.service import Backstage, Service


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all browser tests in one event loop, because a browser stays open for later tests."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session", autouse=True)
def _present_pages() -> None:
    """Build the pages if their sources have changed since the last build, so that the tests use the present pages."""
    subprocess.run([sys.executable, Path(__file__).parents[2] / "web" / "build.py"], check=True)


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def pool() -> Pool:
    return {}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright(pool: Pool) -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright
        for browser in pool.values():
            await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def backstage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Backstage]:
    backstage = Backstage(tmp_path_factory.mktemp("services"))
    yield backstage
    await backstage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def service(backstage: Backstage) -> AsyncIterator[Service]:
    """Start a service for this test, with an empty database."""
    service = await backstage.enter()
    yield service
    backstage.leave(service)


Casting = Callable[[Service], AbstractAsyncContextManager[Cast]]


@pytest.fixture(scope="session")
def casting(playwright: Playwright, pool: Pool, media_folder: Path) -> Casting:
    """Return a `Casting`, which gives a test people who use a service in browsers.

    At the end of the test, fail if one of the people's pages has thrown an error.
    """

    @asynccontextmanager
    async def casting(service: Service) -> AsyncIterator[Cast]:
        cast = Cast(service, playwright, media_folder, pool)
        async with cast.stack:
            yield cast
            problems = [problem for person in cast.everyone for problem in person.problems]
        assert not problems, problems

    return casting


@pytest_asyncio.fixture(loop_scope="session")
async def cast(service: Service, casting: Casting) -> AsyncIterator[Cast]:
    async with casting(service) as cast:
        yield cast
