"""Translation by a service with LibreTranslate's API, over HTTP.

The tests check what the service gets, and what happens when the service fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from signaling.live.translating import AT_ONCE, MOST_WAITING, BadKey, Translation, Translator
from signaling.session.model import NotAllowed
from tests.contract.translation.service import TranslationService, translating


@asynccontextmanager
async def running(key_file: Path | None = None) -> AsyncIterator[tuple[TranslationService, Translator]]:
    async with translating() as service:
        translator = Translator(service.url, key_file)
        try:
            yield service, translator
        finally:
            await translator.close()


async def test_text_comes_back_in_the_other_language(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k-1\n")
    async with running(key) as (service, translator):
        assert await translator.translate("good morning", "ko-KR", "s-1") == Translation("gninrom doog", "en")
        assert service.asked == [{"q": "good morning", "source": "auto", "target": "ko", "format": "text", "api_key": "k-1"}]


async def test_same_text_is_asked_for_once_in_each_language() -> None:
    async with running() as (service, translator):
        for language in ("ko", "ko", "zh-Hans", "ko"):
            await translator.translate("hello", language, "s-1")
        assert [asked["target"] for asked in service.asked] == ["ko", "zh"]


async def test_translations_of_an_erased_session_leave_the_memory() -> None:
    async with running() as (service, translator):
        for session in ("s-1", "s-2"):
            await translator.translate("my address is 5 Elm Street", "ko", session)
        await translator.translate("hello", "ko", "s-2")
        translator.forget("s-1")
        assert "Elm" not in str(translator._kept)
        await translator.translate("hello", "ko", "s-3")
        assert len(service.asked) == 2, "what others said stays"
        await translator.translate("my address is 5 Elm Street", "ko", "s-2")
        assert len(service.asked) == 3


@pytest.mark.parametrize(
    "reply",
    [
        web.Response(status=500),
        web.Response(status=302, headers={"Location": "http://elsewhere.example/"}),
        web.json_response({"error": "Invalid API key"}, status=403),
        web.Response(text="<html>"),
        web.json_response({"translatedText": 7}),
        web.Response(text='"' + "x" * 300_000 + '"'),
        web.Response(body=b'{"translatedText": "caf\xe9"}'),
    ],
    ids=["fault", "redirect", "wrong_key", "no_json", "no_text", "too_long", "no_utf8"],
)
async def test_answer_that_is_no_translation_is_a_refusal(reply: web.Response) -> None:
    async with running() as (service, translator):
        service.reply = reply
        with pytest.raises(NotAllowed, match="unavailable"):
            await translator.translate("hello", "ko", "s-1")


async def test_crowd_is_refused_rather_than_queued_without_end() -> None:
    async with running() as (service, translator):
        service.open.clear()
        waiting = [asyncio.create_task(translator.translate(f"text {n}", "ko", "s-1")) for n in range(MOST_WAITING)]
        while len(service.asked) < AT_ONCE:
            await asyncio.sleep(0.01)
        with pytest.raises(NotAllowed, match="unavailable"):
            await translator.translate("one more", "ko", "s-1")
        service.open.set()
        await asyncio.gather(*waiting)
        assert service.most_at_once == AT_ONCE


async def test_texts_of_one_organisation_leave_room_for_another() -> None:
    async with running() as (service, translator):
        service.open.clear()
        large = [asyncio.create_task(translator.translate(f"{n}", "ko", "s-1", "large", 2)) for n in range(MOST_WAITING)]
        small = [asyncio.create_task(translator.translate(f"small {n}", "ko", "s-2", "small", 2)) for n in range(MOST_WAITING)]
        while len(service.asked) < AT_ONCE:
            await asyncio.sleep(0.01)
        service.open.set()
        done = [
            sum(isinstance(each, Translation) for each in await asyncio.gather(*tasks, return_exceptions=True))
            for tasks in (large, small)
        ]
        assert done == [MOST_WAITING * 3 // 4, MOST_WAITING // 4]


async def test_without_a_service_nothing_leaves() -> None:
    translator = Translator("")
    assert not translator.enabled
    with pytest.raises(NotAllowed, match="unavailable"):
        await translator.translate("hello", "ko", "s-1")


def test_missing_key_file_is_an_error_without_the_key(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="FileNotFoundError"):
        Translator("http://127.0.0.1:1", tmp_path / "none")
