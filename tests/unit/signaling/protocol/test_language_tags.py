"""The language tag of a visitor's browser finds a site's tag for the same language, however both tags are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.protocol.language_tags import accepted, canonical, lookup
from signaling.records import Site


@pytest.mark.parametrize(
    ("tag", "written"),
    [("KO_kr", "ko-KR"), ("zh_hant_tw", "zh-Hant-TW"), ("EN", "en"), ("ko_KR.UTF-8", "ko-KR"), ("ca_ES@valencia", "ca-ES"),
     ("es-419", "es-419"), ("sl-rozaj-biske", "sl-rozaj-biske"), ("en-x-US", "en-x-us"), ("", ""), ("C", ""), ("korean!", ""),
     ("ko-\u202e", ""), ("ko\n", "ko"), ("a" * 60, ""), ("*", "")],
)  # fmt: skip
def test_language_tag_is_normalized(tag: str, written: str) -> None:
    assert canonical(tag) == written


@pytest.mark.parametrize(
    ("wanted", "offered", "found"),
    [
        ("ko_KR", ["en", "ko"], "ko"),
        ("en_US", ["ko", "en"], "en"),
        ("en_US", ["ko", "en_GB"], "en_GB"),
        ("en-us", ["ko", "en-GB", "en-US"], "en-US"),
        ("zh-Hant-TW", ["ko", "zh-Hant"], "zh-Hant"),
        ("zh-Hant-TW", ["ko", "zh-Hans", "zh-Hant"], "zh-Hant"),
        ("zh-Hant-TW", ["ko", "zh-CN", "zh-TW"], "zh-TW"),
        ("zh-TW", ["zh-Hans", "zh-Hant"], "zh-Hant"),
        ("zh-TW", ["ko", "zh"], "zh"),
        ("zh_SG", ["zh-Hant", "zh-Hans"], "zh-Hans"),
        ("zh-Hant-HK", ["ko", "zh-Hans"], "zh-Hans"),
        ("de-x-private-y", ["de"], "de"),
        ("ko", ["ko-KR"], "ko-KR"),
        ("kok", ["ko", "en"], None),
        ("fr", ["ko", "en"], None),
        ("", ["ko"], None),
        ("ko", [], None),
    ],
)
def test_best_matching_language_tag_is_chosen(wanted: str, offered: list[str], found: str | None) -> None:
    assert lookup(wanted, offered) == found
    assert Site(id="shop", languages=offered).language_for(wanted) == found


@pytest.mark.slow
@given(st.text(max_size=20), st.lists(st.sampled_from(["ko", "en-US", "zh_Hant", "x", ""]), max_size=4))
def test_any_text_gives_an_offered_tag_or_none(wanted: str, offered: list[str]) -> None:
    assert lookup(wanted, offered) in [*offered, None]


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("ja,en-US;q=0.7,en;q=0.3", ["ja", "en-US", "en"]),
        ("en;q=0.5, zh-CN, es;q=0.8", ["zh-CN", "es", "en"]),
        ("ko;q=0, *;q=0.1, es;q=2, fr;q=x, de ;q=0.1", ["de"]),
        ("", []),
        (",;q=1,\x00", []),
    ],
)
def test_accepted_languages_come_best_first(header: str, languages: list[str]) -> None:
    assert accepted(header) == languages


@given(st.text(max_size=200))
def test_any_header_gives_language_tags(header: str) -> None:
    assert all(canonical(tag) == tag for tag in accepted(header))
