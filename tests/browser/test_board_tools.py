"""Two people use the board's tools, pages and pointers, with mouse, touch and keyboard."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import expect

from tests.browser.drawing import (
    OVERLAY,
    POINTERS,
    at,
    bring_picture,
    compose,
    each_tool,
    fields,
    listed,
    no_fields,
    pinch,
    saved,
    stroke_by_finger,
)
from tests.browser.people import Cast, Person, Staff, User, eventually
from tests.browser.test_board import draw, ink, open_board


async def at_the_board(cast: Cast, user: User) -> Staff:
    counselor = await cast.counselor()
    await user.call("video")
    await user.enter()
    await counselor.accept()
    for person in (user, counselor):
        await open_board(person)
    return counselor


async def test_tools_by_mouse_keyboard_and_touch(cast: Cast) -> None:
    user = await cast.user(has_touch=True)
    counselor = await at_the_board(cast, user)
    await each_tool(counselor, user)

    # The counselor adds a page to the board and brings the user to this page. A copied shape can be pasted there.
    await counselor.get("board-canvas").focus()
    await counselor.page.keyboard.press("v")
    await counselor.page.mouse.click(*await at(counselor, 0.55, 0.175))
    await expect(counselor.get("board-chosen")).to_be_visible()
    await counselor.page.keyboard.press("Control+c")
    await counselor.get("board-more").click()
    await counselor.get("board-page-add").click()
    await counselor.get("board-more").click()
    await counselor.get("board-bring").click()
    await expect(user.get("board-page")).to_contain_text("2 / 2")
    await expect(user.page.locator(".toast").last).to_contain_text("이곳으로 불렀어요")
    await counselor.get("board-canvas").focus()
    await counselor.page.keyboard.press("Control+v")
    await fields(user, "4,0")
    assert ["화살표" in words for words in await listed(user)] == [True]
    await counselor.page.keyboard.press("Control+x")
    await eventually(lambda: ink(user), [], "the cut shape is gone")

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
    await compose(counselor, "레", "렌", "렌즈 뚜", "렌즈 뚜껑")
    await counselor.page.keyboard.press("Escape")
    await fields(user, "4,2")
    words = await listed(user)
    assert words[0].startswith("글자 ‘렌즈 뚜껑’"), words
    assert words[1] == "왼쪽 위에서 왼쪽 위까지 화살표, Jimin", words

    # One finger draws on the board. Two fingers enlarge the board and draw nothing.
    drawn = len(words)
    await pinch(user, 120)
    await expect(user.get("board-whole")).to_be_visible()
    await user.get("board-whole").click()
    await expect(user.get("board-whole")).to_have_count(0)
    assert len(await listed(user)) == drawn
    await user.get("board-pen").click()
    await user.page.touchscreen.tap(*await at(user, 0.06, 0.7))
    await fields(counselor, "0,3")

    # A shape that is pushed off the board's paper leaves no ink beside the paper.
    await counselor.page.keyboard.press("r")
    await counselor.page.keyboard.press("Enter")
    for _ in range(30):
        await counselor.page.keyboard.press("Shift+ArrowRight")
    await fields(counselor, "0,3")
    assert all(0 <= int(field.split(",")[0]) <= 7 for field in await ink(counselor))

    await a_shape_is_resized_turned_locked_and_erased(counselor, user)
    await counselor.get("board-canvas").focus()

    # The user's board shows the trail of the counselor's laser pointer. The trail fades, and leaves nothing on the board.
    await counselor.get("board-laser").click()
    await draw(counselor, (0.4, 0.6), (0.6, 0.8))
    before = await user.page.evaluate(POINTERS, OVERLAY)
    assert before > 50, "the user sees where the counselor points"

    async def faded() -> bool:
        return bool(await user.page.evaluate(POINTERS, OVERLAY) < before / 2)

    await eventually(faded, True, "the trail fades")
    assert len(await listed(user)) == drawn + 2


async def a_shape_is_resized_turned_locked_and_erased(counselor: Staff, user: User) -> None:
    """Resize a rectangle by a handle and turn it, with the mouse.

    Then erase the rectangle with a finger, which does nothing while the rectangle is locked.
    """
    before = len(await listed(user))
    await counselor.get("board-canvas").focus()
    await counselor.page.keyboard.press("r")
    await draw(counselor, (0.6, 0.1), (0.7, 0.2))
    await counselor.page.keyboard.press("v")
    await counselor.page.mouse.click(*await at(counselor, 0.6, 0.15))
    await draw(counselor, (0.7, 0.2), (0.9, 0.45))  # the stroke begins at the handle on the rectangle's corner
    await fields(user, "6,2", "7,1")
    x, y = await at(counselor, 0.75, 0.1)
    await counselor.page.mouse.move(x, y - 28)  # the handle for turning is above the frame
    await counselor.page.mouse.down()
    await counselor.page.mouse.move(*await at(counselor, 0.98, 0.275), steps=8)
    await counselor.page.mouse.up()
    await no_fields(user, "7,0")
    await counselor.page.keyboard.press("Control+z")
    await fields(user, "7,0")
    await counselor.page.keyboard.press("Control+Shift+z")
    await no_fields(user, "7,0")
    await counselor.get("board-lock").click()
    await user.get("board-eraser").click()
    await stroke_by_finger(user, (0.55, 0.3), (0.95, 0.3))
    assert len(await listed(user)) == before + 1
    await user.get("board-more").click()
    await user.get("board-list-open").click()
    await user.get("board-list").locator("[aria-pressed=true]").click()
    await user.page.keyboard.press("Escape")
    await stroke_by_finger(user, (0.55, 0.3), (0.95, 0.3))
    await eventually(lambda: count(counselor), before, "the finger has erased the rectangle")


async def count(person: Person) -> int:
    return len(await listed(person))


async def test_pages_pictures_and_files_of_the_board(cast: Cast, tmp_path: Path) -> None:
    user = await cast.user()
    counselor = await at_the_board(cast, user)
    await draw(counselor, (0.1, 0.1), (0.3, 0.1))

    # A picture from the chat becomes a page of the board, and both people see this page.
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
    await eventually(lambda: shown.evaluate("image => image.naturalWidth > 100"), True, "the frame of the camera")
    await draw(user, (0.5, 0.5), (0.9, 0.5))
    await fields(counselor, "4,2", "6,2")

    # The user pastes a picture onto the board and drops another one there. Both pictures are on the board's page.
    ways: tuple[Literal["paste", "drop"], ...] = ("paste", "drop")
    for number, how in enumerate(ways):
        await bring_picture(user, how, tmp_path / "photo.png")
        await eventually(lambda: pictures(counselor), number + 1, f"the counselor has the picture of a {how}")

    # The first 20 of a PDF's 22 pages become pages of the board. Then the test removes these pages, so that the rest of the test
    # is short.
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

    # The user goes back one page of the board, and the counselor does not. While the user follows the counselor
    # ("Follow me"), the user's board shows the counselor's page.
    await user.get("board-page-before").click()
    await expect(user.get("board-page")).to_contain_text("2 / 3")
    await counselor.get("board-more").click()
    await counselor.get("board-follow").click()
    await expect(user.get("board-lead")).to_be_visible()
    await expect(user.get("board-page")).to_contain_text("3 / 3")
    await user.get("board-lead-stop").click()
    await user.get("board-page-before").click()
    await asyncio.sleep(2.5)  # if the user's board still followed the counselor, it would go back to page 3 in this time
    await expect(user.get("board-page")).to_contain_text("2 / 3")

    # Each kind of file that a download of the board makes contains all pages of the board.
    file = json.loads((await saved(counselor, "excalidraw")).read_text())
    kinds = [one["type"] for one in file["elements"]]
    assert kinds == ["freedraw", "frame", "image", "frame", "image", "freedraw", "image", "image", "frame"]
    assert all(picture["dataURL"].startswith("data:image/") for picture in file["files"].values())
    pdf = await saved(counselor, "pdf")
    with Image.open(await saved(counselor, "png")) as picture:
        assert picture.size == (3200, 2000)
    assert "<image" in (await saved(counselor, "svg")).read_text()

    # The saved PDF is opened again, and its three pages come back as pictures.
    await counselor.get("board-more").click()
    await counselor.get("board-insert-file").set_input_files(pdf)
    await expect(user.get("board-page")).to_contain_text("/ 6", timeout=60_000)
    await expect(counselor.get("board-page")).to_contain_text("4 / 6")
    await expect(counselor.get("board-background")).to_be_visible()
    await counselor.get("board-canvas").focus()
    await counselor.page.keyboard.press("PageUp")

    # Before all pages of the board are cleared, the page asks for one confirmation.
    await counselor.get("board-more").click()
    await counselor.get("board-clear-all").click()
    await fields(counselor, "4,2")
    await counselor.get("board-clear-yes").click()
    await eventually(lambda: ink(counselor), [], "the page is empty")


async def pictures(person: Person) -> int:
    return sum(words.startswith("사진") for words in await listed(person))


async def test_firefox_draws_moves_and_writes(cast: Cast) -> None:
    user = await cast.user("firefox")
    counselor = await at_the_board(cast, user)
    await each_tool(user, user)
    await user.get("board-more").click()
    await user.get("board-clear-all").click()
    await user.get("board-clear-yes").click()
    await eventually(lambda: ink(counselor), [], "the page is empty")
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
