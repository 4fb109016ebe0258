"""Translation of chat lines, end to end.

The tests check who gets translations of which chat lines, and that nobody waits for the translation service.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.translation.service import TranslationService, translating
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for


@pytest.fixture
async def translation() -> AsyncIterator[TranslationService]:
    async with translating() as translation:
        yield translation


@pytest.fixture
async def service(tmp_path: Path, translation: TranslationService) -> AsyncIterator[Service]:
    async with running(replace(settings_for(tmp_path), translate_url=translation.url)) as service:
        yield service


async def writes(author: Person, text: str, audience: str = "all") -> int:
    line = f"l-{len(author.seen)}"
    await author.send(type="line", session=author.session_id, line=line, text=text, audience=audience)
    return (await author.find(lambda seen: seen["type"] == "ack" and seen["line"] == line))["seq"]


async def test_line_is_translated_for_the_one_who_asks(service: Service, translation: TranslationService) -> None:
    user, counselor = await in_conversation(service)
    assert user.session["translates"] is True
    seq = await writes(counselor, "good morning")
    secret = await writes(counselor, "careful", "staff")

    translation.open.clear()
    assert (await user.say("translate", seq=seq, language="ko"))["type"] == "ok"
    assert (await user.say("translate", seq=secret, language="ko"))["reason"] == "unknown_line"
    assert (await user.say("translate", seq=99, language="ko"))["reason"] == "unknown_line"
    await writes(user, "still here")  # the session goes on: nobody waits for the translation service
    translation.open.set()
    told = await user.get("translated")
    assert (told["seq"], told["language"], told["text"], told["source"]) == (seq, "ko", "gninrom doog", "en")
    assert not [seen for seen in counselor.seen if seen["type"] == "translated"]
    assert [asked["q"] for asked in translation.asked] == ["good morning"]


async def test_failed_translation_is_told_and_the_conversation_goes_on(service: Service, translation: TranslationService) -> None:
    user, counselor = await in_conversation(service)
    translation.fails = True
    seq = await writes(user, "안녕하세요")
    assert (await counselor.say("translate", seq=seq, language="en"))["type"] == "ok"
    assert (await counselor.get("translated"))["failed"] is True
    await writes(counselor, "hello")
