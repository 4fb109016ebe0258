"""Queue mails in background tasks, so that no caller waits until the mail is in the outbox."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import structlog

from signaling.records import RecordsAway, UnknownSession
from signaling.records.outbox import MailRefused

log = structlog.get_logger(__name__)


class Background:
    """Runs tasks that queue mails, at most `most` at the same time.

    `count`: the number of mails that were not queued, by reason.
    """

    def __init__(self, most: int, count: Counter[str]) -> None:
        self._most = most
        self._count = count
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Start a task for `work`, which queues a mail. Return at once.

        If `most` tasks run already, drop `work` and count it in `count`.
        """
        if len(self._tasks) >= self._most:
            work.close()
            self._count["mail.too_many_tasks"] += 1
            return
        task = asyncio.create_task(self._safely(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait until all tasks that queue mails have ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _safely(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except MailRefused as error:
            self._count[f"mail.{error.reason}"] += 1
        except (RecordsAway, UnknownSession):
            self._count["mail.not_queued"] += 1
        except Exception:
            log.exception("mail not queued")
