"""Use the board as a person does: its tools by mouse, finger and keyboard, its list of shapes, and its files."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise
from pathlib import Path
from typing import Literal

from playwright.async_api import Download, expect

from tests.browser.people import Person, eventually
from tests.browser.test_board import draw, ink

# Counts the drawn pixels on the canvas that shows the pointers.
POINTERS = """
(test) => {
  const canvas = document.querySelector(test);
  if (!canvas?.width) return 0;
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let inked = 0;
  for (let i = 3; i < data.length; i += 4) inked += data[i] > 60;
  return inked;
}
"""
OVERLAY = ".board-overlay"
# Simulates a finger that draws: the script itself makes the pointer events, because some browsers' drivers cannot touch
# the screen.
FINGER = """
async ([points]) => {
  const canvas = document.querySelector('[data-testid=board-canvas]');
  const finger = { bubbles: true, cancelable: true, pointerId: 7, pointerType: 'touch', isPrimary: true, button: 0, buttons: 1 };
  const kinds = ['pointerdown', ...points.slice(1).map(() => 'pointermove'), 'pointerup'];
  for (const [i, kind] of kinds.entries()) {
    const [clientX, clientY] = points[Math.min(i, points.length - 1)];
    canvas.dispatchEvent(new PointerEvent(kind, { ...finger, clientX, clientY }));
    await new Promise(requestAnimationFrame);
  }
}
"""
# Brings a picture into the board, as the browser does when a person pastes or drops a picture.
BRING = """
([kind, data]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], 'photo.png', { type: 'image/png' }));
  const how = { bubbles: true, cancelable: true };
  const event = kind === 'paste'
    ? new ClipboardEvent(kind, { ...how, clipboardData: carried })
    : new DragEvent(kind, { ...how, dataTransfer: carried });
  document.querySelector('[data-testid=board-canvas]').dispatchEvent(event);
}
"""

KEYS = {"pen": "p", "marker": "m", "line": "l", "arrow": "a", "rectangle": "r", "ellipse": "o"}
DRAWN = {"펜으로": 2, "형광펜": 2, "까지 선": 5, "화살표": 3, "네모": 3, "동그라미": 3}
"""Text in the page's list of shapes → how many of these shapes `each_tool` draws. A pen or marker that is used by keyboard
draws a straight line, so it counts as a line here."""


async def at(person: Person, x: float, y: float) -> tuple[float, float]:
    """Return the screen coordinates of a point on the board.

    The point is given as fractions of the width and height of the board's paper.
    """
    box = await person.get("board-paper").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


async def stroke_by_finger(person: Person, *points: tuple[float, float]) -> None:
    """Move a finger through points of the board, given as fractions of its paper.

    Chromium gets real touches. In Firefox, a script on the page makes the pointer events of a finger.
    """
    places = [await at(person, *point) for point in points]
    steps = [(x0 + (x1 - x0) * n / 6, y0 + (y1 - y0) * n / 6) for (x0, y0), (x1, y1) in pairwise(places) for n in range(1, 7)]
    if person.browser.browser_type.name == "firefox":
        await person.page.evaluate(FINGER, [[list(place) for place in (places[0], *steps)]])
        return
    session = await person.context.new_cdp_session(person.page)
    for kind, place in (("touchStart", places[0]), *(("touchMove", step) for step in steps), ("touchEnd", None)):
        fingers = [] if place is None else [{"x": place[0], "y": place[1], "id": 0}]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    await session.detach()


async def pinch(person: Person, spread: float) -> None:
    """Put two fingers on the middle of the board and move the fingers apart."""
    x, y = await at(person, 0.5, 0.5)
    session = await person.context.new_cdp_session(person.page)
    for kind, gap in (("touchStart", 40.0), ("touchMove", 40 + spread / 2), ("touchMove", 40 + spread), ("touchEnd", 0.0)):
        fingers = [] if kind == "touchEnd" else [{"x": x - gap, "y": y, "id": 0}, {"x": x + gap, "y": y, "id": 1}]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    await session.detach()


async def compose(person: Person, *syllables: str) -> None:
    """Write with an input method.

    Each syllable grows letter by letter, and the input method completes the last syllable at the end.
    """
    session = await person.context.new_cdp_session(person.page)
    for shown in syllables:
        await session.send("Input.imeSetComposition", {"text": shown, "selectionStart": len(shown), "selectionEnd": len(shown)})
    await session.send("Input.insertText", {"text": syllables[-1]})
    await session.detach()


async def each_tool(mouse: Person, finger: Person) -> None:
    """Draw with each tool: by mouse, finger, and keyboard alone. If two people were given, they draw at the same time."""
    for number, (tool, key) in enumerate(KEYS.items()):
        x = 0.05 + 0.15 * number
        await finger.get(f"board-{tool}").click()
        await mouse.get("board-canvas").focus()
        await mouse.page.keyboard.press(key)
        drawing = [draw(mouse, (x, 0.1), (x + 0.1, 0.25)), stroke_by_finger(finger, (x, 0.7), (x + 0.05, 0.75), (x + 0.1, 0.85))]
        if mouse is finger:
            for each in drawing:  # a person draws with one pointer at a time
                await each
        else:
            await asyncio.gather(*drawing)
        await mouse.page.keyboard.press("Enter")
    for person in (mouse, finger):
        await eventually(lambda person=person: kinds(person), DRAWN, "both people have all shapes")  # type: ignore[misc]


async def kinds(person: Person) -> dict[str, int]:
    """Return how many shapes of each kind are in the page's list of shapes."""
    words = await listed(person)
    return {kind: found for kind in DRAWN if (found := sum(kind in each for each in words))}


async def listed(person: Person) -> list[str]:
    """Return the texts in the page's list of shapes, the newest shape first."""
    await person.get("board-more").click()
    await person.get("board-list-open").click()
    words = await person.get("board-list").locator(".board-listed").all_text_contents()
    await person.page.keyboard.press("Escape")
    await expect(person.get("board-list")).to_have_count(0)
    return words


async def fields(person: Person, *wanted: str) -> None:
    async def missing() -> list[str]:
        found = await ink(person)
        return [field for field in wanted if field not in found]

    await eventually(missing, [], f"there should be ink in {wanted}")


async def no_fields(person: Person, *unwanted: str) -> None:
    async def there() -> list[str]:
        found = await ink(person)
        return [field for field in unwanted if field in found]

    await eventually(there, [], f"there should be no ink in {unwanted}")


async def bring_picture(person: Person, how: Literal["paste", "drop"], file: Path) -> None:
    await person.get("board-canvas").focus()
    await person.page.evaluate(BRING, [how, base64.b64encode(file.read_bytes()).decode()])


async def saved(person: Person, kind: str) -> Path:
    await person.get("board-more").click()
    async with person.page.expect_download() as waiting:
        await person.get(f"board-save-{kind}").click()
    download: Download = await waiting.value
    assert download.suggested_filename.endswith(f".{kind}")
    return Path(await download.path())
