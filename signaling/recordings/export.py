"""Export a recording in a separate process: `python -m media.recording.export`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import msgspec

from media.api.recording_files import Plan


class ExportFailed(Exception):
    """The export failed. The exception's text is the reason that the process gave, if any."""


async def export(plan: Plan, told: Callable[[int], None]) -> None:
    """Carry out `plan`. Call `told` with the progress in per cent. Raises ExportFailed if the file could not be made.

    When this call is cancelled, the process is killed. The caller must then remove the partial file at `plan.out`.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media.recording.export", stdin=pipe, stdout=pipe, stderr=pipe
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ExportFailed("The export could not be started.")
    try:
        process.stdin.write(msgspec.json.encode(plan))
        process.stdin.close()
        async for line in process.stdout:
            told(int(line))
        error = (await process.stderr.read()).decode("utf-8", "replace").strip()
        if await process.wait():
            raise ExportFailed(error.splitlines()[-1] if error else "The file could not be made.")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
