"""Run each preview in a process of its own.

At most one preview of each organisation is made at a time. A new preview of a person ends that person's older preview.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import structlog

from matcher.simulation.work import FEW, MOST_VISITS, Preview, Work
from signaling.records import Records

from .past import Past, past_of
from .works import Change, work_of

log = structlog.get_logger(__name__)

SIMULATION: Final = "matcher.simulation.preview"  # this module runs as a program; importing it here would load numpy (11 MiB)
PAST_MS: Final = 28 * 86_400_000  # ms: a preview uses the arrivals of the last four weeks
KNOWN_S: Final = 60.0  # seconds for which an organisation's past sessions are cached, because people change a form several times
MOST_KNOWN: Final = 8
AT_ONCE: Final = 2  # at most this many previews of all organisations together are simulated at the same time
TURN_S: Final = 15.0  # a preview waits at most this many seconds for the previews of colleagues
LONGEST_S: Final = 15.0  # a simulation may take at most this many seconds; most simulations take one second


class Busy(Exception):
    """The preview cannot be made now: earlier previews are not finished in time, or the simulation takes too long or fails."""


class Superseded(Exception):
    """The same person has asked for another preview in the meantime."""


class Previews:
    """Makes previews of changes of settings, from the sessions of the last weeks in the database."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records, self._now = records, now
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # who asked for a preview → the task that makes it
        self._asked: dict[str, asyncio.Task[tuple[Preview | None, Past]]] = {}
        self._known: dict[str, tuple[float, Past]] = {}

    async def make(self, organisation: str, asker: str, change: Change) -> tuple[Preview | None, Past]:
        """Return the preview, and the past on which it is based.

        None: too few users came. If an earlier preview of the same asker is still being made, it is cancelled, and the earlier
        call of this method raises Superseded. Raises Busy if the preview cannot be made now.
        """
        former = self._asked.get(asker)
        if former is not None:
            former.cancel()
        task = asyncio.create_task(self._make(organisation, change))
        self._asked[asker] = task
        try:
            await asyncio.wait({task})
            if task.cancelled():
                raise Superseded
            return task.result()
        finally:
            task.cancel()
            if self._asked.get(asker) is task:
                del self._asked[asker]

    async def _make(self, organisation: str, change: Change) -> tuple[Preview | None, Past]:
        turn = self._turns.setdefault(organisation, asyncio.Lock())
        try:
            async with asyncio.timeout(TURN_S):
                await turn.acquire()
        except TimeoutError:
            raise Busy from None
        try:
            past = await self._past(organisation)
            work = await asyncio.to_thread(work_of, past, change)
            if sum(visit.counts for visit in work.visits) < FEW:
                return None, past
            async with self._at_once:
                return await _simulated(work), past
        finally:
            turn.release()

    async def _past(self, organisation: str) -> Past:
        read_s, known = self._known.get(organisation, (0.0, None))
        if known is not None and monotonic() - read_s < KNOWN_S:
            return known
        sessions = await self._records.past_sessions(organisation, self._now() - PAST_MS, MOST_VISITS)
        past = await asyncio.to_thread(past_of, sessions)
        if max(len(past.came), len(past.asked)) < FEW:
            return past
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[organisation] = monotonic(), past
        return past


async def _simulated(work: Work) -> Preview:
    """Run the simulation in a process of its own. The process has ended when this call returns.

    Raises Busy if the simulation takes longer than `LONGEST_S` or fails.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", SIMULATION),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # the process gets no environment variables that begin with SANGDAM_, because they can contain secrets
        env={name: value for name, value in os.environ.items() if not name.startswith("SANGDAM_")},
    )
    try:
        async with asyncio.timeout(LONGEST_S):
            made, _ = await process.communicate(msgspec.msgpack.encode(work))
        return msgspec.msgpack.decode(made, type=Preview)
    except TimeoutError:
        raise Busy from None
    except msgspec.DecodeError:
        log.exception("the simulation of a preview failed", status=process.returncode)
        raise Busy from None
    finally:
        with suppress(ProcessLookupError):
            if process.returncode is None:
                process.kill()
                await process.wait()
