"""Virus scans with a real clamd, which knows only one virus (made for these tests), and with scanners that fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signaling.files import FileRefused
from signaling.files.clamd import PIECE_BYTES, Scanner
from tests.clamd_server import VIRUS, running_clamd

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def clamd() -> Iterator[Path]:
    with running_clamd("2M") as path:
        yield path


async def reason_of(scan: Awaitable[None]) -> str:
    with pytest.raises(FileRefused) as refused:
        await scan
    return refused.value.reason


async def test_clean_file_passes_and_infected_file_is_named(clamd: Path, tmp_path: Path) -> None:
    scanner, file = Scanner(clamd), tmp_path / "x"
    file.write_bytes(bytes(PIECE_BYTES - 10) + b"an honest file")
    await scanner.check_file(file)
    # the file goes to clamd in pieces; the virus begins in one piece and ends in the next
    file.write_bytes(bytes(PIECE_BYTES - 10) + VIRUS)
    with pytest.raises(FileRefused) as refused:
        await scanner.check_file(file)
    assert (refused.value.reason, refused.value.found) == ("file_infected", "Test.Virus.UNOFFICIAL")
    await scanner.check_bytes(b"")
    assert await reason_of(scanner.check_bytes(b"x" + VIRUS)) == "file_infected"


async def test_many_files_at_once_all_get_their_own_answer(clamd: Path) -> None:
    scanner = Scanner(clamd)
    scans = [scanner.check_bytes(VIRUS if at % 3 == 0 else b"clean") for at in range(30)]
    answers = await asyncio.gather(*scans, return_exceptions=True)
    assert [isinstance(each, FileRefused) for each in answers] == [at % 3 == 0 for at in range(30)]


async def test_file_above_the_limit_of_clamd_is_refused(clamd: Path) -> None:
    assert await reason_of(Scanner(clamd).check_bytes(bytes(3 * 1024 * 1024))) == "scan_failed"


@asynccontextmanager
async def scanner_that(serves: Serve) -> AsyncIterator[Scanner]:
    """Yield a client of a scanner on TCP. The scanner handles each connection with the function `serves`."""
    server = await asyncio.start_server(serves, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield Scanner((host, port), within_s=0.3)
    server.close()


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def talks_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"stream: FINE\0")
    await reader.read(-1)


async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"stream: OK" * 10_000)
    await reader.read(-1)


@pytest.mark.parametrize("serves", [hangs, hangs_up, talks_nonsense, never_ends])
async def test_scanner_that_fails_lets_nothing_through(serves: Serve) -> None:
    async with scanner_that(serves) as scanner:
        assert await reason_of(scanner.check_bytes(b"clean")) == "scan_failed"


async def test_scanner_that_is_not_there_lets_nothing_through(tmp_path: Path) -> None:
    assert await reason_of(Scanner(tmp_path / "no.sock").check_bytes(b"clean")) == "scan_failed"


async def test_without_a_scanner_everything_passes() -> None:
    await Scanner(None).check_bytes(VIRUS)
