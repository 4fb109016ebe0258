"""Mails are queued in the background.

Mails that cannot be queued are counted. While too many mails are being queued, no more mails are accepted.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from signaling.mail.background import Background
from signaling.records import RecordsAway, UnknownSession
from signaling.records.outbox import MailRefused


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (MailRefused("unsubscribed"), {"mail.unsubscribed": 1}),
        (RecordsAway(), {"mail.not_queued": 1}),
        (UnknownSession(), {"mail.not_queued": 1}),
        (ValueError(), {}),
    ],
)
async def test_mail_that_cannot_be_queued_is_counted_and_stops_no_other(error: Exception, counted: dict[str, int]) -> None:
    count: Counter[str] = Counter()
    background, queued = Background(2, count), []

    async def fails() -> None:
        raise error

    async def works() -> None:
        queued.append("a mail")

    background.later(fails())
    background.later(works())
    await background.close()
    assert (queued, count) == (["a mail"], counted)


async def test_full_background_drops_and_counts_and_close_finishes_the_rest() -> None:
    count: Counter[str] = Counter()
    background, queued, may_go = Background(2, count), [], asyncio.Event()

    async def works(number: int) -> None:
        await may_go.wait()
        queued.append(number)

    for number in range(3):
        background.later(works(number))
    assert count == {"mail.too_many_tasks": 1}
    may_go.set()
    await background.close()
    assert queued == [0, 1]
