"""Captions in browsers: words spoken in one browser appear in another, also on narrow phones and for screen readers.

A translation service on loopback, which reverses the letters of each text, translates captions and chat lines.
"""

from __future__ import annotations

import re
import secrets
import wave
from pathlib import Path

from playwright.async_api import expect

from tests.browser import media
from tests.browser.conftest import Casting
from tests.browser.people import Staff
from tests.browser.service import running
from tests.captioner import captioner
from tests.contract.translation.service import translating
from tests.spoken import speech

# this person's microphone plays speech instead of a tone, from the file that `spoken` writes
SPEAKER = media.Voice(1, (40, 170, 60))
PHONE = {"width": 320, "height": 640}


def spoken(folder: Path) -> None:
    """Write the sound file that the speaker's fake microphone plays. The file repeats one sentence."""
    media.write_colour(folder / f"{SPEAKER.hz}.y4m", SPEAKER.rgb)
    with wave.open(str(folder / f"{SPEAKER.hz}.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(media.SAMPLE_RATE)
        out.writeframes(speech("ss-noservice").tobytes())


async def test_spoken_words_are_read_under_the_speaker(casting: Casting, media_folder: Path, tmp_path: Path) -> None:
    """The speaker uses Chromium, because Firefox's fake microphone cannot play a file. The reader uses Firefox."""
    spoken(media_folder)
    secret = tmp_path / "secret"
    secret.write_text(secrets.token_hex(32))
    data = tmp_path / "data"
    data.mkdir()
    options = ("--secret-file", str(secret), "--captions-url")
    async with (
        captioner(secret_file=secret) as process,
        translating() as translator,
        running(data, *options, process.url, "--translate-url", translator.url) as service,
        casting(service) as cast,
    ):
        counselor = await cast._person(Staff, SPEAKER, "chromium")
        await counselor.sign_in("jimin", "counselor")
        user = await cast.user("firefox", viewport=PHONE)
        await user.call("voice")
        await user.enter()
        await counselor.accept()

        await user.get("call-captions").click()
        await expect(user.get("captions-bar")).to_contain_text("자막이 켜져 있어요(나)")
        await expect(counselor.get("captions-bar")).to_contain_text("저장하지 않아요")
        await counselor.reads("자막을 켰어요")
        words = re.compile("number|dialed|service|check", re.IGNORECASE)
        caption = user.get("participants").locator("[data-role=counselor]").get_by_test_id("caption")
        await expect(caption).to_contain_text(words, timeout=20_000)
        box = await caption.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        leave = await user.get("call-leave").bounding_box()
        assert leave is not None
        assert leave["x"] + leave["width"] <= PHONE["width"]
        await expect(user.get("captions-log")).to_contain_text(words, timeout=20_000)
        await expect(counselor.get("caption")).to_have_count(0)

        assert translator.asked == []
        await user.get("captions-translate").click()
        translated = caption.get_by_text(re.compile("^번역: .*(rebmun|delaid|ecivres|kcehc)", re.IGNORECASE))
        await expect(translated).to_be_in_viewport(timeout=20_000)
        await expect(caption.get_by_text(words)).to_be_in_viewport()
        await user.get("captions-translate").click()
        await counselor.write("good morning")
        await user.get("call-chat").click()
        line = user.get("chat-line").filter(has_text="good morning")
        await line.get_by_test_id("line-menu").click()
        await line.get_by_test_id("line-translate").click()
        await expect(line.get_by_test_id("translated")).to_contain_text("기계 번역")
        await expect(line.get_by_test_id("translated")).to_contain_text("gninrom doog")
        await expect(line).to_contain_text("good morning")
        await expect(counselor.get("translated")).to_have_count(0)
        await user.get("call-chat").click()

        await process.kill()
        await expect(user.get("captions-bar")).to_contain_text("통화는 계속돼요", timeout=15_000)
        await expect(counselor.get("captions-bar")).to_contain_text("통화는 계속돼요")
        await expect(user.get("who-hears")).to_contain_text("Jimin")
