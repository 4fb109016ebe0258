"""Two people use the board's tools, pages and pointers, with mouse, touch and keyboard."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from PIL import Image
from playwright.async_api import Download, expect

from tests.browser.people import Cast, Person, Staff, User, eventually
from tests.browser.test_board import draw, ink, open_board

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


async def at_the_board(cast: Cast, user: User) -> Staff:
    counselor = await cast.counselor()
    await user.call("video")
    await user.enter()
    await counselor.accept()
    for person in (user, counselor):
        await open_board(person)
    return counselor


async def at(person: Person, x: float, y: float) -> tuple[float, float]:
    """Return the screen coordinates of a point. The point is given as fractions of the width and height of the board's paper."""
    box = await person.get("board-paper").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


async def listed(person: Person) -> list[str]:
    """Return the texts in the board's list of elements, the newest element first."""
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


async def saved(person: Person, kind: str) -> Path:
    await person.get("board-more").click()
    async with person.page.expect_download() as waiting:
        await person.get(f"board-save-{kind}").click()
    download: Download = await waiting.value
    assert download.suggested_filename.endswith(f".{kind}")
    return Path(await download.path())


async def pinch(person: Person, spread: float) -> None:
    """Put two fingers on the middle of the board and move the fingers apart."""
    x, y = await at(person, 0.5, 0.5)
    session = await person.context.new_cdp_session(person.page)
    for kind, gap in (("touchStart", 40.0), ("touchMove", 40 + spread / 2), ("touchMove", 40 + spread), ("touchEnd", 0.0)):
        fingers = [] if kind == "touchEnd" else [{"x": x - gap, "y": y, "id": 0}, {"x": x + gap, "y": y, "id": 1}]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    await session.detach()


async def test_tools_by_mouse_keyboard_and_touch(cast: Cast) -> None:
    user = await cast.user(has_touch=True)
    counselor = await at_the_board(cast, user)

    # The counselor chooses tools with keys, and draws, moves and deletes with the mouse.
    await counselor.get("board-canvas").focus()
    await counselor.page.keyboard.press("a")
    await draw(counselor, (0.1, 0.1), (0.3, 0.3))
    await fields(user, "0,0", "2,1")
    await counselor.page.keyboard.press("v")
    await counselor.page.mouse.click(*await at(counselor, 0.2, 0.2))
    await expect(counselor.get("board-chosen")).to_be_visible()
    await draw(counselor, (0.2, 0.2), (0.7, 0.7))
    await fields(user, "4,3", "6,4")
    await counselor.page.keyboard.press("Control+z")
    await fields(user, "0,0", "2,1")
    await counselor.page.keyboard.press("Control+d")
    await counselor.page.keyboard.press("Delete")
    assert len(await listed(user)) == 1

    # A counselor writes a text in Hangul on the board, with the keyboard only.
    await counselor.get("board-canvas").focus()
    await counselor.page.keyboard.press("t")
    await counselor.page.keyboard.press("Enter")
    await counselor.page.keyboard.insert_text("렌즈 뚜껑")
    await counselor.page.keyboard.press("Escape")
    await fields(user, "4,2")
    words = await listed(user)
    assert words[0].startswith("글자 ‘렌즈 뚜껑’"), words
    assert words[1] == "왼쪽 위에서 왼쪽 위까지 화살표, Jimin", words

    # One finger draws on the board. Two fingers enlarge the page and draw nothing.
    drawn = len(words)
    await pinch(user, 120)
    await expect(user.get("board-whole")).to_be_visible()
    await user.get("board-whole").click()
    await expect(user.get("board-whole")).to_have_count(0)
    assert len(await listed(user)) == drawn
    await user.page.touchscreen.tap(*await at(user, 0.06, 0.7))
    await fields(counselor, "0,3")

    # A shape that is pushed off the page leaves no ink beside it.
    await counselor.page.keyboard.press("r")
    await counselor.page.keyboard.press("Enter")
    for _ in range(30):
        await counselor.page.keyboard.press("Shift+ArrowRight")
    await fields(counselor, "0,3")
    assert all(0 <= int(field.split(",")[0]) <= 7 for field in await ink(counselor))

    # The other person sees the laser. The laser fades, and leaves nothing in the document.
    await counselor.get("board-laser").click()
    await draw(counselor, (0.4, 0.6), (0.6, 0.8))
    before = await user.page.evaluate(POINTERS, OVERLAY)
    assert before > 50, "the user sees where the counselor points"

    async def faded() -> bool:
        return bool(await user.page.evaluate(POINTERS, OVERLAY) < before / 2)

    await eventually(faded, True, "the trail fades")
    assert len(await listed(user)) == drawn + 2


