"""Visual check of a page at desktop and phone size, light and dark: nothing is cut off, untranslated or unreachable."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import axe_playwright_python
from playwright.async_api import Frame, Page

Language = Literal["ko", "en", "ja", "zh-Hans", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Size = Literal["desk", "phone"]

SIZES: dict[Size, tuple[int, int]] = {"desk": (1280, 800), "phone": (390, 844)}
TOUCH_PX = 44
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
LOOKING = Path(__file__).with_suffix(".js").read_text().strip()
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

# The theme of each language and size. English and the later languages have the theme that Korean has not.
THEMES: dict[tuple[Language, Size], Literal["light", "dark"]] = {
    ("ko", "desk"): "light",
    ("ko", "phone"): "dark",
    ("en", "desk"): "dark",
    ("en", "phone"): "light",
}
SMALL = (320, 640)  # phone size for the languages added later, whose texts are often longer


@dataclass
class Eyes:
    """Checks pages in one language and gathers their faults, so that one run of a test reports all of them."""

    language: Language
    faults: list[str] = field(default_factory=list)

    async def look(self, page: Page, name: str, frame: Frame | None = None, sizes: tuple[Size, ...] = ("desk", "phone")) -> None:
        """Take screenshots and gather faults of the page, or of a frame in it, at each size. Leave the page at desktop size."""
        for size in sizes:
            await self.turn(page, size)
            await self.here(page, name, size, frame)
        await self.turn(page, "desk")

    async def turn(self, page: Page, size: Size) -> None:
        width, height = SMALL if size == "phone" and self.language not in ("ko", "en") else SIZES[size]
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=THEMES.get((self.language, size), THEMES["en", size]))

    async def here(self, page: Page, name: str, size: Size, frame: Frame | None = None) -> None:
        """Take a screenshot and gather faults of the page, or of a frame in it, at its present size."""
        where = frame or page.main_frame
        faults = await self.read(where, TOUCH_PX if size == "phone" else 0)
        if not await where.evaluate("typeof axe === 'object'"):
            await where.evaluate(AXE)
        faults += await where.evaluate(f"({LOOKING}).axe()")
        self.faults += [f"{name} ({size}): {fault}" for fault in faults]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{self.language}.png")

    async def read(self, where: Frame, touch_px: int) -> list[str]:
        """Return faults of texts and element positions in this frame. `touch_px`: the least size of controls; 0 for a mouse."""
        await where.evaluate(f"({LOOKING}).still()")
        asked = {"language": self.language, "touchPx": touch_px}
        found: list[str] = await where.evaluate(f"(asked) => ({LOOKING}).faults(asked)", asked)
        return found
