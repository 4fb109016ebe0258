"""A cancelled task ends, even if the result that it awaits arrives in the same turn of the event loop as the cancellation."""

from __future__ import annotations

import asyncio

import pytest

from media.api.cancellation import wait_for


@pytest.mark.parametrize("turns", range(5))
async def test_cancellation_survives_a_result_in_the_same_turn(turns: int) -> None:
    arriving = asyncio.get_running_loop().create_future()

    async def works() -> str:
        return str(await arriving)

    # libraries call `asyncio.wait_for`; conftest replaces this function with ours, as our programs do
    task = asyncio.create_task(asyncio.wait_for(works(), 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    arriving.set_result("done")
    for _ in range(turns):
        await asyncio.sleep(0)
    heard = task.cancel()  # `cancel` returns False if the task has already ended
    await asyncio.wait({task})
    assert task.cancelled() == heard


async def test_wait_returns_raises_and_times_out() -> None:
    async def fails() -> None:
        raise ValueError("so")

    assert await wait_for(asyncio.sleep(0, "now"), None) == "now"
    with pytest.raises(ValueError, match="so"):
        await wait_for(fails(), 1)
    with pytest.raises(TimeoutError):
        await wait_for(asyncio.Event().wait(), 0.01)
