"""Visual check of a page at desktop and phone size, light and dark: nothing is cut off, untranslated or unreachable.

`make look` uses the full Chromium, because texts in the headless shell are 0.5 % wider than those that people see.
If the environment variable LOOK_EVERY_SIZE is set, each page is checked at two desktop and three phone sizes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import axe_playwright_python
from playwright.async_api import Frame, Page

Language = Literal["ko", "en", "ja", "zh-Hans", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Size = Literal["desk", "phone"]

Pixels = tuple[int, int]

EVERY_SIZE = bool(os.environ.get("LOOK_EVERY_SIZE"))
SIZES: dict[Size, tuple[Pixels, ...]] = (
    {"desk": ((1440, 900), (1280, 720)), "phone": ((390, 844), (360, 640), (844, 390))}
    if EVERY_SIZE
    else {"desk": ((1280, 800),), "phone": ((390, 844),)}
)
TOUCH_PX = 44
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
LOOKING = Path(__file__).with_suffix(".js").read_text().strip()
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

Theme = Literal["light", "dark"]
# The colour theme for each language and size. At each size, English and the languages added later have the theme that Korean does
# not have at this size. If a device (desktop or phone) has several sizes, the themes alternate from one size to the next.
THEMES: dict[tuple[Language, Size], Theme] = {
    ("ko", "desk"): "light",
    ("ko", "phone"): "dark",
    ("en", "desk"): "dark",
    ("en", "phone"): "light",
}
SMALL: Pixels = (320, 640)  # phone size for the languages added later, whose texts are often longer than the Korean ones


@dataclass
class Eyes:
    """Checks pages in one language and gathers their faults, so that one run of a test reports all of them."""

    language: Language
    faults: list[str] = field(default_factory=list)

    async def look(self, page: Page, name: str, frame: Frame | None = None, sizes: tuple[Size, ...] = ("desk", "phone")) -> None:
        """Take screenshots and gather faults of the page, or of a frame in it, at each size. Leave the page at desktop size."""
        for size in sizes:
            for number in range(len(self._sizes(size))):
                await self.turn(page, size, number)
                await self.here(page, name, size, frame, axe=number == 0)
        await self.turn(page, "desk")

    async def turn(self, page: Page, size: Size, number: int = 0) -> None:
        """Set the page's size and colour theme. `number`: index in the list of desktop sizes or of phone sizes."""
        width, height = self._sizes(size)[number]
        await page.set_viewport_size({"width": width, "height": height})
        theme = THEMES.get((self.language, size), THEMES["en", size])
        other: Theme = "dark" if theme == "light" else "light"
        await page.emulate_media(color_scheme=other if number % 2 else theme)

    def _sizes(self, size: Size) -> tuple[Pixels, ...]:
        later = self.language not in ("ko", "en")
        return (SMALL,) if later and size == "phone" and not EVERY_SIZE else SIZES[size]

    async def here(self, page: Page, name: str, size: Size, frame: Frame | None = None, *, axe: bool = True) -> None:
        """Take a screenshot and gather faults of the page, or of a frame in it, at its present size.

        `axe`: whether to check accessibility too, which takes a second.
        """
        where = frame or page.main_frame
        faults = await self.read(where, TOUCH_PX if size == "phone" else 0)
        if axe:
            if not await where.evaluate("typeof axe === 'object'"):
                await where.evaluate(AXE)
            faults += await where.evaluate(f"({LOOKING}).axe()")
        shown = "{width}x{height}".format_map(page.viewport_size or {}) if EVERY_SIZE else size
        self.faults += [f"{name} ({shown}): {fault}" for fault in faults]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"{name}-{shown}-{self.language}.png")

    async def read(self, where: Frame, touch_px: int) -> list[str]:
        """Return faults of texts and element positions in this frame.

        `touch_px`: the smallest allowed size of buttons and other controls, in px; 0 on a device with a mouse.
        """
        await where.evaluate(f"({LOOKING}).still()")
        asked = {"language": self.language, "touchPx": touch_px}
        found: list[str] = await where.evaluate(f"(asked) => ({LOOKING}).faults(asked)", asked)
        return found
