"""Recording in browsers: consent, the visible notice, and the withdrawal of the consent."""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from pathlib import Path

from playwright.async_api import Frame, FrameLocator, Request, expect

from tests.browser.media import COUNSELOR, PROFESSIONAL, USER
from tests.browser.people import Cast, Staff, User, eventually
from tests.browser.service import Service, sangdam
from tests.browser.test_cobrowsing import page_frame
from tests.unit.media.recording.streams import loudness


async def a_call(cast: Cast) -> tuple[User, Staff]:
    """Make a video call on a site that asks for consent to record. Nobody has answered the question yet."""
    await sangdam(cast.service, "site", "add", "demo-shop", "--update", "--recording", "ask", "--cobrowse", "strict")
    counselor = await cast.counselor()
    user = await cast.user()
    await user.call("video")
    await expect(user.get("may-record")).to_contain_text("녹화해도 되는지 먼저 여쭤봐요")
    await user.enter()
    await counselor.accept()
    await counselor.hears(USER.hz)
    return user, counselor


async def agree(*people: User | Staff) -> None:
    for person in people:
        await person.get("rec-agree").click()
    for person in people:
        await expect(person.get("rec-sign")).to_be_visible()


def files(service: Service) -> list[Path]:
    return sorted((service.data_dir / "recordings").rglob("*.webm"))


LATER = (
    '<p id="later" data-sangdam-share>나중 글 <a id="link" href="/m5.html">링크</a> <input id="field" value="비밀값">'
    '<input type="password" value="비밀암호"></p><p>비밀 글</p>'
)
"""Elements that the test adds to the user's page while the counselor sees the page and the call is recorded."""


async def test_agreed_recording_is_deleted_when_the_user_revokes(cast: Cast) -> None:
    user, counselor = await a_call(cast)
    await expect(user.get("recording")).to_contain_text("이 상담을 녹화해도 될까요?")
    await expect(user.get("recording")).to_contain_text("그때 보인 내용도 함께 녹화돼요")
    await user.get("rec-agree").click()
    await expect(user.get("recording")).to_contain_text("Jimin")
    assert files(cast.service) == []
    await agree(counselor)
    await expect(user.get("rec-sign")).to_be_visible()
    await expect(user.page.get_by_text("이 상담은 녹화되고 있어요.").first).to_be_visible()
    await user.reads("모두 동의하여 녹화를 시작했어요")
    page = await seen_page(user, counselor)
    await expect(page.locator("#later")).to_have_count(0)
    await asyncio.sleep(1.5)
    await user.shop.evaluate(f"document.body.insertAdjacentHTML('afterbegin', '{LATER}')")
    await expect(page.locator("#later")).to_contain_text("나중 글")
    await asyncio.sleep(1)

    await counselor.get("rec-stop").click()
    await counselor.get("rec-stop-confirm").click()
    await expect(user.get("rec-sign")).to_have_count(0)
    await user.reads("Jimin 님이 동의하지 않아 녹화를 멈췄어요")

    async def tones() -> set[int]:
        found: set[int] = set()
        for path in files(cast.service):
            with_sound = await asyncio.to_thread(_tones, path)
            found |= with_sound
        return found

    await eventually(tones, {USER.hz, COUNSELOR.hz}, "both voices are in the files")

    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    async with user.page.expect_download() as downloading:
        await user.get("recording-copy").click()
    copy = await (await downloading.value).path()
    assert await asyncio.to_thread(_tones, copy) == {USER.hz, COUNSELOR.hz}
    operator = await cast.operator()
    await replay(operator)
    await replay_page(operator, user)
    assert "나중 글" in pages(cast.service)
    for secret in ("비밀 글", "비밀값", "비밀암호"):
        assert secret not in pages(cast.service), secret
    await operator.get("nav-audit").click()
    for done in ("녹화 재생", "자신의 녹화 파일 받기"):
        await expect(operator.get("audit").locator("tbody tr").filter(has_text=done)).to_have_count(1)
    await user.get("recording-delete").click()
    await user.get("recording-delete-confirm").click()
    await expect(user.page.get_by_text("녹화를 삭제했어요.")).to_be_visible()
    await eventually(lambda: asyncio.to_thread(files, cast.service), [], "the files are gone")
    await operator.page.go_back()
    await expect(operator.get("transcript").first).to_be_visible()
    await expect(operator.get("replay-open")).to_have_count(0)


# `media.heard` listens only to audio elements with a stream. So this script adds such an element for the output of each audio
# element of the player.
TAP = """
() => document.querySelectorAll('[data-testid=player] audio').forEach((played) => {
  const tapped = document.createElement('audio');
  tapped.muted = true;
  tapped.srcObject = played.captureStream();
  document.body.append(tapped);
})
"""


