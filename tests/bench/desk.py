"""Measure the console: the time to switch between conversations, and to open and scroll a conversation of 5,000 chat lines."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from tests.bench.rows import Row, row
from tests.browser.people import Cast
from tests.browser.service import running
from tests.browser.test_desk import by_text
from tests.browser.test_writing import LONG, line, write_directly

SWITCHES = int(os.environ.get("DESK_SWITCHES", "60"))
OPENINGS = int(os.environ.get("DESK_OPENINGS", "9"))

# Presses the n-th conversation in the console's list. Returns how long it takes, in ms, until a frame with its chat lines has
# been painted. `last`: a text that the newest chat line contains.
OPEN = """
([n, last]) => new Promise((done) => {
  const before = document.querySelector('.chat-lines');
  const began = performance.now();
  document.querySelectorAll('[data-testid=session-row]')[n].click();
  const look = () => {
    const box = document.querySelector('.chat-lines');
    const lines = box === before ? [] : [...box?.querySelectorAll('[data-seq]') ?? []];
    const bottom = box?.getBoundingClientRect().bottom;
    const seen = lines.filter((line) => line.getBoundingClientRect().top < bottom).at(-1);
    if (!seen || (last && !seen.textContent.includes(last))) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now() - began);  // comes after this frame has been painted
    port2.postMessage('');
  };
  requestAnimationFrame(look);
})
"""

# Scrolls up for 3 s. Returns the interval from each frame to the next, in ms.
FRAMES = """
() => new Promise((done) => {
  const box = document.querySelector('.chat-lines');
  const gaps = [];
  let last = performance.now();
  const until = last + 3000;
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    box.scrollBy({ top: -120, behavior: 'instant' });
    if (now < until) requestAnimationFrame(next);
    else done(gaps.slice(2));
  };
  requestAnimationFrame(next);
})
"""


async def opened(page: Page, n: int, last: str = "") -> float:
    return float(await page.evaluate(OPEN, [n, last]))


async def switched(page: Page, switches: Iterable[int]) -> list[tuple[float, float]]:
    """Open the conversations with these numbers one after another.

    Return two figures in ms for each conversation. The first is the time until the conversation has been painted. The second is
    the processor time that the page's main thread uses for this. Other work on the machine hardly changes the second figure.
    """
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def used() -> float:
        metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration") * 1000

    figures: list[tuple[float, float]] = []
    for n in switches:
        before = await used()
        took = await opened(page, n)
        figures.append((took, await used() - before))
    return figures


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        async with running(Path(scratch)) as service, async_playwright() as playwright:
            cast = Cast(service, playwright, Path(scratch))
            async with cast.stack:
                counselor = await cast.counselor(browser="full chromium")
                for name in ("첫째", "둘째", "셋째"):
                    await by_text(cast, counselor, name)
                rows = counselor.get("session-row")
                await rows.nth(0).click()
                await counselor.write("처음 한 줄")
                write_directly(service.data_dir / "records.sqlite")
                opening: list[float] = []
                for _ in range(OPENINGS):
                    await counselor.page.reload()
                    await expect(rows).to_have_count(3)
                    long = await _last(counselor.page)
                    await rows.nth((long + 1) % 3).click()
                    await expect(line(counselor, "입니다").first).to_be_visible()
                    opening.append(await opened(counselor.page, long, f"[{LONG}]"))
                frames: list[float] = await counselor.page.evaluate(FRAMES)
                switching = await switched(counselor.page, (n % 3 for n in range(long + 1, long + 1 + SWITCHES)))
                return [
                    row("console_switch_p95_ms", "ms", [took for took, _ in switching]),
                    row("console_switch_cpu_p95_ms", "ms", [used for _, used in switching]),
                    row("console_open_5000_ms", "ms", opening),
                    row("console_scroll_p95_frame_ms", "ms", frames),
                ]


async def _last(page: Page) -> int:
    """Return the index, in the console's list, of the one conversation that the counselor has answered.

    The conversations before this one are those whose users wait for an answer.
    """
    waits = "rows => rows.map((row) => row.querySelector('[data-testid=row-waits]') !== null)"
    waiting: list[bool] = await page.locator("[data-testid=session-row]").evaluate_all(waits)
    return waiting.index(False)


def rows() -> list[Row]:
    return asyncio.run(measure())
