"""The shared board in browsers: strokes and pictures reach everybody, even people who join late."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

from PIL import Image
from playwright.async_api import expect

from tests.browser import media
from tests.browser.people import Cast, Person, Staff, User, eventually
from tests.browser.service import sangdam

# Divides the board's paper, whatever its size, into 8 × 5 fields. Returns the fields with ink on one of the two canvases. On a
# small board, a quick stroke is about a pixel wide. So a pixel counts as ink even if ink covers only a part of it.
INK = """
() => {
  const fields = new Set();
  const paper = document.querySelector('[data-testid=board-paper]').getBoundingClientRect();
  for (const canvas of document.querySelectorAll('[data-testid=board-canvas], [data-testid=board-resting]')) {
    if (!canvas.width) continue;
    const { width, height } = canvas;
    const box = canvas.getBoundingClientRect();
    const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x += 2) {
      if (data[(y * width + x) * 4 + 3] <= 32) continue;
      const across = (box.x + (x * box.width) / width - paper.x) / paper.width;
      const down = (box.y + (y * box.height) / height - paper.y) / paper.height;
      fields.add(Math.floor(across * 8) + ',' + Math.floor(down * 5));
    }
  }
  return [...fields].sort();
}
"""


async def ink(person: Person) -> list[str]:
    found: list[str] = await person.page.evaluate(INK)
    return found


async def open_board(person: Person) -> None:
    """Open the board. Do not press its button if the board is open already, for example after a reload of the page."""
    await expect(person.get("call-board")).to_be_visible()
    if await person.get("call-board").get_attribute("aria-pressed") != "true":
        await person.get("call-board").click()
    await expect(person.get("board-canvas")).to_be_visible()


async def draw(person: Person, *points: tuple[float, float]) -> None:
    """Draw a stroke through points given as fractions of the board's width and height."""
    box = await person.get("board-paper").bounding_box()
    assert box is not None
    place = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    await person.page.mouse.move(*place[0])
    await person.page.mouse.down()
    for spot in place[1:]:
        await person.page.mouse.move(*spot, steps=12)
    await person.page.mouse.up()


async def at_the_board(cast: Cast) -> tuple[User, Staff]:
    """Bring a user in Firefox and a counselor in Chromium to the board."""
    counselor = await cast.counselor()
    user = await cast.user("firefox")
    await user.call()
    await user.enter()
    await counselor.accept()
    for person in (user, counselor):
        await open_board(person)
    return user, counselor


async def shows_the_same(one: Person, other: Person) -> None:
    async def differs() -> list[list[str]]:
        drawn = [await ink(one), await ink(other)]
        return [] if drawn[0] and drawn[0] == drawn[1] else drawn

    await eventually(differs, [], "both boards should show the same ink")


async def test_ink_and_picture_reach_everybody_also_who_comes_late(cast: Cast, tmp_path: Path) -> None:
    user, counselor = await at_the_board(cast)
    await draw(user, (0.1, 0.1), (0.3, 0.1))
    before = ["0,0", "1,0", "2,0"]  # the fields (see INK) with ink of the user's whole stroke
    for person in (user, counselor):
        await eventually(functools.partial(ink, person), before, "the user's stroke should be seen")
    await draw(counselor, (0.6, 0.7), (0.9, 0.7))
    both = [*before, "4,3", "5,3", "6,3", "7,3"]
    await eventually(lambda: ink(user), sorted(both), "the counselor's stroke should be seen beside the user's")
    await counselor.get("board-undo").click()
    await eventually(lambda: ink(user), before, "the counselor's stroke should be gone, the user's stay")

    await own_picture_becomes_the_background(user, counselor, tmp_path)

    professional = await cast.professional()
    await counselor.write("보드를 봐 주세요")
    await counselor.get("help-button").click()
    await counselor.get("help-note").press_sequentially("그림 확인")
    await counselor.get("help-send").click()
    await professional.accept()
    await professional.reads("보드를 봐 주세요")
    await professional.get("join").click()
    await professional.hears(media.COUNSELOR.hz)
    await open_board(professional)
    await expect(professional.get("board-background")).to_be_visible()
    await shows_the_same(user, professional)
    # in a consultation, counselor and professional are not allowed to draw, so switch to a conference
    await counselor.get("mode-conference").click()
    await counselor.get("mode-apply").click()
    everybody = (user, counselor, professional)
    for person in everybody:
        await expect(person.get("board-pen")).to_be_visible()
    await asyncio.gather(*(draw(person, (0.06, y), (0.9, y)) for person, y in zip(everybody, (0.5, 0.7, 0.9), strict=True)))
    for person in everybody:
        await eventually(lambda person=person: missing(person), set(), "each person has the strokes of all three")
    await shows_the_same(user, counselor)
    await shows_the_same(user, professional)


async def missing(person: Person) -> set[str]:
    """Return the fields of the board (see `INK`) that must have ink from the test's three strokes, but have none."""
    return {f"{x},{y}" for x in range(1, 7) for y in (2, 3, 4)} - set(await ink(person))