async def replay(operator: Staff) -> None:
    """Open the newest past session, play its recording, check sound and video of both people, and seek with the keyboard."""
    await operator.get("nav-past").click()
    await operator.get("past-open").first.click()
    await operator.get("replay-open").click()
    await operator.get("player-speed").select_option("0.5")
    await operator.get("player-play").click()
    await operator.page.evaluate(TAP)
    await operator.sees(USER)
    await operator.hears(USER.hz, COUNSELOR.hz)
    seek = operator.get("player-seek")
    await expect(seek).to_have_js_property("value", await seek.get_attribute("max"), timeout=15_000)
    await operator.get("player-play").focus()
    await operator.page.keyboard.press("Home")
    await expect(operator.get("player-at")).to_contain_text("0:00 /")
    await operator.page.keyboard.press("ArrowRight")
    whole = int(await seek.get_attribute("max") or 0)  # length of the recording in ms: a few seconds, or more on a busy machine
    await expect(seek).to_have_js_property("value", str(min(5000, whole)))


async def seen_page(user: User, counselor: Staff) -> Frame:
    """Let the counselor see the page from which the user called, while the call is recorded. Return the frame that shows it."""
    await expect(counselor.get("page-ask")).to_be_enabled()
    await counselor.get("page-ask").click()
    await expect(user.get("cobrowse-recorded")).to_contain_text("함께 녹화돼요")
    await user.get("cobrowse-yes").click()
    frame = await page_frame(counselor)
    await expect(frame.locator("h1").first).to_be_attached()
    await expect(user.get("cobrowse-on")).to_contain_text("녹화되고 있어요")
    return frame


async def replay_page(operator: Staff, user: User) -> None:
    """Look at the user's page in the replay: before it changed, after the change, and again before the change.

    Check with the function `use` that clicks and keys change nothing in the replayed page.
    """
    shown = operator.get("player-page")
    frame = shown.frame_locator("iframe")
    seek = operator.get("player-seek")
    most = float(await seek.get_attribute("max") or 0)
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    operator.page.on("request", note)
    for part, count in ((0.5, 0), (0.9, 1), (0.5, 0)):
        await seek.fill(str(round(most * part)))
        await expect(frame.locator("h1").first).to_be_attached()
        await expect(frame.locator("#later")).to_have_count(count)
        if count:
            await shown.scroll_into_view_if_needed()
            await use(operator, frame)
    await expect(shown).to_contain_text("Jimin")
    await expect(frame.get_by_text("비밀 글")).to_have_count(0)
    assert await (await shown.locator("iframe").element_handle()).get_attribute("sandbox") == "allow-same-origin"
    inside = [each for each in asked if "/page-frame" in each.frame.url]
    assert all(each.url.startswith(operator.service.shop) for each in inside), "only what the site itself has"
    assert {each.resource_type for each in inside} <= {"image", "stylesheet", "font"}


async def use(operator: Staff, frame: FrameLocator) -> None:
    """Press and write in the replayed page, by pointer and by keyboard. Check that this has no effect."""
    focused = "document.activeElement.localName"
    opened, address = operator.page.context.pages, operator.page.url
    for name in ("#link", "#field"):
        box = await frame.locator(name).bounding_box()
        assert box is not None
        await operator.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await operator.page.keyboard.type("x")
        assert await operator.page.evaluate(focused) != "iframe"
    await operator.get("player-speed").focus()
    await operator.page.keyboard.press("Tab")
    assert await operator.page.evaluate(focused) != "iframe"
    await expect(frame.locator("#field")).to_have_value("•••")
    await expect(frame.locator("#later")).to_be_attached()
    assert (operator.page.context.pages, operator.page.url) == (opened, address)


def pages(service: Service) -> str:
    """Return everything that the service has stored of users' pages, decompressed."""
    found, parts = "", ""
    for path in (service.data_dir / "recordings").rglob("*.page.jsonl"):
        for line in path.read_text().splitlines():
            part = json.loads(line)
            parts += part.get("data", "")
            if "data" in part and not part.get("more"):
                found += json.dumps(json.loads(zlib.decompress(base64.b64decode(parts), wbits=-15)), ensure_ascii=False)
                parts = ""
    return found


def _tones(path: Path) -> set[int]:
    try:
        return {voice.hz for voice in (USER, COUNSELOR, PROFESSIONAL) if sum(loudness(path, voice.hz)) > 10}
    except (IndexError, EOFError):  # the file is a picture, or is still empty
        return set()
