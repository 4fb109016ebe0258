"""The server's texts: all languages have the same keys and placeholders, and no language has letters of another language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from signaling.protocol import own_texts
from signaling.protocol.own_texts import LANGUAGES, in_each, nearest, words_in

_FOLDER = Path(own_texts.__file__).parent / "languages"
_OTHER_LETTERS = {
    "ko": r"[\u3040-\u30ff\u4e00-\u9fff]",
    "en": r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]",
    "ja": r"[\uac00-\ud7a3]",
    "zh-Hans": r"[\u3040-\u30ff\uac00-\ud7a3]",
    "es": r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]",
}


def _texts(language: str) -> dict[str, str]:
    return json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_server_speaks_the_languages_of_the_pages() -> None:
    pages = Path(__file__).parents[4] / "web/src/room"
    assert set(LANGUAGES) == {file.stem for file in pages.glob("*.json")} == set(_OTHER_LETTERS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_server_texts_are_complete_and_in_their_language(language: str) -> None:
    mine, english = _texts(language), _texts("en")
    assert list(mine) == list(english), "the keys differ from en.json"
    assert [key for key, text in mine.items() if not text.strip()] == []
    assert [key for key in english if _places(mine[key]) != _places(english[key])] == []
    assert {key: text for key, text in mine.items() if re.search(_OTHER_LETTERS[language], text)} == {}
    if language != "en":
        words = {key: re.sub(r"\{.*?\}", "", text) for key, text in mine.items() if text == english[key]}
        assert [key for key, text in words.items() if re.search(r"[a-z]{3}", text)] == [], "still English"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["ja-JP", "ko"], "ja"),
        (["fr", "zh-CN", "en"], "zh-Hans"),
        (["es-419"], "es"),
        (["", "fr"], "en"),
        ([], "en"),
    ],
)
def test_first_language_with_texts_is_taken(wanted: list[str], found: str) -> None:
    assert nearest(*wanted) == found


def test_unknown_language_gets_english() -> None:
    assert words_in("fr", "no_panel")["close"] == "Close"
    assert words_in("zh_CN", "no_panel")["close"] == "关闭"
    assert in_each("outcome.resolved") == {"en": "Solved", "es": "Resuelto", "ja": "解決", "ko": "해결됨", "zh-Hans": "已解决"}
