"""WebKit, the engine of every browser on an iPhone: pages fit, and people write, send a file and draw.

docs/browsers.md says what these tests cannot show.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from playwright.async_api import expect

from tests.browser.looking import LOOKING, TOUCH_PX
from tests.browser.people import Cast, Staff, eventually
from tests.browser.test_board import INK, draw, ink
from tests.browser.webkit import OPEN_SHADOWS, WebKit, webkit

PHONE, DESK = (390, 844), (1280, 800)
WAIT_FOR = "while (!(EXPRESSION)) await new Promise((done) => setTimeout(done, 50));"
PANEL = "return document.querySelector('#sangdam-widget').shadowRoot.querySelector('iframe')"
# Puts the launcher into a page of the shop that has none. `OPEN_SHADOWS` must run before this script.
EMBED = """
const script = document.createElement('script');
script.src = arguments[0];
Object.assign(script.dataset, { site: 'demo-shop', category: 'cameras', lang: 'ko' });
document.body.append(script);
"""
# Waits until the page has fitted the board's paper into the window. Returns the position and size of the paper.
BOX = """
const paper = document.querySelector('[data-testid=board-paper]');
while (paper.getBoundingClientRect().width > innerWidth) await new Promise(requestAnimationFrame);
const { x, y, width, height } = paper.getBoundingClientRect();
return [x, y, width, height];
"""


async def faults(safari: WebKit, name: str) -> list[str]:
    """Return the faults of this page at the widths of a phone and a desktop screen. Leave the page at the desktop's width."""
    found = []
    for size in (PHONE, DESK):
        await safari.resize(*size)
        await safari.wait(f"await ({LOOKING}).still()")
        asked = {"language": "ko", "touchPx": TOUCH_PX if size == PHONE else 0}
        faulty = await safari.run(f"return ({LOOKING}).faults(arguments[0])", asked)
        found += [f"{name} ({size[0]} px): {fault}" for fault in faulty]
    return found


async def until(safari: WebKit, expression: str, *args: object) -> None:
    await safari.wait(WAIT_FOR.replace("EXPRESSION", expression), *args)


async def sign_in(safari: WebKit, staff: Staff, host: str, page: str) -> list[str]:
    """Show the sign-in page, then give WebKit the cookies of this person's other browser.

    WebKit cannot sign in by itself: without HTTPS it keeps no secure cookie. Return the faults of the sign-in page.
    """
    address = staff.service.host(host) + f"/{page}?lang=ko"
    await safari.goto(address)
    await safari.find("signin-submit")
    found = await faults(safari, f"{page}-sign-in")
    for cookie in await staff.context.cookies(staff.page.url):
        await safari.call("POST", "/cookie", cookie={"name": cookie.get("name"), "value": cookie.get("value"), "path": "/"})
    await staff.close()
    await safari.goto(address)
    return found


async def panel_of(safari: WebKit, cast: Cast) -> None:
    """Open the panel on a page of the shop. Later commands go to the panel's frame."""
    await safari.goto(cast.service.shop + "/nothing-here")
    await safari.run(OPEN_SHADOWS)
    await safari.run(EMBED, cast.service.url + "/widget.js")
    await until(safari, "window.Sangdam")
    await safari.run("Sangdam.open()")
    await safari.enter_frame(await safari.run(PANEL))


async def a_text_session(safari: WebKit, cast: Cast, counselor: Staff, folder: Path) -> list[str]:
    await panel_of(safari, cast)
    await safari.find("panel-text")
    found = await faults(safari, "panel-offer")
    await safari.click("panel-text")
    await counselor.accept()
    await safari.type("chat-input", "사파리에서 여쭤봐요\ue007")
    await counselor.reads("사파리에서 여쭤봐요")
    await counselor.write("네, 보여 주세요")
    await until(safari, "document.body.innerText.includes(arguments[0])", "네, 보여 주세요")
    Image.new("RGB", (64, 48), (30, 120, 200)).save(folder / "photo.png")
    await safari.attach("input[type=file]", folder / "photo.png")
    await expect(counselor.get("chat-line").locator("img").first).to_be_visible()
    return found + await faults(safari, "panel-chat")


