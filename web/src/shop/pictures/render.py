"""Draw the shop's product pictures: each .svg here becomes a .webp of 960 × 720 in ../public/pictures.

python render.py [CHROMIUM]        (needs playwright and pillow)
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
MOST_BYTES = 60_000


def main(chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 960, "height": 720})
        for drawing in sorted(HERE.glob("*.svg")):
            page.set_content(f"<body style='margin:0'>{drawing.read_text()}</body>")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            target = HERE.parent / "public" / "pictures" / f"{drawing.stem}.webp"
            picture.save(target, "WEBP", quality=86, method=6)
            if target.stat().st_size > MOST_BYTES:
                raise SystemExit(f"{target} is too large")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "/usr/bin/chromium")
