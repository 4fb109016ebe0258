"""People write in a session: links, replies, corrections, and texts composed with input methods."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from playwright.async_api import Locator, expect

from tests.browser.people import BrowserName, Cast, Person, Staff, User, eventually
from tests.browser.test_desk import PLACE, by_text, is_at

UNSENT = "보내기를 취소한 메시지예요."


async def talking(
    cast: Cast, user_browser: BrowserName = "chromium", staff_browser: BrowserName = "chromium"
) -> tuple[User, Staff]:
    counselor = await cast.counselor(browser=staff_browser)
    user = await cast.user(user_browser)
    await user.call()
    await user.enter()
    await counselor.accept()
    await expect(user.get("call-board")).to_be_visible()
    return user, counselor


def line(person: Person, text: str) -> Locator:
    return person.get("chat-line").filter(has_text=text)


async def choose(person: Person, text: str, action: str) -> None:
    """Choose an action from the menu of the chat line with this text."""
    found = line(person, text)
    await found.hover()
    await found.get_by_test_id("line-menu").click()
    await person.page.locator(":popover-open").get_by_test_id(f"line-{action}").click()


async def test_unsent_line_is_gone_on_all_screens_and_in_the_copy(cast: Cast, tmp_path: Path) -> None:
    user, counselor = await talking(cast, staff_browser="firefox")
    await counselor.write("**꼭** https://shop.example/a 를 보세요")
    link = line(user, "보세요").get_by_role("link")
    await expect(link).to_have_attribute("href", "https://shop.example/a")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(line(user, "보세요").locator("strong", has_text="꼭").last).to_be_visible()
    await choose(user, "보세요", "reply")
    await user.write("내 번호는 FORMER 예요")
    await expect(line(counselor, "FORMER").get_by_test_id("line-quoted")).to_contain_text("보세요")
    await expect(line(user, "FORMER").get_by_test_id("line-read")).to_have_attribute("title", "읽음")
    await expect(line(counselor, "보세요").first.get_by_test_id("line-read")).to_have_attribute("title", "읽음: 방문자")
    await choose(user, "FORMER", "edit")
    await user.get("line-editor").fill("내 번호는 나중에 드릴게요")
    await user.get("line-editor").press("Enter")
    await counselor.reads("나중에 드릴게요")

    await counselor.write("SECRET 원입니다")
    await user.reads("SECRET")
    professional = await cast.professional()
    await counselor.get("help-button").click()
    await counselor.get("help-note").press_sequentially("가격")
    await counselor.page.keyboard.press("Control+Enter")  # this key combination sends the note
    await professional.accept()
    await professional.reads("SECRET")
    await choose(counselor, "SECRET", "retract")
    for person in (user, counselor, professional):
        await expect(line(person, UNSENT)).to_be_visible()
    await expect(line(user, "SECRET")).to_have_count(0)
    await professional.get("line-former").last.click()
    await expect(line(professional, "SECRET 원입니다")).to_be_visible()

    received = len(user.traffic.received)
    await user.get("chat-input").press_sequentially("쓰다 만 글")
    await user.page.reload()
    await user.reads(UNSENT)
    await expect(user.get("chat-input")).to_have_value("쓰다 만 글")
    assert "SECRET" not in "".join(user.traffic.received[received:])
    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    async with user.page.expect_download() as download:
        await user.get("transcript").click()
    await (await download.value).save_as(tmp_path / "copy.html")
    copy = (tmp_path / "copy.html").read_text()
    assert "수정함" in copy
    assert "내 번호는 나중에 드릴게요" in copy
    assert "<strong>꼭</strong>" in copy
    assert 'href="https://shop.example/a"' in copy
    assert "[보내기 취소]" in copy
    assert "FORMER" not in copy
    assert "SECRET" not in copy


# The events that a page in Firefox gets while a person composes a text. The Enter that ends the composition has key code 229.
# This Enter comes either before the end of the composition (Windows, Linux) or after the end.
COMPOSE = """(box, [steps, early]) => {
  const press = { key: "Enter", bubbles: true, cancelable: true };
  const enter = (more) => box.dispatchEvent(new KeyboardEvent("keydown", { ...press, ...more }));
  const before = box.value;
  box.focus();
  box.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
  for (const data of steps) {
    box.dispatchEvent(new CompositionEvent("compositionupdate", { data, bubbles: true }));
    box.value = before + data;
    box.dispatchEvent(new InputEvent("input", { data, inputType: "insertCompositionText", isComposing: true, bubbles: true }));
  }
  if (early) enter({ isComposing: true, keyCode: 229 });
  box.dispatchEvent(new CompositionEvent("compositionend", { data: steps.at(-1), bubbles: true }));
  box.dispatchEvent(new InputEvent("input", { data: steps.at(-1), inputType: "insertCompositionText", bubbles: true }));
  if (!early) enter({ keyCode: 229 });
}"""


async def test_composed_syllable_is_never_sent_by_half(cast: Cast) -> None:
    """Compose a syllable as the input methods for Korean, Japanese and Chinese do.

    The Enter that ends the composition must send nothing.
    """
    user, counselor = await talking(cast, staff_browser="firefox")
    box = user.get("chat-input")
    keyboard = await user.context.new_cdp_session(user.page)

    async def compose(steps: str, last: str) -> None:
        for text in (*steps, last):
            end = {"selectionStart": len(text), "selectionEnd": len(text)}
            await keyboard.send("Input.imeSetComposition", {"text": text, **end})
        await keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Enter", "windowsVirtualKeyCode": 13})
        await keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": "Enter", "windowsVirtualKeyCode": 13})
        await keyboard.send("Input.insertText", {"text": last})

    await box.click()
    await compose("ㅎ하", "한")
    await compose("", "글")
    await compose("かん", "漢字")
    await compose("n", "你好")
    await expect(box).to_have_value("한글漢字你好")
    await expect(user.get("chat-line").filter(has_text="한")).to_have_count(0)
    await box.press("Shift+Enter")
    await box.press_sequentially("끝")
    await box.press("Enter")
    await expect(box).to_have_value("")
    await counselor.reads("한글漢字你好")
    written = counselor.page.locator("[data-testid=chat-line] .chat-text").filter(has_text="끝")
    await eventually(written.all_inner_texts, ["한글漢字你好\n끝"], "one line of two rows")

    answer = counselor.get("chat-input")
    await answer.evaluate(COMPOSE, [["ㄱ", "그", "글"], True])
    await answer.evaluate(COMPOSE, [["か", "かん", "漢"], False])
    await expect(answer).to_have_value("글漢")
    await expect(user.get("chat-line").filter(has_text="글漢")).to_have_count(1)  # the user's line; the answer is not sent yet
    await answer.press("Enter")
    await expect(user.page.locator("[data-testid=chat-line] .chat-text").get_by_text("글漢", exact=True)).to_be_visible()


LONG = 2_000  # The long conversation has this many chat lines.
MOST_SHOWN = 400  # The page must have at most this many chat lines in its document at any time.
SCROLL_UP = """box => new Promise((done) => {
    box.scrollBy({ top: -2000, behavior: "instant" });
    requestAnimationFrame(() => requestAnimationFrame(() => {
        const top = box.getBoundingClientRect().top;
        const seen = [...box.querySelectorAll(".chat-text")].find((line) => line.getBoundingClientRect().bottom > top);
        done(Number(/\\[(\\d+)\\]/.exec(seen.textContent)?.[1] ?? 0));
    }));
})"""
"""Scrolls up, and returns the number of the topmost visible chat line."""
GROW_AND_SCROLL = """(box, px) => {
  const lines = [...box.querySelectorAll("[data-seq]")];
  const { top } = box.getBoundingClientRect();
  const first = lines.find((line) => line.getBoundingClientRect().bottom > top);
  const before = first.getBoundingClientRect().top;
  for (const line of lines) if (line !== first) line.style.paddingBlockEnd = px + "px";
  box.scrollBy({ top: -200, behavior: "instant" });
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => done(first.getBoundingClientRect().top - before)));
  });
}"""
"""Makes all chat lines taller except the topmost visible one, and scrolls up before the page notices. Returns how far that line
moved down, in px."""
NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# one scroll of 2,000 px passes at most this many chat lines, unless the page jumps while it fetches older ones
MOST_SCROLLED = 95


def write_directly(records: Path) -> None:
    """Store chat lines of the counselor in the only conversation of this database, so that the conversation is long."""
    with closing(sqlite3.connect(records, timeout=20)) as database, database:
        database.execute("CREATE TEMP TABLE written AS SELECT * FROM line WHERE kind = 'text' AND role = 'counselor' LIMIT 1")
        (session,) = database.execute("SELECT session FROM written").fetchone()
        (last,) = database.execute("SELECT last_seq FROM session WHERE id = ?", [session]).fetchone()
        for n in range(1, LONG + 1):
            values = (last + n, last + n, f"long-{n}", f"[{n}] " + "줄 " * (n % 9))
            database.execute("UPDATE written SET seq = ?, rev = ?, id = ?, text = ?", values)
            database.execute("INSERT INTO line SELECT * FROM written")
        database.execute("UPDATE session SET last_seq = ? WHERE id = ?", [last + LONG, session])


async def scrolls_evenly(person: Person, until: int) -> None:
    """Scroll up to the chat line with the number `until`, and fail if the page jumps on the way."""
    box, seen = person.page.locator(".chat-lines"), [LONG]
    while seen[-1] > until and len(seen) < LONG:
        seen.append(await box.evaluate(SCROLL_UP))
    assert all(0 <= before - after <= MOST_SCROLLED for before, after in pairwise(seen)), seen


async def keeps_the_readers_place(cast: Cast, counselor: Staff, user: User) -> None:
    """Check that chat lines that the counselor reads stay in place on the screen.

    The counselor switches to another conversation and back, new lines arrive, and a line above grows taller.
    """
    other = await by_text(cast, counselor, "둘째")
    lines = counselor.page.locator(".chat-lines")
    elsewhere = counselor.page.locator('[data-testid="session-row"]:not([aria-current])')
    await elsewhere.click()
    await expect(line(counselor, f"[{LONG}]")).to_be_in_viewport()
    await scrolls_evenly(counselor, until=LONG - 600)
    where = await lines.evaluate(PLACE)
    await elsewhere.click()
    await counselor.reads("둘째입니다")
    await user.write("그동안 쓴 줄")
    await user.reads("그동안 쓴 줄")
    await elsewhere.click()
    await eventually(lambda: is_at(lines, where), True, "the place far back is kept")
    await expect(counselor.page.locator(".chat-newer")).to_be_visible()  # a chat line came while another conversation was open
    await elsewhere.click()
    await counselor.reads("둘째입니다")
    await elsewhere.click()
    await expect(counselor.page.locator(".chat-newer")).to_be_visible()  # the counselor has still not seen this line

    await counselor.page.locator(".chat-newer").click()
    await expect(line(counselor, "그동안 쓴 줄")).to_be_in_viewport()
    await lines.evaluate("(box) => box.scrollBy({ top: -700, behavior: 'instant' })")
    where = await lines.evaluate(PLACE)
    await elsewhere.click()
    await counselor.reads("둘째입니다")
    await elsewhere.click()
    await eventually(lambda: is_at(lines, where), True, "the place near the end is kept")
    await expect(lines.locator("[data-seq]").nth(250)).to_be_attached()  # the page has added all lines around the visible ones
    await lines.locator("[data-seq]").first.evaluate("(line) => { line.style.minHeight = '400px'; }")
    await eventually(lambda: is_at(lines, where), True, "a line above that grows moves nothing")
    assert abs(await lines.evaluate(GROW_AND_SCROLL, 18) - 200) < 2
    where = await lines.evaluate(PLACE)
    await user.write("읽는 동안 온 줄")
    await expect(counselor.page.locator(".chat-newer")).to_be_visible()
    await eventually(lambda: is_at(lines, where), True, "a new line moves nothing")
    for _ in range(3):
        await lines.evaluate("(box) => box.scrollTo({ top: box.scrollHeight, behavior: 'instant' })")
        await lines.evaluate(NEXT_FRAME)
    await expect(line(counselor, "읽는 동안 온 줄")).to_be_in_viewport()
    await user.write("끝에서 기다리던 줄")
    await expect(line(counselor, "끝에서 기다리던 줄")).to_be_in_viewport()
    await other.context.close()


async def search_finds_what_is_not_fetched(counselor: Staff, first: Locator) -> None:
    """Reload the console, so that it holds only the newest chat lines, and search for the first chat line."""
    await counselor.page.reload()
    await expect(line(counselor, f"[{LONG}]")).to_be_in_viewport()
    await expect(first).to_have_count(0)
    await counselor.get("chat-input").press("Control+f")
    found, count = counselor.get("find"), counselor.get("find-count")
    await found.fill("처음 한 줄")
    await expect(count).to_have_text("1/1")
    await expect(first).to_be_in_viewport()
    await expect(found).to_be_focused()
    marks = "() => [...CSS.highlights.get('found')].map(String)"
    await eventually(lambda: counselor.page.evaluate(marks), ["처음 한 줄"], "the found words are marked")
    await found.fill("[4")
    await expect(count).to_have_text("1/111")
    await expect(line(counselor, "[499]")).to_be_in_viewport()
    await found.press("Enter")
    await expect(count).to_have_text("2/111")
    await expect(line(counselor, "[498]")).to_be_in_viewport()
    await found.press("Shift+Enter")
    await found.press("Shift+Enter")
    await expect(count).to_have_text("111/111")
    await expect(line(counselor, "[4] ")).to_be_in_viewport()
    await found.press("Escape")
    await expect(found).to_have_count(0)
    await expect(counselor.get("chat-input")).to_be_focused()
    await counselor.get("find-open").click()
    await found.fill("처음 한 줄")
    await expect(first).to_be_in_viewport()
    await counselor.get("find-close").click()


async def test_long_conversation_opens_at_its_end_and_scrolls_to_its_start(cast: Cast) -> None:
    user, counselor = await talking(cast, user_browser="firefox")
    await counselor.write("처음 한 줄")
    await user.reads("처음 한 줄")
    write_directly(cast.service.data_dir / "records.sqlite")
    for person in (counselor, user):
        await person.page.reload()
    await expect(line(counselor, f"[{LONG}]")).to_be_in_viewport()
    shown = counselor.get("chat-line")
    assert await shown.count() <= MOST_SHOWN
    await user.reads(f"[{LONG}]")

    await keeps_the_readers_place(cast, counselor, user)
    first = line(counselor, "처음 한 줄")
    await scrolls_evenly(counselor, until=0)
    await expect(first).to_be_in_viewport()
    assert await shown.count() <= MOST_SHOWN
    await scrolls_evenly(user, until=LONG - 1_000)
    assert await user.get("chat-line").count() <= MOST_SHOWN
    await search_finds_what_is_not_fetched(counselor, first)
    await choose(counselor, "처음 한 줄", "reply")
    await counselor.write("끝의 새 줄")
    await counselor.page.locator(".chat-newer").click()
    await expect(line(counselor, "끝의 새 줄")).to_be_in_viewport()
    await user.page.locator(".chat-newer").click()
    quote = line(user, "끝의 새 줄").get_by_test_id("line-quoted")
    await expect(quote).to_contain_text("처음 한 줄")  # the user's page fetches the quoted line from the server
    await quote.click()
    await expect(line(user, "처음 한 줄").filter(has_not_text="끝의 새 줄")).to_be_in_viewport()