async def stroke(safari: WebKit) -> None:
    x, y, width, height = await safari.wait(BOX)
    await safari.drag([(x + width * at, y + height * at) for at in (0.6, 0.7, 0.8, 0.9)])


async def the_board(safari: WebKit, counselor: Staff) -> list[str]:
    await counselor.get("view-board").click()
    await expect(counselor.get("board-canvas")).to_be_visible()
    await draw(counselor, (0.1, 0.1), (0.45, 0.25))
    # at this size, the panel fills the window, so coordinates in the panel are also coordinates in the window
    await safari.resize(*PHONE)
    await safari.find("board-canvas")
    before = await ink(counselor)
    await stroke(safari)

    async def reaches_the_counselor() -> bool:
        return len(await ink(counselor)) > len(before)

    await eventually(reaches_the_counselor, True, "the counselor sees what was drawn in WebKit")
    return await faults(safari, "panel-board")


async def a_call_without_webrtc(safari: WebKit, counselor: Staff) -> None:
    """Add a voice call to the text session. Like an iPhone in Lockdown Mode, this WebKit has no WebRTC.

    So the user takes part in the call by text only.
    """
    panel = await safari.call("GET", "/window")
    await safari.click("panel-add-voice")
    await safari.call("POST", "/window", handle=await safari.other_window(panel))
    await safari.click("call-enter")
    await counselor.accept()
    await expect(counselor.get("participants").first).to_contain_text("글로만 참여")
    await counselor.get("view-chat").click()
    await safari.type("chat-input", "소리 없이 이야기해요\ue007")
    await counselor.reads("소리 없이 이야기해요")


async def test_webkit_writes_sends_and_draws(cast: Cast, tmp_path: Path) -> None:
    counselor = await cast.counselor()
    async with webkit(tmp_path) as safari:
        await safari.resize(*PHONE)
        found = await a_text_session(safari, cast, counselor, tmp_path)
        found += await the_board(safari, counselor)
        await a_call_without_webrtc(safari, counselor)
        found += await faults(safari, "call-chat")
    assert not found, "\n".join(found)


async def test_webkit_shows_the_pages_of_staff(cast: Cast, tmp_path: Path) -> None:
    user = await cast.user()
    async with webkit(tmp_path) as safari:
        await safari.resize(*DESK)
        found = await sign_in(safari, await cast.counselor(available=False), "counselor", "console")
        await safari.click("state-available")
        found += await faults(safari, "console-idle")
        await user.visit_shop()
        panel = await user.open_panel()
        await panel.get_by_test_id("panel-text").click()
        await safari.click("ring-accept")
        await safari.type("chat-input", "무엇을 도와드릴까요?\ue007")
        await expect(panel.get_by_test_id("chat-line").filter(has_text="무엇을 도와드릴까요?")).to_be_visible()
        found += await faults(safari, "console-text")
        await safari.click("view-board")
        await safari.find("board-canvas")
        await stroke(safari)
        await expect(panel.get_by_test_id("board-canvas")).to_be_visible()

        async def reaches_the_visitor() -> bool:
            return bool(await panel.evaluate(INK))

        await eventually(reaches_the_visitor, True, "the visitor sees what was drawn in WebKit")
        found += await faults(safari, "console-board")
        found += await sign_in(safari, await cast.operator(), "operator", "operator")
        await safari.find("nav-past")
        pages = await safari.run("return [...document.querySelectorAll('[data-testid^=nav-]')].map((one) => one.dataset.testid)")
        for page in pages:
            await safari.click(page)
            await until(safari, "!document.querySelector('.skeleton')")
            found += await faults(safari, page)
    assert len(pages) > 5
    assert not found, "\n".join(found)