async def test_pages_pictures_and_files_of_the_board(cast: Cast, tmp_path: Path) -> None:
    user = await cast.user()
    counselor = await at_the_board(cast, user)
    await draw(counselor, (0.1, 0.1), (0.3, 0.1))

    # A picture of the conversation becomes a page of the board, and both people go there.
    Image.new("RGB", (400, 300), (30, 120, 200)).save(tmp_path / "photo.png")
    await user.get("chat-picture-file").set_input_files(tmp_path / "photo.png")
    await counselor.get("chat-line").filter(has=counselor.page.locator(".chat-picture")).locator(".chat-picture").click()
    await counselor.get("picture-draw").click()
    for person in (counselor, user):
        await expect(person.get("board-page")).to_contain_text("2 / 2")
        await expect(person.get("board-background")).to_be_visible()

    # A frame of the user's camera becomes the next page of the board.
    await counselor.get("board-more").click()
    await counselor.get("board-freeze").first.click()
    for person in (counselor, user):
        await expect(person.get("board-page")).to_contain_text("3 / 3")
    shown = user.get("board-background")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("image => image.naturalWidth") > 100
    await draw(user, (0.5, 0.5), (0.9, 0.5))
    await fields(counselor, "4,2", "6,2")

    # The first 20 of a PDF's 22 pages become pages of the board. Then the test removes these pages, so that the rest of the test
    # stays short.
    sheets = [Image.new("RGB", (420, 594), (250, 250 - 5 * n, 240)) for n in range(22)]
    sheets[0].save(tmp_path / "manual.pdf", save_all=True, append_images=sheets[1:])
    await counselor.get("board-more").click()
    await counselor.get("board-insert-file").set_input_files(tmp_path / "manual.pdf")
    await expect(counselor.get("board-page")).to_contain_text("4 / 23", timeout=90_000)
    await expect(counselor.get("board-background")).to_be_visible()
    for _ in range(20):
        await counselor.get("board-canvas").focus()
        await counselor.page.keyboard.press("Control+z")
    for person in (counselor, user):
        await expect(person.get("board-page")).to_contain_text("/ 3")
    for _ in range(2):
        await counselor.page.keyboard.press("PageDown")
    await expect(counselor.get("board-page")).to_contain_text("3 / 3")
    await user.get("board-canvas").focus()
    await user.page.keyboard.press("PageDown")

    # The user goes back one page, and the counselor does not. "Follow me" takes the user to the counselor's page, until the user
    # stops following.
    await user.get("board-page-before").click()
    await expect(user.get("board-page")).to_contain_text("2 / 3")
    await counselor.get("board-more").click()
    await counselor.get("board-follow").click()
    await expect(user.get("board-lead")).to_be_visible()
    await expect(user.get("board-page")).to_contain_text("3 / 3")
    await user.get("board-lead-stop").click()
    await user.get("board-page-before").click()
    await asyncio.sleep(2.5)  # longer than the interval between the messages of "follow me"
    await expect(user.get("board-page")).to_contain_text("2 / 3")

    # The files in which the board is downloaded contain all its pages.
    file = json.loads((await saved(counselor, "excalidraw")).read_text())
    kinds = [one["type"] for one in file["elements"]]
    assert kinds == ["freedraw", "frame", "image", "frame", "image", "freedraw", "frame"]
    assert all(picture["dataURL"].startswith("data:image/") for picture in file["files"].values())
    pdf = (await saved(counselor, "pdf")).read_bytes()
    assert pdf.startswith(b"%PDF-1.4")
    assert pdf.count(b"/Type /Page ") == 3
    with Image.open(await saved(counselor, "png")) as picture:
        assert picture.size == (3200, 2000)
    assert "<image" in (await saved(counselor, "svg")).read_text()

    # Clearing all pages of the board asks for confirmation once.
    await counselor.get("board-more").click()
    await counselor.get("board-clear-all").click()
    await fields(counselor, "4,2")
    await counselor.get("board-clear-yes").click()
    await eventually(lambda: ink(counselor), [], "the page is empty")


async def test_firefox_draws_moves_and_writes(cast: Cast) -> None:
    user = await cast.user("firefox")
    counselor = await at_the_board(cast, user)
    await user.page.keyboard.press("Tab")
    await user.get("board-rectangle").click()
    await draw(user, (0.1, 0.1), (0.3, 0.3))
    await fields(counselor, "0,0", "2,1")
    await user.get("board-select").click()
    await draw(user, (0.1, 0.2), (0.6, 0.7))
    await fields(counselor, "4,3", "6,4")
    await user.page.keyboard.press("t")
    await user.page.keyboard.press("Enter")
    await user.get("board-text-field").press_sequentially("lens cap")
    await user.get("board-text-field").press("Control+Enter")
    words = await listed(counselor)
    assert words[0].startswith("글자 ‘lens cap’"), words
    await counselor.get("board-select").click()
    await counselor.page.mouse.click(*await at(counselor, 0.52, 0.5))
    await expect(counselor.get("board-chosen")).to_be_visible()