async def own_picture_becomes_the_background(user: User, counselor: Staff, folder: Path) -> None:
    """Put a picture on the board, draw on the picture, remove it, and undo the removal."""
    Image.new("RGB", (400, 300), (30, 120, 200)).save(folder / "photo.png")
    await user.get("board-more").click()
    await user.get("board-picture-file").set_input_files(folder / "photo.png")
    shown = counselor.get("board-background")
    await expect(shown.first).to_be_visible()
    assert (await shown.first.evaluate("image => image.naturalWidth")) == 400

    await draw(counselor, (0.2, 0.3), (0.6, 0.3))
    await shows_the_same(user, counselor)
    await counselor.get("board-more").click()
    await counselor.get("board-blank").click()
    await expect(user.get("board-background")).to_have_count(0)
    await eventually(lambda: ink(user), [], "blank paper is blank: old strokes are put away with their picture")
    await counselor.get("board-undo").click()
    await expect(user.get("board-background")).to_be_visible()
    await shows_the_same(user, counselor)


# UPRIGHT: sizes of upright phones. LEAST_SHARE: size of any other browser window → the share of the window that the board's paper
# must cover at least.
UPRIGHT = ((390, 844), (360, 640))
LEAST_SHARE = {(844, 390): 0.55, (640, 360): 0.65, (1280, 720): 0.6, (1440, 900): 0.6}


async def box_of(person: Person, selector: str) -> tuple[float, float]:
    box = await person.page.locator(selector).bounding_box()
    assert box is not None
    return box["width"], box["height"]


async def test_board_has_room_at_every_size(cast: Cast) -> None:
    """During the whole test, the page asks for consent to a recording. This question must not make the board smaller."""
    await sangdam(cast.service, "site", "add", "demo-shop", "--update", "--recording", "ask")
    counselor = await cast.counselor()
    user = await cast.user()
    await user.call()
    await user.enter()
    await counselor.accept()
    await expect(user.get("rec-agree")).to_be_visible()
    await open_board(user)
    paper = "[data-testid=board-paper]"
    for (width, height), least in LEAST_SHARE.items():
        await user.page.set_viewport_size({"width": width, "height": height})
        seen = await box_of(user, paper)
        assert seen[0] * seen[1] >= least * width * height, (width, height, seen)
    for width, height in UPRIGHT:
        await user.page.set_viewport_size({"width": width, "height": height})
        assert (await box_of(user, paper))[0] >= width - 1
        assert (await box_of(user, ".stage-main"))[1] >= height - 48, "only a thin bar is above"
        await user.get("board-turn").click()
        turned = await box_of(user, paper)
        assert turned[0] * turned[1] >= 0.6 * width * height, (width, height, turned)
        await user.get("board-turn").click()
    await expect(user.get("call-mic")).to_be_visible()
    await expect(user.get("rec-agree")).to_be_visible()


async def test_page_without_udp_announces_text_and_board_only(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user(no_udp=True)
    await user.call()
    await user.enter()
    await counselor.accept()
    await expect(user.get("notice").first).to_be_visible(timeout=20_000)
    for person in (user, counselor):
        await open_board(person)
    await draw(user, (0.1, 0.3), (0.4, 0.3))
    await shows_the_same(user, counselor)
    await user.write("소리는 안 들려요")
    await counselor.reads("소리는 안 들려요")


async def test_panel_opens_the_board_when_the_counselor_draws(cast: Cast) -> None:
    """A text session also has a board. The board opens when the counselor draws, and the user is allowed to draw on it."""
    counselor = await cast.counselor()
    user = await cast.user()
    await user.visit_shop("/")
    panel = await user.open_panel()
    await panel.get_by_test_id("panel-text").click()
    await counselor.accept()
    await expect(panel.get_by_test_id("panel-people")).to_be_visible()
    await expect(panel.get_by_test_id("board-canvas")).to_have_count(0)

    await counselor.get("view-board").click()
    await expect(counselor.get("board-canvas")).to_be_visible()
    await draw(counselor, (0.1, 0.1), (0.45, 0.25))
    await expect(panel.get_by_test_id("board-canvas")).to_be_visible()

    async def in_the_panel() -> bool:
        return bool(await panel.evaluate(INK)) and await panel.evaluate(INK) == await ink(counselor)

    await eventually(in_the_panel, True, "the panel shows what was drawn")
    before = await ink(counselor)
    box = await panel.get_by_test_id("board-paper").bounding_box()
    assert box is not None
    await user.shop.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.7 * box["height"])
    await user.shop.mouse.down()
    await user.shop.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.9 * box["height"], steps=12)
    await user.shop.mouse.up()

    async def came_back() -> bool:
        return len(await ink(counselor)) > len(before)

    await eventually(came_back, True, "the counselor sees what the user draws")
    await panel.get_by_test_id("panel-board").click()
    await expect(panel.get_by_test_id("board-canvas")).to_have_count(0)
    await user.shop.reload()
    panel = await user.find_panel()
    await expect(panel.get_by_test_id("board-canvas")).to_be_visible()  # a user who returns sees the drawing again
