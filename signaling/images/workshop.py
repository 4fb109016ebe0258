"""Run the process that re-encodes pictures for the server (`__main__`).

The process starts at the first picture, and ends when it is idle. When a picture kills the process, the next picture starts a new
process.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress

import structlog

from signaling.protocol.reasons import PictureReason

from .picture import Picture
from .refusal import PictureRefused

log = structlog.get_logger(__name__)

# The process may take this many bytes of memory in addition to the decoded picture: for the uploaded file, the strips of the
# picture that are being scaled, the result, and the encoder.
WORKING_BYTES = 96 * 1024 * 1024
PROCESSOR_S = 8  # One picture may take at most this many seconds of CPU time; the largest picture of an honest user takes 2 s.

# The server waits at most this many seconds for a re-encoded picture; longer than PROCESSOR_S, because the machine may be busy.
LONGEST_S = 30.0
IDLE_S = 120.0  # The process ends after this many seconds without a picture.


class Workshop:
    """The process that re-encodes pictures. The process takes one picture at a time, so callers must queue.

    `memory_bytes`: the memory that a decoded picture may take.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes + WORKING_BYTES
        self._process: asyncio.subprocess.Process | None = None
        self._ending: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """Return the process's id, or None while the process does not run."""
        return self._process.pid if self._process else None

    async def reencode(self, data: bytes) -> tuple[Picture, float]:
        """Return a re-encoded picture, and the seconds of CPU time that re-encoding has taken.

        Raises PictureRefused, also if the process has exceeded its limits because of the picture.
        """
        if self._ending is not None:
            self._ending.cancel()
        process = await self._running()
        try:
            async with asyncio.timeout(LONGEST_S):
                return await _ask(process, data)
        except PictureRefused:
            raise
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
            raise PictureRefused(await self._killed()) from error
        # this call was cancelled: end the process, so that the next caller does not read the reply for this picture
        except BaseException:
            await self._killed()
            raise
        finally:
            self._ending = asyncio.get_running_loop().call_later(IDLE_S, self._end)

    async def close(self) -> None:
        """Kill the process if it is running."""
        if self._ending is not None:
            self._ending.cancel()
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", __package__ or "", "--parent", str(os.getpid())),
                *("--memory", str(self._memory_bytes), "--processor", str(PROCESSOR_S)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                # the process gets no environment variables that begin with SANGDAM_, because they can contain secrets
                env={name: value for name, value in os.environ.items() if not name.startswith("SANGDAM_")},
            )
        return self._process

    async def _killed(self) -> PictureReason:
        """Kill the process. Return the reason for refusing the picture that the process was decoding."""
        process, self._process = self._process, None
        if process is None:
            return "picture_damaged"
        with suppress(TimeoutError):  # the process may be about to end; then its exit status shows the reason
            async with asyncio.timeout(0.1):
                await process.wait()
        with suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
        log.warning("picture process ended", status=code)
        return "picture_too_costly" if code in (-signal.SIGXCPU, -signal.SIGKILL) else "picture_damaged"

    def _end(self) -> None:
        """Close the input of the idle process, so that the process ends."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()


async def _ask(process: asyncio.subprocess.Process, data: bytes) -> tuple[Picture, float]:
    if process.stdin is None or process.stdout is None:
        raise ConnectionError
    process.stdin.write(len(data).to_bytes(4, "big"))
    process.stdin.write(data)
    await process.stdin.drain()
    head = json.loads(await process.stdout.readuntil(b"\n"))
    if "reason" in head:
        raise PictureRefused(head["reason"])
    body = await process.stdout.readexactly(head["size"])
    return Picture(body, head["mime"], head["width"], head["height"]), head["busy_s"]
