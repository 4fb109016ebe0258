"""Measure how many shapes the board shows without a late frame, and how long a full board takes to open."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright, expect

from tests.bench.call import two_people
from tests.bench.rows import Row, row
from tests.browser.people import Cast, Person, eventually
from tests.browser.service import running
from tests.browser.test_board import draw, ink

STEPS = (640, 1_280, 2_560, 5_120, 10_240)
STROKES = 10
FRAME_MS = 1000 / 60
# a frame is on time if it comes at most `LATE` × `FRAME_MS` after the frame before it; `LATE` exceeds 1, because browsers round
# their clock
LATE = 1.1

# Enlarges and moves the board in each frame, for 3 s. Returns the 95th percentile of the intervals between frames, in ms.
FRAMES = """
async () => {
  const canvas = document.querySelector('[data-testid=board-canvas]');
  const box = canvas.getBoundingClientRect();
  const gaps = [];
  let last = performance.now();
  const until = last + 3000;
  await new Promise((done) => {
    const next = (now) => {
      gaps.push(now - last);
      last = now;
      const wheel = { bubbles: true, cancelable: true, clientX: box.x + box.width / 3, clientY: box.y + box.height / 3 };
      const zooms = gaps.length % 120 < 60;
      canvas.dispatchEvent(new WheelEvent('wheel', { ...wheel, ctrlKey: zooms, deltaY: gaps.length % 60 < 30 ? -4 : 4 }));
      if (now < until) requestAnimationFrame(next);
      else done();
    };
    requestAnimationFrame(next);
  });
  return gaps.slice(2).sort((a, b) => a - b)[Math.floor((gaps.length - 2) * 0.95)];
}
"""

# Opens the board. Returns the ms until the lower canvas shows the shapes.
OPEN = """
() => new Promise((done) => {
  const began = performance.now();
  document.querySelector('[data-testid=call-board]').click();
  const look = () => {
    const canvas = document.querySelector('[data-testid=board-resting]');
    const data = canvas?.width ? canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data : [];
    for (let i = 3; i < data.length; i += 400) if (data[i] > 100) return done(performance.now() - began);
    requestAnimationFrame(look);
  };
  look();
})
"""


async def fill(person: Person, strokes: int, to: int) -> None:
    """Select and duplicate all shapes on the board until there are at least `to` shapes."""
    while strokes < to:
        await person.page.keyboard.press("Control+a")
        await person.page.keyboard.press("Control+d")
        strokes *= 2
        await asyncio.sleep(1)
    await person.page.keyboard.press("Escape")


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        async with running(Path(scratch)) as service, async_playwright() as playwright:
            cast = Cast(service, playwright, Path(scratch))
            async with cast.stack:
                user, counselor, _ = await two_people(cast)
                for person in (user, counselor):
                    await person.get("call-board").click()
                    await expect(person.get("board-canvas")).to_be_visible()
                for number in range(STROKES):
                    y = 0.05 + 0.04 * number
                    await draw(user, (0.05, y), (0.3, y + 0.05), (0.5, y))
                shown, drawn = 0, STROKES
                for step in STEPS:
                    await fill(user, drawn, step)
                    drawn = step
                    await asyncio.sleep(2)
                    if await user.page.evaluate(FRAMES) <= FRAME_MS * LATE:
                        shown = step
                return [
                    row("board_elements_at_60fps", "shapes", [max(1, shown)]),
                    row("board_open_ms", "ms", await opening(user, counselor)),
                ]


async def opening(user: Person, counselor: Person, runs: int = 5) -> list[float]:
    async def same() -> bool:
        return await ink(user) == await ink(counselor)

    await user.get("board-canvas").focus()
    await user.page.keyboard.press("0")  # show the board's whole page again, so that the two people's boards can be compared
    await eventually(same, True, "the counselor should have the whole board", 60)
    found = []
    for _ in range(runs):
        await counselor.get("call-board").click()
        await expect(counselor.get("board-canvas")).to_have_count(0)
        found.append(float(await counselor.page.evaluate(OPEN)))
    return found


def rows() -> list[Row]:
    return asyncio.run(measure())
