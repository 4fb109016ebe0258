"""Look at every mail in every language, as mail programs on a desktop and on a telephone show it.

The test fails if anything is cut off, untranslated or left empty.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Playwright

from signaling.mail.kinds import ACCOUNT, MANNERS, Kind
from signaling.mail.letters import About, letter, moment
from tests.browser import media
from tests.browser.looking import LANGUAGES, SCREENSHOTS, Eyes, Language
from tests.browser.people import launch

NOW = 1_790_000_000_000
DAY = 86_400_000
ZONES = {"ko": "Asia/Seoul", "en": "Europe/London", "ja": "Asia/Tokyo", "zh-Hans": "Asia/Shanghai", "es": "America/Mexico_City"}
SITES = {"ko": "빛과소리", "en": "Light & Sound", "ja": "光と音", "zh-Hans": "光与声", "es": "Luz y sonido"}
NAMES = {"ko": "김지민", "en": "Jimin Kim", "ja": "佐藤", "zh-Hans": "李敏", "es": "Carmen Ortega"}
TOPICS = {"ko": "카메라·렌즈", "en": "Cameras and lenses", "ja": "カメラとレンズ", "zh-Hans": "相机与镜头", "es": "Cámaras"}
ANSWERS = {
    "ko": "네, 세 시에 들어와요.\n어댑터도 함께 보내 드릴까요?",
    "en": "Yes, it arrives at three.\nShall we send the adapter, too?",
    "ja": "はい、3時に届きます。\nアダプターも一緒にお送りしましょうか。",
    "zh-Hans": "是的，三点到货。\n需要一起寄转接环吗？",
    "es": "Sí, llega a las tres.\n¿Le enviamos también el adaptador?",
}
Width = Literal[600, 360]
WIDTHS: tuple[Width, ...] = (600, 360)


def html_of(kind: Kind, language: Language) -> str:
    """Return the HTML of a mail with samples in place of its placeholders."""
    zone = ZoneInfo(ZONES[language])
    values = {
        "name": NAMES[language],
        "when": moment(NOW + DAY, language, zone),
        "zone": ZONES[language],
        "category": TOPICS[language],
        "waiting": "3",
        "minutes": "12",
        "organisation": SITES[language],
        "device": "Firefox 153, Windows",
        "network": "203.0.113.…",
        "host": "hooks.shop.example",
        "to": "h•••@shop.example",
    }
    manner = MANNERS[kind]
    link = ("https://talk.shop.example/call#invite=t0ken", NOW + 7 * DAY if manner.opens or kind in ACCOUNT else None)
    return letter(
        About(
            kind=kind,
            language=language,
            site=SITES[language],
            values=values,
            zone=zone,
            accent="#0f5f57",
            link=None if kind in ("mail_changed", "callback_cancelled", "appointment_cancelled") else link,
            said=ANSWERS[language] if kind in ("reply", "message_answered") else "",
            leave="https://talk.shop.example/unsubscribe?of=x" if manner.leaves else "",
        )
    ).html


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_mail_is_whole_and_readable(language: Language, playwright: Playwright, media_folder: Path) -> None:
    eyes = Eyes(language)
    browser = await launch(playwright, "full chromium", media.USER, media_folder)
    try:
        page = await browser.new_page()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 640})
            await page.emulate_media(color_scheme="light" if width == 600 else "dark")
            for kind in MANNERS:
                await page.set_content(html_of(kind, language))
                faults = await eyes.read(page.main_frame, 44 if width == 360 else 0)
                eyes.faults += [f"{kind} ({width}): {fault}" for fault in faults]
                await page.screenshot(path=SCREENSHOTS / f"mail-{kind}-{width}-{language}.png", full_page=True)
    finally:
        await browser.close()
    assert not eyes.faults, "\n".join(["", *eyes.faults])
