"""Make `docs/room.png`: the counselor's console in a conference with user and professional.

python -m tests.browser.screenshot
"""

from __future__ import annotations

import asyncio
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import async_playwright, expect

from tests.browser import media, people
from tests.browser.people import Cast, Person, Staff, User
from tests.browser.service import Service, running
from tests.browser.test_board import draw, shows_the_same

TO = Path(__file__).parents[2] / "docs" / "room.png"
SIZE = (640, 480)


@dataclass(frozen=True)
class Looks:
    """The colours in which a person is drawn."""

    wall: tuple[str, str]
    hair: str
    skin: str
    clothes: str
    long_hair: bool


USER = Looks(("#dfe7ef", "#b9c9d9"), "#2b211c", "#e8bd9b", "#c8553d", long_hair=True)
COUNSELOR = Looks(("#e9e2d5", "#cdbfa6"), "#1f1a17", "#efc9a8", "#28536b", long_hair=False)
PROFESSIONAL = Looks(("#d7e4dc", "#a8c3b3"), "#6b6a68", "#dba983", "#3d405b", long_hair=False)


def portrait(looks: Looks) -> Image.Image:
    top, bottom = (Image.new("RGB", SIZE, colour) for colour in looks.wall)
    picture = Image.composite(bottom, top, Image.linear_gradient("L").resize(SIZE))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((430, -60, 760, 270), fill=looks.wall[0])
    if looks.long_hair:
        pen.rounded_rectangle((222, 110, 418, 360), 90, fill=looks.hair)
    pen.rounded_rectangle((120, 345, 520, 640), 130, fill=looks.clothes)
    pen.rounded_rectangle((284, 285, 356, 385), 34, fill=looks.skin)
    pen.ellipse((236, 120, 404, 330), fill=looks.skin)
    pen.chord((226, 92, 414, 290), 185, 355, fill=looks.hair)
    for x in (284, 344):
        pen.ellipse((x, 218, x + 14, 232), fill="#2a2422")
    pen.arc((288, 236, 352, 288), 25, 155, fill="#8c4a3c", width=6)
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def write_clip(path: Path, picture: Image.Image) -> None:
    """Write a Y4M clip whose frames all show this picture."""
    luma, *chroma = picture.convert("YCbCr").split()
    small = b"".join(one.resize((SIZE[0] // 2, SIZE[1] // 2)).tobytes() for one in chroma)
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F15:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(15):
            out.write(b"FRAME\n" + luma.tobytes() + small)


def prepare(folder: Path) -> None:
    """Write sound and video of the three people where `launch` looks for them."""
    for voice, looks in ((media.USER, USER), (media.COUNSELOR, COUNSELOR), (media.PROFESSIONAL, PROFESSIONAL)):
        media.write_tone(folder / f"{voice.hz}.wav", voice.hz)
        write_clip(folder / f"{voice.hz}.y4m", portrait(looks))


async def staff(cast: Cast, voice: media.Voice, login: str, host: str) -> Staff:
    person: Staff = await guest(cast, Staff, voice)
    await person.sign_in(login, host=host)
    return person


async def guest(cast: Cast, kind: type[people.P], voice: media.Voice) -> people.P:
    browser = await people.launch(cast.playwright, "full chromium", voice, cast.folder)
    cast.stack.push_async_callback(browser.close)
    context = await browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    return kind(cast.service, browser, context, voice)


async def says(who: Person, text: str, *readers: Person) -> None:
    await who.write(text)
    for reader in readers:
        await reader.reads(text)


async def conference(cast: Cast) -> Staff:
    """Make a call, and bring it to the moment of the screenshot. Return the counselor."""
    counselor = await staff(cast, media.COUNSELOR, "jimin", "counselor")
    professional = await staff(cast, media.PROFESSIONAL, "drhan", "professional")
    user: User = await guest(cast, User, media.USER)
    await user.visit_shop("/cameras.html?lang=en")
    await user.shop.get_by_role("link", name="M5").first.click()
    await user.shop.wait_for_url("**/m5.html")
    await user.open_panel()
    await expect(user.panel.get_by_test_id("panel-shared-item")).to_have_count(4)
    async with user.context.expect_page() as window:
        await user.panel.get_by_test_id("panel-video").click()
    user.page = await window.value
    await user.get("call-name").fill("Minseo")
    await user.enter()
    await counselor.accept()
    await counselor.get("call-camera").click()
    await counselor.get("help-button").click()
    await counselor.get("help-note").fill("Does an M-mount 35 mm fit the M5 without vignetting?")
    await counselor.get("help-send").click()
    await professional.accept()
    await professional.get("join").click()
    await professional.get("call-camera").click()
    await counselor.get("mode-conference").click()
    await counselor.get("mode-apply").click()
    await counselor.get("view-both").click()
    await says(user, "Will my old 35 mm lens fit here?", counselor, professional)
    await says(professional, "Yes, with the adapter that clicks into this ring.", counselor)
    await counselor.get("board-more").click()
    await counselor.get("board-offer").first.click()
    await expect(counselor.get("board-background")).to_be_visible()
    turn = [2 * math.pi * step / 24 for step in range(25)]
    await draw(counselor, *((0.5 + 0.12 * math.cos(angle), 0.53 + 0.2 * math.sin(angle)) for angle in turn))
    await professional.get("view-both").click()
    await expect(professional.get("board-background")).to_be_visible()
    await professional.get("board-style").click()
    await professional.get("board-colour-blue").click()
    await professional.get("board-style").click()
    await draw(professional, (0.82, 0.2), (0.74, 0.28), (0.64, 0.4), (0.69, 0.37))
    await shows_the_same(professional, counselor)
    await counselor.sees()  # wait until the videos show the drawn people, and no longer the plain colours of the tests' cameras
    return counselor


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        async with running(Path(folder)) as service, async_playwright() as playwright:
            await shoot(Cast(service, playwright, Path(folder)), service)


async def shoot(cast: Cast, service: Service) -> None:
    async with cast.stack:
        counselor = await conference(cast)
        await counselor.page.mouse.move(640, 790)
        await expect(counselor.page.locator(".people video")).to_have_count(3)
        await expect(counselor.page.locator(".toast")).to_have_count(0)
        await counselor.page.screenshot(path=TO)
    # Few pixels have the colours of the pens. The method MAXCOVERAGE keeps such rare colours in the palette.
    image = Image.open(TO).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    image.save(TO, optimize=True)
    print(f"{TO.relative_to(TO.parents[1])}: {TO.stat().st_size // 1024} KB")


if __name__ == "__main__":
    asyncio.run(main())
